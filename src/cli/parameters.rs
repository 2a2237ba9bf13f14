//! `jenkins-cmp parameters`: what Argo CD's user interface offers to set.

use clap::Args;

use super::exit::Error;
use super::{output, render};
use crate::{app, plugin};

/// Prints the parameters of an Application as Argo CD wants them announced, for
/// `spec.parameters.dynamic` of plugin.yaml.
///
/// In an overlay, those that have a value without being set come with it.
#[derive(Args, Debug)]
pub(super) struct ParametersArgs {}

/// Runs the command.
pub(super) fn run(_: &ParametersArgs) -> Result<(), Error> {
    let directory = super::generate::current_directory()?;
    let place = app::locate(&directory, plugin::boundary(&directory).as_deref()).ok();
    let announced = plugin::announce(place, &render::environment());
    let mut json = serde_json::to_vec(&announced).expect("texts have a JSON form");
    json.push(b'\n');
    output::stdout(&json)
}
