//! `jenkins-cmp chart verify`: compares charts with the lock file.

use std::fmt::Write as _;

use super::super::exit::Error;
use super::super::output;
use super::super::remote::Remote;
use super::{PathArgs, fleet};
use crate::app;
use crate::render::Archives as _;

/// Runs the command.
pub(super) fn run(args: &PathArgs) -> Result<(), Error> {
    let remote = Remote::new(&args.remote);
    let mut report = String::new();
    let mut n_wrong = 0;
    for fleet in fleet::collect(&args.paths)? {
        let mut used = Vec::new();
        for member in &fleet.overlays {
            let overlay = &member.place.overlay;
            let Some(wanted) = member.wanted()? else {
                let _ = writeln!(report, "{overlay}: needs no lock");
                continue;
            };
            used.push(wanted);
            let found = app::find_chart(&member.place, &member.chart, &fleet.lock);
            let line = match (&found, fleet.lock.find(&wanted)) {
                (Err(problem), _) => Err(problem.to_string()),
                (Ok(_), None) => Err(format!(
                    "`{}` {} is not in the lock file",
                    wanted.name, wanted.version
                )),
                (Ok(path), Some(pin)) => {
                    if path.is_empty() {
                        remote.archive(pin)?;
                    }
                    Ok(format!(
                        "{} {} sha256:{}",
                        pin.name, pin.version, pin.sha256
                    ))
                }
            };
            n_wrong += usize::from(line.is_err());
            let text = line.unwrap_or_else(|problem| format!("wrong: {problem}"));
            let _ = writeln!(report, "{overlay}: {text}");
        }
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
        n => Err(Error::no(format!(
            "{n} charts are not as locked\nhint: run `jenkins-cmp chart lock`"
        ))),
    }
}
