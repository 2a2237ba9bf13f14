//! Numbers: conversions and arithmetic.
//!
//! In: any values; what is no number counts as 0. Out: `int64`s from the integer functions,
//! `float64`s from those whose names end in `f`. Refused: division by zero, decimal arithmetic on
//! infinities, and sequences of more than [`MAX_SEQUENCE`] numbers.

use crate::limits::{MAX_DECIMAL_DIGITS, MAX_SEQUENCE};
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::decimal::{self, DecimalError, Operation};
use crate::value::number::{self, IntError, to_float64, to_int64};
use crate::value::{List, ListType, Value, format};

/// How many decimal digits are worked on in the time of one evaluation step.
const DIGITS_PER_STEP: usize = 16;

type Answer = Result<Value, FuncError>;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("add", &[Param::Any], add).variadic(),
    Function::pure("add1", &[Param::Any], add1),
    Function::run("add1f", &[Param::Any], add1f),
    Function::run("addf", &[Param::Any], addf).variadic(),
    Function::pure("atoi", &[Param::String], atoi),
    Function::pure("biggest", &[Param::Any, Param::Any], max).variadic(),
    Function::pure("ceil", &[Param::Any], ceil),
    Function::pure("div", &[Param::Any, Param::Any], div),
    Function::run("divf", &[Param::Any, Param::Any], divf).variadic(),
    Function::pure("float64", &[Param::Any], float64),
    Function::pure("floor", &[Param::Any], floor),
    Function::pure("int", &[Param::Any], int),
    Function::pure("int64", &[Param::Any], int64),
    Function::pure("max", &[Param::Any, Param::Any], max).variadic(),
    Function::pure("maxf", &[Param::Any, Param::Any], maxf).variadic(),
    Function::pure("min", &[Param::Any, Param::Any], min).variadic(),
    Function::pure("minf", &[Param::Any, Param::Any], minf).variadic(),
    Function::pure("mod", &[Param::Any, Param::Any], modulo),
    Function::pure("mul", &[Param::Any, Param::Any], mul).variadic(),
    Function::run("mulf", &[Param::Any, Param::Any], mulf).variadic(),
    Function::pure("round", &[Param::Any, Param::Int, Param::Float64], round).variadic(),
    Function::pure("seq", &[Param::Int], seq).variadic().heavy(),
    Function::pure("sub", &[Param::Any, Param::Any], sub),
    Function::run("subf", &[Param::Any, Param::Any], subf).variadic(),
    Function::pure("toDecimal", &[Param::Any], to_decimal),
    Function::pure("until", &[Param::Int], until),
    Function::pure(
        "untilStep",
        &[Param::Int, Param::Int, Param::Int],
        until_step,
    ),
];

fn int(args: Args<'_>) -> Answer {
    Ok(Value::int(to_int64(args.any(0))))
}

fn int64(args: Args<'_>) -> Answer {
    Ok(Value::int64(to_int64(args.any(0))))
}

fn float64(args: Args<'_>) -> Answer {
    Ok(to_float64(args.any(0)).into())
}

/// Ignores Go's error, so a number out of range gives the nearest integer.
fn atoi(args: Args<'_>) -> Answer {
    let number = match number::parse_int(args.str(0), 10) {
        Ok(n) | Err(IntError::Range(n)) => n,
        Err(IntError::Syntax) => 0,
    };
    Ok(Value::int(number))
}

/// Reads the text of a value as an octal number, as for file modes.
fn to_decimal(args: Args<'_>) -> Answer {
    let text = format::display(args.any(0));
    Ok(Value::int64(number::parse_int(&text, 8).unwrap_or(0)))
}

fn add(args: Args<'_>) -> Answer {
    let sum = integers(args.rest(0)).fold(0, i64::wrapping_add);
    Ok(Value::int64(sum))
}

fn add1(args: Args<'_>) -> Answer {
    Ok(Value::int64(to_int64(args.any(0)).wrapping_add(1)))
}

fn sub(args: Args<'_>) -> Answer {
    let (a, b) = (to_int64(args.any(0)), to_int64(args.any(1)));
    Ok(Value::int64(a.wrapping_sub(b)))
}

fn mul(args: Args<'_>) -> Answer {
    let product = integers(args.rest(0)).fold(1, i64::wrapping_mul);
    Ok(Value::int64(product))
}

fn div(args: Args<'_>) -> Answer {
    let (a, b) = (to_int64(args.any(0)), to_int64(args.any(1)));
    if b == 0 {
        return Err(divided_by_zero());
    }
    Ok(Value::int64(a.wrapping_div(b)))
}

fn modulo(args: Args<'_>) -> Answer {
    let (a, b) = (to_int64(args.any(0)), to_int64(args.any(1)));
    if b == 0 {
        return Err(divided_by_zero());
    }
    Ok(Value::int64(a.wrapping_rem(b)))
}

fn max(args: Args<'_>) -> Answer {
    let first = to_int64(args.any(0));
    Ok(Value::int64(integers(args.rest(1)).fold(first, i64::max)))
}

fn min(args: Args<'_>) -> Answer {
    let first = to_int64(args.any(0));
    Ok(Value::int64(integers(args.rest(1)).fold(first, i64::min)))
}

fn add1f(run: &mut dyn Runtime, args: Args<'_>) -> Answer {
    exact(
        run,
        Operation::Add,
        to_float64(args.any(0)),
        &[Value::int(1)],
    )
}

fn addf(run: &mut dyn Runtime, args: Args<'_>) -> Answer {
    exact(run, Operation::Add, 0.0, args.rest(0))
}

fn subf(run: &mut dyn Runtime, args: Args<'_>) -> Answer {
    exact(
        run,
        Operation::Subtract,
        to_float64(args.any(0)),
        args.rest(1),
    )
}

fn mulf(run: &mut dyn Runtime, args: Args<'_>) -> Answer {
    exact(
        run,
        Operation::Multiply,
        to_float64(args.any(0)),
        args.rest(1),
    )
}

fn divf(run: &mut dyn Runtime, args: Args<'_>) -> Answer {
    exact(
        run,
        Operation::Divide,
        to_float64(args.any(0)),
        args.rest(1),
    )
}

fn maxf(args: Args<'_>) -> Answer {
    let first = to_float64(args.any(0));
    Ok(floats(args.rest(1)).fold(first, larger).into())
}

fn minf(args: Args<'_>) -> Answer {
    let first = to_float64(args.any(0));
    Ok(floats(args.rest(1))
        .fold(first, |a, b| -larger(-a, -b))
        .into())
}

fn ceil(args: Args<'_>) -> Answer {
    Ok(to_float64(args.any(0)).ceil().into())
}

fn floor(args: Args<'_>) -> Answer {
    Ok(to_float64(args.any(0)).floor().into())
}

/// Rounds to a number of places; the fraction of a negative number is negative, so that one is
/// always rounded down.
fn round(args: Args<'_>) -> Answer {
    let round_on = if args.len() > 2 { args.float(2) } else { 0.5 };
    let power = power_of_ten(args.int(1));
    let scaled = power * to_float64(args.any(0));
    let rounded = if scaled - scaled.trunc() >= round_on {
        scaled.ceil()
    } else {
        scaled.floor()
    };
    Ok((rounded / power).into())
}

fn until(args: Args<'_>) -> Answer {
    let count = args.int(0);
    let step = if count < 0 { -1 } else { 1 };
    sequence(0, count, step).map(to_list)
}

fn until_step(args: Args<'_>) -> Answer {
    sequence(args.int(0), args.int(1), args.int(2)).map(to_list)
}

/// Bounds are inclusive; an explicit step must go toward the end.
fn seq(args: Args<'_>) -> Answer {
    let (start, step, end) = match args.len() {
        1 => (1, None, args.int(0)),
        2 => (args.int(0), None, args.int(1)),
        3 => (args.int(0), Some(args.int(1)), args.int(2)),
        _ => return Ok("".into()),
    };
    let direction = if end < start { -1 } else { 1 };
    let step = step.unwrap_or(direction);
    if direction < 0 && step > 0 {
        return Ok("".into());
    }
    let numbers = sequence(start, end.wrapping_add(direction), step)?;
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(texts.join(" ").into())
}

fn integers(values: &[Value]) -> impl Iterator<Item = i64> {
    values.iter().map(to_int64)
}

fn floats(values: &[Value]) -> impl Iterator<Item = f64> {
    values.iter().map(to_float64)
}

fn divided_by_zero() -> FuncError {
    "runtime error: integer divide by zero".into()
}

fn exact(run: &mut dyn Runtime, operation: Operation, first: f64, rest: &[Value]) -> Answer {
    match decimal::fold(operation, first, floats(rest)) {
        Ok((result, n_digits)) => {
            run.spend(n_digits / DIGITS_PER_STEP)?;
            Ok(result.into())
        }
        Err(DecimalError::Message(text)) => Err(text.into()),
        Err(DecimalError::TooLong) => Err(FuncError::Limit(format!(
            "decimal arithmetic gives more than {MAX_DECIMAL_DIGITS} digits"
        ))),
    }
}

/// Go's `math.Max`: an infinity wins over NaN, NaN over the rest, 0 over −0.
fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else {
        a.max(b)
    }
}

/// Go's `math.Pow(10, places)`, which squares step by step and so is not always the nearest float.
fn power_of_ten(places: i64) -> f64 {
    /// From here on the result is infinite or zero.
    const BEYOND: u64 = 400;
    let mut n = places.unsigned_abs().min(BEYOND);
    // 10 = 0.625 × 2^4; exponents of two are kept apart so that no step overflows.
    let (mut square, mut square_exponent) = (0.625, 4);
    let (mut result, mut exponent) = (1.0, 0);
    while n > 0 {
        if n & 1 == 1 {
            result *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent *= 2;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        n >>= 1;
    }
    if places < 0 {
        result = 1.0 / result;
        exponent = -exponent;
    }
    number::times_power_of_two(result, exponent)
}

/// The numbers from `start` to before `stop`; none when `step` does not lead there.
fn sequence(start: i64, stop: i64, step: i64) -> Result<Vec<i64>, FuncError> {
    let down = stop < start;
    if (down && step >= 0) || (!down && step <= 0) {
        return Ok(Vec::new());
    }
    let distance = stop.abs_diff(start);
    if distance.div_ceil(step.unsigned_abs()) > MAX_SEQUENCE as u64 {
        return Err(FuncError::Limit(format!(
            "a sequence of more than {MAX_SEQUENCE} numbers"
        )));
    }
    let mut numbers = Vec::new();
    let mut next = Some(start);
    while let Some(number) = next.filter(|&n| if down { n > stop } else { n < stop }) {
        numbers.push(number);
        next = number.checked_add(step);
    }
    Ok(numbers)
}

fn to_list(numbers: Vec<i64>) -> Value {
    let items = numbers.into_iter().map(Value::int).collect();
    List::new(ListType::Int, items).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::replay;
    use crate::funcs::replay::FixedHost;

    #[test]
    fn gives_what_was_recorded() {
        replay::check("math");
    }

    #[test]
    fn sequences_are_bounded() {
        let most = MAX_SEQUENCE as i64;
        assert_eq!(sequence(0, most, 1).unwrap().len(), MAX_SEQUENCE);
        assert_eq!(sequence(most, 0, -1).unwrap().len(), MAX_SEQUENCE);
        assert_eq!(sequence(0, 3 * most, 3).unwrap().len(), MAX_SEQUENCE);
        for (start, stop, step) in [(0, most + 1, 1), (most + 1, 0, -1), (i64::MIN, i64::MAX, 1)] {
            let error = sequence(start, stop, step).unwrap_err();
            assert!(matches!(error, FuncError::Limit(_)), "{error:?}");
        }
        assert_eq!(sequence(i64::MAX - 1, i64::MAX, 5).unwrap(), [i64::MAX - 1]);
        assert_eq!(sequence(i64::MIN, i64::MAX, i64::MAX).unwrap().len(), 3);
    }

    #[test]
    fn decimals_are_bounded() {
        // Every factor adds 15 or 16 digits.
        let nines = |n: usize| vec![Value::Float(9.999999999999999); n];
        let few = nines(MAX_DECIMAL_DIGITS / 16 - 1);
        assert!(exact(&mut FixedHost::default(), Operation::Multiply, 1.0, &few).is_ok());
        let many = nines(MAX_DECIMAL_DIGITS / 15);
        let error = exact(&mut FixedHost::default(), Operation::Multiply, 1.0, &many).unwrap_err();
        assert!(matches!(error, FuncError::Limit(_)), "{error:?}");
    }
}
