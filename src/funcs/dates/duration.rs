//! Go's durations: nanoseconds in 64 bits, written like `1h2m3.5s`.

/// Nanoseconds in a second.
pub(super) const SECOND: i64 = 1_000_000_000;

/// Nanoseconds in a minute.
pub(super) const MINUTE: i64 = 60 * SECOND;

/// Nanoseconds in an hour.
pub(super) const HOUR: i64 = 60 * MINUTE;

/// The largest magnitude that a part of a duration may have.
const MAX: u64 = 1 << 63;

/// Reads a duration.
///
/// # Errors
///
/// Go's text.
pub(crate) fn parse(text: &[u8]) -> Result<i64, String> {
    let error = |what: &str| Err(format!("time: {what} {}", quote(text)));
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return error("invalid duration");
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let n_whole = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (whole, after) = rest.split_at(n_whole);
        rest = after;
        let mut fraction: &[u8] = &[];
        if let Some(after) = rest.strip_prefix(b".") {
            let n_digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
            (fraction, rest) = after.split_at(n_digits);
        }
        let Some(whole_value) = leading_int(whole) else {
            return error("invalid duration");
        };
        if whole.is_empty() && fraction.is_empty() {
            return error("invalid duration");
        }
        let n_unit = rest
            .iter()
            .take_while(|b| **b != b'.' && !b.is_ascii_digit())
            .count();
        let (name, after) = rest.split_at(n_unit);
        rest = after;
        if name.is_empty() {
            return error("missing unit in duration");
        }
        let Some(unit) = unit(name) else {
            return error(&format!("unknown unit {} in duration", quote(name)));
        };
        let part = part(whole_value, fraction, unit);
        match part.map(|part| total.saturating_add(part)) {
            Some(sum) if sum <= MAX => total = sum,
            _ => return error("invalid duration"),
        }
    }
    if negative {
        return Ok((total as i64).wrapping_neg());
    }
    i64::try_from(total).or_else(|_| error("invalid duration"))
}

/// A number of units in nanoseconds, unless that is beyond the range.
fn part(whole: u64, fraction: &[u8], unit: u64) -> Option<u64> {
    if whole > MAX / unit {
        return None;
    }
    let mut nanoseconds = whole * unit;
    let (value, scale) = leading_fraction(fraction);
    if value > 0 {
        nanoseconds += (value as f64 * (unit as f64 / scale)) as u64;
    }
    (nanoseconds <= MAX).then_some(nanoseconds)
}

fn unit(name: &[u8]) -> Option<u64> {
    match name {
        b"ns" => Some(1),
        // The micro sign and the Greek letter.
        b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => Some(1_000),
        b"ms" => Some(1_000_000),
        b"s" => Some(SECOND as u64),
        b"m" => Some(MINUTE as u64),
        b"h" => Some(HOUR as u64),
        _ => None,
    }
}

/// Digits as a number up to 2^63.
fn leading_int(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        let value = value
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
        (value <= MAX).then_some(value)
    })
}

/// Digits after a point as a number and what to divide it by; digits beyond the range are dropped.
fn leading_fraction(digits: &[u8]) -> (u64, f64) {
    let mut value = 0;
    let mut scale = 1.0;
    for digit in digits {
        if value > (MAX - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > MAX {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value, scale)
}

/// Writes a duration as Go does: `1h0m0s`, `1.5s`, `2ms`.
pub(super) fn display(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let n = nanoseconds.unsigned_abs();
    let text = match n {
        0 => "0s".to_owned(),
        1..1_000 => format!("{n}ns"),
        1_000..1_000_000 => format!("{}µs", decimal(n, 3)),
        1_000_000..1_000_000_000 => format!("{}ms", decimal(n, 6)),
        _ => {
            let (minutes, rest) = (n / MINUTE as u64, n % MINUTE as u64);
            let seconds = decimal(rest, 9);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    };
    format!("{sign}{text}")
}

/// Writes `n` with a point before its last `n_digits` digits, without zeros at the end.
fn decimal(n: u64, n_digits: u32) -> String {
    let scale = 10_u64.pow(n_digits);
    let (whole, fraction) = (n / scale, n % scale);
    if fraction == 0 {
        return whole.to_string();
    }
    let width = n_digits as usize;
    let fraction = format!("{fraction:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// Rounds to a multiple of `unit`, halves away from zero; what overflows ends at the bound.
pub(super) fn round(duration: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return duration;
    }
    let (wide, unit) = (i128::from(duration), i128::from(unit));
    let rest = wide % unit;
    let towards_zero = wide - rest;
    let rounded = if rest.abs() * 2 < unit {
        towards_zero
    } else {
        towards_zero + unit * rest.signum()
    };
    saturate(rounded)
}

/// Drops what is beyond a multiple of `unit`.
pub(super) fn truncate(duration: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return duration;
    }
    duration - duration % unit
}

/// The nearest duration there is.
pub(super) fn saturate(nanoseconds: i128) -> i64 {
    let bound = if nanoseconds < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(nanoseconds).unwrap_or(bound)
}

/// The quoting of Go's `time` package: all that is not printable ASCII as bytes.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            0x20..0x80 => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}
