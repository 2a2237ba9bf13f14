//! `jenkins-cmp chart pull`: puts the locked archives into the store, or beside the lock file.

use std::fmt::Write as _;
use std::fs;

use clap::Args;

use super::super::exit::Error;
use super::super::output;
use super::super::remote::Remote;
use super::{PathArgs, fleet};
use crate::files;
use crate::render::Archives as _;

#[derive(Args, Debug)]
pub(super) struct PullArgs {
    #[command(flatten)]
    paths: PathArgs,

    /// Write the archives into the `charts/` beside the lock file too
    #[arg(long)]
    vendor: bool,
}

/// Runs the command.
pub(super) fn run(args: &PullArgs) -> Result<(), Error> {
    let remote = Remote::new(&args.paths.remote);
    let mut report = String::new();
    for fleet in fleet::collect(&args.paths.paths)? {
        for wanted in fleet.wanted() {
            let pin = fleet.pin(wanted)?;
            let archive = remote.archive(pin)?;
            if args.vendor {
                let charts = fleet.file.with_file_name("charts");
                let file = charts.join(pin.file());
                fs::create_dir_all(&charts)
                    .map_err(|e| Error::world(format!("`{}`: {e}", charts.display())))?;
                files::write_whole(&file, &archive).map_err(|e| Error::world(e.to_string()))?;
            }
            let _ = writeln!(report, "{} {} sha256:{}", pin.name, pin.version, pin.sha256);
        }
    }
    output::stdout(fleet::or_nothing(report).as_bytes())
}
