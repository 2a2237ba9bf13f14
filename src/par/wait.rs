//! Sleeping on file locks, with an end.
//!
//! A blocked `flock` cannot time out, so small threads block and the caller waits for the first of
//! them. A thread that comes too late drops its file, which unlocks it again.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The stack of a thread that does nothing but one system call and one message.
const STACK_BYTES: usize = 64 * 1024;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Opens the file at `path`, made if absent, and locks it, waiting at most for `patience`; gives
/// nothing when that was too short.
///
/// # Errors
///
/// The file cannot be opened, or the file system knows no locks.
pub fn lock_within(path: &Path, patience: Duration) -> io::Result<Option<File>> {
    let mut options = File::options();
    let file = options.append(true).create(true).open(path)?;
    lock_any(vec![file], deadline(Instant::now(), patience))
}

/// The end of a wait that begins at `start`; one too far away to be told is as good as a day.
pub(super) fn deadline(start: Instant, patience: Duration) -> Instant {
    start.checked_add(patience).unwrap_or(start + DAY)
}

/// Locks `file` if nobody holds it.
pub(super) fn is_free(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Sleeps until one of `files` is locked by us; gives nothing at the deadline.
pub(super) fn lock_any(files: Vec<File>, deadline: Instant) -> io::Result<Option<File>> {
    if let [file] = files.as_slice()
        && is_free(file)?
    {
        return Ok(files.into_iter().next());
    }
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Ok(None);
    }
    let (first, locked) = mpsc::channel();
    let mut started = Ok(());
    let mut n_started = 0;
    for file in files {
        let first = first.clone();
        let block = move || {
            // Nobody listens any more when another lock came first; the file is dropped then.
            let _ = first.send(lock(&file).map(|()| file));
        };
        match thread::Builder::new().stack_size(STACK_BYTES).spawn(block) {
            Ok(_) => n_started += 1,
            Err(error) => started = Err(error),
        }
    }
    if n_started == 0 {
        started?;
    }
    locked.recv_timeout(left).ok().transpose()
}

fn lock(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
