//! The report for a terminal.

use std::fmt::Write as _;

use super::model::{Change, Entry, Impact, Line, Report, Status};

/// How many names of overlays a line lists.
const MAX_NAMES: usize = 8;

/// Writes the report as text, coloured if `colour`.
pub fn text(report: &Report, colour: bool) -> String {
    let paint = Paint(colour);
    let mut out = format!("{} → {}\n", report.before, report.after);
    for line in report.summary() {
        let _ = writeln!(out, "{}", paint.bold(&line));
    }
    for overlay in report
        .overlays
        .iter()
        .filter(|o| o.status != Status::Changed)
    {
        let line = format!(
            "{} overlay {} ({} resources)",
            overlay.status.sign(),
            overlay.name,
            overlay.n_resources
        );
        let _ = writeln!(out, "\n{}", paint.status(overlay.status, &line));
    }
    for entry in &report.entries {
        write_entry(&mut out, report, entry, paint);
    }
    for jobs in &report.jobs {
        let names = report.names(jobs.overlays.iter().copied(), MAX_NAMES);
        let _ = writeln!(out, "\n{} in {names}", paint.bold("described jobs"));
        for (sign, status, items) in [
            ('-', Status::Removed, &jobs.removed),
            ('+', Status::Added, &jobs.added),
        ] {
            for item in items {
                let _ = writeln!(out, "  {}", paint.status(status, &format!("{sign} {item}")));
            }
        }
    }
    for failed in &report.failed {
        let line = format!(
            "! {} ({}) could not be compared",
            failed.name,
            failed.side.word()
        );
        let _ = writeln!(out, "\n{}", paint.status(Status::Removed, &line));
        for line in failed.message.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

fn write_entry(out: &mut String, report: &Report, entry: &Entry, paint: Paint) {
    let mut head = format!("{} {} ", entry.status.sign(), entry.full_kind());
    if let Some(namespace) = entry.namespace() {
        let _ = write!(head, "{namespace}/");
    }
    head.push_str(&entry.name);
    let impact = match entry.impact {
        Impact::None => String::new(),
        impact => format!("  [{}]", impact.word()),
    };
    let names = report.names(entry.places.iter().map(|place| place.overlay), MAX_NAMES);
    let head = paint.status(entry.status, &head);
    let _ = writeln!(out, "\n{head}{}  in {names}", paint.bold(&impact));
    for field in &entry.fields {
        let path = &field.path;
        let _ = match &field.change {
            Change::Added(to) => {
                writeln!(
                    out,
                    "  {}",
                    paint.status(Status::Added, &format!("+ {path}: {to}"))
                )
            }
            Change::Removed(from) => {
                writeln!(
                    out,
                    "  {}",
                    paint.status(Status::Removed, &format!("- {path}: {from}"))
                )
            }
            Change::Changed(from, to) => {
                let from = paint.status(Status::Removed, from);
                let to = paint.status(Status::Added, to);
                writeln!(out, "  ~ {path}: {from} → {to}")
            }
            Change::Checksum => writeln!(out, "  ~ {path}: another checksum"),
            Change::Lines(lines) => {
                let _ = writeln!(out, "  ~ {path}:");
                for line in lines {
                    let _ = writeln!(out, "      {}", paint.line(line));
                }
                Ok(())
            }
        };
    }
    if entry.n_more > 0 {
        let _ = writeln!(out, "  … {} more fields", entry.n_more);
    }
}

/// A line with its sign.
pub(super) fn signed(line: &Line) -> String {
    match line {
        Line::Skip(n) => format!("@@ {n} unchanged @@"),
        Line::Same(text) => format!("  {text}"),
        Line::Removed(text) => format!("- {text}"),
        Line::Added(text) => format!("+ {text}"),
    }
}

#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn status(self, status: Status, text: &str) -> String {
        let code = match status {
            Status::Added => "32",
            Status::Removed => "31",
            Status::Changed => "33",
        };
        self.with(code, text)
    }

    fn line(self, line: &Line) -> String {
        let text = signed(line);
        match line {
            Line::Skip(_) => self.with("2", &text),
            Line::Same(_) => text,
            Line::Removed(_) => self.status(Status::Removed, &text),
            Line::Added(_) => self.status(Status::Added, &text),
        }
    }
}
