//! Patches on values and on finished objects.
//!
//! In: RFC 6902 lists, and files in kustomize's `patches:` form. Out: changed data. Refused: an
//! operation that does not fit, with its index and path; a target that matches nothing; kustomize's
//! strategic merge and its `$patch` directives, since a merge patch here is plain RFC 7386.

pub mod json;
mod operations;
mod target;

use serde::Deserialize;
use serde_json::Value;

pub use operations::Operations;
use target::Target;

use crate::diag::{self, Diagnostic};
use crate::manifest::Document;
use crate::manifest::codec;
use crate::value::Tree;
use crate::yaml::{self, Node};
use json::{Numbers, from_json, to_json};

/// One patch and the objects it is for.
#[derive(Debug, Clone)]
pub struct Patch {
    file: String,
    line: usize,
    target: Target,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    Operations(Operations),
    Merge(Value),
}

/// A patch as it stands in its file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    target: target::Selector,
    patch: Value,
}

/// Reads a file of `patches/`: one patch, a list of them, or a mapping with such a list under
/// `patches`.
///
/// # Errors
///
/// Points at the patch that is wrong.
pub fn parse(text: &str, file: &str) -> Result<Vec<Patch>, Box<Diagnostic>> {
    let tree = codec::read_file(text, file)?;
    let json = to_json(&tree).map_err(|e| Diagnostic::error(e.to_string()).in_file(file))?;
    let nodes = yaml::parse(text.as_bytes()).ok();
    let root = nodes.as_ref().and_then(yaml::Document::root);
    let (entries, nodes) = match json {
        Value::Array(entries) => (entries, items(root)),
        Value::Object(mut map) if map.len() == 1 && map.contains_key("patches") => {
            match map.remove("patches") {
                Some(Value::Array(entries)) => (entries, items(child(root, "patches"))),
                _ => {
                    let problem = Diagnostic::error("`patches` is not a list");
                    return Err(Box::new(problem.in_file(file)));
                }
            }
        }
        Value::Object(map) => (vec![Value::Object(map)], root.into_iter().collect()),
        _ => {
            let problem = Diagnostic::error("the file holds no patch");
            let problem = problem.hint("write `{target: …, patch: …}`");
            return Err(Box::new(problem.in_file(file)));
        }
    };
    let mut nodes = nodes.into_iter();
    entries
        .into_iter()
        .map(|entry| parse_entry(entry, file, nodes.next()))
        .collect()
}

fn parse_entry(entry: Value, file: &str, node: Option<Node<'_>>) -> Result<Patch, Box<Diagnostic>> {
    let line = node.map_or(0, Node::line);
    let place = |problem: Diagnostic| Box::new(problem.at(file, line, 0, ""));
    let entry: Entry =
        serde_json::from_value(entry).map_err(|e| place(diag::unknown_key(&e.to_string())))?;
    let target = Target::new(&entry.target).map_err(|e| place(*e))?;
    let change = change(entry.patch, file, line, child(node, "patch"))?;
    Ok(Patch {
        file: file.to_owned(),
        line,
        target,
        change,
    })
}

/// Applies the patches in order to the documents that they are for.
///
/// # Errors
///
/// A patch that is for no document, or that does not fit one.
pub fn apply(
    patches: &[Patch],
    documents: &mut [Document],
    namespace: &str,
) -> Result<(), Box<Diagnostic>> {
    for patch in patches {
        let place = |problem: Diagnostic| problem.at(&patch.file, patch.line, 0, "");
        let mut n_matches = 0;
        for document in documents.iter_mut() {
            if !patch.target.matches(document.object(), namespace) {
                continue;
            }
            n_matches += 1;
            let object = patch.change.apply(document.object()).map_err(|e| {
                let problem = match e.location {
                    Some(_) => *e,
                    None => place(*e),
                };
                let source = document.source().unwrap_or_default();
                problem.context(format!("on an object of `{source}`"))
            })?;
            document.replace(object);
        }
        if n_matches == 0 {
            let problem = format!("no object matches the target {}", patch.target);
            return Err(Box::new(
                place(Diagnostic::error(problem))
                    .hint("names are whole: `jenkins` does not match `jenkins-agent`"),
            ));
        }
    }
    Ok(())
}

impl Change {
    fn apply(&self, object: &Tree) -> Result<Tree, Box<Diagnostic>> {
        let mut object = to_json(object).map_err(|e| Diagnostic::error(e.to_string()))?;
        match self {
            Change::Operations(operations) => operations.apply(&mut object)?,
            Change::Merge(patch) => json_patch::merge(&mut object, patch),
        }
        let is_object = ["apiVersion", "kind"]
            .iter()
            .all(|key| object.get(key).is_some_and(Value::is_string));
        if !is_object {
            return Err(Box::new(Diagnostic::error(
                "what is left has no `apiVersion` or no `kind`",
            )));
        }
        Ok(from_json(&object, Numbers::Exact))
    }
}

/// Reads the `patch` of an entry: a text of YAML as kustomize has it, or the data itself.
fn change(
    patch: Value,
    file: &str,
    line: usize,
    node: Option<Node<'_>>,
) -> Result<Change, Box<Diagnostic>> {
    let place = |problem: Diagnostic| Box::new(problem.at(file, line, 0, ""));
    let (patch, lines) = match patch {
        Value::String(text) => {
            let tree = codec::read_file(&text, "`patch`").map_err(|e| {
                let inner = e.to_string();
                place(Diagnostic::error(format!("in the text of {inner}")))
            })?;
            let json = to_json(&tree).map_err(|e| place(Diagnostic::error(e.to_string())))?;
            (json, Vec::new())
        }
        data => (data, items(node).into_iter().map(Node::line).collect()),
    };
    match patch {
        Value::Array(_) => Operations::parse(&patch, file, &lines)
            .map(Change::Operations)
            .map_err(|e| match lines.is_empty() {
                true => place(*e),
                false => e,
            }),
        Value::Object(ref map) if !map.is_empty() => match directive(&patch) {
            Some(key) => Err(place(
                Diagnostic::error(format!("`{key}` belongs to strategic merge"))
                    .hint("write the change as a list of JSON patch operations"),
            )),
            None => Ok(Change::Merge(patch)),
        },
        _ => Err(place(
            Diagnostic::error("`patch` is neither a list of operations nor a mapping")
                .hint("a list is a JSON patch, a mapping is a merge patch (RFC 7386)"),
        )),
    }
}

/// The items of a list, for their lines.
fn items(node: Option<Node<'_>>) -> Vec<Node<'_>> {
    node.into_iter()
        .flat_map(|node| node.resolved().items())
        .collect()
}

/// The value under a key of a mapping.
fn child<'d>(node: Option<Node<'d>>, key: &str) -> Option<Node<'d>> {
    let (_, value) = node?.resolved().get(key)?;
    Some(value)
}

/// A key of kustomize's strategic merge anywhere in a merge patch.
fn directive(patch: &Value) -> Option<&str> {
    match patch {
        Value::Object(entries) => entries.iter().find_map(|(key, item)| {
            if key == "$patch" || key == "$retainKeys" || key.starts_with('$') && key.contains('/')
            {
                return Some(key.as_str());
            }
            directive(item)
        }),
        Value::Array(items) => items.iter().find_map(directive),
        _ => None,
    }
}
