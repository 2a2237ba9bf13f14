//! When a caller came.

use std::fs;
use std::process;

use rustix::time::{ClockId, clock_gettime};

/// When a caller came: the order in which all callers get in.
///
/// Its parts are the time since the machine booted, the process, and the time at which this value
/// was made; so two are equal in no case that matters. The clock runs on while the machine sleeps
/// and knows no jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    came: u64,
    process: u32,
    made: u64,
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;

#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

impl Arrival {
    /// A caller that comes now.
    pub fn now() -> Arrival {
        let now = clock_gettime(CLOCK);
        let [seconds, nanos] = [now.tv_sec, now.tv_nsec].map(|n| u64::try_from(n).unwrap_or(0));
        let made = seconds
            .saturating_mul(NANOS_PER_SECOND)
            .saturating_add(nanos);
        Arrival {
            came: made,
            process: process::id(),
            made,
        }
    }

    /// A caller that came when this process started.
    ///
    /// A hundred processes that are started at once get to run in any order, so the moment at which
    /// each can speak for itself says little. The kernel notes their start in steps of 10 ms;
    /// within one, the lower number was started first. Where there is no `/proc`, it is now.
    pub fn of_process() -> Arrival {
        let now = Arrival::now();
        let came = fs::read_to_string("/proc/self/stat").ok();
        let came = came.and_then(|stat| started(&stat)).unwrap_or(now.came);
        Arrival { came, ..now }
    }

    /// The arrival that [`Arrival::text`] wrote.
    pub(super) fn parse(text: &str) -> Option<Arrival> {
        let mut parts = text.split('-');
        let arrival = Arrival {
            came: parts.next()?.parse().ok()?,
            process: parts.next()?.parse().ok()?,
            made: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(arrival)
    }

    /// The arrival as a part of a file's name.
    pub(super) fn text(&self) -> String {
        format!("{}-{}-{}", self.came, self.process, self.made)
    }
}

/// The start of a process in its `/proc/PID/stat`, in nanoseconds since the machine booted.
fn started(stat: &str) -> Option<u64> {
    // The name before it may hold anything, parentheses included; the start is the 22nd field.
    let (_, after) = stat.rsplit_once(')')?;
    let ticks: u64 = after.split_ascii_whitespace().nth(19)?.parse().ok()?;
    let per_second = rustix::param::clock_ticks_per_second();
    ticks.checked_mul(NANOS_PER_SECOND.checked_div(per_second)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_came_before_it_asks() {
        let (start, now) = (Arrival::of_process(), Arrival::now());
        assert!(start < now);
        if fs::exists("/proc/self/stat").unwrap() {
            assert!(start.came < start.made, "{start:?}");
            assert!(now.came - start.came < 3600 * NANOS_PER_SECOND, "{start:?}");
        }
    }

    #[test]
    fn names_of_processes_do_not_mislead() {
        let fields = "S 1 2 2 0 -1 4194560 105 0 0 0 0 0 0 0 20 0 1 0 1234 2744320 249";
        let stat = format!("77 (a) R 1 (b c) {fields}");
        let wanted = 1234 * (NANOS_PER_SECOND / rustix::param::clock_ticks_per_second());
        assert_eq!(started(&stat), Some(wanted));
        assert_eq!(started("77 (a) S 1"), None);
        assert_eq!(started(""), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let now = Arrival::now();
        assert_eq!(Arrival::parse(&now.text()), Some(now));
        for text in [
            "",
            "1-2",
            "1-2-3-4",
            "1-2-x",
            "1--3",
            "99999999999999999999-1-1",
        ] {
            assert_eq!(Arrival::parse(text), None, "{text}");
        }
    }
}
