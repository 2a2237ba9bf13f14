//! `jenkins-cmp chart list`: which overlay has which chart.

use std::fmt::Write as _;

use super::super::exit::Error;
use super::super::output;
use super::super::remote::Remote;
use super::{PathArgs, fleet};
use crate::app::settings::ChartSettings;
use crate::app::{self, SubchartSource};
use crate::fetch::Pin;

/// Runs the command.
pub(super) fn run(args: &PathArgs) -> Result<(), Error> {
    let remote = Remote::new(&args.remote);
    let mut rows =
        vec![["OVERLAY", "CHART", "WANTED", "LOCKED", "SHA256", "PLACE"].map(str::to_owned)];
    for fleet in fleet::collect(&args.paths)? {
        for member in &fleet.overlays {
            let pin = member
                .own
                .as_ref()
                .and_then(|wanted| fleet.lock.find(wanted));
            let place = match (&member.path, pin) {
                (Ok(path), _) if !path.is_empty() => path.clone(),
                (Ok(_), Some(pin)) => place_of(pin, &remote),
                _ => "missing".to_owned(),
            };
            let ChartSettings { name, version, .. } = &member.chart;
            let own = member.own.as_ref().map(|wanted| &wanted.name);
            let names = (own.or(name.as_ref()), version.as_ref());
            rows.push(row(&member.place.overlay, names, pin, place));
            for wanted in &member.subcharts {
                let pin = fleet.lock.find(wanted);
                let place = match pin.map(|pin| app::locate_archive(&member.place, pin)) {
                    Some(SubchartSource::Vendored { path, .. }) => path,
                    Some(SubchartSource::Locked(pin)) => place_of(&pin, &remote),
                    _ => "missing".to_owned(),
                };
                let names = (Some(&wanted.name), Some(&wanted.version));
                rows.push(row(&member.place.overlay, names, pin, place));
            }
        }
    }
    output::stdout(table(&rows).as_bytes())
}

fn row(
    overlay: &str,
    (name, version): (Option<&String>, Option<&String>),
    pin: Option<&Pin>,
    place: String,
) -> [String; 6] {
    let text = |text: Option<&String>| text.cloned().unwrap_or_else(|| "-".to_owned());
    let digest = pin.map(|pin| pin.sha256.to_string()[..12].to_owned());
    [
        overlay.to_owned(),
        text(name),
        text(version),
        text(pin.map(|pin| &pin.version)),
        text(digest.as_ref()),
        place,
    ]
}

fn place_of(pin: &Pin, remote: &Remote) -> String {
    let is_there = remote.store.get(&pin.sha256).is_some();
    if is_there { "store" } else { "to be fetched" }.to_owned()
}

/// Aligns columns; the last one ends where it ends.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let _ = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
