//! Go's standard base 32: padded, line breaks ignored when decoding, stray low bits too.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Encodes `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut block = [0; 5];
        block[..chunk.len()].copy_from_slice(chunk);
        let bits = block
            .iter()
            .fold(0, |bits: u64, b| bits << 8 | u64::from(*b));
        let n_digits = (chunk.len() * 8).div_ceil(5);
        for digit in 0..8 {
            let index = (bits >> (35 - 5 * digit)) & 31;
            out.push(if digit < n_digits {
                char::from(ALPHABET[index as usize])
            } else {
                '='
            });
        }
    }
    out
}

/// Decodes `text`.
///
/// # Errors
///
/// Go's text; its byte counts without line breaks.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\n' | b'\r'))
        .collect();
    let corrupt = |at: usize| format!("illegal base32 data at input byte {at}");
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut at = 0;
    while at < text.len() {
        let mut digits = [0; 8];
        let mut n_digits = 0;
        let mut is_padded = false;
        while n_digits < 8 {
            let Some(&byte) = text.get(at) else {
                return Err(corrupt(text.len() - n_digits));
            };
            at += 1;
            if byte == b'=' && n_digits >= 2 && text.len() - at < 8 {
                check_padding(&text, at, n_digits).map_err(corrupt)?;
                is_padded = true;
                break;
            }
            let digit = value(byte).ok_or_else(|| corrupt(at - 1))?;
            digits[n_digits] = digit;
            n_digits += 1;
        }
        let bits = digits
            .iter()
            .fold(0, |bits: u64, d| bits << 5 | u64::from(*d));
        out.extend(&bits.to_be_bytes()[3..][..n_digits * 5 / 8]);
        if is_padded {
            break;
        }
    }
    Ok(out)
}

/// Checks what follows the first padding character, which is before `at`; the error is the byte
/// that Go complains about.
fn check_padding(text: &[u8], at: usize, n_digits: usize) -> Result<(), usize> {
    let rest = &text[at..];
    if rest.len() + n_digits < 7 {
        return Err(text.len());
    }
    for (k, byte) in rest.iter().take(7 - n_digits).enumerate() {
        if *byte != b'=' {
            return Err(at + k - 1);
        }
    }
    if matches!(n_digits, 3 | 6) {
        return Err(at - 1);
    }
    Ok(())
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}
