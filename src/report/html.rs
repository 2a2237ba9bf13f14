//! The report as one page that needs nothing else.
//!
//! All text is escaped; a policy in the page allows only its own script and style by their hashes,
//! so that even a mistake in that could not run anything.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::model::{Change, Entry, Field, Impact, Line, Report, listed};
use super::text::signed;

const STYLE: &str = include_str!("page.css");

const SCRIPT: &str = include_str!("page.js");

/// How many changes are open when the page is.
const N_OPEN: usize = 20;

/// Writes the report as an HTML page.
pub fn html(report: &Report) -> String {
    let mut out = String::new();
    let title = format!("{} → {}", report.before, report.after);
    let clusters = report.clusters();
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>jenkins-cmp diff: {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        hash(STYLE),
        hash(SCRIPT),
        escape(&title)
    );
    write_head(&mut out, report, &title);
    write_bar(&mut out, report);
    out.push_str("<main>\n");
    write_sides(&mut out, report);
    for (at, cluster) in clusters.iter().enumerate() {
        write_cluster(&mut out, report, cluster, at < N_OPEN);
    }
    out.push_str("<p id=\"none\" hidden>Nothing matches.</p>\n</main>\n");
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

fn write_head(out: &mut String, report: &Report, title: &str) {
    let _ = writeln!(out, "<header>\n<h1>{}</h1>\n<ul>", escape(title));
    for line in report.summary() {
        let _ = writeln!(out, "<li>{}</li>", escape(&line));
    }
    out.push_str("</ul>\n</header>\n");
}

fn write_bar(out: &mut String, report: &Report) {
    let mut kinds: Vec<String> = report.entries.iter().map(Entry::full_kind).collect();
    kinds.sort();
    kinds.dedup();
    let impacts = Impact::ALL.into_iter().rev().map(Impact::word);
    out.push_str(
        "<div class=\"bar\" role=\"search\">\n\
         <input id=\"search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search\">\n",
    );
    select(out, "kind", "all kinds", kinds.iter().map(String::as_str));
    select(out, "impact", "all impacts", impacts);
    out.push_str(
        "<button id=\"open\" type=\"button\">Expand all</button>\n\
         <button id=\"close\" type=\"button\">Collapse all</button>\n\
         <output id=\"count\"></output>\n</div>\n",
    );
}

fn select<'s>(out: &mut String, id: &str, all: &str, options: impl Iterator<Item = &'s str>) {
    let _ = write!(
        out,
        "<select id=\"{id}\" aria-label=\"{id}\"><option value=\"\">{all}</option>"
    );
    for option in options {
        let option = escape(option);
        let _ = write!(out, "<option value=\"{option}\">{option}</option>");
    }
    out.push_str("</select>\n");
}

/// Failures, new and gone overlays, and jobs.
fn write_sides(out: &mut String, report: &Report) {
    for failure in report.failures() {
        let names = escape(&listed(&failure.names, usize::MAX));
        let (side, message) = (failure.side.word(), escape(failure.message));
        let _ = writeln!(
            out,
            "<section class=\"failed\"><h2>({side}) could not be compared: \
             <span class=\"places\">{names}</span></h2><pre>{message}</pre></section>"
        );
    }
    for overlay in &report.overlays {
        if let Some((what, name, rest)) = overlay.news() {
            let (class, name) = (overlay.status.word(), escape(&name));
            let _ = writeln!(
                out,
                "<section class=\"{class}\"><h2>{what} overlay {name} ({rest})</h2></section>"
            );
        }
    }
    for jobs in &report.jobs {
        let names = report.names(jobs.overlays.iter().copied(), usize::MAX);
        let _ = writeln!(
            out,
            "<section class=\"jobs\"><h2>Described jobs in <span class=\"places\">{}</span></h2><pre>",
            escape(&names)
        );
        for item in &jobs.removed {
            let _ = writeln!(out, "<del>- {}</del>", escape(item));
        }
        for item in &jobs.added {
            let _ = writeln!(out, "<ins>+ {}</ins>", escape(item));
        }
        out.push_str("</pre></section>\n");
    }
}

fn write_cluster(out: &mut String, report: &Report, cluster: &[&Entry], open: bool) {
    let Some(entry) = cluster.first() else {
        return;
    };
    let kinds: Vec<String> = cluster.iter().map(|entry| entry.full_kind()).collect();
    let title = |entry: &&Entry| {
        let (kind, name) = entry.title();
        format!(
            "<code>{}</code> <code>{}</code>",
            escape(&kind),
            escape(&name)
        )
    };
    let titles: Vec<String> = cluster.iter().map(title).collect();
    let (status, impact) = (entry.status.word(), entry.impact.word());
    let names = report.names(entry.overlays(), usize::MAX);
    let _ = write!(
        out,
        "<details class=\"{status}\" data-kinds=\"{}\" data-impact=\"{impact}\"{}>\
         <summary><b>{status}</b> {} \
         <span class=\"impact {impact}\">{impact}</span> \
         <span class=\"places\">{} × {}</span></summary>\n<table>\n",
        // No text in a report has line ends.
        escape(&kinds.join("\n")),
        if open { " open" } else { "" },
        titles.join(", "),
        entry.places.len(),
        escape(&names)
    );
    for field in &entry.fields {
        write_field(out, field);
    }
    if entry.n_more > 0 {
        let _ = writeln!(
            out,
            "<tr><td colspan=\"2\">… {} more fields</td></tr>",
            entry.n_more
        );
    }
    out.push_str("</table></details>\n");
}

fn write_field(out: &mut String, field: &Field) {
    let _ = write!(
        out,
        "<tr><th scope=\"row\">{}</th><td>",
        escape(&field.path)
    );
    let _ = match &field.change {
        Change::Added(to) => write!(out, "<ins>{}</ins>", escape(to)),
        Change::Removed(from) => write!(out, "<del>{}</del>", escape(from)),
        Change::Changed(from, to) => {
            write!(out, "<del>{}</del> <ins>{}</ins>", escape(from), escape(to))
        }
        Change::Checksum => write!(out, "another checksum"),
        Change::Lines(lines) => {
            out.push_str("<pre>");
            for line in lines {
                let text = escape(&signed(line));
                let _ = match line {
                    Line::Skip(_) => writeln!(out, "<i>{text}</i>"),
                    Line::Same(_) => writeln!(out, "{text}"),
                    Line::Removed(_) => writeln!(out, "<del>{text}</del>"),
                    Line::Added(_) => writeln!(out, "<ins>{text}</ins>"),
                };
            }
            write!(out, "</pre>")
        }
    };
    out.push_str("</td></tr>\n");
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}
