//! A directory that nothing read through it may leave.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::{FileError, Links, Next, walk};

/// A directory of untrusted files: every path is checked, also after following links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    path: PathBuf,
}

/// A file below a [`Root`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootFile {
    /// The path below the directory that was listed, with `/` between its parts.
    pub name: String,
    /// The path on disk.
    pub path: PathBuf,
}

impl Root {
    /// Takes the directory at `path` as root.
    ///
    /// # Errors
    ///
    /// The directory is not there or not readable.
    pub fn new(path: &Path) -> Result<Root, FileError> {
        let resolved = fs::canonicalize(path).map_err(|e| FileError::io("open", path, e))?;
        Ok(Root { path: resolved })
    }

    /// The directory, links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path on disk of `relative`, which need not exist; `..` is refused.
    ///
    /// # Errors
    ///
    /// An absolute path, a `..`, or a link that leads outside.
    ///
    /// ```
    /// use std::path::Path;
    /// use jenkins_cmp::files::Root;
    ///
    /// let root = Root::new(Path::new("src"))?;
    /// assert!(root.join("lib.rs").is_ok());
    /// assert!(root.join("../Cargo.toml").is_err());
    /// # Ok::<(), jenkins_cmp::files::FileError>(())
    /// ```
    pub fn join(&self, relative: &str) -> Result<PathBuf, FileError> {
        let has_parent = Path::new(relative)
            .components()
            .any(|part| part == Component::ParentDir);
        if has_parent {
            return Err(self.outside(Path::new(relative)));
        }
        self.join_from("", relative)
    }

    /// The path on disk of `relative` as seen from the directory `from` below the root; `..` may
    /// climb as far as the root.
    ///
    /// # Errors
    ///
    /// An absolute path, or a path or link that leads outside.
    pub fn join_from(&self, from: &str, relative: &str) -> Result<PathBuf, FileError> {
        let mut inside = PathBuf::new();
        for text in [from, relative] {
            for part in Path::new(text).components() {
                match part {
                    Component::Normal(name) => inside.push(name),
                    Component::CurDir => {}
                    Component::ParentDir if inside.pop() => {}
                    Component::ParentDir => return Err(self.outside(Path::new(relative))),
                    Component::RootDir | Component::Prefix(_) => {
                        return Err(FileError::Absolute(PathBuf::from(text)));
                    }
                }
            }
        }
        let path = self.path.join(inside);
        self.check(&path)?;
        Ok(path)
    }

    /// Reads the regular file at `relative`, of at most `max` bytes.
    ///
    /// # Errors
    ///
    /// What [`Root::join`] refuses, a missing or irregular file, one over the bound.
    pub fn read(&self, relative: &str, max: u64) -> Result<Vec<u8>, FileError> {
        read_regular(&self.join(relative)?, max)
    }

    /// Lists the regular files below the directory `relative` in Helm's order; a missing directory
    /// has none.
    ///
    /// # Errors
    ///
    /// What [`Root::join`] refuses, links that lead outside or in circles, irregular files, names
    /// that are not UTF-8.
    pub fn files(&self, relative: &str) -> Result<Vec<RootFile>, FileError> {
        let top = self.join(relative)?;
        let mut files = Vec::new();
        if !top.exists() {
            return Ok(files);
        }
        walk(&top, Links::Within(self), |found| {
            if found.metadata.is_file() {
                files.push(RootFile {
                    name: found.name.to_owned(),
                    path: found.path.to_owned(),
                });
            } else if !found.metadata.is_dir() {
                return Err(FileError::NotRegular(found.path.to_owned()));
            }
            Ok(Next::Enter)
        })?;
        Ok(files)
    }

    /// Refuses a path whose existing part resolves to somewhere outside.
    fn check(&self, path: &Path) -> Result<(), FileError> {
        // Without a link below the root, whose own path has none, nothing leads outside.
        let below = path.strip_prefix(&self.path);
        let mut at = self.path.clone();
        for part in below.map_err(|_| self.outside(path))?.components() {
            at.push(part);
            match fs::symlink_metadata(&at) {
                Ok(metadata) if metadata.is_symlink() => return self.check_links(path),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Resolves all links of a path.
    fn check_links(&self, path: &Path) -> Result<(), FileError> {
        for existing in path.ancestors() {
            match fs::canonicalize(existing) {
                Ok(resolved) if resolved.starts_with(&self.path) => return Ok(()),
                Ok(_) => return Err(self.outside(path)),
                // A dangling link may be given a target later, so it is refused.
                Err(_) if existing.is_symlink() => return Err(self.outside(path)),
                Err(_) => {}
            }
        }
        Err(self.outside(path))
    }

    fn outside(&self, path: &Path) -> FileError {
        FileError::Outside {
            path: path.to_owned(),
            root: self.path.clone(),
        }
    }
}

/// Reads a regular file of at most `max` bytes.
pub(crate) fn read_regular(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    // Checked before opening: opening a pipe would wait for a writer.
    let metadata = fs::metadata(path).map_err(|e| FileError::io("open", path, e))?;
    if metadata.is_dir() {
        let source = io::Error::from(io::ErrorKind::IsADirectory);
        return Err(FileError::io("read", path, source));
    }
    if !metadata.is_file() {
        return Err(FileError::NotRegular(path.to_owned()));
    }
    let too_large = || FileError::TooLarge {
        path: path.to_owned(),
        max,
    };
    if metadata.len() > max {
        return Err(too_large());
    }
    let file = File::open(path).map_err(|e| FileError::io("open", path, e))?;
    let mut data = Vec::new();
    // It may have grown meanwhile.
    file.take(max + 1)
        .read_to_end(&mut data)
        .map_err(|e| FileError::io("read", path, e))?;
    if data.len() as u64 > max {
        return Err(too_large());
    }
    Ok(data)
}

/// The absolute path without `.` and `..`, whatever is on the disk (Go's `filepath.Abs`).
///
/// # Errors
///
/// There is no working directory.
pub fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    let path = std::path::absolute(path).map_err(|e| FileError::io("getwd", path, e))?;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    Ok(out)
}
