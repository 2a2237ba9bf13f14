//! Values that a chart does not know.
//!
//! In: the user's values, the chart's defaults and templates. Out: a warning for each key that
//! neither names, with the nearest known key, or the new name of a key that the chart has renamed.
//! A key is let pass when in doubt: where defaults are empty, or a template has a field of its name.

use std::collections::BTreeSet;

use crate::diag::{self, Diagnostic};
use crate::funcs::semver::Version;
use crate::value::Tree;

/// Most warnings that are given.
const MAX_WARNINGS: usize = 50;

/// A key that the Jenkins chart has renamed.
struct Rename {
    old: &'static [&'static str],
    new: &'static str,
    /// The first major version with the new name.
    since: u64,
    /// Whether the key still exists, but its text has become a map.
    became_map: bool,
}

const fn renamed(old: &'static [&'static str], new: &'static str, since: u64) -> Rename {
    Rename {
        old,
        new,
        since,
        became_map: false,
    }
}

const fn became_map(old: &'static [&'static str], new: &'static str, since: u64) -> Rename {
    Rename {
        old,
        new,
        since,
        became_map: true,
    }
}

/// The renames of the Jenkins chart; in 5.0.0 image values were split.
const RENAMES: &[Rename] = &[
    renamed(&["master"], "controller", 3),
    renamed(
        &["controller", "adminSecret"],
        "controller.admin.createSecret",
        5,
    ),
    renamed(&["controller", "adminUser"], "controller.admin.username", 5),
    renamed(
        &["controller", "adminPassword"],
        "controller.admin.password",
        5,
    ),
    became_map(&["controller", "image"], "controller.image.repository", 5),
    renamed(&["controller", "tag"], "controller.image.tag", 5),
    renamed(&["controller", "tagLabel"], "controller.image.tagLabel", 5),
    renamed(
        &["controller", "imagePullPolicy"],
        "controller.image.pullPolicy",
        5,
    ),
    became_map(
        &["controller", "sidecars", "configAutoReload", "image"],
        "controller.sidecars.configAutoReload.image.repository",
        5,
    ),
    renamed(
        &["controller", "sidecars", "other"],
        "controller.sidecars.additionalSidecarContainers",
        5,
    ),
    became_map(&["agent", "image"], "agent.image.repository", 5),
    renamed(&["agent", "tag"], "agent.image.tag", 5),
    renamed(&["backup"], "nothing: backups were removed", 5),
];

/// What tells a chart's values from others.
#[derive(Clone, Debug)]
pub struct Known<'c> {
    /// The chart's name.
    pub name: &'c str,
    /// Its version.
    pub version: &'c str,
    /// Its default values.
    pub defaults: &'c Tree,
    /// The texts of its templates.
    pub templates: Vec<&'c str>,
    /// The names of its subcharts.
    pub subcharts: Vec<&'c str>,
}

/// Finds keys of `user` that a chart does not know.
pub fn unknown_keys(user: &Tree, known: &Known<'_>) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let major = Version::parse(known.version).map_or(0, |version| version.major());
    let mut old = BTreeSet::new();
    for rename in RENAMES
        .iter()
        .filter(|r| known.name == "jenkins" && major >= r.since)
    {
        let value = user.at(rename.old.iter().copied());
        let is_old = match value {
            None | Some(Tree::Null) => false,
            Some(value) => !rename.became_map || value.as_map().is_none(),
        };
        if is_old {
            let path = rename.old.join(".");
            let problem = format!(
                "`{path}` is not what the chart reads since {}.0.0",
                rename.since
            );
            warnings.push(Diagnostic::warning(problem).hint(format!("now: {}", rename.new)));
            old.insert(path);
        }
    }
    // Values are templates too: `tpl` lets one refer to another.
    let texts = known.templates.iter().copied().chain(strings(user));
    let mut search = Search {
        fields: texts.flat_map(fields).collect(),
        top: known.subcharts.iter().copied().chain(["global"]).collect(),
        old,
        warnings,
    };
    search.level(user, known.defaults, &mut Vec::new());
    search.warnings.truncate(MAX_WARNINGS);
    search.warnings
}

struct Search<'t> {
    /// The names of all fields in the templates.
    fields: BTreeSet<&'t str>,
    /// Keys at the top that are not this chart's own.
    top: BTreeSet<&'t str>,
    /// Paths that have their warning.
    old: BTreeSet<String>,
    warnings: Vec<Diagnostic>,
}

impl Search<'_> {
    /// Looks at one map; the recursion ends where the defaults do.
    fn level(&mut self, user: &Tree, defaults: &Tree, path: &mut Vec<String>) {
        let (Some(user), Some(defaults)) = (user.as_map(), defaults.as_map()) else {
            return;
        };
        // An empty map is there to be filled with anything.
        if defaults.is_empty() {
            return;
        }
        for (key, value) in user {
            let key_text = key.to_str_lossy().into_owned();
            path.push(key_text);
            let (joined, key_text) = (path.join("."), path[path.len() - 1].as_str());
            match defaults.get(key) {
                _ if self.old.contains(&joined) => {}
                Some(default) => self.level(value, default, path),
                None if self.fields.contains(key_text) || self.top.contains(joined.as_str()) => {}
                // Looking for the nearest key takes long.
                None if self.warnings.len() >= MAX_WARNINGS => {}
                None => {
                    let problem = format!("the chart does not know the value `{joined}`");
                    let known: Vec<&str> = defaults.keys().filter_map(|k| k.to_str()).collect();
                    let problem = Diagnostic::warning(problem);
                    self.warnings.push(match diag::nearest(key_text, &known) {
                        Some(key) => problem.hint(format!("did you mean `{key}`?")),
                        None => problem,
                    });
                }
            }
            path.pop();
        }
    }
}

/// All strings in a value.
fn strings(tree: &Tree) -> impl Iterator<Item = &str> {
    let mut todo = vec![tree];
    std::iter::from_fn(move || {
        loop {
            match todo.pop()? {
                Tree::List(items) => todo.extend(items.iter()),
                Tree::Map(entries) => todo.extend(entries.values()),
                other => {
                    if let Some(text) = other.as_str() {
                        return Some(text);
                    }
                }
            }
        }
    })
}

/// The names after dots in a template.
fn fields(template: &str) -> impl Iterator<Item = &str> {
    template.split('.').skip(1).map(|after| {
        let end = after.find(|c: char| !c.is_alphanumeric() && c != '_');
        &after[..end.unwrap_or(after.len())]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn warnings(user: &str, version: &str) -> Vec<String> {
        let defaults = "controller: {numExecutors: 0, image: {tag: lts}, podLabels: {}}\n";
        let tree = |text: &str| yaml::to_tree(text.as_bytes()).unwrap();
        let templates = ["{{ .Values.controller.jenkinsUrl }}{{ .Values.controller.adminUser }}"];
        let known = Known {
            name: "jenkins",
            version,
            defaults: &tree(defaults),
            templates: templates.to_vec(),
            subcharts: vec!["redis"],
        };
        let found = unknown_keys(&tree(user), &known);
        found.iter().map(|warning| format!("{warning:#}")).collect()
    }

    #[test]
    fn misspelled_keys_are_found() {
        assert_eq!(
            warnings("controller: {numExecutor: 1}", "5.9.53"),
            [
                "the chart does not know the value `controller.numExecutor`\n\
              hint: did you mean `numExecutors`?"
            ]
        );
        assert_eq!(
            warnings("sidecars: {configAutoReload: {}}", "5.9.53"),
            ["the chart does not know the value `sidecars`"]
        );
    }

    #[test]
    fn keys_that_may_be_meant_pass() {
        let user = "controller: {jenkinsUrl: x, podLabels: {a: b}, image: {tag: y}}\nglobal: {}\nredis: {}\n\
                    mine: x\ncontroller2: ['{{ .Values.mine }} {{ .Values.controller2 }}']\n";
        assert_eq!(warnings(user, "5.9.53"), [""; 0]);
    }

    #[test]
    fn renamed_keys_have_their_new_name_from_their_version_on() {
        let user = "controller: {adminUser: a, image: jenkins/jenkins}";
        assert_eq!(
            warnings(user, "5.0.0"),
            [
                "`controller.adminUser` is not what the chart reads since 5.0.0\n\
                 hint: now: controller.admin.username",
                "`controller.image` is not what the chart reads since 5.0.0\n\
                 hint: now: controller.image.repository",
            ]
        );
        assert_eq!(warnings("controller: {adminUser: a}", "4.12.1"), [""; 0]);
    }
}
