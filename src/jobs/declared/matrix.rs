//! Own templates for many similar jobs: a text, a list of items, axes to combine them with.
//!
//! In: an item with the key `template`. Out: the text once for each combination. Refused: too many
//! combinations, whatever minijinja refuses.

use serde_json::{Map, Value as Json};

use super::super::template::{self, Combinations, Context};
use super::fields::{Fields, File};
use crate::diag::Diagnostic;
use crate::limits::MAX_JOB_COMBINATIONS;
use crate::patch::json;
use crate::value::Tree;
use crate::yaml::Node;

/// Writes the template of an item for each of its combinations.
pub(super) fn write(
    file: File<'_>,
    node: Node<'_>,
    data: &Tree,
    context: &Context<'_>,
) -> Result<String, Box<Diagnostic>> {
    let fields = Fields::new(file, node, &["template", "items", "matrix"])?;
    let text = fields.needed("template")?;
    let mut combinations = Combinations {
        items: items(&fields, data)?,
        axes: Vec::new(),
    };
    if let Some(matrix) = fields.value("matrix") {
        let axes = Fields::any(file, matrix)?;
        for (key, node) in axes.node.entries() {
            let name = super::fields::text(file, key)?;
            let values = data.at(["matrix", &name]).and_then(Tree::as_list);
            let values = values.filter(|values| !values.is_empty());
            let Some(values) = values else {
                return Err(Box::new(
                    file.error(node, "a list with items is needed here"),
                ));
            };
            if combinations.count() * values.len() > MAX_JOB_COMBINATIONS {
                let problem = format!("more than {MAX_JOB_COMBINATIONS} combinations");
                return Err(Box::new(file.error(node, problem)));
            }
            let values = values.iter().map(|value| to_json(file, node, value));
            let values = values.collect::<Result<_, _>>()?;
            combinations.axes.push((name, values));
        }
    }
    let at = fields.value("template").unwrap_or(node);
    let result = template::render_each(&text, file.name, context, combinations);
    let problem = match result {
        Ok(result) if result.contains(['\r', '\0']) => Box::new(Diagnostic::error(
            "the result holds a carriage return or a NUL",
        )),
        Ok(result) => return Ok(result),
        Err(problem) => problem,
    };
    // The place is one in the template's text; the file has it further down.
    let line = problem.location.as_ref().map_or(0, |at| at.line);
    let mut pointed = file.error(at, problem.message);
    pointed.hints = problem.hints;
    Err(Box::new(match line {
        0 => pointed,
        line => pointed.context(format!("in line {line} of the template")),
    }))
}

/// The maps under `items`; one empty map if there are none to combine.
fn items(fields: &Fields<'_>, data: &Tree) -> Result<Vec<Map<String, Json>>, Box<Diagnostic>> {
    if fields.value("items").is_none() {
        if fields.value("matrix").is_none() {
            return Err(fields.missing("items"));
        }
        return Ok(vec![Map::new()]);
    }
    let nodes = fields.list("items")?;
    if nodes.len() > MAX_JOB_COMBINATIONS {
        let problem = format!("more than {MAX_JOB_COMBINATIONS} items");
        return Err(Box::new(fields.file.error(fields.node, problem)));
    }
    let data = data
        .get("items")
        .and_then(Tree::as_list)
        .unwrap_or_default();
    let pairs = nodes.into_iter().zip(data);
    pairs
        .map(|(node, data)| match to_json(fields.file, node, data)? {
            Json::Object(entries) => Ok(entries),
            _ => Err(Box::new(
                fields.file.error(node, "a mapping is needed here"),
            )),
        })
        .collect()
}

fn to_json(file: File<'_>, node: Node<'_>, data: &Tree) -> Result<Json, Box<Diagnostic>> {
    json::to_json(data).map_err(|e| Box::new(file.error(node, e.to_string())))
}
