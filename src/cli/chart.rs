//! `jenkins-cmp chart …`: acquires, pins and checks archives of charts.

mod fleet;
mod list;
mod lock;
mod pull;
mod update;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::Error;
use super::remote::RemoteArgs;

/// Acquires, pins and checks the archives of charts.
#[derive(Args, Debug)]
pub(super) struct ChartArgs {
    #[command(subcommand)]
    command: ChartCommand,
}

#[derive(Debug, Subcommand)]
enum ChartCommand {
    /// Finds the charts that the settings name and writes their digests to jenkins-cmp.lock
    ///
    /// What is locked stays as it is; `chart update` moves it.
    Lock(PathArgs),
    /// Moves ranges to the newest version, after showing what that changes in each overlay
    Update(update::UpdateArgs),
    /// Downloads the locked archives into the store
    Pull(pull::PullArgs),
    /// Checks that every chart is locked and that its archive has the locked digest
    Verify(PathArgs),
    /// Prints a line for each overlay: chart, version, locked version and digest, place
    List(PathArgs),
}

/// Which overlays a command is about.
#[derive(Args, Debug)]
struct PathArgs {
    /// Overlays, or directories with overlays below
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    remote: RemoteArgs,
}

/// Runs the command.
pub(super) fn run(args: &ChartArgs) -> Result<(), Error> {
    match &args.command {
        ChartCommand::Lock(args) => lock::run(args),
        ChartCommand::Update(args) => update::run(args),
        ChartCommand::Pull(args) => pull::run(args),
        ChartCommand::Verify(args) => verify::run(args),
        ChartCommand::List(args) => list::run(args),
    }
}
