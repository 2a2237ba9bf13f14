//! One JSON value at the start of a text, as Go's `json.Decoder` takes it.

use crate::value::{Tree, json};

/// Decodes the JSON value at the start of `text`; also returns where it ends.
///
/// # Errors
///
/// Go's text of what is wrong.
pub(crate) fn decode_prefix(text: &[u8]) -> Result<(Tree, usize), String> {
    let len = value_len(text);
    Ok((json::decode(&text[..len])?, len))
}

/// Where the value ends, if it is one; the decoder sees to it that it is.
fn value_len(text: &[u8]) -> usize {
    let start = text
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
        .count();
    let rest = &text[start..];
    start
        + match rest.first() {
            Some(b'{' | b'[' | b'"') => enclosed_len(rest),
            Some(b'-' | b'0'..=b'9') => number_len(rest),
            _ => word_len(rest),
        }
}

/// The length of a string or of everything up to the bracket that closes the first one.
fn enclosed_len(text: &[u8]) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (i, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && !in_string {
            return i + 1;
        }
    }
    text.len()
}

/// The length of the longest number; `01` is `0` and more.
fn number_len(text: &[u8]) -> usize {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let mut at = usize::from(text[0] == b'-');
    at += match text.get(at) {
        Some(b'0') => 1,
        _ => digits(at),
    };
    if text.get(at) == Some(&b'.') {
        at += 1 + digits(at + 1);
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        at += digits(at);
    }
    at
}

/// The length of `true`, `false`, `null`, or of all that is none of them.
fn word_len(text: &[u8]) -> usize {
    ["true", "false", "null"]
        .iter()
        .find(|word| text.starts_with(word.as_bytes()))
        .map_or(text.len(), |word| word.len())
}
