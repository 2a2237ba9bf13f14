//! Charts for overlays: loaded inside the repository, rendered by the release assembly.

use crate::app::Repository;
use crate::chart::{self, Chart, LoadOptions};
use crate::diag::Diagnostic;
use crate::files::Links;
use crate::helm::{HelmCompat, LogLine};
use crate::release::{self, Options};
use crate::template::Host;
use crate::value::Tree;

use super::{ChartRenderer, LoadedChart, ReleaseInput};

/// The world that the charts of overlays see, and the ear for what Helm would log.
pub trait World {
    /// The clock and the randomness for one release.
    ///
    /// # Errors
    ///
    /// The key of the random functions cannot be read.
    fn host(&self, input: &ReleaseInput<'_>) -> Result<Box<dyn Host>, Box<Diagnostic>>;

    /// Takes a line that Helm would print on standard error.
    fn log(&self, line: &LogLine, helm: HelmCompat);
}

/// Loads and renders charts in `world`.
pub struct Charts<'w> {
    /// The world that templates see.
    pub world: &'w dyn World,
}

impl ChartRenderer for Charts<'_> {
    fn load(
        &self,
        repository: &Repository,
        path: &str,
        helm: HelmCompat,
    ) -> Result<Box<dyn LoadedChart + '_>, Box<Diagnostic>> {
        let root = repository.root();
        let found = root.join(path).map_err(|e| Diagnostic::error(e.to_string()).in_file(path))?;
        let options = LoadOptions { helm, links: Links::Within(root) };
        let loaded = chart::load(&found, options).map_err(|error| {
            let mut diagnostic = error.to_diagnostic();
            match &mut diagnostic.location {
                Some(at) => at.file = format!("{path}/{}", at.file),
                None => diagnostic = diagnostic.in_file(path),
            }
            diagnostic
        })?;
        for line in &loaded.log {
            self.world.log(line, helm);
        }
        Ok(Box::new(Loaded { chart: loaded.chart, world: self.world }))
    }
}

struct Loaded<'w> {
    chart: Chart,
    world: &'w dyn World,
}

impl LoadedChart for Loaded<'_> {
    fn name(&self) -> &str {
        self.chart.name()
    }

    fn version(&self) -> &str {
        &self.chart.metadata.version
    }

    fn defaults(&self) -> &Tree {
        &self.chart.values
    }

    fn render(&self, input: &ReleaseInput<'_>) -> Result<String, Box<Diagnostic>> {
        let options = Options {
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
        let host = self.world.host(input)?;
        let rendered = release::render(&self.chart, input.values, &options, host.as_ref())
            .map_err(|error| error.to_diagnostic())?;
        for line in &rendered.log {
            self.world.log(line, input.helm);
        }
        String::from_utf8(rendered.stream()).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + memchr::memchr_iter(b'\n', before).count();
            let message = format!("the chart's output is not UTF-8 (line {line})");
            Box::new(Diagnostic::error(message))
        })
    }
}
