//! What makes a Kubernetes object that object.

use std::fmt;

use crate::value::Tree;

/// Group, kind, namespace and name of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace, that of the release when the object names none: Argo CD fills it in.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Identity {
    /// The identity of `object`, if it has a kind and a name.
    pub fn of(object: &Tree, default_namespace: &str) -> Option<Identity> {
        let text = |tree: Option<&Tree>| tree.and_then(Tree::as_str).map(str::to_owned);
        let (group, _) = group_version(object);
        Some(Identity {
            group: group.to_owned(),
            kind: text(object.get("kind"))?,
            namespace: text(object.at(["metadata", "namespace"]))
                .filter(|namespace| !namespace.is_empty())
                .unwrap_or_else(|| default_namespace.to_owned()),
            name: text(object.at(["metadata", "name"]))?,
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        write!(f, " {}/{}", self.namespace, self.name)
    }
}

/// The group and the version of an object's `apiVersion`.
pub(crate) fn group_version(object: &Tree) -> (&str, &str) {
    let api_version = object.get("apiVersion").and_then(Tree::as_str);
    let api_version = api_version.unwrap_or_default();
    api_version.split_once('/').unwrap_or(("", api_version))
}
