//! The properties of the fuzz targets, over the inputs of `testdata/fuzz/`.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use crate::support;

mod properties;

use properties::PROPERTIES;

/// The names of the files in a directory below the project's root, without their extension.
fn stems(directory: &str) -> BTreeSet<String> {
    let stem = |path: &Path| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    files(&support::root().join(directory))
        .iter()
        .filter_map(|path| stem(path))
        .collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory that is there");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable directory").path())
        .collect();
    files.sort();
    files
}

#[test]
fn properties_hold_for_all_inputs() {
    let mut broken = Vec::new();
    for (name, property) in PROPERTIES {
        let inputs = files(&support::root().join("testdata/fuzz").join(name));
        assert!(!inputs.is_empty(), "no inputs for {name}");
        for input in inputs {
            let data = fs::read(&input).expect("a readable input");
            if panic::catch_unwind(AssertUnwindSafe(|| property(&data))).is_err() {
                broken.push(input);
            }
        }
    }
    assert!(broken.is_empty(), "panics are above: {broken:#?}");
}

#[test]
fn every_property_has_its_target_inputs_and_dictionary() {
    let names: BTreeSet<String> = PROPERTIES.iter().map(|(name, _)| (*name).into()).collect();
    for directory in [
        "testdata/fuzz",
        "tests/fuzz/targets",
        "tests/fuzz/dictionaries",
    ] {
        assert_eq!(stems(directory), names, "{directory}");
    }
    let manifest = support::root().join("tests/fuzz/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest of the targets");
    for name in &names {
        let path = format!("name = \"{name}\"\npath = \"targets/{name}.rs\"");
        assert!(manifest.contains(&path), "no target {name} in the manifest");
        let target = format!("tests/fuzz/targets/{name}.rs");
        let target = fs::read_to_string(support::root().join(target)).expect("the target");
        assert!(
            target.contains(&format!("properties::{name}(data)")),
            "{name}"
        );
    }
    assert_eq!(manifest.matches("[[bin]]").count(), names.len());
}
