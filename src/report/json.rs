//! The report as JSON; `docs/diff.schema.json` describes it.

use serde_json::{Value, json};

use super::model::{Change, Entry, Field, Line, Report};

/// The version of the form, raised when a reader would have to change.
const VERSION: u32 = 1;

/// Writes the report as JSON, indented, with a line end.
pub fn json(report: &Report) -> String {
    let name = |at: &usize| report.overlay_name(*at).to_owned();
    let overlays = report.overlays.iter().map(|overlay| {
        json!({
            "name": overlay.name,
            "renamedFrom": overlay.renamed_from,
            "status": overlay.status.word(),
            "impact": overlay.impact.word(),
            "resources": overlay.n_resources,
        })
    });
    let jobs = report.jobs.iter().map(|jobs| {
        json!({
            "added": jobs.added,
            "removed": jobs.removed,
            "overlays": jobs.overlays.iter().map(name).collect::<Vec<_>>(),
        })
    });
    let failed = report.failed.iter().map(|failed| {
        json!({
            "overlay": failed.name,
            "side": failed.side.word(),
            "message": failed.message,
        })
    });
    let value = json!({
        "version": VERSION,
        "before": report.before,
        "after": report.after,
        "compared": report.n_overlays,
        "overlays": overlays.collect::<Vec<_>>(),
        "changes": report.entries.iter().map(|entry| change(report, entry)).collect::<Vec<_>>(),
        "jobs": jobs.collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn change(report: &Report, entry: &Entry) -> Value {
    let places = entry.places.iter().map(|place| {
        json!({
            "overlay": report.overlay_name(place.overlay),
            "namespace": place.namespace,
            "name": place.name,
        })
    });
    json!({
        "status": entry.status.word(),
        "group": entry.group,
        "kind": entry.kind,
        "name": entry.name,
        "impact": entry.impact.word(),
        "fields": entry.fields.iter().map(field).collect::<Vec<_>>(),
        "moreFields": entry.n_more,
        "places": places.collect::<Vec<_>>(),
    })
}

fn field(field: &Field) -> Value {
    let path = &field.path;
    match &field.change {
        Change::Added(to) => json!({"path": path, "change": "added", "after": to}),
        Change::Removed(from) => json!({"path": path, "change": "removed", "before": from}),
        Change::Changed(from, to) => {
            json!({"path": path, "change": "changed", "before": from, "after": to})
        }
        Change::Checksum => json!({"path": path, "change": "checksum"}),
        Change::Lines(lines) => {
            let lines: Vec<Value> = lines.iter().map(line).collect();
            json!({"path": path, "change": "lines", "lines": lines})
        }
    }
}

fn line(line: &Line) -> Value {
    match line {
        Line::Skip(n) => json!({"skip": n}),
        Line::Same(text) => json!({"same": text}),
        Line::Removed(text) => json!({"removed": text}),
        Line::Added(text) => json!({"added": text}),
    }
}
