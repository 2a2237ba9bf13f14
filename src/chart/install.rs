//! The checks before a chart is rendered.

use super::{Chart, Dependency};
use crate::helm::HelmCompat;

/// Refuses library charts.
///
/// # Errors
///
/// Helm's text.
pub fn check_installable(chart: &Chart) -> Result<(), String> {
    match chart.metadata.chart_type.as_str() {
        "" | "application" => Ok(()),
        kind => Err(format!("{kind} charts are not installable")),
    }
}

/// The dependencies that a chart declares and that are not in its `charts/`.
pub fn missing_dependencies(chart: &Chart) -> impl Iterator<Item = &Dependency> {
    let declared = chart.metadata.dependencies.iter().flatten();
    let is_there = |name: &str| chart.charts.iter().any(|sub| sub.name() == name);
    declared.filter(move |dependency| !is_there(&dependency.name))
}

/// Refuses a chart that declares dependencies which are not in `charts/`, whatever their versions
/// and conditions. To be called before the dependencies are processed.
///
/// # Errors
///
/// Helm's text with the missing names.
pub fn check_dependencies(chart: &Chart, helm: HelmCompat) -> Result<(), String> {
    let missing: Vec<&str> = missing_dependencies(chart)
        .map(|dependency| dependency.name.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (an, quote) = match helm {
        HelmCompat::V3 => ("An", '`'),
        HelmCompat::V4 => ("an", '\''),
    };
    Err(format!(
        "{an} error occurred while checking for chart dependencies. You may need to run \
         {quote}helm dependency build{quote} to fetch missing dependencies: found in Chart.yaml, \
         but missing in charts/ directory: {}",
        missing.join(", ")
    ))
}
