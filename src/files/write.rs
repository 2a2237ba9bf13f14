//! Writing files that are complete or absent, never half there.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::FileError;

/// Creates `directory` with everything above it that is missing.
///
/// # Errors
///
/// A file is in the way, or the disk is full or may not be written to.
pub fn create_dirs(directory: &Path) -> Result<(), FileError> {
    match fs::metadata(directory) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FileError::io("stat", directory, e)),
        _ => fs::create_dir_all(directory).map_err(|e| FileError::io("mkdir", directory, e)),
    }
}

/// Writes `data` to `path`: beside the target first, then renamed over it.
///
/// # Errors
///
/// The directory is missing or not writable, or the disk is full; the target is then unchanged.
pub fn write_whole(path: &Path, data: &[u8]) -> Result<(), FileError> {
    let (mut file, beside) = create_beside(path)?;
    let written = file.write_all(data).and_then(|()| file.sync_all());
    drop(file);
    let result = written.and_then(|()| fs::rename(&beside, path));
    result.map_err(|e| {
        // The first error is what the caller must hear; a left-over file harms nobody.
        let _ = fs::remove_file(&beside);
        FileError::io("write", path, e)
    })
}

/// Creates a new file in the target's directory under a name that is free.
fn create_beside(path: &Path) -> Result<(File, PathBuf), FileError> {
    for attempt in 0..100 {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.{attempt}.tmp", std::process::id()));
        let beside = path.with_file_name(name);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)
        {
            Ok(file) => return Ok((file, beside)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(FileError::io("open", path, e)),
        }
    }
    Err(FileError::io(
        "open",
        path,
        io::Error::from(io::ErrorKind::AlreadyExists),
    ))
}
