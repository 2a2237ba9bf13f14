//! The proleptic Gregorian calendar over all of Go's range of years.

/// Seconds in a day.
pub(super) const DAY: i64 = 86_400;

/// Days in a cycle of the calendar, 400 years.
pub(super) const CYCLE_DAYS: i64 = 146_097;

/// The Unix time at which Go's absolute time starts: March 1 of the year −292277022400.
const ABSOLUTE_ZERO: i64 = days(-292_277_022_400, 3, 1) * DAY;

/// Go's English names of the months.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Go's English names of the days, Sunday first.
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A date and a time of day on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    pub(super) day: i64,
    /// 1 to 366.
    pub(super) year_day: i64,
    /// 0, Sunday, to 6.
    pub(super) weekday: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

/// What the wall shows `seconds` after the start of 1970 there.
///
/// Seconds before Go's earliest time stand for ones after its latest, since Go counts without sign.
pub(super) fn civil(seconds: i64) -> Civil {
    let mut wide = i128::from(seconds);
    if seconds < ABSOLUTE_ZERO {
        wide += 1 << 64;
    }
    let second_of_day = wide.rem_euclid(i128::from(DAY)) as i64;
    let day_number = wide.div_euclid(i128::from(DAY)) as i64;
    let (year, month, day) = date(day_number);
    Civil {
        year,
        month,
        day,
        year_day: day_number - days(year, 1, 1) + 1,
        weekday: (day_number + 4).rem_euclid(7),
        hour: second_of_day / 3600,
        minute: second_of_day / 60 % 60,
        second: second_of_day % 60,
    }
}

/// The number of days from 1970-01-01 to a date; the day may lie outside its month.
pub(super) const fn days(year: i64, month: i64, day: i64) -> i64 {
    // A year that starts in March has its leap day at its end.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * CYCLE_DAYS + day_of_cycle - 719_468
}

/// The number of days in a month.
pub(super) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The year, month and day that are `number` days after 1970-01-01.
fn date(number: i64) -> (i64, i64, i64) {
    let since_march = number + 719_468;
    let cycle = since_march.div_euclid(CYCLE_DAYS);
    let day_of_cycle = since_march.rem_euclid(CYCLE_DAYS);
    let leap_days = day_of_cycle / 1460 - day_of_cycle / 36_524 + day_of_cycle / 146_096;
    let year_of_cycle = (day_of_cycle - leap_days) / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_cycle + cycle * 400 + i64::from(month <= 2);
    (year, month, day)
}
