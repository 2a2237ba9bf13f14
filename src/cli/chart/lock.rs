//! `jenkins-cmp chart lock`: writes the digests of the charts that are not locked yet.

use std::fmt::Write as _;

use super::super::exit::Error;
use super::super::output;
use super::super::remote::Remote;
use super::{PathArgs, fleet};
use crate::app::Entry;

/// Runs the command.
pub(super) fn run(args: &PathArgs) -> Result<(), Error> {
    let remote = Remote::new(&args.remote);
    let client = remote.client()?;
    let fleets = fleet::collect(&args.paths)?;
    let mut report = String::new();
    let mut locked = Vec::new();
    for fleet in &fleets {
        let mut entries = Vec::new();
        for wanted in fleet.wanted() {
            let (pin, note) = match fleet.lock.find(wanted) {
                Some(pin) => (pin.clone(), "as before"),
                None => (fleet.find(wanted, &remote, &client)?, "new"),
            };
            let _ = writeln!(
                report,
                "{} {}: {} sha256:{} ({note})",
                pin.name, wanted.version, pin.version, pin.sha256
            );
            let wanted = wanted.version.clone();
            entries.push(Entry { wanted, pin });
        }
        locked.push((fleet, fleet.with(&entries)));
    }
    // Everything is found before anything is written.
    for (fleet, lock) in locked {
        fleet.write(&lock)?;
    }
    output::stdout(fleet::or_nothing(report).as_bytes())
}
