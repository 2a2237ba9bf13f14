//! `jenkins-cmp render [PATH…]`: the manifests of overlays, repeatable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::exit::Error;
use super::gate::{Defaults, GateArgs, Meter};
use super::output;
use super::overlays::{self, PoolArgs};
use super::remote::{Remote, RemoteArgs};
use super::template::Major;
use super::timed::Timed;
use crate::app::{self, Flags};
use crate::diag::Diagnostic;
use crate::files::FileError;
use crate::fleet::{Fleet, Member, OutputTree};
use crate::helm::HelmCompat;
use crate::par::Arrival;
use crate::release::Derived;
use crate::render::{self, ChartRenderer, HelmCharts, MakeHost, Prepared, ReleaseInput};
use crate::template::Host;

/// Prints the manifests of overlays.
///
/// They are those of the chart, the ConfigMaps made from jobs/ and casc/, and manifests/, with
/// patches/ applied.
///
/// Random template functions and the clock give fixed stand-ins, so that the same inputs print the
/// same bytes. An overlay that fails does not hide the others: all messages are printed at the end.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  jenkins-cmp render overlays/prod
  jenkins-cmp render --all -o out jenkins
  jenkins-cmp render --all -o out --shard 2/4 jenkins")]
pub(super) struct RenderArgs {
    /// Directories of overlays; with `--all`, directories to search
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Render every overlay of the fleet at and below PATH
    #[arg(long)]
    all: bool,

    /// Write one file for each overlay into this directory instead; with `--all`, remove those that
    /// earlier runs wrote for overlays that are gone
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    #[command(flatten)]
    pool: PoolArgs,

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
#[command(next_help_heading = "Settings over those of files")]
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

    #[command(flatten)]
    pub(super) remote: RemoteArgs,
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

/// A world in which the same inputs give the same bytes.
pub(super) fn stand_ins(input: &ReleaseInput<'_>) -> Result<Box<dyn Host>, Box<Diagnostic>> {
    Ok(Box::new(Derived::stand_ins(input.helm, identity(input))))
}

/// Runs the command.
pub(super) fn run(args: &RenderArgs) -> Result<(), Error> {
    args.gate.measured(DEFAULTS, |meter| {
        let chosen = overlays::choose(&args.paths, args.all)?;
        let members = args.pool.share(chosen.members);
        let remote = Remote::new(&args.settings.remote);
        let world = World::new(&args.settings, &stand_ins, &remote);
        let first = members.first().map(Member::directory);
        let n_slots = overlays::n_slots(&args.gate, first.as_deref())?;
        // Every overlay waits for its turn among all processes.
        let render = |member: &Member| {
            let _slot = meter.enter(Arrival::now(), n_slots)?;
            world.render(&member.directory(), meter)
        };
        if let Some(directory) = &args.output {
            return write(directory, &members, &chosen.fleets, args, &render);
        }
        let (streams, error) = args.pool.for_each(&members, &render);
        match error {
            Some(error) => Err(error),
            None => meter.output(streams.into_iter().collect::<String>().as_bytes()),
        }
    })
}

/// Writes the files of `members`; those of overlays that fail stay as they are.
fn write(
    directory: &Path,
    members: &[Member],
    fleets: &[Fleet],
    args: &RenderArgs,
    render: &(dyn Fn(&Member) -> Result<String, Error> + Sync),
) -> Result<(), Error> {
    let name = |member: &Member| format!("{}.yaml", member.file_stem());
    let all: Vec<Member> = fleets.iter().flat_map(|f| f.members.clone()).collect();
    // Without a search nobody knows which overlays are gone.
    let is_search = !fleets.is_empty();
    overlays::check_stems(if is_search { &all } else { members })?;
    let known = is_search.then(|| all.iter().map(name).collect());
    let world_failed = |error: FileError| Error::world(error.to_string());
    let tree = OutputTree::open(directory).map_err(world_failed)?;
    let (written, error) = args.pool.for_each(members, &|member| {
        let stream = render(member)?;
        let hash = tree.write(&name(member), &stream).map_err(world_failed)?;
        Ok((name(member), hash))
    });
    tree.finish(written, known.as_ref())?;
    error.map_or(Ok(()), Err)
}

/// What the renders of one process share.
pub(super) struct World<'m> {
    environment: BTreeMap<String, String>,
    flags: Flags,
    charts: HelmCharts<'m>,
}

impl<'m> World<'m> {
    /// The process's environment and flags, the outside world that `make_host` makes, and the
    /// archives that `remote` gives.
    pub(super) fn new(
        settings: &SettingsArgs,
        make_host: &'m MakeHost<'m>,
        remote: &'m Remote,
    ) -> World<'m> {
        World {
            environment: environment(),
            flags: settings.flags(),
            charts: HelmCharts::new(make_host).with_archives(remote),
        }
    }

    /// What renders charts.
    pub(super) fn charts(&self) -> &HelmCharts<'m> {
        &self.charts
    }

    /// Settles what to render for the overlay at `path`.
    pub(super) fn prepare(&self, path: &Path) -> Result<Prepared, Error> {
        let place = app::locate(path, overlays::boundary(path).as_deref())?;
        Ok(render::prepare(place, &self.environment, &self.flags)?)
    }

    /// Renders the overlay at `path` and tells `meter` the phases.
    pub(super) fn render(&self, path: &Path, meter: &Meter<'_>) -> Result<String, Error> {
        let charts = Timed {
            charts: &self.charts,
            meter,
        };
        let stream = self.render_with(&self.prepare(path)?, &charts);
        meter.mark("jobs");
        stream
    }

    /// Renders the overlay at `path` in the repository that ends at `boundary`; what Helm would log
    /// is left out.
    pub(super) fn stream(&self, path: &Path, boundary: Option<&Path>) -> Result<String, Error> {
        let place = app::locate(path, boundary)?;
        let output = render::render(place, &self.environment, &self.flags, &self.charts)?;
        Ok(output.stream)
    }

    /// Renders an overlay.
    pub(super) fn render_prepared(&self, prepared: &Prepared) -> Result<String, Error> {
        self.render_with(prepared, &self.charts)
    }

    /// Renders an overlay; what Helm would log goes to standard error.
    fn render_with(
        &self,
        prepared: &Prepared,
        charts: &dyn ChartRenderer,
    ) -> Result<String, Error> {
        let output = render::render_prepared(prepared, charts)?;
        for line in &output.log {
            output::stderr(&line.text_for(HelmCompat::V4));
        }
        Ok(output.stream)
    }
}

/// The process's environment; what is not UTF-8 concerns nobody here.
pub(super) fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}
