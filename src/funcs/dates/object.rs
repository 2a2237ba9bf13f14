//! Times, and what their methods give, as template values.
//!
//! Methods whose results Go templates cannot take (`Date`, `Clock`, `ISOWeek`, `Zone`) fail with
//! Go's text; those that only make sense with Go types that no template has (`GobEncode`) are left
//! out.

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use crate::value::arguments::{check_count, wrong_type};
use crate::value::{Int, Kind, List, Object, Tree, Value};

use super::calendar::{MONTHS, WEEKDAYS};
use super::duration::{self, HOUR, MINUTE, SECOND};
use super::time::Time;
use super::zone::Zone;

/// The time that `value` is, if it is one.
pub(super) fn as_time(value: &Value) -> Option<&Time> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref(),
        _ => None,
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Value {
        Value::Object(Rc::new(time))
    }
}

type MethodResult = Option<Result<Value, String>>;

impl Object for Time {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn method(&self, name: &str, args: &[Value]) -> MethodResult {
        plain_method(self, name, args).or_else(|| method_with_arguments(self, name, args))
    }

    fn string(&self) -> Option<Vec<u8>> {
        Some(self.display())
    }

    fn go_string(&self) -> Option<String> {
        Some(Time::go_string(self))
    }

    fn json(&self) -> Result<Tree, String> {
        self.rfc3339().map(Tree::str).map_err(|error| {
            let call = "json: error calling MarshalJSON for type time.Time";
            format!("{call}: Time.MarshalJSON: {error}")
        })
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Time>();
        other.is_some_and(|other| self.is_same(other))
    }
}

/// The methods without parameters.
fn plain_method(time: &Time, name: &str, args: &[Value]) -> MethodResult {
    let civil = || time.civil();
    let result = match name {
        "Year" => Ok(Value::int(civil().year)),
        "Month" => Ok(Number::value(Type::Month, civil().month)),
        "Day" => Ok(Value::int(civil().day)),
        "YearDay" => Ok(Value::int(civil().year_day)),
        "Weekday" => Ok(Number::value(Type::Weekday, civil().weekday)),
        "Hour" => Ok(Value::int(civil().hour)),
        "Minute" => Ok(Value::int(civil().minute)),
        "Second" => Ok(Value::int(civil().second)),
        "Nanosecond" => Ok(Value::int(i64::from(time.nanoseconds()))),
        "Unix" => Ok(Value::int64(time.unix())),
        "UnixMilli" => Ok(Value::int64(
            (time.unix_nanos().div_euclid(1_000_000)) as i64,
        )),
        "UnixMicro" => Ok(Value::int64((time.unix_nanos().div_euclid(1_000)) as i64)),
        "UnixNano" => Ok(Value::int64(time.unix_nanos() as i64)),
        "IsZero" => Ok(Value::Bool(time.unix_nanos() == Time::zero().unix_nanos())),
        "IsDST" => Ok(Value::Bool(time.offset().is_dst)),
        "String" => Ok(Value::str(time.display())),
        "UTC" => Ok(time.in_zone(Zone::Utc).into()),
        "Location" => Ok(Value::Object(Rc::new(Location(time.zone().clone())))),
        "MarshalJSON" => time
            .rfc3339()
            .map(|text| bytes(&format!("\"{text}\"")))
            .map_err(|error| format!("Time.MarshalJSON: {error}")),
        "MarshalText" => time
            .rfc3339()
            .map(|text| bytes(&text))
            .map_err(|error| format!("Time.MarshalText: {error}")),
        "Clock" | "Date" => Err(format!(
            "can't call method/function \"{name}\" with 3 results"
        )),
        "ISOWeek" | "Zone" => Err(format!(
            "can't call method/function \"{name}\" with 2 results"
        )),
        _ => return None,
    };
    Some(check_count(name, args, 0).and(result))
}

fn method_with_arguments(time: &Time, name: &str, args: &[Value]) -> MethodResult {
    let compare = |test: fn(Ordering) -> bool| {
        one_time(name, args).map(|other| Value::Bool(test(time.compare(other))))
    };
    Some(match name {
        "Format" => one(name, args).and_then(|layout| match layout.as_str() {
            Some(layout) => Ok(Value::str(time.format(layout))),
            None => Err(wrong_type("string", layout)),
        }),
        "Add" => one_duration(name, args).map(|d| time.add(d).into()),
        "Round" => one_duration(name, args).map(|d| time.round(d).into()),
        "Truncate" => one_duration(name, args).map(|d| time.truncate(d).into()),
        "AddDate" => three_ints(name, args).map(|[y, m, d]| time.add_date(y, m, d).into()),
        "Sub" => one_time(name, args).map(|other| Number::value(Type::Duration, time.since(other))),
        "After" => compare(Ordering::is_gt),
        "Before" => compare(Ordering::is_lt),
        "Equal" => compare(Ordering::is_eq),
        "Compare" => one_time(name, args).map(|other| Value::int(time.compare(other) as i64)),
        "In" => one(name, args).and_then(|location| match as_object::<Location>(location) {
            Some(location) => Ok(time.in_zone(location.0.clone()).into()),
            None => Err(wrong_type("*time.Location", location)),
        }),
        _ => return None,
    })
}

/// A time zone as Go's `*time.Location`.
#[derive(Debug)]
struct Location(Zone);

impl Object for Location {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn type_name(&self) -> &str {
        "*time.Location"
    }

    fn method(&self, name: &str, args: &[Value]) -> MethodResult {
        (name == "String").then(|| check_count(name, args, 0).map(|()| self.0.name().into()))
    }

    fn string(&self) -> Option<Vec<u8>> {
        Some(self.0.name().as_bytes().to_vec())
    }

    /// A struct without exported fields.
    fn json(&self) -> Result<Tree, String> {
        Ok(Tree::empty_map())
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Location>();
        other.is_some_and(|other| self.0.name() == other.0.name())
    }
}

/// Go's named integer types of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Month,
    Weekday,
    Duration,
}

/// A value of one of those types.
#[derive(Debug)]
struct Number {
    number_type: Type,
    number: i64,
}

impl Number {
    fn value(number_type: Type, number: i64) -> Value {
        Value::Object(Rc::new(Number {
            number_type,
            number,
        }))
    }

    fn text(&self) -> String {
        match self.number_type {
            Type::Month => MONTHS[(self.number - 1) as usize].to_owned(),
            Type::Weekday => WEEKDAYS[self.number as usize].to_owned(),
            Type::Duration => duration::display(self.number),
        }
    }
}

impl Object for Number {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        match self.number_type {
            Type::Month | Type::Weekday => Kind::Int,
            Type::Duration => Kind::Int64,
        }
    }

    fn type_name(&self) -> &str {
        match self.number_type {
            Type::Month => "time.Month",
            Type::Weekday => "time.Weekday",
            Type::Duration => "time.Duration",
        }
    }

    fn method(&self, name: &str, args: &[Value]) -> MethodResult {
        if name == "String" {
            return Some(check_count(name, args, 0).map(|()| self.text().into()));
        }
        if self.number_type != Type::Duration {
            return None;
        }
        let d = self.number;
        let plain = |value: Value| Some(check_count(name, args, 0).map(|()| value));
        // Like Go, adds whole units and the rest, which keeps more digits than one division.
        let float = |unit: i64| plain(((d / unit) as f64 + (d % unit) as f64 / unit as f64).into());
        let rounded = |round: fn(i64, i64) -> i64| {
            Some(one_duration(name, args).map(|unit| Number::value(Type::Duration, round(d, unit))))
        };
        match name {
            "Abs" => plain(Number::value(Type::Duration, d.saturating_abs())),
            "Hours" => float(HOUR),
            "Minutes" => float(MINUTE),
            "Seconds" => float(SECOND),
            "Milliseconds" => plain(Value::int64(d / 1_000_000)),
            "Microseconds" => plain(Value::int64(d / 1_000)),
            "Nanoseconds" => plain(Value::int64(d)),
            "Round" => rounded(duration::round),
            "Truncate" => rounded(duration::truncate),
            _ => None,
        }
    }

    fn number(&self) -> Option<Int> {
        Some(match self.number_type {
            Type::Month | Type::Weekday => Int::Int(self.number),
            Type::Duration => Int::Int64(self.number),
        })
    }

    fn string(&self) -> Option<Vec<u8>> {
        Some(self.text().into_bytes())
    }

    fn is_true(&self) -> bool {
        self.number != 0
    }

    fn json(&self) -> Result<Tree, String> {
        Ok(Tree::Int(self.number))
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Number>();
        other.is_some_and(|o| self.number_type == o.number_type && self.number == o.number)
    }
}

fn as_object<T: 'static>(value: &Value) -> Option<&T> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref(),
        _ => None,
    }
}

fn bytes(text: &str) -> Value {
    Value::List(List::bytes(text.into()))
}

fn one<'a>(name: &str, args: &'a [Value]) -> Result<&'a Value, String> {
    check_count(name, args, 1)?;
    Ok(&args[0])
}

fn one_time<'a>(name: &str, args: &'a [Value]) -> Result<&'a Time, String> {
    let value = one(name, args)?;
    as_time(value).ok_or_else(|| wrong_type("time.Time", value))
}

/// A duration; a literal in a template becomes one, so plain `int`s are taken too.
fn one_duration(name: &str, args: &[Value]) -> Result<i64, String> {
    let value = one(name, args)?;
    let duration = as_object::<Number>(value).filter(|n| n.number_type == Type::Duration);
    match (duration, value) {
        (Some(duration), _) => Ok(duration.number),
        (None, Value::Int(Int::Int(n))) => Ok(*n),
        _ => Err(wrong_type("time.Duration", value)),
    }
}

fn three_ints(name: &str, args: &[Value]) -> Result<[i64; 3], String> {
    check_count(name, args, 3)?;
    let mut numbers = [0; 3];
    for (number, value) in numbers.iter_mut().zip(args) {
        let Value::Int(Int::Int(n)) = value else {
            return Err(wrong_type("int", value));
        };
        *number = *n;
    }
    Ok(numbers)
}
