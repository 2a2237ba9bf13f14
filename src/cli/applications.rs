//! `jenkins-cmp applications [PATH…]`: manifests that make Argo CD render the overlays.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::exit::Error;
use super::{output, overlays};
use crate::plugin;
use crate::wiring::{self, Application, Common};

/// Prints one Application for each overlay below the paths, each with the exact
/// `manifest-generate-paths`.
///
/// Argo CD renders an Application anew when one of these paths changes, and sends their common
/// directory to the plugin; `--sizes` shows how much that is.
#[derive(Args, Debug)]
pub(super) struct ApplicationsArgs {
    /// Directories of overlays or above them
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// The repository as Argo CD knows it
    #[arg(long, value_name = "URL", required_unless_present = "sizes")]
    repo_url: Option<String>,

    /// The branch, tag or commit
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    revision: String,

    /// The project of the Applications
    #[arg(long, value_name = "NAME", default_value = "default")]
    project: String,

    /// The cluster
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://kubernetes.default.svc"
    )]
    server: String,

    /// The namespace of the Application objects
    #[arg(long, value_name = "NAMESPACE", default_value = "argocd")]
    argocd_namespace: String,

    /// The plugin's name with its version [default: jenkins-cmp-v0.1]
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,

    /// What goes before an overlay's name to name its Application
    #[arg(long, value_name = "TEXT", default_value = "jenkins-")]
    prefix: String,

    /// Print one ApplicationSet of this name instead
    #[arg(long, value_name = "NAME")]
    set: Option<String>,

    /// Print how many bytes each Application makes repo-server send, instead of manifests
    #[arg(long, conflicts_with = "set")]
    sizes: bool,
}

/// Runs the command.
pub(super) fn run(args: &ApplicationsArgs) -> Result<(), Error> {
    let mut places = overlays::places(&args.paths)?;
    // What the plugin's own discovery leaves to others is theirs here, too.
    places.retain(plugin::is_overlay);
    if places.is_empty() {
        return Err(Error::input("no overlay there is one for the plugin"));
    }
    let default = || format!("{}-{}", plugin::NAME, plugin::VERSION);
    let common = Common {
        repository: args.repo_url.clone().unwrap_or_default(),
        revision: args.revision.clone(),
        project: args.project.clone(),
        server: args.server.clone(),
        namespace: args.argocd_namespace.clone(),
        plugin: args.plugin.clone().unwrap_or_else(default),
        prefix: args.prefix.clone(),
    };
    let applications = wiring::applications(places, &common)?;
    let text = match &args.set {
        _ if args.sizes => sizes(&applications),
        Some(name) => wiring::write_set(name, &applications, &common),
        None => wiring::write(&applications, &common),
    };
    output::stdout(text.as_bytes())
}

/// A table: the bytes, the Application, the directory that is sent.
fn sizes(applications: &[Application]) -> String {
    let mut out = String::new();
    for application in applications {
        let directory = match application.sent.as_str() {
            "" => "(the whole repository)",
            directory => directory,
        };
        let (bytes, name) = (application.sent_bytes, &application.name);
        writeln!(out, "{bytes}\t{name}\t{directory}").expect("a string takes everything");
    }
    out
}
