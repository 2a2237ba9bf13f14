//! `jenkins-cmp golden check|update [PATH…]`: expected output, reviewed as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::exit::Error;
use super::gate::{Defaults, GateArgs, Meter};
use super::host;
use super::overlays::{self, Chosen, PoolArgs};
use super::remote::Remote;
use super::render::{SettingsArgs, World, stand_ins};
use crate::fleet::{Fleet, Member};
use crate::golden::{self, Difference, Files, Golden, What};
use crate::par::Arrival;

/// Compares or rewrites golden files, the output of each overlay that somebody has looked at.
///
/// They are kept in golden/ at the fleet's root, so that a review shows what a change does.
#[derive(Args, Debug)]
pub(super) struct GoldenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Prints how the golden files differ from what is rendered now; exits with 1 if they do
    ///
    /// Secrets are shown as fingerprints.
    Check(SelectArgs),
    /// Rewrites the golden files that differ and removes those of overlays that are gone
    Update(SelectArgs),
}

#[derive(Args, Debug)]
struct SelectArgs {
    /// Overlays, or directories to search for them
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    pool: PoolArgs,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    gate: GateArgs,
}

/// No deadline waits behind a terminal or a pipeline.
const DEFAULTS: Defaults = Defaults {
    command: "golden",
    queue_timeout: Duration::from_secs(600),
};

/// What became of one overlay: the names of its files, and what differs.
struct Outcome {
    root: Arc<PathBuf>,
    stem: String,
    names: Vec<String>,
    differences: Vec<(Difference, String)>,
}

/// Runs the command.
pub(super) fn run(args: &GoldenArgs) -> Result<(), Error> {
    let (select, is_update) = match &args.action {
        Action::Check(select) => (select, false),
        Action::Update(select) => (select, true),
    };
    let measured = |meter: &Meter<'_>| go(select, is_update, meter);
    select.gate.measured(DEFAULTS, measured)
}

fn go(select: &SelectArgs, is_update: bool, meter: &Meter<'_>) -> Result<(), Error> {
    let chosen = overlays::choose(&select.paths, true)?;
    let mut goldens = BTreeMap::new();
    for fleet in &chosen.fleets {
        overlays::check_stems(&fleet.members)?;
        let label = fleet.members.first().map_or("", |member| &member.fleet);
        goldens.insert(fleet.root.clone(), Golden::open(&fleet.root, label)?);
    }
    let first = chosen.members.first().map(Member::directory);
    let n_slots = overlays::n_slots(&select.gate, first.as_deref())?;
    let members = select.pool.share(chosen.members.clone());
    let remote = Remote::new(&select.settings.remote);
    let world = World::new(&select.settings, &stand_ins, &remote);
    let prints = host::fingerprints()?;
    let (outcomes, error) = select.pool.for_each(&members, &|member| {
        let _slot = meter.enter(Arrival::now(), n_slots)?;
        let files = files(member, &world)?;
        let golden = &goldens[&member.root];
        let differences = match is_update {
            true => with_no_text(golden.update(&files)?),
            false => golden.compare(&files, &prints)?,
        };
        Ok(Outcome {
            root: member.root.clone(),
            stem: member.stem(),
            names: files.into_keys().collect(),
            differences,
        })
    });
    let mut report = String::new();
    let mut n_differences = 0;
    let mut tell = |golden: &Golden, difference: &Difference, text: &str| {
        n_differences += 1;
        report.push_str(&line(golden, difference, is_update));
        report.push_str(text);
    };
    for outcome in &outcomes {
        for (difference, text) in &outcome.differences {
            tell(&goldens[&outcome.root], difference, text);
        }
    }
    // What a broken overlay renders to is not known, so nothing of it can be called stale.
    if error.is_none() {
        for fleet in &chosen.fleets {
            let golden = &goldens[&fleet.root];
            for difference in stale(fleet, golden, &chosen, &outcomes, &select.pool)? {
                if is_update {
                    golden.remove(&difference)?;
                }
                tell(golden, &difference, "");
            }
        }
    }
    meter.output(report.as_bytes())?;
    match error {
        Some(error) => Err(error),
        None if is_update || n_differences == 0 => Ok(()),
        None => Err(Error::no(format!(
            "{n_differences} golden files differ\nhint: if the change is meant, run `jenkins-cmp \
             golden update` and commit the files"
        ))),
    }
}

/// The golden files that an overlay should have.
fn files(member: &Member, world: &World<'_>) -> Result<Files, Error> {
    let prepared = world.prepare(&member.directory())?;
    let per_resource = prepared.overlay.settings.golden.per_resource;
    let stream = world.render_prepared(&prepared)?;
    Ok(golden::files(
        &stream,
        &member.stem(),
        per_resource.unwrap_or(false),
    )?)
}

fn with_no_text(differences: Vec<Difference>) -> Vec<(Difference, String)> {
    let pairs = differences.into_iter().map(|d| (d, String::new()));
    pairs.collect()
}

/// The golden files of a fleet that nothing renders to: of the overlays rendered their own, and if
/// the whole fleet was asked for also those that belong to none.
fn stale(
    fleet: &Fleet,
    golden: &Golden,
    chosen: &Chosen,
    outcomes: &[Outcome],
    pool: &PoolArgs,
) -> Result<Vec<Difference>, Error> {
    let mut known = BTreeSet::new();
    let mut rendered = BTreeSet::new();
    for outcome in outcomes.iter().filter(|o| o.root == fleet.root) {
        rendered.insert(outcome.stem.as_str());
        for name in &outcome.names {
            if !known.insert(name.as_str()) {
                return Err(Error::input(format!(
                    "two overlays have the golden file `{name}`\nhint: rename the directory of \
                     the overlay `{}`",
                    outcome.stem
                )));
            }
        }
    }
    let stems: BTreeSet<String> = fleet.members.iter().map(Member::stem).collect();
    let asked = chosen.members.iter().filter(|m| m.root == fleet.root);
    // Of several shares one speaks for what belongs to no overlay.
    let is_whole = asked.count() == fleet.members.len() && pool.is_first_share();
    let is_mine = |name: &str| match golden::owner(name, &stems) {
        Some(stem) => rendered.contains(stem),
        None => is_whole,
    };
    let names = golden.names()?;
    let stale = names
        .into_iter()
        .filter(|name| !known.contains(name.as_str()) && is_mine(name));
    Ok(stale.map(|name| Difference::stale(&name)).collect())
}

/// One line of the report.
fn line(golden: &Golden, difference: &Difference, is_update: bool) -> String {
    let what = match (difference.what, is_update) {
        (What::Missing, true) => "new",
        (What::Changed, true) => "changed",
        (What::Stale, true) => "removed",
        (What::Missing, false) => "missing",
        (What::Changed, false) => "differs",
        (What::Stale, false) => "stale, no overlay renders to it",
    };
    format!("{}: {what}\n", golden.shown(&difference.file))
}
