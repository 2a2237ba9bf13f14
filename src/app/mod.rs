//! Overlays: where they are, what is set for them, which values they give.
//!
//! In: a directory, layers of settings from outside. Out: an [`Overlay`], plain data that says what
//! to render. Refused: unknown settings, names that Kubernetes would not take, paths that leave the
//! repository, charts that are not there.

mod chart;
mod discover;
pub mod explain;
mod flags;
mod layers;
mod lock;
mod repository;
pub mod settings;
mod subcharts;
pub mod unknown;
pub mod values;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

pub use chart::read_vendored;
pub use discover::{Place, SETTINGS_FILE, locate};
pub use flags::Flags;
pub use layers::{Combined, Layer, Origin, combine};
pub use lock::{Entry, LOCK_FILE, Lock, lock_file};
use repository::ancestors;
pub(crate) use repository::join;
pub use repository::{Allowance, Repository};
use settings::{ChartSettings, Settings};
pub use subcharts::{
    Subchart, SubchartSource, find_subcharts, locate_archive, subchart_directories, subcharts,
};

use crate::diag::Diagnostic;
use crate::fetch::{Pin, Wanted};
use crate::helm::HelmCompat;
use crate::limits::MAX_SETTINGS_BYTES;

/// Longest name of a release.
const MAX_RELEASE_NAME: usize = 53;

/// Kubernetes's own limit of a label, which a namespace is.
const MAX_LABEL: usize = 63;

/// The directory whose children are overlays, by custom.
const OVERLAYS: &str = "overlays";

/// One Jenkins controller: everything that decides what is rendered.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// Where it is.
    pub place: Place,
    /// Its name: the directory's, or the one below `overlays/`.
    pub name: String,
    /// Its directory from the fleet's root, or from the top of the repository without a fleet.
    pub path: String,
    /// The directories of defaults, in their order.
    pub bases: Vec<String>,
    /// The archive or directory of the chart; empty for one that has to be fetched.
    pub chart: String,
    /// What the lock file says about the chart.
    pub locked: Option<Pin>,
    /// The lock file.
    pub lock: Lock,
    /// The name of the release.
    pub release_name: String,
    /// The namespace of the release.
    pub namespace: String,
    /// Whose bytes are wanted.
    pub helm: HelmCompat,
    /// All settings.
    pub settings: Settings,
    /// Where each setting comes from, by its path of keys.
    pub origins: BTreeMap<Vec<String>, Origin>,
}

impl Overlay {
    /// The directories that files come from: the bases, then the overlay.
    pub fn directories(&self) -> Vec<&str> {
        let bases = self.bases.iter().map(String::as_str);
        bases.chain([self.place.overlay.as_str()]).collect()
    }
}

/// Loads the overlay at `place`; `above` are the layers over the settings files.
///
/// # Errors
///
/// The directory is no overlay, or settings are wrong, missing or point nowhere.
pub fn load(place: Place, above: Vec<Layer>) -> Result<Overlay, Box<Diagnostic>> {
    let lock = Lock::read(&place)?;
    load_locked(place, above, lock)
}

/// Loads the overlay at `place` as [`load`] does, with `lock` in place of its lock file.
///
/// # Errors
///
/// As [`load`].
pub fn load_locked(
    place: Place,
    above: Vec<Layer>,
    lock: Lock,
) -> Result<Overlay, Box<Diagnostic>> {
    let Combined { settings, origins } = settings_at(&place, above)?;
    let from = |path: &[&str]| {
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        origins.get(&path)
    };
    let release_name = release_name(&settings).map_err(|e| noted(e, from(&["release", "name"])))?;
    let namespace = namespace(&settings).map_err(|e| noted(e, from(&["release", "namespace"])))?;
    let helm = helm(&settings).map_err(|e| noted(e, from(&["helmCompat"])))?;
    let bases = bases(&place, &settings).map_err(|e| noted(e, from(&["bases"])))?;
    let chart = chart::locate(&place.repository, &place.overlay, &settings.chart, &lock)?;
    let path = match &place.fleet {
        Some(fleet) => place.overlay[fleet.len()..].trim_start_matches('/'),
        None => &place.overlay,
    };
    Ok(Overlay {
        name: name(&place, path),
        path: path.to_owned(),
        bases,
        chart: chart.path,
        locked: chart.locked,
        lock,
        release_name,
        namespace,
        helm,
        settings,
        origins,
        place,
    })
}

/// Reads the chart settings of the overlay at `place`; `above` are the layers over the files.
///
/// # Errors
///
/// The directory is no overlay, or settings are wrong.
pub fn chart_settings(place: &Place, above: Vec<Layer>) -> Result<ChartSettings, Box<Diagnostic>> {
    Ok(settings_at(place, above)?.settings.chart)
}

/// What chart settings want from a repository; nothing if the chart comes from a path or has to be
/// vendored.
///
/// # Errors
///
/// There is no version, or the name is none.
pub fn wanted_chart(settings: &ChartSettings) -> Result<Option<Wanted>, Box<Diagnostic>> {
    chart::wanted(settings)
}

/// Finds the chart of the overlay at `place`: its path, empty if it is locked and to be fetched.
///
/// # Errors
///
/// There is no such chart, it is not clear which one is meant, or it is another one than locked.
pub fn find_chart(
    place: &Place,
    settings: &ChartSettings,
    lock: &Lock,
) -> Result<String, Box<Diagnostic>> {
    Ok(chart::locate(&place.repository, &place.overlay, settings, lock)?.path)
}

/// How many renders may run at once, as the settings files for `place` have it.
///
/// # Errors
///
/// A settings file is wrong.
pub fn parallelism(place: &Place) -> Result<Option<NonZeroUsize>, Box<Diagnostic>> {
    Ok(combine(files(place)?)?.settings.parallelism)
}

/// Combines the settings files of `place` with `above`, the layers over them; whether they make
/// sense together is not looked at.
///
/// # Errors
///
/// The directory is no overlay, or a settings file is wrong.
pub fn settings_at(place: &Place, above: Vec<Layer>) -> Result<Combined, Box<Diagnostic>> {
    let mut layers = files(place)?;
    check_is_overlay(place)?;
    layers.extend(above);
    combine(layers)
}

/// The settings files from the fleet's root down to the overlay.
fn files(place: &Place) -> Result<Vec<Layer>, Box<Diagnostic>> {
    let mut layers = Vec::new();
    let mut left = MAX_SETTINGS_BYTES;
    for directory in settings_directories(place) {
        layers.extend(layers::read(&place.repository, directory, &mut left)?);
    }
    Ok(layers)
}

/// The directories whose settings files count for `place`, the fleet's root first.
pub(crate) fn settings_directories(place: &Place) -> Vec<&str> {
    let Some(fleet) = &place.fleet else {
        return Vec::new();
    };
    let mut directories: Vec<&str> = ancestors(&place.overlay).collect();
    directories.retain(|directory| directory.len() >= fleet.len());
    directories.reverse();
    directories
}

/// The bases that the settings file of `directory` names, from the top of the repository.
///
/// A file that cannot be read names none: whoever renders an overlay below it says why.
pub(crate) fn named_bases(repository: &Repository, directory: &str) -> Vec<String> {
    let file = join(directory, SETTINGS_FILE);
    let Ok(Some(text)) = repository.read(&file) else {
        return Vec::new();
    };
    // Most files name none, and reading one takes far longer than this look.
    if !text.contains("bases") {
        return Vec::new();
    }
    let layer = layers::read(repository, directory, &mut { MAX_SETTINGS_BYTES })
        .ok()
        .flatten();
    let bases = layer.and_then(|layer| layer.settings.get("bases").cloned());
    let bases = bases.and_then(|bases| serde_json::from_value(bases).ok());
    bases.unwrap_or_default()
}

/// Says whether `name` is a DNS subdomain, as names of most objects are.
pub(crate) fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

fn is_label(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.chars().all(fits) && !name.starts_with('-') && !name.ends_with('-')
}

/// An empty directory must not render as a controller with nothing but defaults.
fn check_is_overlay(place: &Place) -> Result<(), Box<Diagnostic>> {
    let has = |name: &str| place.repository.is_file(&join(&place.overlay, name));
    if has(SETTINGS_FILE) || has(values::DEFAULT_FILE) {
        return Ok(());
    }
    Err(Box::new(
        Diagnostic::error(format!("`{}` is no overlay", place.overlay)).hint(format!(
            "an overlay has a `{}` or a `{SETTINGS_FILE}`",
            values::DEFAULT_FILE
        )),
    ))
}

fn name(place: &Place, path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let below = parts.iter().rposition(|part| *part == OVERLAYS);
    let name = match below.and_then(|at| parts.get(at + 1)) {
        Some(name) => name,
        None => parts.last().copied().unwrap_or_default(),
    };
    if !name.is_empty() {
        return name.to_owned();
    }
    let top = place.repository.root().path().join(&place.overlay);
    let name = top.file_name().and_then(|name| name.to_str());
    name.unwrap_or("overlay").to_owned()
}

fn release_name(settings: &Settings) -> Result<String, Box<Diagnostic>> {
    let Some(name) = &settings.release.name else {
        return Err(Box::new(Diagnostic::error("the release has no name").hint(
            format!(
                "set `release.name` in {SETTINGS_FILE}, or RELEASE_NAME in the Application's \
             `plugin.env`"
            ),
        )));
    };
    if is_subdomain(name) && name.len() <= MAX_RELEASE_NAME {
        return Ok(name.clone());
    }
    Err(Box::new(
        Diagnostic::error(format!("`{name}` is no name for a release")).hint(format!(
            "lower-case letters, digits, `-` and `.`, at most {MAX_RELEASE_NAME} characters"
        )),
    ))
}

fn namespace(settings: &Settings) -> Result<String, Box<Diagnostic>> {
    let Some(namespace) = &settings.release.namespace else {
        return Err(Box::new(
            Diagnostic::error("the release has no namespace").hint(format!(
                "set `release.namespace` in {SETTINGS_FILE}, the Application's \
             `destination.namespace`, or INSTALL_TARGET_NAMESPACE in its `plugin.env`"
            )),
        ));
    };
    if is_label(namespace) && namespace.len() <= MAX_LABEL {
        return Ok(namespace.clone());
    }
    Err(Box::new(
        Diagnostic::error(format!("`{namespace}` is no name for a namespace")).hint(format!(
            "lower-case letters, digits and `-`, at most {MAX_LABEL} characters"
        )),
    ))
}

fn helm(settings: &Settings) -> Result<HelmCompat, Box<Diagnostic>> {
    match settings.helm_compat {
        None => Ok(HelmCompat::default()),
        Some(4) => Ok(HelmCompat::V4),
        Some(3) => Ok(HelmCompat::V3),
        Some(other) => Err(Box::new(Diagnostic::error(format!(
            "`helmCompat` is 3 or 4, not {other}"
        )))),
    }
}

fn bases(place: &Place, settings: &Settings) -> Result<Vec<String>, Box<Diagnostic>> {
    let Some(bases) = &settings.bases else {
        let nearest = ancestors(&place.overlay)
            .skip(1)
            .map(|above| join(above, "base"))
            .find(|base| place.repository.is_dir(base));
        return Ok(nearest.into_iter().collect());
    };
    for base in bases {
        if !place.repository.is_dir(base) {
            let problem = Diagnostic::error(format!("`bases`: there is no directory `{base}`"));
            return Err(Box::new(problem));
        }
    }
    Ok(bases.clone())
}

fn noted(problem: Box<Diagnostic>, origin: Option<&Origin>) -> Box<Diagnostic> {
    let Some(origin) = origin else {
        return problem;
    };
    Box::new(match origin {
        Origin::File { file, line } => problem.at(file, *line, 0, ""),
        origin => problem.context(format!("set by {origin}")),
    })
}
