//! `plugin.yaml`, the file that argocd-cmp-server reads at its start.

use super::Finding;
use super::trees::{items, nest, text};
use crate::diag;
use crate::plugin::{self, Announcement};
use crate::value::Tree;
use crate::yaml;

/// Says what is wrong with a command line of ours; the program's name comes first.
pub type ParseCommand<'p> = dyn Fn(&[String]) -> Result<(), String> + 'p;

/// The kind of the file.
pub(super) const KIND: &str = "ConfigManagementPlugin";

/// The keys that argocd-cmp-server knows, by where they stand; it ignores all others.
const KNOWN: [(&[&str], &[&str]); 4] = [
    (&[], &["apiVersion", "kind", "metadata", "spec"]),
    (
        &["spec"],
        &[
            "version",
            "init",
            "generate",
            "discover",
            "parameters",
            "preserveFileMode",
            "provideGitCreds",
        ],
    ),
    (&["spec", "generate"], &["command", "args"]),
    (&["spec", "parameters"], &["static", "dynamic"]),
];

/// Checks the file; `parse` is our own reading of command lines.
pub(super) fn check(file: &Tree, subject: &str, parse: &ParseCommand<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, known) in KNOWN {
        let Some(keys) = file.at(path.iter().copied()).and_then(Tree::as_map) else {
            continue;
        };
        for key in keys.keys().filter_map(|key| key.to_str()) {
            if known.contains(&key) {
                continue;
            }
            let hint = match diag::nearest(key, known) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let problem = format!("argocd-cmp-server ignores the unknown key `{key}`");
            findings.push(Finding::step(subject, problem, hint));
        }
    }
    findings.extend(check_identity(file, subject));
    for (hook, price) in [
        ("init", "runs a second process for every render"),
        (
            "discover",
            "copies the whole repository a second time for every render",
        ),
    ] {
        if file
            .at(["spec", hook])
            .is_some_and(|hook| *hook != Tree::Null)
        {
            let patch = yaml::write(&nest(&["spec", hook], Tree::Null));
            findings.push(Finding::patch(subject, format!("`{hook}` {price}"), patch));
        }
    }
    let hooks: [&[&str]; 4] = [
        &["spec", "generate"],
        &["spec", "init"],
        &["spec", "discover", "find"],
        &["spec", "parameters", "dynamic"],
    ];
    for hook in hooks {
        findings.extend(check_command(file, hook, subject, parse));
    }
    findings.extend(check_parameters(file, subject));
    findings
}

/// The name that Applications use: with the version, if there is one.
pub(super) fn name(file: &Tree) -> String {
    let name = text(file, &["metadata", "name"]);
    match text(file, &["spec", "version"]) {
        "" => name.to_owned(),
        version => format!("{name}-{version}"),
    }
}

/// The argument vector of a hook.
pub(super) fn command(file: &Tree, hook: &[&str]) -> Vec<String> {
    ["command", "args"]
        .into_iter()
        .flat_map(|part| items(file, &[hook, &[part]].concat()))
        .map(|argument| argument.as_str().unwrap_or_default().to_owned())
        .collect()
}

fn check_identity(file: &Tree, subject: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut step = |problem: &str, step: &str| {
        findings.push(Finding::step(subject, problem, step));
    };
    if text(file, &["kind"]) != KIND {
        step(
            "argocd-cmp-server does not start with another `kind`",
            "set `kind: ConfigManagementPlugin`",
        );
    }
    if text(file, &["metadata", "name"]).is_empty() {
        step(
            "argocd-cmp-server does not start without `metadata.name`",
            "set `metadata.name: jenkins-cmp`",
        );
    }
    if command(file, &["spec", "generate"]).is_empty() {
        step(
            "argocd-cmp-server does not start without `spec.generate.command`",
            "set `command: [/usr/local/bin/jenkins-cmp, generate]`",
        );
    }
    let version = text(file, &["spec", "version"]);
    if version != plugin::VERSION {
        let problem = if version.is_empty() {
            "without `spec.version` Argo CD keeps what an older plugin rendered".to_owned()
        } else {
            format!(
                "`spec.version` is {version}, this program's is {}: Argo CD keeps what an older \
                 plugin rendered",
                plugin::VERSION
            )
        };
        let patch = yaml::write(&nest(&["spec", "version"], plugin::VERSION.into()));
        findings.push(Finding::patch(subject, problem, patch));
    }
    findings
}

fn check_command(
    file: &Tree,
    hook: &[&str],
    subject: &str,
    parse: &ParseCommand<'_>,
) -> Option<Finding> {
    let argv = command(file, hook);
    let program = argv.first()?;
    let what = hook.join(".");
    let is_ours = program.rsplit('/').next() == Some(plugin::NAME);
    if !is_ours {
        let problem = format!("`{what}` runs `{program}`");
        let step = "every process before ours is paid for with each render; name the binary itself";
        return Some(Finding::step(subject, problem, step));
    }
    let problem = parse(&argv).err()?;
    Some(Finding::step(
        subject,
        format!("`{what}`: {problem}"),
        format!("see `{program} --help`"),
    ))
}

/// What is announced must be what `generate` takes.
fn check_parameters(file: &Tree, subject: &str) -> Vec<Finding> {
    let known = plugin::announce(None, &Default::default());
    let names: Vec<&str> = known.iter().map(Announcement::name).collect();
    let mut findings = Vec::new();
    for announced in items(file, &["spec", "parameters", "static"]) {
        let name = text(announced, &["name"]);
        let Some(parameter) = known.iter().find(|known| known.name() == name) else {
            let hint = match diag::nearest(name, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", names.join(", ")),
            };
            let problem = format!("the parameter `{name}` is announced, but refused when set");
            findings.push(Finding::step(subject, problem, hint));
            continue;
        };
        if (text(announced, &["collectionType"]) == "map") != parameter.is_map() {
            let right = if parameter.is_map() { "map" } else { "string" };
            let problem = format!("the parameter `{name}` is announced as another kind than it is");
            let step = format!("set `collectionType: {right}`");
            findings.push(Finding::step(subject, problem, step));
        }
        if ["string", "array", "map"]
            .iter()
            .any(|key| announced.get(key).is_some())
        {
            let problem = format!(
                "the parameter `{name}` is announced with a value, but Argo CD never sends it"
            );
            let step = "take the value out; overlays have their own";
            findings.push(Finding::step(subject, problem, step));
        }
    }
    findings
}
