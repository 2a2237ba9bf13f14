//! `jenkins-cmp generate`: what the Argo CD sidecar runs in an overlay's directory.

use std::fs;

use clap::Args;

use super::exit::Error;
use super::host::{self, System};
use super::output;
use super::render::{self, SettingsArgs, World};
use crate::diag::Diagnostic;
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
}

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
    // `PWD` still names the server's own directory, so the overlay is found by getcwd.
    let directory = std::env::current_dir()
        .map_err(|error| Error::world(format!("failed to find the current directory: {error}")))?;
    let text = World::new(&args.settings, &make_host).render(&directory)?;
    output::stdout(text.as_bytes())
}
