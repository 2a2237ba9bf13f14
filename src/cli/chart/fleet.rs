//! The overlays that a command is about, and the lock file that counts for them.

use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use super::super::exit::Error;
use super::super::overlays;
use super::super::remote::Remote;
use super::super::render::environment;
use crate::app::settings::ChartSettings;
use crate::app::{self, Entry, Layer, Lock, Place, Repository, Subchart};
use crate::chart::{self, Chart, LoadOptions};
use crate::diag::Diagnostic;
use crate::fetch::{self, Client, Pin, Wanted};
use crate::files::{self, Links};
use crate::helm::HelmCompat;
use crate::plugin::Call;

/// Overlays that share a lock file.
pub(super) struct Fleet {
    /// The lock file on disk.
    pub(super) file: PathBuf,
    /// What it says.
    pub(super) lock: Lock,
    /// The overlays.
    pub(super) overlays: Vec<Member>,
    /// Whether these are all overlays of the lock file.
    pub(super) is_whole: bool,
}

/// An overlay and its chart.
pub(super) struct Member {
    /// Where it is.
    pub(super) place: Place,
    /// The settings of its chart.
    pub(super) chart: ChartSettings,
    /// Where its chart is; empty for one that is locked and to be fetched.
    pub(super) path: Result<String, Box<Diagnostic>>,
    /// The chart that it wants from elsewhere.
    pub(super) own: Option<Wanted>,
    /// The dependencies that its chart's directory wants from elsewhere.
    pub(super) subcharts: Vec<Wanted>,
}

impl Member {
    /// Everything that it wants from elsewhere.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Wanted> {
        self.own.iter().chain(&self.subcharts)
    }
}

impl Fleet {
    /// What the overlays want, each wish once, in a fixed order.
    pub(super) fn wanted(&self) -> BTreeSet<&Wanted> {
        self.overlays.iter().flat_map(Member::wanted).collect()
    }

    /// Finds what overlays want, puts its archive into the store, and gives its entry for the lock
    /// file.
    pub(super) fn find(
        &self,
        wanted: &Wanted,
        remote: &Remote,
        client: &Client,
    ) -> Result<Pin, Error> {
        let found = fetch::lock(wanted, &remote.store, client);
        found.map_err(|e| Error::from(e.to_diagnostic().context(self.wanted_by(wanted))))
    }

    /// Gives what the lock file says about `wanted`.
    pub(super) fn pin(&self, wanted: &Wanted) -> Result<&Pin, Error> {
        self.lock.find(wanted).ok_or_else(|| {
            let Wanted { name, version, .. } = wanted;
            let problem = Diagnostic::error(format!("`{name}` {version} is not in the lock file"));
            let problem = problem.context(self.wanted_by(wanted));
            Error::from(problem.hint("run `jenkins-cmp chart lock`"))
        })
    }

    fn wanted_by(&self, wanted: &Wanted) -> String {
        let wants = |member: &&Member| member.wanted().any(|other| other == wanted);
        let mut overlays = self.overlays.iter().filter(wants);
        let first = overlays.next().map_or("", |member| &member.place.overlay);
        match overlays.count() {
            0 => format!("wanted by `{first}`"),
            1 => format!("wanted by `{first}` and another overlay"),
            n => format!("wanted by `{first}` and {n} other overlays"),
        }
    }

    /// The lock file with these entries; of a whole fleet only those that an overlay wants.
    pub(super) fn with(&self, entries: &[Entry]) -> Lock {
        let is_new = |wanted: &Wanted| self.lock.find(wanted).is_none();
        // What a chart that cannot be found wants is not known, and must not be dropped.
        let is_known =
            |member: &Member| member.path.is_ok() || member.own.as_ref().is_some_and(is_new);
        let mut lock = if self.is_whole && self.overlays.iter().all(is_known) {
            Lock::default()
        } else {
            self.lock.clone()
        };
        for entry in entries {
            lock.set(entry.clone());
        }
        lock
    }

    /// Writes the lock file, unless it says the same already.
    pub(super) fn write(&self, lock: &Lock) -> Result<(), Error> {
        let is_new = !self.file.exists() && !lock.entries().is_empty();
        if !is_new && lock.to_text() == self.lock.to_text() {
            return Ok(());
        }
        files::write_whole(&self.file, lock.to_text().as_bytes())
            .map_err(|e| Error::world(e.to_string()))
    }
}

/// Finds the overlays at `paths` with their lock files.
pub(super) fn collect(paths: &[PathBuf]) -> Result<Vec<Fleet>, Error> {
    let mut fleets: Vec<Fleet> = Vec::new();
    let tops: Vec<PathBuf> = paths
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let layers = Call::from_environment(&environment())?.layers;
    let mut charts = Charts::new();
    for place in overlays::places(paths)? {
        let file = place
            .repository
            .root()
            .join(&app::lock_file(&place))
            .map_err(|e| Error::input(e.to_string()))?;
        let at = match fleets.iter().position(|fleet| fleet.file == file) {
            Some(at) => at,
            None => {
                fleets.push(Fleet {
                    lock: Lock::read(&place)?,
                    overlays: Vec::new(),
                    is_whole: tops.iter().any(|top| file.parent() == Some(top)),
                    file,
                });
                fleets.len() - 1
            }
        };
        let overlay = place.overlay.clone();
        let member = member(place, layers.clone(), &fleets[at].lock, &mut charts);
        let member = member.map_err(|e| Error::from(e.context(format!("in `{overlay}`"))))?;
        fleets[at].overlays.push(member);
    }
    Ok(fleets)
}

/// The report of a command, or a line that says why it is empty.
pub(super) fn or_nothing(report: String) -> String {
    match report.is_empty() {
        true => "no overlay wants a chart from elsewhere\n".to_owned(),
        false => report,
    }
}

/// The charts' directories that have been read.
type Charts = HashMap<PathBuf, Chart>;

fn member(
    place: Place,
    layers: Vec<Layer>,
    lock: &Lock,
    charts: &mut Charts,
) -> Result<Member, Box<Diagnostic>> {
    let chart = app::chart_settings(&place, layers)?;
    let own = app::wanted_chart(&chart)?;
    let path = app::find_chart(&place, &chart, lock);
    let repository = &place.repository;
    let mut subcharts = Vec::new();
    if let Ok(path) = &path
        && !path.is_empty()
        && repository.is_dir(path)
    {
        let loaded = load(repository, path, charts)?;
        let found = app::subcharts(repository, path, loaded, &chart.repositories)?;
        subcharts.extend(found.into_iter().filter_map(|subchart| match subchart {
            Subchart::Remote(wanted) => Some(wanted),
            Subchart::Directory { .. } => None,
        }));
    }
    Ok(Member {
        place,
        chart,
        path,
        own,
        subcharts,
    })
}

/// Reads a chart's directory, once for all overlays.
fn load<'c>(
    repository: &Repository,
    path: &str,
    charts: &'c mut Charts,
) -> Result<&'c Chart, Box<Diagnostic>> {
    let root = repository.root();
    let on_disk = root
        .join(path)
        .map_err(|e| Diagnostic::error(e.to_string()))?;
    match charts.entry(on_disk) {
        Occupied(entry) => Ok(entry.into_mut()),
        Vacant(entry) => {
            let options = LoadOptions {
                helm: HelmCompat::default(),
                links: Links::Within(root),
            };
            let loaded = chart::load(entry.key(), options).map_err(|e| {
                let problem = e.to_diagnostic();
                problem.context(format!("while loading the chart `{path}`"))
            })?;
            Ok(entry.insert(loaded.chart))
        }
    }
}
