//! `jenkins-cmp render [PATH…]`: the manifests of overlays, repeatable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::exit::Error;
use super::gate::{Defaults, GateArgs, Meter};
use super::output;
use super::template::Major;
use super::timed::Timed;
use crate::app::{self, Flags};
use crate::diag::Diagnostic;
use crate::helm::HelmCompat;
use crate::plugin;
use crate::release::Derived;
use crate::render::{self, HelmCharts, MakeHost, ReleaseInput};
use crate::template::Host;

/// Prints the manifests of an overlay: the chart, the ConfigMaps made from jobs/ and casc/, and
/// manifests/, with patches/ applied.
///
/// Random template functions and the clock give fixed stand-ins, so that the same inputs print the
/// same bytes.
#[derive(Args, Debug)]
pub(super) struct RenderArgs {
    /// Directories of overlays
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    gate: GateArgs,
}

/// No deadline waits behind a terminal or a pipeline.
const DEFAULTS: Defaults = Defaults {
    command: "render",
    queue_timeout: Duration::from_secs(600),
};

/// Settings that win over those of files, environment and parameters.
#[derive(Args, Debug)]
pub(super) struct SettingsArgs {
    /// Name of the release
    #[arg(long, value_name = "NAME")]
    release_name: Option<String>,

    /// Namespace of the release
    #[arg(short, long)]
    namespace: Option<String>,

    /// Version of the chart
    #[arg(long, value_name = "VERSION")]
    chart_version: Option<String>,

    /// Kubernetes version for `.Capabilities.KubeVersion`
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,

    /// Further API versions for `.Capabilities.APIVersions`, separated by commas
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Option<Vec<String>>,

    /// Whether the chart's CRDs are printed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    include_crds: Option<bool>,

    /// The release of Helm whose bytes are wanted
    #[arg(long, value_name = "MAJOR", value_enum)]
    helm_compat: Option<Major>,
}

impl SettingsArgs {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            release_name: self.release_name.clone(),
            namespace: self.namespace.clone(),
            chart_version: self.chart_version.clone(),
            kube_version: self.kube_version.clone(),
            api_versions: self.api_versions.clone(),
            include_crds: self.include_crds,
            helm_compat: self
                .helm_compat
                .map(|major| HelmCompat::from(major).major()),
        }
    }
}

/// What tells one release's random bytes from another's.
pub(super) fn identity(input: &ReleaseInput<'_>) -> String {
    format!("{}/{}", input.namespace, input.name)
}

/// The world of `render`: the same bytes at every run.
pub(super) fn stand_ins(input: &ReleaseInput<'_>) -> Result<Box<dyn Host>, Box<Diagnostic>> {
    Ok(Box::new(Derived::stand_ins(input.helm, identity(input))))
}

/// Runs the command.
pub(super) fn run(args: &RenderArgs) -> Result<(), Error> {
    args.gate.measured(DEFAULTS, |meter| {
        let mut out = String::new();
        for path in &args.paths {
            let n_slots = args
                .gate
                .n_slots(|| Ok(app::parallelism(&locate(path)?)?))?;
            let slot = meter.enter(n_slots)?;
            out.push_str(&overlay(path, &args.settings, &stand_ins, meter)?);
            drop(slot);
        }
        meter.output(out.as_bytes())
    })
}

fn locate(path: &Path) -> Result<app::Place, Box<Diagnostic>> {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    app::locate(path, plugin::boundary(&absolute).as_deref())
}

/// Renders the overlay at `path` in the world that `make_host` makes, with the process's
/// environment, and tells `meter` its phases; what Helm would log goes to standard error.
pub(super) fn overlay(
    path: &Path,
    settings: &SettingsArgs,
    make_host: &MakeHost<'_>,
    meter: &Meter<'_>,
) -> Result<String, Error> {
    let charts = Timed {
        charts: HelmCharts::new(make_host),
        meter,
    };
    let output = render::render(locate(path)?, &environment(), &settings.flags(), &charts)?;
    meter.mark("jobs");
    for line in &output.log {
        output::stderr(&line.text_for(HelmCompat::V4));
    }
    Ok(output.stream)
}

/// The process's environment; what is not UTF-8 concerns nobody here.
pub(super) fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}
