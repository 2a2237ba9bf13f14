//! Which directories are overlays, told from their files alone.

use std::path::Path;

use crate::app::{self, Place, SETTINGS_FILE, values::DEFAULT_FILE};
use crate::files::FileError;

/// Files of directories that belong to another tool.
const FOREIGN: [&str; 4] = [
    "Chart.yaml",
    "kustomization.yaml",
    "kustomization.yml",
    "Kustomization",
];

/// The name of a directory of defaults.
const BASE: &str = "base";

/// Says whether the directory at `place` is an overlay.
///
/// In a fleet that is a directory with a `values.yaml` or a `jenkins-cmp.yaml`, other than a base
/// or one that only holds what the overlays below it share. Outside of a fleet it is a directory
/// with a `values.yaml` below one with a `base/values.yaml`. A Helm chart or a kustomization is
/// none: discovery must not take it away from Argo CD.
pub fn is_overlay(place: &Place) -> bool {
    let directory = place.overlay.as_str();
    let repository = &place.repository;
    let has = |name: &str| repository.is_file(&app::join(directory, name));
    if FOREIGN.into_iter().any(has) || directory.rsplit('/').next() == Some(BASE) {
        return false;
    }
    if has(DEFAULT_FILE) {
        return place.fleet.is_some() || has_base(place);
    }
    has(SETTINGS_FILE) && !shares(place)
}

fn has_base(place: &Place) -> bool {
    let path = Path::new(&place.overlay);
    path.ancestors().skip(1).any(|above| {
        let file = above.join(BASE).join(DEFAULT_FILE);
        file.to_str()
            .is_some_and(|file| place.repository.is_file(file))
    })
}

/// Says whether a directory right below, or below its `overlays/`, is one of an overlay.
fn shares(place: &Place) -> bool {
    let root = place.repository.root();
    let holds = |directory: String| {
        let entries = root
            .join(&directory)
            .and_then(|path| std::fs::read_dir(&path).map_err(|e| FileError::io("open", &path, e)));
        entries.into_iter().flatten().flatten().any(|entry| {
            let below = entry.path();
            entry.file_name() != BASE
                && [DEFAULT_FILE, SETTINGS_FILE]
                    .into_iter()
                    .any(|file| below.join(file).is_file())
                && !FOREIGN.into_iter().any(|file| below.join(file).is_file())
        })
    };
    holds(place.overlay.clone()) || holds(app::join(&place.overlay, "overlays"))
}
