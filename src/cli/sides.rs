//! The two sides of `diff`: overlays of the work tree, and what they are compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::exit::Error;
use super::git::Checkout;
use super::render;
use crate::app::{self, Flags};
use crate::render::HelmCharts;

/// The directory whose children are overlays, by custom.
const OVERLAYS: &str = "overlays";

/// The largest rendered file that is read.
const MAX_FILE_BYTES: u64 = crate::limits::MAX_OUTPUT_BYTES;

/// What the work tree is compared with.
#[derive(Debug)]
pub(super) enum Sides {
    /// A git revision.
    Revision(Checkout),
    /// A directory of rendered overlays.
    Files(PathBuf),
    /// The fleet's own `golden/`.
    Golden,
}

impl Sides {
    /// Compares with a revision.
    pub(super) fn revision(checkout: Checkout) -> Sides {
        Sides::Revision(checkout)
    }

    /// Compares with rendered files; `golden` stands for the fleet's own unless it is a directory.
    ///
    /// # Errors
    ///
    /// There is no such directory.
    pub(super) fn files(directory: &Path) -> Result<Sides, Error> {
        if directory.is_dir() {
            Ok(Sides::Files(directory.to_owned()))
        } else if directory == Path::new("golden") {
            Ok(Sides::Golden)
        } else {
            let shown = directory.display();
            Err(Error::input(format!(
                "`--against {shown}` is not a directory"
            )))
        }
    }

    /// The overlays at or below `path` on either side, as paths of the work tree.
    ///
    /// # Errors
    ///
    /// The path is on neither side, or cannot be read.
    pub(super) fn overlays(&self, path: &Path) -> Result<Vec<PathBuf>, Error> {
        let absolute = std::path::absolute(path).map_err(|e| failed(path, &e))?;
        let absolute = match existing(&absolute).canonicalize() {
            Ok(real) => real.join(absolute.strip_prefix(existing(&absolute)).unwrap_or(path)),
            Err(_) => absolute,
        };
        let mut found = Vec::new();
        if absolute.is_dir() {
            found.extend(below(&absolute)?);
        }
        if let Sides::Revision(checkout) = self
            && let Some(other) = self.there(&absolute).filter(|other| other.is_dir())
        {
            let home = |path: PathBuf| {
                let inside = path.strip_prefix(checkout.tree()).map(Path::to_owned);
                inside.map_or(path, |inside| checkout.top.join(inside))
            };
            let below = below(&other)?;
            if found.is_empty() || below != [other] {
                found.extend(below.into_iter().map(home));
            }
        }
        if found.is_empty() {
            return Err(Error::input(format!(
                "`{}` is not a directory",
                path.display()
            )));
        }
        Ok(found)
    }

    /// The overlays with their names: the short ones where they tell them apart.
    pub(super) fn named(&self, overlays: &BTreeSet<PathBuf>) -> Vec<(PathBuf, String)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for overlay in overlays {
            *counts.entry(name(overlay)).or_default() += 1;
        }
        let shown = |overlay: &PathBuf| {
            let short = name(overlay);
            if counts.get(&short) == Some(&1) {
                return short;
            }
            let top = match self {
                Sides::Revision(checkout) => checkout.top.as_path(),
                _ => Path::new("/"),
            };
            let long = overlay.strip_prefix(top).unwrap_or(overlay);
            long.display().to_string()
        };
        overlays
            .iter()
            .map(|overlay| (overlay.clone(), shown(overlay)))
            .collect()
    }

    /// The stream of an overlay before the change; nothing if it did not exist.
    ///
    /// # Errors
    ///
    /// It cannot be rendered or read.
    pub(super) fn before(
        &self,
        overlay: &Path,
        environment: &BTreeMap<String, String>,
        flags: &Flags,
    ) -> Result<Option<String>, String> {
        match self {
            Sides::Revision(checkout) => match self.there(overlay) {
                Some(there) => stream(&there, Some(&checkout.tree()), environment, flags),
                None => Err("the overlay lies outside of the repository".to_owned()),
            },
            Sides::Files(directory) => read(&directory.join(file_name(overlay))),
            Sides::Golden => {
                let place = app::locate(overlay, None).map_err(|e| format!("{e:#}"))?;
                let fleet = place
                    .fleet
                    .ok_or("without a jenkins-cmp.yaml there is no golden/")?;
                let root = place.repository.root().path().join(fleet);
                read(&root.join("golden").join(file_name(overlay)))
            }
        }
    }

    /// The stream of an overlay in the work tree; nothing if it does not exist.
    ///
    /// # Errors
    ///
    /// It cannot be rendered.
    pub(super) fn after(
        &self,
        overlay: &Path,
        environment: &BTreeMap<String, String>,
        flags: &Flags,
    ) -> Result<Option<String>, String> {
        let boundary = match self {
            Sides::Revision(checkout) => Some(checkout.top.as_path()),
            Sides::Files(_) | Sides::Golden => None,
        };
        stream(overlay, boundary, environment, flags)
    }

    /// Where a path of the work tree is in the revision.
    fn there(&self, path: &Path) -> Option<PathBuf> {
        match self {
            Sides::Revision(checkout) => {
                let inside = path.strip_prefix(&checkout.top).ok()?;
                Some(checkout.tree().join(inside))
            }
            Sides::Files(_) | Sides::Golden => None,
        }
    }
}

/// The nearest directory at or above `path` that exists.
pub(super) fn existing(path: &Path) -> &Path {
    let mut above = path.ancestors();
    let found = above.find(|path| path.is_dir());
    found.unwrap_or(Path::new("."))
}

/// The overlays below a directory, the topmost ones under a directory `overlays`; the directory
/// itself if there are none.
fn below(top: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut open = vec![top.to_owned()];
    while let Some(directory) = open.pop() {
        let inside = directory.strip_prefix(top.parent().unwrap_or(top));
        let mut above = inside.unwrap_or(&directory).iter().rev().skip(1);
        if above.any(|part| part == OVERLAYS) && is_overlay(&directory) {
            found.push(directory);
            continue;
        }
        for entry in fs::read_dir(&directory).map_err(|e| failed(&directory, &e))? {
            let entry = entry.map_err(|e| failed(&directory, &e))?;
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if is_directory && !hidden {
                open.push(entry.path());
            }
        }
    }
    if found.is_empty() {
        found.push(top.to_owned());
    }
    found.sort();
    Ok(found)
}

fn is_overlay(directory: &Path) -> bool {
    ["values.yaml", app::SETTINGS_FILE]
        .iter()
        .any(|name| directory.join(name).is_file())
}

/// The overlay's name: the directory's below `overlays/`, else its own.
fn name(overlay: &Path) -> String {
    let parts: Vec<_> = overlay.iter().collect();
    let at = parts.iter().rposition(|part| *part == OVERLAYS);
    let part = at.and_then(|at| parts.get(at + 1)).or(parts.last());
    part.map(|part| part.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn file_name(overlay: &Path) -> String {
    format!("{}.yaml", name(overlay))
}

fn stream(
    overlay: &Path,
    boundary: Option<&Path>,
    environment: &BTreeMap<String, String>,
    flags: &Flags,
) -> Result<Option<String>, String> {
    if !is_overlay(overlay) {
        return Ok(None);
    }
    let place = app::locate(overlay, boundary).map_err(|e| format!("{e:#}"))?;
    let charts = HelmCharts::new(&render::stand_ins);
    let output = crate::render::render(place, environment, flags, &charts);
    output
        .map(|output| Some(output.stream))
        .map_err(|e| format!("{e:#}"))
}

fn read(path: &Path) -> Result<Option<String>, String> {
    let problem = |e: std::io::Error| format!("failed to read `{}`: {e}", path.display());
    match fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(problem(e)),
        Ok(data) if data.len() > MAX_FILE_BYTES => {
            return Err(format!("`{}` is too large", path.display()));
        }
        Ok(_) => {}
    }
    fs::read_to_string(path).map(Some).map_err(problem)
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::input(format!("failed to read `{}`: {error}", path.display()))
}
