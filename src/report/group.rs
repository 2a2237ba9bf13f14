//! Many overlays to one report, in which a change that recurs is told once.
//!
//! In: what overlays come to, one after the other. Kept: distinct changes and one line for each place, so memory
//! grows with what differs, not with what was rendered.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::compare::{Comparison, Outcome, Resource, Sides, Whole};
use super::model::{Entry, Failed, Impact, Jobs, OverlayChange, Place, Report, Side, Status};
use super::visible::visible;
use crate::secret::Fingerprints;

/// Makes a report, overlay by overlay.
///
/// ```
/// use jenkins_cmp::report::{Builder, Fingerprints};
///
/// let mut builder = Builder::new("main", "work tree", Fingerprints::new("a random key"));
/// let before = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {clusterIP: x}\n";
/// builder.add("prod", Some(before), Some(&before.replace("x}", "None}")));
/// let report = builder.finish();
/// assert_eq!(report.entries[0].fields[0].path, "spec.clusterIP");
/// ```
#[derive(Debug)]
pub struct Builder {
    report: Report,
    prints: Fingerprints,
    /// Entries by the hash of what they say.
    entries: HashMap<u64, Vec<usize>>,
    /// The name of each entry with `*` for the controller's own.
    patterns: Vec<String>,
    jobs: HashMap<(Vec<String>, Vec<String>), usize>,
}

impl Builder {
    /// Starts a report of the way from `before` to `after`, as the user names them.
    pub fn new(before: &str, after: &str, prints: Fingerprints) -> Builder {
        Builder {
            report: Report {
                before: visible(before),
                after: visible(after),
                ..Report::default()
            },
            prints,
            entries: HashMap::new(),
            patterns: Vec::new(),
            jobs: HashMap::new(),
        }
    }

    /// Compares the streams of the overlay `name`; a side where it does not exist is `None`.
    pub fn add(&mut self, name: &str, before: Option<&str>, after: Option<&str>) {
        self.add_outcome(name, Outcome::new(before, after, &self.prints));
    }

    /// Notes that a side of the overlay `name` could not be rendered.
    pub fn fail(&mut self, name: &str, side: Side, message: &str) {
        self.add_outcome(name, Outcome::failed(side, message, &self.prints));
    }

    /// Adds what has been found about the overlay `name` elsewhere.
    pub fn add_outcome(&mut self, name: &str, outcome: Outcome) {
        self.add_as(name, None, outcome);
    }

    /// Adds the overlay `name` that was called `old` before.
    pub fn add_renamed(&mut self, old: &str, name: &str, outcome: Outcome) {
        self.add_as(name, Some(old), outcome);
    }

    fn add_as(&mut self, name: &str, old: Option<&str>, outcome: Outcome) {
        self.report.n_overlays += 1;
        match outcome.0 {
            Sides::Same if old.is_none() => {}
            Sides::Same => self.changed(name, old, Comparison::default()),
            Sides::Both(comparison) => self.changed(name, old, comparison),
            Sides::One(whole) => self.whole(name, whole),
            Sides::Failed(side, message) => self.report.failed.push(Failed {
                name: visible(name),
                side,
                message,
            }),
        }
    }

    /// Ends the report.
    pub fn finish(mut self) -> Report {
        // The strongest impact first; within it what holds in most places, then as found.
        self.report
            .entries
            .sort_by_key(|entry| std::cmp::Reverse((entry.impact, entry.places.len())));
        self.report
    }

    fn changed(&mut self, name: &str, old: Option<&str>, comparison: Comparison) {
        let Comparison {
            resources,
            jobs_added,
            jobs_removed,
        } = comparison;
        if resources.is_empty() && old.is_none() {
            return;
        }
        let at = self.report.overlays.len();
        let impact = resources.iter().map(|resource| resource.impact).max();
        self.report.overlays.push(OverlayChange {
            name: visible(name),
            renamed_from: old.map(visible),
            status: Status::Changed,
            impact: impact.unwrap_or(Impact::None),
            n_resources: resources.len(),
        });
        for resource in resources {
            self.place(at, resource);
        }
        self.note_jobs(at, jobs_added, jobs_removed);
    }

    fn whole(&mut self, name: &str, whole: Whole) {
        let at = self.report.overlays.len();
        self.report.overlays.push(OverlayChange {
            name: visible(name),
            renamed_from: None,
            status: whole.status,
            impact: Impact::None,
            n_resources: whole.n_objects,
        });
        // The jobs of one that is gone go with its controller.
        if whole.status == Status::Added {
            self.note_jobs(at, whole.jobs.into_iter().collect(), Vec::new());
        }
    }

    fn place(&mut self, overlay: usize, resource: Resource) {
        let place = Place {
            overlay,
            namespace: resource.identity.namespace.clone(),
            name: resource.identity.name.clone(),
        };
        let mut hasher = DefaultHasher::new();
        (resource.status, resource.impact, &resource.pattern).hash(&mut hasher);
        (&resource.identity.group, &resource.identity.kind).hash(&mut hasher);
        (&resource.fields, resource.n_more).hash(&mut hasher);
        let candidates = self.entries.entry(hasher.finish()).or_default();
        let entries = &mut self.report.entries;
        for &at in candidates.iter() {
            let entry = &mut entries[at];
            // What is not listed cannot be told to be the same.
            if entry.n_more + resource.n_more == 0
                && self.patterns[at] == resource.pattern
                && entry.status == resource.status
                && entry.impact == resource.impact
                && entry.group == resource.identity.group
                && entry.kind == resource.identity.kind
                && entry.fields == resource.fields
            {
                if entry.name != place.name {
                    entry.name = resource.pattern;
                }
                entry.places.push(place);
                return;
            }
        }
        candidates.push(entries.len());
        self.patterns.push(resource.pattern);
        entries.push(Entry {
            status: resource.status,
            group: resource.identity.group,
            kind: resource.identity.kind,
            name: resource.identity.name,
            impact: resource.impact,
            fields: resource.fields,
            n_more: resource.n_more,
            places: vec![place],
        });
    }

    fn note_jobs(&mut self, overlay: usize, added: Vec<String>, removed: Vec<String>) {
        if added.is_empty() && removed.is_empty() {
            return;
        }
        let jobs = &mut self.report.jobs;
        let at = *self.jobs.entry((added, removed)).or_insert_with_key(|key| {
            jobs.push(Jobs {
                added: key.0.clone(),
                removed: key.1.clone(),
                overlays: Vec::new(),
            });
            jobs.len() - 1
        });
        jobs[at].overlays.push(overlay);
    }
}
