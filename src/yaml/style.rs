//! Which style a string gets: plain, single-quoted, double-quoted or literal.
//!
//! In: the text of a string and which go-yaml writes it. Out: the style. Refuses nothing: double
//! quotes hold everything.

use super::emit::Engine;
use super::resolve::{self, Scalar};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What the characters of a text allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analysis {
    plain: bool,
    single: bool,
    literal: bool,
}

/// Says how the string `text` is written; `simple_key`: as an ordinary key.
pub(super) fn of_string(text: &str, analysis: Analysis, engine: Engine, simple_key: bool) -> Style {
    let wish = if text.contains('\n') {
        Style::Literal
    } else if means_more_than_text(text, engine) {
        Style::Double
    } else {
        Style::Plain
    };
    analysis.allowed(wish, simple_key)
}

/// Says whether a plain `text` would be read as something else than itself, be it by an old parser.
fn means_more_than_text(text: &str, engine: Engine) -> bool {
    resolve::plain(text.as_bytes()) != Scalar::Str
        || is_base_60(text)
        || (engine == Engine::V3 && is_signed_octal(text))
}

/// Says whether `text` has the shape of YAML 1.1's base-60 numbers, which go-yaml itself never reads.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    if !first.starts_with(|c: char| c.is_ascii_digit())
        || !first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    {
        return false;
    }
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return false;
    }
    while let Some(part) = parts.next() {
        let number = match part.split_once('.') {
            Some((number, fraction)) if parts.peek().is_none() => {
                if !fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
                    return false;
                }
                number
            }
            _ => part,
        };
        let in_range = match number.as_bytes() {
            [ones] => ones.is_ascii_digit(),
            [b'0'..=b'5', ones] => ones.is_ascii_digit(),
            _ => false,
        };
        if !in_range {
            return false;
        }
    }
    true
}

/// Says whether only go-yaml v3 reads `text` as an integer: `0o` with a sign behind it.
fn is_signed_octal(text: &str) -> bool {
    let plain = text.replace('_', "");
    let digits = plain.strip_prefix("0o").filter(|_| text.starts_with('0'));
    digits.is_some_and(|digits| {
        digits.starts_with(['+', '-']) && i64::from_str_radix(digits, 8).is_ok()
    })
}

impl Analysis {
    /// Looks at the characters of `text`.
    pub(super) fn of(text: &str, engine: Engine) -> Analysis {
        let mut special = false;
        let mut tab = false;
        let mut indicator = text.starts_with("---") || text.starts_with("...");
        let mut multiline = false;
        let mut space_before_break = false;
        let mut space_after_break = false;
        let mut previous = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let blank_follows = chars.peek().is_none_or(|&next| next == ' ' || next == '\t');
            indicator |= match previous {
                None => is_indicator_at_start(c, blank_follows),
                Some(before) => {
                    (c == ':' && blank_follows) || (c == '#' && is_blank_or_break(before))
                }
            };
            if c == '\t' && engine == Engine::V3 {
                tab = true;
            } else {
                special |= !is_printable(c);
            }
            if c == ' ' {
                space_after_break |= previous.is_some_and(is_break);
            } else if is_break(c) {
                multiline = true;
                space_before_break |= previous == Some(' ');
            }
            previous = Some(c);
        }
        let edge_space = text.starts_with(' ') || text.ends_with(' ');
        let single = !special && !tab && !space_before_break && !space_after_break;
        Analysis {
            plain: single && !indicator && !multiline && !edge_space,
            single,
            literal: !special && !space_before_break && !text.ends_with(' ') && !text.is_empty(),
        }
    }

    /// The style to use instead of `wish` where the characters forbid that.
    fn allowed(self, wish: Style, simple_key: bool) -> Style {
        match wish {
            Style::Literal if self.literal && !simple_key => Style::Literal,
            Style::Plain if self.plain => Style::Plain,
            Style::Plain | Style::Single if self.single => Style::Single,
            _ => Style::Double,
        }
    }

    /// The style of a text that is known to be harmless, such as base64.
    pub(super) fn of_base64(self, text: &str) -> Style {
        let wish = if text.contains('\n') {
            Style::Literal
        } else {
            Style::Plain
        };
        self.allowed(wish, false)
    }
}

fn is_indicator_at_start(c: char, blank_follows: bool) -> bool {
    match c {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' => true,
        '-' | '?' | ':' => blank_follows,
        _ => false,
    }
}

fn is_blank_or_break(c: char) -> bool {
    c == ' ' || c == '\t' || c == '\0' || is_break(c)
}

/// Says whether `c` ends a line in YAML 1.1.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Says whether `c` may stand outside double quotes; characters beyond the first plane may not.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}
