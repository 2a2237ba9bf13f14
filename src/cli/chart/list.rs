//! `jenkins-cmp chart list`: which overlay has which chart.

use std::fmt::Write as _;

use super::super::exit::Error;
use super::super::output;
use super::super::remote::Remote;
use super::{PathArgs, fleet};
use crate::app;

/// Runs the command.
pub(super) fn run(args: &PathArgs) -> Result<(), Error> {
    let remote = Remote::new(&args.remote);
    let mut rows =
        vec![["OVERLAY", "CHART", "WANTED", "LOCKED", "SHA256", "PLACE"].map(str::to_owned)];
    for fleet in fleet::collect(&args.paths)? {
        for member in &fleet.overlays {
            let chart = &member.chart;
            let wanted = member.wanted()?;
            let pin = wanted.and_then(|wanted| fleet.lock.find(&wanted));
            let place = match (app::find_chart(&member.place, chart, &fleet.lock), pin) {
                (Ok(path), _) if !path.is_empty() => path,
                (Ok(_), Some(pin)) if remote.store.get(&pin.sha256).is_some() => "store".to_owned(),
                (Ok(_), _) => "to be fetched".to_owned(),
                (Err(_), _) => "missing".to_owned(),
            };
            let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
            rows.push([
                member.place.overlay.clone(),
                text(wanted.map(|wanted| wanted.name).or(chart.name.as_deref())),
                text(chart.version.as_deref()),
                text(pin.map(|pin| pin.version.as_str())),
                pin.map_or("-".to_owned(), |pin| {
                    pin.sha256.to_string()[..12].to_owned()
                }),
                place,
            ]);
        }
    }
    output::stdout(table(&rows).as_bytes())
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
