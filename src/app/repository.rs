//! The repository that an overlay lives in, read without ever leaving it.

use std::cell::Cell;
use std::path::Path;

use crate::diag::Diagnostic;
use crate::files::{FileError, Root};
use crate::limits::{MAX_OVERLAY_BYTES, MAX_OVERLAY_FILE_BYTES};

/// The files of a repository; paths are relative to its top, with `/` between their parts and
/// without `.` and `..`.
#[derive(Debug, Clone)]
pub struct Repository {
    root: Root,
}

impl Repository {
    /// Opens the repository whose top is `path`.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub fn open(path: &Path) -> Result<Repository, Box<Diagnostic>> {
        let root = Root::new(path).map_err(|e| Diagnostic::error(e.to_string()))?;
        Ok(Repository { root })
    }

    /// The safe root below it.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The path that `relative` means when it is written in a file of the directory `from`.
    ///
    /// # Errors
    ///
    /// `relative` is absolute or climbs out of the repository.
    pub fn resolve(&self, from: &str, relative: &str) -> Result<String, Box<Diagnostic>> {
        let refused = |why: &str| {
            let problem = Diagnostic::error(format!("`{relative}` {why}"));
            Box::new(problem.hint("paths are relative to the file that names them"))
        };
        if relative.starts_with('/') {
            return Err(refused("is absolute"));
        }
        if relative.contains('\0') || relative.contains('\\') {
            return Err(refused("is no portable path"));
        }
        let mut parts: Vec<&str> = parts(from).collect();
        for part in self::parts(relative) {
            match part {
                ".." if parts.pop().is_none() => return Err(refused("leaves the repository")),
                ".." => {}
                name => parts.push(name),
            }
        }
        Ok(parts.join("/"))
    }

    /// Reads a text file; nothing if it is not there.
    ///
    /// # Errors
    ///
    /// A path or link that leaves the repository, anything but a regular file, a file that is too
    /// large, bytes that are not UTF-8.
    pub fn read(&self, file: &str) -> Result<Option<String>, Box<Diagnostic>> {
        let bytes = match self.root.read(file, MAX_OVERLAY_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(e) if e.is_not_found() => return Ok(None),
            Err(e) => return Err(refused(file, &e)),
        };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(e) => {
                let good = &e.as_bytes()[..e.utf8_error().valid_up_to()];
                let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
                let problem = Diagnostic::error("the file is not UTF-8").at(file, line, 0, "");
                Err(Box::new(problem))
            }
        }
    }

    /// Says whether there is a directory at `path`.
    pub fn is_dir(&self, path: &str) -> bool {
        self.root.join(path).is_ok_and(|path| path.is_dir())
    }

    /// Says whether there is a regular file at `path`.
    pub fn is_file(&self, path: &str) -> bool {
        self.root.join(path).is_ok_and(|path| path.is_file())
    }

    /// The names of the files below the directory `path`, sorted; none if there is no directory.
    ///
    /// # Errors
    ///
    /// Links that leave the repository, files that are not regular, names that are not UTF-8.
    pub fn files(&self, path: &str) -> Result<Vec<String>, Box<Diagnostic>> {
        let files = self.root.files(path).map_err(|e| refused(path, &e))?;
        let mut names: Vec<String> = files.into_iter().map(|file| file.name).collect();
        names.sort_unstable();
        Ok(names)
    }
}

/// What the files of one overlay, and what they give, may still take, in bytes.
#[derive(Debug)]
pub struct Allowance(Cell<usize>);

impl Default for Allowance {
    fn default() -> Self {
        Allowance(Cell::new(MAX_OVERLAY_BYTES))
    }
}

impl Allowance {
    /// Takes `n_bytes` of it for `file`.
    ///
    /// # Errors
    ///
    /// So much is not left.
    pub fn take(&self, n_bytes: usize, file: &str) -> Result<(), Box<Diagnostic>> {
        let Some(left) = self.0.get().checked_sub(n_bytes) else {
            let problem = format!(
                "the files of the overlay, and what they give, have more than {MAX_OVERLAY_BYTES} \
                 bytes"
            );
            return Err(Box::new(Diagnostic::error(problem).in_file(file)));
        };
        self.0.set(left);
        Ok(())
    }
}

/// Joins a directory and a path below it.
pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// The directory and all those above it, up to the top of the repository, which is `""`.
pub(crate) fn ancestors(directory: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(directory);
    std::iter::from_fn(move || {
        let this = next?;
        next = match this.rsplit_once('/') {
            Some((parent, _)) => Some(parent),
            None if this.is_empty() => None,
            None => Some(""),
        };
        Some(this)
    })
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

fn refused(file: &str, error: &FileError) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(error.to_string()).in_file(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_ends() {
        let allowance = Allowance::default();
        assert!(allowance.take(MAX_OVERLAY_BYTES, "f").is_ok());
        let problem = allowance.take(1, "f").unwrap_err().to_string();
        let bound = format!("have more than {MAX_OVERLAY_BYTES} bytes");
        assert!(problem.ends_with(&bound), "{problem}");
    }

    #[test]
    fn ancestors_end_at_the_top() {
        let all: Vec<&str> = ancestors("a/b/c").collect();
        assert_eq!(all, ["a/b/c", "a/b", "a", ""]);
        assert_eq!(ancestors("").collect::<Vec<_>>(), [""]);
    }
}
