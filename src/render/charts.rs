//! Charts as this crate renders them.

use std::io::Cursor;

use super::{ChartOutput, ChartRenderer, LoadedChart, ReleaseInput, missing};
use crate::app::Repository;
use crate::chart::{self, Chart, LoadOptions};
use crate::diag::Diagnostic;
use crate::fetch::Pin;
use crate::files::Links;
use crate::helm::{HelmCompat, LogLine};
use crate::release;
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

/// Renders charts in this process.
pub struct HelmCharts<'m> {
    make_host: &'m MakeHost<'m>,
    archives: Option<&'m dyn Archives>,
}

impl<'m> HelmCharts<'m> {
    /// Renders with the worlds that `make_host` makes.
    pub fn new(make_host: &'m MakeHost<'m>) -> HelmCharts<'m> {
        HelmCharts {
            make_host,
            archives: None,
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
            chart: loaded.chart,
            log: loaded.log,
            make_host: self.make_host,
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
        let options = LoadOptions {
            helm,
            links: Links::Within(root),
        };
        let loaded = chart::load(&on_disk, options).map_err(|e| {
            let problem = e.to_diagnostic();
            problem.context(format!("while loading the chart `{path}`"))
        })?;
        Ok(Box::new(HelmChart {
            chart: loaded.chart,
            log: loaded.log,
            make_host: self.make_host,
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
}

struct HelmChart<'m> {
    chart: Chart,
    log: Vec<LogLine>,
    make_host: &'m MakeHost<'m>,
}

impl LoadedChart for HelmChart<'_> {
    fn name(&self) -> &str {
        self.chart.name()
    }

    fn version(&self) -> &str {
        &self.chart.metadata.version
    }

    fn defaults(&self) -> &Tree {
        &self.chart.values
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
        let host = (self.make_host)(input)?;
        let rendered = release::render(&self.chart, input.values, &options, host.as_ref())
            .map_err(|e| e.to_diagnostic())?;
        let mut log = self.log.clone();
        log.extend_from_slice(&rendered.log);
        Ok(ChartOutput {
            stream: rendered.stream(),
            log,
        })
    }
}
