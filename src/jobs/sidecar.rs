//! What the chart's reload sidecar listens to, read from the rendered chart.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::manifest::Document;
use crate::value::Tree;

/// The container's name in every chart from 3.0 on.
const CONTAINER: &str = "config-reload";

/// The end of the container's name in charts before 3.0.
const OLD_CONTAINER: &str = "-sc-config";

/// The settings of the reload sidecar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sidecar {
    /// The name of the workload that it belongs to: the chart's full name.
    pub workload: String,
    /// The key of the label that it selects on.
    pub label: String,
    /// The value that the label has to have.
    pub label_value: String,
    /// The directory that it writes files to.
    pub folder: String,
    /// The namespace that ConfigMaps for it belong into.
    pub namespace: String,
    /// Whether it works through all ConfigMaps before it reloads.
    pub sleeps: bool,
    /// Whether it puts namespace and ConfigMap into the names of files.
    pub unique_names: bool,
    /// Whether JCasC lets a later file win where two files set the same.
    pub overrides: bool,
}

impl Sidecar {
    /// Finds the sidecar in a chart's output; nothing if it is switched off.
    ///
    /// # Errors
    ///
    /// The container has no label or no folder, or does not look at ConfigMaps.
    pub fn find(
        documents: &[Document],
        release_namespace: &str,
    ) -> Result<Option<Sidecar>, Box<Diagnostic>> {
        for document in documents {
            let object = document.object();
            let Some(container) = container(object) else {
                continue;
            };
            let problem = |text: &str| {
                let at = document.source().unwrap_or_default();
                let name = self::text(container.get("name"));
                let text = format!("the container `{name}` of `{at}` {text}");
                Box::new(Diagnostic::error(text))
            };
            let env = environment(container);
            let get = |name: &str| match env.get(name) {
                Some(value) if !value.is_empty() => Some(*value),
                _ => None,
            };
            if let Some(resource @ "secret") = get("RESOURCE") {
                return Err(problem(&format!(
                    "watches `{resource}` objects, not ConfigMaps"
                )));
            }
            let workload_namespace = object.at(["metadata", "namespace"]).and_then(Tree::as_str);
            return Ok(Some(Sidecar {
                workload: text(object.at(["metadata", "name"])).to_owned(),
                label: get("LABEL")
                    .ok_or_else(|| problem("has no LABEL"))?
                    .to_owned(),
                label_value: get("LABEL_VALUE").unwrap_or("true").to_owned(),
                folder: get("FOLDER")
                    .ok_or_else(|| problem("has no FOLDER"))?
                    .trim_end_matches('/')
                    .to_owned(),
                namespace: namespace(
                    get("NAMESPACE"),
                    workload_namespace.unwrap_or(release_namespace),
                ),
                sleeps: get("METHOD") == Some("SLEEP"),
                overrides: overrides(object),
                unique_names: get("UNIQUE_FILENAMES")
                    .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            }));
        }
        Ok(None)
    }

    /// The path that the sidecar writes the key `key` of the ConfigMap `config_map` to.
    pub fn path(&self, config_map: &str, key: &str) -> String {
        let Sidecar {
            folder, namespace, ..
        } = self;
        if self.unique_names {
            format!("{folder}/namespace_{namespace}.configmap_{config_map}.{key}")
        } else {
            format!("{folder}/{key}")
        }
    }
}

/// Refuses two ConfigMap keys that the sidecar would write to one file.
///
/// # Errors
///
/// Names the key and both ConfigMaps.
pub fn check_folder(
    documents: &[Document],
    sidecar: &Sidecar,
    release_namespace: &str,
) -> Result<(), Box<Diagnostic>> {
    let mut seen: BTreeMap<String, &Document> = BTreeMap::new();
    for document in loaded(documents, sidecar, release_namespace) {
        let object = document.object();
        let name = text(object.at(["metadata", "name"]));
        let keys = ["data", "binaryData"]
            .into_iter()
            .filter_map(|part| object.get(part)?.as_map())
            .flat_map(|entries| entries.keys());
        for key in keys {
            let key = key.to_str_lossy();
            let path = sidecar.path(name, &key);
            if let Some(first) = seen.insert(path, document) {
                let (one, other) = (first.object(), object);
                let name = |object: &Tree| text(object.at(["metadata", "name"])).to_owned();
                return Err(Box::new(
                    Diagnostic::error(format!(
                        "the ConfigMaps `{}` and `{}` both have the key `{key}`",
                        name(one),
                        name(other)
                    ))
                    .hint(
                        "the reload sidecar writes both to one file; rename the file, or give it \
                         another key with `jobs.keys` or `casc.keys`",
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// The ConfigMaps that the sidecar writes into its folder.
pub(super) fn loaded<'d>(
    documents: &'d [Document],
    sidecar: &'d Sidecar,
    release_namespace: &'d str,
) -> impl Iterator<Item = &'d Document> {
    documents.iter().filter(move |document| {
        let object = document.object();
        let namespace = match text(object.at(["metadata", "namespace"])) {
            "" => release_namespace,
            namespace => namespace,
        };
        let target = ["metadata", "annotations", "k8s-sidecar-target-directory"];
        text(object.get("kind")) == "ConfigMap"
            && namespace == sidecar.namespace
            && object.at(["metadata", "labels", &sidecar.label]).is_some()
            && object.at(target).is_none()
    })
}

/// Says whether a workload's Jenkins is told to merge with the strategy `override`.
fn overrides(workload: &Tree) -> bool {
    let containers = workload.at(["spec", "template", "spec", "containers"]);
    let containers = containers.and_then(Tree::as_list).unwrap_or_default();
    containers.iter().map(environment).any(|variables| {
        variables.iter().any(|(name, value)| match *name {
            "CASC_MERGE_STRATEGY" => *value == "override",
            _ => value.contains("-Dcasc.merge.strategy=override"),
        })
    })
}

fn container(object: &Tree) -> Option<&Tree> {
    if !crate::manifest::is_workload(object) {
        return None;
    }
    let containers = object.at(["spec", "template", "spec", "containers"])?;
    let is_ours = |container: &&Tree| {
        let name = text(container.get("name"));
        name == CONTAINER || name.ends_with(OLD_CONTAINER)
    };
    containers.as_list()?.iter().find(is_ours)
}

/// The container's variables with a plain value; of duplicates the kubelet uses the last.
fn environment(container: &Tree) -> BTreeMap<&str, &str> {
    let entries = container.get("env").and_then(Tree::as_list);
    entries
        .unwrap_or_default()
        .iter()
        .map(|entry| (text(entry.get("name")), text(entry.get("value"))))
        .collect()
}

/// Picks the namespace to write to: the sidecar may watch one, a list, or all.
fn namespace(watched: Option<&str>, own: &str) -> String {
    let Some(watched) = watched else {
        return own.to_owned();
    };
    let mut all = watched.split(',').map(str::trim);
    match all.next() {
        Some(first) if watched != "ALL" && first != own && !all.any(|other| other == own) => {
            first.to_owned()
        }
        _ => own.to_owned(),
    }
}

pub(super) fn text(tree: Option<&Tree>) -> &str {
    tree.and_then(Tree::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_namespace_is_preferred() {
        for (watched, expected) in [
            (None, "ci"),
            (Some("ALL"), "ci"),
            (Some("other"), "other"),
            (Some("a, ci"), "ci"),
            (Some("a,b"), "a"),
        ] {
            assert_eq!(namespace(watched, "ci"), expected, "{watched:?}");
        }
    }
}
