//! The overlays of a fleet.

use std::collections::BTreeSet;
use std::path::Path;

use super::discover::{Place, SETTINGS_FILE, locate};
use super::repository::join;
use super::{OVERLAYS, values};
use crate::diag::Diagnostic;

/// Finds what `path` stands for: itself if it is an overlay, else all overlays below it, which are
/// the highest directories below an `overlays/` that hold values or settings.
///
/// # Errors
///
/// What [`locate`] refuses; a directory without overlays.
pub fn overlays(path: &Path, boundary: Option<&Path>) -> Result<Vec<Place>, Box<Diagnostic>> {
    let place = locate(path, boundary)?;
    let repository = &place.repository;
    let has = |name: &str| repository.is_file(&join(&place.overlay, name));
    let is_root = place.fleet.as_deref() == Some(&place.overlay);
    if has(values::DEFAULT_FILE) || (has(SETTINGS_FILE) && !is_root) {
        return Ok(vec![place]);
    }
    let mut found = BTreeSet::new();
    for file in repository.files(&place.overlay)? {
        let (above, name) = file.rsplit_once('/').unwrap_or(("", &file));
        let mut higher = above.split('/').rev().skip(1);
        let fits = name == values::DEFAULT_FILE || name == SETTINGS_FILE;
        if fits && higher.any(|part| part == OVERLAYS) {
            found.insert(join(&place.overlay, above));
        }
    }
    let mut places: Vec<Place> = Vec::new();
    for overlay in found {
        let is_below = |place: &Place| {
            let rest = overlay.strip_prefix(&place.overlay);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        // In byte order `a-b` comes between `a` and `a/b`, so the last one alone is not enough.
        if !places.iter().rev().any(is_below) {
            places.push(Place {
                overlay,
                ..place.clone()
            });
        }
    }
    if places.is_empty() {
        let problem = Diagnostic::error(format!("there are no overlays in `{}`", path.display()));
        return Err(Box::new(problem.hint(
            "an overlay is a directory below `overlays/` with a `values.yaml`",
        )));
    }
    Ok(places)
}
