//! Charts as this crate renders them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{ChartOutput, ChartRenderer, LoadedChart, ReleaseInput};
use crate::app::Repository;
use crate::chart::{self, LoadOptions, Loaded};
use crate::diag::Diagnostic;
use crate::files::Links;
use crate::helm::HelmCompat;
use crate::release::{self, TemplateCache};
use crate::template::Host;
use crate::value::Tree;

/// Makes the outside world of one release.
pub type MakeHost<'m> =
    dyn Fn(&ReleaseInput<'_>) -> Result<Box<dyn Host>, Box<Diagnostic>> + Sync + 'm;

/// Renders charts in this process; each is read and parsed once, whichever thread asks.
pub struct HelmCharts<'m> {
    make_host: &'m MakeHost<'m>,
    loaded: Mutex<HashMap<Key, Arc<OnceLock<Loading>>>>,
    templates: TemplateCache,
}

/// The repository that links may not leave, the chart in it, and who reads it.
type Key = (PathBuf, String, HelmCompat);

/// The outcome of reading a chart, kept for everybody who asks.
type Loading = Result<Arc<Loaded>, Box<Diagnostic>>;

impl<'m> HelmCharts<'m> {
    /// Renders with the worlds that `make_host` makes.
    pub fn new(make_host: &'m MakeHost<'m>) -> HelmCharts<'m> {
        HelmCharts {
            make_host,
            loaded: Mutex::default(),
            templates: TemplateCache::default(),
        }
    }
}

impl ChartRenderer for HelmCharts<'_> {
    fn load<'c>(
        &'c self,
        repository: &Repository,
        path: &str,
        helm: HelmCompat,
    ) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>> {
        let root = repository.root();
        let on_disk = root
            .join(path)
            .map_err(|e| Diagnostic::error(e.to_string()))?;
        let slot = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (root.path().to_owned(), path.to_owned(), helm);
            loaded.entry(key).or_default().clone()
        };
        let loading = slot.get_or_init(|| {
            let options = LoadOptions {
                helm,
                links: Links::Within(root),
            };
            let loaded = chart::load(&on_disk, options).map_err(|e| {
                let problem = e.to_diagnostic();
                problem.context(format!("while loading the chart `{path}`"))
            })?;
            Ok(Arc::new(loaded))
        });
        Ok(Box::new(HelmChart {
            loaded: loading.clone()?,
            charts: self,
        }))
    }
}

struct HelmChart<'c> {
    loaded: Arc<Loaded>,
    charts: &'c HelmCharts<'c>,
}

impl LoadedChart for HelmChart<'_> {
    fn name(&self) -> &str {
        self.loaded.chart.name()
    }

    fn version(&self) -> &str {
        &self.loaded.chart.metadata.version
    }

    fn defaults(&self) -> &Tree {
        &self.loaded.chart.values
    }

    fn defaults_text(&self) -> Option<&str> {
        self.loaded.chart.values_raw.as_ref()?.to_str()
    }

    fn templates(&self) -> Vec<&str> {
        let files = self.loaded.chart.templates.iter();
        files.filter_map(|file| file.data.to_str()).collect()
    }

    fn subcharts(&self) -> Vec<&str> {
        let chart = &self.loaded.chart;
        let dependencies = chart.metadata.dependencies.iter().flatten();
        let aliases = dependencies.flat_map(|d| [d.name.as_str(), d.alias.as_str()]);
        aliases
            .chain(chart.charts.iter().map(|c| c.name()))
            .collect()
    }

    fn render(&self, input: &ReleaseInput<'_>) -> Result<ChartOutput, Box<Diagnostic>> {
        let options = release::Options {
            name: input.name.to_owned(),
            namespace: input.namespace.to_owned(),
            is_upgrade: false,
            kube_version: input.kube_version.map(str::to_owned),
            api_versions: input.api_versions.to_vec(),
            include_crds: input.include_crds,
            hooks: true,
            tests: true,
            validate_schema: true,
            helm: input.helm,
        };
        let host = (self.charts.make_host)(input)?;
        let chart = &self.loaded.chart;
        let templates = &self.charts.templates;
        let rendered =
            release::render_cached(chart, input.values, &options, host.as_ref(), templates)
                .map_err(|e| e.to_diagnostic())?;
        let mut log = self.loaded.log.clone();
        log.extend_from_slice(&rendered.log);
        Ok(ChartOutput {
            stream: rendered.stream(),
            log,
        })
    }
}
