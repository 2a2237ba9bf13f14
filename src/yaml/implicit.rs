//! Says which plain texts go-yaml takes for something else than strings.

/// Words that mean a boolean, null, infinity or "not a number".
const WORDS: &[&str] = &[
    "", "~", "null", "Null", "NULL", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true",
    "True", "TRUE", "n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE",
    ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
    "-.INF",
];

/// Says whether plain `text` reads as a boolean, null, a number or a timestamp.
pub(super) fn is_not_string(text: &str) -> bool {
    match text.bytes().next() {
        None => true,
        Some(b'+' | b'-' | b'0'..=b'9') => {
            WORDS.contains(&text) || is_timestamp(text) || is_number(text)
        }
        Some(b'.') => WORDS.contains(&text) || is_dotted_float(text),
        Some(_) => WORDS.contains(&text),
    }
}

fn is_number(text: &str) -> bool {
    let plain = text.replace('_', "");
    if is_go_integer(&plain) {
        return true;
    }
    if is_float(&plain) {
        return plain.parse::<f64>().is_ok_and(f64::is_finite);
    }
    let binary = plain.strip_prefix("0b").or_else(|| {
        plain
            .strip_prefix("-0b")
            .filter(|rest| !rest.starts_with(['+', '-']))
    });
    binary.is_some_and(|digits| i64::from_str_radix(digits, 2).is_ok())
}

/// `strconv.ParseInt` and `ParseUint` with base 0, underscores gone.
fn is_go_integer(plain: &str) -> bool {
    let (negative, digits) = match plain.as_bytes().first() {
        Some(b'-') => (true, &plain[1..]),
        Some(b'+') => (false, &plain[1..]),
        _ => (false, plain),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if digits.starts_with(['+', '-']) {
        return false;
    }
    let Ok(n) = u64::from_str_radix(digits, radix) else {
        return false;
    };
    match (negative, plain.starts_with('+')) {
        (true, _) => n <= 1 << 63,
        (_, true) => i64::try_from(n).is_ok(),
        _ => true,
    }
}

/// Sign, then `.digits` or `digits[.digits]`, then an exponent.
fn is_float(plain: &str) -> bool {
    let text = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if whole + digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    } else if whole == 0 {
        return false;
    }
    rest.is_empty() || is_exponent(rest)
}

fn is_exponent(text: &str) -> bool {
    let Some(exponent) = text.strip_prefix(['e', 'E']) else {
        return false;
    };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// A float that starts with a dot; here an underscore must stand between digits.
fn is_dotted_float(text: &str) -> bool {
    let bytes = text.as_bytes();
    let between_digits = bytes.iter().enumerate().all(|(i, &b)| {
        let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        b != b'_' || (is_digit(i - 1) && is_digit(i + 1))
    });
    let plain = text.replace('_', "");
    between_digits && is_float(&plain) && plain.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Says whether `text` has the shape of a timestamp with fields in their ranges.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let year: u32 = text[..4].parse().unwrap_or_default();
    let Some((month, rest)) = short_field(&text[5..]) else {
        return false;
    };
    let Some((day, rest)) = rest.strip_prefix('-').and_then(short_field) else {
        return false;
    };
    if !(1..=12).contains(&month) || day == 0 || day > days_in(month, year) {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    if let Some(clock) = rest.strip_prefix(['T', 't']) {
        return time_of_day(clock).is_some_and(is_zone);
    }
    rest.starts_with(' ') && time_of_day(rest.trim_start_matches(' ')) == Some("")
}

/// One or two digits and the text after them.
fn short_field(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let value = text[..digits].parse().ok()?;
    Some((value, &text[digits..]))
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// Skips hours, minutes, seconds and their fraction.
fn time_of_day(text: &str) -> Option<&str> {
    let (hour, rest) = short_field(text)?;
    let (minute, rest) = short_field(rest.strip_prefix(':')?)?;
    let (second, rest) = short_field(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    match rest.strip_prefix(['.', ',']) {
        None => Some(rest),
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            (digits > 0).then(|| &fraction[digits..])
        }
    }
}

/// `Z`, or a sign, two digits up to 24, a colon, two digits up to 60.
fn is_zone(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let Some(offset) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let field = |part: &str, most: u32| {
        part.len() == 2
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u32>().is_ok_and(|n| n <= most)
    };
    offset
        .split_once(':')
        .is_some_and(|(hours, minutes)| field(hours, 24) && field(minutes, 60))
}
