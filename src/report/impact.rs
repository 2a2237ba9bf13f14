//! What a change of a resource does to a running controller.
//!
//! In: a resource before and after, and the sidecar's settings of both sides. Out: its impact, by
//! the chart's rules: the pod template restarts, ConfigMaps with the sidecar's label reload.

use std::collections::BTreeSet;

use super::items;
use super::model::Impact;
use crate::jobs::Sidecar;
use crate::manifest::is_workload;
use crate::value::{Tree, TreeMap};
use crate::yaml;

/// Fields of a StatefulSet's `spec` that may change while it exists.
const MUTABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
    "revisionHistoryLimit",
];

/// The root of JCasC that lists the scripts.
const INDEX: &str = "jobs";

/// A resource on one side, and what that side has around it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'s> {
    pub(super) object: Option<&'s Tree>,
    pub(super) sidecar: Option<&'s Sidecar>,
    /// The name of the controller's workload.
    pub(super) controller: &'s str,
}

impl Seen<'_> {
    /// Whether it is the controller itself, and not another workload beside it.
    fn is_controller(&self) -> bool {
        self.object.is_some_and(|object| {
            let name = object.at(["metadata", "name"]).and_then(Tree::as_str);
            is_workload(object) && name == Some(self.controller)
        })
    }

    /// What the sidecar loads of it.
    fn files(&self) -> Option<TreeMap> {
        let object = self
            .object
            .filter(|object| is_loaded(object, self.sidecar))?;
        Some(data(object))
    }
}

/// Tells what the change from `before` to `after` does.
pub(super) fn of(before: Seen<'_>, after: Seen<'_>) -> Impact {
    if before.is_controller() || after.is_controller() {
        return workload(before.object, after.object);
    }
    let (a, b) = (before.files(), after.files());
    if a == b {
        return Impact::None;
    }
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    if scripts(&a) != scripts(&b) || index(&a) != index(&b) {
        Impact::Seed
    } else {
        Impact::Reload
    }
}

/// The items that the loaded scripts of an object describe.
pub(super) fn described(object: &Tree, sidecar: Option<&Sidecar>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if !is_loaded(object, sidecar) {
        return found;
    }
    let files = data(object);
    for (_, script) in scripts(&files) {
        found.extend(items::items(script.as_str().unwrap_or_default()));
    }
    for entry in index(&files).iter().filter_map(Tree::as_list).flatten() {
        if let Some(script) = entry.get("script").and_then(Tree::as_str) {
            found.extend(items::items(script));
        }
    }
    found
}

fn workload(before: Option<&Tree>, after: Option<&Tree>) -> Impact {
    let (Some(before), Some(after)) = (before, after) else {
        return Impact::Restart;
    };
    let spec = |object: &Tree| object.get("spec").and_then(Tree::as_map).cloned();
    let (a, b) = (
        spec(before).unwrap_or_default(),
        spec(after).unwrap_or_default(),
    );
    let fixed = |spec: &TreeMap| -> TreeMap {
        let kept = spec
            .iter()
            .filter(|(key, _)| key.to_str().is_none_or(|key| !MUTABLE.contains(&key)));
        kept.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    let is_set = after.get("kind").and_then(Tree::as_str) == Some("StatefulSet");
    let template = "template".as_bytes();
    if is_set && fixed(&a) != fixed(&b) {
        Impact::Replace
    } else if a.get(template) != b.get(template) {
        Impact::Restart
    } else {
        Impact::None
    }
}

/// Says whether the sidecar copies the object's data to the controller.
fn is_loaded(object: &Tree, sidecar: Option<&Sidecar>) -> bool {
    let Some(sidecar) = sidecar else {
        return false;
    };
    let namespace = object.at(["metadata", "namespace"]).and_then(Tree::as_str);
    object.get("kind").and_then(Tree::as_str) == Some("ConfigMap")
        && namespace.is_none_or(|namespace| namespace == sidecar.namespace)
        && object.at(["metadata", "labels", &sidecar.label]).is_some()
}

fn data(object: &Tree) -> TreeMap {
    let mut files = TreeMap::new();
    for part in ["data", "binaryData"] {
        let entries = object.get(part).and_then(Tree::as_map);
        files.extend(
            entries
                .into_iter()
                .flatten()
                .map(|(key, text)| (key.clone(), text.clone())),
        );
    }
    files
}

fn scripts(files: &TreeMap) -> TreeMap {
    let is_script = |key: &str| key.ends_with(".groovy");
    let kept = files
        .iter()
        .filter(|(key, _)| key.to_str().is_some_and(is_script));
    kept.map(|(key, text)| (key.clone(), text.clone()))
        .collect()
}

/// What stands under `jobs:` in the YAML files, file by file.
fn index(files: &TreeMap) -> Vec<Tree> {
    let texts = files.values().filter_map(Tree::as_str);
    texts
        .filter(|text| text.contains(INDEX))
        .filter_map(|text| yaml::to_tree(text.as_bytes()).ok()?.get(INDEX).cloned())
        .collect()
}
