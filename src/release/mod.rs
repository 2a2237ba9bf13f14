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
mod words;

use crate::chart::{self, Chart};
use crate::funcs;
use crate::funcs::semver::{Constraint, Version};
use crate::helm::{HelmCompat, Level, LogLine};
use crate::template::{Host, Limits, Run, TemplateSet, strip_no_value};
use crate::value::{Map, Str, Tree, Value};
use crate::values;

use capabilities::{Capabilities, DEFAULT_KUBE_VERSION, KubeVersion};
use context::Context;

pub use errors::Error;
pub use host::Derived;
pub use output::{Document, OutputFiles, Rendered};

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
    let mut log = Vec::new();
    match render_logging(chart, values, options, host, &mut log) {
        Ok(rendered) => Ok(Rendered { log, ..rendered }),
        Err(error) => Err(error.after(log)),
    }
}

fn render_logging(
    chart: &Chart,
    values: &Tree,
    options: &Options,
    host: &dyn Host,
    log: &mut Vec<LogLine>,
) -> Result<Rendered, Error> {
    let helm = options.helm;
    let kube_version = options
        .kube_version
        .as_deref()
        .unwrap_or(DEFAULT_KUBE_VERSION);
    let kube_version = KubeVersion::parse(kube_version, helm).map_err(Error::before)?;
    log.extend(check(chart, helm)?);
    check_name(&options.name, helm)?;
    let processed = chart::process_dependencies(chart, values, helm).map_err(Error::before)?;
    let chart = processed.chart;
    log.extend(processed.log);
    let coalesced = chart::coalesce(&chart, values, helm).map_err(Error::before)?;
    log.extend(coalesced.log);
    if options.validate_schema && chart::has_schema(&chart) {
        let values = values::freeze(&coalesced.values).map_err(Error::before)?;
        log.extend(chart::validate(&chart, &values, helm).map_err(Error::before)?);
    }
    check_kube_version(&chart, &kube_version)?;
    let capabilities = Capabilities::new(kube_version, &options.api_versions);
    let files = execute(&chart, coalesced.values, capabilities, options, host)?;
    let documents = documents::sort(files, helm, options.tests)?;
    log.extend(documents.log);
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

/// The checks before anything is processed; gives what Helm would log.
fn check(chart: &Chart, helm: HelmCompat) -> Result<Vec<LogLine>, Error> {
    chart::check_installable(chart).map_err(Error::before)?;
    chart::check_dependencies(chart, helm).map_err(Error::before)?;
    let deprecated = || match helm {
        HelmCompat::V3 => LogLine::plain("WARNING: This chart is deprecated"),
        HelmCompat::V4 => LogLine::structured(Level::Warn, "this chart is deprecated", []),
    };
    Ok(chart
        .metadata
        .deprecated
        .then(deprecated)
        .into_iter()
        .collect())
}

/// Helm's pattern of a release name.
const NAME_PATTERN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

fn check_name(name: &str, helm: HelmCompat) -> Result<(), Error> {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(|b| alphanumeric(*b))
            && bytes.last().is_some_and(|b| alphanumeric(*b))
            && bytes.iter().all(|b| alphanumeric(*b) || *b == b'-')
    };
    if (1..=53).contains(&name.len()) && name.split('.').all(label) {
        return Ok(());
    }
    let prefix = match helm {
        HelmCompat::V3 => "",
        HelmCompat::V4 => "release name check failed: ",
    };
    Err(Error::before(format!(
        "{prefix}release name {name:?}: invalid release name, must match regex {NAME_PATTERN} and \
         the length must not be longer than 53"
    )))
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
    chart: &Chart,
    values: Map,
    capabilities: Capabilities,
    options: &Options,
    host: &dyn Host,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let contexts = context::contexts(chart, values, capabilities, options)?;
    let templates = templates(&contexts);
    let mut set = TemplateSet::new("gotpl", funcs::table(options.helm.major()));
    for template in &templates {
        set.add(template.id.as_str(), template.text.clone())
            .map_err(|error| Error::parse(&error, template.text))?;
    }
    let mut run = Run::new(&set, host, Limits::default());
    let mut files = Vec::new();
    for template in &templates {
        if base(&template.id).starts_with('_') {
            continue;
        }
        context::set_template(template.context, &template.id, options.helm);
        let data = Value::Map(template.context.top.clone());
        let text = run
            .execute(&template.id, data)
            .map_err(|error| Error::exec(&error, options.helm))?;
        files.push((template.id.clone(), strip_no_value(text)));
    }
    Ok(files)
}

/// A file below `templates/` with what it is executed with.
struct Template<'c> {
    id: String,
    text: &'c Str,
    context: &'c Context<'c>,
}

/// The templates of all charts in Helm's order of parsing and executing: deepest path first, then
/// from the last name to the first. Of equal identifiers the last one counts.
fn templates<'c>(contexts: &'c [Context<'c>]) -> Vec<Template<'c>> {
    let mut templates: Vec<Template<'c>> = Vec::new();
    for context in contexts {
        let chart = context.chart;
        let is_library = chart.metadata.chart_type.eq_ignore_ascii_case("library");
        for file in chart.templates.iter() {
            if !is_library || base(&file.name).starts_with('_') {
                let id = format!("{}/{}", chart.full_path, file.name);
                templates.push(Template {
                    id,
                    text: &file.data,
                    context,
                });
            }
        }
    }
    let depth = |id: &str| id.bytes().filter(|b| *b == b'/').count();
    // A stable sort keeps equal identifiers in order, so the last of them is the one that counts.
    templates.sort_by(|a, b| (depth(&b.id), &b.id).cmp(&(depth(&a.id), &a.id)));
    let mut unique: Vec<Template<'c>> = Vec::with_capacity(templates.len());
    for template in templates {
        match unique.last_mut() {
            Some(last) if last.id == template.id => *last = template,
            _ => unique.push(template),
        }
    }
    unique
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
    })
    .collect()
}

/// Executes a `--name-template`.
///
/// # Errors
///
/// Go's text of a template that does not parse or fails.
pub fn name_from_template(
    template: &str,
    helm: HelmCompat,
    host: &dyn Host,
) -> Result<String, Error> {
    const NAME: &str = "name-template";
    let mut set = TemplateSet::new(NAME, funcs::table(helm.major()));
    set.add(NAME, template)
        .map_err(|error| Error::before(error.to_string()))?;
    let name = Run::new(&set, host, Limits::default()).execute(NAME, Value::Nil);
    let name = name.map_err(|error| Error::before(error.go_text()))?;
    Ok(String::from_utf8_lossy(&name).into_owned())
}
