//! One Application, or the ones that an ApplicationSet makes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::inputs::{self, Input, annotation, inputs};
use super::manifests::Surroundings;
use super::paths::{self, ANNOTATION};
use super::trees::{items, list, map, nest, text};
use super::{Finding, Report};
use crate::app::{self, Flags, Overlay};
use crate::diag::Diagnostic;
use crate::limits::SERVER_SIDE_APPLY_BYTES;
use crate::manifest::{self, Identity};
use crate::patch::json;
use crate::plugin::{self, Call};
use crate::render;
use crate::value::Tree;
use crate::yaml;

/// The option of a sync, or of one object, that lifts the bound on its size.
const SERVER_SIDE: &str = "ServerSideApply=true";

/// Blocks of a source that Argo CD refuses beside `plugin`.
const OTHER_TOOLS: [&str; 3] = ["helm", "kustomize", "directory"];

/// The object that patches are for.
pub(super) struct Target<'t> {
    subject: &'t str,
    /// What identifies the object to a merge patch.
    head: Tree,
    /// The Application in it, as it is written.
    written: &'t Tree,
    /// The keys above that.
    prefix: &'static [&'static str],
    /// What `plugin.name` must be.
    plugin_name: &'t str,
}

impl<'t> Target<'t> {
    /// An Application.
    pub(super) fn application(object: &'t Tree, subject: &'t str, plugin_name: &'t str) -> Self {
        Target {
            subject,
            head: head(object),
            written: object,
            prefix: &[],
            plugin_name,
        }
    }

    /// An ApplicationSet.
    pub(super) fn set(object: &'t Tree, subject: &'t str, plugin_name: &'t str) -> Self {
        let prefix: &[&str] = &["spec", "template"];
        Target {
            subject,
            head: head(object),
            written: object.at(prefix.iter().copied()).unwrap_or(&Tree::Null),
            prefix,
            plugin_name,
        }
    }

    /// A merge patch that sets `value` at a path of the Application.
    fn patch(&self, path: &[&str], value: Tree) -> String {
        let mut patch = self.head.clone();
        merge(&mut patch, nest(&[self.prefix, path].concat(), value));
        yaml::write(&patch)
    }

    fn finding(&self, problem: impl Into<String>, path: &[&str], value: Tree) -> Finding {
        Finding::patch(self.subject, problem, self.patch(path, value))
    }

    /// A render that failed.
    fn failure(&self, application: &Tree, problem: &Diagnostic) -> Finding {
        let name = text(application, &["metadata", "name"]);
        let step = match problem.hints.first() {
            Some(hint) => hint,
            None => "`jenkins-cmp render` in that directory shows the same",
        };
        Finding::step(
            self.subject,
            format!("`{name}` does not render: {problem}"),
            step,
        )
    }
}

/// Checks `made`, the Applications of `target`.
pub(super) fn check(
    target: &Target<'_>,
    made: &[Tree],
    surroundings: &Surroundings<'_>,
    report: &mut Report,
) -> Result<(), Box<Diagnostic>> {
    let Some(written) = source(target.written) else {
        report
            .notes
            .push(format!("{} does not use the plugin", target.subject));
        return Ok(());
    };
    check_choice(target, written, report);
    let mut overlays = Vec::new();
    for application in made {
        let Some(source) = source(application) else {
            continue;
        };
        match load(application, source, surroundings) {
            Ok(found) => overlays.push((application, found)),
            Err(problem) => report.findings.push(target.failure(application, &problem)),
        }
    }
    check_paths(target, &overlays, report)?;
    check_sizes(target, overlays, surroundings, report);
    Ok(())
}

/// The source of an Application that the plugin renders, or might.
fn source(application: &Tree) -> Option<&Tree> {
    let one = application.at(["spec", "source"]);
    let sources = one
        .into_iter()
        .chain(items(application, &["spec", "sources"]));
    let mut sources = sources.filter(|source| source.get("plugin").is_some());
    sources.find(|source| {
        let name = text(source, &["plugin", "name"]);
        name.is_empty() || name.starts_with(plugin::NAME)
    })
}

/// Checks how the plugin is chosen.
fn check_choice(target: &Target<'_>, source: &Tree, report: &mut Report) {
    let is_single = target.written.at(["spec", "source"]).is_some();
    let name = text(source, &["plugin", "name"]);
    if name != target.plugin_name {
        let wanted = target.plugin_name;
        let problem = if name.is_empty() {
            "`plugin` without a name asks every plugin in turn, each with a copy of the \
             repository, and never finds one without discovery"
                .to_owned()
        } else {
            format!("there is no plugin `{name}`; with its version it is `{wanted}`")
        };
        report.findings.push(if is_single {
            let path = ["spec", "source", "plugin", "name"];
            target.finding(problem, &path, wanted.into())
        } else {
            let step = format!("set `plugin.name: {wanted}` in that entry of `spec.sources`");
            Finding::step(target.subject, problem, step)
        });
    }
    for tool in OTHER_TOOLS {
        if source.get(tool).is_none() {
            continue;
        }
        let problem = format!("Argo CD refuses `{tool}` and `plugin` in one source");
        report.findings.push(if is_single {
            target.finding(problem, &["spec", "source", tool], Tree::Null)
        } else {
            Finding::step(target.subject, problem, format!("take out `{tool}`"))
        });
    }
}

/// An overlay as one Application renders it.
struct Found {
    overlay: Overlay,
    environment: BTreeMap<String, String>,
    inputs: Vec<Input>,
}

fn load(
    application: &Tree,
    source: &Tree,
    surroundings: &Surroundings<'_>,
) -> Result<Found, Box<Diagnostic>> {
    let path = paths::clean(text(source, &["path"]));
    let directory = surroundings.repository.join(&path);
    if !directory.is_dir() {
        let problem = Diagnostic::error(format!("there is no directory `{path}`"));
        return Err(Box::new(problem.hint(
            "correct `spec.source.path`, or say where with `--repository`",
        )));
    }
    let place = app::locate(&directory, Some(surroundings.repository))?;
    let environment = environment(application, source)?;
    let call = Call::from_environment(&environment)?;
    let overlay = app::load(place, call.layers)?;
    Ok(Found {
        inputs: inputs(&overlay)?,
        overlay,
        environment,
    })
}

/// What Argo CD would put into the environment of `generate`, but for the cluster's facts.
fn environment(
    application: &Tree,
    source: &Tree,
) -> Result<BTreeMap<String, String>, Box<Diagnostic>> {
    let mut known: BTreeMap<String, String> = [
        ("ARGOCD_APP_NAME", text(application, &["metadata", "name"])),
        (
            "ARGOCD_APP_NAMESPACE",
            text(application, &["spec", "destination", "namespace"]),
        ),
        ("ARGOCD_APP_SOURCE_PATH", text(source, &["path"])),
        ("ARGOCD_APP_SOURCE_REPO_URL", text(source, &["repoURL"])),
        (
            "ARGOCD_APP_SOURCE_TARGET_REVISION",
            text(source, &["targetRevision"]),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let mut own = BTreeMap::new();
    for variable in items(source, &["plugin", "env"]) {
        let value = plugin::expand(text(variable, &["value"]), &known);
        own.insert(format!("ARGOCD_ENV_{}", text(variable, &["name"])), value);
    }
    known.append(&mut own);
    if let Some(parameters) = source.at(["plugin", "parameters"]) {
        let json: Value =
            json::to_json(parameters).map_err(|e| Diagnostic::error(e.to_string()))?;
        known.insert("ARGOCD_APP_PARAMETERS".to_owned(), json!(json).to_string());
    }
    Ok(known)
}

/// Checks the annotation against what the overlays read.
fn check_paths(
    target: &Target<'_>,
    overlays: &[(&Tree, Found)],
    report: &mut Report,
) -> Result<(), Box<Diagnostic>> {
    if overlays.is_empty() {
        return Ok(());
    }
    let value = wanted(overlays)?;
    let mut seen = BTreeSet::new();
    for (application, found) in overlays {
        let own = &found.overlay.place.overlay;
        let written = text(application, &["metadata", "annotations", ANNOTATION]);
        for problem in path_problems(written, own, &found.inputs) {
            if seen.insert(problem.clone()) {
                let path = ["metadata", "annotations", ANNOTATION];
                let finding = target.finding(problem, &path, value.as_str().into());
                report.findings.push(finding);
            }
        }
    }
    Ok(())
}

/// The annotation that serves all overlays.
fn wanted(overlays: &[(&Tree, Found)]) -> Result<String, Box<Diagnostic>> {
    if let [(_, only)] = overlays {
        return annotation(&only.overlay.place.overlay, &only.inputs);
    }
    let mut shared = BTreeSet::new();
    for (_, found) in overlays {
        let own = &found.overlay.place.overlay;
        shared.extend(found.inputs.iter().filter(|input| input.path != *own));
    }
    let shared = inputs::minimal(shared.into_iter().cloned());
    Ok(annotation("", &shared)? + ";.")
}

fn path_problems(written: &str, own: &str, inputs: &[Input]) -> Vec<String> {
    let quoted = |paths: Vec<&str>| {
        let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
        paths.join(", ")
    };
    if written.is_empty() {
        return vec![format!(
            "without `{ANNOTATION}` every commit to the repository renders it, and a render is \
             sent the whole repository"
        )];
    }
    let entries = paths::entries(written, own);
    let mut problems = Vec::new();
    let padded = entries.iter().map(|entry| entry.text.as_str());
    let padded: Vec<&str> = padded.filter(|text| text.trim() != *text).collect();
    if !padded.is_empty() {
        problems.push(format!(
            "`{ANNOTATION}`: Argo CD does not trim {}",
            quoted(padded)
        ));
    }
    let is_covered = |input: &&Input| {
        let mut entries = entries.iter();
        entries.any(|entry| paths::covers(entry, &input.path, input.is_directory))
    };
    let stale = inputs.iter().filter(|input| !is_covered(input));
    let stale: Vec<&str> = stale.map(|input| input.path.as_str()).collect();
    if !stale.is_empty() {
        problems.push(format!(
            "`{ANNOTATION}` leaves out {}: a change there is not rendered",
            quoted(stale)
        ));
    }
    let sent = paths::sent(own, &entries);
    let missing = |sent: &str| {
        let missing = inputs
            .iter()
            .filter(|input| !paths::is_below(&input.path, sent));
        missing.map(|input| input.path.clone()).collect::<Vec<_>>()
    };
    let unsent = missing(&sent);
    if !unsent.is_empty() {
        let mut ordered = entries.clone();
        ordered.sort_by_key(|entry| paths::depth(&entry.path));
        let reason = if missing(&paths::sent(own, &ordered)).is_empty() {
            "its broadest entry does not come first, so"
        } else {
            "with it"
        };
        problems.push(format!(
            "`{ANNOTATION}`: {reason} only `{sent}` is sent to the plugin, without {}",
            quoted(unsent.iter().map(String::as_str).collect())
        ));
    }
    problems
}

/// Renders, and looks for objects that client-side apply cannot take.
fn check_sizes(
    target: &Target<'_>,
    overlays: Vec<(&Tree, Found)>,
    surroundings: &Surroundings<'_>,
    report: &mut Report,
) {
    for (application, found) in overlays {
        let Found {
            overlay,
            environment,
            ..
        } = found;
        let place = overlay.place;
        let stream = render::render(place, &environment, &Flags::default(), surroundings.charts);
        let documents = stream.and_then(|out| manifest::split(&out.stream, "the output"));
        let documents = match documents {
            Ok(documents) => documents,
            Err(problem) => {
                report.findings.push(target.failure(application, &problem));
                continue;
            }
        };
        let options = items(application, &["spec", "syncPolicy", "syncOptions"]);
        if options
            .iter()
            .any(|option| option.as_str() == Some(SERVER_SIDE))
        {
            continue;
        }
        let big = documents
            .iter()
            .map(manifest::Document::object)
            .find(|object| {
                let own = ["metadata", "annotations", "argocd.argoproj.io/sync-options"];
                !text(object, &own).contains(SERVER_SIDE)
                    && json::to_json(object)
                        .is_ok_and(|json| json.to_string().len() > SERVER_SIDE_APPLY_BYTES)
            });
        let Some(identity) = big.and_then(|object| Identity::of(object, &overlay.namespace)) else {
            continue;
        };
        let options = options.iter().cloned().chain([SERVER_SIDE.into()]);
        report.findings.push(target.finding(
            format!("{identity} is too big for client-side apply"),
            &["spec", "syncPolicy", "syncOptions"],
            list(options),
        ));
        return;
    }
}

fn head(object: &Tree) -> Tree {
    let copied = |key: &'static str| (key, object.get(key).cloned().unwrap_or_default());
    let metadata = ["name", "namespace"].into_iter().filter_map(|key| {
        let value = object.at(["metadata", key])?;
        Some((key, value.clone()))
    });
    map([
        copied("apiVersion"),
        copied("kind"),
        ("metadata", map(metadata)),
    ])
}

/// Puts the maps of `patch` into those of `tree`.
fn merge(tree: &mut Tree, patch: Tree) {
    match (tree.as_map_mut(), patch.as_map()) {
        (Some(entries), Some(patch)) => {
            for (key, value) in patch {
                merge(entries.entry(key.clone()).or_default(), value.clone());
            }
        }
        _ => *tree = patch,
    }
}
