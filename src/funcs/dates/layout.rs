//! Go's layouts: how the reference time, `Mon Jan 2 15:04:05 MST 2006`, would be written.

use super::calendar::{MONTHS, WEEKDAYS};
use super::time::Time;

/// Something in a layout that stands for a part of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    Abbreviation,
    Offset(OffsetForm),
    /// A fraction of exactly so many digits.
    Fraction {
        n_digits: usize,
        comma: bool,
    },
    /// A fraction of at most so many digits, without zeros at its end.
    TrimmedFraction {
        n_digits: usize,
        comma: bool,
    },
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetForm {
    /// Whether `Z` stands for UTC.
    pub(super) z: bool,
    pub(super) colons: bool,
    pub(super) parts: OffsetParts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OffsetParts {
    Hours,
    Minutes,
    Seconds,
}

const fn offset(z: bool, colons: bool, parts: OffsetParts) -> Element {
    Element::Offset(OffsetForm { z, colons, parts })
}

/// The elements, of those that start alike the longer first.
const ELEMENTS: &[(&str, Element)] = &[
    ("January", Element::LongMonth),
    ("Jan", Element::Month),
    ("Monday", Element::LongWeekday),
    ("Mon", Element::Weekday),
    ("MST", Element::Abbreviation),
    ("01", Element::ZeroMonth),
    ("02", Element::ZeroDay),
    ("03", Element::ZeroHour12),
    ("04", Element::ZeroMinute),
    ("05", Element::ZeroSecond),
    ("06", Element::Year),
    ("002", Element::ZeroYearDay),
    ("15", Element::Hour),
    ("1", Element::NumMonth),
    ("2006", Element::LongYear),
    ("2", Element::Day),
    ("_2", Element::UnderDay),
    ("__2", Element::UnderYearDay),
    ("3", Element::Hour12),
    ("4", Element::Minute),
    ("5", Element::Second),
    ("PM", Element::UpperPm),
    ("pm", Element::LowerPm),
    ("-070000", offset(false, false, OffsetParts::Seconds)),
    ("-07:00:00", offset(false, true, OffsetParts::Seconds)),
    ("-0700", offset(false, false, OffsetParts::Minutes)),
    ("-07:00", offset(false, true, OffsetParts::Minutes)),
    ("-07", offset(false, false, OffsetParts::Hours)),
    ("Z070000", offset(true, false, OffsetParts::Seconds)),
    ("Z07:00:00", offset(true, true, OffsetParts::Seconds)),
    ("Z0700", offset(true, false, OffsetParts::Minutes)),
    ("Z07:00", offset(true, true, OffsetParts::Minutes)),
    ("Z07", offset(true, false, OffsetParts::Hours)),
];

/// The first element of a layout, with the text before, of and after it.
pub(super) struct Split<'a> {
    pub(super) before: &'a [u8],
    pub(super) element: Option<Element>,
    pub(super) text: &'a [u8],
    pub(super) after: &'a [u8],
}

/// Splits `layout` at its first element.
pub(super) fn split(layout: &[u8]) -> Split<'_> {
    for at in 0..layout.len() {
        if let Some((element, length)) = element_at(&layout[at..]) {
            return Split {
                before: &layout[..at],
                element: Some(element),
                text: &layout[at..at + length],
                after: &layout[at + length..],
            };
        }
    }
    Split {
        before: layout,
        element: None,
        text: &[],
        after: &[],
    }
}

/// The element at the start of `rest`, and its length.
fn element_at(rest: &[u8]) -> Option<(Element, usize)> {
    if let [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] = rest {
        let n_digits = rest[1..].iter().take_while(|b| *b == digit).count();
        if rest.get(1 + n_digits).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let comma = *separator == b',';
        let element = if *digit == b'0' {
            Element::Fraction { n_digits, comma }
        } else {
            Element::TrimmedFraction { n_digits, comma }
        };
        return Some((element, 1 + n_digits));
    }
    // `_2006` is a literal underscore before a year.
    if rest.starts_with(b"_2006") {
        return None;
    }
    let (text, element) = ELEMENTS.iter().find(|(text, element)| {
        // `Jan` and `Mon` may be the start of another word.
        let is_word = matches!(element, Element::Month | Element::Weekday)
            && rest.get(3).is_some_and(u8::is_ascii_lowercase);
        rest.starts_with(text.as_bytes()) && !is_word
    })?;
    Some((*element, text.len()))
}

/// Go's `Time.Format`.
pub(super) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(layout.len() + 10);
    let formatter = Formatter::new(time);
    let mut rest = layout;
    loop {
        let split = split(rest);
        out.extend_from_slice(split.before);
        let Some(element) = split.element else {
            return out;
        };
        formatter.write(element, &mut out);
        rest = split.after;
    }
}

struct Formatter {
    civil: super::calendar::Civil,
    nanoseconds: u32,
    offset: super::zone::Offset,
}

impl Formatter {
    fn new(time: &Time) -> Formatter {
        Formatter {
            civil: time.civil(),
            nanoseconds: time.nanoseconds(),
            offset: time.offset(),
        }
    }

    fn write(&self, element: Element, out: &mut Vec<u8>) {
        let civil = &self.civil;
        let month = MONTHS[(civil.month - 1) as usize];
        let weekday = WEEKDAYS[civil.weekday as usize];
        let hour12 = (civil.hour + 11) % 12 + 1;
        match element {
            Element::LongMonth => out.extend(month.bytes()),
            Element::Month => out.extend(month[..3].bytes()),
            Element::NumMonth => padded(out, civil.month, 0),
            Element::ZeroMonth => padded(out, civil.month, 2),
            Element::LongWeekday => out.extend(weekday.bytes()),
            Element::Weekday => out.extend(weekday[..3].bytes()),
            Element::Day => padded(out, civil.day, 0),
            Element::UnderDay => out.extend(format!("{:2}", civil.day).bytes()),
            Element::ZeroDay => padded(out, civil.day, 2),
            Element::UnderYearDay => out.extend(format!("{:3}", civil.year_day).bytes()),
            Element::ZeroYearDay => padded(out, civil.year_day, 3),
            Element::Hour => padded(out, civil.hour, 2),
            Element::Hour12 => padded(out, hour12, 0),
            Element::ZeroHour12 => padded(out, hour12, 2),
            Element::Minute => padded(out, civil.minute, 0),
            Element::ZeroMinute => padded(out, civil.minute, 2),
            Element::Second => padded(out, civil.second, 0),
            Element::ZeroSecond => padded(out, civil.second, 2),
            Element::LongYear => padded(out, civil.year, 4),
            Element::Year => padded(out, civil.year.abs() % 100, 2),
            Element::UpperPm => out.extend(if civil.hour >= 12 { b"PM" } else { b"AM" }),
            Element::LowerPm => out.extend(if civil.hour >= 12 { b"pm" } else { b"am" }),
            Element::Abbreviation if self.offset.abbreviation.is_empty() => {
                self.write_offset(false, OffsetParts::Minutes, out);
            }
            Element::Abbreviation => out.extend(self.offset.abbreviation.bytes()),
            Element::Offset(form) if form.z && self.offset.seconds == 0 => out.push(b'Z'),
            Element::Offset(form) => self.write_offset(form.colons, form.parts, out),
            Element::Fraction { n_digits, comma } => {
                let digits = format!("{:09}", self.nanoseconds);
                out.push(if comma { b',' } else { b'.' });
                // Go cuts at nine digits whatever the layout says.
                out.extend(digits.bytes().take(n_digits));
            }
            Element::TrimmedFraction { n_digits, comma } => {
                let digits = format!("{:09}", self.nanoseconds);
                let digits = digits[..n_digits.min(9)].trim_end_matches('0');
                if !digits.is_empty() {
                    out.push(if comma { b',' } else { b'.' });
                    out.extend(digits.bytes());
                }
            }
        }
    }

    fn write_offset(&self, colons: bool, parts: OffsetParts, out: &mut Vec<u8>) {
        let seconds = self.offset.seconds;
        // Go drops the seconds before it looks at the sign.
        let minutes = seconds / 60;
        out.push(if minutes < 0 { b'-' } else { b'+' });
        let minutes = minutes.abs();
        padded(out, minutes / 60, 2);
        if colons {
            out.push(b':');
        }
        if parts >= OffsetParts::Minutes {
            padded(out, minutes % 60, 2);
        }
        if parts == OffsetParts::Seconds {
            if colons {
                out.push(b':');
            }
            padded(out, seconds.abs() % 60, 2);
        }
    }
}

/// Writes a number with at least `width` digits; a sign comes on top.
fn padded(out: &mut Vec<u8>, number: i64, width: usize) {
    if number < 0 {
        out.push(b'-');
    }
    out.extend(format!("{:0width$}", number.unsigned_abs()).bytes());
}
