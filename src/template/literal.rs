//! Constants in templates: Go's quoted strings, characters and numbers.

use super::ast::Number;
use super::lexer::Kind;
use crate::value::number::{parse_float, parse_int};
use crate::value::quote::quote;
use crate::value::unicode::first_char;

/// The value of a quoted or raw string (`strconv.Unquote`).
///
/// # Errors
///
/// Go's `invalid syntax`.
pub(super) fn unquote(text: &[u8]) -> Result<Vec<u8>, String> {
    let invalid = || "invalid syntax".to_owned();
    match text {
        [b'`', inner @ .., b'`'] => Ok(inner.iter().copied().filter(|b| *b != b'\r').collect()),
        [b'"', inner @ .., b'"'] => {
            let mut out = Vec::with_capacity(inner.len());
            let mut rest = inner;
            while !rest.is_empty() {
                rest = unquote_char(rest, b'"', &mut out).ok_or_else(invalid)?.1;
            }
            Ok(out)
        }
        _ => Err(invalid()),
    }
}

/// Appends the first, possibly escaped, character of `text` to `out`; gives its code point and
/// what follows it (`strconv.UnquoteChar`).
fn unquote_char<'t>(text: &'t [u8], quote: u8, out: &mut Vec<u8>) -> Option<(u32, &'t [u8])> {
    let push = |out: &mut Vec<u8>, c: char| {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        u32::from(c)
    };
    match text {
        [b, ..] if *b == quote || *b == b'\n' => None,
        [b'\\', escape, rest @ ..] => {
            let simple = match escape {
                b'a' => 0x07,
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'v' => 0x0b,
                b'\\' => b'\\',
                b'\'' | b'"' if *escape == quote => *escape,
                b'x' => {
                    let (value, rest) = digits(rest, 2, 16)?;
                    out.push(value as u8);
                    return Some((value, rest));
                }
                b'0'..=b'7' => {
                    let (value, rest) = digits(&text[1..], 3, 8)?;
                    out.push(u8::try_from(value).ok()?);
                    return Some((value, rest));
                }
                b'u' | b'U' => {
                    let (value, rest) = digits(rest, if *escape == b'u' { 4 } else { 8 }, 16)?;
                    return Some((push(out, char::from_u32(value)?), rest));
                }
                _ => return None,
            };
            out.push(simple);
            Some((u32::from(simple), rest))
        }
        [b'\\'] => None,
        _ => {
            let (c, len) = first_char(text)?;
            Some((push(out, c), &text[len..]))
        }
    }
}

fn digits(text: &[u8], count: usize, radix: u32) -> Option<(u32, &[u8])> {
    let digits = std::str::from_utf8(text.get(..count)?).ok()?;
    if !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    Some((u32::from_str_radix(digits, radix).ok()?, &text[count..]))
}

/// A numeric constant of kind `kind` (`parse.Tree.newNumber`).
///
/// # Errors
///
/// Go's text for a constant that is none or too large.
pub(super) fn number(text: &[u8], kind: Kind) -> Result<Number, String> {
    let shown = String::from_utf8_lossy(text).into_owned();
    let mut number = Number {
        text: shown.clone(),
        ..Number::default()
    };
    match kind {
        Kind::CharConstant => {
            let mut bytes = Vec::new();
            let (point, rest) = unquote_char(&text[1..], b'\'', &mut bytes)
                .ok_or_else(|| "invalid syntax".to_owned())?;
            if rest != b"'" {
                return Err(format!("malformed character constant: {shown}"));
            }
            number.int = Some(i64::from(point));
            number.uint = Some(u64::from(point));
            number.float = Some(f64::from(point));
            return Ok(number);
        }
        Kind::Complex => {
            let split = text
                .iter()
                .rposition(|b| matches!(b, b'+' | b'-'))
                .unwrap_or_default();
            let (re, im) = (&text[..split], &text[split..text.len() - 1]);
            let (Some(re), Some(im)) = (parse_float(re), parse_float(im)) else {
                return Err("expected complex; found bad syntax".to_owned());
            };
            simplify(&mut number, (re, im));
            return Ok(number);
        }
        _ => {}
    }
    if let Some(imaginary) = text.strip_suffix(b"i").and_then(parse_float) {
        simplify(&mut number, (0.0, imaginary));
        return Ok(number);
    }
    number.int = parse_int(text, 0).ok();
    number.uint = parse_uint(text);
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    if let Some(n) = number.int {
        number.float = Some(n as f64);
    } else if let Some(n) = number.uint {
        number.float = Some(n as f64);
    } else if let Some(f) = parse_float(text).filter(|f| f.is_finite()) {
        if !text.iter().any(|b| b".eEpP".contains(b)) {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        number.float = Some(f);
        number.int = exact_int(f);
        number.uint = exact_uint(f);
    } else {
        return Err(format!("illegal number syntax: {}", quote(text)));
    }
    Ok(number)
}

/// `strconv.ParseUint(text, 0, 64)`, which takes no sign.
fn parse_uint(text: &[u8]) -> Option<u64> {
    if text.starts_with(b"-") || text.starts_with(b"+") {
        return None;
    }
    if let Ok(n) = parse_int(text, 0) {
        return u64::try_from(n).ok();
    }
    let text = std::str::from_utf8(text).ok()?;
    let (digits, radix) = match text.get(..2)?.to_ascii_lowercase().as_str() {
        "0x" => (&text[2..], 16),
        "0b" => (&text[2..], 2),
        "0o" => (&text[2..], 8),
        other if other.starts_with('0') => (&text[1..], 8),
        _ => (text, 10),
    };
    u64::from_str_radix(&digits.replace('_', ""), radix).ok()
}

fn simplify(number: &mut Number, complex: (f64, f64)) {
    number.complex = Some(complex);
    if complex.1 == 0.0 {
        number.float = Some(complex.0);
        number.int = exact_int(complex.0);
        number.uint = exact_uint(complex.0);
    }
}

fn exact_int(f: f64) -> Option<i64> {
    // amd64 converts what does not fit to the smallest integer, which is then no equal.
    let n = if f >= -(2_f64.powi(63)) && f < 2_f64.powi(63) {
        f as i64
    } else {
        i64::MIN
    };
    (n as f64 == f).then_some(n)
}

fn exact_uint(f: f64) -> Option<u64> {
    (f >= 0.0 && f < 2_f64.powi(64) && (f as u64) as f64 == f).then_some(f as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquotes_as_go_does() {
        let ok =
            |text: &str| unquote(text.as_bytes()).map(|b| String::from_utf8_lossy(&b).into_owned());
        assert_eq!(
            ok(r#""a\n\t\"\\\x41\101\u00e9\U0001F600""#).expect("a string"),
            "a\n\t\"\\AAé😀"
        );
        assert_eq!(ok("`a\r\\n`").expect("a string"), "a\\n");
        for bad in [
            r#""\q""#,
            r#""\'""#,
            r#""\x4""#,
            r#""\400""#,
            r#""\ud800""#,
            "\"a",
        ] {
            assert_eq!(ok(bad).expect_err(bad), "invalid syntax");
        }
    }

    #[test]
    fn numbers_know_every_type_they_fit() {
        let n = |text: &str| number(text.as_bytes(), Kind::Number);
        assert_eq!(n("1e1").expect("a number").int, Some(10));
        assert_eq!(n("0x1F").expect("a number").int, Some(31));
        assert_eq!(n("1_000").expect("a number").int, Some(1000));
        assert_eq!(n("017").expect("a number").int, Some(15));
        assert_eq!(
            n("18446744073709551615").expect("a number").uint,
            Some(u64::MAX)
        );
        assert_eq!(n("1.5").expect("a number").int, None);
        assert_eq!(
            n("1e400").expect_err("too large"),
            "illegal number syntax: \"1e400\""
        );
        assert_eq!(
            n("99999999999999999999").expect_err("too large"),
            "integer overflow: \"99999999999999999999\""
        );
        let c = number(b"'a'", Kind::CharConstant).expect("a character");
        assert_eq!(c.int, Some(97));
        assert_eq!(n("3i").expect("a number").complex, Some((0.0, 3.0)));
    }
}
