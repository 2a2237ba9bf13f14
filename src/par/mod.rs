//! A cap on how many renders run at once, over all processes of one user.
//!
//! In: a directory that the processes share, and the number of slots. Out: a [`Slot`], after the
//! callers that came earlier have got theirs. Refused: directories that others could tamper with,
//! and waiting beyond a limit.
//!
//! Every lock is an exclusive `flock`, so the kernel releases it however its process dies. Three
//! kinds of files lie in the directory:
//!
//! - `queue` is held for the moment in which a caller looks whether it must wait and, if so, draws
//!   a ticket. Who holds it has arrived.
//! - `ticket-N` is made and locked while `queue` is held, and kept locked until its owner has a
//!   slot or gives up. Numbers rise, so a waiter's place is the number of locked tickets below its
//!   own. It sleeps on the nearest one: one departure wakes one waiter. A ticket that nobody
//!   locks belonged to a process that died, and is passed over and removed.
//! - `slot-I` is held while rendering. The first in the queue sleeps on all slots at once.
//!
//! Nothing but the locks carries state: an empty directory and one full of files from processes
//! that were killed behave alike.

mod error;
mod state;
mod wait;

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

pub use error::GateError;
use state::State;
pub use state::default_directory;
pub use wait::lock_within;

/// Most slots that one gate may have: the first in the queue takes a thread for each.
pub const MAX_SLOTS: usize = 256;

/// The entrance to the work that is capped.
#[derive(Debug)]
pub struct Gate {
    state: State,
    n_slots: usize,
}

impl Gate {
    /// Opens the gate whose files are in `directory`, which is created if it is absent.
    ///
    /// At most `n_slots` callers get in at once, and never more than [`MAX_SLOTS`]. Where callers
    /// ask for different numbers, those with the same number share their cap, and the largest
    /// number caps all.
    ///
    /// # Errors
    ///
    /// The path is relative, a link, or no directory, belongs to another user or can be written by
    /// others; or the directory cannot be made.
    pub fn open(directory: &Path, n_slots: NonZeroUsize) -> Result<Gate, GateError> {
        Ok(Gate {
            state: State::open(directory)?,
            n_slots: n_slots.get().min(MAX_SLOTS),
        })
    }

    /// Waits for a slot, at most for `patience`, after everybody who came earlier.
    ///
    /// # Errors
    ///
    /// [`GateError::Timeout`] when no slot came free in time; otherwise the state directory cannot
    /// be used. Nothing stays locked.
    pub fn enter(&self, patience: Duration) -> Result<Slot, GateError> {
        let start = Instant::now();
        let wait = Wait {
            start,
            deadline: wait::deadline(start, patience),
            n_slots: self.n_slots,
        };
        let queue = self.state.lock_file("queue")?;
        let queue = wait.any(vec![queue])?;
        if self.state.nearest_ticket(None)?.is_none()
            && let Some(file) = self.free_slot()?
        {
            return Ok(wait.over(file));
        }
        let ticket = self.state.draw_ticket()?;
        drop(queue);
        while let Some(ahead) = self.state.nearest_ticket(Some(ticket.number()))? {
            wait.any(vec![ahead])?;
        }
        let slot = match self.free_slot()? {
            Some(slot) => slot,
            None => wait.any(self.slots().collect::<Result<_, _>>()?)?,
        };
        Ok(wait.over(slot))
    }

    /// Locks a slot that is free now.
    fn free_slot(&self) -> Result<Option<File>, GateError> {
        for slot in self.slots() {
            let slot = slot?;
            if wait::is_free(&slot).map_err(|e| self.state.failed("lock a file in", e))? {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// The slots, last one first: callers with a smaller cap find theirs more often free.
    fn slots(&self) -> impl Iterator<Item = Result<File, GateError>> {
        let numbers = (0..self.n_slots).rev();
        numbers.map(|i| self.state.lock_file(&format!("slot-{i}")))
    }
}

/// A place among those that render; dropping it, or dying, frees it.
#[derive(Debug)]
#[must_use = "the slot is free again as soon as it is dropped"]
pub struct Slot {
    _file: File,
    waited: Duration,
    entered: Instant,
}

impl Slot {
    /// How long it took to get it.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// When it was got.
    pub fn entered(&self) -> Instant {
        self.entered
    }
}

/// The patience of one call.
struct Wait {
    start: Instant,
    deadline: Instant,
    n_slots: usize,
}

impl Wait {
    /// Sleeps until one of `files` is locked by us.
    fn any(&self, files: Vec<File>) -> Result<File, GateError> {
        match wait::lock_any(files, self.deadline) {
            Ok(Some(file)) => Ok(file),
            Ok(None) => Err(GateError::Timeout {
                waited: self.start.elapsed(),
                n_slots: self.n_slots,
            }),
            Err(source) => Err(GateError::Wait { source }),
        }
    }

    fn over(&self, file: File) -> Slot {
        let entered = Instant::now();
        Slot {
            _file: file,
            waited: entered.duration_since(self.start),
            entered,
        }
    }
}

#[cfg(test)]
mod tests;
