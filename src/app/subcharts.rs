//! Subcharts that a chart's directory declares in its `Chart.yaml` and does not hold.
//!
//! In: the chart, what the settings call repositories, the lock file. Out: where each missing
//! subchart comes from: a directory of the repository, or an archive by its digest. `Chart.lock`
//! decides about versions where there is one. Refused: what `helm dependency build` refuses,
//! subcharts that the lock file does not name, directories outside of the repository.

use std::collections::BTreeMap;

use super::Overlay;
use super::chart::{RUN_LOCK, is_part_of_file_name, name_and_version_of};
use super::discover::{Place, SETTINGS_FILE};
use super::lock::lock_file;
use super::repository::{Repository, join};
use crate::chart::{Chart, Dependency, missing_dependencies};
use crate::diag::Diagnostic;
use crate::fetch::{Pin, Wanted};
use crate::funcs::semver::{Constraint, Version};
use crate::manifest::codec;
use crate::value::Tree;

/// A subchart that is not in `charts/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subchart {
    /// A chart's directory in the same repository.
    Directory {
        /// Its name.
        name: String,
        /// Where it is.
        path: String,
    },
    /// A chart from elsewhere.
    Remote(Wanted),
}

/// Where a missing subchart is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubchartSource {
    /// A chart's directory in the same repository.
    Directory {
        /// Its name.
        name: String,
        /// Where it is.
        path: String,
    },
    /// A vendored archive.
    Vendored {
        /// Where it is.
        path: String,
        /// What the lock file says about it.
        pin: Pin,
    },
    /// An archive that has to be fetched.
    Locked(Pin),
}

/// The subcharts that `chart`, which lies at `path`, declares and does not hold; `names` are the
/// addresses of repositories that it calls by names.
///
/// # Errors
///
/// A `Chart.lock` for other dependencies; a version, a repository or a directory that is wrong.
pub fn subcharts(
    repository: &Repository,
    path: &str,
    chart: &Chart,
    names: &BTreeMap<String, String>,
) -> Result<Vec<Subchart>, Box<Diagnostic>> {
    let missing: Vec<&Dependency> = missing_dependencies(chart).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let file = join(path, "Chart.yaml");
    let find = || {
        let mut declared = chart.metadata.dependencies.clone().unwrap_or_default();
        for dependency in &mut declared {
            dependency.repository = address(&dependency.repository, names)?.to_owned();
        }
        let mut chosen = chosen(chart, declared)?;
        chosen.retain(|dependency| missing.iter().any(|other| other.name == dependency.name));
        let mut subcharts = Vec::with_capacity(chosen.len());
        for dependency in &chosen {
            let subchart = subchart(repository, path, dependency, names)?;
            // Charts under several aliases are there once.
            if !subcharts.contains(&subchart) {
                subcharts.push(subchart);
            }
        }
        Ok(subcharts)
    };
    find().map_err(|problem: Box<Diagnostic>| match problem.location {
        Some(_) => problem,
        None => Box::new(problem.in_file(&file)),
    })
}

/// Finds the subcharts that the chart of `overlay` declares and does not hold.
///
/// # Errors
///
/// As [`subcharts`]; one that is not locked.
pub fn find_subcharts(
    overlay: &Overlay,
    chart: &Chart,
) -> Result<Vec<SubchartSource>, Box<Diagnostic>> {
    let repository = &overlay.place.repository;
    let names = &overlay.settings.chart.repositories;
    let subcharts = subcharts(repository, &overlay.chart, chart, names)?;
    let mut sources = Vec::with_capacity(subcharts.len());
    for subchart in subcharts {
        let source = match subchart {
            Subchart::Directory { name, path } => SubchartSource::Directory { name, path },
            Subchart::Remote(wanted) => find_remote(overlay, &wanted)
                .map_err(|e| Box::new(e.context(format!("for the chart `{}`", overlay.chart))))?,
        };
        // Two ranges may have led to one archive.
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Ok(sources)
}

fn find_remote(overlay: &Overlay, wanted: &Wanted) -> Result<SubchartSource, Box<Diagnostic>> {
    let pin = overlay
        .lock
        .find(wanted)
        .ok_or_else(|| not_locked(wanted))?;
    Ok(locate_archive(&overlay.place, pin))
}

/// Finds an archive in the `charts/` beside the lock file, where `chart pull --vendor` puts it; it
/// has to be fetched where it is not there.
pub fn locate_archive(place: &Place, pin: &Pin) -> SubchartSource {
    let lock = lock_file(place);
    let directory = lock.rsplit_once('/').map_or("", |(directory, _)| directory);
    let path = join(directory, &format!("charts/{}", pin.file()));
    let pin = pin.clone();
    match place.repository.is_file(&path) {
        true => SubchartSource::Vendored { path, pin },
        false => SubchartSource::Locked(pin),
    }
}

/// The directories of the repository that the chart at `path` names as dependencies, whether or not
/// they are in its `charts/` too; none for an archive.
///
/// # Errors
///
/// Its metadata cannot be read, or names a directory outside of the repository.
pub fn subchart_directories(
    repository: &Repository,
    path: &str,
) -> Result<Vec<String>, Box<Diagnostic>> {
    let mut directories = Vec::new();
    for name in ["Chart.yaml", "requirements.yaml"] {
        let file = join(path, name);
        // Reading a file below an archive fails, which is no error here.
        if !repository.is_file(&file) {
            continue;
        }
        let text = repository.read(&file)?.unwrap_or_default();
        let metadata = codec::read(&text, &file, 1)?;
        let declared = metadata.get("dependencies").and_then(Tree::as_list);
        for dependency in declared.into_iter().flatten() {
            let source = dependency.get("repository").and_then(Tree::as_str);
            if let Some(relative) = source.and_then(|source| source.strip_prefix("file://")) {
                let directory = repository.resolve(path, relative);
                directories.push(directory.map_err(|e| Box::new(e.in_file(&file)))?);
            }
        }
    }
    Ok(directories)
}

/// Says that the lock file does not name a subchart.
fn not_locked(wanted: &Wanted) -> Box<Diagnostic> {
    let Wanted { name, version, .. } = wanted;
    let problem = Diagnostic::error(format!(
        "the dependency `{name}` {version} is not in charts/, and the lock file does not name it"
    ));
    Box::new(problem.hint(RUN_LOCK))
}

/// The dependencies with the versions that `Chart.lock` has, or as they are declared without one.
fn chosen(chart: &Chart, declared: Vec<Dependency>) -> Result<Vec<Dependency>, Box<Diagnostic>> {
    let Some(lock) = &chart.lock else {
        return Ok(declared);
    };
    let as_written = chart.metadata.dependencies.as_deref().unwrap_or_default();
    let is_v1 = chart.metadata.api_version == "v1";
    if lock.fits(&declared) || is_v1 && lock.fits_helm_2(as_written) {
        return Ok(lock.dependencies.clone());
    }
    let (lock, file) = match is_v1 {
        true => ("requirements.lock", "requirements.yaml"),
        false => ("Chart.lock", "Chart.yaml"),
    };
    let problem = Diagnostic::error(format!(
        "the lock file ({lock}) is out of sync with the dependencies file ({file})"
    ));
    Err(Box::new(problem.hint(format!(
        "`helm dependency update` writes it anew; without a {lock} jenkins-cmp.lock alone decides"
    ))))
}

/// The address of a repository that may be called by its name, as in `@name` and `alias:name`.
fn address<'a>(
    repository: &'a str,
    names: &'a BTreeMap<String, String>,
) -> Result<&'a str, Box<Diagnostic>> {
    let name = repository.strip_prefix('@');
    let Some(name) = name.or_else(|| repository.strip_prefix("alias:")) else {
        return Ok(repository);
    };
    let address = names.get(name).map(String::as_str);
    address.ok_or_else(|| {
        let problem = format!("`{repository}` is only a name of a chart repository");
        Box::new(Diagnostic::error(problem).hint(format!(
            "say which one in {SETTINGS_FILE}: `chart: {{repositories: {{{name}: https://…}}}}`"
        )))
    })
}

fn subchart(
    repository: &Repository,
    parent: &str,
    dependency: &Dependency,
    names: &BTreeMap<String, String>,
) -> Result<Subchart, Box<Diagnostic>> {
    let Dependency { name, version, .. } = dependency;
    let refused = |why: &str| Diagnostic::error(format!("the dependency `{name}` {why}"));
    if !is_part_of_file_name(name) {
        return Err(Box::new(refused("has a name that no chart can have")));
    }
    let range = Constraint::parse(version)
        .map_err(|e| refused(&format!("has no valid version or range `{version}`: {e}")))?;
    // Those that `Chart.lock` has may be names too.
    let source = address(&dependency.repository, names)?;
    if source.is_empty() {
        let hint = format!("put it into `{}`", join(parent, "charts"));
        let problem = refused("is not in charts/ and names no repository");
        return Err(Box::new(problem.hint(hint)));
    }
    if let Some(relative) = source.strip_prefix("file://") {
        let path = repository.resolve(parent, relative)?;
        check_directory(repository, &path, dependency, &range)?;
        return Ok(Subchart::Directory {
            name: name.clone(),
            path,
        });
    }
    if !["https://", "http://", "oci://"]
        .iter()
        .any(|scheme| source.starts_with(scheme))
    {
        let problem = refused(&format!("has no valid repository `{source}`"));
        return Err(Box::new(problem.hint(
            "it is an address with `https://`, `http://`, `oci://` or `file://`, or `@name`",
        )));
    }
    Ok(Subchart::Remote(Wanted {
        name: name.clone(),
        repository: source.to_owned(),
        version: version.clone(),
    }))
}

/// Refuses a directory that does not hold the chart that a dependency means.
fn check_directory(
    repository: &Repository,
    path: &str,
    dependency: &Dependency,
    range: &Constraint,
) -> Result<(), Box<Diagnostic>> {
    let Dependency { name, version, .. } = dependency;
    let found = name_and_version_of(repository, path)?;
    let Some((found_name, found_version)) = found else {
        let what = format!("the dependency `{name}`: there is no chart in `{path}`");
        return Err(Box::new(Diagnostic::error(what)));
    };
    let fits = Version::parse(&found_version).is_ok_and(|found| range.check(&found));
    if found_name == *name && fits {
        return Ok(());
    }
    Err(Box::new(Diagnostic::error(format!(
        "the dependency `{name}` is to have the version {version}, but `{path}` holds \
         {found_name} {found_version}"
    ))))
}
