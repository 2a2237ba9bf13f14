//! `jenkins-cmp init`: nothing, said aloud.

use clap::Args;

use super::exit::Error;
use super::output;

/// Does nothing, for a plugin.yaml that has to have an `init`.
///
/// Prints one line, since Argo CD warns about an init that prints none.
#[derive(Args, Debug)]
pub(super) struct InitArgs {}

/// Runs the command.
pub(super) fn run(_: &InitArgs) -> Result<(), Error> {
    output::stdout(b"nothing to initialise\n")
}
