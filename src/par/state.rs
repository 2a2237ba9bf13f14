//! The directory that the processes share: who may use it, and the files in it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::Arrival;
use super::error::GateError;
use super::lock::{self, Watch};

/// The state directory below `temporary` that belongs to the user of this process.
pub fn default_directory(temporary: &Path) -> PathBuf {
    temporary.join(format!("jenkins-cmp-{}", user()))
}

/// Begins the name of the file of a caller in the queue.
const TICKET: &str = "ticket-";

/// Begins the name of a ticket that nobody holds yet.
const NEW: &str = "new-";

/// A directory that only this user can change.
#[derive(Debug)]
pub(super) struct State {
    directory: PathBuf,
}

impl State {
    /// Makes the directory if it is absent, and refuses one that others could tamper with.
    pub(super) fn open(directory: &Path) -> Result<State, GateError> {
        let state = State {
            directory: directory.to_owned(),
        };
        if !directory.is_absolute() {
            return Err(GateError::Relative {
                path: state.directory,
            });
        }
        // With a slash at its end a link would be followed.
        let plain: PathBuf = directory.components().collect();
        let found = match fs::symlink_metadata(&plain) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                builder.mode(0o700).recursive(true);
                builder
                    .create(&plain)
                    .and_then(|()| fs::symlink_metadata(&plain))
            }
            found => found,
        };
        let found = found.map_err(|e| state.failed("make", e))?;
        let unsafe_because = |reason: String| GateError::Unsafe {
            path: state.directory.clone(),
            reason,
        };
        if found.is_symlink() {
            return Err(unsafe_because("it is a symbolic link".to_owned()));
        }
        if !found.is_dir() {
            return Err(unsafe_because("it is not a directory".to_owned()));
        }
        if found.uid() != user() {
            return Err(unsafe_because(format!(
                "it belongs to user {}, but this process runs as user {}",
                found.uid(),
                user()
            )));
        }
        if found.mode() & 0o022 != 0 {
            return Err(unsafe_because(format!(
                "its mode {:04o} lets others write to it",
                found.mode() & 0o7777
            )));
        }
        Ok(state)
    }

    /// The files of the slots, last one first: callers with a smaller cap find theirs more often
    /// free.
    pub(super) fn slots(&self, n_slots: usize) -> Vec<PathBuf> {
        let numbers = (0..n_slots).rev();
        numbers
            .map(|i| self.directory.join(format!("slot-{i}.fifo")))
            .collect()
    }

    /// Puts a caller into the queue.
    pub(super) fn draw_ticket(&self, arrival: Arrival) -> Result<Ticket, GateError> {
        let ticket = self.path(TICKET, arrival);
        let beside = self.path(NEW, arrival);
        loop {
            // It gets its name when somebody holds it, since others remove what nobody holds. They
            // may do so while it is new; then it is made again.
            let drawn = lock::make(&beside).and_then(|()| {
                let file = lock::hold(&beside)?;
                fs::rename(&beside, &ticket).map(|()| file)
            });
            match drawn {
                Err(error)
                    if error.kind() == io::ErrorKind::NotFound && self.directory.exists() => {}
                Err(error) => return Err(self.failed("make a file in", error)),
                Ok(file) => {
                    return Ok(Ticket {
                        path: ticket,
                        _file: file,
                    });
                }
            }
        }
    }

    /// The holder of the last ticket before `limit`; removes the files of processes that died.
    pub(super) fn nearest_ticket(&self, limit: Arrival) -> Result<Option<Watch>, GateError> {
        let failed = |e| self.failed("list", e);
        let mut tickets = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_str().unwrap_or_default();
            let arrival = |prefix| name.strip_prefix(prefix).and_then(Arrival::parse);
            if let Some(new) = arrival(NEW) {
                self.living(&self.path(NEW, new))?;
            }
            tickets.extend(arrival(TICKET).filter(|ticket| *ticket < limit));
        }
        tickets.sort_unstable();
        for ticket in tickets.into_iter().rev() {
            let holder = self.living(&self.path(TICKET, ticket))?;
            if holder.is_some() {
                return Ok(holder);
            }
        }
        Ok(None)
    }

    /// The holder of the file at `path`, which is removed if there is none.
    fn living(&self, path: &Path) -> Result<Option<Watch>, GateError> {
        let watch = match Watch::open(path) {
            Ok(watch) => watch,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("open a file in", error)),
        };
        if watch
            .is_held()
            .map_err(|e| self.failed("read a file in", e))?
        {
            return Ok(Some(watch));
        }
        // One that cannot be removed is passed over again by the next.
        let _ = fs::remove_file(path);
        Ok(None)
    }

    fn path(&self, prefix: &str, arrival: Arrival) -> PathBuf {
        self.directory.join(prefix.to_owned() + &arrival.text())
    }

    /// The error that something could not be done with the directory.
    pub(super) fn failed(&self, what: &'static str, source: io::Error) -> GateError {
        GateError::State {
            what,
            path: self.directory.clone(),
            source,
        }
    }
}

/// A place in the queue; dropping it lets the next one forward.
#[derive(Debug)]
pub(super) struct Ticket {
    path: PathBuf,
    _file: File,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Before the file is closed: who wakes then finds the ticket gone. One that stays is
        // removed by those who come later.
        let _ = fs::remove_file(&self.path);
    }
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}
