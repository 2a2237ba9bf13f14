//! Finding the overlays of a fleet.
//!
//! A directory that holds `values.yaml` is an overlay, and so is one that holds only
//! `jenkins-cmp.yaml` when no overlay lies below it (else these are settings for those below).
//! Nothing is searched in bases (a directory called `base`, or named by a `bases:` setting), in
//! charts (a directory with a `Chart.yaml`, or called `charts`), in what overlays and fleets are
//! made of (`jobs`, `casc`, `manifests`, `patches`, `golden`), in hidden directories, and behind
//! symbolic links.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::values::DEFAULT_FILE;
use crate::app::{self, Repository, SETTINGS_FILE, join};
use crate::diag::Diagnostic;
use crate::files::FileError;
use crate::limits::MAX_FLEET_DIRECTORIES;

/// Directories that hold no overlays, by their names.
const OTHERS: [&str; 7] = [
    "base",
    "charts",
    "jobs",
    "casc",
    "manifests",
    "patches",
    "golden",
];

/// The directory whose name is left out of names of files.
const OVERLAYS: &str = "overlays/";

/// The overlays of one fleet.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The fleet's root; without a fleet the directory that was searched.
    pub root: Arc<PathBuf>,
    /// All overlays, in the order of their paths.
    pub members: Vec<Member>,
}

/// One overlay of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The fleet's root.
    pub root: Arc<PathBuf>,
    /// The path from there, with `/` between its parts; empty for the root itself.
    pub path: String,
    /// What tells its fleet from others that are at work; empty if there are none.
    pub fleet: String,
}

impl Member {
    /// The overlay's directory.
    pub fn directory(&self) -> PathBuf {
        self.root.join(&self.path)
    }

    /// What its files are called within its fleet, without an extension: its path without a leading
    /// `overlays/`.
    pub fn stem(&self) -> String {
        let path = self.path.strip_prefix(OVERLAYS).unwrap_or(&self.path);
        if !path.is_empty() {
            return path.to_owned();
        }
        let name = self.root.file_name().and_then(|name| name.to_str());
        name.unwrap_or("overlay").to_owned()
    }

    /// What its file is called among those of several fleets.
    pub fn file_stem(&self) -> String {
        self.in_fleet(self.stem())
    }

    /// What people call it: the path, or the name of the fleet's root.
    pub fn label(&self) -> String {
        match self.path.as_str() {
            "" => self.file_stem(),
            path => self.in_fleet(path.to_owned()),
        }
    }

    fn in_fleet(&self, name: String) -> String {
        match (self.fleet.as_str(), self.path.as_str()) {
            ("", _) => name,
            // Its directory is the fleet's root, whose name ends in that already.
            (fleet, "") => fleet.to_owned(),
            (fleet, _) => join(fleet, &name),
        }
    }
}

/// Where an overlay whose files are called `stem` would be in its fleet.
pub fn path_of(stem: &str) -> String {
    format!("{OVERLAYS}{stem}")
}

/// Finds all overlays of the fleet around the directory `path`, or of the fleets below it.
///
/// `boundary` is as for [`app::locate`]. Overlays below `path` that belong to no fleet are taken for
/// one whose root is `path`.
///
/// # Errors
///
/// `path` is not a directory, a directory cannot be read, there are too many.
pub fn find(path: &Path, boundary: Option<&Path>) -> Result<Vec<Fleet>, Box<Diagnostic>> {
    let place = app::locate(path, boundary)?;
    let top = place.fleet.as_ref().unwrap_or(&place.overlay);
    let mut search = Search::new();
    search.run(&place.repository, top)?;
    let mut fleets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let overlays = search.overlays();
    for overlay in &overlays {
        let root = search.root(overlay).unwrap_or(top);
        let members = fleets.entry(root).or_default();
        members.push(below(overlay, root));
    }
    let found = fleets.into_iter().map(|(root, paths)| {
        let root = Arc::new(place.repository.root().path().join(root));
        let member = |path| Member {
            root: root.clone(),
            path,
            fleet: String::new(),
        };
        Fleet {
            members: paths.into_iter().map(member).collect(),
            root: root.clone(),
        }
    });
    Ok(found.collect())
}

/// The overlay in the directory `path`, without a search.
///
/// # Errors
///
/// `path` is not a directory.
pub fn at(path: &Path, boundary: Option<&Path>) -> Result<Member, Box<Diagnostic>> {
    let place = app::locate(path, boundary)?;
    let top = place.fleet.as_ref().unwrap_or(&place.overlay);
    Ok(Member {
        root: Arc::new(place.repository.root().path().join(top)),
        path: below(&place.overlay, top),
        fleet: String::new(),
    })
}

/// The overlays of `fleets` at and below the directory `path`; `..` and links in it are resolved.
///
/// # Errors
///
/// `path` is not a directory, or there is no overlay.
pub fn within(fleets: &[Fleet], path: &Path) -> Result<Vec<Member>, Box<Diagnostic>> {
    let directory = path
        .canonicalize()
        .map_err(|e| Diagnostic::error(FileError::io("open", path, e).to_string()))?;
    let members = fleets.iter().flat_map(|fleet| &fleet.members);
    let within: Vec<Member> = members
        .filter(|member| member.directory().starts_with(&directory))
        .cloned()
        .collect();
    if within.is_empty() {
        let problem = Diagnostic::error(format!("no overlay below `{}`", path.display()));
        return Err(Box::new(problem.hint(format!(
            "an overlay is a directory with a `{DEFAULT_FILE}` or a `{SETTINGS_FILE}`"
        ))));
    }
    Ok(within)
}

/// What tells fleets apart by their roots: the paths from the directory above all of them, or
/// nothing if there is only one.
pub fn names<'r>(roots: impl Iterator<Item = &'r Path>) -> BTreeMap<PathBuf, String> {
    let roots: BTreeSet<&Path> = roots.collect();
    let mut above = roots.first().copied().unwrap_or(Path::new(""));
    while let Some(parent) = above.parent() {
        if roots.iter().all(|root| root.starts_with(above)) {
            break;
        }
        above = parent;
    }
    let name = |root: &Path| {
        let inside = root.strip_prefix(above).unwrap_or(root);
        inside.to_string_lossy().into_owned()
    };
    roots
        .into_iter()
        .map(|root| (root.to_owned(), name(root)))
        .collect()
}

/// What a search has seen; all paths start at the top of the repository.
struct Search {
    with_values: BTreeSet<String>,
    with_settings: BTreeSet<String>,
    bases: BTreeSet<String>,
    /// Most directories that are looked into.
    max_directories: usize,
}

impl Search {
    fn new() -> Search {
        Search {
            with_values: BTreeSet::new(),
            with_settings: BTreeSet::new(),
            bases: BTreeSet::new(),
            max_directories: MAX_FLEET_DIRECTORIES,
        }
    }

    fn run(&mut self, repository: &Repository, top: &str) -> Result<(), Box<Diagnostic>> {
        let max = self.max_directories;
        let mut todo = vec![top.to_owned()];
        let mut n_directories = 0;
        while let Some(directory) = todo.pop() {
            n_directories += 1;
            if n_directories > max {
                let problem = format!("the fleet has more than {max} directories");
                return Err(Box::new(Diagnostic::error(problem).hint(
                    "put the overlays into a directory of their own and name that",
                )));
            }
            let below = self.look(repository, &directory)?;
            todo.extend(below);
        }
        Ok(())
    }

    /// Notes what `directory` holds; gives the directories in it that are searched next.
    fn look(
        &mut self,
        repository: &Repository,
        directory: &str,
    ) -> Result<Vec<String>, Box<Diagnostic>> {
        let path = repository.root().path().join(directory);
        let failed = |e| Diagnostic::error(FileError::io("open", &path, e).to_string());
        let mut below = Vec::new();
        let (mut values, mut settings) = (false, false);
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A name that is not UTF-8 belongs to no overlay.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = entry.file_type().map_err(failed)?;
            match name.as_str() {
                "Chart.yaml" => return Ok(Vec::new()),
                DEFAULT_FILE => values |= !kind.is_dir(),
                SETTINGS_FILE => settings |= !kind.is_dir(),
                name if kind.is_dir() && !name.starts_with('.') && !OTHERS.contains(&name) => {
                    below.push(join(directory, name));
                }
                _ => {}
            }
        }
        if values {
            self.with_values.insert(directory.to_owned());
        }
        if settings {
            self.with_settings.insert(directory.to_owned());
            self.bases.extend(app::named_bases(repository, directory));
        }
        Ok(below)
    }

    /// The overlays.
    fn overlays(&self) -> Vec<String> {
        let bases = &self.bases;
        let is_base = |path: &String| {
            let above = path.match_indices('/').map(|(at, _)| &path[..at]);
            above
                .chain([path.as_str()])
                .any(|path| bases.contains(path))
        };
        let mut overlays = self.with_values.clone();
        overlays.retain(|path| !is_base(path));
        // From the last path to the first, whatever lies below a directory has been decided.
        for path in self.with_settings.iter().rev() {
            let prefix = join(path, "");
            let mut after = overlays.range(prefix.clone()..);
            let next = after.find(|other| *other != path);
            let has_below = next.is_some_and(|next| path.is_empty() || next.starts_with(&prefix));
            if !has_below && !is_base(path) {
                overlays.insert(path.clone());
            }
        }
        overlays.into_iter().collect()
    }

    /// The root of the fleet that `overlay` belongs to: the highest directory with settings at or
    /// above it.
    fn root(&self, overlay: &str) -> Option<&str> {
        let parts = overlay.match_indices('/').map(|(at, _)| &overlay[..at]);
        let mut above = [""].into_iter().chain(parts).chain([overlay]);
        above.find_map(|path| self.with_settings.get(path).map(String::as_str))
    }
}

/// `path` as seen from `top`, which lies above it.
fn below(path: &str, top: &str) -> String {
    path[top.len()..].trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlays(values: &[&str], settings: &[&str], bases: &[&str]) -> Vec<String> {
        let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        let search = Search {
            with_values: set(values),
            with_settings: set(settings),
            bases: set(bases),
            ..Search::new()
        };
        search.overlays()
    }

    #[test]
    fn fleets_are_told_apart_by_what_differs_in_their_paths() {
        let named = |roots: &[&str]| -> Vec<String> {
            names(roots.iter().map(Path::new)).into_values().collect()
        };
        assert_eq!(named(&["/r/a"]), [""]);
        assert_eq!(named(&["/r/x/a", "/r/y"]), ["x/a", "y"]);
        assert_eq!(named(&["/r", "/r/y"]), ["", "y"]);
        assert_eq!(named(&[]), [""; 0]);
    }

    #[test]
    fn settings_alone_make_an_overlay_only_without_overlays_below() {
        assert_eq!(overlays(&["o/a"], &["", "o", "o/b"], &[]), ["o/a", "o/b"]);
        assert_eq!(overlays(&[], &[""], &[]), [""]);
        assert_eq!(overlays(&["a", "a/b"], &["a"], &[]), ["a", "a/b"]);
        assert_eq!(overlays(&["a-b"], &["a"], &[]), ["a", "a-b"]);
    }

    #[test]
    fn the_number_of_directories_is_bounded() {
        let top = std::env::temp_dir().join(format!("fleet-bounded-{}", std::process::id()));
        fs::create_dir_all(top.join("a/b")).unwrap();
        let repository = Repository::open(&top).unwrap();
        let mut search = Search::new();
        assert_eq!(search.max_directories, MAX_FLEET_DIRECTORIES);
        search.max_directories = 3;
        let edge = search.run(&repository, "");
        search.max_directories = 2;
        let beyond = search.run(&repository, "");
        fs::remove_dir_all(&top).unwrap();
        assert!(edge.is_ok());
        assert_eq!(
            beyond.unwrap_err().message,
            "the fleet has more than 2 directories"
        );
    }

    #[test]
    fn bases_are_none() {
        let found = overlays(&["common", "common/x", "o"], &["common"], &["common"]);
        assert_eq!(found, ["o"]);
    }
}
