//! A cap on how many renders run at once, over all processes of one user.
//!
//! In: a directory that the processes share, and the number of slots. Out: a [`Slot`], after the
//! callers that came earlier have got theirs. Refused: directories that others could tamper with,
//! and waiting beyond a limit.
//!
//! Two kinds of files lie in the directory, all of them FIFOs (`lock` says why):
//!
//! - `ticket-ARRIVAL` is held by a caller from its arrival until it has a slot or gives up. A
//!   waiter's place is the number of held tickets before its own. It sleeps on the nearest one:
//!   one departure wakes one waiter, who looks again. A ticket that nobody holds belonged to a
//!   process that died, and is removed.
//! - `slot-I.fifo` is locked while rendering. The first in the queue sleeps on all slots at once. Who
//!   came earlier but drew a ticket later may find it there; so it looks back once more when it
//!   has a slot, and lets that one have it.
//!
//! Nothing but held files carries state: an empty directory and one full of files from processes
//! that were killed behave alike.

mod arrival;
mod error;
mod lock;
mod state;

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

pub use arrival::Arrival;
pub use error::GateError;
pub use lock::lock_within;
use state::State;
pub use state::default_directory;

/// Most slots that one gate may have: the first in the queue opens a file for each.
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

    /// Waits for a slot, at most for `patience`.
    ///
    /// Who gets one has arrived before everybody who is in the queue at that moment.
    ///
    /// # Errors
    ///
    /// [`GateError::Timeout`] when no slot came free in time; otherwise the state directory cannot
    /// be used. Nothing stays locked.
    pub fn enter(&self, arrival: Arrival, patience: Duration) -> Result<Slot, GateError> {
        let start = Instant::now();
        let deadline = lock::deadline(start, patience);
        let timeout = || GateError::Timeout {
            waited: start.elapsed(),
            n_slots: self.n_slots,
        };
        let slots = self.state.slots(self.n_slots);
        let ticket = self.state.draw_ticket(arrival)?;
        loop {
            while let Some(ahead) = self.state.nearest_ticket(arrival)? {
                let is_gone = lock::wait(&[ahead], deadline);
                if !is_gone.map_err(|e| self.state.failed("wait for a file in", e))? {
                    return Err(timeout());
                }
            }
            let slot = lock::lock_any(&slots, deadline);
            let slot = slot.map_err(|e| self.state.failed("make or lock a file in", e))?;
            let slot = slot.ok_or_else(timeout)?;
            if self.state.nearest_ticket(arrival)?.is_none() {
                // Before the ticket goes, and with it the next one's reason to wait.
                let entered = Instant::now();
                drop(ticket);
                return Ok(Slot {
                    _file: slot,
                    waited: entered.duration_since(start),
                    entered,
                });
            }
        }
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

#[cfg(test)]
mod tests;
