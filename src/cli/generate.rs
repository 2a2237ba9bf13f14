//! `jenkins-cmp generate`: what the Argo CD sidecar runs in an overlay's directory.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::exit::Error;
use super::gate::{Defaults, GateArgs};
use super::host::{self, System};
use super::remote::Remote;
use super::render::{self, SettingsArgs, World};
use crate::diag::Diagnostic;
use crate::par::Arrival;
use crate::release::Derived;
use crate::render::ReleaseInput;
use crate::template::Host;

/// Prints the manifests of the overlay in the current directory, for Argo CD.
///
/// Reads Argo CD's environment. Random template functions draw fresh values, as in Helm, unless
/// `random.keyFile` names a file with a secret to derive them from.
#[derive(Args, Debug)]
pub(super) struct GenerateArgs {
    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    gate: GateArgs,
}

/// Argo CD gives up after 60 s, and has copied the repository before it calls us.
const DEFAULTS: Defaults = Defaults {
    command: "generate",
    queue_timeout: Duration::from_secs(45),
};

/// The real world, or one whose random bytes derive from a key file.
fn make_host(input: &ReleaseInput<'_>) -> Result<Box<dyn Host>, Box<Diagnostic>> {
    let Some(path) = input.random_key_file else {
        return Ok(Box::new(System {
            helm: input.helm,
            dns: false,
        }));
    };
    let key = fs::read(path).map_err(|error| {
        let problem = Diagnostic::error(format!("failed to read the random key: {error}"));
        problem
            .in_file(path)
            .hint("`random.keyFile` names a file of the container")
    })?;
    if key.len() < MIN_KEY_BYTES {
        let problem = Diagnostic::error(format!(
            "the random key has {} bytes; it takes at least {MIN_KEY_BYTES}",
            key.len()
        ));
        return Err(Box::new(problem.in_file(path)));
    }
    let identity = render::identity(input);
    Ok(Box::new(Derived::keyed(
        input.helm,
        key,
        identity,
        host::now(),
    )))
}

/// The shortest secret that cannot be guessed.
const MIN_KEY_BYTES: usize = 16;

/// Runs the command.
pub(super) fn run(args: &GenerateArgs) -> Result<(), Error> {
    args.gate.measured(DEFAULTS, |meter| {
        // Before anything is read: a waiting call costs next to nothing. The settings of a
        // repository have no say here, since the sidecar's cores are not theirs to give.
        let slot = meter.enter(Arrival::of_process(), NonZeroUsize::MIN)?;
        let directory = current_directory()?;
        let remote = Remote::new(&args.settings.remote);
        let world = World::new(&args.settings, &make_host, &remote);
        let text = world.render(&directory, meter).map_err(Error::shortened)?;
        // The reader may be slow, and writing needs no core.
        drop(slot);
        meter.output(text.as_bytes())
    })
}

/// The current directory by getcwd: `PWD` still names the plugin server's own.
pub(super) fn current_directory() -> anyhow::Result<PathBuf> {
    std::env::current_dir().context("failed to find the current directory")
}
