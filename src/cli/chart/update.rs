//! `jenkins-cmp chart update`: moves the lock file to the newest versions.

use std::fmt::Write as _;

use clap::Args;

use super::super::exit::Error;
use super::super::host;
use super::super::output;
use super::super::remote::Remote;
use super::super::render::{environment, stand_ins};
use super::PathArgs;
use super::fleet::{self, Fleet, Member};
use crate::app::{Entry, Flags, Lock};
use crate::diag::Diagnostic;
use crate::fetch::Pin;
use crate::render::{self, HelmCharts};
use crate::report::{self, Builder, Side};

#[derive(Args, Debug)]
pub(super) struct UpdateArgs {
    #[command(flatten)]
    paths: PathArgs,

    /// Show what would change, but leave the lock file as it is
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(args: &UpdateArgs) -> Result<(), Error> {
    let remote = Remote::new(&args.paths.remote);
    let client = remote.client()?;
    let fleets = fleet::collect(&args.paths.paths)?;
    let mut report = String::new();
    let mut builder = Builder::new("locked", "newest", host::fingerprints()?);
    let mut n_compared = 0;
    let mut updates = Vec::new();
    for fleet in &fleets {
        let mut entries = Vec::new();
        for wanted in fleet.wanted() {
            let pin = fleet.find(wanted, &remote, &client)?;
            report.push_str(&moved(&wanted.version, fleet.lock.find(wanted), &pin));
            let wanted = wanted.version.clone();
            entries.push(Entry { wanted, pin });
        }
        let lock = fleet.with(&entries);
        n_compared += compare(fleet, &lock, &remote, &mut builder)?;
        updates.push((fleet, lock));
    }
    if n_compared > 0 {
        let _ = write!(report, "\n{}", report::text(&builder.finish(), false));
    }
    output::stdout(fleet::or_nothing(report).as_bytes())?;
    if !args.dry_run {
        for (fleet, lock) in updates {
            fleet.write(&lock)?;
        }
    }
    Ok(())
}

fn moved(wanted: &str, old: Option<&Pin>, new: &Pin) -> String {
    let name = &new.name;
    match old {
        None => format!("{name} {wanted}: {} (new)\n", new.version),
        Some(old) if old == new => format!("{name} {wanted}: {} (as before)\n", new.version),
        Some(old) if old.version == new.version => {
            format!("{name} {wanted}: {} has another digest now\n", new.version)
        }
        Some(old) => format!("{name} {wanted}: {} -> {}\n", old.version, new.version),
    }
}

/// Compares the overlays whose charts move under `lock`; gives their number.
fn compare(
    fleet: &Fleet,
    lock: &Lock,
    remote: &Remote,
    builder: &mut Builder,
) -> Result<usize, Error> {
    let charts = HelmCharts::new(&stand_ins).with_archives(remote);
    let render = |member: &Member, lock: &Lock| {
        let place = member.place.clone();
        let flags = Flags::default();
        let prepared = render::prepare_locked(place, &environment(), &flags, lock.clone())?;
        Ok::<_, Box<Diagnostic>>(render::render_prepared(&prepared, &charts)?.stream)
    };
    let mut n_compared = 0;
    for member in &fleet.overlays {
        let pins = |lock: &Lock| {
            member
                .wanted()
                .map(|wanted| lock.find(wanted).cloned())
                .collect()
        };
        let old: Vec<Option<Pin>> = pins(&fleet.lock);
        // What was never locked has nothing to compare with.
        if old.contains(&None) || old == pins(lock) {
            continue;
        }
        let overlay = &member.place.overlay;
        let after = render(member, lock)
            .map_err(|e| Error::from(e.context(format!("`{overlay}` with the newest charts"))))?;
        // The old archive may be gone from everywhere, which must not keep anyone from moving on.
        match render(member, &fleet.lock) {
            Ok(before) => builder.add(overlay, Some(&before), Some(&after)),
            Err(problem) => builder.fail(overlay, Side::Before, &problem.to_string()),
        }
        n_compared += 1;
    }
    Ok(n_compared)
}
