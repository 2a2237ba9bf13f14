//! Finding the repository and the fleet that an overlay belongs to.

use std::path::{Path, PathBuf};

use super::repository::Repository;
use crate::diag::Diagnostic;

/// The name of the settings file.
pub const SETTINGS_FILE: &str = "jenkins-cmp.yaml";

/// Where an overlay is.
#[derive(Debug, Clone)]
pub struct Place {
    /// The repository around it.
    pub repository: Repository,
    /// The overlay's directory in the repository.
    pub overlay: String,
    /// The directory of the fleet's settings file in the repository, if there is one.
    pub fleet: Option<String>,
}

/// Finds the repository and the fleet around the directory `overlay`.
///
/// The search climbs as far as `boundary`, a directory with `.git`, or the top of the file system.
/// The fleet's root is the highest directory on the way that has a `jenkins-cmp.yaml`. Without
/// `boundary` and `.git` the repository is the fleet; without a fleet it reaches up to the nearest
/// `base/` and `charts/`.
///
/// # Errors
///
/// `overlay` is not a directory, or lies outside of `boundary`.
pub fn locate(overlay: &Path, boundary: Option<&Path>) -> Result<Place, Box<Diagnostic>> {
    let directory = existing(overlay)?;
    let boundary = boundary.map(existing).transpose()?;
    if let Some(boundary) = boundary.as_ref().filter(|b| !directory.starts_with(b)) {
        return Err(Box::new(Diagnostic::error(format!(
            "`{}` lies outside of `{}`",
            overlay.display(),
            boundary.display()
        ))));
    }
    let is_top = |path: &Path| match &boundary {
        Some(boundary) => path == boundary,
        None => path.join(".git").exists(),
    };
    let mut fleet = None;
    let mut top = None;
    for path in directory.ancestors() {
        if path.join(SETTINGS_FILE).is_file() {
            fleet = Some(path);
        }
        if is_top(path) {
            top = Some(path);
            break;
        }
    }
    let top = top.or(fleet).unwrap_or_else(|| article_top(&directory));
    Ok(Place {
        repository: Repository::open(top)?,
        overlay: below(top, &directory)?,
        fleet: fleet.map(|fleet| below(top, fleet)).transpose()?,
    })
}

/// The higher of the directories that hold the nearest `base/` and the nearest `charts/`.
fn article_top(directory: &Path) -> &Path {
    let nearest = |name: &str| {
        let mut holders = directory.ancestors();
        holders.find(|path| path.join(name).is_dir())
    };
    [nearest("base"), nearest("charts")]
        .into_iter()
        .flatten()
        .min_by_key(|path| path.as_os_str().len())
        .unwrap_or(directory)
}

fn existing(path: &Path) -> Result<PathBuf, Box<Diagnostic>> {
    match path.canonicalize() {
        Ok(path) if path.is_dir() => Ok(path),
        _ => Err(Box::new(Diagnostic::error(format!(
            "`{}` is not a directory",
            path.display()
        )))),
    }
}

fn below(top: &Path, path: &Path) -> Result<String, Box<Diagnostic>> {
    let relative = path.strip_prefix(top).unwrap_or(path);
    let parts: Option<Vec<&str>> = relative.iter().map(|part| part.to_str()).collect();
    let parts = parts
        .ok_or_else(|| Diagnostic::error(format!("the name `{}` is not UTF-8", path.display())))?;
    Ok(parts.join("/"))
}
