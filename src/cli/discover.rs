//! `jenkins-cmp discover`: whether the current directory is an overlay.

use clap::Args;

use super::exit::Error;
use super::output;
use crate::{app, plugin};

/// Says whether the current directory is an overlay, for `spec.discover` of plugin.yaml.
///
/// Prints its path if it is one, and nothing if not.
#[derive(Args, Debug)]
pub(super) struct DiscoverArgs {}

/// Runs the command.
pub(super) fn run(_: &DiscoverArgs) -> Result<(), Error> {
    let directory = super::generate::current_directory()?;
    let place = app::locate(&directory, plugin::boundary(&directory).as_deref())?;
    if !plugin::is_overlay(&place) {
        // A failure would end up in the messages of Applications that are not ours.
        return Ok(());
    }
    // At the top of a repository the path is empty, which Argo CD would take for a no.
    let path = if place.overlay.is_empty() {
        "."
    } else {
        &place.overlay
    };
    output::stdout(format!("{path}\n").as_bytes())
}
