//! Putting settings together, and remembering where each comes from.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::discover::SETTINGS_FILE;
use super::repository::{Repository, join};
use super::settings::Settings;
use crate::diag::{self, Diagnostic};
use crate::limits::MAX_SETTINGS_BYTES;
use crate::yaml::{self, Document, Node};

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A settings file.
    File {
        /// The file.
        file: String,
        /// The one-based line; 0 if only the file is known.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A parameter of the Application.
    Parameter(String),
    /// An argument of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { file, line: 0 } => f.write_str(file),
            Origin::File { file, line } => write!(f, "{file}:{line}"),
            Origin::Environment(name) => write!(f, "the variable {name}"),
            Origin::Parameter(name) => write!(f, "the parameter `{name}`"),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// Settings of one origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Where they come from.
    pub origin: Origin,
    /// Whether `pinned: true` keeps them from replacing what a file says: what Argo CD sets
    /// without being asked.
    pub yields: bool,
    /// The settings, as a merge patch on those before.
    pub settings: Value,
    /// The lines of a file that settings stand on, by their path of keys.
    pub lines: BTreeMap<Vec<String>, usize>,
}

impl Layer {
    /// A layer with the one setting at `path`.
    pub fn one(origin: Origin, path: &[&str], value: impl Into<Value>) -> Layer {
        let settings = path.iter().rev().fold(value.into(), |inner, key| {
            Value::Object(Map::from_iter([((*key).to_owned(), inner)]))
        });
        Layer {
            origin,
            yields: false,
            settings,
            lines: BTreeMap::new(),
        }
    }

    /// Where the setting at `path` comes from.
    fn origin(&self, path: &[String]) -> Origin {
        match &self.origin {
            Origin::File { file, .. } => Origin::File {
                file: file.clone(),
                line: self.lines.get(path).copied().unwrap_or(0),
            },
            origin => origin.clone(),
        }
    }
}

/// The outcome of all layers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Combined {
    /// The settings.
    pub settings: Settings,
    /// The origin of each setting, by its path of keys.
    pub origins: BTreeMap<Vec<String>, Origin>,
}

/// Reads the settings file of the directory `directory`, if it has one; all of them may hold `left`
/// bytes.
///
/// # Errors
///
/// Points at what is not YAML, not a known key, or of the wrong kind.
pub(super) fn read(
    repository: &Repository,
    directory: &str,
    left: &mut usize,
) -> Result<Option<Layer>, Box<Diagnostic>> {
    let file = join(directory, SETTINGS_FILE);
    let Some(text) = repository.read(&file)? else {
        return Ok(None);
    };
    // Where this fails, the typed reading says why.
    let document = yaml::parse(text.as_bytes()).ok();
    let n_bytes = document.as_ref().map_or(0, Document::expanded_bytes);
    *left = left.checked_sub(n_bytes).ok_or_else(|| {
        let problem = format!("the settings files hold more than {MAX_SETTINGS_BYTES} bytes");
        let problem = Diagnostic::error(problem).in_file(&file);
        Box::new(problem.hint("each node counts as 32, and aliases as what they stand for"))
    })?;
    let wrong = |e: &serde_yaml::Error| Box::new(point(e, &file, &text));
    // Read twice: the typed reading knows the keys and their places, the other keeps nulls.
    serde_yaml::from_str::<Option<Settings>>(&text).map_err(|e| wrong(&e))?;
    let settings: Option<Value> = serde_yaml::from_str(&text).map_err(|e| wrong(&e))?;
    let mut settings = settings.unwrap_or_else(|| Value::Object(Map::new()));
    // Numbers and texts that the first reading took for one another show up here.
    Settings::from_merged(settings.clone()).map_err(|e| Box::new(e.in_file(&file)))?;
    resolve_paths(repository, directory, &mut settings).map_err(|e| Box::new(e.in_file(&file)))?;
    let mut lines = BTreeMap::new();
    if let Some(root) = document.as_ref().and_then(Document::root) {
        note_lines(root, &settings, &mut Vec::new(), &mut lines);
    }
    Ok(Some(Layer {
        origin: Origin::File { file, line: 0 },
        yields: false,
        settings,
        lines,
    }))
}

/// Combines layers, later ones over earlier ones.
///
/// # Errors
///
/// Settings that have no sense together.
pub fn combine(layers: Vec<Layer>) -> Result<Combined, Box<Diagnostic>> {
    let mut merged = Value::Object(Map::new());
    let mut origins = BTreeMap::new();
    for mut layer in layers {
        if layer.yields {
            drop_pinned(&merged, &mut layer.settings);
        }
        let mut path = Vec::new();
        note_origins(&layer.settings, &layer, &mut path, &mut origins);
        json_patch::merge(&mut merged, &layer.settings);
    }
    let settings = Settings::from_merged(merged)?;
    Ok(Combined { settings, origins })
}

impl Settings {
    fn from_merged(merged: Value) -> Result<Settings, Box<Diagnostic>> {
        serde_json::from_value(merged).map_err(|e| Box::new(diag::unknown_key(&e.to_string())))
    }
}

/// Rewrites the paths that a file names, so that they start at the top of the repository.
fn resolve_paths(
    repository: &Repository,
    directory: &str,
    settings: &mut Value,
) -> Result<(), Box<Diagnostic>> {
    let bases = settings.pointer_mut("/bases").and_then(Value::as_array_mut);
    for base in bases.into_iter().flatten() {
        resolve_path(repository, directory, base)?;
    }
    match settings.pointer_mut("/chart/path") {
        Some(path) => resolve_path(repository, directory, path),
        None => Ok(()),
    }
}

fn resolve_path(
    repository: &Repository,
    directory: &str,
    path: &mut Value,
) -> Result<(), Box<Diagnostic>> {
    if let Value::String(text) = path {
        *text = repository.resolve(directory, text)?;
    }
    Ok(())
}

/// Takes the groups out of a yielding layer that a file has pinned.
fn drop_pinned(merged: &Value, settings: &mut Value) {
    let Value::Object(groups) = settings else {
        return;
    };
    groups.retain(|group, _| merged[group.as_str()]["pinned"] != Value::Bool(true));
}

fn note_origins(
    settings: &Value,
    layer: &Layer,
    path: &mut Vec<String>,
    origins: &mut BTreeMap<Vec<String>, Origin>,
) {
    match settings {
        Value::Object(entries) if !entries.is_empty() => {
            origins.remove(path);
            for (key, value) in entries {
                path.push(key.clone());
                note_origins(value, layer, path, origins);
                path.pop();
            }
        }
        // Nothing is left of a layer whose groups are all pinned.
        _ if path.is_empty() => {}
        leaf => {
            origins.retain(|known, _| !known.starts_with(path));
            if !leaf.is_null() {
                origins.insert(path.clone(), layer.origin(path));
            }
        }
    }
}

/// Collects the lines of all settings that have no settings below them.
fn note_lines(
    node: Node<'_>,
    settings: &Value,
    path: &mut Vec<String>,
    lines: &mut BTreeMap<Vec<String>, usize>,
) {
    let Value::Object(entries) = settings else {
        return;
    };
    for (key, value) in entries {
        // The file has been read with a bound on its depth, so this ends too.
        let Some((name, below)) = node.resolved().get(key) else {
            continue;
        };
        path.push(key.clone());
        lines.insert(path.clone(), name.line());
        note_lines(below, value, path, lines);
        path.pop();
    }
}

/// Turns a message of the typed reader into one with a place and a hint.
fn point(error: &serde_yaml::Error, file: &str, text: &str) -> Diagnostic {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    let mut problem = diag::unknown_key(message);
    if message.contains("expected a string") {
        problem = problem.hint("put the value in quotes");
    }
    match error.location() {
        Some(at) => problem.at(file, at.line(), at.column(), text),
        None => problem.in_file(file),
    }
}
