//! The kinds of declared items and the Job DSL that each becomes.
//!
//! In: the mapping of one item. Out: its Groovy. The keys are those of Job DSL.

use super::fields::{Fields, File, text};
use super::groovy::{Script, quote};
use crate::diag::Diagnostic;
use crate::yaml::Node;

/// The keys that tell what an item is; the value is its full name.
pub(super) const KINDS: [&str; 5] = [
    "folder",
    "pipelineJob",
    "multibranchPipelineJob",
    "organizationFolder",
    "freeStyleJob",
];

const FOLDER: &[&str] = &["folder", "displayName", "description"];

const PIPELINE: &[&str] = &[
    "pipelineJob",
    "displayName",
    "description",
    "disabled",
    "logRotator",
    "parameters",
    "disableConcurrentBuilds",
    "triggers",
    "git",
    "scriptPath",
    "lightweight",
    "script",
    "sandbox",
];

const MULTIBRANCH: &[&str] = &[
    "multibranchPipelineJob",
    "displayName",
    "description",
    "branchSources",
    "scriptPath",
    "orphanedItems",
    "scanInterval",
];

const ORGANIZATION: &[&str] = &[
    "organizationFolder",
    "displayName",
    "description",
    "github",
    "scriptPath",
    "orphanedItems",
    "scanInterval",
];

const FREE_STYLE: &[&str] = &[
    "freeStyleJob",
    "displayName",
    "description",
    "disabled",
    "label",
    "logRotator",
    "parameters",
    "concurrentBuild",
    "triggers",
    "git",
    "shell",
];

/// How often Jenkins can be told to scan for branches.
const INTERVALS: [&str; 18] = [
    "1m", "2m", "5m", "10m", "15m", "20m", "25m", "30m", "1h", "2h", "4h", "8h", "12h", "1d", "2d",
    "1w", "2w", "4w",
];

/// The times of `cron` and of `scm`.
type Triggers = (Option<String>, Option<String>);

const SCRIPT_PATH: &str = "Jenkinsfile";

/// Writes the item of the kind `kind` called `name`.
///
/// # Errors
///
/// Points at an unknown key, a value of another type, or at what is missing.
pub(super) fn write(
    file: File<'_>,
    node: Node<'_>,
    kind: &str,
    name: &str,
) -> Result<String, Box<Diagnostic>> {
    let known = match kind {
        "folder" => FOLDER,
        "pipelineJob" => PIPELINE,
        "multibranchPipelineJob" => MULTIBRANCH,
        "organizationFolder" => ORGANIZATION,
        _ => FREE_STYLE,
    };
    let fields = Fields::new(file, node, known)?;
    let mut script = Script::default();
    script.open(&format!("{kind}({})", quote(name)));
    for key in ["displayName", "description"] {
        script.call_if(key, fields.text(key)?.as_deref());
    }
    match kind {
        "folder" => {}
        "pipelineJob" => pipeline(&mut script, &fields)?,
        "multibranchPipelineJob" => multibranch(&mut script, &fields, name)?,
        "organizationFolder" => organization(&mut script, &fields)?,
        _ => free_style(&mut script, &fields)?,
    }
    script.close(1);
    Ok(script.into_text())
}

fn pipeline(script: &mut Script, fields: &Fields<'_>) -> Result<(), Box<Diagnostic>> {
    job(script, fields)?;
    let is_single = fields.flag("disableConcurrentBuilds")?.unwrap_or(false);
    let triggers = triggers(fields)?;
    if is_single || triggers.is_some() {
        script.open("properties");
        if is_single {
            script.line("disableConcurrentBuilds()");
        }
        if let Some((cron, scm)) = triggers {
            script.open("pipelineTriggers");
            script.open("triggers");
            for (trigger, key, spec) in [("cron", "spec", cron), ("pollSCM", "scmpoll_spec", scm)] {
                if let Some(spec) = spec {
                    script.open(trigger);
                    script.call(key, &spec);
                    script.close(1);
                }
            }
            script.close(2);
        }
        script.close(1);
    }
    script.open("definition");
    match (fields.value("git"), fields.value("script")) {
        (Some(_), None) => {
            refuse(fields, &["sandbox"], "it belongs to `script`")?;
            script.open("cpsScm");
            git(script, fields)?;
            let path = fields.text("scriptPath")?;
            script.call("scriptPath", path.as_deref().unwrap_or(SCRIPT_PATH));
            let is_light = fields.flag("lightweight")?.unwrap_or(true);
            script.line(&format!("lightweight({is_light})"));
        }
        (None, Some(_)) => {
            refuse(
                fields,
                &["scriptPath", "lightweight"],
                "it belongs to `git`",
            )?;
            script.open("cps");
            script.call("script", &fields.needed("script")?);
            let is_safe = fields.flag("sandbox")?.unwrap_or(true);
            script.line(&format!("sandbox({is_safe})"));
        }
        (Some(_), Some(node)) => {
            let problem = fields
                .file
                .error(node, "`git` and `script` exclude each other");
            return Err(Box::new(problem));
        }
        (None, None) => {
            let problem = fields.missing("git");
            return Err(Box::new(problem.hint("or give the pipeline as `script`")));
        }
    }
    script.close(2);
    Ok(())
}

fn free_style(script: &mut Script, fields: &Fields<'_>) -> Result<(), Box<Diagnostic>> {
    script.call_if("label", fields.text("label")?.as_deref());
    job(script, fields)?;
    if let Some(flag) = fields.flag("concurrentBuild")? {
        script.line(&format!("concurrentBuild({flag})"));
    }
    if fields.value("git").is_some() {
        git(script, fields)?;
    }
    if let Some((cron, scm)) = triggers(fields)? {
        script.open("triggers");
        script.call_if("cron", cron.as_deref());
        script.call_if("scm", scm.as_deref());
        script.close(1);
    }
    let steps = match fields.value("shell") {
        Some(node) if matches!(node.resolved().kind(), crate::yaml::Kind::Sequence) => {
            fields.texts("shell")?
        }
        _ => fields.text("shell")?.into_iter().collect(),
    };
    if !steps.is_empty() {
        script.open("steps");
        for step in &steps {
            script.call("shell", step);
        }
        script.close(1);
    }
    Ok(())
}

fn multibranch(
    script: &mut Script,
    fields: &Fields<'_>,
    name: &str,
) -> Result<(), Box<Diagnostic>> {
    let sources = fields.list("branchSources")?;
    if sources.is_empty() {
        return Err(fields.missing("branchSources"));
    }
    let mut ids = Vec::new();
    script.open("branchSources");
    for (n, node) in (1..).zip(sources) {
        let (kind, renamed, source) = branch_source(fields.file, node)?;
        // Without a constant id every run would look like a new source and build all branches.
        let id = match source.text("id")? {
            Some(id) => id,
            None if n == 1 => name.to_owned(),
            None => format!("{name}#{n}"),
        };
        if ids.contains(&id) {
            let at = source.value("id").unwrap_or(source.node);
            let problem = format!("the id `{id}` is there twice");
            return Err(Box::new(fields.file.error(at, problem)));
        }
        script.open(kind);
        script.call("id", &id);
        for (key, method) in renamed {
            script.call_if(method, source.text(key)?.as_deref());
        }
        for key in ["includes", "excludes"] {
            script.call_if(key, source.text(key)?.as_deref());
        }
        script.close(1);
        ids.push(id);
    }
    script.close(1);
    factory(script, fields, "factory", "workflowBranchProjectFactory")?;
    scanning(script, fields)
}

/// What a branch source is: its kind, the methods for its keys, its mapping.
type BranchSource<'d> = (
    &'static str,
    &'static [(&'static str, &'static str)],
    Fields<'d>,
);

fn branch_source<'d>(file: File<'d>, node: Node<'d>) -> Result<BranchSource<'d>, Box<Diagnostic>> {
    const GIT: &[(&str, &str)] = &[("remote", "remote"), ("credentialsId", "credentialsId")];
    const GITHUB: &[(&str, &str)] = &[
        ("repoOwner", "repoOwner"),
        ("repository", "repository"),
        ("apiUri", "apiUri"),
        ("credentialsId", "scanCredentialsId"),
    ];
    let outer = Fields::new(file, node, &["git", "github"])?;
    let (kind, renamed) = match (outer.value("git"), outer.value("github")) {
        (Some(_), None) => ("git", GIT),
        (None, Some(_)) => ("github", GITHUB),
        (None, None) => return Err(outer.missing("git")),
        (Some(_), Some(_)) => {
            let problem = file.error(node, "one source is needed in each item");
            return Err(Box::new(problem));
        }
    };
    let mut known = vec!["id", "includes", "excludes"];
    known.extend(renamed.iter().map(|(key, _)| *key));
    let Some(source) = outer.map(kind, &known)? else {
        return Err(outer.missing(kind));
    };
    for key in ["remote", "repoOwner", "repository"] {
        if known.contains(&key) && source.value(key).is_none() {
            return Err(source.missing(key));
        }
    }
    Ok((kind, renamed, source))
}

fn organization(script: &mut Script, fields: &Fields<'_>) -> Result<(), Box<Diagnostic>> {
    let known = ["repoOwner", "apiUri", "credentialsId"];
    let Some(github) = fields.map("github", &known)? else {
        return Err(fields.missing("github"));
    };
    script.open("organizations");
    script.open("github");
    script.call("repoOwner", &github.needed("repoOwner")?);
    for key in ["apiUri", "credentialsId"] {
        script.call_if(key, github.text(key)?.as_deref());
    }
    // Without traits nothing would be found: all branches but those of pull requests, and the
    // pull requests merged with their target.
    script.open("traits");
    for discovery in ["gitHubBranchDiscovery", "gitHubPullRequestDiscovery"] {
        script.open(discovery);
        script.line("strategyId(1)");
        script.close(1);
    }
    script.close(3);
    let kind = "workflowMultiBranchProjectFactory";
    factory(script, fields, "projectFactories", kind)?;
    scanning(script, fields)
}

/// What pipelines and freestyle jobs have in common.
fn job(script: &mut Script, fields: &Fields<'_>) -> Result<(), Box<Diagnostic>> {
    if let Some(flag) = fields.flag("disabled")? {
        script.line(&format!("disabled({flag})"));
    }
    let keys = [
        "daysToKeep",
        "numToKeep",
        "artifactDaysToKeep",
        "artifactNumToKeep",
    ];
    if let Some(kept) = fields.map("logRotator", &keys)? {
        counts(script, "logRotator", &kept, &keys)?;
    }
    let parameters = fields.list("parameters")?;
    if parameters.is_empty() {
        return Ok(());
    }
    script.open("parameters");
    for node in parameters {
        parameter(script, fields.file, node)?;
    }
    script.close(1);
    Ok(())
}

fn parameter(script: &mut Script, file: File<'_>, node: Node<'_>) -> Result<(), Box<Diagnostic>> {
    const NAMES: [&str; 4] = ["stringParam", "textParam", "booleanParam", "choiceParam"];
    let all = Fields::any(file, node)?;
    let Some(kind) = NAMES.into_iter().find(|kind| all.value(kind).is_some()) else {
        let problem = file.error(node, "this is no parameter");
        return Err(Box::new(
            problem.hint(format!("give it one of the keys {}", NAMES.join(", "))),
        ));
    };
    let second = match kind {
        "choiceParam" => "options",
        _ => "defaultValue",
    };
    let fields = Fields::new(file, node, &[kind, second, "description"])?;
    let default = match kind {
        "booleanParam" => fields.flag(second)?.unwrap_or(false).to_string(),
        "choiceParam" => {
            let mut options = String::new();
            for node in fields.list(second)? {
                options.push_str(if options.is_empty() { "[" } else { ", " });
                options.push_str(&quote(&text(file, node)?));
            }
            if options.is_empty() {
                return Err(fields.missing(second));
            }
            options + "]"
        }
        _ => quote(&fields.text(second)?.unwrap_or_default()),
    };
    let name = quote(&fields.needed(kind)?);
    let description = fields.text("description")?;
    let description = description.map_or(String::new(), |text| format!(", {}", quote(&text)));
    script.line(&format!("{kind}({name}, {default}{description})"));
    Ok(())
}

fn triggers(fields: &Fields<'_>) -> Result<Option<Triggers>, Box<Diagnostic>> {
    let Some(triggers) = fields.map("triggers", &["cron", "scm"])? else {
        return Ok(None);
    };
    let (cron, scm) = (triggers.text("cron")?, triggers.text("scm")?);
    if cron.is_none() && scm.is_none() {
        return Ok(None);
    }
    Ok(Some((cron, scm)))
}

fn git(script: &mut Script, fields: &Fields<'_>) -> Result<(), Box<Diagnostic>> {
    let Some(git) = fields.map("git", &["url", "credentials", "branch"])? else {
        return Err(fields.missing("git"));
    };
    script.open("scm");
    script.open("git");
    script.open("remote");
    script.call("url", &git.needed("url")?);
    script.call_if("credentials", git.text("credentials")?.as_deref());
    script.close(1);
    script.call("branch", &git.needed("branch")?);
    script.close(2);
    Ok(())
}

fn factory(
    script: &mut Script,
    fields: &Fields<'_>,
    outer: &str,
    inner: &str,
) -> Result<(), Box<Diagnostic>> {
    let path = fields.text("scriptPath")?;
    script.open(outer);
    script.open(inner);
    script.call("scriptPath", path.as_deref().unwrap_or(SCRIPT_PATH));
    script.close(2);
    Ok(())
}

/// What multibranch projects and organization folders have in common.
fn scanning(script: &mut Script, fields: &Fields<'_>) -> Result<(), Box<Diagnostic>> {
    let keys = ["daysToKeep", "numToKeep"];
    if let Some(kept) = fields.map("orphanedItems", &keys)? {
        script.open("orphanedItemStrategy");
        counts(script, "discardOldItems", &kept, &keys)?;
        script.close(1);
    }
    let Some(node) = fields.value("scanInterval") else {
        return Ok(());
    };
    let interval = text(fields.file, node)?;
    if !INTERVALS.contains(&interval.as_str()) {
        let problem = format!("`{interval}` is no interval that Jenkins offers");
        let problem = fields.file.error(node, problem);
        return Err(Box::new(
            problem.hint(format!("one of {}", INTERVALS.join(", "))),
        ));
    }
    script.open("triggers");
    script.open("periodicFolderTrigger");
    script.call("interval", &interval);
    script.close(2);
    Ok(())
}

fn counts(
    script: &mut Script,
    name: &str,
    fields: &Fields<'_>,
    keys: &[&str],
) -> Result<(), Box<Diagnostic>> {
    script.open(name);
    for key in keys {
        if let Some(count) = fields.count(key)? {
            script.line(&format!("{key}({count})"));
        }
    }
    script.close(1);
    Ok(())
}

/// Refuses keys that would have no effect.
fn refuse(fields: &Fields<'_>, keys: &[&str], why: &str) -> Result<(), Box<Diagnostic>> {
    for key in keys {
        if let Some((node, _)) = fields.node.get(key) {
            let problem = fields
                .file
                .error(node, format!("`{key}` has no effect here"));
            return Err(Box::new(problem.hint(why)));
        }
    }
    Ok(())
}
