//! Exact decimal arithmetic on floats, as sprig's `addf`, `subf`, `mulf` and `divf` do it.
//!
//! In: float64s, each read as its shortest decimal text. Out: the float64 nearest to the exact
//! result; a quotient is rounded to 16 places after every step. Refused: infinities and NaN,
//! division by zero, and results of more than
//! [`MAX_DECIMAL_DIGITS`](crate::limits::MAX_DECIMAL_DIGITS) digits.

use std::cmp::Ordering;

use super::format;
use crate::limits::MAX_DECIMAL_DIGITS;

/// The places of a quotient after the point (`decimal.DivisionPrecision`).
const QUOTIENT_PLACES: i64 = 16;

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DecimalError {
    /// The text of the reference's panic.
    Message(String),
    /// The result has too many digits.
    TooLong,
}

/// The operations.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Applies `operation` to `first` and each of `rest` in turn; gives the result and the number of
/// digits that were worked on.
pub(crate) fn fold(
    operation: Operation,
    first: f64,
    rest: impl Iterator<Item = f64>,
) -> Result<(f64, usize), DecimalError> {
    let mut result = Decimal::from(Operand::new(first)?);
    let mut n_digits = 0;
    for float in rest {
        let operand = Operand::new(float)?;
        result = match operation {
            Operation::Add => result.add(operand),
            Operation::Subtract => result.add(Operand {
                negative: !operand.negative,
                ..operand
            }),
            Operation::Multiply => result.multiply(operand),
            Operation::Divide => result.divide(operand)?,
        };
        if result.digits.len() > MAX_DECIMAL_DIGITS {
            return Err(DecimalError::TooLong);
        }
        n_digits += result.digits.len();
    }
    n_digits += result.digits.len();
    Ok((result.to_float(), n_digits))
}

/// A float as ±`digits` × 10^`exponent`.
#[derive(Clone, Copy)]
struct Operand {
    negative: bool,
    digits: u64,
    exponent: i64,
}

impl Operand {
    fn new(float: f64) -> Result<Operand, DecimalError> {
        if !float.is_finite() {
            let text = format!("Cannot create a Decimal from {}", format::float(float));
            return Err(DecimalError::Message(text));
        }
        let (negative, digits, exponent) = format::shortest(float);
        Ok(Operand {
            negative,
            exponent: i64::from(exponent) - (digits.len() as i64 - 1),
            digits: digits.parse().expect("a float has at most 17 digits"),
        })
    }
}

/// ±`digits` × 10^`exponent`; the digits are 0 to 9, the first is not 0, and zero has none.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl From<Operand> for Decimal {
    fn from(operand: Operand) -> Decimal {
        Decimal {
            negative: operand.negative,
            digits: multiply(&[1], operand.digits),
            exponent: operand.exponent,
        }
    }
}

impl Decimal {
    fn add(mut self, operand: Operand) -> Decimal {
        let mut other = Decimal::from(operand);
        let exponent = self.exponent.min(other.exponent);
        self.rescale(exponent);
        other.rescale(exponent);
        if self.negative == other.negative {
            self.digits = sum(&self.digits, &other.digits);
            return self;
        }
        match compare(&self.digits, &other.digits) {
            Ordering::Less => Decimal {
                digits: difference(&other.digits, &self.digits),
                ..other
            },
            _ => Decimal {
                digits: difference(&self.digits, &other.digits),
                ..self
            },
        }
    }

    fn multiply(self, operand: Operand) -> Decimal {
        Decimal {
            negative: self.negative != operand.negative,
            digits: multiply(&self.digits, operand.digits),
            exponent: self.exponent + operand.exponent,
        }
    }

    /// The quotient rounded to [`QUOTIENT_PLACES`], half away from zero.
    fn divide(self, operand: Operand) -> Result<Decimal, DecimalError> {
        if operand.digits == 0 {
            return Err(DecimalError::Message("decimal division by 0".to_owned()));
        }
        let shift = self.exponent - operand.exponent + QUOTIENT_PLACES;
        let mut doubled = multiply(&self.digits, 2);
        shift_left(&mut doubled, shift.max(0));
        let mut doubled = divide(&doubled, operand.digits);
        let dropped = usize::try_from(-shift).unwrap_or(0);
        doubled.truncate(doubled.len().saturating_sub(dropped));
        Ok(Decimal {
            negative: self.negative != operand.negative,
            digits: divide(&sum(&doubled, &[1]), 2),
            exponent: -QUOTIENT_PLACES,
        })
    }

    /// Lowers the exponent to `exponent` without changing the number.
    fn rescale(&mut self, exponent: i64) {
        shift_left(&mut self.digits, self.exponent - exponent);
        self.exponent = exponent;
    }

    fn to_float(&self) -> f64 {
        if self.digits.is_empty() {
            return 0.0;
        }
        let mut text = String::with_capacity(self.digits.len() + 8);
        if self.negative {
            text.push('-');
        }
        text.extend(self.digits.iter().map(|&digit| char::from(b'0' + digit)));
        text.push_str(&format!("e{}", self.exponent));
        text.parse().expect("digits and an exponent are a float")
    }
}

/// Appends `n` zeros, unless the number is zero.
fn shift_left(digits: &mut Vec<u8>, n: i64) {
    if !digits.is_empty() {
        digits.resize(digits.len() + usize::try_from(n).unwrap_or(0), 0);
    }
}

fn compare(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn sum(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut out = Vec::with_capacity(a.len().max(b.len()) + 1);
    for i in 0..a.len().max(b.len()) {
        let total = from_end(a, i) + from_end(b, i) + carry;
        out.push(total % 10);
        carry = total / 10;
    }
    if carry > 0 {
        out.push(carry);
    }
    out.reverse();
    out
}

/// `a` − `b`, where `a` is not the smaller.
fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut out = Vec::with_capacity(a.len());
    for i in 0..a.len() {
        let (digit, taken) = (from_end(a, i), from_end(b, i) + borrow);
        borrow = u8::from(digit < taken);
        out.push(digit + 10 * borrow - taken);
    }
    while out.last() == Some(&0) {
        out.pop();
    }
    out.reverse();
    out
}

/// `digits` × `factor`, which has at most 17 digits like every operand.
fn multiply(digits: &[u8], factor: u64) -> Vec<u8> {
    if factor == 0 {
        return Vec::new();
    }
    let mut carry: u64 = 0;
    let mut out = Vec::with_capacity(digits.len() + 20);
    for &digit in digits.iter().rev() {
        carry += u64::from(digit) * factor;
        out.push((carry % 10) as u8);
        carry /= 10;
    }
    while carry > 0 {
        out.push((carry % 10) as u8);
        carry /= 10;
    }
    out.reverse();
    out
}

/// `digits` / `divisor`, rounded down; the divisor has at most 17 digits.
fn divide(digits: &[u8], divisor: u64) -> Vec<u8> {
    let mut remainder: u64 = 0;
    let mut out = Vec::with_capacity(digits.len());
    for &digit in digits {
        remainder = remainder * 10 + u64::from(digit);
        let quotient = (remainder / divisor) as u8;
        remainder %= divisor;
        if quotient > 0 || !out.is_empty() {
            out.push(quotient);
        }
    }
    out
}

/// The digit `i` places from the end, 0 beyond the start.
fn from_end(digits: &[u8], i: usize) -> u8 {
    digits.len().checked_sub(i + 1).map_or(0, |at| digits[at])
}
