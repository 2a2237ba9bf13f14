//! What commands for many overlays share: choosing them, doing something for each, one error.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Args;

use super::exit::{Error, Failure};
use super::gate::GateArgs;
use super::output::Progress;
use crate::app::{self, Place};
use crate::fleet::{self, Fleet, Member, Panicked, Shard};
use crate::plugin;

/// Which share of the overlays, and how many at once.
#[derive(Args, Debug)]
pub(super) struct PoolArgs {
    /// Take the I-th of N shares of the overlays, as in `2/4`: one for each machine of a CI matrix
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// How many overlays are at work at once, as far as `--parallelism` allows [default: the CPUs that
    /// this process may use]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// Overlays that have been chosen.
pub(super) struct Chosen {
    /// The overlays, in their order.
    pub(super) members: Vec<Member>,
    /// The fleets that have been searched, with all their overlays.
    pub(super) fleets: Vec<Fleet>,
}

/// Chooses the overlays at `paths`, or with `is_search` all those at and below them.
pub(super) fn choose(paths: &[PathBuf], is_search: bool) -> Result<Chosen, Error> {
    let mut chosen = Chosen {
        members: Vec::new(),
        fleets: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for path in paths {
        let boundary = boundary(path);
        let found = if is_search {
            let fleets = fleet::find(path, boundary.as_deref())?;
            let found = fleet::within(&fleets, path)?;
            for fleet in fleets {
                if chosen.fleets.iter().all(|known| known.root != fleet.root) {
                    chosen.fleets.push(fleet);
                }
            }
            found
        } else {
            vec![fleet::at(path, boundary.as_deref())?]
        };
        let new = found.into_iter().filter(|m| seen.insert(m.directory()));
        chosen.members.extend(new);
    }
    let in_fleets = chosen.fleets.iter_mut().flat_map(|f| &mut f.members);
    tell_apart(chosen.members.iter_mut().chain(in_fleets).collect());
    Ok(chosen)
}

/// Gives overlays of several fleets names that tell these apart.
pub(super) fn tell_apart(members: Vec<&mut Member>) {
    let names = fleet::names(members.iter().map(|member| member.root.as_path()));
    for member in members {
        let name = names.get(member.root.as_path());
        member.fleet = name.cloned().unwrap_or_default();
    }
}

/// The cap on renders: that of flag or variable, else the one in the settings of the first overlay's
/// fleet, else the number of cores.
pub(super) fn n_slots(gate: &GateArgs, first: Option<&Path>) -> Result<NonZeroUsize, Error> {
    gate.n_slots(|| {
        let Some(first) = first else {
            return Ok(None);
        };
        let place = app::locate(first, boundary(first).as_deref())?;
        Ok(app::parallelism(&place)?)
    })
}

/// The places of all overlays at and below `paths`, in order.
pub(super) fn places(paths: &[PathBuf]) -> Result<Vec<Place>, Error> {
    let members = choose(paths, true)?.members;
    let place = |member: &Member| {
        let directory = member.directory();
        Ok(app::locate(&directory, boundary(&directory).as_deref())?)
    };
    members.iter().map(place).collect()
}

/// The top of the plugin server's copy around `path`, if it lies in one.
pub(super) fn boundary(path: &Path) -> Option<PathBuf> {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    plugin::boundary(&absolute)
}

impl PoolArgs {
    /// The chosen share of all overlays, `members`.
    pub(super) fn share<T>(&self, members: Vec<T>) -> Vec<T> {
        match self.shard {
            Some(shard) => shard.select(members),
            None => members,
        }
    }

    /// Whether the share is the first one, or everything.
    pub(super) fn is_first_share(&self) -> bool {
        self.shard.is_none_or(Shard::is_first)
    }

    /// Does `work` for each of `items`, which `label` names; hands the results to `take` in order.
    pub(super) fn in_order<I: Sync, T: Send>(
        &self,
        items: &[I],
        label: &(dyn Fn(&I) -> String + Sync),
        work: &(dyn Fn(&I) -> Result<T, Error> + Sync),
        take: &mut (dyn FnMut(&I, Result<T, Error>) + Send),
    ) {
        let available = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let jobs = self.jobs.unwrap_or_else(available);
        let progress = Progress::new();
        let show = |at: fleet::Progress<'_, I>| {
            progress.show(at.n_done, at.total, &label(at.last));
        };
        fleet::for_each_in_order(items, jobs, work, &show, &mut |item, result| {
            let panicked = |panic: Panicked| Error {
                failure: Failure::Bug,
                message: format!("this is a bug in jenkins-cmp: {}", panic.message),
            };
            take(item, result.unwrap_or_else(|panic| Err(panicked(panic))));
        });
    }

    /// Does `work` for each of `members`; gives the results of those that succeed, and one error for
    /// all others.
    pub(super) fn for_each<T: Send>(
        &self,
        members: &[Member],
        work: &(dyn Fn(&Member) -> Result<T, Error> + Sync),
    ) -> (Vec<T>, Option<Error>) {
        let mut done = Vec::new();
        let mut failed = Vec::new();
        let mut take = |member: &Member, result| match result {
            Ok(result) => done.push(result),
            Err(error) => failed.push((member.label(), error)),
        };
        self.in_order(members, &Member::label, work, &mut take);
        (done, all_in_one(failed, members.len()))
    }
}

/// The kind of failure that counts where there are several: a bug outweighs wrong input, and that a
/// world in which a second try may succeed.
pub(super) fn worst(failures: impl Iterator<Item = Failure>) -> Option<Failure> {
    let weight = |failure: &Failure| match failure {
        Failure::Bug => 4,
        Failure::Input => 3,
        Failure::World => 2,
        Failure::Usage => 1,
        Failure::No => 0,
    };
    failures.max_by_key(weight)
}

/// One error for all overlays that failed: each message under its overlay, then which they are.
fn all_in_one(failed: Vec<(String, Error)>, n_members: usize) -> Option<Error> {
    let failure = worst(failed.iter().map(|(_, error)| error.failure))?;
    if n_members == 1 {
        return failed.into_iter().next().map(|(_, error)| error);
    }
    let mut message = String::new();
    for (label, error) in &failed {
        let _ = write!(message, "overlay {label}:\n{}\n\n", error.message);
    }
    let names: Vec<&str> = failed.iter().map(|(label, _)| label.as_str()).collect();
    let _ = write!(
        message,
        "{} of {n_members} overlays failed: {}",
        names.len(),
        names.join(", ")
    );
    Some(Error { failure, message })
}

/// Refuses overlays whose files would have one name.
pub(super) fn check_stems<'m>(members: impl IntoIterator<Item = &'m Member>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for member in members {
        let stem = member.file_stem();
        if !seen.insert(stem.clone()) {
            return Err(Error::input(format!(
                "two overlays would both be written as `{stem}`\nhint: rename the directory `{}`",
                member.label()
            )));
        }
    }
    Ok(())
}
