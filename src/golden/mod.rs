//! Golden files: what each overlay rendered to when somebody last looked at it.
//!
//! In: the output of an overlay, the fleet's root. Out: the files below `golden/` that differ, with
//! a difference to read, in which secrets are fingerprints; or those files, written whole. Refused:
//! names and links that lead out of `golden/`.

mod layout;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

pub use layout::{files, owner};
pub use text::unified;

use crate::app::join;
use crate::diag::Diagnostic;
use crate::files::{FileError, Links, Next, Root, walk, write_whole};
use crate::limits::MAX_RENDER_BYTES;
use crate::report::{Fingerprints, visible_stream};

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

impl Difference {
    /// The file `name` below `golden/` belongs to nothing that is rendered.
    pub fn stale(name: &str) -> Difference {
        Difference {
            file: in_directory(name),
            what: What::Stale,
        }
    }
}

/// A difference and its text.
pub type Shown = (Difference, String);

/// The golden files of a fleet.
#[derive(Debug)]
pub struct Golden {
    root: Root,
    /// What goes before the files' paths where there are several fleets.
    fleet: String,
}

impl Golden {
    /// Opens those of the fleet at `root`, which `fleet` tells from others in what is shown.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub fn open(root: &Path, fleet: &str) -> Result<Golden, Box<Diagnostic>> {
        Ok(Golden {
            root: Root::new(root).map_err(|e| failed(&e))?,
            fleet: fleet.to_owned(),
        })
    }

    /// What people call the `file` of a difference.
    pub fn shown(&self, file: &str) -> String {
        join(&self.fleet, file)
    }

    /// Compares the `files` of one overlay with those on disk; gives what differs.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub fn compare(
        &self,
        files: &Files,
        prints: &Fingerprints,
    ) -> Result<Vec<Shown>, Box<Diagnostic>> {
        let mut differences = Vec::new();
        for (name, new) in files {
            let file = in_directory(name);
            let old = self.read(&file)?;
            let what = match &old {
                None => What::Missing,
                Some(old) if old == new => continue,
                Some(_) => What::Changed,
            };
            let masked = |text: &str| visible_stream(prints, text);
            let old = masked(old.as_deref().unwrap_or_default());
            let text = unified(&self.shown(&file), &old, &masked(new));
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

    /// The golden files on disk, below `golden/`.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub fn names(&self) -> Result<Vec<String>, Box<Diagnostic>> {
        names_in(&self.root, DIRECTORY)
    }

    /// The overlays besides `known` that golden files on disk are of.
    ///
    /// # Errors
    ///
    /// The directory or a file cannot be read.
    pub fn other_stems(
        &self,
        known: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Box<Diagnostic>> {
        let mut stems = BTreeSet::new();
        for name in self.names()? {
            if owner(&name, known).is_none() {
                let text = self.read(&in_directory(&name))?.unwrap_or_default();
                stems.insert(layout::stem_of(&name, &text));
            }
        }
        Ok(stems)
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

/// The overlays that the files of a directory with one `<overlay>.yaml` each are of.
///
/// # Errors
///
/// The directory cannot be read.
pub fn stems_in(directory: &Path) -> Result<BTreeSet<String>, Box<Diagnostic>> {
    let root = Root::new(directory).map_err(|e| failed(&e))?;
    let names = names_in(&root, "")?.into_iter();
    let stem = |name: String| name.strip_suffix(EXTENSION).map(str::to_owned);
    Ok(names.filter_map(stem).collect())
}

/// The YAML files below the directory `top` of `root`.
fn names_in(root: &Root, top: &str) -> Result<Vec<String>, Box<Diagnostic>> {
    let top = root.join(top).map_err(|e| failed(&e))?;
    let mut names = Vec::new();
    if !top.is_dir() {
        return Ok(names);
    }
    walk(&top, Links::Within(root), |found| {
        if found.metadata.is_file() && found.name.ends_with(EXTENSION) {
            names.push(found.name.to_owned());
        }
        Ok(Next::Enter)
    })
    .map_err(|e: FileError| failed(&e))?;
    Ok(names)
}

fn in_directory(name: &str) -> String {
    format!("{DIRECTORY}/{name}")
}

fn failed(error: &FileError) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_files_are_refused() {
        let top = std::env::temp_dir().join(format!("golden-large-{}", std::process::id()));
        fs::create_dir_all(&top).unwrap();
        let golden = Golden::open(&top, "").unwrap();
        let file = fs::File::create(top.join("f")).unwrap();
        file.set_len(MAX_RENDER_BYTES + 1).unwrap();
        let error = golden.read("f").unwrap_err().message;
        fs::remove_dir_all(&top).unwrap();
        let bound = format!("is larger than {MAX_RENDER_BYTES} bytes");
        assert!(error.contains(&bound), "{error}");
    }
}
