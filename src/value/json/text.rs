//! Go's view of bytes as text.

use std::borrow::Cow;

/// The text of `bytes`, every single invalid byte replaced by U+FFFD.
///
/// `String::from_utf8_lossy` replaces a truncated sequence as a whole; Go replaces each byte of it.
pub(crate) fn valid_utf8(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::valid_utf8;

    #[test]
    fn each_invalid_byte_counts() {
        assert_eq!(valid_utf8(b"a\xe2\x80b\xff"), "a\u{fffd}\u{fffd}b\u{fffd}");
        assert_eq!(valid_utf8("é".as_bytes()), "é");
    }
}
