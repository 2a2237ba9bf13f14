//! The values of literals: strings, characters and numbers as Go's `strconv` reads them.
//!
//! In: the bytes of a token. Out: the string or the number, the latter under every type that can
//! hold it, which is how Go's ideal constants work. Refused with Go's texts: bad escapes,
//! malformed characters, and numbers that no type can hold.

use std::borrow::Cow;

use crate::value::number::{parse_float, parse_int, parse_uint};
use crate::value::quote::quote;

const BAD_SYNTAX: &str = "invalid syntax";

/// A number, or a character standing for one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    /// The value where an integer is wanted.
    pub(super) int: Option<i64>,
    /// The value where a float is wanted.
    pub(super) float: Option<f64>,
    /// The value where any type will do.
    pub(super) ideal: Ideal,
}

/// A number whose type follows from the way it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ideal {
    /// `int`
    Int(i64),
    /// `float64`
    Float(f64),
    /// `complex128`: real and imaginary part.
    Complex(f64, f64),
    /// An integer that fits `uint64` only, which no literal can be.
    Overflow,
}

/// Reads a string with its quotes.
pub(super) fn string(quoted: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
    let inner = &quoted[1..quoted.len() - 1];
    if quoted[0] == b'`' {
        return Ok(inner.iter().copied().filter(|&b| b != b'\r').collect());
    }
    if memchr::memchr(b'\\', inner).is_none() && std::str::from_utf8(inner).is_ok() {
        return Ok(Cow::Borrowed(inner));
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(stop) = memchr::memchr(b'\\', rest) {
        push_valid(&mut out, &rest[..stop]);
        let (escaped, after) = escape(&rest[stop + 1..], b'"')?;
        match escaped {
            Escaped::Byte(byte) => out.push(byte),
            Escaped::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    push_valid(&mut out, rest);
    Ok(Cow::Owned(out))
}

/// Reads a character with its quotes.
pub(super) fn character(quoted: &[u8]) -> Result<Number, String> {
    let (code, rest) = match &quoted[1..] {
        [b'\\', rest @ ..] => {
            let (escaped, rest) = escape(rest, b'\'')?;
            let code = match escaped {
                Escaped::Byte(byte) => u32::from(byte),
                Escaped::Char(c) => u32::from(c),
            };
            (code, rest)
        }
        [b'\''] => return Err(BAD_SYNTAX.to_owned()),
        rest => {
            let chunk = rest.utf8_chunks().next();
            let c = chunk.and_then(|chunk| chunk.valid().chars().next());
            let width = c.map_or(1, char::len_utf8);
            (u32::from(c.unwrap_or('\u{fffd}')), &rest[width..])
        }
    };
    if rest != b"'" {
        let text = String::from_utf8_lossy(quoted);
        return Err(format!("malformed character constant: {text}"));
    }
    Ok(Number {
        int: Some(i64::from(code)),
        float: Some(f64::from(code)),
        ideal: Ideal::Int(i64::from(code)),
    })
}

/// Reads an integer, a float or an imaginary number.
pub(super) fn number(text: &[u8]) -> Result<Number, String> {
    if let [digits @ .., b'i'] = text
        && let Some(imaginary) = parse_float(digits)
    {
        return Ok(complex(0.0, imaginary));
    }
    let looks_like_float = text.iter().any(|b| b".eEpP".contains(b));
    let (int, float) = match (parse_int(text, 0), parse_uint(text, 0)) {
        (Ok(n), _) => (Some(n), n as f64),
        (_, Some(n)) => (None, n as f64),
        _ => {
            let float = parse_float(text)
                .ok_or_else(|| format!("illegal number syntax: {}", quote(text)))?;
            if !looks_like_float {
                return Err(format!("integer overflow: {}", quote(text)));
            }
            (exact_int(float), float)
        }
    };
    let ideal = match int {
        // Go takes the `e` in `-0xe` for an exponent.
        _ if looks_like_float && !is_hex_int(text) => Ideal::Float(float),
        Some(n) => Ideal::Int(n),
        None => Ideal::Overflow,
    };
    Ok(Number {
        int,
        float: Some(float),
        ideal,
    })
}

/// Reads a complex number such as `1+2i`.
pub(super) fn complex_number(text: &[u8]) -> Result<Number, String> {
    let bad = || "syntax error scanning complex number".to_owned();
    let sign = |at: &usize| {
        matches!(text[*at], b'+' | b'-') && !matches!(text[at - 1], b'e' | b'E' | b'p' | b'P')
    };
    let split = (1..text.len()).find(sign).ok_or_else(bad)?;
    let imaginary = text[split..].strip_suffix(b"i").ok_or_else(bad)?;
    let real = parse_float(&text[..split]).ok_or_else(bad)?;
    let imaginary = parse_float(imaginary).ok_or_else(bad)?;
    Ok(complex(real, imaginary))
}

fn complex(real: f64, imaginary: f64) -> Number {
    let float = (imaginary == 0.0).then_some(real);
    Number {
        int: float.and_then(exact_int),
        float,
        ideal: Ideal::Complex(real, imaginary),
    }
}

fn is_hex_int(text: &[u8]) -> bool {
    matches!(text, [b'0', b'x' | b'X', _, ..]) && !text.iter().any(|b| b"pP".contains(b))
}

/// The float as an integer if nothing is lost.
fn exact_int(f: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    ((-LIMIT..LIMIT).contains(&f) && f.trunc() == f).then_some(f as i64)
}

enum Escaped {
    Byte(u8),
    Char(char),
}

/// Reads what follows a backslash; returns the rest too.
fn escape(text: &[u8], quote: u8) -> Result<(Escaped, &[u8]), &'static str> {
    let (&letter, rest) = text.split_first().ok_or(BAD_SYNTAX)?;
    let byte = match letter {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if letter == quote => letter,
        b'x' => {
            let (code, rest) = digits(rest, 2, 16)?;
            let byte = u8::try_from(code).map_err(|_| BAD_SYNTAX)?;
            return Ok((Escaped::Byte(byte), rest));
        }
        b'u' | b'U' => {
            let (code, rest) = digits(rest, if letter == b'u' { 4 } else { 8 }, 16)?;
            let c = char::from_u32(code).ok_or(BAD_SYNTAX)?;
            return Ok((Escaped::Char(c), rest));
        }
        b'0'..=b'7' => {
            let (code, rest) = digits(text, 3, 8)?;
            let byte = u8::try_from(code).map_err(|_| BAD_SYNTAX)?;
            return Ok((Escaped::Byte(byte), rest));
        }
        _ => return Err(BAD_SYNTAX),
    };
    Ok((Escaped::Byte(byte), rest))
}

fn digits(text: &[u8], count: usize, radix: u32) -> Result<(u32, &[u8]), &'static str> {
    let (digits, rest) = text.split_at_checked(count).ok_or(BAD_SYNTAX)?;
    let code = digits.iter().try_fold(0_u32, |code, &b| {
        let digit = char::from(b).to_digit(radix)?;
        code.checked_mul(radix)?.checked_add(digit)
    });
    Ok((code.ok_or(BAD_SYNTAX)?, rest))
}

/// Appends text with invalid bytes replaced, as unquoting a string does.
fn push_valid(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for _ in chunk.invalid() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}
