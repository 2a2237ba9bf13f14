//! Go's standard base 64: padded, line breaks ignored when decoding, stray low bits too.

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

/// Encodes `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes `text`.
///
/// # Errors
///
/// Go's text, which names the byte at which Go gives up.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| Err(format!("illegal base64 data at input byte {at}"));
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut digits = [0; 4];
    let mut n_digits = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match value(byte) {
            Some(digit) => {
                digits[n_digits] = digit;
                n_digits += 1;
                if n_digits == 4 {
                    out.extend(join(digits));
                    n_digits = 0;
                }
            }
            None if is_break(byte) => {}
            None if byte != b'=' || n_digits < 2 => return corrupt(at - 1),
            None => {
                if n_digits == 2 {
                    at = skip_breaks(text, at);
                    match text.get(at) {
                        None => return corrupt(text.len()),
                        Some(b'=') => at += 1,
                        Some(_) => return corrupt(at - 1),
                    }
                }
                at = skip_breaks(text, at);
                if at < text.len() {
                    return corrupt(at);
                }
                digits[n_digits..].fill(0);
                out.extend(&join(digits)[..n_digits - 1]);
                return Ok(out);
            }
        }
    }
    if n_digits == 0 {
        Ok(out)
    } else {
        corrupt(at - n_digits)
    }
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn join([a, b, c, d]: [u8; 4]) -> [u8; 3] {
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn skip_breaks(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|b| is_break(**b)).count()
}
