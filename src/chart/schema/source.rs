//! The text of a schema, made one that both decoders here take.
//!
//! Go decodes the numbers of schemas as texts, so none is too large, and takes half of a surrogate
//! pair for U+FFFD.

use std::borrow::Cow;

use crate::value::json;

/// `text` with the largest number in place of larger ones and U+FFFD in place of half pairs.
pub(super) fn lenient(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let (mut kept, mut at) = (0, 0);
    let mut replace = |from: usize, to: usize, by: &[u8]| {
        out.extend_from_slice(&text[kept..from]);
        out.extend_from_slice(by);
        kept = to;
    };
    let mut in_string = false;
    while let Some(&byte) = text.get(at) {
        let mut len = 1;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                len = 2;
                if let Some(unit) = escaped_unit(&text[at..]) {
                    len = 6;
                    let low = escaped_unit(&text[at + len..]);
                    match unit {
                        0xd800..0xdc00
                            if low.is_some_and(|low| (0xdc00..0xe000).contains(&low)) =>
                        {
                            len = 12;
                        }
                        0xd800..0xe000 => replace(at, at + len, "\u{fffd}".as_bytes()),
                        _ => {}
                    }
                }
            }
            b'0'..=b'9' if !in_string => {
                let in_number = |b: &&u8| b.is_ascii_digit() || b"+-.eE".contains(b);
                len = text[at..].iter().take_while(in_number).count();
                let number = std::str::from_utf8(&text[at..at + len]).ok();
                let number = number.and_then(|number| number.parse::<f64>().ok());
                if number.is_some_and(f64::is_infinite) {
                    replace(at, at + len, b"1.7976931348623157e308");
                }
            }
            _ => {}
        }
        at += len;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(&text[kept..]);
    Cow::Owned(out)
}

/// The error of a decoder that reads a stream; `error` is that of one that has a whole text.
pub(super) fn error_at_end(text: &[u8], error: String) -> String {
    let end = "unexpected EOF".to_owned();
    if error == "unexpected end of JSON input" {
        return end;
    }
    // The space may be one that Go's scanner takes for the byte after the last.
    if !error.starts_with("invalid character ' ' ") {
        return error;
    }
    match json::decode(&[text, b"\x01"].concat()) {
        Err(e) if e.starts_with("invalid character '\\x01' ") => end,
        Err(e) => e,
        Ok(_) => error,
    }
}

/// The UTF-16 unit of an escape like `\ud83d` at the beginning of `text`.
fn escaped_unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::lenient;

    #[test]
    fn replaces_what_only_go_takes() {
        let text = |text: &str| String::from_utf8(lenient(text.as_bytes()).into_owned()).unwrap();
        assert_eq!(
            text(r#"{"a": [-1e400, 1E5, "1e400"]}"#),
            r#"{"a": [-1.7976931348623157e308, 1E5, "1e400"]}"#
        );
        assert_eq!(
            text(r#"["\ud83d\ude00", "\ud83d", "\ude00\u0041", "\\ud83d", "\ud83"]"#),
            "[\"\\ud83d\\ude00\", \"\u{fffd}\", \"\u{fffd}\\u0041\", \"\\\\ud83d\", \"\\ud83\"]"
        );
    }
}
