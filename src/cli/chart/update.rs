//! `jenkins-cmp chart update`: moves the lock file to the newest versions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;

use super::super::exit::Error;
use super::super::output;
use super::super::remote::Remote;
use super::super::render::{environment, stand_ins};
use super::PathArgs;
use super::fleet::{self, Fleet, Member};
use crate::app::{Entry, Flags, Repository};
use crate::diag::Diagnostic;
use crate::fetch::{self, Pin};
use crate::helm::HelmCompat;
use crate::manifest::{self, Identity};
use crate::render::{self, ChartRenderer, HelmCharts, LoadedChart};

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
    let mut updates = Vec::new();
    for fleet in &fleets {
        let mut entries = Vec::new();
        for wanted in fleet.wanted()? {
            let pin = fetch::lock(&wanted, &remote.store, &client)?;
            report.push_str(&moved(wanted.version, fleet.lock.find(&wanted), &pin));
            entries.push(Entry {
                wanted: wanted.version.to_owned(),
                pin,
            });
        }
        compare(fleet, &entries, &remote, &mut report)?;
        updates.push((fleet, entries));
    }
    output::stdout(report.as_bytes())?;
    if !args.dry_run {
        for (fleet, entries) in updates {
            fleet.write(entries)?;
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

/// Says for each overlay whose chart moves how many documents change.
fn compare(
    fleet: &Fleet,
    entries: &[Entry],
    remote: &Remote,
    report: &mut String,
) -> Result<(), Error> {
    for member in &fleet.overlays {
        let Some(wanted) = member.wanted()? else {
            continue;
        };
        let new = entries.iter().find(|entry| entry.wanted() == wanted);
        let (Some(old), Some(new)) = (fleet.lock.find(&wanted), new) else {
            continue;
        };
        if *old == new.pin {
            continue;
        }
        let overlay = &member.place.overlay;
        let after = documents(member, &new.pin, remote)
            .map_err(|e| Error::from(e.context(format!("`{overlay}` with {}", new.pin.version))))?;
        // The old archive may be gone from everywhere, which must not keep anyone from moving on.
        let line = match documents(member, old, remote) {
            Ok(before) => changes(&before, &after),
            Err(problem) => format!("not compared, since the old one fails: {problem}"),
        };
        let _ = writeln!(report, "  {overlay}: {line}");
    }
    Ok(())
}

fn changes(before: &BTreeMap<Identity, String>, after: &BTreeMap<Identity, String>) -> String {
    let removed = before.keys().filter(|key| !after.contains_key(key)).count();
    let added = after.keys().filter(|key| !before.contains_key(key)).count();
    let differs = |(key, text): &(&Identity, &String)| before.get(key).is_some_and(|t| t != *text);
    let changed = after.iter().filter(differs).count();
    match added + changed + removed {
        0 => format!("none of {} documents changes", after.len()),
        _ => format!(
            "{changed} of {} documents change, {added} are new, {removed} go",
            before.len()
        ),
    }
}

/// Renders an overlay with the chart of `pin`, whatever its lock file says.
fn documents(
    member: &Member,
    pin: &Pin,
    remote: &Remote,
) -> Result<BTreeMap<Identity, String>, Box<Diagnostic>> {
    let charts = With {
        pin,
        charts: HelmCharts::new(&stand_ins).with_archives(remote),
    };
    let place = member.place.clone();
    let output = render::render(place, &environment(), &Flags::default(), &charts)?;
    let mut documents = BTreeMap::new();
    for document in manifest::split(&output.stream, "the output")? {
        for identity in document.identities("") {
            documents.insert(identity, document.text().to_owned());
        }
    }
    Ok(documents)
}

/// Renders with one chart, whichever is asked for.
struct With<'a> {
    pin: &'a Pin,
    charts: HelmCharts<'a>,
}

impl ChartRenderer for With<'_> {
    fn load<'c>(
        &'c self,
        _: &Repository,
        _: &str,
        helm: HelmCompat,
    ) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>> {
        self.charts.load_locked(self.pin, helm)
    }

    fn load_locked<'c>(
        &'c self,
        _: &Pin,
        helm: HelmCompat,
    ) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>> {
        self.charts.load_locked(self.pin, helm)
    }
}
