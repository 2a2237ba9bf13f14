//! The overlays that a command is about, and the lock file that counts for them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::super::exit::Error;
use super::super::overlays;
use super::super::render::environment;
use crate::app::settings::ChartSettings;
use crate::app::{self, Entry, Lock, Place};
use crate::fetch::Wanted;
use crate::files;
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
}

impl Member {
    /// What it wants from a repository.
    pub(super) fn wanted(&self) -> Result<Option<Wanted<'_>>, Error> {
        let wanted = app::wanted_chart(&self.chart);
        wanted.map_err(|e| Error::from(e.context(format!("in `{}`", self.place.overlay))))
    }
}

impl Fleet {
    /// What the overlays want, each wish once, in a fixed order.
    pub(super) fn wanted(&self) -> Result<Vec<Wanted<'_>>, Error> {
        let mut keys = BTreeSet::new();
        for member in &self.overlays {
            if let Some(wanted) = member.wanted()? {
                keys.insert((wanted.name, wanted.repository, wanted.version));
            }
        }
        let wanted = |(name, repository, version)| Wanted {
            name,
            version,
            repository,
        };
        Ok(keys.into_iter().map(wanted).collect())
    }

    /// Writes the entries to the lock file; of a whole fleet only those that an overlay wants.
    /// Says whether the file has changed.
    pub(super) fn write(&self, entries: Vec<Entry>) -> Result<bool, Error> {
        let mut lock = if self.is_whole {
            Lock::default()
        } else {
            self.lock.clone()
        };
        for entry in entries {
            lock.set(entry);
        }
        let is_new = !self.file.exists() && !lock.entries().is_empty();
        if !is_new && lock.to_text() == self.lock.to_text() {
            return Ok(false);
        }
        files::write_whole(&self.file, lock.to_text().as_bytes())
            .map_err(|e| Error::world(e.to_string()))?;
        Ok(true)
    }
}

/// Finds the overlays at `paths` with their lock files.
pub(super) fn collect(paths: &[PathBuf]) -> Result<Vec<Fleet>, Error> {
    let mut fleets: Vec<Fleet> = Vec::new();
    let tops: Vec<PathBuf> = paths
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    for place in overlays::places(paths)? {
        let layers = Call::from_environment(&environment())?.layers;
        let chart = app::chart_settings(&place, layers)
            .map_err(|e| Error::from(e.context(format!("in `{}`", place.overlay))))?;
        let file = place
            .repository
            .root()
            .join(&app::lock_file(&place))
            .map_err(|e| Error::input(e.to_string()))?;
        let member = Member { place, chart };
        match fleets.iter_mut().find(|fleet| fleet.file == file) {
            Some(fleet) => fleet.overlays.push(member),
            None => fleets.push(Fleet {
                lock: Lock::read(&member.place)?,
                overlays: vec![member],
                is_whole: tops.iter().any(|top| file.parent() == Some(top)),
                file,
            }),
        }
    }
    Ok(fleets)
}
