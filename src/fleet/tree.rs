//! A directory of rendered overlays, one file each.
//!
//! What has been written there is remembered with its hash, so that a file goes when its overlay
//! does, and a file of somebody else stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::diag::Diagnostic;
use crate::files::{FileError, Root, write_whole};
use crate::limits::{MAX_OVERLAY_FILE_BYTES, MAX_RENDER_BYTES};

/// The file that lists what has been written, in the format of sha256sum.
const LIST: &str = ".jenkins-cmp.sha256";

/// A directory that holds one file for each overlay.
#[derive(Debug)]
pub struct OutputTree {
    root: Root,
    written: BTreeMap<String, String>,
}

impl OutputTree {
    /// Opens the directory `path`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// The directory cannot be made or read.
    pub fn open(path: &Path) -> Result<OutputTree, FileError> {
        fs::create_dir_all(path).map_err(|e| FileError::io("mkdir", path, e))?;
        let root = Root::new(path)?;
        let list = match root.read(LIST, MAX_OVERLAY_FILE_BYTES) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(e) if e.is_not_found() => String::new(),
            Err(e) => return Err(e),
        };
        let entry = |line: &str| {
            let (hash, name) = line.split_once("  ")?;
            Some((name.to_owned(), hash.to_owned()))
        };
        Ok(OutputTree {
            root,
            written: list.lines().filter_map(entry).collect(),
        })
    }

    /// Writes the file `name`, complete or not at all; gives its hash for [`OutputTree::finish`].
    ///
    /// # Errors
    ///
    /// A name or a link that leads outside, a disk that is full.
    pub fn write(&self, name: &str, text: &str) -> Result<String, FileError> {
        let path = self.root.join(name)?;
        let directory = path.parent().unwrap_or(self.root.path());
        fs::create_dir_all(directory).map_err(|e| FileError::io("mkdir", directory, e))?;
        // An unchanged file keeps its time, and nobody who watches it wakes up.
        let is_same = self.root.read(name, text.len() as u64);
        if !is_same.is_ok_and(|old| old == text.as_bytes()) {
            write_whole(&path, text.as_bytes())?;
        }
        Ok(hash(text.as_bytes()))
    }

    /// Remembers the files just written and removes those written before that are none of `known`
    /// and have not been changed since; gives the names of the removed ones. Without `known` all stay.
    ///
    /// # Errors
    ///
    /// The list cannot be written.
    pub fn finish(
        mut self,
        new: impl IntoIterator<Item = (String, String)>,
        known: Option<&BTreeSet<String>>,
    ) -> Result<Vec<String>, Box<Diagnostic>> {
        self.written.extend(new);
        let (kept, stale): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.written)
            .into_iter()
            .partition(|(name, _)| known.is_none_or(|known| known.contains(name)));
        let mut removed = Vec::new();
        for (name, old) in stale {
            let content = self.root.read(&name, MAX_RENDER_BYTES);
            let is_ours = content.is_ok_and(|content| hash(&content) == old);
            if is_ours && self.remove(&name) {
                removed.push(name);
            }
        }
        let mut list = String::new();
        for (name, hash) in kept {
            let _ = writeln!(list, "{hash}  {name}");
        }
        write_whole(&self.root.path().join(LIST), list.as_bytes())
            .map_err(|e| Diagnostic::error(e.to_string()))?;
        Ok(removed)
    }

    /// Removes a file, and directories that are empty then.
    fn remove(&self, name: &str) -> bool {
        let Ok(path) = self.root.join(name) else {
            return false;
        };
        if fs::remove_file(&path).is_err() {
            return false;
        }
        let above = path.ancestors().skip(1);
        for directory in above.take_while(|above| *above != self.root.path()) {
            // One that is not empty stays, and so do those above it.
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
        true
    }
}

fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
