//! One `printf` directive, and scalars written under it.
//!
//! In: flags, width and precision, and a scalar. Out: its padded text. Which verbs fit which
//! types is the caller's matter ([`super::printf`]).

use super::float;
use super::quote::{self, Keep};

/// The flags, width and precision of a directive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spec {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%#v`: Go syntax.
    pub(super) sharp_v: bool,
    /// `%+v`: structs with the names of their fields.
    pub(super) plus_v: bool,
}

/// An integer as its 64 bits and whether they are signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits {
    pub(super) bits: u64,
    pub(super) signed: bool,
}

impl Spec {
    /// Appends `text`, padded to the width in runes.
    pub(super) fn pad(&self, out: &mut Vec<u8>, text: &[u8]) {
        let missing = match self.width {
            None | Some(0) => 0,
            Some(width) => width.saturating_sub(count_runes(text)),
        };
        if !self.minus {
            self.fill(out, missing);
        }
        out.extend_from_slice(text);
        if self.minus {
            self.fill(out, missing);
        }
    }

    /// Appends `text`, cut to the precision and padded (`%s`).
    pub(super) fn text(&self, out: &mut Vec<u8>, text: &[u8]) {
        self.pad(out, self.cut(text));
    }

    /// Appends `text` as a Go string literal (`%q`).
    pub(super) fn quoted(&self, out: &mut Vec<u8>, text: &[u8]) {
        let text = self.cut(text);
        if self.sharp && quote::can_backquote(text) {
            self.pad(out, &[b"`", text, b"`"].concat());
        } else {
            self.pad(out, quote::quoted(text, self.keep()).as_bytes());
        }
    }

    /// Appends the bytes of `text` in hexadecimal (`%x`, `%X`).
    pub(super) fn hex(&self, out: &mut Vec<u8>, text: &[u8], upper: bool) {
        let text = &text[..self.precision.unwrap_or(usize::MAX).min(text.len())];
        let prefix = if upper { "0X" } else { "0x" };
        let mut hex = String::with_capacity(text.len() * 2);
        for (i, byte) in text.iter().enumerate() {
            if i > 0 && self.space {
                hex.push(' ');
            }
            if self.sharp && (i == 0 || self.space) {
                hex.push_str(prefix);
            }
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(digit.into(), 16).expect("four bits are a digit");
                hex.push(if upper {
                    digit.to_ascii_uppercase()
                } else {
                    digit
                });
            }
        }
        self.pad(out, hex.as_bytes());
    }

    /// Appends an integer in base 2, 8, 10 or 16; `verb` tells `%X` and `%O` from their likes.
    pub(super) fn integer(&self, out: &mut Vec<u8>, n: Bits, base: u32, verb: char) {
        let spaces = Spec {
            zero: false,
            ..*self
        };
        if self.precision == Some(0) && n.bits == 0 {
            spaces.fill(out, self.width.unwrap_or(0));
            return;
        }
        let negative = n.signed && (n.bits as i64) < 0;
        let magnitude = if negative {
            n.bits.wrapping_neg()
        } else {
            n.bits
        };
        let sign = match negative {
            true => "-",
            false if self.plus => "+",
            false if self.space => " ",
            false => "",
        };
        let digits = match base {
            2 => format!("{magnitude:b}"),
            8 => format!("{magnitude:o}"),
            16 if verb == 'X' => format!("{magnitude:X}"),
            16 => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        // Zeros are counted before the prefix is added, as Go does: `%#06x` is eight wide.
        let least = match (self.precision, self.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if self.zero && !self.minus => width.saturating_sub(sign.len()),
            _ => 0,
        };
        let zeros = least.saturating_sub(digits.len());
        let prefix = match base {
            2 if self.sharp => "0b",
            8 if self.sharp && zeros == 0 && !digits.starts_with('0') => "0",
            16 if self.sharp && verb == 'X' => "0X",
            16 if self.sharp => "0x",
            _ => "",
        };
        let octal = if verb == 'O' { "0o" } else { "" };
        let zeros = "0".repeat(zeros);
        let text = [sign, octal, prefix, &zeros, &digits].concat();
        spaces.pad(out, text.as_bytes());
    }

    /// Appends the character of a code point (`%c`).
    pub(super) fn character(&self, out: &mut Vec<u8>, code: u64) {
        self.pad(out, to_char(code).encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Appends the quoted character of a code point (`%q`).
    pub(super) fn quoted_character(&self, out: &mut Vec<u8>, code: u64) {
        self.pad(
            out,
            quote::quoted_char(to_char(code), self.keep()).as_bytes(),
        );
    }

    /// Appends a code point as `U+0078`, with `#` as `U+0078 'x'` (`%U`).
    pub(super) fn unicode(&self, out: &mut Vec<u8>, code: u64) {
        let digits = self.precision.unwrap_or(0).max(4);
        let hex = format!("{code:04X}");
        let mut text = String::from("U+");
        text.push_str(&"0".repeat(digits.saturating_sub(hex.len())));
        text.push_str(&hex);
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(c) = c.filter(|&c| self.sharp && quote::is_print(c)) {
            text.push_str(&format!(" '{c}'"));
        }
        Spec {
            zero: false,
            ..*self
        }
        .pad(out, text.as_bytes());
    }

    /// Appends a float; `letter` is one of `b e E f g G x X`, `precision` the verb's default.
    pub(super) fn float(&self, out: &mut Vec<u8>, f: f64, letter: char, precision: Option<usize>) {
        let precision = self.precision.or(precision);
        let mut digits = float::with_precision(f.abs(), letter.to_ascii_lowercase(), precision);
        let sign = match f.is_sign_negative() && !f.is_nan() {
            true => "-",
            false if self.plus => "+",
            false if self.space => " ",
            false => "",
        };
        if !f.is_finite() {
            // Go keeps the plus of an infinity even when none was asked for.
            let sign = if f == f64::INFINITY && sign.is_empty() {
                "+"
            } else {
                sign
            };
            let word = digits.trim_start_matches('+');
            Spec {
                zero: false,
                ..*self
            }
            .pad(out, [sign, word].concat().as_bytes());
            return;
        }
        if letter.is_ascii_uppercase() {
            digits.make_ascii_uppercase();
        }
        if self.sharp && letter != 'b' {
            digits = with_point(&digits, letter, precision);
        }
        if self.zero && !self.minus && !sign.is_empty() {
            // The sign stands before the zeros.
            out.extend_from_slice(sign.as_bytes());
            let width = self.width.map(|width| width.saturating_sub(1));
            Spec { width, ..*self }.pad(out, digits.as_bytes());
        } else {
            self.pad(out, [sign, &digits].concat().as_bytes());
        }
    }

    /// Appends `n` bytes of padding; zeros only ever stand to the left.
    fn fill(&self, out: &mut Vec<u8>, n: usize) {
        let byte = if self.zero && !self.minus { b'0' } else { b' ' };
        out.resize(out.len() + n, byte);
    }

    /// The first runes of `text`, as many as the precision says.
    fn cut<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        match self.precision {
            Some(n) => &text[..rune_offset(text, n)],
            None => text,
        }
    }

    fn keep(&self) -> Keep {
        if self.plus {
            Keep::Ascii
        } else {
            Keep::Printable
        }
    }
}

/// The text of an unsigned float under `#`: always a point, and for `g`, `G` and `x` the zeros
/// that the shorter form had dropped.
fn with_point(number: &str, letter: char, precision: Option<usize>) -> String {
    let marks: &[char] = if matches!(letter, 'x' | 'X') {
        &['p', 'P']
    } else {
        &['e', 'E']
    };
    let (mantissa, tail) = number.split_at(number.find(marks).unwrap_or(number.len()));
    let mut wanted = match letter {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    // Go counts every character after the first that is no zero, the `x` of `0x` included.
    let significant = mantissa
        .bytes()
        .filter(|&b| b != b'.')
        .skip_while(|&b| b == b'0')
        .count();
    wanted = wanted.saturating_sub(significant);
    let mut out = mantissa.to_owned();
    if !mantissa.contains('.') {
        if mantissa == "0" {
            wanted = wanted.saturating_sub(1);
        }
        out.push('.');
    }
    out.push_str(&"0".repeat(wanted));
    out.push_str(tail);
    out
}

fn to_char(code: u64) -> char {
    u32::try_from(code)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The number of runes; a byte of invalid UTF-8 counts as one.
fn count_runes(text: &[u8]) -> usize {
    text.utf8_chunks()
        .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
        .sum()
}

/// The length of the first `n` runes.
fn rune_offset(text: &[u8], mut n: usize) -> usize {
    let mut offset = 0;
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        for (at, _) in valid.char_indices() {
            if n == 0 {
                return offset + at;
            }
            n -= 1;
        }
        offset += valid.len();
        let taken = chunk.invalid().len().min(n);
        offset += taken;
        n -= taken;
        if n == 0 {
            return offset;
        }
    }
    offset
}
