//! `values.schema.json`: validating values in Helm's words.
//!
//! The validator is by the author of Helm's and builds the same tree of errors, so `text` only
//! has to word it. Refused: schemas that refer to other files or to the network, and those that could
//! take it too long or too much memory (`bounds`).

mod assertions;
mod bounds;
mod formats;
mod levels;
mod multiple;
mod patterns;
mod references;
mod source;
#[cfg(test)]
mod tests;
mod text;

use std::cell::RefCell;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use boon::{CompileError, Compiler, Schemas, UrlLoader};
use bounds::Budget;
use patterns::{Original, Patterns};
use serde_json::{Map, Number, Value as Json};

use crate::helm::{HelmCompat, Level, LogLine};
use crate::value::Tree;
use crate::value::quote::quote;
use crate::values::{deep, json};

/// The address that Helm gives the schema of a chart.
const ADDRESS: &str = "file:///values.schema.json";

/// Native stack of compiling a schema, which the parser lets nest 127 deep.
const COMPILE_STACK_BYTES: usize = 32 * 1024 * 1024;

/// Native stack of one evaluation inside another; most of it is for builds without optimization.
const EVALUATION_STACK_BYTES: usize = 32 * 1024;

const NO_NETWORK: &str = "a schema may not use the network; put the referenced schema under $defs";

const NO_FILES: &str = "a schema may not read other files; put the referenced schema under $defs";

/// Checks values against a schema; returns lines for standard error.
///
/// # Errors
///
/// The validator's text: of the schema if it is none, else of all violations with a line end.
///
/// ```
/// use jenkins_cmp::helm::HelmCompat;
/// use jenkins_cmp::value::Tree;
/// use jenkins_cmp::chart::schema;
///
/// let values = Tree::map([("a".into(), Tree::str("x"))].into());
/// let error = schema::check(br#"{"properties": {"a": {"type": "integer"}}}"#, &values, HelmCompat::V4);
/// assert_eq!(error.unwrap_err(), "- at '/a': got string, want integer\n");
/// ```
pub fn check(schema: &[u8], values: &Tree, helm: HelmCompat) -> Result<Vec<LogLine>, String> {
    let mut schema = parse(schema)?;
    references::check_metaschema(&mut schema)?;
    let patterns = Patterns::translate(&mut schema)?;
    let urns = Rc::new(RefCell::new(Vec::new()));
    let loader = Loader(Rc::clone(&urns));
    let mut budget = Budget::new();
    // As much as dropping the values needs.
    stacker::grow(1024 * 1024 + depth(values) * 1024, || {
        let instance = to_json(values, &mut budget)?;
        let nesting = bounds::check_work(&schema, &patterns, &instance, &mut budget)?;
        assertions::replace(&mut schema);
        stacker::grow(
            COMPILE_STACK_BYTES + nesting * EVALUATION_STACK_BYTES,
            || {
                // Helm, too, reports a panicking validator as an error.
                catch_unwind(AssertUnwindSafe(|| {
                    validate(schema, &patterns, &instance, loader)
                }))
                .unwrap_or_else(|_| Err("unable to validate schema: internal error".to_owned()))
            },
        )
    })?;
    let urns = urns.borrow();
    Ok(urns.iter().map(|urn| urn_warning(urn, helm)).collect())
}

/// Reads the first JSON value of a schema file as the reference's decoder does.
fn parse(text: &[u8]) -> Result<Json, String> {
    bounds::check_text(text)?;
    let blank = |b: &&u8| b" \t\r\n".contains(b);
    if text.iter().all(|b| blank(&b)) {
        return Err("EOF".to_owned());
    }
    let text = &*source::lenient(text);
    let (tree, len) = json::decode_prefix(text).map_err(|e| source::error_at_end(text, e))?;
    let (text, rest) = text.split_at(len);
    if rest.iter().any(|b| !blank(&b)) {
        return Err("invalid character after top-level value".to_owned());
    }
    let size = bounds::check_size(&tree);
    tree.dismantle();
    size?;
    serde_json::from_slice(text).map_err(|e| e.to_string())
}

fn validate(
    schema: Json,
    patterns: &Patterns,
    instance: &Json,
    loader: Loader,
) -> Result<(), String> {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(loader));
    assertions::register(&mut compiler);
    compiler
        .add_resource(ADDRESS, schema)
        .map_err(|e| compile_error(&e, patterns))?;
    let index = compiler
        .compile(ADDRESS, &mut schemas)
        .map_err(|e| compile_error(&e, patterns))?;
    schemas.validate(instance, index).map_err(|e| {
        let all = text::validation(&e, patterns);
        let headline = format!("jsonschema validation failed with '{ADDRESS}#'\n");
        format!("{}\n", all.strip_prefix(&headline).unwrap_or(&all))
    })
}

/// Loads nothing: network and disk are not for schemas to reach.
struct Loader(Rc<RefCell<Vec<String>>>);

impl UrlLoader for Loader {
    fn load(&self, url: &str) -> Result<Json, Box<dyn Error>> {
        if let Some(metaschema) = assertions::metaschema(url) {
            return Ok(metaschema);
        }
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "urn" => {
                let mut seen = self.0.borrow_mut();
                if !seen.iter().any(|urn| urn == url) {
                    seen.push(url.to_owned());
                }
                Ok(Json::Bool(true))
            }
            "http" | "https" => Err(NO_NETWORK.into()),
            "file" => Err(NO_FILES.into()),
            _ => Err(format!("no URLLoader registered for {}", quote(url.as_bytes())).into()),
        }
    }
}

fn urn_warning(urn: &str, helm: HelmCompat) -> LogLine {
    match helm {
        HelmCompat::V3 => LogLine::plain(format!(
            "WARNING: unresolved URN reference ignored; using permissive schema: {urn}"
        )),
        HelmCompat::V4 => LogLine::structured(
            Level::Warn,
            "unresolved URN reference ignored; using permissive schema",
            [("urn", urn.to_owned())],
        ),
    }
}

fn compile_error(error: &CompileError, patterns: &Patterns) -> String {
    let quote = |text: &str| quote(text.as_bytes());
    match error {
        CompileError::LoadUrlError { url, src } => format!("failing loading {}: {src}", quote(url)),
        CompileError::UnsupportedUrlScheme { url } => {
            format!("no URLLoader registered for {}", quote(url))
        }
        CompileError::ParseUrlError { url, src } => match patterns.references.parse_error(url) {
            Some(problem) => problem.to_owned(),
            None => format!("error in parsing {}: {src}", quote(url)),
        },
        CompileError::InvalidMetaSchemaUrl { url, src } => {
            format!("invalid $schema in {}: {src}", quote(url))
        }
        CompileError::UnsupportedDraft { url } => format!("draft {} is not supported", quote(url)),
        CompileError::MetaSchemaCycle { url } => {
            format!("cycle in resolving $schema in {}", quote(url))
        }
        CompileError::ValidationError { url, src } => format!(
            "{} is not valid against metaschema: {}",
            quote(url),
            text::validation(src, patterns)
        ),
        CompileError::ParseIdError { loc } => {
            let fragment = if loc.contains('#') { "" } else { "#" };
            format!(
                "error in parsing id at {}",
                quote(&format!("{loc}{fragment}"))
            )
        }
        CompileError::ParseAnchorError { loc } => {
            format!("error in parsing anchor at {}", quote(loc))
        }
        CompileError::DuplicateId {
            url,
            id,
            ptr1,
            ptr2,
        } => format!(
            "duplicate id {} in {} at {} and {}",
            quote(id),
            quote(url),
            quote(ptr1),
            quote(ptr2)
        ),
        CompileError::DuplicateAnchor {
            anchor,
            url,
            ptr1,
            ptr2,
        } => format!(
            "duplicate anchor {} in {} at {} and {}",
            quote(anchor),
            quote(url),
            quote(ptr1),
            quote(ptr2)
        ),
        CompileError::InvalidJsonPointer(url) => format!("invalid json-pointer {}", quote(url)),
        CompileError::JsonPointerNotFound(url) => {
            format!("json-pointer in {} not found", quote(url))
        }
        CompileError::AnchorNotFound { url, reference } => format!(
            "anchor in {} not found in schema {}",
            quote(reference),
            quote(url)
        ),
        CompileError::UnsupportedVocabulary { url, vocabulary } => format!(
            "unsupported vocabulary {} in {}",
            quote(vocabulary),
            quote(url)
        ),
        CompileError::InvalidRegex { url, regex, src } => match patterns.refused_key(regex) {
            Some(Original {
                pattern,
                error: Some(error),
            }) => format!(
                "invalid regex {} at {}: {error}",
                quote(pattern),
                quote(url)
            ),
            _ => format!("invalid regex {} at {}: {src}", quote(regex), quote(url)),
        },
        CompileError::Bug(src) => format!("unable to validate schema: {src}"),
    }
}

/// Makes JSON of values; whole floats become integers, which JSON schema takes for the same.
fn to_json(tree: &Tree, budget: &mut Budget) -> Result<Json, String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    /// What a map takes in memory, as steps.
    const MAP: usize = 24;
    budget.spend(1)?;
    deep(|| {
        Ok(match tree {
            Tree::Null => Json::Null,
            Tree::Bool(b) => Json::Bool(*b),
            Tree::Int(n) => Json::from(*n),
            Tree::Uint(n) => Json::from(*n),
            Tree::Float(f) if f.fract() == 0.0 && f.abs() < EXACT => Json::from(*f as i64),
            Tree::Float(f) => Number::from_f64(*f).map_or(Json::Null, Json::Number),
            Tree::Str(s) => {
                budget.spend(s.len() / 16)?;
                Json::String(s.to_str_lossy().into_owned())
            }
            Tree::List(items) => {
                let items = items.iter().map(|item| to_json(item, budget));
                Json::Array(items.collect::<Result<_, _>>()?)
            }
            Tree::Map(entries) => {
                budget.spend(MAP)?;
                let mut out = Map::new();
                for (key, value) in entries.iter() {
                    budget.spend(1 + key.len() / 16)?;
                    out.insert(key.to_str_lossy().into_owned(), to_json(value, budget)?);
                }
                Json::Object(out)
            }
        })
    })
}

fn depth(tree: &Tree) -> usize {
    deep(|| match tree {
        Tree::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Tree::Map(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    })
}
