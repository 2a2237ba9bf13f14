//! Replacement templates: `$1`, `${name}`, `$$`.

use crate::value::unicode::{is_digit, is_letter};

/// What a reference in a template names.
pub(super) enum Group<'a> {
    /// The group of this number; 0 is the whole match.
    Number(usize),
    /// The first group of this name that took part in the match.
    Name(&'a str),
}

/// Appends `template` to `out`, its references replaced by what `lookup` gives for them; ends early
/// when `out` is longer than `max` bytes.
///
/// A `$` that starts no reference stands for itself; a reference to nothing is empty.
pub(super) fn expand<'t>(
    template: &[u8],
    out: &mut Vec<u8>,
    max: usize,
    lookup: impl Fn(Group<'_>) -> Option<&'t [u8]>,
) {
    let mut rest = template;
    while let Some(at) = memchr::memchr(b'$', rest)
        && out.len() <= max
    {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            out.push(b'$');
            rest = after;
        } else if let Some((name, after)) = reference(rest) {
            let group = number(name).map_or(Group::Name(name), Group::Number);
            out.extend_from_slice(lookup(group).unwrap_or_default());
            rest = after;
        } else {
            out.push(b'$');
        }
    }
    out.extend_from_slice(rest);
}

/// Takes a name, with or without braces, from the start of `text`.
fn reference(text: &[u8]) -> Option<(&str, &[u8])> {
    let (has_brace, inside) = match text.strip_prefix(b"{") {
        Some(inside) => (true, inside),
        None => (false, text),
    };
    let valid = inside.utf8_chunks().next().map_or("", |c| c.valid());
    let end = valid
        .find(|c: char| c != '_' && !is_letter_or_digit(c))
        .unwrap_or(valid.len());
    let (name, mut after) = (&valid[..end], &inside[end..]);
    if name.is_empty() {
        return None;
    }
    if has_brace {
        after = after.strip_prefix(b"}")?;
    }
    Some((name, after))
}

/// The number that `name` is; not with leading zeros, nor with more than nine digits.
fn number(name: &str) -> Option<usize> {
    let is_plain = name.len() <= 9 && (name == "0" || !name.starts_with('0'));
    is_plain.then(|| name.parse().ok()).flatten()
}

fn is_letter_or_digit(c: char) -> bool {
    is_letter(c) || is_digit(c)
}
