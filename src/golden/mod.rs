//! Golden files: what each overlay rendered to when somebody last looked at it.
//!
//! In: the output of an overlay, the fleet's root. Out: the files below `golden/` that differ, with
//! a difference to read; or those files, written whole. Refused: names and links that lead out of
//! `golden/`.

mod layout;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

pub use layout::files;
pub use text::unified;

use crate::diag::Diagnostic;
use crate::files::{FileError, Links, Next, Root, walk, write_whole};
use crate::limits::MAX_RENDER_BYTES;

/// The directory at the fleet's root.
pub const DIRECTORY: &str = "golden";

/// What golden files end in.
const EXTENSION: &str = ".yaml";

/// The files of one overlay by their path below `golden/`.
pub type Files = BTreeMap<String, String>;

/// How a golden file differs from the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path from the fleet's root.
    pub file: String,
    /// What is the matter.
    pub what: What,
}

/// What is the matter with a golden file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It is not there.
    Missing,
    /// Its content is another one.
    Changed,
    /// No overlay renders to it any more.
    Stale,
}

/// A difference and its text.
pub type Shown = (Difference, String);

/// The golden files of a fleet.
#[derive(Debug)]
pub struct Golden {
    root: Root,
}

impl Golden {
    /// Opens those of the fleet at `root`.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub fn open(root: &Path) -> Result<Golden, Box<Diagnostic>> {
        Ok(Golden {
            root: Root::new(root).map_err(|e| failed(&e))?,
        })
    }

    /// Compares the `files` of one overlay with those on disk; gives what differs.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub fn compare(&self, files: &Files) -> Result<Vec<Shown>, Box<Diagnostic>> {
        let mut differences = Vec::new();
        for (name, new) in files {
            let file = in_directory(name);
            let old = self.read(&file)?;
            let what = match &old {
                None => What::Missing,
                Some(old) if old == new => continue,
                Some(_) => What::Changed,
            };
            let text = unified(&file, old.as_deref().unwrap_or_default(), new);
            differences.push((Difference { file, what }, text));
        }
        Ok(differences)
    }

    /// Writes the `files` of one overlay that differ; gives what has been written.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn update(&self, files: &Files) -> Result<Vec<Difference>, Box<Diagnostic>> {
        let mut differences = Vec::new();
        for (name, new) in files {
            let file = in_directory(name);
            let what = match self.read(&file)? {
                None => What::Missing,
                Some(old) if old == *new => continue,
                Some(_) => What::Changed,
            };
            let path = self.root.join(&file).map_err(|e| failed(&e))?;
            let directory = path.parent().unwrap_or(self.root.path());
            fs::create_dir_all(directory)
                .map_err(|e| failed(&FileError::io("mkdir", directory, e)))?;
            write_whole(&path, new.as_bytes()).map_err(|e| failed(&e))?;
            differences.push(Difference { file, what });
        }
        Ok(differences)
    }

    /// What the overlay called `stem` rendered to, from one file or from one for each resource;
    /// nothing if it has none.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub fn stream(&self, stem: &str) -> Result<Option<String>, Box<Diagnostic>> {
        let whole = self.read(&in_directory(&format!("{stem}{EXTENSION}")))?;
        let top = self
            .root
            .join(&in_directory(stem))
            .map_err(|e| failed(&e))?;
        if whole.is_some() || !top.is_dir() {
            return Ok(whole);
        }
        let mut stream = String::new();
        walk(&top, Links::Within(&self.root), |found| {
            let is_golden = found.metadata.is_file() && found.name.ends_with(EXTENSION);
            if is_golden {
                let file = self.root.read(
                    &in_directory(&format!("{stem}/{}", found.name)),
                    MAX_RENDER_BYTES,
                )?;
                stream.push_str(&String::from_utf8_lossy(&file));
            }
            // A directory in it is another overlay's.
            Ok(Next::Skip)
        })
        .map_err(|e: FileError| failed(&e))?;
        Ok(Some(stream).filter(|stream| !stream.is_empty()))
    }

    /// The golden files on disk that `belongs` takes for its own and `known` does not hold.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub fn stale(
        &self,
        known: &BTreeSet<String>,
        belongs: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Difference>, Box<Diagnostic>> {
        let top = self.root.join(DIRECTORY).map_err(|e| failed(&e))?;
        let mut stale = Vec::new();
        if !top.is_dir() {
            return Ok(stale);
        }
        walk(&top, Links::Within(&self.root), |found| {
            let is_golden = found.metadata.is_file() && found.name.ends_with(EXTENSION);
            if is_golden && belongs(found.name) && !known.contains(found.name) {
                stale.push(Difference {
                    file: in_directory(found.name),
                    what: What::Stale,
                });
            }
            Ok(Next::Enter)
        })
        .map_err(|e: FileError| failed(&e))?;
        Ok(stale)
    }

    /// Removes a stale file, and the directory that is empty then.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub fn remove(&self, difference: &Difference) -> Result<(), Box<Diagnostic>> {
        let path = self.root.join(&difference.file).map_err(|e| failed(&e))?;
        fs::remove_file(&path).map_err(|e| failed(&FileError::io("remove", &path, e)))?;
        if let Some(directory) = path.parent() {
            // One that is not empty stays.
            let _ = fs::remove_dir(directory);
        }
        Ok(())
    }

    fn read(&self, file: &str) -> Result<Option<String>, Box<Diagnostic>> {
        match self.root.read(file, MAX_RENDER_BYTES) {
            // What is not UTF-8 differs from everything that is rendered.
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(failed(&e)),
        }
    }
}

fn in_directory(name: &str) -> String {
    format!("{DIRECTORY}/{name}")
}

fn failed(error: &FileError) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(error.to_string()))
}
