//! The directory that the processes share: who may use it, and the files in it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::GateError;
use super::wait;

/// The state directory below `temporary` that belongs to the user of this process.
pub fn default_directory(temporary: &Path) -> PathBuf {
    temporary.join(format!("jenkins-cmp-{}", user()))
}

const TICKET: &str = "ticket-";

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

    /// Opens the file `name` for locking, made if it is absent.
    pub(super) fn lock_file(&self, name: &str) -> Result<File, GateError> {
        let mut options = File::options();
        // Not truncated: there is nothing in it, and a lock needs no more than an open file.
        options.append(true).create(true).mode(0o600);
        let file = options.open(self.directory.join(name));
        file.map_err(|e| self.failed("make a file in", e))
    }

    /// Makes and locks the next ticket; the caller holds `queue`.
    pub(super) fn draw_ticket(&self) -> Result<Ticket, GateError> {
        let highest = self.tickets()?.into_iter().max();
        let number = highest.map_or(Some(0), |number| number.checked_add(1));
        let failed = |e| self.failed("make a file in", e);
        let number = number.ok_or_else(|| failed(io::Error::other("no ticket is left")))?;
        let path = self.ticket_path(number);
        let mut options = File::options();
        options.append(true).create_new(true).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        let ticket = Ticket { number, path, file };
        // Nobody else knows the file yet, so this does not block.
        ticket
            .file
            .lock()
            .map_err(|e| self.failed("lock a file in", e))?;
        Ok(ticket)
    }

    /// The locked ticket with the highest number, below `limit` if there is one; removes those of
    /// processes that died.
    pub(super) fn nearest_ticket(&self, limit: Option<u64>) -> Result<Option<File>, GateError> {
        let mut numbers = self.tickets()?;
        numbers.retain(|number| limit.is_none_or(|limit| *number < limit));
        numbers.sort_unstable();
        for number in numbers.into_iter().rev() {
            let path = self.ticket_path(number);
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(self.failed("open a file in", error)),
            };
            if !wait::is_free(&file).map_err(|e| self.failed("lock a file in", e))? {
                return Ok(Some(file));
            }
            // The number is not in use again: a higher one exists, or the caller holds `queue`.
            // A file that cannot be removed is passed over again by the next.
            let _ = fs::remove_file(&path);
        }
        Ok(None)
    }

    /// The numbers of all tickets, in any order.
    fn tickets(&self) -> Result<Vec<u64>, GateError> {
        let failed = |e| self.failed("list", e);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(TICKET));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        Ok(numbers)
    }

    fn ticket_path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{TICKET}{number}"))
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
    number: u64,
    path: PathBuf,
    file: File,
}

impl Ticket {
    /// Its number; those who came earlier have smaller ones.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Before the lock goes with the file: who wakes then finds the ticket gone. One that stays
        // is removed by those who come later.
        let _ = fs::remove_file(&self.path);
    }
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}
