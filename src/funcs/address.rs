//! IP addresses as Go's `net/netip` checks them.
//!
//! In: a text. Out: whether it is an IPv4 or an IPv6 address. Refused: everything else, with Go's
//! texts.

use crate::value::printf::quote;

/// The kind of an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// `192.0.2.1`
    V4,
    /// `2001:db8::1%eth0`
    V6,
}

/// Checks an IP address (`netip.ParseAddr`).
///
/// # Errors
///
/// Go's text, beginning with `ParseAddr("…"): `.
pub(crate) fn parse_address(text: &[u8]) -> Result<Address, String> {
    let found = match text.iter().find(|byte| b".:%".contains(byte)) {
        Some(b'.') => check_v4(text).map(|()| Address::V4),
        Some(b':') => check_v6(text).map(|()| Address::V6),
        Some(_) => Err(Problem::new("missing IPv6 address")),
        None => Err(Problem::new("unable to parse IP")),
    };
    found.map_err(|problem| {
        let mut message = format!("ParseAddr({}): {}", quote(text), problem.message);
        if !problem.at.is_empty() {
            message.push_str(&format!(" (at {})", quote(problem.at)));
        }
        message
    })
}

/// What is wrong with an address, and the rest of the text from there on if Go tells it.
struct Problem<'a> {
    message: &'static str,
    at: &'a [u8],
}

impl<'a> Problem<'a> {
    fn new(message: &'static str) -> Problem<'a> {
        Problem { message, at: b"" }
    }

    fn at(message: &'static str, at: &'a [u8]) -> Problem<'a> {
        Problem { message, at }
    }
}

fn check_v4(text: &[u8]) -> Result<(), Problem<'_>> {
    let mut n_dots = 0;
    let (mut value, mut n_digits) = (0, 0);
    for (i, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if n_digits == 1 && value == 0 {
                    return Err(Problem::new("IPv4 field has octet with leading zero"));
                }
                value = value * 10 + u32::from(byte - b'0');
                n_digits += 1;
                if value > 255 {
                    return Err(Problem::new("IPv4 field has value >255"));
                }
            }
            b'.' => {
                if n_digits == 0 || i + 1 == text.len() {
                    let message = "IPv4 field must have at least one digit";
                    return Err(Problem::at(message, &text[i..]));
                }
                if n_dots == 3 {
                    return Err(Problem::new("IPv4 address too long"));
                }
                n_dots += 1;
                (value, n_digits) = (0, 0);
            }
            _ => return Err(Problem::at("unexpected character", &text[i..])),
        }
    }
    if n_dots < 3 {
        return Err(Problem::new("IPv4 address too short"));
    }
    Ok(())
}

fn check_v6(text: &[u8]) -> Result<(), Problem<'_>> {
    let mut rest = match memchr::memchr(b'%', text) {
        Some(percent) if percent + 1 == text.len() => {
            return Err(Problem::new("zone must be a non-empty string"));
        }
        Some(percent) => &text[..percent],
        None => text,
    };
    let mut has_gap = false;
    if let Some(after) = rest.strip_prefix(b"::") {
        has_gap = true;
        rest = after;
        if rest.is_empty() {
            return Ok(());
        }
    }
    let mut n_bytes = 0;
    while n_bytes < 16 {
        let n_digits = hex_field(rest)?;
        if rest.get(n_digits) == Some(&b'.') {
            check_embedded_v4(rest, n_bytes, has_gap)?;
            rest = b"";
            n_bytes += 4;
            break;
        }
        n_bytes += 2;
        rest = &rest[n_digits..];
        rest = match rest {
            [] => break,
            [b':'] => {
                return Err(Problem::at(
                    "colon must be followed by more characters",
                    rest,
                ));
            }
            [b':', after @ ..] => after,
            _ => return Err(Problem::at("unexpected character, want colon", rest)),
        };
        if let Some(after) = rest.strip_prefix(b":") {
            if has_gap {
                return Err(Problem::at("multiple :: in address", rest));
            }
            has_gap = true;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        return Err(Problem::at("trailing garbage after address", rest));
    }
    match (n_bytes < 16, has_gap) {
        (true, false) => Err(Problem::new("address string too short")),
        (false, true) => Err(Problem::new(
            "the :: must expand to at least one field of zeros",
        )),
        _ => Ok(()),
    }
}

/// The number of digits of the hexadecimal field that `rest` begins with.
fn hex_field(rest: &[u8]) -> Result<usize, Problem<'_>> {
    match rest
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count()
    {
        0 => Err(Problem::at(
            "each colon-separated field must have at least one digit",
            rest,
        )),
        n_digits @ 1..=4 => Ok(n_digits),
        _ => Err(Problem::at("each group must have 4 or less digits", rest)),
    }
}

fn check_embedded_v4(rest: &[u8], n_bytes: usize, has_gap: bool) -> Result<(), Problem<'_>> {
    if !has_gap && n_bytes != 12 {
        return Err(Problem::at(
            "embedded IPv4 address must replace the final 2 fields of the address",
            rest,
        ));
    }
    if n_bytes > 12 {
        return Err(Problem::at(
            "too many hex fields to fit an embedded IPv4 at the end of the address",
            rest,
        ));
    }
    check_v4(rest)
}
