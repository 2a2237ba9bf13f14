//! What every output must hold and must not hold.

use std::collections::BTreeMap;

use super::{Document, Identity};
use crate::diag::Diagnostic;
use crate::value::Tree;

/// Refuses two objects of one identity: Argo CD would apply the last one only.
///
/// # Errors
///
/// Names the object and both sources.
pub fn check_identities(documents: &[Document], namespace: &str) -> Result<(), Box<Diagnostic>> {
    let mut seen: BTreeMap<Identity, &Document> = BTreeMap::new();
    for document in documents {
        for identity in document.identities(namespace) {
            let name = identity.to_string();
            if let Some(first) = seen.insert(identity, document) {
                let problem = format!(
                    "two objects are {name}: one from {}, one from {}",
                    shown(first),
                    shown(document)
                );
                return Err(Box::new(Diagnostic::error(problem).hint(
                    "rename one of them, or change the chart's object through `patches/`",
                )));
            }
        }
    }
    Ok(())
}

/// Refuses output of a chart that is empty or has neither a StatefulSet nor a Deployment: with
/// pruning Argo CD would delete the controller.
///
/// # Errors
///
/// Says which of the two it is.
pub fn check_workload(documents: &[Document]) -> Result<(), Box<Diagnostic>> {
    let mut objects = documents.iter().map(Document::object);
    if objects.all(|object| *object == Tree::Null) {
        return Err(Box::new(Diagnostic::error("the chart renders to nothing")));
    }
    if documents
        .iter()
        .any(|document| is_workload(document.object()))
    {
        return Ok(());
    }
    Err(Box::new(
        Diagnostic::error("the output has no StatefulSet or Deployment of the chart")
            .hint("look for a value that switches the controller off"),
    ))
}

/// Says whether an object runs the controller (charts before 3.0 have a Deployment).
pub(crate) fn is_workload(object: &Tree) -> bool {
    let kind = object.get("kind").and_then(Tree::as_str);
    matches!(kind, Some("StatefulSet" | "Deployment"))
}

fn shown(document: &Document) -> String {
    match document.source() {
        Some(source) => format!("`{source}`"),
        None => "a document without a source".to_owned(),
    }
}
