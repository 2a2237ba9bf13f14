//! What commands for many overlays share: choosing them, doing something for each, one error.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Args;

use super::exit::{Error, Failure};
use super::output::Progress;
use crate::app::{self, Place};
use crate::fleet::{self, Fleet, Member, Shard};
use crate::plugin;

/// Which share of the overlays, and how many at once.
#[derive(Args, Debug)]
pub(super) struct PoolArgs {
    /// Take the I-th of N shares of the overlays, as in `2/4`: one for each machine of a CI matrix
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// How many overlays are rendered at once [default: the CPUs that this process may use]
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
    for path in paths {
        let boundary = boundary(path);
        let found = if is_search {
            let fleet = fleet::find(path, boundary.as_deref())?;
            let found = fleet.below(path)?;
            if chosen.fleets.iter().all(|known| known.root != fleet.root) {
                chosen.fleets.push(fleet);
            }
            found
        } else {
            vec![fleet::at(path, boundary.as_deref())?]
        };
        for member in found {
            if !chosen.members.contains(&member) {
                chosen.members.push(member);
            }
        }
    }
    Ok(chosen)
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
    /// The chosen share of `members`.
    pub(super) fn share(&self, members: Vec<Member>) -> Vec<Member> {
        match self.shard {
            Some(shard) => shard.select(members),
            None => members,
        }
    }

    /// Does `work` for each of `members`; gives the results of those that succeed, and one error for
    /// all others.
    pub(super) fn for_each<T: Send + Sync>(
        &self,
        members: &[Member],
        work: &(dyn Fn(&Member) -> Result<T, Error> + Sync),
    ) -> (Vec<T>, Option<Error>) {
        let available = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let jobs = self.jobs.unwrap_or_else(available);
        let progress = Progress::new();
        let results = fleet::for_each(members, jobs, work, &|at| {
            progress.show(at.n_done, at.total, &at.last.label());
        });
        progress.clear();
        let mut done = Vec::new();
        let mut failed = Vec::new();
        for (member, result) in members.iter().zip(results) {
            match result {
                Ok(Ok(result)) => done.push(result),
                Ok(Err(error)) => failed.push((member, error)),
                Err(panicked) => failed.push((
                    member,
                    Error {
                        failure: Failure::Bug,
                        message: format!("this is a bug in jenkins-cmp: {}", panicked.message),
                    },
                )),
            }
        }
        (done, all_in_one(failed, members.len()))
    }
}

/// One error for all overlays that failed: each message under its overlay, then which they are.
fn all_in_one(failed: Vec<(&Member, Error)>, n_members: usize) -> Option<Error> {
    // A bug outweighs wrong input, and that a world in which a second try may succeed.
    let order = [Failure::Bug, Failure::Input, Failure::World];
    let has = |failure| failed.iter().any(|(_, error)| error.failure == failure);
    let worst = order.into_iter().find(|failure| has(*failure));
    if n_members == 1 {
        return failed.into_iter().next().map(|(_, error)| error);
    }
    let mut message = String::new();
    for (member, error) in &failed {
        message.push_str(&format!(
            "overlay {}:\n{}\n\n",
            member.label(),
            error.message
        ));
    }
    let names: Vec<String> = failed.iter().map(|(member, _)| member.label()).collect();
    message.push_str(&format!(
        "{} of {n_members} overlays failed: {}",
        names.len(),
        names.join(", ")
    ));
    let failure = worst.or_else(|| Some(failed.first()?.1.failure))?;
    Some(Error { failure, message })
}

/// Refuses overlays whose files would have one name.
pub(super) fn check_stems(members: &[Member]) -> Result<(), Error> {
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
