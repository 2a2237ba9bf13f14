//! Character classes and escapes of Go's regular expressions.

use std::fmt;

use super::syntax::{Cursor, SyntaxError, check_utf8};
use super::unicode;

const BAD_RANGE: &str = "invalid character class range";
const BAD_ESCAPE: &str = "invalid escape sequence";

/// A set of characters.
#[derive(Debug, Default)]
pub(super) struct Class {
    is_negated: bool,
    /// What stands between the brackets for the `regex` crate.
    items: String,
}

impl Class {
    /// Adds the code points from `low` to `high`.
    ///
    /// Surrogates are left out: no text contains them, and the `regex` crate cannot write them.
    pub(super) fn range(&mut self, low: u32, high: u32) {
        let low = if (0xD800..0xE000).contains(&low) {
            0xE000
        } else {
            low
        };
        let high = if (0xD800..0xE000).contains(&high) {
            0xD7FF
        } else {
            high
        };
        if low <= high {
            self.items
                .push_str(&format!(r"\x{{{low:X}}}-\x{{{high:X}}}"));
        }
    }

    /// Adds `items`, or with `negated` all that is not among them.
    fn add(&mut self, items: &str, negated: bool) {
        if !negated {
            self.items.push_str(items);
        } else if items.is_empty() {
            self.range(0, 0x10_FFFF);
        } else {
            self.items.push_str(&format!("[^{items}]"));
        }
    }
}

impl fmt::Display for Class {
    /// Writes the class in the syntax of the `regex` crate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |negated: bool| if negated { "^" } else { "" };
        if self.items.is_empty() {
            let not = not(!self.is_negated);
            write!(f, r"[{not}\x{{0}}-\x{{10FFFF}}]")
        } else {
            write!(f, "[{}{}]", not(self.is_negated), self.items)
        }
    }
}

/// Reads a bracketed class; the cursor is at its `[`.
pub(super) fn bracketed(cursor: &mut Cursor<'_>) -> Result<Class, SyntaxError> {
    let whole = cursor.rest();
    cursor.at += 1;
    let mut class = Class::default();
    if cursor.peek(0) == Some(b'^') {
        cursor.at += 1;
        class.is_negated = true;
    }
    let mut is_first = true;
    while is_first || cursor.peek(0) != Some(b']') {
        is_first = false;
        if let Some((items, negated)) = posix(cursor)? {
            class.add(items, negated);
            continue;
        }
        if let Some(escaped) = escaped(cursor)? {
            class.items.push_str(&escaped.items);
            continue;
        }
        let start = cursor.at;
        let low = class_char(cursor, whole)?;
        let mut high = low;
        if cursor.peek(0) == Some(b'-') && !matches!(cursor.peek(1), None | Some(b']')) {
            cursor.at += 1;
            high = class_char(cursor, whole)?;
            if high < low {
                return Err(SyntaxError::new(BAD_RANGE, cursor.since(start)));
            }
        }
        class.range(low, high);
    }
    cursor.at += 1;
    Ok(class)
}

/// Reads `\d`, `\pL`, `\p{Greek}` and the like; `None` when another escape or none is there.
pub(super) fn escaped(cursor: &mut Cursor<'_>) -> Result<Option<Class>, SyntaxError> {
    if cursor.peek(0) != Some(b'\\') {
        return Ok(None);
    }
    let mut class = Class::default();
    match cursor.peek(1) {
        Some(letter @ (b'p' | b'P')) => {
            let (items, negated) = named(cursor)?;
            class.add(&items, negated != (letter == b'P'));
            return Ok(Some(class));
        }
        Some(b'd') => class.add(DIGITS, false),
        Some(b'D') => class.add(DIGITS, true),
        Some(b's') => class.add(BLANKS, false),
        Some(b'S') => class.add(BLANKS, true),
        Some(b'w') => class.add(WORD, false),
        Some(b'W') => class.add(WORD, true),
        _ => return Ok(None),
    }
    cursor.at += 2;
    Ok(Some(class))
}

/// Reads an escaped code point; the cursor is at its backslash.
pub(super) fn escape(cursor: &mut Cursor<'_>) -> Result<u32, SyntaxError> {
    let start = cursor.at;
    cursor.at += 1;
    let Some(c) = cursor.next()? else {
        return Err(SyntaxError::new(
            "trailing backslash at end of expression",
            b"",
        ));
    };
    let octal = |cursor: &Cursor<'_>| cursor.peek(0).filter(|b| (b'0'..=b'7').contains(b));
    let value = match c {
        // A single digit would be a back-reference.
        '1'..='7' if octal(cursor).is_none() => None,
        '0'..='7' => {
            let mut value = u32::from(c) - u32::from('0');
            for _ in 0..2 {
                let Some(digit) = octal(cursor) else { break };
                value = value * 8 + u32::from(digit - b'0');
                cursor.at += 1;
            }
            Some(value)
        }
        'x' => hexadecimal(cursor)?,
        'a' => Some(0x07),
        'f' => Some(0x0C),
        'n' => Some(0x0A),
        'r' => Some(0x0D),
        't' => Some(0x09),
        'v' => Some(0x0B),
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
        _ => None,
    };
    value.ok_or_else(|| SyntaxError::new(BAD_ESCAPE, cursor.since(start)))
}

/// Reads what follows `\x`.
fn hexadecimal(cursor: &mut Cursor<'_>) -> Result<Option<u32>, SyntaxError> {
    let Some(first) = cursor.next()? else {
        return Ok(None);
    };
    if first != '{' {
        let second = cursor.next()?;
        let digits = first.to_digit(16).zip(second.and_then(|c| c.to_digit(16)));
        return Ok(digits.map(|(high, low)| high * 16 + low));
    }
    let mut value = None;
    while let Some(c) = cursor.next()? {
        if c == '}' {
            return Ok(value);
        }
        let next = c.to_digit(16).map(|d| value.unwrap_or(0) * 16 + d);
        if next.is_none_or(|n| n > 0x10_FFFF) {
            return Ok(None);
        }
        value = next;
    }
    Ok(None)
}

fn class_char(cursor: &mut Cursor<'_>, whole: &[u8]) -> Result<u32, SyntaxError> {
    if cursor.peek(0) == Some(b'\\') {
        return escape(cursor);
    }
    match cursor.next()? {
        Some(c) => Ok(u32::from(c)),
        None => Err(SyntaxError::new("missing closing ]", whole)),
    }
}

/// Reads `\p…`: the items and whether a `^` negates them.
fn named(cursor: &mut Cursor<'_>) -> Result<(String, bool), SyntaxError> {
    let start = cursor.at;
    let rest = cursor.rest();
    cursor.at += 2;
    let name = if cursor.next()? == Some('{') {
        let Some(end) = memchr::memchr(b'}', rest) else {
            check_utf8(rest)?;
            return Err(SyntaxError::new(BAD_RANGE, rest));
        };
        check_utf8(&rest[3..end])?;
        cursor.at = start + end + 1;
        &rest[3..end]
    } else {
        &cursor.since(start)[2..]
    };
    let (name, negated) = match name.strip_prefix(b"^") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let items = unicode::class(&String::from_utf8_lossy(name));
    items
        .map(|items| (items, negated))
        .ok_or_else(|| SyntaxError::new(BAD_RANGE, cursor.since(start)))
}

/// Reads `[:alpha:]` and the like, or nothing.
fn posix(cursor: &mut Cursor<'_>) -> Result<Option<(&'static str, bool)>, SyntaxError> {
    let rest = cursor.rest();
    if !rest.starts_with(b"[:") {
        return Ok(None);
    }
    let Some(end) = memchr::memmem::find(&rest[2..], b":]") else {
        return Ok(None);
    };
    let (name, negated) = match rest[2..2 + end].strip_prefix(b"^") {
        Some(name) => (name, true),
        None => (&rest[2..2 + end], false),
    };
    let items = match name {
        b"alnum" => "0-9A-Za-z",
        b"alpha" => "A-Za-z",
        b"ascii" => r"\x00-\x7F",
        b"blank" => r"\t\x20",
        b"cntrl" => r"\x00-\x1F\x7F",
        b"digit" => DIGITS,
        b"graph" => r"\x21-\x7E",
        b"lower" => "a-z",
        b"print" => r"\x20-\x7E",
        b"punct" => r"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E",
        b"space" => r"\x09-\x0D\x20",
        b"upper" => "A-Z",
        b"word" => WORD,
        b"xdigit" => "0-9A-Fa-f",
        _ => return Err(SyntaxError::new(BAD_RANGE, &rest[..end + 4])),
    };
    cursor.at += end + 4;
    Ok(Some((items, negated)))
}

const DIGITS: &str = "0-9";
const BLANKS: &str = r"\t\n\x0C\r\x20";
const WORD: &str = "0-9A-Z_a-z";
