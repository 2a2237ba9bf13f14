//! The templates of a chart and its subcharts, parsed once for all releases that share them.
//!
//! In: the charts that are switched on. Out: their templates in the order of execution, and the set
//! in which they call each other. Refused: templates that do not parse.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Error, base};
use crate::chart::{Chart, File};
use crate::funcs;
use crate::helm::HelmCompat;
use crate::template::TemplateSet;

/// Parsed templates, shared by the renders of one process.
///
/// One chart gives several sets, as values switch subcharts on and off.
#[derive(Debug, Default)]
pub struct TemplateCache {
    entries: Mutex<Vec<(Key, Arc<Parsed>)>>,
}

/// The templates of one tree of charts.
#[derive(Debug)]
pub(super) struct Parsed {
    /// All of them, by name.
    pub(super) set: Arc<TemplateSet>,
    /// Those that are files, in Helm's order of executing.
    pub(super) templates: Vec<Template>,
}

/// A file below `templates/`.
#[derive(Debug)]
pub(super) struct Template {
    /// Its identifier.
    pub(super) id: String,
    /// The number of its chart in the list given.
    pub(super) chart: usize,
}

/// What decides about the parsed templates: holding the files keeps their addresses taken.
#[derive(Debug)]
struct Key {
    helm: HelmCompat,
    charts: Vec<(String, bool, Arc<[File]>)>,
}

impl Key {
    fn matches(&self, charts: &[&Chart], helm: HelmCompat) -> bool {
        self.helm == helm
            && self.charts.len() == charts.len()
            && self.charts.iter().zip(charts).all(|(known, chart)| {
                known.0 == chart.full_path
                    && known.1 == is_library(chart)
                    && Arc::ptr_eq(&known.2, &chart.templates)
            })
    }
}

impl TemplateCache {
    /// Most trees of charts that are kept; the oldest one goes.
    const MAX_ENTRIES: usize = 32;

    /// The parsed templates of `charts`.
    ///
    /// # Errors
    ///
    /// The first template that does not parse; nothing is remembered then.
    pub(super) fn parsed(&self, charts: &[&Chart], helm: HelmCompat) -> Result<Arc<Parsed>, Error> {
        // Held while parsing: other threads would want the very same templates.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, parsed)) = entries.iter().find(|(key, _)| key.matches(charts, helm)) {
            return Ok(parsed.clone());
        }
        let parsed = Arc::new(parse(charts, helm)?);
        let key = Key {
            helm,
            charts: charts
                .iter()
                .map(|chart| {
                    (
                        chart.full_path.clone(),
                        is_library(chart),
                        chart.templates.clone(),
                    )
                })
                .collect(),
        };
        if entries.len() == Self::MAX_ENTRIES {
            entries.remove(0);
        }
        entries.push((key, parsed.clone()));
        Ok(parsed)
    }
}

fn is_library(chart: &Chart) -> bool {
    chart.metadata.chart_type.eq_ignore_ascii_case("library")
}

/// Parses the templates in Helm's order of parsing and executing: deepest path first, then from the
/// last name to the first. Of equal identifiers the last one counts.
fn parse(charts: &[&Chart], helm: HelmCompat) -> Result<Parsed, Error> {
    let mut found: Vec<(Template, &File)> = Vec::new();
    for (number, chart) in charts.iter().enumerate() {
        for file in chart.templates.iter() {
            if !is_library(chart) || base(&file.name).starts_with('_') {
                let id = format!("{}/{}", chart.full_path, file.name);
                found.push((Template { id, chart: number }, file));
            }
        }
    }
    let depth = |id: &str| id.bytes().filter(|b| *b == b'/').count();
    // A stable sort keeps equal identifiers in order, so the last of them is the one that counts.
    found.sort_by(|(a, _), (b, _)| (depth(&b.id), &b.id).cmp(&(depth(&a.id), &a.id)));
    let mut set = TemplateSet::new("gotpl", funcs::table(helm.major()));
    let mut templates = Vec::with_capacity(found.len());
    let mut found = found.into_iter().peekable();
    while let Some((template, file)) = found.next() {
        if found.peek().is_some_and(|(next, _)| next.id == template.id) {
            continue;
        }
        set.add(template.id.as_str(), file.data.clone())
            .map_err(|error| Error::parse(&error, &file.data))?;
        templates.push(template);
    }
    Ok(Parsed {
        set: Arc::new(set),
        templates,
    })
}
