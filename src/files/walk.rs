//! Walking a directory in Helm's order: depth first, the entries of each directory in byte order
//! of their names, symbolic links followed.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use super::{FileError, Root};
use crate::limits::MAX_TREE_FILES;

/// Where symbolic links may lead.
#[derive(Clone, Copy, Debug)]
pub enum Links<'a> {
    /// Anywhere, as Helm lets them.
    Anywhere,
    /// Nowhere outside of a root.
    Within(&'a Root),
}

impl Links<'_> {
    /// Refuses a path that resolves to somewhere else than allowed; a missing one is for the
    /// caller to notice.
    pub(crate) fn check(&self, path: &Path) -> Result<(), FileError> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => resolve_link(path, *self).map(drop),
            _ => Ok(()),
        }
    }
}

/// An entry of the tree: a file or a directory, links resolved.
#[derive(Debug)]
pub struct Found<'a> {
    /// The path below the top, with `/` between its parts.
    pub name: &'a str,
    /// The path on disk.
    pub path: &'a Path,
    /// What it is (of a link: its target).
    pub metadata: &'a Metadata,
    /// Where a symbolic link leads.
    pub link: Option<&'a Path>,
}

/// Whether the walk goes on below a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    Enter,
    /// Leave this directory out; means nothing for files.
    Skip,
}

/// Calls `visit` for everything below `top`, but not for `top` itself.
///
/// # Errors
///
/// A broken, looping or escaping link, a name that is not UTF-8, too many entries, a failing
/// system call, or whatever `visit` returns.
pub fn walk<E: From<FileError>>(
    top: &Path,
    links: Links<'_>,
    visit: impl FnMut(Found<'_>) -> Result<Next, E>,
) -> Result<(), E> {
    walk_within(top, links, MAX_TREE_FILES, visit)
}

/// Walks over at most `max` entries.
pub(super) fn walk_within<E: From<FileError>>(
    top: &Path,
    links: Links<'_>,
    max: usize,
    mut visit: impl FnMut(Found<'_>) -> Result<Next, E>,
) -> Result<(), E> {
    let mut entries = WalkDir::new(top)
        .min_depth(1)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter();
    let mut n_entries = 0;
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|e| walk_error(top, e))?;
        n_entries += 1;
        if n_entries > max {
            return Err(E::from(FileError::TooMany {
                path: top.to_owned(),
                max,
            }));
        }
        let path = entry.path();
        let name = relative_name(top, path)?;
        let metadata = entry.metadata().map_err(|e| walk_error(top, e))?;
        let link = if entry.path_is_symlink() {
            Some(resolve_link(path, links)?)
        } else {
            None
        };
        let next = visit(Found {
            name: &name,
            path,
            metadata: &metadata,
            link: link.as_deref(),
        })?;
        if next == Next::Skip && metadata.is_dir() {
            entries.skip_current_dir();
        }
    }
    Ok(())
}

fn relative_name(top: &Path, path: &Path) -> Result<String, FileError> {
    let below = path.strip_prefix(top).unwrap_or(path);
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    match parts {
        Some(parts) => Ok(parts.join("/")),
        None => Err(FileError::NotUtf8(path.to_owned())),
    }
}

fn resolve_link(link: &Path, links: Links<'_>) -> Result<PathBuf, FileError> {
    let target = fs::canonicalize(link).map_err(|e| broken_link(link, e))?;
    match links {
        Links::Within(root) if !target.starts_with(root.path()) => Err(FileError::Outside {
            path: link.to_owned(),
            root: root.path().to_owned(),
        }),
        _ => Ok(target),
    }
}

fn walk_error(top: &Path, error: walkdir::Error) -> FileError {
    let path = error.path().unwrap_or(top).to_owned();
    if error.loop_ancestor().is_some() {
        return FileError::Loop(path);
    }
    let source = error
        .into_io_error()
        .unwrap_or_else(|| io::Error::other("walk failed"));
    if path.is_symlink() {
        broken_link(&path, source)
    } else {
        FileError::io("open", path, source)
    }
}

fn broken_link(link: &Path, source: io::Error) -> FileError {
    FileError::BrokenLink {
        link: link.to_owned(),
        target: failing_part(link),
        source,
    }
}

/// The first part on the way to a link's target that is not there, which Go's message names.
fn failing_part(link: &Path) -> Option<PathBuf> {
    const MAX_LINKS: usize = 255;
    let owned = |path: &Path| -> VecDeque<OsString> { path.iter().map(OsString::from).collect() };
    let mut n_links = 0;
    let mut rest = owned(link);
    let mut at = PathBuf::new();
    while let Some(part) = rest.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::ParentDir) => {
                at.pop();
                continue;
            }
            Some(Component::CurDir) | None => continue,
            _ => at.push(&part),
        }
        let Ok(metadata) = fs::symlink_metadata(&at) else {
            return Some(at);
        };
        if metadata.is_symlink() {
            n_links += 1;
            if n_links > MAX_LINKS {
                return None;
            }
            let target = fs::read_link(&at).ok()?;
            at.pop();
            let mut all = owned(&target);
            all.append(&mut rest);
            rest = all;
        }
    }
    None
}
