//! Floats as text: the digits of `strconv.FormatFloat` for every format letter.
//!
//! Every result is correctly rounded, whatever the precision.

use std::iter;

/// The most digits after the point that a float64 can have.
const MAX_FRACTION: usize = 1074;

/// The most significant digits that a float64 can have.
const MAX_SIGNIFICANT: usize = 767;

/// Bits of a float64's fraction.
const FRACTION_BITS: u32 = 52;

/// Go's `%v` of a float64, `strconv.FormatFloat(f, 'g', -1, 64)`: the shortest digits that
/// round-trip, in exponent form when the decimal exponent is below −4 or at least 6 (`1e+06`).
pub fn float(f: f64) -> String {
    if let Some(word) = not_finite(f) {
        return word.to_owned();
    }
    let (negative, digits, exponent) = shortest(f);
    scientific_or_plain(negative, &digits, exponent, 6)
}

/// Go's `strconv.FormatFloat(f, 'g', -1, 32)`: like [`float`], with the digits that tell the
/// nearest float32 from its neighbours.
pub fn float32(f: f64) -> String {
    let narrow = f as f32;
    if let Some(word) = not_finite(f64::from(narrow)) {
        return word.to_owned();
    }
    if narrow == 0.0 {
        return float(f64::from(narrow));
    }
    let (digits, exponent) = split(ryu::Buffer::new().format_finite(narrow.abs()));
    scientific_or_plain(narrow.is_sign_negative(), &digits, exponent, 6)
}

/// The sign, shortest digits and decimal exponent (of the first digit) of a finite float.
pub fn shortest(f: f64) -> (bool, String, i32) {
    let negative = f.is_sign_negative();
    if f == 0.0 {
        return (negative, "0".to_owned(), 0);
    }
    let (digits, exponent) = split(ryu::Buffer::new().format_finite(f.abs()));
    (negative, digits, exponent)
}

/// `strconv.FormatFloat(f, letter, precision, 64)` for the letters `b e f g x`, lower case.
pub(super) fn with_precision(f: f64, letter: u8, precision: Option<usize>) -> String {
    if let Some(word) = not_finite(f) {
        return word.to_owned();
    }
    let text = match (letter, precision) {
        (b'b', _) => return binary(f),
        (b'x', _) => return hexadecimal(f, precision),
        (b'f', Some(places)) => fixed(f.abs(), places),
        (b'e', Some(places)) => scientific(f.abs(), places),
        (_, Some(0)) => general(f.abs(), 1),
        (_, Some(digits)) => general(f.abs(), digits),
        (_, None) => return float(f),
    };
    let sign = if f.is_sign_negative() { "-" } else { "" };
    format!("{sign}{text}")
}

/// The word for an infinity or NaN.
fn not_finite(f: f64) -> Option<&'static str> {
    if f.is_nan() {
        Some("NaN")
    } else if f.is_infinite() {
        Some(if f > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        None
    }
}

/// Cuts decimal text, which is not zero, into its significant digits and the exponent of the
/// first.
fn split(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent
        .parse()
        .expect("ryu and Rust write decimal exponents");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let leading = all.len() - all.trim_start_matches('0').len();
    let exponent = exponent + whole.len() as i32 - 1 - leading as i32;
    (all.trim_matches('0').to_owned(), exponent)
}

fn fixed(f: f64, places: usize) -> String {
    let exact = places.min(MAX_FRACTION);
    let mut text = format!("{f:.exact$}");
    text.extend(iter::repeat_n('0', places - exact));
    text
}

fn scientific(f: f64, places: usize) -> String {
    let exact = places.min(MAX_SIGNIFICANT - 1);
    let text = format!("{f:.exact$e}");
    let (mantissa, exponent) = text.split_once('e').expect("Rust writes an exponent");
    let exponent: i32 = exponent.parse().expect("Rust writes a decimal exponent");
    let mut out = mantissa.to_owned();
    out.extend(iter::repeat_n('0', places - exact));
    push_exponent(&mut out, exponent);
    out
}

/// Exponent form when the exponent is below −4 or not below the number of digits; trailing zeros
/// are dropped.
fn general(f: f64, digits: usize) -> String {
    if f == 0.0 {
        return "0".to_owned();
    }
    let exact = digits.min(MAX_SIGNIFICANT) - 1;
    let (text, exponent) = split(&format!("{f:.exact$e}"));
    // Go: with more digits asked for than there are, the digits that are there decide, unless
    // they do not reach the decimal point.
    let n = text.len();
    let reach_point = n as i64 > i64::from(exponent);
    let high = if digits > n && reach_point { n } else { digits };
    scientific_or_plain(false, &text, exponent, high)
}

/// Writes `digits` with an exponent when that is below −4 or at least `high`.
fn scientific_or_plain(negative: bool, digits: &str, exponent: i32, high: usize) -> String {
    let mut out = String::with_capacity(digits.len() + 8);
    if negative {
        out.push('-');
    }
    if exponent < -4 || usize::try_from(exponent).is_ok_and(|e| e >= high) {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        push_exponent(&mut out, exponent);
    } else if exponent < 0 {
        out.push_str("0.");
        out.extend(iter::repeat_n('0', (-exponent - 1) as usize));
        out.push_str(digits);
    } else {
        let point = exponent as usize + 1;
        if digits.len() <= point {
            out.push_str(digits);
            out.extend(iter::repeat_n('0', point - digits.len()));
        } else {
            out.push_str(&digits[..point]);
            out.push('.');
            out.push_str(&digits[point..]);
        }
    }
    out
}

fn push_exponent(out: &mut String, exponent: i32) {
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("e{sign}{:02}", exponent.unsigned_abs()));
}

/// The sign, the integer mantissa and its power of two.
fn parts(f: f64) -> (bool, u64, i32) {
    let bits = f.to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let biased = (bits >> FRACTION_BITS & 0x7ff) as i32;
    let (mantissa, exponent) = if biased == 0 {
        (fraction, 1)
    } else {
        (fraction | 1 << FRACTION_BITS, biased)
    };
    (f.is_sign_negative(), mantissa, exponent - 1075)
}

/// `4503599627370496p-52`
fn binary(f: f64) -> String {
    let (negative, mantissa, exponent) = parts(f);
    let sign = if negative { "-" } else { "" };
    format!("{sign}{mantissa}p{exponent:+}")
}

/// `0x1.8p+01`
fn hexadecimal(f: f64, precision: Option<usize>) -> String {
    /// Where the leading bit goes: 15 hexadecimal digits follow it.
    const POINT: u32 = 60;
    let (negative, mantissa, exponent) = parts(f);
    let mut exponent = if mantissa == 0 {
        0
    } else {
        exponent + POINT as i32
    };
    let mut bits = mantissa;
    if bits != 0 {
        let shift = bits.leading_zeros() - (63 - POINT);
        bits <<= shift;
        exponent -= shift as i32;
    }
    if let Some(places @ ..15) = precision {
        let dropped = POINT - places as u32 * 4;
        let rest = bits & ((1 << dropped) - 1);
        let half = 1 << (dropped - 1);
        bits >>= dropped;
        if rest > half || (rest == half && bits & 1 == 1) {
            bits += 1;
        }
        bits <<= dropped;
        if bits >> (POINT + 1) != 0 {
            bits >>= 1;
            exponent += 1;
        }
    }
    let fraction = format!("{:015x}", bits & ((1 << POINT) - 1));
    let fraction = match precision {
        None => fraction.trim_end_matches('0').to_owned(),
        Some(places @ ..15) => fraction[..places].to_owned(),
        Some(places) => fraction + &"0".repeat(places - 15),
    };
    let negative = if negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let (whole, exponent) = (bits >> POINT, exponent.unsigned_abs());
    format!("{negative}0x{whole}{point}{fraction}p{sign}{exponent:02}")
}
