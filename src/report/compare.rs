//! Two streams of one overlay to the resources in which they differ.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::fields;
use super::hide;
use super::impact::{self, Seen};
use super::model::{Field, Impact, Side, Status};
use super::visible::{visible, visible_lines};
use crate::diag::Diagnostic;
use crate::jobs::Sidecar;
use crate::manifest::{self, Document, Identity, is_workload};
use crate::secret::Fingerprints;
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
        let controller = match &sidecar {
            Some(sidecar) => sidecar.workload.clone(),
            None => name.unwrap_or_default().to_owned(),
        };
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

    /// What tells the controller from others: the identity of its workload.
    fn workload(&self) -> Option<&Identity> {
        let mut workloads = self
            .objects
            .iter()
            .filter(|(_, object)| is_workload(object));
        workloads.next().map(|(identity, _)| identity)
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

    fn seen<'s>(&'s self, object: Option<&'s Tree>) -> Seen<'s> {
        Seen {
            object,
            sidecar: self.sidecar.as_ref(),
            controller: &self.controller,
        }
    }

    fn pattern(&self, name: &str) -> Option<String> {
        let rest = name.strip_prefix(&self.controller)?;
        (!self.controller.is_empty()).then(|| format!("*{}", visible(rest)))
    }
}

/// What the two sides of an overlay come to; the work of it, which needs no report.
#[derive(Debug)]
pub struct Outcome(pub(super) Sides);

/// What there is to report.
#[derive(Debug)]
pub(super) enum Sides {
    /// Nothing differs.
    Same,
    /// Both sides are there.
    Both(Comparison),
    /// Only one side is there.
    One(Whole),
    /// A side is no stream of Kubernetes objects, or could not be rendered.
    Failed(Side, String),
}

/// An overlay that only one side has.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) status: Status,
    pub(super) n_objects: usize,
    pub(super) jobs: BTreeSet<String>,
    pub(super) workload: Option<Identity>,
}

impl Outcome {
    /// Compares the streams of an overlay; a side where it does not exist is `None`. Secrets become
    /// fingerprints by `prints`.
    pub fn new(before: Option<&str>, after: Option<&str>, prints: &Fingerprints) -> Outcome {
        if before == after {
            return Outcome(Sides::Same);
        }
        let reduced = before
            .zip(after)
            .map(|(a, b)| (differing(a, b), differing(b, a)));
        let (before, after) = match &reduced {
            Some((a, b)) => (Some(a.as_str()), Some(b.as_str())),
            None => (before, after),
        };
        let mut sides = [None, None];
        for (at, side, stream) in [(0, Side::Before, before), (1, Side::After, after)] {
            match stream.map(Rendered::read).transpose() {
                Ok(rendered) => sides[at] = rendered,
                Err(problem) => return Outcome::failed(side, &format!("{problem:#}"), prints),
            }
        }
        Outcome(match sides {
            [Some(before), Some(after)] => Sides::Both(compare(&before, &after, prints)),
            [None, Some(only)] => Sides::One(Whole::new(Status::Added, &only)),
            [Some(only), None] => Sides::One(Whole::new(Status::Removed, &only)),
            [None, None] => Sides::Same,
        })
    }

    /// Notes that a side could not be rendered.
    pub fn failed(side: Side, message: &str, prints: &Fingerprints) -> Outcome {
        Outcome(Sides::Failed(
            side,
            visible_lines(prints, message).join("\n"),
        ))
    }

    /// Whether a side could not be rendered or read.
    pub fn is_failed(&self) -> bool {
        matches!(self.0, Sides::Failed(..))
    }

    /// For an overlay that only one side has: what became of it, and what tells its controller from
    /// others, by which an overlay is found again in another directory.
    pub fn whole(&self) -> Option<(Status, Option<&Identity>)> {
        match &self.0 {
            Sides::One(whole) => Some((whole.status, whole.workload.as_ref())),
            _ => None,
        }
    }
}

impl Whole {
    fn new(status: Status, only: &Rendered) -> Whole {
        Whole {
            status,
            n_objects: only.n_objects(),
            jobs: only.jobs(),
            workload: only.workload().cloned(),
        }
    }
}

/// What a document holds that tells about others: the controller with its sidecar, secrets.
const TELLING: [&str; 7] = [
    "kind: StatefulSet",
    "kind: Deployment",
    "kind: Secret",
    "kind: List",
    "kind: \"",
    "kind: '",
    "\"kind\"",
];

/// The documents of `stream` that `other` does not have in the same words, and those that tell about
/// others. To read the rest would take most of the time.
fn differing(stream: &str, other: &str) -> String {
    let others: HashSet<&str> = manifest::texts(other).into_iter().collect();
    let is_telling = |text: &str| TELLING.iter().any(|kind| text.contains(kind));
    let texts = manifest::texts(stream);
    let kept = texts
        .into_iter()
        .filter(|text| !others.contains(text) || is_telling(text));
    kept.collect()
}

/// Compares two sides of an overlay.
fn compare(before: &Rendered, after: &Rendered, prints: &Fingerprints) -> Comparison {
    fn by_identity(side: &Rendered) -> BTreeMap<&Identity, &Tree> {
        side.objects
            .iter()
            .map(|(identity, object)| (identity, object))
            .collect()
    }
    let objects = before.objects.iter().chain(&after.objects);
    let prints = &prints.knowing(hide::known(objects.map(|(_, object)| object)));
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
            impact: impact::of(before.seen(sides.0), after.seen(sides.1)),
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
