//! The report as a comment on a pull request.
//!
//! In: a report and a budget in bytes, which is never more than that many characters. Out: the
//! summary, then every change in as much detail as fits: in full, by its paths, or in one line.
//! What does not even fit so is counted. A block is written whole or not at all, so no fence is
//! ever cut.

use std::fmt::Write as _;

use super::model::{Change, Entry, Field, OverlayChange, Report, listed};
use super::text::signed;

/// The largest comment that GitHub takes.
pub const DEFAULT_MARKDOWN_BYTES: usize = 65_536;

/// How many names of overlays a line lists.
const MAX_NAMES: usize = 10;

/// How many paths the shorter form of an entry lists.
const MAX_PATHS: usize = 15;

/// What is kept for the line that counts what is left out.
const RESERVE: usize = 100;

/// The smallest budget: title and summary always fit.
pub const MIN_MARKDOWN_BYTES: usize = 2_000;

/// What a program finds an earlier report by, to replace it.
const MARK: &str = "<!-- jenkins-cmp diff -->\n";

/// The longest name of a side in the title, in characters.
const MAX_SIDE: usize = 100;

/// Writes the report as Markdown of at most `budget` bytes, or [`MIN_MARKDOWN_BYTES`] if that is
/// less.
pub fn markdown(report: &Report, budget: usize) -> String {
    let budget = budget.max(MIN_MARKDOWN_BYTES);
    let side = |name: &str| code(&name.chars().take(MAX_SIDE).collect::<String>());
    let (before, after) = (side(&report.before), side(&report.after));
    let mut out = format!("{MARK}### {before} → {after}\n\n");
    for line in report.summary() {
        let _ = writeln!(out, "- {line}");
    }
    let blocks = blocks(report);
    let room = budget.saturating_sub(out.len() + RESERVE);
    let mut shortest = 0;
    let mut n_shown = 0;
    for block in &blocks {
        shortest += block.forms[0].len();
        if shortest > room {
            shortest -= block.forms[0].len();
            break;
        }
        n_shown += 1;
    }
    let mut spare = room - shortest;
    for block in &blocks[..n_shown] {
        let least = &block.forms[0];
        let fits = |form: &&String| form.len() - least.len().min(form.len()) <= spare;
        let best = block.forms.iter().rev().find(fits).unwrap_or(least);
        spare -= best.len().saturating_sub(least.len());
        out.push_str(best);
    }
    if n_shown < blocks.len() {
        let _ = write!(out, "\n… and {} more changes.\n", blocks.len() - n_shown);
    }
    out
}

/// A change in its forms, the shortest first.
struct Block {
    forms: Vec<String>,
}

fn blocks(report: &Report) -> Vec<Block> {
    let mut blocks = Vec::new();
    for failure in report.failures() {
        let head = format!(
            "\n**{}** ({}) could not be compared",
            code(&listed(&failure.names, MAX_NAMES)),
            failure.side.word()
        );
        let full = format!("{head}\n\n{}", fenced("", failure.message));
        blocks.push(Block {
            forms: vec![head + "\n", full],
        });
    }
    for (what, name, rest) in report.overlays.iter().filter_map(OverlayChange::news) {
        let line = format!("\n**{what}** overlay {} ({rest})\n", code(&name));
        blocks.push(Block { forms: vec![line] });
    }
    for jobs in report.jobs.iter() {
        let names = names(report, jobs.overlays.iter().copied());
        let head = format!(
            "\nDescribed jobs: {} new, {} gone, in {names}\n",
            jobs.added.len(),
            jobs.removed.len()
        );
        let removed = jobs.removed.iter().map(|item| format!("- {item}"));
        let added = jobs.added.iter().map(|item| format!("+ {item}"));
        let lines: Vec<String> = removed.chain(added).collect();
        let full = format!("{head}\n{}", fenced("diff", &lines.join("\n")));
        blocks.push(Block {
            forms: vec![head, full],
        });
    }
    blocks.extend(report.clusters().iter().map(|cluster| Block {
        forms: cluster_forms(report, cluster),
    }));
    blocks
}

fn cluster_forms(report: &Report, cluster: &[&Entry]) -> Vec<String> {
    let Some(entry) = cluster.first() else {
        return vec![String::new()];
    };
    let title = |entry: &&Entry| {
        let (kind, name) = entry.title();
        format!("{} {}", code(&kind), code(&name))
    };
    let titles: Vec<String> = cluster.iter().map(title).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let head = format!(
        "\n**{}** {} · {} · in {}\n",
        entry.status.word(),
        listed(&titles, MAX_NAMES),
        entry.impact.word(),
        names(report, entry.overlays())
    );
    let n_fields = entry.fields.len() + entry.n_more;
    if n_fields == 0 {
        return vec![head];
    }
    let mut paths: Vec<String> = entry
        .fields
        .iter()
        .take(MAX_PATHS)
        .map(|field| field.path.clone())
        .collect();
    if n_fields > MAX_PATHS {
        paths.push(format!("… {} more", n_fields - MAX_PATHS));
    }
    let short = format!("{head}\n{}", fenced("", &paths.join("\n")));
    let mut lines: Vec<String> = entry.fields.iter().flat_map(field_lines).collect();
    if entry.n_more > 0 {
        lines.push(format!("… {} more fields", entry.n_more));
    }
    let body = fenced("diff", &lines.join("\n"));
    let full = if lines.len() > 2 * MAX_PATHS {
        format!("{head}\n<details><summary>{n_fields} fields</summary>\n\n{body}\n</details>\n")
    } else {
        format!("{head}\n{body}")
    };
    vec![head, short, full]
}

fn field_lines(field: &Field) -> Vec<String> {
    let path = &field.path;
    match &field.change {
        Change::Added(to) => vec![format!("+ {path}: {to}")],
        Change::Removed(from) => vec![format!("- {path}: {from}")],
        Change::Changed(from, to) => {
            vec![format!("- {path}: {from}"), format!("+ {path}: {to}")]
        }
        Change::Checksum => vec![format!("! {path}: another checksum")],
        Change::Lines(lines) => {
            let head = format!("@@ {path} @@");
            [head].into_iter().chain(lines.iter().map(signed)).collect()
        }
    }
}

fn names(report: &Report, overlays: impl Iterator<Item = usize>) -> String {
    code(&report.names(overlays, MAX_NAMES))
}

/// A code span, in which nothing is markup.
fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A code block, whose fence is longer than any in the text.
fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{text}\n{fence}\n")
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
