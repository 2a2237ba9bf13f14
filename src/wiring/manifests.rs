//! Files with manifests of Argo CD, taken apart into what is checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::slice;

use super::application::{self, Target};
use super::plugin_file::{self, ParseCommand};
use super::trees::{items, text};
use super::{Report, parameters};
use crate::app::Repository;
use crate::diag::Diagnostic;
use crate::files::{self, FileError, Links, Next, Pattern};
use crate::manifest;
use crate::plugin;
use crate::render::ChartRenderer;
use crate::value::{Str, Tree, TreeMap};

/// What manifests are checked against.
pub struct Surroundings<'a> {
    /// The top of the repository that Applications name.
    pub repository: &'a Path,
    /// Renders the charts of overlays.
    pub charts: &'a dyn ChartRenderer,
    /// Our own reading of command lines.
    pub parse: &'a ParseCommand<'a>,
}

/// Checks files with manifests of Argo CD, given with their names.
///
/// # Errors
///
/// A file is no YAML, or the repository cannot be read.
pub fn check_files(
    files: &[(String, String)],
    surroundings: &Surroundings<'_>,
) -> Result<Report, Box<Diagnostic>> {
    let mut report = Report::default();
    let mut objects = Vec::new();
    for (file, text) in files {
        let documents = manifest::split_file(text, file, file)?;
        if documents.is_empty() {
            report.notes.push(format!("{file} holds no object"));
        }
        objects.extend(documents.iter().map(|document| document.object().clone()));
    }
    let plugin_name = objects
        .iter()
        .find(|object| text(object, &["kind"]) == plugin_file::KIND)
        .map_or_else(
            || format!("{}-{}", plugin::NAME, plugin::VERSION),
            plugin_file::name,
        );
    let mut has_parameters = false;
    let mut has_applications = false;
    for object in &objects {
        let (kind, name) = (text(object, &["kind"]), text(object, &["metadata", "name"]));
        let subject = format!("{kind} {name}");
        match kind {
            "Application" => {
                has_applications = true;
                let target = Target::application(object, &subject, &plugin_name);
                application::check(&target, slice::from_ref(object), surroundings, &mut report)?;
            }
            "ApplicationSet" => {
                has_applications = true;
                let target = Target::set(object, &subject, &plugin_name);
                let made = expand(object, surroundings.repository, &subject, &mut report)?;
                application::check(&target, &made, surroundings, &mut report)?;
            }
            plugin_file::KIND => {
                let found = plugin_file::check(object, &subject, surroundings.parse);
                report.findings.extend(found);
            }
            "ConfigMap" if name == parameters::NAME => {
                has_parameters = true;
                report.findings.extend(parameters::check(object, &subject));
            }
            _ => report.notes.push(format!("{subject} is not looked at")),
        }
    }
    if has_applications && !has_parameters {
        report.notes.push(format!(
            "the ConfigMap {} is not among the files: what is left out of the copy of the \
             repository, and the timeouts, are not looked at",
            parameters::NAME
        ));
    }
    Ok(report)
}

/// The Applications that an ApplicationSet makes, as far as that can be told without a cluster.
fn expand(
    set: &Tree,
    repository: &Path,
    subject: &str,
    report: &mut Report,
) -> Result<Vec<Tree>, Box<Diagnostic>> {
    let mut all = Vec::new();
    for generator in items(set, &["spec", "generators"]) {
        if generator.get("list").is_some() {
            let elements = items(generator, &["list", "elements"]);
            all.extend(elements.iter().map(|element| {
                let mut parameters = Parameters::new();
                flatten(element, "", &mut parameters);
                parameters
            }));
        } else if generator.at(["git", "directories"]).is_some() {
            let patterns = items(generator, &["git", "directories"]);
            all.extend(
                directories(repository, patterns)?
                    .iter()
                    .map(|path| of_path(path)),
            );
        } else {
            report.notes.push(format!(
                "{subject}: only `list` and `git.directories` generators are followed"
            ));
        }
    }
    let template = set.at(["spec", "template"]).cloned().unwrap_or_default();
    let mut made = Vec::new();
    for parameters in &all {
        match substitute(&template, parameters) {
            Ok(application) => made.push(application),
            Err(expression) => {
                report.notes.push(format!(
                    "{subject}: `{{{{{expression}}}}}` is not followed, so its Applications are \
                     not looked at"
                ));
                return Ok(Vec::new());
            }
        }
    }
    Ok(made)
}

/// Texts that a template may name.
type Parameters = BTreeMap<String, String>;

fn flatten(tree: &Tree, path: &str, parameters: &mut Parameters) {
    if let Some(entries) = tree.as_map() {
        for (key, value) in entries {
            let key = String::from_utf8_lossy(key.as_bytes());
            let path = match path {
                "" => key.into_owned(),
                above => format!("{above}.{key}"),
            };
            flatten(value, &path, parameters);
        }
    } else if let Some(text) = tree.as_str() {
        parameters.insert(path.to_owned(), text.to_owned());
    }
}

/// What the git generator gives for a directory, with and without `goTemplate`.
fn of_path(path: &str) -> Parameters {
    let basename = path.rsplit('/').next().unwrap_or_default();
    let normalized: String = basename
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    [
        ("path", path),
        ("path.path", path),
        ("path.basename", basename),
        ("path.basenameNormalized", &normalized),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The directories of the repository that the patterns of a git generator choose.
fn directories(repository: &Path, patterns: &[Tree]) -> Result<Vec<String>, Box<Diagnostic>> {
    let repository = Repository::open(repository)?;
    let root = repository.root();
    let mut found = Vec::new();
    let walked = files::walk(
        root.path(),
        Links::Within(root),
        |entry| -> Result<Next, FileError> {
            let is_hidden = entry
                .name
                .rsplit('/')
                .next()
                .is_some_and(|n| n.starts_with('.'));
            if !entry.metadata.is_dir() || is_hidden {
                return Ok(Next::Skip);
            }
            let matches = |pattern: &Tree| {
                Pattern::new(text(pattern, &["path"])).matches(entry.name) == Ok(true)
            };
            let excludes = |pattern: &&Tree| pattern.get("exclude") == Some(&Tree::Bool(true));
            let (out, into): (Vec<&Tree>, Vec<&Tree>) = patterns.iter().partition(excludes);
            if into.into_iter().any(matches) && !out.into_iter().any(matches) {
                found.push(entry.name.to_owned());
            }
            Ok(Next::Enter)
        },
    );
    walked.map_err(|e| Diagnostic::error(e.to_string()))?;
    Ok(found)
}

/// Fills in the parameters; on failure names the expression that is more than a parameter.
fn substitute(tree: &Tree, parameters: &Parameters) -> Result<Tree, String> {
    match tree {
        Tree::Str(text) => match text.to_str() {
            Some(text) => Ok(Tree::from(fill(text, parameters)?)),
            None => Ok(tree.clone()),
        },
        Tree::List(list) => {
            let filled: Result<Vec<Tree>, String> = list
                .iter()
                .map(|item| substitute(item, parameters))
                .collect();
            Ok(Tree::list(filled?))
        }
        Tree::Map(entries) => {
            let filled: Result<TreeMap, String> = entries
                .iter()
                .map(|(key, value)| Ok((Str::clone(key), substitute(value, parameters)?)))
                .collect();
            Ok(Tree::map(filled?))
        }
        plain => Ok(plain.clone()),
    }
}

fn fill(text: &str, parameters: &Parameters) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((expression, behind)) = after.split_once("}}") else {
            break;
        };
        let name = expression.trim();
        let value = parameters.get(name.strip_prefix('.').unwrap_or(name));
        out.push_str(before);
        out.push_str(value.ok_or(expression)?);
        rest = behind;
    }
    Ok(out + rest)
}
