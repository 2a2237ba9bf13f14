//! Charts as this crate renders them.

use std::collections::HashMap;
use std::hash::Hash;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::hide::without_secrets;
use super::{ChartOutput, ChartRenderer, LoadedChart, ReleaseInput, missing};
use crate::app::values::ParsedFiles;
use crate::app::{self, Overlay, SubchartSource};
use crate::chart::{self, Addition, LoadOptions, Loaded};
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
    loaded: Slots<Key>,
    /// Charts with subcharts from elsewhere.
    completed: Slots<(Key, Vec<SubchartSource>)>,
    /// Charts from elsewhere.
    fetched: Slots<(Pin, HelmCompat)>,
    templates: TemplateCache,
    parsed_files: ParsedFiles,
}

/// The repository that links may not leave, the chart in it, and who reads it.
type Key = (PathBuf, String, HelmCompat);

/// The outcome of reading a chart, kept for everybody who asks.
type Loading = Result<Arc<Loaded>, Box<Diagnostic>>;

/// Charts by what decides about them, each with a place for whoever reads it first.
type Slots<K> = Mutex<HashMap<K, Arc<OnceLock<Loading>>>>;

fn slot<K: Eq + Hash>(slots: &Slots<K>, key: K) -> Arc<OnceLock<Loading>> {
    let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
    slots.entry(key).or_default().clone()
}

impl<'m> HelmCharts<'m> {
    /// Renders with the worlds that `make_host` makes.
    pub fn new(make_host: &'m MakeHost<'m>) -> HelmCharts<'m> {
        HelmCharts {
            make_host,
            archives: None,
            loaded: Slots::default(),
            completed: Slots::default(),
            fetched: Slots::default(),
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

    /// Loads the directory or archive in the repository.
    fn load_path(&self, overlay: &Overlay) -> Loading {
        let root = overlay.place.repository.root();
        let path = &overlay.chart;
        let on_disk = root
            .join(path)
            .map_err(|e| Diagnostic::error(e.to_string()))?;
        let key = (root.path().to_owned(), path.clone(), overlay.helm);
        let slot_of_path = slot(&self.loaded, key.clone());
        let loading = slot_of_path.get_or_init(|| {
            let loaded = chart::load(&on_disk, options(overlay)).map_err(|e| {
                let problem = e.to_diagnostic();
                problem.context(format!("while loading the chart `{path}`"))
            })?;
            Ok(Arc::new(loaded))
        });
        let loaded = loading.clone()?;
        // An archive is complete, as Helm sees it.
        if !on_disk.is_dir() {
            return Ok(loaded);
        }
        let subcharts = app::find_subcharts(overlay, &loaded.chart)?;
        if subcharts.is_empty() {
            return Ok(loaded);
        }
        let slot = slot(&self.completed, (key, subcharts.clone()));
        let completed = slot.get_or_init(|| {
            let loaded = self.complete(overlay, &loaded, &subcharts);
            loaded.map_err(|e| Box::new(e.context(format!("while loading the chart `{path}`"))))
        });
        completed.clone()
    }

    /// Adds subcharts to a chart's directory.
    fn complete(
        &self,
        overlay: &Overlay,
        loaded: &Loaded,
        subcharts: &[SubchartSource],
    ) -> Loading {
        let repository = &overlay.place.repository;
        let addition = |subchart: &SubchartSource| {
            let (pin, data) = match subchart {
                SubchartSource::Directory { name, path } => {
                    let path = repository.root().join(path);
                    return Ok(Addition::Directory {
                        name: name.clone(),
                        path: path.map_err(|e| Diagnostic::error(e.to_string()))?,
                    });
                }
                SubchartSource::Vendored { path, pin } => {
                    (pin, app::read_vendored(repository, path, pin)?)
                }
                SubchartSource::Locked(pin) => (pin, self.archive(pin)?),
            };
            let file = pin.file();
            Ok(Addition::Archive { file, data })
        };
        let additions = subcharts.iter().map(addition);
        let additions: Vec<Addition> = additions.collect::<Result<_, Box<Diagnostic>>>()?;
        let mut loaded = loaded.clone();
        let added = loaded.add(&additions, options(overlay));
        added.map_err(|e| Box::new(e.to_diagnostic()))?;
        Ok(Arc::new(loaded))
    }

    /// Loads the archive that the repository does not hold, and compares its name and version.
    fn load_archive(&self, pin: &Pin, helm: HelmCompat) -> Loading {
        let archive = self.archive(pin)?;
        let file = pin.file();
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
        Ok(Arc::new(loaded))
    }

    fn archive(&self, pin: &Pin) -> Result<Vec<u8>, Box<Diagnostic>> {
        match self.archives {
            Some(archives) => archives.archive(pin),
            None => Err(missing(pin)),
        }
    }
}

impl ChartRenderer for HelmCharts<'_> {
    fn load<'c>(&'c self, overlay: &Overlay) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>> {
        let loaded = match &overlay.locked {
            Some(pin) if overlay.chart.is_empty() => {
                let slot = slot(&self.fetched, (pin.clone(), overlay.helm));
                let loading = slot.get_or_init(|| self.load_archive(pin, overlay.helm));
                loading.clone()?
            }
            _ => self.load_path(overlay)?,
        };
        Ok(Box::new(HelmChart {
            loaded,
            charts: self,
        }))
    }

    fn parsed_files(&self) -> Option<&ParsedFiles> {
        Some(&self.parsed_files)
    }
}

fn options(overlay: &Overlay) -> LoadOptions<'_> {
    LoadOptions {
        helm: overlay.helm,
        links: Links::Within(overlay.place.repository.root()),
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
                .map_err(|e| without_secrets(e.to_diagnostic(), input.values))?;
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
