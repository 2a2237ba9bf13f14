//! The report for a terminal.

use std::fmt::Write as _;

use super::model::{Change, Entry, Field, Impact, Line, Report, Status, listed};

/// How many names of overlays a line lists.
const MAX_NAMES: usize = 8;

/// Writes the report as text, coloured if `colour`.
pub fn text(report: &Report, colour: bool) -> String {
    let paint = Paint(colour);
    let mut out = format!("{} → {}\n", report.before, report.after);
    for line in report.summary() {
        let _ = writeln!(out, "{}", paint.bold(&line));
    }
    for overlay in &report.overlays {
        if let Some((what, name, rest)) = overlay.news() {
            let line = format!("{} overlay {name} {what} ({rest})", overlay.status.sign());
            let _ = writeln!(out, "\n{}", paint.status(overlay.status, &line));
        }
    }
    for cluster in report.clusters() {
        write_cluster(&mut out, report, &cluster, paint);
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
    for failure in report.failures() {
        let line = format!(
            "! {} ({}) could not be compared",
            listed(&failure.names, MAX_NAMES),
            failure.side.word()
        );
        let _ = writeln!(out, "\n{}", paint.status(Status::Removed, &line));
        for line in failure.message.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

fn write_cluster(out: &mut String, report: &Report, cluster: &[&Entry], paint: Paint) {
    let Some(entry) = cluster.first() else {
        return;
    };
    let titles: Vec<String> = cluster
        .iter()
        .map(|entry| {
            let (kind, name) = entry.title();
            format!("{kind} {name}")
        })
        .collect();
    let head = format!("{} {}", entry.status.sign(), titles.join(", "));
    let impact = match entry.impact {
        Impact::None => String::new(),
        impact => format!("  [{}]", impact.word()),
    };
    let names = report.names(entry.overlays(), MAX_NAMES);
    let head = paint.status(entry.status, &head);
    let _ = writeln!(out, "\n{head}{}  in {names}", paint.bold(&impact));
    for field in &entry.fields {
        write_field(out, field, paint);
    }
    if entry.n_more > 0 {
        let _ = writeln!(out, "  … {} more fields", entry.n_more);
    }
}

fn write_field(out: &mut String, field: &Field, paint: Paint) {
    let path = &field.path;
    let _ = match &field.change {
        Change::Added(to) => {
            let line = paint.status(Status::Added, &format!("+ {path}: {to}"));
            writeln!(out, "  {line}")
        }
        Change::Removed(from) => {
            let line = paint.status(Status::Removed, &format!("- {path}: {from}"));
            writeln!(out, "  {line}")
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
