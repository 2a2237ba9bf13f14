//! Charts as this crate renders them.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{ChartOutput, ChartRenderer, LoadedChart, ReleaseInput, missing};
use crate::app::Repository;
use crate::app::values::ParsedFiles;
use crate::chart::{self, LoadOptions, Loaded};
use crate::diag::Diagnostic;
use crate::fetch::Pin;
use crate::files::Links;
use crate::helm::HelmCompat;
use crate::release::{self, TemplateCache};
use crate::template::Host;
use crate::value::Tree;

/// Makes the outside world of one release.
pub type MakeHost<'m> =
    dyn Fn(&ReleaseInput<'_>) -> Result<Box<dyn Host>, Box<Diagnostic>> + Sync + 'm;

/// Gives archives by their digests.
pub trait Archives: Sync {
    /// The archive of a pin, its digest checked.
    ///
    /// # Errors
    ///
    /// It is nowhere to be had.
    fn archive(&self, pin: &Pin) -> Result<Vec<u8>, Box<Diagnostic>>;
}

/// Renders charts in this process; each is read and parsed once, whichever thread asks.
pub struct HelmCharts<'m> {
    make_host: &'m MakeHost<'m>,
    archives: Option<&'m dyn Archives>,
    loaded: Mutex<HashMap<Key, Arc<OnceLock<Loading>>>>,
    templates: TemplateCache,
    parsed_files: ParsedFiles,
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
            archives: None,
            loaded: Mutex::default(),
            templates: TemplateCache::default(),
            parsed_files: ParsedFiles::default(),
        }
    }

    /// Takes the archives that a repository does not hold from `archives`.
    #[must_use]
    pub fn with_archives(mut self, archives: &'m dyn Archives) -> HelmCharts<'m> {
        self.archives = Some(archives);
        self
    }

    /// Loads an archive from memory and compares its name and version.
    fn load_archive(
        &self,
        pin: &Pin,
        archives: &dyn Archives,
        helm: HelmCompat,
    ) -> Result<HelmChart<'_>, Box<Diagnostic>> {
        let archive = archives.archive(pin)?;
        let file = format!("{}-{}.tgz", pin.name, pin.version);
        let loaded = chart::load_archive(&file, Cursor::new(archive), helm).map_err(|e| {
            let problem = e.to_diagnostic();
            problem.context(format!("while loading the chart `{file}`"))
        })?;
        let metadata = &loaded.chart.metadata;
        if metadata.name != pin.name || metadata.version != pin.version {
            return Err(Box::new(Diagnostic::error(format!(
                "the lock file calls the archive {} {}, but it holds {} {}",
                pin.name, pin.version, metadata.name, metadata.version
            ))));
        }
        Ok(HelmChart {
            loaded: Arc::new(loaded),
            charts: self,
        })
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

    fn load_locked<'c>(
        &'c self,
        pin: &Pin,
        helm: HelmCompat,
    ) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>> {
        match self.archives {
            Some(archives) => Ok(Box::new(self.load_archive(pin, archives, helm)?)),
            None => Err(missing(pin)),
        }
    }

    fn parsed_files(&self) -> Option<&ParsedFiles> {
        Some(&self.parsed_files)
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
            objects: true,
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
        let documents = rendered.manifests.iter().chain(&rendered.hooks);
        let objects = documents.filter_map(|d| Some((d.text.clone(), d.object.clone()?)));
        Ok(ChartOutput {
            stream: rendered.stream(),
            objects: objects.collect(),
            log,
        })
    }
}
