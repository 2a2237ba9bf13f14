//! Which objects a patch is for: kustomize's target fields.

use std::fmt;

use regex::Regex;
use serde::Deserialize;

use crate::diag::Diagnostic;
use crate::manifest::group_version;
use crate::value::{Tree, TreeMap};

/// The target as it stands in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Selector {
    group: Option<String>,
    version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    label_selector: Option<String>,
}

/// A compiled target: all given fields must match.
#[derive(Debug, Clone)]
pub(super) struct Target {
    text: String,
    fields: Vec<(Field, Regex)>,
    labels: Vec<Requirement>,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Group,
    Version,
    Kind,
    Name,
    Namespace,
}

/// One part of a label selector.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    Exists(String),
    Missing(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

impl Target {
    /// Compiles a target; each field is a regular expression for the whole text.
    pub(super) fn new(selector: &Selector) -> Result<Target, Box<Diagnostic>> {
        let given = [
            (Field::Group, "group", &selector.group),
            (Field::Version, "version", &selector.version),
            (Field::Kind, "kind", &selector.kind),
            (Field::Name, "name", &selector.name),
            (Field::Namespace, "namespace", &selector.namespace),
        ];
        let mut fields = Vec::new();
        let mut text = Vec::new();
        for (field, key, pattern) in given {
            // An empty field counts as not given, as in kustomize.
            let Some(pattern) = pattern.as_ref().filter(|pattern| !pattern.is_empty()) else {
                continue;
            };
            let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|_| {
                bad(format!(
                    "target.{key}: `{pattern}` is no regular expression"
                ))
            })?;
            fields.push((field, regex));
            text.push(format!("{key}: {pattern}"));
        }
        let labels = match &selector.label_selector {
            Some(labels) => {
                text.push(format!("labelSelector: {labels}"));
                requirements(labels)?
            }
            None => Vec::new(),
        };
        if fields.is_empty() && labels.is_empty() {
            return Err(Box::new(bad("the target names nothing".to_owned()).hint(
                "give at least one of group, version, kind, name, namespace, labelSelector",
            )));
        }
        Ok(Target {
            text: text.join(", "),
            fields,
            labels,
        })
    }

    /// Says whether the patch is for `object`.
    pub(super) fn matches(&self, object: &Tree, default_namespace: &str) -> bool {
        if *object == Tree::Null {
            return false;
        }
        let (group, version) = group_version(object);
        let text = |path: &[&str]| {
            let found = object.at(path.iter().copied());
            found.and_then(Tree::as_str).unwrap_or_default()
        };
        self.fields.iter().all(|(field, regex)| {
            regex.is_match(match field {
                Field::Group => group,
                Field::Version => version,
                Field::Kind => text(&["kind"]),
                Field::Name => text(&["metadata", "name"]),
                Field::Namespace => match text(&["metadata", "namespace"]) {
                    "" => default_namespace,
                    namespace => namespace,
                },
            })
        }) && {
            let labels = object.at(["metadata", "labels"]).and_then(Tree::as_map);
            self.labels.iter().all(|part| part.holds(labels))
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.text)
    }
}

impl Requirement {
    fn holds(&self, labels: Option<&TreeMap>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key.as_bytes())?.as_str());
        match self {
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Missing(key) => value(key).is_none(),
            Requirement::In(key, any) => value(key).is_some_and(|v| any.iter().any(|a| a == v)),
            Requirement::NotIn(key, any) => !value(key).is_some_and(|v| any.iter().any(|a| a == v)),
        }
    }
}

/// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
fn requirements(text: &str) -> Result<Vec<Requirement>, Box<Diagnostic>> {
    let mut parts = Vec::new();
    let (mut start, mut in_set) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '(' => in_set = true,
            ')' => in_set = false,
            ',' if !in_set => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
        .into_iter()
        .map(|part| {
            requirement(part.trim())
                .ok_or_else(|| bad(format!("target.labelSelector: cannot read `{part}`")))
        })
        .collect()
}

fn requirement(part: &str) -> Option<Requirement> {
    let key = |text: &str| {
        let text = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        (!text.is_empty() && text.chars().all(fits)).then(|| text.to_owned())
    };
    let value = |text: &str| match text.trim() {
        "" => Some(String::new()),
        text => key(text),
    };
    if let Some(set) = part.strip_suffix(')') {
        let (head, values) = set.split_once('(')?;
        let values: Option<Vec<_>> = values.split(',').map(value).collect();
        let (name, operator) = head.trim().rsplit_once(char::is_whitespace)?;
        return match operator {
            "in" => Some(Requirement::In(key(name)?, values?)),
            "notin" => Some(Requirement::NotIn(key(name)?, values?)),
            _ => None,
        };
    }
    if let Some(name) = part.strip_prefix('!') {
        return key(name).map(Requirement::Missing);
    }
    if let Some((name, text)) = part.split_once("!=") {
        return Some(Requirement::NotIn(key(name)?, vec![value(text)?]));
    }
    if let Some((name, text)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::In(key(name)?, vec![value(text)?]));
    }
    key(part).map(Requirement::Exists)
}

fn bad(problem: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selectors_hold_as_in_kubernetes() {
        let labels: TreeMap = [("app".into(), "jenkins".into())].into_iter().collect();
        for (selector, holds) in [
            ("app", true),
            ("!app", false),
            ("app=jenkins", true),
            ("app == jenkins", true),
            ("app!=jenkins", false),
            ("tier!=web", true),
            ("app in (a, jenkins)", true),
            ("app notin (a,jenkins)", false),
            ("tier notin (web),app", true),
            ("app,tier", false),
        ] {
            let parts = requirements(selector).unwrap();
            let all = parts.iter().all(|part| part.holds(Some(&labels)));
            assert_eq!(all, holds, "{selector}");
        }
        for selector in ["", "a b", "a in b", "a in (b", "a of (b)", "=x", "a=b,"] {
            assert!(requirements(selector).is_err(), "{selector}");
        }
    }
}
