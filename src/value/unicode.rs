//! What Go's `unicode` package says of characters.

pub(crate) use unicode_general_category::GeneralCategory as Category;

/// What Unicode has added since version 15.0, the version of Go's tables, up to the 16.0 of ours.
const NEWER_THAN_GO: &[(u32, u32)] = &[
    (0x0897, 0x0897),
    (0x1b4e, 0x1b4f),
    (0x1b7f, 0x1b7f),
    (0x1c89, 0x1c8a),
    (0x2427, 0x2429),
    (0x2ffc, 0x2fff),
    (0x31e4, 0x31e5),
    (0x31ef, 0x31ef),
    (0xa7cb, 0xa7cd),
    (0xa7da, 0xa7dc),
    (0x105c0, 0x105f3),
    (0x10d40, 0x10d65),
    (0x10d69, 0x10d85),
    (0x10d8e, 0x10d8f),
    (0x10ec2, 0x10ec4),
    (0x10efc, 0x10efc),
    (0x11380, 0x11389),
    (0x1138b, 0x1138b),
    (0x1138e, 0x1138e),
    (0x11390, 0x113b5),
    (0x113b7, 0x113c0),
    (0x113c2, 0x113c2),
    (0x113c5, 0x113c5),
    (0x113c7, 0x113ca),
    (0x113cc, 0x113d5),
    (0x113d7, 0x113d8),
    (0x113e1, 0x113e2),
    (0x116d0, 0x116e3),
    (0x11bc0, 0x11be1),
    (0x11bf0, 0x11bf9),
    (0x11f5a, 0x11f5a),
    (0x13460, 0x143fa),
    (0x16100, 0x16139),
    (0x16d40, 0x16d79),
    (0x18cff, 0x18cff),
    (0x1cc00, 0x1ccf9),
    (0x1cd00, 0x1ceb3),
    (0x1e5d0, 0x1e5fa),
    (0x1e5ff, 0x1e5ff),
    (0x1f8b2, 0x1f8bb),
    (0x1f8c0, 0x1f8c1),
    (0x1fa89, 0x1fa89),
    (0x1fa8f, 0x1fa8f),
    (0x1fabe, 0x1fabe),
    (0x1fac6, 0x1fac6),
    (0x1fadc, 0x1fadc),
    (0x1fadf, 0x1fadf),
    (0x1fae9, 0x1fae9),
    (0x1fbcb, 0x1fbef),
    (0x2ebf0, 0x2ee5d),
];

/// The general category of a character in Go's tables.
pub(crate) fn category(c: char) -> Category {
    let code = u32::from(c);
    let at = NEWER_THAN_GO.partition_point(|&(_, last)| last < code);
    match NEWER_THAN_GO.get(at) {
        Some(&(first, _)) if first <= code => Category::Unassigned,
        _ => unicode_general_category::get_general_category(c),
    }
}

/// Go's `unicode.IsLetter`.
pub fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    matches!(
        category(c),
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::TitlecaseLetter
            | Category::ModifierLetter
            | Category::OtherLetter
    )
}

/// Go's `unicode.IsDigit`.
pub fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    category(c) == Category::DecimalNumber
}

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
