//! `jenkins-cmp chart verify`: compares charts with the lock file.

use std::fmt::Write as _;

use super::super::exit::Error;
use super::super::output;
use super::super::remote::Remote;
use super::PathArgs;
use super::fleet::{self, Member};
use crate::app::{self, Lock, SubchartSource};
use crate::fetch::Wanted;
use crate::render::Archives as _;

/// Runs the command.
pub(super) fn run(args: &PathArgs) -> Result<(), Error> {
    let remote = Remote::new(&args.remote);
    let mut report = String::new();
    let mut n_wrong = 0;
    for fleet in fleet::collect(&args.paths)? {
        for member in &fleet.overlays {
            let overlay = &member.place.overlay;
            if member.wanted().next().is_none() {
                let _ = writeln!(report, "{overlay}: needs no lock");
            }
            for wanted in member.wanted() {
                let line = check(member, wanted, &fleet.lock, &remote)?;
                n_wrong += usize::from(line.is_err());
                let text = line.unwrap_or_else(|problem| format!("wrong: {problem}"));
                let _ = writeln!(report, "{overlay}: {text}");
            }
        }
        let used = fleet.wanted();
        for entry in fleet.lock.entries().iter().filter(|_| fleet.is_whole) {
            if !used.contains(&entry.wanted()) {
                n_wrong += 1;
                let (name, wanted) = (&entry.pin.name, &entry.wanted);
                let _ = writeln!(report, "wrong: no overlay wants the locked {name} {wanted}");
            }
        }
    }
    output::stdout(report.as_bytes())?;
    match n_wrong {
        0 => Ok(()),
        n => {
            let charts = if n == 1 { "chart is" } else { "charts are" };
            Err(Error::no(format!(
                "{n} {charts} not as locked\nhint: run `jenkins-cmp chart lock`"
            )))
        }
    }
}

/// Checks one archive: a line about it, or what is wrong with it.
fn check(
    member: &Member,
    wanted: &Wanted,
    lock: &Lock,
    remote: &Remote,
) -> Result<Result<String, String>, Error> {
    let Some(pin) = lock.find(wanted) else {
        let Wanted { name, version, .. } = wanted;
        return Ok(Err(format!("`{name}` {version} is not in the lock file")));
    };
    let place = &member.place;
    let is_own = member.own.as_ref() == Some(wanted);
    let problem = match (&member.path, app::locate_archive(place, pin)) {
        // Finding the overlay's own chart in the repository has compared the digest.
        (Err(problem), _) if is_own => Some(problem.clone()),
        (Ok(path), _) if is_own && !path.is_empty() => None,
        (_, SubchartSource::Vendored { path, pin }) if !is_own => {
            app::read_vendored(&place.repository, &path, &pin).err()
        }
        _ => {
            remote.archive(pin)?;
            None
        }
    };
    Ok(match problem {
        Some(problem) => Err(problem.to_string()),
        None => Ok(format!(
            "{} {} sha256:{}",
            pin.name, pin.version, pin.sha256
        )),
    })
}
