//! Reading times in a layout: Go's `time.ParseInLocation`.

use super::calendar::{MONTHS, WEEKDAYS, days_in, is_leap};
use super::duration::quote;
use super::layout::{Element, OffsetForm, OffsetParts, Split, split};
use super::time::Time;
use super::zone::Zone;

/// Reads `value`, written in `layout`; `local` is the zone of what names none.
///
/// # Errors
///
/// Go's text: what does not fit the layout, or lies outside its range.
pub(super) fn parse(layout: &[u8], value: &[u8], local: &Zone) -> Result<Time, String> {
    let mut parser = Parser {
        rest: value,
        fields: Fields::default(),
    };
    let message = |text: String| format!("parsing time {}{text}", quote(value));
    let mismatch = |found: &[u8], wanted: &[u8]| {
        let (layout, found, wanted) = (quote(layout), quote(found), quote(wanted));
        message(format!(" as {layout}: cannot parse {found} as {wanted}"))
    };
    let mut rest_of_layout = layout;
    loop {
        let Split {
            before,
            element,
            text,
            after,
        } = split(rest_of_layout);
        parser.skip(before).map_err(|at| mismatch(at, before))?;
        let Some(element) = element else {
            break;
        };
        rest_of_layout = after;
        let start = parser.rest;
        parser.element(element, after).map_err(|e| match e {
            Problem::Mismatch => mismatch(start, text),
            Problem::Range(what) => message(format!(": {what} out of range")),
        })?;
    }
    if !parser.rest.is_empty() {
        return Err(message(format!(": extra text: {}", quote(parser.rest))));
    }
    parser
        .fields
        .time(local)
        .map_err(|problem| message(format!(": {problem}")))
}

enum Problem {
    Mismatch,
    Range(&'static str),
}

struct Parser<'a> {
    rest: &'a [u8],
    fields: Fields,
}

#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    is_am: bool,
    is_pm: bool,
    is_utc: bool,
    /// Seconds east of UTC.
    offset: Option<i64>,
    abbreviation: String,
}

impl<'a> Parser<'a> {
    /// Skips the literal text of a layout, runs of blanks matching one another; the error is where
    /// the value stops to fit.
    fn skip(&mut self, mut literal: &[u8]) -> Result<(), &'a [u8]> {
        while let Some(&byte) = literal.first() {
            if byte == b' ' {
                if self.rest.first().is_some_and(|b| *b != b' ') {
                    return Err(self.rest);
                }
                literal = cut_blanks(literal);
                self.rest = cut_blanks(self.rest);
            } else if self.rest.first() == Some(&byte) {
                literal = &literal[1..];
                self.rest = &self.rest[1..];
            } else {
                return Err(self.rest);
            }
        }
        Ok(())
    }

    fn element(&mut self, element: Element, layout_after: &[u8]) -> Result<(), Problem> {
        match element {
            Element::Year => self.fields.year = self.two_digit_year()?,
            Element::LongYear => self.fields.year = self.long_year()?,
            Element::Month => self.fields.month = Some(self.name(&MONTHS, 3)? + 1),
            Element::LongMonth => self.fields.month = Some(self.name(&MONTHS, 9)? + 1),
            Element::NumMonth | Element::ZeroMonth => {
                let month = self.number(element == Element::ZeroMonth)?;
                check(1..=12, month, "month")?;
                self.fields.month = Some(month);
            }
            // The day of the week is only checked for its spelling.
            Element::Weekday => drop(self.name(&WEEKDAYS, 3)?),
            Element::LongWeekday => drop(self.name(&WEEKDAYS, 9)?),
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                if element == Element::UnderDay {
                    self.skip_blank();
                }
                self.fields.day = Some(self.number(element == Element::ZeroDay)?);
            }
            Element::UnderYearDay | Element::ZeroYearDay => {
                if element == Element::UnderYearDay {
                    self.skip_blank();
                    self.skip_blank();
                }
                self.fields.year_day = Some(self.year_day(element == Element::ZeroYearDay)?);
            }
            Element::Hour => {
                self.fields.hour = self.number(false)?;
                check(0..=23, self.fields.hour, "hour")?;
            }
            Element::Hour12 | Element::ZeroHour12 => {
                self.fields.hour = self.number(element == Element::ZeroHour12)?;
                check(0..=12, self.fields.hour, "hour")?;
            }
            Element::Minute | Element::ZeroMinute => {
                self.fields.minute = self.number(element == Element::ZeroMinute)?;
                check(0..=59, self.fields.minute, "minute")?;
            }
            Element::Second | Element::ZeroSecond => {
                self.fields.second = self.number(element == Element::ZeroSecond)?;
                check(0..=59, self.fields.second, "second")?;
                self.unannounced_fraction(layout_after)?;
            }
            Element::UpperPm => self.half_of_day([b"AM", b"PM"])?,
            Element::LowerPm => self.half_of_day([b"am", b"pm"])?,
            Element::Offset(form) if form.z && self.rest.first() == Some(&b'Z') => {
                self.rest = &self.rest[1..];
                self.fields.is_utc = true;
            }
            Element::Offset(form) => self.fields.offset = Some(self.offset(form)?),
            Element::Abbreviation => self.abbreviation()?,
            Element::Fraction { n_digits, .. } => self.fraction(n_digits)?,
            Element::TrimmedFraction { .. } => {
                let n_digits = self.n_fraction_digits();
                if n_digits > 0 {
                    self.fraction(n_digits)?;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, n_bytes: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self
            .rest
            .split_at_checked(n_bytes)
            .ok_or(Problem::Mismatch)?;
        self.rest = rest;
        Ok(taken)
    }

    fn skip_blank(&mut self) {
        self.rest = self.rest.strip_prefix(b" ").unwrap_or(self.rest);
    }

    /// One or two digits; exactly two when `fixed`.
    fn number(&mut self, fixed: bool) -> Result<i64, Problem> {
        let n_digits = n_digits(self.rest).min(2);
        if n_digits == 0 || (fixed && n_digits < 2) {
            return Err(Problem::Mismatch);
        }
        self.take(n_digits).map(decimal)
    }

    /// One to three digits; exactly three when `fixed`.
    fn year_day(&mut self, fixed: bool) -> Result<i64, Problem> {
        let n_digits = n_digits(self.rest).min(3);
        if n_digits == 0 || (fixed && n_digits < 3) {
            return Err(Problem::Mismatch);
        }
        self.take(n_digits).map(decimal)
    }

    fn two_digit_year(&mut self) -> Result<i64, Problem> {
        let year = signed(self.take(2)?)?;
        Ok(if year >= 69 { year + 1900 } else { year + 2000 })
    }

    fn long_year(&mut self) -> Result<i64, Problem> {
        if n_digits(self.rest) == 0 {
            return Err(Problem::Mismatch);
        }
        signed(self.take(4)?)
    }

    /// The index of the name, cut to `length` letters, at which the value starts in any case.
    fn name(&mut self, names: &[&str], length: usize) -> Result<i64, Problem> {
        for (index, name) in names.iter().enumerate() {
            let name = name.as_bytes();
            let name = &name[..name.len().min(length)];
            let start = self.rest.get(..name.len());
            if start.is_some_and(|start| start.eq_ignore_ascii_case(name)) {
                self.rest = &self.rest[name.len()..];
                return Ok(index as i64);
            }
        }
        Err(Problem::Mismatch)
    }

    fn half_of_day(&mut self, [am, pm]: [&[u8]; 2]) -> Result<(), Problem> {
        let text = self.take(2)?;
        self.fields.is_am |= text == am;
        self.fields.is_pm |= text == pm;
        if text == am || text == pm {
            Ok(())
        } else {
            Err(Problem::Mismatch)
        }
    }

    /// Seconds may have a fraction even when the layout has none.
    fn unannounced_fraction(&mut self, layout_after: &[u8]) -> Result<(), Problem> {
        let next = split(layout_after).element;
        let is_announced = matches!(
            next,
            Some(Element::Fraction { .. } | Element::TrimmedFraction { .. })
        );
        match self.n_fraction_digits() {
            n_digits if n_digits > 0 && !is_announced => self.fraction(n_digits),
            _ => Ok(()),
        }
    }

    /// The number of digits after a point or comma at the start of the rest.
    fn n_fraction_digits(&self) -> usize {
        match self.rest {
            [b'.' | b',', digits @ ..] => n_digits(digits),
            _ => 0,
        }
    }

    /// A point or comma and `n_digits` digits, of which nine count.
    fn fraction(&mut self, n_digits: usize) -> Result<(), Problem> {
        let text = self.take(1 + n_digits)?;
        let [b'.' | b',', digits @ ..] = text else {
            return Err(Problem::Mismatch);
        };
        let digits = &digits[..n_digits.min(9)];
        let value = match signed(digits)? {
            value if value < 0 => return Err(Problem::Range("fractional second")),
            value => value,
        };
        let missing = 9 - digits.len() as u32;
        self.fields.nanoseconds = value as u32 * 10_u32.pow(missing);
        Ok(())
    }

    fn offset(&mut self, form: OffsetForm) -> Result<i64, Problem> {
        let colon = usize::from(form.colons);
        let n_parts = match form.parts {
            OffsetParts::Hours => 1,
            OffsetParts::Minutes => 2,
            OffsetParts::Seconds => 3,
        };
        let text = self.take(1 + 2 * n_parts + colon * (n_parts - 1))?;
        let mut parts = [0; 3];
        let mut is_number = true;
        for (at, part) in parts.iter_mut().enumerate().take(n_parts) {
            let start = 1 + at * (2 + colon);
            if at > 0 && form.colons && text[start - 1] != b':' {
                return Err(Problem::Mismatch);
            }
            let digits = &text[start..start + 2];
            // Like Go, goes on to the check of ranges with what was read so far.
            is_number &= n_digits(digits) == 2;
            if is_number {
                *part = decimal(digits);
            }
        }
        let [hours, minutes, seconds] = parts;
        // Go names the last part that is out of range.
        check(0..=60, seconds, "time zone offset second")?;
        check(0..=60, minutes, "time zone offset minute")?;
        check(0..=24, hours, "time zone offset hour")?;
        let offset = hours * 3600 + minutes * 60 + seconds;
        match text[0] {
            b'+' if is_number => Ok(offset),
            b'-' if is_number => Ok(-offset),
            _ => Err(Problem::Mismatch),
        }
    }

    fn abbreviation(&mut self) -> Result<(), Problem> {
        if let Some(rest) = self.rest.strip_prefix(b"UTC") {
            self.rest = rest;
            self.fields.is_utc = true;
            return Ok(());
        }
        let length = abbreviation_length(self.rest).ok_or(Problem::Mismatch)?;
        let name = self.take(length)?;
        self.fields.abbreviation = String::from_utf8_lossy(name).into_owned();
        Ok(())
    }
}

impl Fields {
    fn time(self, local: &Zone) -> Result<Time, &'static str> {
        let (month, day) = self.month_and_day()?;
        if day < 1 || day > days_in(self.year, month) {
            return Err("day out of range");
        }
        let hour = match self.hour {
            hour if self.is_pm && hour < 12 => hour + 12,
            12 if self.is_am && !self.is_pm => 0,
            hour => hour,
        };
        let second_of_day = hour * 3600 + self.minute * 60 + self.second;
        let date = [self.year, month, day];
        let at = |zone: Zone| Time::from_wall(date, second_of_day, self.nanoseconds, zone);
        if self.is_utc {
            return Ok(at(Zone::Utc));
        }
        let wall = at(Zone::Utc);
        let shown =
            |offset: i64, zone: Zone| Time::new(wall.unix() - offset, self.nanoseconds, zone);
        let name = self.abbreviation;
        // Go marks a missing offset by −1, so a second west of UTC counts as none.
        if let Some(offset) = self.offset.filter(|offset| *offset != -1) {
            let here = local.at(wall.unix() - offset);
            if here.seconds == offset && (name.is_empty() || here.abbreviation == name) {
                return Ok(shown(offset, local.clone()));
            }
            return Ok(shown(offset, Zone::Fixed { name, offset }));
        }
        if name.is_empty() {
            return Ok(at(local.clone()));
        }
        if let Some(offset) = local.offset_of(&name, wall.unix()) {
            return Ok(shown(offset, local.clone()));
        }
        let offset = match name.strip_prefix("GMT") {
            Some(hours) => signed(hours.as_bytes()).unwrap_or(0) * 3600,
            None => 0,
        };
        // Go only shows the time with those hours, it does not move it.
        Ok(shown(0, Zone::Fixed { name, offset }))
    }

    /// The month and day, from the day of the year where that was given.
    fn month_and_day(&self) -> Result<(i64, i64), &'static str> {
        let Some(year_day) = self.year_day else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        if year_day < 1 || year_day > 365 + i64::from(is_leap(self.year)) {
            return Err("day-of-year out of range");
        }
        let (mut month, mut day) = (1, year_day);
        while day > days_in(self.year, month) {
            day -= days_in(self.year, month);
            month += 1;
        }
        if self.month.is_some_and(|m| m != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|d| d != day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, day))
    }
}

fn check(
    range: std::ops::RangeInclusive<i64>,
    value: i64,
    what: &'static str,
) -> Result<(), Problem> {
    if range.contains(&value) {
        Ok(())
    } else {
        Err(Problem::Range(what))
    }
}

fn cut_blanks(text: &[u8]) -> &[u8] {
    let n_blanks = text.iter().take_while(|b| **b == b' ').count();
    &text[n_blanks..]
}

fn n_digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn decimal(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |n, digit| n * 10 + i64::from(digit - b'0'))
}

/// At most nine digits, after an optional sign; no digits are 0, as in Go.
fn signed(text: &[u8]) -> Result<i64, Problem> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        _ => (1, text),
    };
    if n_digits(digits) == digits.len() {
        Ok(sign * decimal(digits))
    } else {
        Err(Problem::Mismatch)
    }
}

/// The length of the abbreviation of a time zone at the start of `text`, by Go's guess: three
/// capitals, four or five that end in `T`, `GMT` with hours, or only hours.
fn abbreviation_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + hours_length(rest).unwrap_or(0));
    }
    if matches!(text[0], b'+' | b'-') {
        return hours_length(text);
    }
    let n_capitals = text
        .iter()
        .take(6)
        .take_while(|b| b.is_ascii_uppercase())
        .count();
    match n_capitals {
        3 => Some(3),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        5 if text[4] == b'T' => Some(5),
        _ => None,
    }
}

/// The length of a sign and a number of hours up to 23.
fn hours_length(text: &[u8]) -> Option<usize> {
    let [b'+' | b'-', rest @ ..] = text else {
        return None;
    };
    let length = n_digits(rest);
    let significant = rest[..length].iter().skip_while(|b| **b == b'0').count();
    let is_hours =
        length > 0 && significant <= 2 && decimal(&rest[length - significant..length]) <= 23;
    is_hours.then_some(1 + length)
}
