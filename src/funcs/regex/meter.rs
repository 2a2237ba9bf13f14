//! What searching costs.
//!
//! How much of a text a search looks at is known to the engine only, and at worst it is a thousand
//! times the usual. So small searches count by their text alone, like other functions, and what could
//! take long counts by the processor's time that it did take.

use rustix::time::{ClockId, clock_gettime};

use crate::template::{FuncError, Runtime};

/// Nanoseconds of the processor's time that count as a step.
const NANOS_PER_STEP: u64 = 200;

/// The work, in bytes of a program times bytes of a text, from which on time is taken.
const MEASURED: u64 = 1 << 20;

/// The work after which the time that was taken is counted: a few milliseconds at worst.
const COUNTED: u64 = 1 << 26;

/// Counts the searches of one call as steps of the run.
pub(super) struct Meter<'r> {
    run: &'r mut dyn Runtime,
    /// The most that the searches since the last count can have been.
    work: u64,
    /// When time was first taken, or last counted, on the clock of this thread.
    since: Option<u64>,
}

impl<'r> Meter<'r> {
    pub(super) fn new(run: &'r mut dyn Runtime) -> Meter<'r> {
        Meter {
            run,
            work: 0,
            since: None,
        }
    }

    /// Searches, which takes `work` at worst.
    ///
    /// # Errors
    ///
    /// The run may not take so many steps.
    pub(super) fn measure<T>(
        &mut self,
        work: u64,
        search: impl FnOnce() -> T,
    ) -> Result<T, FuncError> {
        self.work = self.work.saturating_add(work);
        if self.since.is_none() && self.work >= MEASURED {
            self.since = Some(now());
        }
        let found = search();
        if self.work >= COUNTED {
            self.finish()?;
        }
        Ok(found)
    }

    /// Counts what was measured so far.
    ///
    /// # Errors
    ///
    /// The run may not take so many steps.
    pub(super) fn finish(&mut self) -> Result<(), FuncError> {
        let Some(since) = self.since else {
            return Ok(());
        };
        let now = now();
        self.since = Some(now);
        self.work = 0;
        let steps = now.saturating_sub(since) / NANOS_PER_STEP;
        self.run.spend(usize::try_from(steps).unwrap_or(usize::MAX))
    }
}

/// The processor's time that this thread has taken, in nanoseconds.
fn now() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let [seconds, nanos] = [time.tv_sec, time.tv_nsec].map(|n| u64::try_from(n).unwrap_or(0));
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}
