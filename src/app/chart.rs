//! Finding the chart on disk.

use super::discover::SETTINGS_FILE;
use super::repository::{Repository, ancestors, join};
use super::settings::ChartSettings;
use crate::diag::Diagnostic;
use crate::manifest::codec;
use crate::value::Tree;

/// The chart's name when nothing gives one.
const DEFAULT_NAME: &str = "jenkins";

/// Finds the chart for the overlay at `directory`: the path of an archive or a directory.
///
/// `chart.path` decides; else the `charts/` of the overlay and of each directory above are
/// searched for `<name>-<version>.tgz` and for an unpacked `<name>/` of that version.
///
/// # Errors
///
/// There is no such chart, or it is not clear which one is meant.
pub(super) fn locate(
    repository: &Repository,
    directory: &str,
    settings: &ChartSettings,
) -> Result<String, Box<Diagnostic>> {
    if let Some(path) = &settings.path {
        if repository.is_dir(path) || repository.is_file(path) {
            return Ok(path.clone());
        }
        // Reading tells a link that leads outside from a chart that is not there.
        repository.read(path)?;
        let problem = Diagnostic::error(format!("`chart.path`: there is no `{path}`"));
        return Err(Box::new(problem));
    }
    let name = settings.name.as_deref().unwrap_or(DEFAULT_NAME);
    let version = settings.version.as_deref().ok_or_else(|| {
        Diagnostic::error("no chart version is given").hint(format!(
            "set `chart.version` in {SETTINGS_FILE}, or CHART_VERSION in the Application's \
             `plugin.env`"
        ))
    })?;
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(Box::new(Diagnostic::error(format!(
            "`{name}` is no name of a chart"
        ))));
    }
    if !is_exact(version) {
        return Err(Box::new(
            Diagnostic::error(format!("the chart version `{version}` is not an exact one"))
                .hint("write all three numbers, as in `5.9.53`"),
        ));
    }
    let mut others = Vec::new();
    for above in ancestors(directory) {
        let charts = join(above, "charts");
        if !repository.is_dir(&charts) {
            continue;
        }
        let archive = join(&charts, &format!("{name}-{version}.tgz"));
        if repository.is_file(&archive) {
            return Ok(archive);
        }
        let unpacked = join(&charts, name);
        match version_of(repository, &unpacked)? {
            Some(found) if found == version => return Ok(unpacked),
            Some(found) => others.push(format!("`{unpacked}` has version {found}")),
            None => {}
        }
    }
    let mut problem = Diagnostic::error(format!("chart `{name}` {version} not found in charts/"));
    problem.trace = others;
    let from = match &settings.repository {
        Some(repository) => format!(" from {repository}"),
        None => String::new(),
    };
    Err(Box::new(problem.hint(format!(
        "vendor it: put {name}-{version}.tgz{from} into a `charts/` directory of the overlay or \
         above"
    ))))
}

/// The version in the `Chart.yaml` of an unpacked chart.
fn version_of(repository: &Repository, chart: &str) -> Result<Option<String>, Box<Diagnostic>> {
    let file = join(chart, "Chart.yaml");
    let Some(text) = repository.read(&file)? else {
        return Ok(None);
    };
    let metadata = codec::read(&text, &file, 1)?;
    let version = metadata.get("version").and_then(Tree::as_str);
    Ok(version.map(str::to_owned))
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
