//! What a scalar means.
//!
//! In: the text of a scalar and its tag. Out: null, a boolean, a number, or the text itself. Refuses
//! tags that the text does not fit.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::event::Tag;

/// What a scalar means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer beyond `i64`.
    Uint(u64),
    Float(f64),
    /// A date or time; stays the text it is.
    Timestamp,
    /// The text itself.
    Str,
}

/// Go's base64: trailing bits of the last character may be set.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What a plain scalar without a tag means.
pub(crate) fn plain(text: &[u8]) -> Scalar {
    match text.first() {
        Some(b'0'..=b'9' | b'+' | b'-') if is_timestamp(text) => Scalar::Timestamp,
        _ => untimed(text),
    }
}

/// What a scalar means under one of the tags that convert it.
///
/// # Errors
///
/// Go's text when the text does not fit the tag.
pub(super) fn tagged(tag: Tag, text: &[u8]) -> Result<Scalar, String> {
    let scalar = match tag {
        Tag::Timestamp => plain(text),
        _ => untimed(text),
    };
    let (found, wanted) = (tag_of(scalar), tag_name(tag));
    match (tag, scalar) {
        (Tag::Float, Scalar::Int(n)) => Ok(Scalar::Float(n as f64)),
        _ if found == wanted => Ok(scalar),
        _ => Err(format!(
            "yaml: cannot decode {found} `{}` as a {wanted}",
            String::from_utf8_lossy(text)
        )),
    }
}

/// The bytes that base64 text stands for; line breaks in it do not count.
pub(super) fn binary(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\n' | b'\r'))
        .collect();
    BASE64.decode(text).ok()
}

fn tag_of(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Null => "!!null",
        Scalar::Bool(_) => "!!bool",
        Scalar::Int(_) | Scalar::Uint(_) => "!!int",
        Scalar::Float(_) => "!!float",
        Scalar::Timestamp => "!!timestamp",
        Scalar::Str => "!!str",
    }
}

fn tag_name(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "!!null",
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Timestamp => "!!timestamp",
        Tag::None | Tag::Bang | Tag::Str | Tag::Binary | Tag::Merge | Tag::Other => "!!str",
    }
}

/// What a scalar means where dates do not count.
fn untimed(text: &[u8]) -> Scalar {
    match text {
        b"" | b"~" | b"null" | b"Null" | b"NULL" => Scalar::Null,
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"true" | b"True" | b"TRUE" | b"on" | b"On"
        | b"ON" => Scalar::Bool(true),
        b"n" | b"N" | b"no" | b"No" | b"NO" | b"false" | b"False" | b"FALSE" | b"off" | b"Off"
        | b"OFF" => Scalar::Bool(false),
        b".nan" | b".NaN" | b".NAN" => Scalar::Float(f64::NAN),
        b".inf" | b".Inf" | b".INF" | b"+.inf" | b"+.Inf" | b"+.INF" => {
            Scalar::Float(f64::INFINITY)
        }
        b"-.inf" | b"-.Inf" | b"-.INF" => Scalar::Float(f64::NEG_INFINITY),
        [b'.', ..] => dotted_float(text).map_or(Scalar::Str, Scalar::Float),
        [b'0'..=b'9' | b'+' | b'-', ..] => number(text),
        _ => Scalar::Str,
    }
}

fn number(text: &[u8]) -> Scalar {
    let stripped;
    let text = if text.contains(&b'_') {
        stripped = without_underscores(text);
        stripped.as_slice()
    } else {
        text
    };
    if let Some(scalar) = integer(text) {
        return scalar;
    }
    if let Some(float) = is_float(text).then(|| parse_float(text)).flatten() {
        return Scalar::Float(float);
    }
    // The rest of `0b` text is parsed as a number once more, so it may carry its own sign.
    let (sign, digits) = match text.strip_prefix(b"0b") {
        Some([b'-', digits @ ..]) => (-1, digits),
        Some([b'+', digits @ ..]) => (1, digits),
        _ => return Scalar::Str,
    };
    let value = magnitude(digits, 2).map(|n| sign * i128::from(n));
    match value.map(i64::try_from) {
        Some(Ok(n)) if !digits.is_empty() => Scalar::Int(n),
        _ => Scalar::Str,
    }
}

fn without_underscores(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|&b| b != b'_').collect()
}

/// An integer in Go's syntax: a sign, then a base prefix, then digits.
fn integer(text: &[u8]) -> Option<Scalar> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (Some(-1), digits),
        [b'+', digits @ ..] => (Some(1), digits),
        _ => (None, text),
    };
    let (base, digits) = match digits {
        [] => return None,
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', rest @ ..] => (8, rest),
        _ => (10, digits),
    };
    let magnitude = magnitude(digits, base)?;
    match i64::try_from(i128::from(magnitude) * sign.unwrap_or(1)) {
        Ok(n) => Some(Scalar::Int(n)),
        Err(_) if sign.is_none() => Some(Scalar::Uint(magnitude)),
        Err(_) => None,
    }
}

/// The value of a run of digits, which may be empty; `None` on other characters and overflow.
fn magnitude(digits: &[u8], base: u32) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, &digit| {
        let digit = char::from(digit).to_digit(base)?;
        value
            .checked_mul(u64::from(base))?
            .checked_add(u64::from(digit))
    })
}

/// A float that starts with a point. Underscores may stand between digits.
fn dotted_float(text: &[u8]) -> Option<f64> {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let misplaced =
        (1..text.len()).any(|at| text[at] == b'_' && !(is_digit(at - 1) && is_digit(at + 1)));
    let text = without_underscores(text);
    (!misplaced && is_float(&text))
        .then(|| parse_float(&text))
        .flatten()
}

/// Says whether `text` is a sign, digits around at most one point, and an exponent.
fn is_float(text: &[u8]) -> bool {
    let text = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let (whole, rest) = digits(text);
    let rest = match rest {
        [b'.', rest @ ..] => {
            let (fraction, rest) = digits(rest);
            if whole + fraction == 0 {
                return false;
            }
            rest
        }
        _ if whole == 0 => return false,
        _ => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', rest @ ..] | [b'e' | b'E', rest @ ..] => {
            let (exponent, rest) = digits(rest);
            exponent > 0 && rest.is_empty()
        }
        _ => false,
    }
}

/// The number of digits at the start of `text`, and what follows them.
fn digits(text: &[u8]) -> (usize, &[u8]) {
    let n = text.iter().take_while(|b| b.is_ascii_digit()).count();
    (n, &text[n..])
}

/// The value of float text; `None` on overflow.
fn parse_float(text: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// Says whether `text` is a date, or a date and a time, as Go 1.26 reads them.
pub(crate) fn is_timestamp(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, b'-', rest @ ..] = text else {
        return false;
    };
    let year = [y1, y2, y3, y4];
    if !year.iter().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let year = year.iter().fold(0, |n, b| n * 10 + u32::from(*b - b'0'));
    let Some((month, [b'-', rest @ ..])) = field(rest) else {
        return false;
    };
    let Some((day, rest)) = field(rest) else {
        return false;
    };
    if day == 0 || day > days_in(month, year) {
        return false;
    }
    match rest {
        [] => true,
        [b'T' | b't', rest @ ..] => time(rest).is_some_and(is_zone),
        [b' ', ..] => time(skip_spaces(rest)).is_some_and(<[u8]>::is_empty),
        _ => false,
    }
}

fn skip_spaces(text: &[u8]) -> &[u8] {
    let n = text.iter().take_while(|b| **b == b' ').count();
    &text[n..]
}

/// One or two digits, and what follows them.
fn field(text: &[u8]) -> Option<(u32, &[u8])> {
    match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => {
            Some((u32::from(a - b'0') * 10 + u32::from(b - b'0'), rest))
        }
        [a @ b'0'..=b'9', rest @ ..] => Some((u32::from(a - b'0'), rest)),
        _ => None,
    }
}

/// The number of days of a month; 0 if there is no such month.
fn days_in(month: u32, year: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 0,
    }
}

/// Passes hours, minutes, seconds and a fraction.
fn time(text: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = field(text)?;
    let (minute, rest) = field(rest.strip_prefix(b":")?)?;
    let (second, rest) = field(rest.strip_prefix(b":")?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(match rest {
        [b'.' | b',', b'0'..=b'9', ..] => digits(&rest[1..]).1,
        _ => rest,
    })
}

/// Says whether `text` is `Z` or an offset such as `+01:00`.
fn is_zone(text: &[u8]) -> bool {
    match text {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let two = |a: &u8, b: &u8| match field(&[*a, *b]) {
                Some((n, [])) => Some(n),
                _ => None,
            };
            two(h1, h2).is_some_and(|h| h <= 24) && two(m1, m2).is_some_and(|m| m <= 60)
        }
        _ => false,
    }
}
