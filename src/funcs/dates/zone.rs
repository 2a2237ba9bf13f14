//! Time zones: Go's `time.Location`.
//!
//! The rules come from the database in the program itself: a container may have none, and results
//! should not depend on it.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::template::Host;

use super::calendar::{CYCLE_DAYS, DAY};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Beyond it the rules of no zone change any more, so that every cycle of the calendar is alike.
const LAST_RULE: i64 = 200_000_000_000;

/// A time zone.
#[derive(Clone, Debug)]
pub(crate) enum Zone {
    /// Coordinated universal time.
    Utc,
    /// A zone of the database.
    Region(TimeZone),
    /// A zone made up for a parsed offset or abbreviation.
    Fixed {
        /// The abbreviation, which may be empty.
        name: String,
        /// Seconds east of UTC.
        offset: i64,
    },
}

/// What a zone has in effect at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    pub(super) abbreviation: String,
    /// Seconds east of UTC.
    pub(super) seconds: i64,
    pub(super) is_dst: bool,
}

impl Zone {
    /// The zone of the host; UTC when its name is unknown.
    pub(super) fn local(host: &dyn Host) -> Zone {
        Zone::named(&host.time_zone()).unwrap_or(Zone::Utc)
    }

    /// Go's `LoadLocation`.
    pub(crate) fn load(name: &str, host: &dyn Host) -> Option<Zone> {
        if name == "Local" {
            return Some(Zone::local(host));
        }
        Zone::named(name)
    }

    fn named(name: &str) -> Option<Zone> {
        if matches!(name, "" | "UTC") {
            return Some(Zone::Utc);
        }
        let zone = DATABASE.get(name).ok()?;
        // Go looks for a file of that very name.
        (zone.iana_name() == Some(name)).then_some(Zone::Region(zone))
    }

    /// Go's `Location.String`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Zone::Utc => "UTC",
            Zone::Region(zone) => zone.iana_name().unwrap_or("Local"),
            Zone::Fixed { name, .. } => name,
        }
    }

    /// What is in effect at a Unix time.
    pub(super) fn at(&self, seconds: i64) -> Offset {
        match self {
            Zone::Utc => Offset {
                abbreviation: "UTC".to_owned(),
                seconds: 0,
                is_dst: false,
            },
            Zone::Fixed { name, offset } => Offset {
                abbreviation: name.clone(),
                seconds: *offset,
                is_dst: false,
            },
            Zone::Region(zone) => {
                let info = zone.to_offset_info(timestamp(seconds));
                Offset {
                    abbreviation: info.abbreviation().to_owned(),
                    seconds: i64::from(info.offset().seconds()),
                    is_dst: info.dst().is_dst(),
                }
            }
        }
    }

    /// The Unix time at which clocks here show what those in UTC show at `seconds`.
    pub(super) fn unix_of_wall(&self, seconds: i64) -> i64 {
        match self.at(seconds).seconds {
            0 => seconds,
            guess => seconds - self.at(seconds.wrapping_sub(guess)).seconds,
        }
    }

    /// The offset that `abbreviation` has here, if it has any: the one in effect when clocks show
    /// `seconds`, else the first one ever.
    pub(super) fn offset_of(&self, abbreviation: &str, seconds: i64) -> Option<i64> {
        let offsets: Vec<Offset> = self
            .all_offsets()
            .into_iter()
            .filter(|o| o.abbreviation == abbreviation)
            .collect();
        let in_effect = offsets
            .iter()
            .map(|o| self.at(seconds.wrapping_sub(o.seconds)))
            .find(|o| o.abbreviation == abbreviation);
        in_effect
            .as_ref()
            .or(offsets.first())
            .map(|offset| offset.seconds)
    }

    /// Every offset that was or will be in effect, each once.
    fn all_offsets(&self) -> Vec<Offset> {
        let Zone::Region(zone) = self else {
            return vec![self.at(0)];
        };
        let mut all = vec![self.at(i64::MIN)];
        let end = timestamp(LAST_RULE / 50);
        for change in zone.following(Timestamp::MIN) {
            if change.timestamp() > end {
                break;
            }
            let offset = Offset {
                abbreviation: change.abbreviation().to_owned(),
                seconds: i64::from(change.offset().seconds()),
                is_dst: change.dst().is_dst(),
            };
            if !all.contains(&offset) {
                all.push(offset);
            }
        }
        all
    }
}

/// A time of the library's smaller range at which the same rules hold.
fn timestamp(seconds: i64) -> Timestamp {
    let seconds = if seconds > LAST_RULE {
        let cycle = CYCLE_DAYS * DAY;
        LAST_RULE + (seconds - LAST_RULE) % cycle
    } else {
        seconds
    };
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN)
}
