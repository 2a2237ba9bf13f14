//! The plugin's container, seen from inside.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::plugin_file::{self, ParseCommand};
use super::{Finding, Report};
use crate::manifest::codec;

/// The user that repo-server runs as; it must be able to open our socket.
const USER: u32 = 999;

const PLUGIN_FILE: &str = "home/argocd/cmp-server/config/plugin.yaml";
const SOCKETS: &str = "home/argocd/cmp-server/plugins";
const SERVER: &str = "var/run/argocd/argocd-cmp-server";

/// Names the directory that all renders share, if it is not the one for temporary files.
const STATE_DIRECTORY: &str = "JENKINS_CMP_STATE_DIR";

/// What repo-server keeps in its own `/tmp`.
const FOREIGN: [&str; 2] = ["reposerver-ask-pass.sock", "_argocd-repo"];

/// A container to look at.
pub struct Container<'c> {
    /// The top of its file system.
    pub root: &'c Path,
    /// The user of this process.
    pub user: u32,
    /// The environment of this process.
    pub environment: &'c BTreeMap<String, String>,
    /// Our own reading of command lines.
    pub parse: &'c ParseCommand<'c>,
}

impl Container<'_> {
    /// A path of the container on disk.
    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let value = self.environment.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }
}

/// Checks the container that this process runs in.
pub fn check_container(container: &Container<'_>) -> Report {
    let mut report = Report::default();
    let found = &mut report.findings;
    found.extend(check_user(container));
    found.extend(check_directories(container));
    found.extend(check_plugin(container));
    if !container.path(SERVER).exists() && !container.path(SOCKETS).exists() {
        report.notes.push(
            "this may be no sidecar: without files `doctor` looks at the container that it runs \
             in; elsewhere, give it files with manifests"
                .to_owned(),
        );
    }
    report.notes.push(
        "timeouts and what is left out of the copy of the repository are in the ConfigMap \
               argocd-cmd-params-cm: give it and the Applications as files"
            .to_owned(),
    );
    report
}

fn check_user(container: &Container<'_>) -> Option<Finding> {
    let user = container.user;
    (user != USER).then(|| {
        Finding::patch(
            "container",
            format!("runs as user {user}; repo-server, user {USER}, may not open its socket"),
            format!("securityContext:\n  runAsNonRoot: true\n  runAsUser: {USER}\n"),
        )
    })
}

fn check_directories(container: &Container<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let temporary = container.variable("TMPDIR").unwrap_or("/tmp");
    let work = container
        .variable("ARGOCD_CMP_WORKDIR")
        .unwrap_or(temporary);
    let volume =
        |path: &str, name: &str| format!("volumeMounts:\n- mountPath: {path}\n  name: {name}\n");
    let mut checked = vec![(work, "jenkins-cmp-tmp"), (temporary, "jenkins-cmp-tmp")];
    checked.dedup();
    for (directory, name) in checked {
        if let Err(error) = write_probe(&container.path(directory)) {
            let problem = format!("{directory} is not writable: {error}");
            findings.push(Finding::patch(
                "container",
                problem,
                volume(directory, name),
            ));
        }
        for foreign in FOREIGN {
            if container.path(directory).join(foreign).exists() {
                findings.push(Finding::patch(
                    "container",
                    format!(
                        "{directory} is the one of repo-server (it holds {foreign}): two \
                         containers with one such directory delete each other's work"
                    ),
                    volume(directory, name),
                ));
            }
        }
    }
    if let Some(state) = container.variable(STATE_DIRECTORY) {
        let directory = container.path(state);
        let nearest = directory.ancestors().find(|path| path.exists());
        if let Err(error) = write_probe(nearest.unwrap_or(&directory)) {
            let problem = format!("{STATE_DIRECTORY}: {state} is not writable: {error}");
            let patch = volume(state, "jenkins-cmp-state");
            findings.push(Finding::patch("container", problem, patch));
        }
    }
    let copies = container.path(work).join("_cmp_server");
    match fs::metadata(&copies) {
        Ok(metadata) if metadata.uid() != container.user => findings.push(Finding::step(
            "container",
            format!(
                "{work}/_cmp_server belongs to user {}, not {}",
                metadata.uid(),
                container.user
            ),
            "give each plugin's container a volume of its own",
        )),
        Ok(_) if holds_git(&copies) => findings.push(Finding::patch(
            "argocd-cmd-params-cm",
            "repo-server sends .git with every render",
            "data:\n  reposerver.plugin.tar.exclusions: .git\n",
        )),
        _ => {}
    }
    if !container.path(SOCKETS).is_dir() {
        let problem = format!("there is no /{SOCKETS}, where repo-server looks for sockets");
        let patch = volume(&format!("/{SOCKETS}"), "plugins");
        findings.push(Finding::patch("container", problem, patch));
    }
    if !container.path(SERVER).exists() {
        let problem = format!("there is no /{SERVER}, the container's command");
        let patch = volume("/var/run/argocd", "var-files") + "  readOnly: true\n";
        findings.push(Finding::patch("container", problem, patch));
    }
    findings
}

fn check_plugin(container: &Container<'_>) -> Vec<Finding> {
    let subject = format!("/{PLUGIN_FILE}");
    let finding = |problem: String, step: &str| vec![Finding::step(&subject, problem, step)];
    let text = match fs::read_to_string(container.path(PLUGIN_FILE)) {
        Ok(text) => text,
        Err(error) => {
            let step = "mount plugin.yaml there or bake it into the image";
            return finding(format!("cannot be read: {error}"), step);
        }
    };
    let file = match codec::read_file(&text, &subject) {
        Ok(file) => file,
        Err(problem) => return finding(format!("{problem}"), "see docs/argocd.md"),
    };
    let mut findings = plugin_file::check(&file, &subject, container.parse);
    let argv = plugin_file::command(&file, &["spec", "generate"]);
    let is_gone =
        |program: &&String| program.starts_with('/') && !container.path(program).is_file();
    if let Some(program) = argv.first().filter(is_gone) {
        let problem = format!("`spec.generate` runs {program}, which is not there");
        findings.extend(finding(problem, "name the path of the binary in the image"));
    }
    let socket = format!("/{SOCKETS}/{}.sock", plugin_file::name(&file));
    if container.path(SOCKETS).is_dir() && !container.path(&socket).exists() {
        let problem =
            format!("there is no socket {socket}: the server did not start with this file");
        findings.extend(finding(
            problem,
            "restart the container; it reads the file once",
        ));
    }
    findings
}

/// Makes a file and removes it again.
fn write_probe(directory: &Path) -> std::io::Result<()> {
    let probe = directory.join(format!(".jenkins-cmp-doctor-{}", std::process::id()));
    fs::File::create_new(&probe)?;
    fs::remove_file(&probe)
}

/// Says whether the copy of a running call has `.git`.
fn holds_git(copies: &Path) -> bool {
    let calls = fs::read_dir(copies).into_iter().flatten().flatten();
    calls
        .into_iter()
        .any(|call| call.path().join(".git").exists())
}
