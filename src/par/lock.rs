//! Locks that can be waited for with an end, and that a dying process releases.
//!
//! A blocked `flock` cannot time out. So each lock is a FIFO: its owner holds an exclusive `flock`
//! on it and has it open for writing. Who has a FIFO open for reading is told by `poll` when the
//! last writer goes, and `poll` takes a time and many files at once. When a process ends, however
//! that happens, the kernel releases the `flock` first and then tells the readers (`__fput` in
//! Linux's fs/file_table.c).
//!
//! Having a FIFO open for writing without the `flock` says only that somebody is alive.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{self, PollFd, PollFlags, Timespec};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause before another try where a file is locked and yet nobody has it open for writing: its
/// owner is just going, or the lock is not one of ours.
const PAUSE: Duration = Duration::from_millis(1);

/// Locks the FIFO at `path`, made if absent, waiting at most for `patience`; gives nothing when
/// that was too short. Dropping the file releases the lock.
///
/// # Errors
///
/// The file cannot be made or opened, is no FIFO, or its file system knows no locks.
pub fn lock_within(path: &Path, patience: Duration) -> io::Result<Option<File>> {
    lock_any(&[path], deadline(Instant::now(), patience))
}

/// The end of a wait that begins at `start`; one too far away to be told is as good as a day.
pub(super) fn deadline(start: Instant, patience: Duration) -> Instant {
    start.checked_add(patience).unwrap_or(start + DAY)
}

/// Makes the FIFO at `path`.
pub(super) fn make(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR)?)
}

/// Opens the FIFO at `path` for writing, which tells others that we are alive.
pub(super) fn hold(path: &Path) -> io::Result<File> {
    // For reading too, or else opening would wait for a reader.
    let file = options().write(true).open(path)?;
    match file.metadata()?.file_type().is_fifo() {
        true => Ok(file),
        false => Err(io::Error::other("a file there is no FIFO; remove it")),
    }
}

/// Locks the first of `paths` that is free, waiting until `deadline`; those absent are made.
pub(super) fn lock_any<P: AsRef<Path>>(paths: &[P], deadline: Instant) -> io::Result<Option<File>> {
    loop {
        for path in paths {
            if let Some(file) = try_lock(path.as_ref())? {
                return Ok(Some(file));
            }
        }
        let watches: io::Result<Vec<_>> = paths.iter().map(|p| Watch::open(p.as_ref())).collect();
        let watches = watches?;
        let held: io::Result<Vec<_>> = watches.iter().map(Watch::is_held).collect();
        if held?.contains(&false) {
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(PAUSE);
        } else if !wait(&watches, deadline)? {
            return Ok(None);
        }
    }
}

/// Locks the FIFO at `path`, made if absent, if nobody holds it.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = match hold(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match make(path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            hold(path)?
        }
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A look at a FIFO that others hold.
#[derive(Debug)]
pub(super) struct Watch(pub(super) File);

impl Watch {
    /// Opens the FIFO at `path`.
    pub(super) fn open(path: &Path) -> io::Result<Watch> {
        options().open(path).map(Watch)
    }

    /// Whether anybody has it open for writing.
    pub(super) fn is_held(&self) -> io::Result<bool> {
        // The end of the file shows that there is no writer. Nobody writes anything.
        match (&self.0).read(&mut [0]) {
            Ok(n_bytes) => Ok(n_bytes > 0),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Sleeps until nobody holds one of `watches`; says whether that came before `deadline`.
pub(super) fn wait(watches: &[Watch], deadline: Instant) -> io::Result<bool> {
    // The end of the last writer is reported without being asked for.
    let look = |watch| PollFd::new(watch, PollFlags::empty());
    let mut looks: Vec<_> = watches.iter().map(|watch| look(&watch.0)).collect();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left.min(DAY)).map_err(io::Error::other)?;
        match event::poll(&mut looks, Some(&left)) {
            Ok(0) if Instant::now() >= deadline => return Ok(false),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

/// For reading, without waiting for a writer.
fn options() -> fs::OpenOptions {
    let mut options = File::options();
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    options.read(true).custom_flags(flags);
    options
}
