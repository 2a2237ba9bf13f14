//! Go's reading of numbers: `strconv` and the conversions of the `cast` library.
//!
//! In: text or values. Out: a number, or nothing where Go reports an error.

use super::{Int, Value};

/// Why an integer could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntError {
    /// The text is no integer.
    Syntax,
    /// The integer does not fit; Go returns this nearest one beside its error.
    Range(i64),
}

/// Go's `strconv.ParseInt(text, base, 64)`; base 0 reads prefixes and underscores.
///
/// # Errors
///
/// Go's `ErrSyntax` and `ErrRange`.
pub fn parse_int(text: &[u8], base: u32) -> Result<i64, IntError> {
    let (negative, digits) = match text {
        [b'+', rest @ ..] => (false, rest),
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let limit = i64::MAX as u64 + u64::from(negative);
    match parse_magnitude(digits, base)? {
        Some(n) if n <= limit && negative => Ok((n as i64).wrapping_neg()),
        Some(n) if n <= limit => Ok(n as i64),
        _ if negative => Err(IntError::Range(i64::MIN)),
        _ => Err(IntError::Range(i64::MAX)),
    }
}

/// Go's `strconv.ParseUint(text, base, 64)`: like [`parse_int`] without a sign. `None` for what Go
/// refuses.
pub fn parse_uint(text: &[u8], base: u32) -> Option<u64> {
    parse_magnitude(text, base).ok().flatten()
}

/// Go's `strconv.ParseFloat(text, 64)`: decimal and hexadecimal floats, underscores,
/// `inf`, `infinity` and `nan` in any case. `None` for what Go refuses, overflow included.
pub fn parse_float(text: &[u8]) -> Option<f64> {
    let (negative, number) = match text {
        [b'+', rest @ ..] => (false, rest),
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let magnitude = match number.to_ascii_lowercase().as_slice() {
        b"inf" | b"infinity" => f64::INFINITY,
        b"nan" if number.len() == text.len() => f64::NAN,
        [b'0', b'x', rest @ ..] if underscores_fit(number) => parse_hex_float(rest)?,
        lower if underscores_fit(number) => parse_decimal_float(lower)?,
        _ => return None,
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// The `cast` library's `ToInt64` (and, on 64 bits, `ToInt`): 0 for what is no number.
pub fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Bool(b) => i64::from(*b),
        Value::Int(n) => n.to_i64(),
        Value::Float(f) => truncate(*f),
        Value::Str(s) => parse_int(without_zero_fraction(s), 0).unwrap_or(0),
        Value::Object(_) => calendar_number(value).map_or(0, Int::to_i64),
        Value::Nil | Value::List(_) | Value::Map(_) => 0,
    }
}

/// The `cast` library's `ToFloat64`: 0 for what is no number.
pub fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::Int(n) => n.wide() as f64,
        Value::Float(f) => *f,
        Value::Str(s) => parse_float(s).unwrap_or(0.0),
        Value::Object(_) => calendar_number(value).map_or(0.0, |n| n.to_i64() as f64),
        Value::Nil | Value::List(_) | Value::Map(_) => 0.0,
    }
}

/// `f` × 2^`exponent`, rounded once, for exponents of at most ±2000.
pub(crate) fn times_power_of_two(f: f64, exponent: i32) -> f64 {
    // 2^exponent may not be a float, but half of the exponent always gives one.
    let half = exponent / 2;
    let power = |exponent: i32| f64::from_bits(((exponent + 1023) as u64) << 52);
    f * power(half) * power(exponent - half)
}

/// A float64 as int64 as amd64 converts it: toward zero, the least integer when out of range.
fn truncate(f: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&f) {
        f as i64
    } else {
        i64::MIN
    }
}

/// Of the named integers `cast` knows these two only.
fn calendar_number(value: &Value) -> Option<Int> {
    match value {
        Value::Object(o) if matches!(o.type_name(), "time.Month" | "time.Weekday") => o.number(),
        _ => None,
    }
}

/// Drops a fraction of zeros (`5.00`), as `cast` does before it reads an integer.
fn without_zero_fraction(text: &[u8]) -> &[u8] {
    let zeros = text.iter().rev().take_while(|&&b| b == b'0').count();
    match text[..text.len() - zeros].split_last() {
        Some((b'.', whole)) if zeros > 0 => whole,
        _ => text,
    }
}

/// Reads an unsigned integer; `None` when it is beyond `u64`.
fn parse_magnitude(text: &[u8], base: u32) -> Result<Option<u64>, IntError> {
    if text.is_empty() {
        return Err(IntError::Syntax);
    }
    let (radix, digits) = match text {
        _ if base != 0 => (base, text),
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', rest @ ..] => (8, rest),
        _ => (10, text),
    };
    let mut number: u64 = 0;
    for &byte in digits {
        if byte == b'_' && base == 0 {
            continue;
        }
        let digit = char::from(byte).to_digit(radix).ok_or(IntError::Syntax)?;
        let next = number
            .checked_mul(radix.into())
            .and_then(|n| n.checked_add(digit.into()));
        match next {
            Some(next) => number = next,
            // Go looks no further once the number is too large.
            None => return Ok(None),
        }
    }
    if base == 0 && !underscores_fit(text) {
        return Err(IntError::Syntax);
    }
    Ok(Some(number))
}

/// Says whether every underscore stands between digits or after a base prefix.
fn underscores_fit(unsigned: &[u8]) -> bool {
    if !unsigned.contains(&b'_') {
        return true;
    }
    let (hex, mut before, rest) = match unsigned {
        [b'0', b'x' | b'X', rest @ ..] => (true, true, rest),
        [b'0', b'b' | b'B' | b'o' | b'O', rest @ ..] => (false, true, rest),
        _ => (false, false, unsigned),
    };
    let is_digit = |byte: u8| byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit());
    for (i, &byte) in rest.iter().enumerate() {
        let after = rest.get(i + 1).is_some_and(|&next| is_digit(next));
        if byte == b'_' && !(before && after) {
            return false;
        }
        before = is_digit(byte);
    }
    true
}

/// Reads lower-case decimal text without a sign.
fn parse_decimal_float(text: &[u8]) -> Option<f64> {
    // Rust reads what Go reads, and a sign or a word where none may be.
    let starts_well = matches!(text.first(), Some(b'0'..=b'9' | b'.'));
    let digits: Vec<u8> = text.iter().copied().filter(|&b| b != b'_').collect();
    let text = std::str::from_utf8(&digits).ok().filter(|_| starts_well)?;
    text.parse().ok().filter(|f: &f64| f.is_finite())
}

/// Reads what follows `0x`: digits, perhaps a point, and an exponent of two.
fn parse_hex_float(text: &[u8]) -> Option<f64> {
    let text: Vec<u8> = text.iter().copied().filter(|&b| b != b'_').collect();
    let p = text.iter().position(|&b| b == b'p')?;
    let mut exponent = binary_exponent(&text[p + 1..])?;
    let mut mantissa: u64 = 0;
    let mut lost = false;
    let mut n_digits = 0;
    let mut after_point = false;
    for &byte in &text[..p] {
        if byte == b'.' && !after_point {
            after_point = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16)?;
        n_digits += 1;
        exponent -= if after_point { 4 } else { 0 };
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
        } else {
            lost |= digit != 0;
            exponent += 4;
        }
    }
    if n_digits == 0 {
        return None;
    }
    scale(mantissa, exponent, lost)
}

/// Reads a signed decimal exponent; huge ones are cut to a size that is still out of range.
fn binary_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'+', rest @ ..] => (false, rest),
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0, |e: i64, &b| {
        if e < 10_000 {
            e * 10 + i64::from(b - b'0')
        } else {
            e
        }
    });
    Some(if negative { -size } else { size })
}

/// `mantissa` × 2^`exponent`, rounded half to even; `lost` says that nonzero digits followed the
/// mantissa. `None` on overflow.
fn scale(mantissa: u64, exponent: i64, lost: bool) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    let shift = mantissa.leading_zeros();
    let bits = mantissa << shift | u64::from(lost);
    // The value is bits × 2^exponent with the top bit set.
    let exponent = exponent - i64::from(shift);
    // A normal float keeps 53 bits, a subnormal one those from 2^-1074 up.
    let dropped = (-1074 - exponent).max(11);
    if dropped > 64 {
        return Some(0.0);
    }
    let (kept, rest) = if dropped == 64 {
        (0, bits)
    } else {
        (bits >> dropped, bits << (64 - dropped))
    };
    let half = 1 << 63;
    let up = rest > half || (rest == half && kept & 1 == 1);
    let kept = kept + u64::from(up);
    let power = exponent + dropped;
    if power > 971 {
        return None;
    }
    Some(times_power_of_two(kept as f64, power as i32)).filter(|f| f.is_finite())
}
