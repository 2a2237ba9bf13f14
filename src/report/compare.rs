//! Two streams of one overlay to the resources in which they differ.

use std::collections::{BTreeMap, BTreeSet};

use super::fields;
use super::impact;
use super::model::{Field, Impact, Status};
use super::secret::Fingerprints;
use super::visible::visible;
use crate::diag::Diagnostic;
use crate::jobs::Sidecar;
use crate::manifest::{self, Document, Identity, is_workload};
use crate::value::Tree;

/// A resource that differs.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) status: Status,
    pub(super) identity: Identity,
    /// The name with `*` for the controller's own.
    pub(super) pattern: String,
    pub(super) impact: Impact,
    pub(super) fields: Vec<Field>,
    pub(super) n_more: usize,
}

/// What differs in one overlay.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) resources: Vec<Resource>,
    pub(super) jobs_added: Vec<String>,
    pub(super) jobs_removed: Vec<String>,
}

/// One side of an overlay.
#[derive(Debug)]
pub(super) struct Rendered {
    objects: Vec<(Identity, Tree)>,
    sidecar: Option<Sidecar>,
    controller: String,
}

impl Rendered {
    /// Reads a stream.
    ///
    /// # Errors
    ///
    /// It is not a stream of Kubernetes objects.
    pub(super) fn read(stream: &str) -> Result<Rendered, Box<Diagnostic>> {
        let documents = manifest::split(stream, "the rendered overlay")?;
        // A sidecar that is set up in a way we do not know loads nothing that we could tell.
        let sidecar = Sidecar::find(&documents, "").ok().flatten();
        let workload = documents
            .iter()
            .map(Document::object)
            .find(|o| is_workload(o));
        let name = workload.and_then(|object| object.at(["metadata", "name"])?.as_str());
        let controller = name.unwrap_or_default().to_owned();
        let objects = documents.iter().flat_map(|document| {
            let object = document.object();
            let items = object.get("items").and_then(Tree::as_list);
            let objects = items.unwrap_or(std::slice::from_ref(object));
            let named = |object: &Tree| Some((Identity::of(object, "")?, object.clone()));
            objects.iter().filter_map(named).collect::<Vec<_>>()
        });
        Ok(Rendered {
            objects: objects.collect(),
            sidecar,
            controller,
        })
    }

    /// How many objects there are.
    pub(super) fn n_objects(&self) -> usize {
        self.objects.len()
    }

    /// The items that its job scripts describe.
    pub(super) fn jobs(&self) -> BTreeSet<String> {
        let described =
            |(_, object): &(Identity, Tree)| impact::described(object, self.sidecar.as_ref());
        self.objects.iter().flat_map(described).collect()
    }

    fn pattern(&self, name: &str) -> Option<String> {
        let rest = name.strip_prefix(&self.controller)?;
        (!self.controller.is_empty()).then(|| format!("*{}", visible(rest)))
    }
}

/// Compares two sides of an overlay.
pub(super) fn compare(before: &Rendered, after: &Rendered, prints: &Fingerprints) -> Comparison {
    fn by_identity(side: &Rendered) -> BTreeMap<&Identity, &Tree> {
        side.objects
            .iter()
            .map(|(identity, object)| (identity, object))
            .collect()
    }
    let (a, b) = (by_identity(before), by_identity(after));
    let identities: BTreeSet<&Identity> = a.keys().chain(b.keys()).copied().collect();
    let mut resources = Vec::new();
    for identity in identities {
        let sides = (a.get(identity).copied(), b.get(identity).copied());
        if sides.0 == sides.1 {
            continue;
        }
        let status = match sides {
            (None, _) => Status::Added,
            (_, None) => Status::Removed,
            _ => Status::Changed,
        };
        let differences = fields::compare(sides.0, sides.1, prints);
        let sidecars = (before.sidecar.as_ref(), after.sidecar.as_ref());
        let name = &identity.name;
        let pattern = after.pattern(name).or_else(|| before.pattern(name));
        resources.push(Resource {
            status,
            identity: Identity {
                group: visible(&identity.group),
                kind: visible(&identity.kind),
                namespace: visible(&identity.namespace),
                name: visible(name),
            },
            pattern: pattern.unwrap_or_else(|| visible(name)),
            impact: impact::of((sides.0, sidecars.0), (sides.1, sidecars.1)),
            fields: differences.fields,
            n_more: differences.n_more,
        });
    }
    let (old, new) = (before.jobs(), after.jobs());
    Comparison {
        resources,
        jobs_added: new.difference(&old).cloned().collect(),
        jobs_removed: old.difference(&new).cloned().collect(),
    }
}
