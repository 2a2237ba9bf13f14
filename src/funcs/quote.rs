//! Go's quoting of strings in messages.
//!
//! In: bytes. Out: Go source text for them. Refuses nothing.

use unicode_general_category::{GeneralCategory, get_general_category};

/// Go's `strconv.Quote`: what `%q` makes of a string.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\x07' => out.push_str("\\a"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x0b' => out.push_str("\\v"),
                c if is_print(c) => out.push(c),
                c if c < ' ' || c == '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
                c if u32::from(c) < 0x10000 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push('"');
    out
}

/// The text between back quotes where Go can write it so, else quoted: how `regexp` names a pattern
/// that does not compile.
pub(super) fn back_quote(text: &[u8]) -> String {
    let can = std::str::from_utf8(text).ok().filter(|t| {
        !t.chars()
            .any(|c| (c < ' ' && c != '\t') || matches!(c, '`' | '\x7f' | '\u{feff}'))
    });
    match can {
        Some(text) => format!("`{text}`"),
        None => quote(text),
    }
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the plain blank.
fn is_print(c: char) -> bool {
    use GeneralCategory as G;
    c == ' '
        || !matches!(
            get_general_category(c),
            G::Control
                | G::Format
                | G::LineSeparator
                | G::ParagraphSeparator
                | G::PrivateUse
                | G::SpaceSeparator
                | G::Surrogate
                | G::Unassigned
        )
}
