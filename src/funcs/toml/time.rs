//! The dates and times of TOML, as Go's `time.Time`.
//!
//! In: what the parser read. Out: an object that prints, and encodes, as Go's value does. TOML's
//! local times take their offset from the machine in Go; here that is always UTC.

use std::any::Any;
use std::rc::Rc;

use toml::value::{Datetime, Offset};

use crate::value::{Kind, Object, Tree, Value};

/// A `time.Time` out of a TOML document.
#[derive(Debug, PartialEq)]
pub(super) struct TomlTime {
    form: Form,
    /// Year, month, day.
    date: (u16, u8, u8),
    /// Hour, minute, second.
    clock: (u8, u8, u8),
    nanoseconds: u32,
    /// Minutes east of UTC.
    offset: i16,
}

/// Which of TOML's four forms a time had; Go keeps this as the name of the time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Instant,
    LocalDatetime,
    LocalDate,
    LocalTime,
}

impl TomlTime {
    /// Makes the object of a parsed time.
    pub(super) fn value(datetime: &Datetime) -> Value {
        let form = match (datetime.date, datetime.time, datetime.offset) {
            (_, _, Some(_)) => Form::Instant,
            (Some(_), Some(_), None) => Form::LocalDatetime,
            (_, None, None) => Form::LocalDate,
            (None, Some(_), None) => Form::LocalTime,
        };
        let time = TomlTime {
            form,
            date: datetime
                .date
                .map_or((0, 1, 1), |date| (date.year, date.month, date.day)),
            clock: datetime.time.map_or((0, 0, 0), |time| {
                (time.hour, time.minute, time.second.unwrap_or(0))
            }),
            nanoseconds: datetime
                .time
                .and_then(|time| time.nanosecond)
                .unwrap_or_default(),
            offset: match datetime.offset {
                Some(Offset::Custom { minutes }) => minutes,
                Some(Offset::Z) | None => 0,
            },
        };
        Rc::new(time).into()
    }

    /// The TOML text, in the form that was read.
    pub(super) fn toml(&self) -> String {
        match self.form {
            Form::Instant => self.rfc_3339(),
            Form::LocalDatetime => format!("{}T{}", self.day(), self.time_of_day()),
            Form::LocalDate => self.day(),
            Form::LocalTime => self.time_of_day(),
        }
    }

    /// Go's `time.RFC3339Nano`.
    fn rfc_3339(&self) -> String {
        let zone = if self.offset == 0 {
            "Z".to_owned()
        } else {
            self.zone(":")
        };
        format!("{}T{}{zone}", self.day(), self.time_of_day())
    }

    fn day(&self) -> String {
        let (year, month, day) = self.date;
        format!("{year:04}-{month:02}-{day:02}")
    }

    fn time_of_day(&self) -> String {
        let (hour, minute, second) = self.clock;
        let mut text = format!("{hour:02}:{minute:02}:{second:02}");
        if self.nanoseconds > 0 {
            let fraction = format!(".{:09}", self.nanoseconds);
            text.push_str(fraction.trim_end_matches('0'));
        }
        text
    }

    fn zone(&self, colon: &str) -> String {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.unsigned_abs();
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }
}

impl Object for TomlTime {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn display(&self) -> Vec<u8> {
        let offset = self.zone("");
        let name = match self.form {
            Form::Instant if self.offset == 0 => "UTC",
            Form::Instant => offset.as_str(),
            Form::LocalDatetime => "datetime-local",
            Form::LocalDate => "date-local",
            Form::LocalTime => "time-local",
        };
        format!("{} {} {offset} {name}", self.day(), self.time_of_day()).into_bytes()
    }

    fn json(&self) -> Result<Tree, String> {
        Ok(Tree::str(self.rfc_3339()))
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<TomlTime>() == Some(self)
    }
}
