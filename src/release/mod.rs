//! Meets chart, values and templates: what `helm template` prints.
//!
//! In: a chart, the user's values, options, the outside world as a [`Host`]. Out: the documents of
//! the release in Helm's order. Refused, in Helm's words: what Helm refuses.

mod capabilities;
mod chart_object;
mod context;
mod documents;
mod errors;
mod files;
mod head;
mod host;
mod order;
mod output;
mod split;
mod templates;
mod words;

use crate::chart::{self, Chart};
use crate::funcs;
use crate::funcs::semver::{Constraint, Version};
use crate::helm::{HelmCompat, Level, LogLine};
use crate::template::{Host, Limits, Run, TemplateSet, strip_no_value};
use crate::value::quote::quote;
use crate::value::{Tree, Value};
use crate::values;

use capabilities::{Capabilities, DEFAULT_KUBE_VERSION, KubeVersion};
use context::Context;

pub use errors::Error;
pub use host::Derived;
pub use output::{Document, OutputFiles, Rendered};
pub use templates::TemplateCache;

/// What a release is besides its chart and values; the fields are Helm's flags.
#[derive(Clone, Debug)]
pub struct Options {
    /// The release's name.
    pub name: String,
    /// The release's namespace.
    pub namespace: String,
    /// `--is-upgrade`
    pub is_upgrade: bool,
    /// `--kube-version`; Helm's own default if absent.
    pub kube_version: Option<String>,
    /// `--api-versions`, added to Helm's defaults.
    pub api_versions: Vec<String>,
    /// `--include-crds`
    pub include_crds: bool,
    /// Whether hooks are printed (`--no-hooks`).
    pub hooks: bool,
    /// Whether test hooks are printed (`--skip-tests`).
    pub tests: bool,
    /// Whether values are checked against schemas (`--skip-schema-validation`).
    pub validate_schema: bool,
    /// Whether the documents come with their objects, for who would parse them again.
    pub objects: bool,
    /// Whose bytes are wanted.
    pub helm: HelmCompat,
}

/// Renders `chart` with the user's `values`.
///
/// # Errors
///
/// Helm's text, the place in the chart that is at fault, and what Helm would log before it.
pub fn render(
    chart: &Chart,
    values: &Tree,
    options: &Options,
    host: &dyn Host,
) -> Result<Rendered, Error> {
    render_cached(chart, values, options, host, &TemplateCache::default())
}

/// Renders like [`render`], and parses only templates that `cache` does not have.
///
/// # Errors
///
/// As [`render`].
pub fn render_cached(
    chart: &Chart,
    values: &Tree,
    options: &Options,
    host: &dyn Host,
    cache: &TemplateCache,
) -> Result<Rendered, Error> {
    let mut log = Vec::new();
    match render_logging(chart, values, options, (host, cache), &mut log) {
        Ok(rendered) => Ok(Rendered { log, ..rendered }),
        Err(error) => Err(error.after(log)),
    }
}

fn render_logging(
    chart: &Chart,
    values: &Tree,
    options: &Options,
    (host, cache): (&dyn Host, &TemplateCache),
    log: &mut Vec<LogLine>,
) -> Result<Rendered, Error> {
    let helm = options.helm;
    let kube_version = options
        .kube_version
        .as_deref()
        .unwrap_or(DEFAULT_KUBE_VERSION);
    let kube_version = KubeVersion::parse(kube_version, helm).map_err(Error::before)?;
    check(chart, helm, log)?;
    check_name(&options.name)
        .map_err(|reason| failed_step("release name check failed", reason, helm, log))?;
    let chart = chart::process_dependencies(chart, values, helm, log)
        .map_err(|e| failed_step("chart dependencies processing failed", e, helm, log))?;
    let coalesced = chart::coalesce(&chart, values, helm, log).map_err(Error::before)?;
    if options.validate_schema && chart::has_schema(&chart) {
        let values = values::freeze(&coalesced).map_err(Error::before)?;
        log.extend(chart::validate(&chart, &values, helm).map_err(Error::before)?);
    }
    check_kube_version(&chart, &kube_version)?;
    let capabilities = Capabilities::new(kube_version, &options.api_versions);
    let contexts = context::contexts(&chart, coalesced, capabilities, options)?;
    let files = execute(&contexts, options, host, cache)?;
    let documents = documents::sort(files, options, log)?;
    Ok(Rendered {
        helm,
        crds: if options.include_crds {
            crds(&chart)
        } else {
            Vec::new()
        },
        manifests: documents.manifests,
        hooks: if options.hooks {
            documents.hooks
        } else {
            Vec::new()
        },
        log: Vec::new(),
    })
}

/// The error of a step that Helm 4 names and logs besides.
fn failed_step(what: &str, reason: String, helm: HelmCompat, log: &mut Vec<LogLine>) -> Error {
    if helm == HelmCompat::V3 {
        return Error::before(reason);
    }
    let message = format!("{what}: {reason}");
    log.push(LogLine::structured(Level::Error, what, [("error", reason)]));
    Error::before(message)
}

/// The checks before anything is processed.
fn check(chart: &Chart, helm: HelmCompat, log: &mut Vec<LogLine>) -> Result<(), Error> {
    chart::check_installable(chart).map_err(Error::before)?;
    if chart.metadata.deprecated {
        log.push(match helm {
            HelmCompat::V3 => LogLine::plain("WARNING: This chart is deprecated"),
            HelmCompat::V4 => LogLine::structured(Level::Warn, "this chart is deprecated", []),
        });
    }
    chart::check_dependencies(chart, helm).map_err(Error::before)
}

/// Helm's pattern of a release name.
const NAME_PATTERN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

fn check_name(name: &str) -> Result<(), String> {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(|b| alphanumeric(*b))
            && bytes.last().is_some_and(|b| alphanumeric(*b))
            && bytes.iter().all(|b| alphanumeric(*b) || *b == b'-')
    };
    if name.is_empty() {
        return Err("release name \"\": no name provided".to_owned());
    }
    if name.len() <= 53 && name.split('.').all(label) {
        return Ok(());
    }
    Err(format!(
        "release name {}: invalid release name, must match regex {NAME_PATTERN} and the length \
         must not be longer than 53",
        quote(name.as_bytes())
    ))
}

fn check_kube_version(chart: &Chart, kube_version: &KubeVersion) -> Result<(), Error> {
    let constraint = &chart.metadata.kube_version;
    let compatible = || {
        let version = Version::parse(kube_version.normalized()).ok()?;
        Some(Constraint::parse(constraint).ok()?.check(&version))
    };
    if constraint.is_empty() || compatible() == Some(true) {
        return Ok(());
    }
    Err(Error::rendering(format!(
        "chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {}",
        kube_version.version()
    )))
}

/// Renders every file below `templates/` of the chart and its subcharts, by identifier.
fn execute(
    contexts: &[Context<'_>],
    options: &Options,
    host: &dyn Host,
    cache: &TemplateCache,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let charts: Vec<&Chart> = contexts.iter().map(|context| context.chart).collect();
    let parsed = cache.parsed(&charts, options.helm)?;
    let mut run = Run::new(&parsed.set, host, Limits::default());
    let mut files = Vec::new();
    for template in &parsed.templates {
        if base(&template.id).starts_with('_') {
            continue;
        }
        let context = &contexts[template.chart];
        context::set_template(context, &template.id, options.helm);
        let data = context
            .top
            .with_map_type(context::values_type(options.helm));
        let text = run
            .execute(&template.id, Value::Map(data))
            .map_err(|error| Error::exec(&error, options.helm))?;
        files.push((template.id.clone(), strip_no_value(text)));
    }
    Ok(files)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn crds(chart: &Chart) -> Vec<Document> {
    let crds = chart.crds().into_iter();
    crds.map(|(source, file)| Document {
        source,
        kind: String::new(),
        text: file.data.clone(),
        object: None,
    })
    .collect()
}

/// Checks a `--kube-version`, as Helm does before anything else.
///
/// # Errors
///
/// Helm's text.
pub fn check_kube_version_flag(version: &str, helm: HelmCompat) -> Result<(), String> {
    KubeVersion::parse(version, helm).map(|_| ())
}

/// Executes a `--name-template`, which has no functions of Helm's own.
///
/// # Errors
///
/// Go's text of a template that does not parse or fails.
pub fn name_from_template(template: &str, host: &dyn Host) -> Result<String, Error> {
    const NAME: &str = "name-template";
    let mut set = TemplateSet::new(NAME, funcs::sprig_table());
    set.add(NAME, template)
        .map_err(|error| Error::before(error.to_string()))?;
    let name = Run::new(&set, host, Limits::default()).execute(NAME, Value::Nil);
    let name = name.map_err(|error| Error::before(error.go_text()))?;
    Ok(String::from_utf8_lossy(&name).into_owned())
}
