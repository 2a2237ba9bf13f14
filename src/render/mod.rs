//! One overlay from its directory to the bytes on standard output.
//!
//! In: a place, the environment, flags, and something that renders charts. Out: the whole stream,
//! after everything has succeeded. Refused: whatever the steps refuse, and output that would make
//! Argo CD delete or duplicate objects.

mod charts;
mod hide;

use std::collections::BTreeMap;

use serde_json::json;

pub use charts::{Archives, HelmCharts, MakeHost};

use crate::app::values::{Additions, ParsedFiles, Values, assemble};
use crate::app::{self, Allowance, Flags, Lock, Overlay, Place};
use crate::diag::Diagnostic;
use crate::fetch::Pin;
use crate::helm::{HelmCompat, LogLine};
use crate::jobs::{self, Context, Kind, Sidecar};
use crate::limits::MAX_JINJA_VALUES_BYTES;
use crate::manifest::{self, Document};
use crate::patch::{self, Patch, json};
use crate::plugin::Call;
use crate::value::{Str, Tree};
use crate::yaml::NODE_BYTES;

/// Renders charts.
pub trait ChartRenderer {
    /// Loads the chart of an overlay: from the repository, or else by the digest that the lock
    /// file has.
    ///
    /// # Errors
    ///
    /// The chart is nowhere to be had or cannot be read.
    fn load<'c>(&'c self, overlay: &Overlay) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>>;

    /// The values files that earlier renders have parsed, where they are kept.
    fn parsed_files(&self) -> Option<&ParsedFiles> {
        None
    }
}

/// A chart that has been loaded.
pub trait LoadedChart {
    /// The name in its `Chart.yaml`.
    fn name(&self) -> &str;

    /// The version in its `Chart.yaml`.
    fn version(&self) -> &str;

    /// Its default values.
    fn defaults(&self) -> &Tree;

    /// The text of its `values.yaml`, where it is known.
    fn defaults_text(&self) -> Option<&str> {
        None
    }

    /// The texts of its own templates, where they are known.
    fn templates(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The names of its subcharts, where they are known.
    fn subcharts(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Renders it to what `helm template` prints.
    ///
    /// # Errors
    ///
    /// Whatever Helm refuses.
    fn render(&self, input: &ReleaseInput<'_>) -> Result<ChartOutput, Box<Diagnostic>>;
}

/// What a chart is rendered with.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseInput<'a> {
    /// The name of the release.
    pub name: &'a str,
    /// The namespace of the release.
    pub namespace: &'a str,
    /// The user's values.
    pub values: &'a Tree,
    /// The cluster's version, if known.
    pub kube_version: Option<&'a str>,
    /// What the cluster serves beyond Helm's own list.
    pub api_versions: &'a [String],
    /// Whether CRDs come first.
    pub include_crds: bool,
    /// The file whose content random values are derived from; an absolute path outside of the
    /// repository.
    pub random_key_file: Option<&'a str>,
    /// Whose bytes are wanted.
    pub helm: HelmCompat,
}

/// A rendered chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChartOutput {
    /// What `helm template` prints.
    pub stream: Vec<u8>,
    /// Texts of documents in it whose data is known already, in its order.
    pub objects: Vec<(Str, Tree)>,
    /// What Helm would log.
    pub log: Vec<LogLine>,
}

/// A rendered overlay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The YAML stream.
    pub stream: String,
    /// What Helm would log.
    pub log: Vec<LogLine>,
}

/// An overlay, and what the Application adds to its values.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The overlay with all its settings.
    pub overlay: Overlay,
    /// Values from outside of the files.
    pub additions: Additions,
}

/// Settles what to render for the overlay at `place`.
///
/// # Errors
///
/// Settings, environment or parameters that are wrong.
pub fn prepare(
    place: Place,
    environment: &BTreeMap<String, String>,
    flags: &Flags,
) -> Result<Prepared, Box<Diagnostic>> {
    let lock = Lock::read(&place)?;
    prepare_locked(place, environment, flags, lock)
}

/// Settles what to render as [`prepare`] does, with `lock` in place of the lock file.
///
/// # Errors
///
/// As [`prepare`].
pub fn prepare_locked(
    place: Place,
    environment: &BTreeMap<String, String>,
    flags: &Flags,
    lock: Lock,
) -> Result<Prepared, Box<Diagnostic>> {
    let call = Call::from_environment(environment)?;
    let mut layers = call.layers;
    layers.extend(flags.layers());
    Ok(Prepared {
        overlay: app::load_locked(place, layers, lock)?,
        additions: Additions {
            values: call.values,
            set: call.set,
        },
    })
}

/// Loads the chart of an overlay from the repository, or else by the digest of the lock file.
///
/// # Errors
///
/// The chart cannot be read, or is another one than the settings say.
pub fn load_chart<'c>(
    overlay: &Overlay,
    charts: &'c dyn ChartRenderer,
) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>> {
    let chart = charts.load(overlay)?;
    // The digest of a locked one says more than its name and version.
    if overlay.locked.is_none() {
        check_chart(overlay, chart.as_ref())?;
    }
    Ok(chart)
}

/// Renders the overlay at `place`.
///
/// # Errors
///
/// The first problem; there is no partial output.
pub fn render(
    place: Place,
    environment: &BTreeMap<String, String>,
    flags: &Flags,
    charts: &dyn ChartRenderer,
) -> Result<Output, Box<Diagnostic>> {
    render_prepared(&prepare(place, environment, flags)?, charts)
}

/// Renders an overlay whose settings are settled.
///
/// # Errors
///
/// The first problem; there is no partial output.
pub fn render_prepared(
    prepared: &Prepared,
    charts: &dyn ChartRenderer,
) -> Result<Output, Box<Diagnostic>> {
    let Prepared { overlay, additions } = prepared;
    let chart = load_chart(overlay, charts)?;
    let none = ParsedFiles::default();
    let parsed = charts.parsed_files().unwrap_or(&none);
    let values = assemble(overlay, chart.defaults(), additions, parsed)?;
    let (documents, log) = documents(overlay, chart.as_ref(), &values)?;
    Ok(Output {
        stream: documents.iter().map(Document::text).collect(),
        log,
    })
}

/// All documents of an overlay, in the order of the output, and what Helm would log.
fn documents(
    overlay: &Overlay,
    chart: &dyn LoadedChart,
    values: &Values,
) -> Result<(Vec<Document>, Vec<LogLine>), Box<Diagnostic>> {
    let settings = &overlay.settings;
    let repository = &overlay.place.repository;
    let directories = overlay.directories();
    let context = context(overlay, chart, values);
    let exclude = |globs: &Option<Vec<String>>| globs.clone().unwrap_or_default();
    let read = |kind: Kind, exclude: &[String]| {
        jobs::read(repository, &directories, kind, exclude, &context)
    };
    let scripts = read(Kind::Jobs, &exclude(&settings.jobs.exclude))?;
    let scripts = jobs::declare(scripts, &settings.jobs, &context)?;
    let casc = read(Kind::Casc, &exclude(&settings.casc.exclude))?;
    let manifests = read(Kind::Manifests, &[])?;
    jobs::check_fragments(&casc)?;
    let patches = patches(overlay, context.allowance())?;

    let rendered = chart.render(&ReleaseInput {
        name: &overlay.release_name,
        namespace: &overlay.namespace,
        values: &values.user,
        kube_version: settings.kubernetes.version.as_deref(),
        api_versions: settings
            .kubernetes
            .api_versions
            .as_deref()
            .unwrap_or_default(),
        include_crds: settings.output.include_crds.unwrap_or(true),
        random_key_file: settings.random.key_file.as_deref(),
        helm: overlay.helm,
    })?;
    let stream = String::from_utf8(rendered.stream)
        .map_err(|_| Diagnostic::error("the chart renders to bytes that are not UTF-8"))?;
    let mut documents = manifest::split_known(&stream, "the chart's output", &rendered.objects)?;
    manifest::check_workload(&documents)?;
    let sidecar = Sidecar::find(&documents, &overlay.namespace)?;
    match &sidecar {
        Some(sidecar) => documents.extend(jobs::generate(
            &scripts,
            &casc,
            sidecar,
            (&settings.jobs, &settings.casc),
            &overlay.name,
        )?),
        None if scripts.is_empty() && casc.is_empty() => {}
        None => {
            return Err(Box::new(
                Diagnostic::error(
                    "there are files under jobs/ or casc/, but the chart runs no reload sidecar",
                )
                .hint("set `controller.sidecars.configAutoReload.enabled: true`"),
            ));
        }
    }
    documents.extend(jobs::objects(&manifests, &overlay.name)?);
    patch::apply(&patches, &mut documents, &overlay.namespace)?;
    manifest::check_identities(&documents, &overlay.namespace)?;
    if let Some(sidecar) = &sidecar {
        jobs::check_folder(&documents, sidecar, &overlay.namespace)?;
        jobs::check_merge(&documents, sidecar, &overlay.namespace, &casc)?;
    }
    Ok((documents, rendered.log))
}

/// Says that a locked chart is not in the repository.
fn missing(pin: &Pin) -> Box<Diagnostic> {
    let problem = format!("chart `{}` {} not found in charts/", pin.name, pin.version);
    Box::new(Diagnostic::error(problem).hint("run `jenkins-cmp chart pull --vendor`"))
}

/// Refuses a chart that is another one than the settings say.
fn check_chart(overlay: &Overlay, chart: &dyn LoadedChart) -> Result<(), Box<Diagnostic>> {
    let settings = &overlay.settings.chart;
    for (what, wanted, found) in [
        ("name", &settings.name, chart.name()),
        ("version", &settings.version, chart.version()),
    ] {
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
            return Err(Box::new(Diagnostic::error(format!(
                "`{}` has the {what} {found}, but `chart.{what}` is {wanted}",
                overlay.chart
            ))));
        }
    }
    Ok(())
}

/// What templates under `jobs/`, `casc/` and `manifests/` can refer to.
fn context<'a>(
    overlay: &'a Overlay,
    chart: &'a dyn LoadedChart,
    values: &'a Values,
) -> Context<'a> {
    Context::new(|| {
        let merged = values.merged()?;
        check_size(&merged)?;
        let merged = json::to_json(&merged)
            .map_err(|e| Diagnostic::error(format!("the merged values: {e}")))?;
        Ok(json!({
            "vars": overlay.settings.vars,
            "values": merged,
            "release": {"name": overlay.release_name, "namespace": overlay.namespace},
            "chart": {"name": chart.name(), "version": chart.version()},
            "overlay": {"name": overlay.name, "path": overlay.path},
        }))
    })
}

/// Refuses values that hold too much for templates: another may stand in them many times over.
fn check_size(values: &Tree) -> Result<(), Box<Diagnostic>> {
    let mut left = MAX_JINJA_VALUES_BYTES;
    let mut todo = vec![values];
    while let Some(tree) = todo.pop() {
        let n_bytes = match tree {
            Tree::List(items) => {
                todo.extend(items.iter());
                0
            }
            Tree::Map(entries) => {
                todo.extend(entries.values());
                entries
                    .keys()
                    .map(|key| NODE_BYTES + key.as_bytes().len())
                    .sum()
            }
            other => other.as_str().map_or(0, str::len),
        };
        let Some(rest) = left.checked_sub(NODE_BYTES + n_bytes) else {
            return Err(Box::new(Diagnostic::error(format!(
                "the merged values have more than {MAX_JINJA_VALUES_BYTES} bytes, which is too much \
                 for templates"
            ))));
        };
        left = rest;
    }
    Ok(())
}

/// Reads the patches of the bases, then those of the overlay.
fn patches(overlay: &Overlay, allowance: &Allowance) -> Result<Vec<Patch>, Box<Diagnostic>> {
    let repository = &overlay.place.repository;
    let mut patches = Vec::new();
    for directory in overlay.directories() {
        let directory = app::join(directory, "patches");
        for name in repository.files(&directory)? {
            let file = app::join(&directory, &name);
            if name == ".gitkeep" {
                continue;
            }
            if name.contains('/') || name.starts_with('.') || !name.ends_with(".yaml") {
                let problem = Diagnostic::error("`patches/` does not take this kind of file");
                return Err(Box::new(problem.in_file(&file).hint("it takes `*.yaml`")));
            }
            if let Some(text) = repository.read(&file)? {
                allowance.take(text.len(), &file)?;
                patches.extend(patch::parse(&text, &file)?);
            }
        }
    }
    Ok(patches)
}

#[cfg(test)]
mod tests;
