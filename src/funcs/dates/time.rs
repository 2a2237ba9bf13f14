//! Points in time: Go's `time.Time`.

use super::calendar::{self, Civil, DAY};
use super::duration;
use super::layout;
use super::parse;
use super::zone::{Offset, Zone};
use crate::value::quote::quote;

/// Seconds from Go's zero time, the start of the year 1, to the Unix epoch.
const ZERO_TO_UNIX: i64 = 62_135_596_800;

const NANOS: i64 = 1_000_000_000;

/// A point in time, to the nanosecond, with the zone in which it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    seconds: i64,
    nanoseconds: u32,
    zone: Zone,
    /// The reading of a clock that never jumps, in nanoseconds: what `now` takes along.
    monotonic: Option<i64>,
}

impl Time {
    /// The time `seconds` and `nanoseconds` after the Unix epoch, shown in `zone`.
    pub(crate) fn new(seconds: i64, nanoseconds: u32, zone: Zone) -> Time {
        Time {
            seconds,
            nanoseconds,
            zone,
            monotonic: None,
        }
    }

    /// Go's `time.ParseInLocation`; `local` is the zone of what names none.
    ///
    /// # Errors
    ///
    /// Go's text.
    pub(crate) fn parse(layout: &[u8], text: &[u8], local: &Zone) -> Result<Time, String> {
        parse::parse(layout, text, local)
    }

    /// Go's zero time.
    pub(super) fn zero() -> Time {
        Time::new(-ZERO_TO_UNIX, 0, Zone::Utc)
    }

    /// The time at which clocks in `zone` show a date; its parts may lie outside their ranges.
    pub(super) fn from_wall(
        [year, month, day]: [i64; 3],
        second_of_day: i64,
        nanoseconds: u32,
        zone: Zone,
    ) -> Time {
        let month_index = month.wrapping_sub(1);
        let year = year.wrapping_add(month_index.div_euclid(12));
        let month = month_index.rem_euclid(12) + 1;
        // Far years leave the range; Go's arithmetic wraps.
        let days = calendar::days(year % (1 << 40), month, 0).wrapping_add(day);
        let wall = days.wrapping_mul(DAY).wrapping_add(second_of_day);
        Time::new(zone.unix_of_wall(wall), nanoseconds, zone)
    }

    /// The same time with a reading of the monotonic clock.
    pub(super) fn with_monotonic(self, nanoseconds: i64) -> Time {
        Time {
            monotonic: Some(nanoseconds),
            ..self
        }
    }

    /// The same time shown in `zone`.
    pub(super) fn in_zone(&self, zone: Zone) -> Time {
        Time::new(self.seconds, self.nanoseconds, zone)
    }

    /// The time `nanoseconds` later.
    pub(crate) fn add(&self, nanoseconds: i64) -> Time {
        let sum = i64::from(self.nanoseconds) + nanoseconds.rem_euclid(NANOS);
        let carry = nanoseconds.div_euclid(NANOS) + sum / NANOS;
        Time {
            seconds: self.seconds.wrapping_add(carry),
            nanoseconds: (sum % NANOS) as u32,
            zone: self.zone.clone(),
            monotonic: self.monotonic.and_then(|m| m.checked_add(nanoseconds)),
        }
    }

    /// The time that many calendar years, months and days later.
    pub(super) fn add_date(&self, years: i64, months: i64, days: i64) -> Time {
        let civil = self.civil();
        Time::from_wall(
            [
                civil.year.wrapping_add(years),
                civil.month.saturating_add(months),
                civil.day.saturating_add(days),
            ],
            civil.hour * 3600 + civil.minute * 60 + civil.second,
            self.nanoseconds,
            self.zone.clone(),
        )
    }

    /// The duration since `other`; the longest there is when it is longer.
    pub(super) fn since(&self, other: &Time) -> i64 {
        if let (Some(a), Some(b)) = (self.monotonic, other.monotonic) {
            return a.saturating_sub(b);
        }
        duration::saturate(self.unix_nanos() - other.unix_nanos())
    }

    /// The nearest multiple of `unit` since the zero time, halves up.
    pub(super) fn round(&self, unit: i64) -> Time {
        let time = self.in_zone(self.zone.clone());
        if unit <= 0 {
            return time;
        }
        let rest = self.rest(unit);
        if i128::from(rest) * 2 < i128::from(unit) {
            time.add(-rest)
        } else {
            time.add(unit - rest)
        }
    }

    /// The last multiple of `unit` since the zero time.
    pub(super) fn truncate(&self, unit: i64) -> Time {
        let time = self.in_zone(self.zone.clone());
        if unit <= 0 {
            return time;
        }
        time.add(-self.rest(unit))
    }

    fn rest(&self, unit: i64) -> i64 {
        let since_zero = self.unix_nanos() + i128::from(ZERO_TO_UNIX) * i128::from(NANOS);
        since_zero.rem_euclid(i128::from(unit)) as i64
    }

    /// Says whether both are the same point in time, and if not, which is earlier.
    pub(super) fn compare(&self, other: &Time) -> std::cmp::Ordering {
        match (self.monotonic, other.monotonic) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.unix_nanos().cmp(&other.unix_nanos()),
        }
    }

    /// Says whether both are the same value: time, zone and clock reading.
    pub(super) fn is_same(&self, other: &Time) -> bool {
        self.unix_nanos() == other.unix_nanos()
            && self.monotonic == other.monotonic
            && self.zone.name() == other.zone.name()
            && self.offset() == other.offset()
    }

    /// Seconds since the Unix epoch.
    pub(super) fn unix(&self) -> i64 {
        self.seconds
    }

    /// Nanoseconds since the Unix epoch.
    pub(super) fn unix_nanos(&self) -> i128 {
        i128::from(self.seconds) * i128::from(NANOS) + i128::from(self.nanoseconds)
    }

    /// Nanoseconds within the second.
    pub(super) fn nanoseconds(&self) -> u32 {
        self.nanoseconds
    }

    pub(crate) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// What the zone has in effect.
    pub(super) fn offset(&self) -> Offset {
        self.zone.at(self.seconds)
    }

    /// What clocks show.
    pub(super) fn civil(&self) -> Civil {
        calendar::civil(self.seconds.wrapping_add(self.offset().seconds))
    }

    /// The time in a layout.
    pub(crate) fn format(&self, layout: &[u8]) -> Vec<u8> {
        layout::format(self, layout)
    }

    /// Go's `%v`, with the reading of the monotonic clock where there is one.
    pub(super) fn display(&self) -> Vec<u8> {
        let mut out = self.format(b"2006-01-02 15:04:05.999999999 -0700 MST");
        if let Some(reading) = self.monotonic {
            let sign = if reading < 0 { '-' } else { '+' };
            let n = reading.unsigned_abs();
            let text = format!(" m={sign}{}.{:09}", n / NANOS as u64, n % NANOS as u64);
            out.extend(text.bytes());
        }
        out
    }

    /// Go's `%#v`.
    pub(super) fn go_string(&self) -> String {
        let c = self.civil();
        let month = calendar::MONTHS[(c.month - 1) as usize];
        let zone = match self.zone() {
            Zone::Utc => "time.UTC".to_owned(),
            zone => format!("time.Location({})", quote(zone.name().as_bytes())),
        };
        let nanoseconds = self.nanoseconds;
        format!(
            "time.Date({}, time.{month}, {}, {}, {}, {}, {nanoseconds}, {zone})",
            c.year, c.day, c.hour, c.minute, c.second
        )
    }

    /// Go's JSON and text form, RFC 3339.
    ///
    /// # Errors
    ///
    /// Go's text when the year or the offset does not fit the form.
    pub(super) fn rfc3339(&self) -> Result<String, String> {
        if !(0..10_000).contains(&self.civil().year) {
            return Err("year outside of range [0,9999]".to_owned());
        }
        if self.offset().seconds.abs() >= DAY {
            return Err("timezone hour outside of range [0,23]".to_owned());
        }
        let text = self.format(b"2006-01-02T15:04:05.999999999Z07:00");
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
