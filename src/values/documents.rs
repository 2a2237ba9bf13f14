//! Values files: YAML text to a table.

use std::borrow::Cow;

use super::tables::merge;
use crate::diag::Diagnostic;
use crate::helm::HelmCompat;
use crate::value::{Tree, TreeMap};

/// Decodes a values file: in Helm 3 its first document, in Helm 4 all of them merged. The result
/// is always a map, and every number in it a float.
///
/// # Errors
///
/// Helm's text without `failed to parse <file>: `, and the place in the file.
pub fn parse_values(file: &str, text: &[u8], helm: HelmCompat) -> Result<Tree, Box<Diagnostic>> {
    match helm {
        HelmCompat::V3 => Ok(document(file, text)?.unwrap_or_else(Tree::empty_map)),
        HelmCompat::V4 => {
            let mut all = TreeMap::new();
            for (n_before, text) in split(file, text)? {
                let values = document(file, &text).map_err(|mut e| {
                    e.message = format!("cannot unmarshal yaml document: {}", e.message);
                    if let Some(at) = e.location.as_mut().filter(|at| at.line > 0) {
                        at.line += n_before;
                    }
                    e
                })?;
                if let Some(Tree::Map(values)) = values {
                    merge(&mut all, &values);
                }
            }
            Ok(Tree::map(all))
        }
    }
}

/// Decodes the first document of a text for structs: integers stay integers.
///
/// # Errors
///
/// Go's text, and the place in the file.
pub(crate) fn parse_typed(file: &str, text: &[u8]) -> Result<Tree, Box<Diagnostic>> {
    use serde::Deserialize;
    let fail = |e: serde_yaml::Error| {
        let source = String::from_utf8_lossy(text);
        let diagnostic = Diagnostic::error(format!("error converting YAML to JSON: yaml: {e}"));
        Box::new(match e.location() {
            Some(at) => diagnostic.at(file, at.line(), at.column(), &source),
            None => diagnostic.in_file(file),
        })
    };
    let Some(document) = serde_yaml::Deserializer::from_slice(text).next() else {
        return Ok(Tree::Null);
    };
    let value = serde_yaml::Value::deserialize(document).map_err(fail)?;
    Ok(from_yaml(value))
}

fn from_yaml(value: serde_yaml::Value) -> Tree {
    use serde_yaml::Value as V;
    match value {
        V::Null => Tree::Null,
        V::Bool(b) => Tree::Bool(b),
        V::Number(n) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(n), _, _) => Tree::Int(n),
            (_, Some(n), _) => Tree::Uint(n),
            (_, _, n) => Tree::Float(n.unwrap_or_default()),
        },
        V::String(s) => Tree::str(s),
        V::Sequence(items) => Tree::list(items.into_iter().map(from_yaml).collect()),
        V::Mapping(entries) => Tree::map(
            entries
                .into_iter()
                .map(|(k, v)| {
                    let key = match from_yaml(k) {
                        Tree::Str(s) => s,
                        Tree::Bool(b) => b.to_string().into(),
                        Tree::Int(n) => n.to_string().into(),
                        other => format!("{other:?}").into(),
                    };
                    (key, from_yaml(v))
                })
                .collect(),
        ),
        V::Tagged(t) => from_yaml(t.value),
    }
}

/// Go's `strconv.FormatFloat(f, 'g', -1, 32)`.
pub(crate) fn float32_text(f: f64) -> String {
    let narrow = f as f32;
    if !narrow.is_finite() {
        return crate::value::format::float(f64::from(narrow));
    }
    // The digits of the f32 are those of its shortest text.
    let digits: f64 = narrow.to_string().parse().unwrap_or(f64::from(narrow));
    crate::value::format::float(digits)
}

/// Makes every number a float.
pub(crate) fn floats(tree: &Tree) -> Tree {
    super::tables::deep(|| match tree {
        Tree::Int(n) => Tree::Float(*n as f64),
        Tree::Uint(n) => Tree::Float(*n as f64),
        Tree::List(items) => Tree::list(items.iter().map(floats).collect()),
        Tree::Map(entries) => Tree::map(
            entries
                .iter()
                .map(|(k, v)| (k.clone(), floats(v)))
                .collect(),
        ),
        other => other.clone(),
    })
}

/// Decodes one document; `None` is a null one.
fn document(file: &str, text: &[u8]) -> Result<Option<Tree>, Box<Diagnostic>> {
    let tree = parse_typed(file, text)?;
    let found = match tree {
        Tree::Null => return Ok(None),
        Tree::Map(_) => return Ok(Some(floats(&tree))),
        Tree::Bool(_) => "bool",
        Tree::Int(_) | Tree::Uint(_) | Tree::Float(_) => "number",
        Tree::Str(_) => "string",
        Tree::List(_) => "array",
    };
    let message = format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go \
         value of type map[string]interface {{}}"
    );
    Err(Box::new(Diagnostic::error(message).in_file(file)))
}

/// Cuts a text at its separator lines as Helm 4 does, which knows no YAML here; a separator before
/// any other line stays. Each document comes with the number of lines before it.
fn split<'t>(file: &str, text: &'t [u8]) -> Result<Vec<(usize, Cow<'t, [u8]>)>, Box<Diagnostic>> {
    const SEPARATOR: &[u8] = b"---";
    let mut documents = Vec::new();
    let mut current = Vec::new();
    let mut start = 0;
    for (n_before, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
        let content = match line.strip_suffix(b"\n") {
            Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
            None => line,
        };
        if let Some(rest) = content.strip_prefix(SEPARATOR) {
            let rest = String::from_utf8_lossy(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let message =
                    format!("error reading yaml document: invalid Yaml document separator: {rest}");
                let source = String::from_utf8_lossy(text);
                return Err(Box::new(Diagnostic::error(message).at(
                    file,
                    n_before + 1,
                    SEPARATOR.len() + 1,
                    &source,
                )));
            }
            if !current.is_empty() {
                documents.push((start, Cow::Owned(std::mem::take(&mut current))));
                start = n_before + 1;
                continue;
            }
        }
        current.extend_from_slice(content);
        current.push(b'\n');
    }
    if !current.is_empty() {
        documents.push((start, Cow::Owned(current)));
    }
    Ok(documents)
}
