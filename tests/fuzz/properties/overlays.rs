//! Overlays: settings, values, jobs, JCasC, patches.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use jenkins_cmp::app::{Flags, locate};
use jenkins_cmp::diag::Diagnostic;
use jenkins_cmp::manifest::{self, Document};
use jenkins_cmp::patch;
use jenkins_cmp::release::Derived;
use jenkins_cmp::render::{self, HelmCharts, ReleaseInput};
use jenkins_cmp::template::Host;

use super::{Section, sections, twice};

/// What every overlay starts from.
const FILES: [(&str, &str); 5] = [
    (
        "charts/jenkins/Chart.yaml",
        "apiVersion: v2\nname: jenkins\nversion: 1.0.0\n",
    ),
    ("charts/jenkins/values.yaml", "list: [a, b]\nmap: {k: 1}\n"),
    ("charts/jenkins/templates/all.yaml", TEMPLATE),
    (
        "jenkins-cmp.yaml",
        "chart: {version: 1.0.0}\nrelease: {name: r, namespace: ns}\n",
    ),
    ("o/values.yaml", "own: true\n"),
];

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-default
  labels: {l: 'true'}
data:
  default.yaml: |
    jenkins: {numExecutors: 0}
  values: {{ toYaml .Values | quote }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec:
  template:
    spec:
      containers:
        - name: config-reload
          env:
            - {name: LABEL, value: l}
            - {name: FOLDER, value: /casc}
            - {name: NAMESPACE, value: {{ .Release.Namespace }}}
";

/// An overlay gives the same documents each time, each of which reads to its object, and nothing
/// is lost between them.
///
/// The sections are files, `link -> target` for symbolic links, and `env` for variables.
pub(crate) fn overlay(data: &[u8]) {
    let sections = sections(data);
    let directory = Scratch::new();
    for (path, text) in FILES {
        directory.write(path, text.as_bytes());
    }
    let mut environment = BTreeMap::new();
    for Section { title, content } in &sections[1..] {
        if *title == "env" {
            let text = String::from_utf8_lossy(content).into_owned();
            let variables = text.lines().filter_map(|line| line.split_once('='));
            environment.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        } else if !title.contains(" -> ") {
            directory.write(title, content);
        }
    }
    for Section { title, .. } in &sections[1..] {
        if let Some((link, target)) = title.split_once(" -> ") {
            directory.link(link, target);
        }
    }
    match twice(|| render(&directory.0, &environment)) {
        Ok(stream) => {
            let documents = manifest::split(&stream, "output").expect("our own output");
            let joined: String = documents.iter().map(Document::text).collect();
            assert!(joined == stream, "documents lose something");
        }
        Err(text) => assert!(!text.is_empty()),
    }
}

fn render(directory: &Path, environment: &BTreeMap<String, String>) -> Result<String, String> {
    let make_host = |input: &ReleaseInput<'_>| -> Result<Box<dyn Host>, Box<Diagnostic>> {
        Ok(Box::new(Derived::stand_ins(input.helm, String::new())))
    };
    let charts = HelmCharts::new(&make_host);
    let output = locate(&directory.join("o"), Some(directory))
        .and_then(|place| render::render(place, environment, &Flags::default(), &charts));
    output.map(|o| o.stream).map_err(|e| format!("{e:#}"))
}

/// A directory that is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("jenkins-cmp-property-{}-{n}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a new directory");
        Scratch(path.canonicalize().expect("an existing directory"))
    }

    /// The place of `path`, if it is below the directory and so are its parents.
    fn inside(&self, path: &str) -> Option<PathBuf> {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && part.len() < 100;
        if path.contains('\0') || path.len() > 1000 || !path.split('/').all(is_plain) {
            return None;
        }
        let path = self.0.join(path);
        let parent = path.parent()?;
        fs::create_dir_all(parent).ok()?;
        let is_inside = parent.canonicalize().is_ok_and(|p| p.starts_with(&self.0));
        is_inside.then_some(path)
    }

    fn write(&self, path: &str, content: &[u8]) {
        if let Some(path) = self.inside(path) {
            let _ = fs::write(path, content);
        }
    }

    /// Makes a link after all files were written, so that nothing is written through it.
    fn link(&self, path: &str, target: &str) {
        if let Some(path) = self.inside(path).filter(|_| !target.contains('\0')) {
            let _ = std::os::unix::fs::symlink(target, path);
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Patches give the same objects each time, and what they give reads to its object.
///
/// The sections are `objects` and `patches`.
pub(crate) fn patch(data: &[u8]) {
    let sections = sections(data);
    let text = |title: &str| {
        let section = sections.iter().find(|section| section.title == title);
        section.map(|s| String::from_utf8_lossy(s.content))
    };
    let (Some(objects), Some(patches)) = (text("objects"), text("patches")) else {
        return;
    };
    match twice(|| patched(&objects, &patches)) {
        Ok(documents) => {
            for document in documents {
                let read = manifest::split(document.text(), "patched").expect("our own output");
                assert!(read.len() == 1, "{} documents", read.len());
                let written = jenkins_cmp::yaml::write(read[0].object());
                assert!(
                    written == jenkins_cmp::yaml::write(document.object()),
                    "reads to another object:\n{}",
                    document.text()
                );
            }
        }
        Err(text) => assert!(!text.is_empty()),
    }
}

fn patched(objects: &str, patches: &str) -> Result<Vec<Document>, String> {
    let shown = |problem: Box<Diagnostic>| format!("{problem:#}");
    let mut documents = manifest::split_file(objects, "objects.yaml", "o").map_err(shown)?;
    let patches = patch::parse(patches, "patches.yaml").map_err(shown)?;
    patch::apply(&patches, &mut documents, "ns").map_err(shown)?;
    Ok(documents)
}
