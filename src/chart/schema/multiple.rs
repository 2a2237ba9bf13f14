//! `multipleOf` in exact arithmetic: the validator divides in floating point, Go in rationals.

use serde_json::Number;

use crate::value::format;

/// A number as it is written: `digits` times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u64,
    exponent: i32,
}

impl Decimal {
    /// The absolute value of `number`, as Go prints it: of a float the shortest text.
    pub(super) fn of(number: &Number) -> Option<Decimal> {
        if let Some(digits) = number.as_u64() {
            return Some(Decimal {
                digits,
                exponent: 0,
            });
        }
        if let Some(whole) = number.as_i64() {
            return Some(Decimal {
                digits: whole.unsigned_abs(),
                exponent: 0,
            });
        }
        let text = format::float(number.as_f64()?.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Some(Decimal {
            digits: format!("{whole}{fraction}").parse().ok()?,
            exponent: exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?,
        })
    }

    pub(super) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Whether the quotient of `self` and `divisor`, which is not zero, is whole.
    pub(super) fn is_multiple_of(self, divisor: Decimal) -> bool {
        let (digits, by) = (u128::from(self.digits), u128::from(divisor.digits));
        let exponent = self.exponent - divisor.exponent;
        if exponent >= 0 {
            let power = (0..exponent).fold(1 % by, |power, _| power * 10 % by);
            return digits % by * power % by == 0;
        }
        let by = 10_u128
            .checked_pow(exponent.unsigned_abs())
            .and_then(|power| power.checked_mul(by));
        match by {
            Some(by) => digits % by == 0,
            // The divisor is larger than any digits.
            None => digits == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divides_exactly() {
        let is_multiple = |value: &str, divisor: &str| {
            let decimal = |text: &str| Decimal::of(&serde_json::from_str(text).unwrap()).unwrap();
            decimal(value).is_multiple_of(decimal(divisor))
        };
        for (value, divisor) in [
            ("19.99", "0.01"),
            ("-0.3", "0.1"),
            ("0", "1e300"),
            ("1e22", "1e-300"),
            ("1e300", "7e299"),
            ("18446744073709551615", "5"),
        ] {
            assert_eq!(
                is_multiple(value, divisor),
                value != "1e300",
                "{value} {divisor}"
            );
        }
        for (value, divisor) in [("1e22", "1.5"), ("1e-300", "1e22"), ("0.015", "0.01")] {
            assert!(!is_multiple(value, divisor), "{value} {divisor}");
        }
    }
}
