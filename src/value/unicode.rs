//! What Go's `unicode` package says of characters.

/// Go's `unicode.IsSpace`.
pub fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// Go's `strings.TrimSpace`.
pub fn trim_space(text: &[u8]) -> &[u8] {
    trim_space_end(trim_space_start(text))
}

/// `strings.TrimLeftFunc(text, unicode.IsSpace)`.
pub fn trim_space_start(mut text: &[u8]) -> &[u8] {
    while let Some((c, len)) = first_char(text) {
        if !is_space(c) {
            break;
        }
        text = &text[len..];
    }
    text
}

/// `strings.TrimRightFunc(text, unicode.IsSpace)`.
pub fn trim_space_end(mut text: &[u8]) -> &[u8] {
    while let Some((c, len)) = last_char(text) {
        if !is_space(c) {
            break;
        }
        text = &text[..text.len() - len];
    }
    text
}

/// The first character and its length in bytes (`utf8.DecodeRune`): U+FFFD and 1 for a byte that
/// starts no valid character.
pub fn first_char(text: &[u8]) -> Option<(char, usize)> {
    let first = *text.first()?;
    if first < 0x80 {
        return Some((char::from(first), 1));
    }
    let valid = |len: usize| {
        let text = std::str::from_utf8(text.get(..len)?).ok()?;
        Some((text.chars().next()?, len))
    };
    Some(
        (2..=4)
            .find_map(valid)
            .unwrap_or((char::REPLACEMENT_CHARACTER, 1)),
    )
}

/// The last character and its length in bytes (`utf8.DecodeLastRune`).
pub fn last_char(text: &[u8]) -> Option<(char, usize)> {
    let last = *text.last()?;
    if last < 0x80 {
        return Some((char::from(last), 1));
    }
    let valid = |len: usize| {
        let text = std::str::from_utf8(text.get(text.len().checked_sub(len)?..)?).ok()?;
        Some((text.chars().next()?, len))
    };
    Some(
        (2..=4)
            .find_map(valid)
            .unwrap_or((char::REPLACEMENT_CHARACTER, 1)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_unicode_space_and_stops_at_bad_bytes() {
        assert_eq!(trim_space(b"\xc2\xa0 a \xe2\x80\x83"), b"a");
        assert_eq!(trim_space(b" \xff "), b"\xff");
        assert_eq!(trim_space(b" \x85 "), b"\x85");
        assert_eq!(trim_space(b""), b"");
    }

    #[test]
    fn decodes_at_both_ends() {
        assert_eq!(first_char("é".as_bytes()), Some(('é', 2)));
        assert_eq!(last_char("a😀".as_bytes()), Some(('😀', 4)));
        assert_eq!(first_char(b"\xe2\x82"), Some(('\u{fffd}', 1)));
        assert_eq!(last_char(b"a\x80"), Some(('\u{fffd}', 1)));
    }
}
