//! Go's quoted strings and characters (`strconv.Quote` and its relatives).

use super::unicode::{Category, category};

/// Which runes stay as they are inside quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Everything printable.
    Printable,
    /// Printable ASCII only.
    Ascii,
}

/// Go's `strconv.Quote`: double quotes, unprintable runes and invalid bytes escaped.
pub fn quote(text: &[u8]) -> String {
    quoted(text, Keep::Printable)
}

/// Go's `strconv.Quote` or `strconv.QuoteToASCII`.
pub(super) fn quoted(text: &[u8], keep: Keep) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut out, c, '"', keep);
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push('"');
    out
}

/// Go's `strconv.QuoteRune` or `strconv.QuoteRuneToASCII`.
pub(super) fn quoted_char(c: char, keep: Keep) -> String {
    let mut out = String::from('\'');
    push_escaped(&mut out, c, '\'', keep);
    out.push('\'');
    out
}

/// Go's `strconv.QuoteRune`.
pub(crate) fn quote_char(c: char) -> String {
    quoted_char(c, Keep::Printable)
}

/// Go's `strconv.CanBackquote`: whether the text can stand between backquotes.
pub(super) fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        text.chars()
            .all(|c| c == '\t' || (c >= ' ' && !matches!(c, '`' | '\u{7f}' | '\u{feff}')))
    })
}

/// The text between back quotes where Go can write it so, else quoted: how `regexp` names a pattern
/// that does not compile.
pub(crate) fn back_quote(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(plain) if can_backquote(text) => format!("`{plain}`"),
        _ => quote(text),
    }
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub(crate) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    !matches!(
        category(c),
        Category::Control
            | Category::Format
            | Category::Surrogate
            | Category::PrivateUse
            | Category::Unassigned
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::SpaceSeparator
    )
}

fn push_escaped(out: &mut String, c: char, quote: char, keep: Keep) {
    if c == quote || c == '\\' {
        out.push('\\');
        out.push(c);
        return;
    }
    if is_print(c) && (c.is_ascii() || keep == Keep::Printable) {
        out.push(c);
        return;
    }
    let code = u32::from(c);
    match c {
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        _ if c.is_ascii() => out.push_str(&format!("\\x{code:02x}")),
        _ if code < 0x10000 => out.push_str(&format!("\\u{code:04x}")),
        _ => out.push_str(&format!("\\U{code:08x}")),
    }
}
