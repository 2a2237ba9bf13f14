//! The difference between two sets of rendered overlays, as plain data.
//!
//! All texts in it can be shown: control characters are escaped and secrets are fingerprints.

use std::collections::{BTreeSet, HashMap};

/// What became of an overlay or a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is there on both sides and differs.
    Changed,
}

impl Status {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Added => "added",
            Status::Removed => "removed",
            Status::Changed => "changed",
        }
    }

    /// The sign for it.
    pub fn sign(self) -> char {
        match self {
            Status::Added => '+',
            Status::Removed => '-',
            Status::Changed => '~',
        }
    }
}

/// What the change of a resource does to a running controller, the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Nothing by itself.
    None,
    /// The sidecar reloads the configuration.
    Reload,
    /// The reload meets other job scripts or another index.
    Seed,
    /// The pod template changes, so the controller restarts.
    Restart,
    /// The API server refuses the change of a StatefulSet: it has to be deleted and made anew.
    Replace,
}

impl Impact {
    /// All impacts, the weakest first.
    pub const ALL: [Impact; 5] = [
        Impact::None,
        Impact::Reload,
        Impact::Seed,
        Impact::Restart,
        Impact::Replace,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Impact::None => "none",
            Impact::Reload => "reload",
            Impact::Seed => "seed",
            Impact::Restart => "restart",
            Impact::Replace => "replace",
        }
    }

    /// What it means, for a list of numbers of overlays.
    pub fn meaning(self) -> &'static str {
        match self {
            Impact::None => "change without effect on the running controller",
            Impact::Reload => "reload their configuration",
            Impact::Seed => "re-seed their jobs",
            Impact::Restart => "restart",
            Impact::Replace => {
                "cannot be synchronised: the StatefulSet has to be deleted and made anew"
            }
        }
    }
}

/// One line of a text that changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// Lines that are left out because nothing changes in them.
    Skip(usize),
    /// A line of both sides, for orientation.
    Same(String),
    /// A line of the side before.
    Removed(String),
    /// A line of the side after.
    Added(String),
}

/// How a field changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It is new.
    Added(String),
    /// It is gone.
    Removed(String),
    /// It has another value.
    Changed(String, String),
    /// It is a text of several lines.
    Lines(Vec<Line>),
    /// It is a checksum, of which only the fact of the change matters.
    Checksum,
}

/// A field that changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The path in the object; ` » ` leads into an opened text.
    pub path: String,
    /// How it changed.
    pub change: Change,
}

/// Where an entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The overlay, by its number in [`Report::overlays`].
    pub overlay: usize,
    /// The namespace; empty if the object names none.
    pub namespace: String,
    /// The name of the object.
    pub name: String,
}

/// The same change of one resource in one or many overlays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What became of the resource.
    pub status: Status,
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The name, with `*` for the controller's own name where places differ in it.
    pub name: String,
    /// What it does to a running controller.
    pub impact: Impact,
    /// The fields that changed.
    pub fields: Vec<Field>,
    /// How many more fields changed than are listed.
    pub n_more: usize,
    /// Where, in the order of the overlays; never empty.
    pub places: Vec<Place>,
}

impl Entry {
    /// The kind with its group.
    pub fn full_kind(&self) -> String {
        match self.group.as_str() {
            "" => self.kind.clone(),
            group => format!("{}.{group}", self.kind),
        }
    }

    /// The kind, and the name with its namespace.
    pub(super) fn title(&self) -> (String, String) {
        let namespace = self.namespace().map(|namespace| format!("{namespace}/"));
        let name = format!("{}{}", namespace.unwrap_or_default(), self.name);
        (self.full_kind(), name)
    }

    /// The overlays, one after the other.
    pub(super) fn overlays(&self) -> impl Iterator<Item = usize> {
        self.places.iter().map(|place| place.overlay)
    }

    /// The namespace, if it is the same in all places.
    pub fn namespace(&self) -> Option<&str> {
        let first = self.places.first()?.namespace.as_str();
        let same = self.places.iter().all(|place| place.namespace == first);
        (same && !first.is_empty()).then_some(first)
    }
}

/// The same change of described jobs in one or many overlays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Items that are newly described, as `kind name`.
    pub added: Vec<String>,
    /// Items that are no longer described; Jenkins keeps them until someone deletes them.
    pub removed: Vec<String>,
    /// The overlays, by their numbers.
    pub overlays: Vec<usize>,
}

/// An overlay that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayChange {
    /// Its name.
    pub name: String,
    /// Its name before, if its directory has moved and nothing else tells the two apart.
    pub renamed_from: Option<String>,
    /// What became of it; the resources of a new or gone one are counted, not listed.
    pub status: Status,
    /// The strongest impact.
    pub impact: Impact,
    /// How many resources differ, or there are in a new or gone overlay.
    pub n_resources: usize,
}

impl OverlayChange {
    /// What is to be said about the overlay as a whole, beyond the changes of its resources: what
    /// became of it, its name, and the rest.
    pub(super) fn news(&self) -> Option<(&'static str, String, String)> {
        let resources = count(self.n_resources, "resource");
        match (self.status, &self.renamed_from) {
            (Status::Changed, None) => None,
            (Status::Changed, Some(old)) => {
                let name = format!("{old} → {}", self.name);
                Some(("renamed", name, format!("{resources} differ")))
            }
            (status, _) => Some((status.word(), self.name.clone(), resources)),
        }
    }
}

/// A side of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What was.
    Before,
    /// What will be.
    After,
}

impl Side {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Side::Before => "before",
            Side::After => "after",
        }
    }
}

/// An overlay that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its name.
    pub name: String,
    /// The side that failed.
    pub side: Side,
    /// The message.
    pub message: String,
}

/// What a change does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What the side before is.
    pub before: String,
    /// What the side after is.
    pub after: String,
    /// How many overlays were looked at.
    pub n_overlays: usize,
    /// The overlays that differ, in the order of comparison.
    pub overlays: Vec<OverlayChange>,
    /// The changes, those of the strongest impact first.
    pub entries: Vec<Entry>,
    /// Changes of described jobs.
    pub jobs: Vec<Jobs>,
    /// Overlays that could not be compared.
    pub failed: Vec<Failed>,
}

/// Numbers of overlays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// New ones.
    pub added: usize,
    /// Ones that are gone.
    pub removed: usize,
    /// Changed ones by their strongest impact, in the order of [`Impact::ALL`].
    pub changed: [usize; 5],
}

/// Changes of several resources that are the same in the same overlays, such as a label of the chart;
/// never empty.
pub(super) type Cluster<'r> = Vec<&'r Entry>;

/// Overlays that one message keeps from being compared.
pub(super) struct Failure<'r> {
    pub(super) names: Vec<&'r str>,
    pub(super) side: Side,
    pub(super) message: &'r str,
}

impl Report {
    /// The entries, those that say the same about the same overlays together.
    pub(super) fn clusters(&self) -> Vec<Cluster<'_>> {
        let mut clusters: Vec<Cluster<'_>> = Vec::new();
        let mut known = HashMap::new();
        for entry in &self.entries {
            if entry.status != Status::Changed || entry.n_more > 0 {
                // Each resource that comes or goes is news of its own.
                clusters.push(vec![entry]);
                continue;
            }
            let overlays: Vec<usize> = entry.places.iter().map(|place| place.overlay).collect();
            let at = known.entry((entry.impact, &entry.fields, overlays));
            let at = *at.or_insert(clusters.len());
            match clusters.get_mut(at) {
                Some(cluster) => cluster.push(entry),
                None => clusters.push(vec![entry]),
            }
        }
        clusters
    }

    /// The overlays that could not be compared, those with one message together.
    pub(super) fn failures(&self) -> Vec<Failure<'_>> {
        let mut failures: Vec<Failure<'_>> = Vec::new();
        for failed in &self.failed {
            let same = |other: &&mut Failure<'_>| {
                (other.side, other.message) == (failed.side, failed.message.as_str())
            };
            match failures.iter_mut().find(same) {
                Some(failure) => failure.names.push(&failed.name),
                None => failures.push(Failure {
                    names: vec![&failed.name],
                    side: failed.side,
                    message: &failed.message,
                }),
            }
        }
        failures
    }

    /// Says whether nothing differs and nothing failed.
    pub fn is_empty(&self) -> bool {
        self.overlays.is_empty() && self.failed.is_empty()
    }

    /// Counts the overlays that differ.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for overlay in &self.overlays {
            match overlay.status {
                Status::Added => totals.added += 1,
                Status::Removed => totals.removed += 1,
                Status::Changed => totals.changed[overlay.impact as usize] += 1,
            }
        }
        totals
    }

    /// The summary, one statement a line.
    pub(super) fn summary(&self) -> Vec<String> {
        let totals = self.totals();
        let mut lines = vec![format!(
            "{} of {} differ",
            self.overlays.len(),
            count(self.n_overlays, "overlay")
        )];
        if self.is_empty() {
            lines[0].push_str(": nothing changes");
        }
        for impact in Impact::ALL.into_iter().rev() {
            match totals.changed[impact as usize] {
                0 => {}
                n => lines.push(format!("{n} {}", impact.meaning())),
            }
        }
        let renamed = self.overlays.iter().filter(|o| o.renamed_from.is_some());
        for (n, what) in [
            (renamed.count(), "in another directory than before"),
            (totals.added, "new"),
            (totals.removed, "gone"),
            (self.failed.len(), "could not be compared"),
        ] {
            if n > 0 {
                lines.push(format!("{n} {what}"));
            }
        }
        match self.n_seeded_by_restart() {
            0 => {}
            n => lines.push(format!(
                "{n} of them restart and re-seed their jobs in the same sync"
            )),
        }
        let gone: usize = self.jobs.iter().map(|jobs| jobs.removed.len()).sum();
        if gone > 0 {
            lines.push(format!(
                "{} no longer described; Jenkins keeps such jobs unless `jobs.cleanup` deletes them",
                count(gone, "job")
            ));
        }
        lines
    }

    /// Counts the overlays whose restart meets other job scripts: new items would be made while
    /// the controller boots.
    fn n_seeded_by_restart(&self) -> usize {
        let seeds = self.entries.iter().filter(|e| e.impact == Impact::Seed);
        let places = seeds.flat_map(|entry| &entry.places);
        let overlays: BTreeSet<usize> = places.map(|place| place.overlay).collect();
        let restarts = |at: &&usize| {
            let overlay = self.overlays.get(**at);
            overlay.is_some_and(|overlay| overlay.impact > Impact::Seed)
        };
        overlays.iter().filter(restarts).count()
    }

    /// The name of the overlay with the number `at`.
    pub(super) fn overlay_name(&self, at: usize) -> &str {
        self.overlays.get(at).map_or("", |overlay| &overlay.name)
    }

    /// The first `most` names of overlays, and how many more there are.
    pub(super) fn names(&self, overlays: impl Iterator<Item = usize>, most: usize) -> String {
        let mut names: Vec<&str> = overlays.map(|at| self.overlay_name(at)).collect();
        names.dedup();
        listed(&names, most)
    }
}

/// The first `most` of `names`, and how many more there are.
pub(super) fn listed(names: &[&str], most: usize) -> String {
    let shown = names
        .iter()
        .take(most)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A number with its noun.
pub(super) fn count(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}
