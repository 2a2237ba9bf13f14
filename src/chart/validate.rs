//! Validating the values of a chart and its subcharts against their schemas.

use super::{Chart, schema};
use crate::helm::{HelmCompat, LogLine};
use crate::value::Tree;
use crate::values::deep;

/// Checks coalesced values against the schemas of `chart` and its subcharts; returns lines for
/// standard error.
///
/// # Errors
///
/// Helm's text with one block for each failing chart.
pub fn validate(chart: &Chart, values: &Tree, helm: HelmCompat) -> Result<Vec<LogLine>, String> {
    let mut run = Run {
        helm,
        failures: String::new(),
        log: Vec::new(),
    };
    run.chart(chart, values);
    if run.failures.is_empty() {
        return Ok(run.log);
    }
    Err(format!(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{}",
        run.failures
    ))
}

/// Says whether any schema is there to validate against.
pub fn has_schema(chart: &Chart) -> bool {
    chart.schema.is_some() || chart.charts.iter().any(has_schema)
}

struct Run {
    helm: HelmCompat,
    failures: String,
    log: Vec<LogLine>,
}

impl Run {
    fn chart(&mut self, chart: &Chart, values: &Tree) {
        if let Some(schema) = &chart.schema {
            match schema::check(schema, values, self.helm) {
                Ok(lines) => self.log.extend(lines),
                Err(text) => self.fail(chart.name(), &text),
            }
        }
        for sub in &chart.charts {
            match values.get(sub.name()) {
                None | Some(Tree::Null) => {}
                Some(below @ Tree::Map(_)) => deep(|| self.chart(sub, below)),
                // Coalescing has refused everything but a table.
                Some(_) => self.fail(
                    sub.name(),
                    "invalid type for values: expected object (map)\n",
                ),
            }
        }
    }

    fn fail(&mut self, chart: &str, text: &str) {
        self.failures.push_str(&format!("{chart}:\n{text}"));
    }
}
