//! Dates, durations and time zones.
//!
//! In: times, Unix seconds, layouts and duration texts; the clock and the local zone come from the
//! [`Host`]. Out: times and texts as Go writes them. Refuses little: sprig
//! takes what is no time for "now", and only the `must…` functions report what they cannot read.

mod calendar;
pub(crate) mod duration;
mod layout;
mod object;
mod parse;
mod time;
mod zone;

use crate::template::{Args, FuncError, Function, Host, Param, Runtime};
use crate::value::arguments::wrong_type;
use crate::value::{Int, Value};

pub(crate) use time::Time;
pub(crate) use zone::Zone;

const ANY: &[Param] = &[Param::Any];
const FORMAT: &[Param] = &[Param::String, Param::Any];
const IN_ZONE: &[Param] = &[Param::String, Param::Any, Param::String];
const MODIFY: &[Param] = &[Param::String, Param::Object("time.Time")];
const PARSE: &[Param] = &[Param::String, Param::String];

/// The layout of `htmlDate`.
const HTML: &[u8] = b"2006-01-02";

/// Go's `time.RFC3339`.
const RFC_3339: &[u8] = b"2006-01-02T15:04:05Z07:00";

/// How long the program seems to have run at `now`, in nanoseconds: Go prints that with the time.
const MONOTONIC_NOW: i64 = 10_000_000;

/// Checks that `value` is a time in `layout` (`time.Parse`).
///
/// # Errors
///
/// Go's text.
pub(crate) fn check_date(layout: &[u8], value: &[u8]) -> Result<(), String> {
    parse::parse(layout, value, &Zone::Utc).map(|_| ())
}

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::run("ago", ANY, ago).heavy(),
    Function::run("date", FORMAT, |run, args| {
        format_in(run.host(), args.str(0), args.any(1), b"Local")
    })
    .heavy(),
    Function::run("date_in_zone", IN_ZONE, date_in_zone).heavy(),
    Function::run("dateInZone", IN_ZONE, date_in_zone).heavy(),
    Function::pure("date_modify", MODIFY, date_modify).heavy(),
    Function::pure("dateModify", MODIFY, date_modify).heavy(),
    Function::pure("must_date_modify", MODIFY, must_date_modify).heavy(),
    Function::pure("mustDateModify", MODIFY, must_date_modify).heavy(),
    Function::pure("duration", ANY, duration).heavy(),
    Function::run("durationRound", ANY, duration_round).heavy(),
    Function::run("htmlDate", ANY, |run, args| {
        format_in(run.host(), HTML, args.any(0), b"Local")
    })
    .heavy(),
    Function::run(
        "htmlDateInZone",
        &[Param::Any, Param::String],
        |run, args| format_in(run.host(), HTML, args.any(0), args.str(1)),
    )
    .heavy(),
    Function::run("mustToDate", PARSE, must_to_date).heavy(),
    Function::run("now", &[], |run, _| Ok(now(run.host()).into())),
    Function::run("toDate", PARSE, to_date).heavy(),
    Function::pure("unixEpoch", &[Param::Object("time.Time")], |args| {
        Ok(time_of(args.any(0))?.unix().to_string().into())
    }),
];

/// The current time in the local zone, with a reading of the monotonic clock.
fn now(host: &dyn Host) -> Time {
    let (seconds, nanoseconds) = host.now();
    Time::new(seconds, nanoseconds, Zone::local(host)).with_monotonic(MONOTONIC_NOW)
}

/// The time that `value` stands for; numbers are Unix seconds, anything else is now.
fn time_or_now(host: &dyn Host, value: &Value) -> Time {
    match value {
        Value::Int(Int::Int(seconds) | Int::Int64(seconds)) => {
            Time::new(*seconds, 0, Zone::local(host))
        }
        _ => object::as_time(value).cloned().unwrap_or_else(|| now(host)),
    }
}

/// The argument of a parameter of type `time.Time`.
fn time_of(value: &Value) -> Result<&Time, FuncError> {
    object::as_time(value).ok_or_else(|| wrong_type("time.Time", value).into())
}

fn ago(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let time = time_or_now(run.host(), args.any(0));
    let elapsed = now(run.host()).since(&time);
    Ok(duration::display(duration::round(elapsed, duration::SECOND)).into())
}

fn date_in_zone(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    format_in(run.host(), args.str(0), args.any(1), args.str(2))
}

/// Writes a time as clocks in `zone` show it; an unknown zone is UTC.
fn format_in(
    host: &dyn Host,
    layout: &[u8],
    value: &Value,
    zone: &[u8],
) -> Result<Value, FuncError> {
    let zone = std::str::from_utf8(zone)
        .ok()
        .and_then(|name| Zone::load(name, host))
        .unwrap_or(Zone::Utc);
    let time = time_or_now(host, value).in_zone(zone);
    Ok(Value::str(time.format(layout)))
}

/// Checks that Go takes `text` for a time in JSON.
///
/// # Errors
///
/// Go's text.
pub(crate) fn check_rfc_3339(text: &[u8]) -> Result<(), String> {
    parse::parse(RFC_3339, text, &Zone::Utc).map(|_| ())
}

fn date_modify(args: Args<'_>) -> Result<Value, FuncError> {
    let time = time_of(args.any(1))?;
    match duration::parse(args.str(0)) {
        Ok(nanoseconds) => Ok(time.add(nanoseconds).into()),
        Err(_) => Ok(args.any(1).clone()),
    }
}

fn must_date_modify(args: Args<'_>) -> Result<Value, FuncError> {
    let nanoseconds = duration::parse(args.str(0))?;
    Ok(time_of(args.any(1))?.add(nanoseconds).into())
}

/// Writes a number of seconds; texts are numbers, and what is none is 0.
fn duration(args: Args<'_>) -> Result<Value, FuncError> {
    let seconds = match args.any(0) {
        Value::Str(text) => decimal(text),
        Value::Int(Int::Int64(seconds)) => *seconds,
        _ => 0,
    };
    // Go's product wraps.
    Ok(duration::display(seconds.wrapping_mul(duration::SECOND)).into())
}

/// Go's `ParseInt`: 0 for what is no number, the nearest bound for what is beyond 64 bits.
fn decimal(text: &[u8]) -> i64 {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        _ => (1, text),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let value = digits.iter().fold(0_i128, |value, digit| {
        (value * 10 + i128::from(digit - b'0')).min(1 << 64)
    });
    duration::saturate(sign * value)
}

/// Writes a duration as a count of the largest unit that it exceeds.
fn duration_round(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    const UNITS: [(&str, i64); 6] = [
        ("y", 365 * 24 * duration::HOUR),
        ("mo", 30 * 24 * duration::HOUR),
        ("d", 24 * duration::HOUR),
        ("h", duration::HOUR),
        ("m", duration::MINUTE),
        ("s", duration::SECOND),
    ];
    let nanoseconds = match args.any(0) {
        Value::Str(text) => duration::parse(text).unwrap_or(0),
        Value::Int(Int::Int64(nanoseconds)) => *nanoseconds,
        value => object::as_time(value).map_or(0, |time| now(run.host()).since(time)),
    };
    let n = nanoseconds.unsigned_abs();
    let text = UNITS
        .iter()
        .find(|(_, length)| n > length.unsigned_abs())
        .map(|(name, length)| format!("{}{name}", n / length.unsigned_abs()));
    Ok(text.unwrap_or_else(|| "0s".to_owned()).into())
}

fn must_to_date(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let local = Zone::local(run.host());
    Ok(parse::parse(args.str(0), args.str(1), &local)?.into())
}

/// Reads a time; what cannot be read is Go's zero time.
fn to_date(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let local = Zone::local(run.host());
    let time = parse::parse(args.str(0), args.str(1), &local);
    Ok(time.unwrap_or_else(|_| Time::zero()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::replay::{self, FixedHost};

    const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"];

    #[test]
    fn replay_results() {
        for time_zone in ZONES {
            let group = format!("dates/{}", time_zone.replace('/', "-"));
            replay::check_with(&group, |name, args| {
                let mut host = FixedHost {
                    time_zone,
                    ..FixedHost::default()
                };
                match (name.strip_prefix("time:"), args.split_first()) {
                    (Some(name), Some((Value::Object(time), args))) => {
                        time.method(name, args).expect("a method of times")
                    }
                    _ => replay::call(&mut host, name, args),
                }
            });
        }
    }

    fn text(name: &str, args: &[Value]) -> String {
        let value = replay::call(&mut FixedHost::default(), name, args).expect("a result");
        String::from_utf8(crate::value::format::display(&value)).expect("text")
    }

    #[test]
    fn now_is_the_host_s() {
        let now = replay::call(&mut FixedHost::default(), "now", &[]).expect("a time");
        assert_eq!(
            text("now", &[]),
            "2024-05-01 10:00:00.123456789 +0000 UTC m=+0.010000000"
        );
        assert_eq!(text("unixEpoch", std::slice::from_ref(&now)), "1714557600");
        assert_eq!(text("ago", &[now]), "0s");
        assert_eq!(text("ago", &[Value::int(1_714_557_600 - 3723)]), "1h2m3s");
        assert_eq!(text("htmlDate", &[Value::Float(0.0)]), "2024-05-01");
    }

    #[test]
    fn unknown_zones_are_utc() {
        for zone in ["Nowhere", "europe/berlin", "../UTC", "/etc/localtime"] {
            let args = ["15:04 MST".into(), Value::int(0), zone.into()];
            assert_eq!(text("dateInZone", &args), "00:00 UTC", "{zone}");
        }
    }
}
