//! `jenkins-cmp golden check|update [PATH…]`: expected output, reviewed as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::exit::Error;
use super::output;
use super::overlays::{self, Chosen, PoolArgs};
use super::remote::Remote;
use super::render::{SettingsArgs, World, stand_ins};
use crate::fleet::Member;
use crate::golden::{self, Difference, Files, Golden, What};

/// Compares or rewrites golden files: what each overlay of a fleet renders to, kept in golden/ at
/// the fleet's root, so that a review shows what a change does.
#[derive(Args, Debug)]
pub(super) struct GoldenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Prints how the golden files differ from what is rendered now; exits with 1 if they do
    Check(SelectArgs),
    /// Rewrites the golden files that differ and removes those of overlays that are gone
    Update(SelectArgs),
}

#[derive(Args, Debug)]
struct SelectArgs {
    /// Directories to search for overlays; the whole fleet from its root
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    pool: PoolArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// What became of one overlay: the names of its files, and what differs.
struct Outcome {
    names: Vec<String>,
    differences: Vec<(Difference, String)>,
}

/// Runs the command.
pub(super) fn run(args: &GoldenArgs) -> Result<(), Error> {
    let (select, is_update) = match &args.action {
        Action::Check(select) => (select, false),
        Action::Update(select) => (select, true),
    };
    let chosen = overlays::choose(&select.paths, true)?;
    let mut goldens = BTreeMap::new();
    for fleet in &chosen.fleets {
        overlays::check_stems(&fleet.members)?;
        goldens.insert(fleet.root.clone(), Golden::open(&fleet.root)?);
    }
    let members = select.pool.share(chosen.members.clone());
    let remote = Remote::new(&select.settings.remote);
    let world = World::new(&select.settings, &stand_ins, &remote);
    let (outcomes, error) = select.pool.for_each(&members, &|member| {
        let files = files(member, &world)?;
        let golden = &goldens[&member.root];
        let differences = match is_update {
            true => with_no_text(golden.update(&files)?),
            false => golden.compare(&files)?,
        };
        Ok(Outcome {
            names: files.into_keys().collect(),
            differences,
        })
    });
    let mut report = String::new();
    let mut n_differences = 0;
    for (difference, text) in outcomes.iter().flat_map(|outcome| &outcome.differences) {
        n_differences += 1;
        report.push_str(&line(difference, is_update));
        report.push_str(text);
    }
    // What a broken overlay renders to is not known, so nothing of it can be called stale.
    if error.is_none() {
        for (root, golden) in &goldens {
            let stale = stale(root, golden, &chosen, &members, &outcomes)?;
            n_differences += stale.len();
            for difference in stale {
                if is_update {
                    golden.remove(&difference)?;
                }
                report.push_str(&line(&difference, is_update));
            }
        }
    }
    output::stdout(report.as_bytes())?;
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
    let stem = member.file_stem();
    Ok(golden::files(
        &stream,
        &stem,
        per_resource.unwrap_or(false),
    )?)
}

fn with_no_text(differences: Vec<Difference>) -> Vec<(Difference, String)> {
    let pairs = differences.into_iter().map(|d| (d, String::new()));
    pairs.collect()
}

/// The stale files of the fleet at `root`: among those of the overlays rendered, and if that is the
/// whole fleet among all.
fn stale(
    root: &Path,
    golden: &Golden,
    chosen: &Chosen,
    members: &[Member],
    outcomes: &[Outcome],
) -> Result<Vec<Difference>, Error> {
    let known: BTreeSet<String> = outcomes.iter().flat_map(|o| o.names.clone()).collect();
    let fleet = chosen.fleets.iter().find(|fleet| **fleet.root == *root);
    let all = fleet.map_or(&[][..], |fleet| &fleet.members);
    let is_whole = all.iter().all(|member| members.contains(member));
    let mine = members.iter().filter(|member| **member.root == *root);
    let stems: BTreeSet<String> = mine.map(Member::file_stem).collect();
    let belongs = |name: &str| {
        let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
        let stem = name.strip_suffix(".yaml").unwrap_or(name);
        is_whole || stems.contains(stem) || stems.contains(directory)
    };
    Ok(golden.stale(&known, &belongs)?)
}

/// One line of the report.
fn line(difference: &Difference, is_update: bool) -> String {
    let what = match (difference.what, is_update) {
        (What::Missing, true) => "new",
        (What::Changed, true) => "changed",
        (What::Stale, true) => "removed",
        (What::Missing, false) => "missing",
        (What::Changed, false) => "differs",
        (What::Stale, false) => "stale, no overlay renders to it",
    };
    format!("{}: {what}\n", difference.file)
}
