//! A store of archives that all processes share, addressed by the SHA-256 of their content.
//!
//! In: a directory, archives, notes about where archives come from. Out: files whose bytes were checked on this very read. Refused:
//! nothing; what is damaged counts as absent. The directory may be deleted at any time, and a
//! process may die at any time: a file is complete or absent, and locks belong to the kernel.

mod digest;

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

pub use digest::Digest;

use crate::files::{self, FileError};
use crate::limits::{MAX_ARCHIVE_BYTES, MAX_STORE_BYTES};

/// A directory of archives.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
    max_bytes: u64,
}

/// Why the store cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or directory of the store cannot be made, locked or written.
    File(FileError),
    /// Another process has been downloading for too long.
    Busy(Digest),
}

impl Store {
    /// Takes `path` as the store; it is made when something is put into it.
    pub fn new(path: impl Into<PathBuf>) -> Store {
        Store {
            path: path.into(),
            max_bytes: MAX_STORE_BYTES,
        }
    }

    /// Bounds the store to `bytes`; the newest archive always fits.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Store {
        self.max_bytes = bytes;
        self
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads an archive and checks its bytes; a damaged one is removed.
    pub fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        let path = self.file(digest);
        let data = files::read_regular(&path, MAX_ARCHIVE_BYTES).ok()?;
        if Digest::of(&data) != *digest {
            // Whoever reads next would only find the same.
            let _ = fs::remove_file(&path);
            return None;
        }
        used(&path);
        Some(data)
    }

    /// Adds an archive, then removes those unused for longest while the store is too large.
    ///
    /// # Errors
    ///
    /// The store cannot be written.
    pub fn put(&self, data: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(data);
        self.write(&self.file(&digest), data)?;
        Ok(digest)
    }

    /// Reads a note, which is kept under a key of its writer's; a damaged one is absent.
    pub fn note(&self, key: &Digest) -> Option<Vec<u8>> {
        let path = self.note_file(key);
        let mut data = files::read_regular(&path, MAX_ARCHIVE_BYTES).ok()?;
        let note = data.split_off(DIGEST_BYTES.min(data.len()));
        if data != note_digest(key, &note).as_bytes() {
            let _ = fs::remove_file(&path);
            return None;
        }
        used(&path);
        Some(note)
    }

    /// Adds a note in place of an older one with this key; it goes like an archive.
    ///
    /// # Errors
    ///
    /// The store cannot be written.
    pub fn put_note(&self, key: &Digest, note: &[u8]) -> Result<(), StoreError> {
        let mut data = note_digest(key, note).as_bytes().to_vec();
        data.extend_from_slice(note);
        self.write(&self.note_file(key), &data)
    }

    /// Reads an archive, or has it downloaded: once, however many processes ask at the same time.
    ///
    /// `download` must give the bytes with this digest. Others wait for it for at most `patience`.
    ///
    /// # Errors
    ///
    /// What `download` returns, a store that cannot be written, the end of the patience.
    pub fn get_or<E: From<StoreError>>(
        &self,
        digest: &Digest,
        patience: Duration,
        download: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        if let Some(data) = self.get(digest) {
            return Ok(data);
        }
        let _lock = self.lock(digest, patience)?;
        if let Some(data) = self.get(digest) {
            return Ok(data);
        }
        let data = download()?;
        self.put(&data)?;
        Ok(data)
    }

    fn file(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_string();
        self.path.join(ARCHIVES).join(format!("{hex}.tgz"))
    }

    fn note_file(&self, key: &Digest) -> PathBuf {
        self.path.join(NOTES).join(key.to_string())
    }

    fn write(&self, path: &Path, data: &[u8]) -> Result<(), StoreError> {
        below_parent(path, || files::write_whole(path, data))?;
        self.evict(path);
        Ok(())
    }

    /// Waits for the lock file that `digest` shares with others of its first byte, so that there
    /// are few of them and none is ever removed.
    fn lock(&self, digest: &Digest, patience: Duration) -> Result<File, StoreError> {
        let hex = digest.to_string();
        let path = self.path.join(LOCKS).join(&hex[..2]);
        let failed = |call, e| FileError::io(call, &path, e);
        let file = below_parent(&path, || {
            let mut options = File::options();
            let open = options.create(true).truncate(false).write(true).open(&path);
            open.map_err(|e| failed("open", e))
        })?;
        let start = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
                    thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(200));
                }
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy(*digest)),
                Err(TryLockError::Error(e)) => return Err(StoreError::File(failed("lock", e))),
            }
        }
    }

    /// Removes what is too much: left-overs of dead processes, then the archives unused for
    /// longest. What another process removes at the same time is no loss.
    fn evict(&self, newest: &Path) {
        let directories = [ARCHIVES, NOTES].map(|name| fs::read_dir(self.path.join(name)));
        let entries = directories.into_iter().flatten().flatten();
        let mut archives = Vec::new();
        let mut total = 0;
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            if entry.file_name().to_string_lossy().starts_with('.') {
                if used.elapsed().is_ok_and(|age| age > LEFT_OVER) {
                    let _ = fs::remove_file(entry.path());
                }
                continue;
            }
            total += metadata.len();
            archives.push((used, entry.path(), metadata.len()));
        }
        archives.sort();
        for (_, path, bytes) in archives {
            if total <= self.max_bytes {
                break;
            }
            if path != newest && fs::remove_file(&path).is_ok() {
                total -= bytes;
            }
        }
    }
}

/// The directory of archives in the store.
const ARCHIVES: &str = "sha256";

/// The directory of notes in the store.
const NOTES: &str = "notes";

/// The directory of lock files in the store.
const LOCKS: &str = "locks";

/// Age at which a half-written file certainly has no writer any more.
const LEFT_OVER: Duration = Duration::from_secs(3600);

/// Most times that a deleted store is made again for one file.
const MAX_ATTEMPTS: usize = 100;

/// Length of the digest that a note begins with.
const DIGEST_BYTES: usize = 64;

/// The digest of a note under its key, so that no other note passes for it.
fn note_digest(key: &Digest, note: &[u8]) -> String {
    let text = format!("{key} {}", Digest::of(note));
    Digest::of(text.as_bytes()).to_string()
}

/// Notes the time of the last use, which decides what goes first; in a read-only store nothing
/// goes.
fn used(path: &Path) {
    let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
}

/// Makes a file in a directory that is made first, and again if the store is deleted in between.
fn below_parent<T>(path: &Path, make: impl Fn() -> Result<T, FileError>) -> Result<T, StoreError> {
    let parent = path.parent().unwrap_or(path);
    let mut attempt = 0;
    loop {
        let made = fs::create_dir_all(parent).map_err(|e| FileError::io("mkdir", parent, e));
        match made.and_then(|()| make()) {
            Ok(made) => return Ok(made),
            Err(e) if e.is_not_found() && attempt < MAX_ATTEMPTS => attempt += 1,
            Err(e) => return Err(StoreError::File(e)),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::File(e) => write!(f, "the store: {e}"),
            StoreError::Busy(digest) => {
                write!(f, "another process is still downloading {digest}")
            }
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StoreError::File(e) => Some(e),
            StoreError::Busy(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
