//! Finding the chart: in the repository, or in the lock file.

use super::discover::SETTINGS_FILE;
use super::lock::Lock;
use super::repository::{Repository, ancestors, join};
use super::settings::ChartSettings;
use crate::diag::Diagnostic;
use crate::fetch::{Pin, Wanted};
use crate::limits::MAX_ARCHIVE_BYTES;
use crate::manifest::codec;
use crate::store::Digest;

/// The chart's name when nothing gives one.
const DEFAULT_NAME: &str = "jenkins";

/// The chart of an overlay.
pub(super) struct Located {
    /// The path of an archive or a directory; empty for one that has to be fetched.
    pub(super) path: String,
    /// What the lock file says.
    pub(super) locked: Option<Pin>,
}

/// Finds the chart for the overlay at `directory`.
///
/// `chart.path` decides; else the `charts/` of the overlay and of each directory above are
/// searched for `<name>-<version>.tgz` and for an unpacked `<name>/` of that version. The lock file
/// gives the version of a range, and the digest that an archive must have.
///
/// # Errors
///
/// There is no such chart, it is not clear which one is meant, or it is another one than locked.
pub(super) fn locate(
    repository: &Repository,
    directory: &str,
    settings: &ChartSettings,
    lock: &Lock,
) -> Result<Located, Box<Diagnostic>> {
    if let Some(path) = &settings.path {
        if repository.is_dir(path) || repository.is_file(path) {
            return Ok(Located {
                path: path.clone(),
                locked: None,
            });
        }
        // Reading tells a link that leads outside from a chart that is not there.
        repository.read(path)?;
        let problem = Diagnostic::error(format!("`chart.path`: there is no `{path}`"));
        return Err(Box::new(problem));
    }
    let (name, version) = name_and_version(settings)?;
    let locked = wanted(settings)?
        .and_then(|wanted| lock.find(&wanted))
        .cloned();
    let exact = locked.as_ref().map_or(version, |pin| &pin.version);
    if !is_exact(exact) {
        let problem = Diagnostic::error(format!("the chart version `{exact}` is not an exact one"));
        return Err(Box::new(match settings.repository {
            Some(_) => problem.hint(RUN_LOCK),
            None => problem.hint("write all three numbers, as in `5.9.53`"),
        }));
    }
    let mut others = Vec::new();
    if let Some(path) = vendored(repository, directory, (name, exact), &mut others)? {
        if let Some(pin) = locked.as_ref().filter(|_| repository.is_file(&path)) {
            read_vendored(repository, &path, pin)?;
        }
        return Ok(Located { path, locked });
    }
    if locked.is_some() {
        return Ok(Located {
            path: String::new(),
            locked,
        });
    }
    let mut problem = Diagnostic::error(format!("chart `{name}` {version} not found in charts/"));
    problem.trace = others;
    let vendor = format!(
        "vendor it: put {name}-{version}.tgz into a `charts/` directory of the overlay or above"
    );
    Err(Box::new(match &settings.repository {
        Some(_) => problem
            .context("the lock file does not name it")
            .hint(RUN_LOCK),
        None => problem.hint(vendor).hint(format!(
            "or set `chart.repository` in {SETTINGS_FILE} and {RUN_LOCK}"
        )),
    }))
}

/// What to do about a chart that the lock file does not name.
pub(super) const RUN_LOCK: &str = "run `jenkins-cmp chart lock`";

/// What the settings want from a repository; nothing if the chart comes from a path or has to be
/// vendored.
///
/// # Errors
///
/// There is no version, or the name is none.
pub(super) fn wanted(settings: &ChartSettings) -> Result<Option<Wanted>, Box<Diagnostic>> {
    let repository = match (&settings.path, &settings.repository) {
        (None, Some(repository)) => repository,
        _ => return Ok(None),
    };
    let (name, version) = name_and_version(settings)?;
    Ok(Some(Wanted {
        name: name.to_owned(),
        repository: repository.clone(),
        version: version.to_owned(),
    }))
}

fn name_and_version(settings: &ChartSettings) -> Result<(&str, &str), Box<Diagnostic>> {
    let name = settings.name.as_deref().unwrap_or(DEFAULT_NAME);
    let version = settings.version.as_deref().ok_or_else(|| {
        Diagnostic::error("no chart version is given").hint(format!(
            "set `chart.version` in {SETTINGS_FILE}, or CHART_VERSION in the Application's \
             `plugin.env`"
        ))
    })?;
    if !is_part_of_file_name(name) {
        return Err(Box::new(Diagnostic::error(format!(
            "`{name}` is no name of a chart"
        ))));
    }
    Ok((name, version))
}

/// Says whether a name or a version can be part of the name of an archive's file, and nothing more.
pub(super) fn is_part_of_file_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\\', '\0'])
}

/// Searches the `charts/` directories; `others` gets unpacked charts of other versions.
fn vendored(
    repository: &Repository,
    directory: &str,
    (name, version): (&str, &str),
    others: &mut Vec<String>,
) -> Result<Option<String>, Box<Diagnostic>> {
    for above in ancestors(directory) {
        let charts = join(above, "charts");
        if !repository.is_dir(&charts) {
            continue;
        }
        let archive = join(&charts, &format!("{name}-{version}.tgz"));
        if repository.is_file(&archive) {
            return Ok(Some(archive));
        }
        let unpacked = join(&charts, name);
        match name_and_version_of(repository, &unpacked)? {
            Some((_, found)) if found == version => return Ok(Some(unpacked)),
            Some((_, found)) => others.push(format!("`{unpacked}` has version {found}")),
            None => {}
        }
    }
    Ok(None)
}

/// Reads a vendored archive.
///
/// # Errors
///
/// It cannot be read, or is not the locked one.
pub fn read_vendored(
    repository: &Repository,
    path: &str,
    pin: &Pin,
) -> Result<Vec<u8>, Box<Diagnostic>> {
    let data = repository.root().read(path, MAX_ARCHIVE_BYTES);
    let data = data.map_err(|e| Diagnostic::error(e.to_string()).in_file(path))?;
    let found = Digest::of(&data);
    if found == pin.sha256 {
        return Ok(data);
    }
    let problem = Diagnostic::error(format!(
        "the archive has the digest sha256:{found}, but the lock file says sha256:{}",
        pin.sha256
    ));
    Err(Box::new(problem.in_file(path).hint(
        "`jenkins-cmp chart pull --vendor` replaces it by the locked one",
    )))
}

/// The name and the version in the `Chart.yaml` of an unpacked chart.
pub(super) fn name_and_version_of(
    repository: &Repository,
    chart: &str,
) -> Result<Option<(String, String)>, Box<Diagnostic>> {
    let file = join(chart, "Chart.yaml");
    let Some(text) = repository.read(&file)? else {
        return Ok(None);
    };
    let metadata = codec::read(&text, &file, 1)?;
    let text = |key| metadata.get(key)?.as_str().map(str::to_owned);
    Ok(text("name").zip(text("version")))
}

/// Says whether a version has exactly three numbers, then perhaps a pre-release and build part.
fn is_exact(version: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-+.".contains(c);
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let core = core.strip_prefix('v').unwrap_or(core);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    version.chars().all(fits) && core.split('.').count() == 3 && core.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_versions_are_told_from_ranges() {
        for version in ["5.9.53", "v1.2.3", "1.2.3-rc.1+build.5"] {
            assert!(is_exact(version), "{version}");
        }
        for version in [
            "",
            "5",
            "5.9",
            "5.x.x",
            "^5.9.1",
            ">=1.2.3",
            "1.2.3 || 2.0.0",
            "1.2.3/..",
        ] {
            assert!(!is_exact(version), "{version}");
        }
    }
}
