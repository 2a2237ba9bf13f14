//! Whole overlays: over the output that Helm gave, and over a renderer that gives any output.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::app::locate;
use crate::chart::{self, Chart, LoadOptions};
use crate::files::Links;
use crate::release::Derived;
use crate::template::Host;

/// Renders every chart to `stream`.
struct Recorded {
    stream: String,
}

struct RecordedChart {
    chart: Chart,
    stream: String,
}

impl ChartRenderer for Recorded {
    fn load<'c>(&'c self, overlay: &Overlay) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>> {
        let repository = &overlay.place.repository;
        let options = LoadOptions {
            helm: overlay.helm,
            links: Links::Within(repository.root()),
        };
        let path = repository.root().join(&overlay.chart).unwrap();
        let loaded = chart::load(&path, options).map_err(|e| e.to_diagnostic())?;
        Ok(Box::new(RecordedChart {
            chart: loaded.chart,
            stream: self.stream.clone(),
        }))
    }
}

impl LoadedChart for RecordedChart {
    fn name(&self) -> &str {
        self.chart.name()
    }

    fn version(&self) -> &str {
        &self.chart.metadata.version
    }

    fn defaults(&self) -> &Tree {
        &self.chart.values
    }

    fn render(&self, input: &ReleaseInput<'_>) -> Result<ChartOutput, Box<Diagnostic>> {
        let stream = self.stream.replace("{{name}}", input.name);
        Ok(ChartOutput {
            stream: stream
                .replace("{{namespace}}", input.namespace)
                .into_bytes(),
            objects: Vec::new(),
            log: Vec::new(),
        })
    }
}

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(path)
}

fn environment(lines: &str) -> BTreeMap<String, String> {
    lines
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Renders an overlay of `testdata/` and gives what Helm did not write into `name`.
fn additions(overlay: &str, name: &str, env: &str) -> String {
    let boundary = testdata("");
    let place = locate(&testdata(overlay), Some(&boundary)).unwrap();
    let stream = fs::read_to_string(testdata(&format!("render/helm/{name}.yaml"))).unwrap();
    let make_host = |input: &ReleaseInput<'_>| -> Result<Box<dyn Host>, Box<Diagnostic>> {
        Ok(Box::new(Derived::stand_ins(input.helm, String::new())))
    };
    let charts = HelmCharts::new(&make_host);
    let output = render(place, &environment(env), &Flags::default(), &charts)
        .unwrap_or_else(|e| panic!("{e:#}"))
        .stream;
    let chart = manifest::split(&stream, "").unwrap();
    let all = manifest::split(&output, "").unwrap();
    assert_eq!(all.iter().map(Document::text).collect::<String>(), output);
    let unchanged = all
        .iter()
        .filter(|document| chart.iter().any(|other| other.text() == document.text()));
    assert!(unchanged.count() >= chart.len() - 3);
    all.iter()
        .filter(|document| chart.iter().all(|other| other.text() != document.text()))
        .map(Document::text)
        .collect()
}

#[test]
fn the_fleet_renders() {
    for name in ["prod", "staging", "mobile"] {
        let output = additions(&format!("fleet/overlays/{name}"), name, "");
        insta::with_settings!({snapshot_path => testdata("render"), prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name, output);
        });
    }
}

#[test]
fn the_article_renders_without_settings() {
    let env = "ARGOCD_ENV_CHART_VERSION=3.2.5\n\
               ARGOCD_ENV_INSTALL_TARGET_NAMESPACE=ci-hoge\n\
               ARGOCD_ENV_ARGOCD_APP_NAME=argocd_hoge\n\
               ARGOCD_APP_PARAMETERS=null";
    assert_eq!(additions("article/overlays/hoge/helm", "hoge", env), "");
}

#[test]
fn patched_values_are_what_helm_needs() {
    let place = locate(&testdata("fleet/overlays/mobile"), Some(&testdata(""))).unwrap();
    let overlay = app::load(place, Vec::new()).unwrap();
    let path = testdata("charts/jenkins");
    let options = LoadOptions {
        helm: HelmCompat::V4,
        links: Links::Anywhere,
    };
    let chart = chart::load(&path, options).unwrap().chart;
    let values = assemble(
        &overlay,
        &chart.values,
        &Additions::default(),
        &ParsedFiles::default(),
    )
    .unwrap();
    let at = |path: &[&str]| values.user.at(path.iter().copied()).cloned();
    assert_eq!(
        at(&["controller", "servicePort"]),
        Some(Tree::Float(8080.0))
    );
    assert_eq!(at(&["agent", "image", "tag"]), Some(Tree::str("9")));
    let limits = &["controller", "resources", "limits"];
    assert_eq!(at(limits), Some(Tree::Null));
    assert_eq!(values.merged().unwrap().at(limits.iter().copied()), None);
}

/// Each file of `testdata/render/cases/` is a repository and what comes of rendering `o` in it.
///
/// Sections start with `=== `: a path and the file's content; `env`; `stream`, the chart's output;
/// at the end `error`, or `output`, which is what follows the chart's part.
#[test]
fn cases() {
    let mut files: Vec<_> = fs::read_dir(testdata("render/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut failures = Vec::new();
    for file in files {
        for case in fs::read_to_string(&file)
            .unwrap()
            .split("\n######## ")
            .skip(1)
        {
            if let Err(problem) = run(case) {
                let title = case.lines().next().unwrap_or_default();
                failures.push(format!("{}: {title}\n{problem}", file.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn run(case: &str) -> Result<(), String> {
    let directory = Scratch::new();
    let mut env = String::new();
    let mut stream = DEFAULT_STREAM.to_owned();
    let mut wanted = None;
    for (path, text) in DEFAULT_FILES {
        directory.write(path, text);
    }
    for section in case.split("\n=== ").skip(1) {
        let (title, text) = section.split_once('\n').unwrap_or((section, ""));
        let text = format!("{}\n", text.trim_end_matches('\n'));
        match title {
            "env" => env = text,
            "stream" => stream = text,
            "error" | "output" => wanted = Some((title, text)),
            path => match path.split_once(" -> ") {
                Some((link, target)) => directory.link(link, target),
                None => directory.write(path, &text.replace("\\r", "\r").replace("\\0", "\0")),
            },
        }
    }
    let charts = Recorded { stream };
    let outcome = locate(&directory.path.join("o"), Some(&directory.path))
        .and_then(|place| render(place, &environment(&env), &Flags::default(), &charts));
    let (kind, text) = match outcome {
        Ok(output) => ("output", output.stream),
        Err(problem) => ("error", format!("{problem:#}\n")),
    };
    let text = text.replace(&*directory.path.to_string_lossy(), "ROOT");
    match wanted {
        Some(("error", wanted)) if kind == "error" && wanted == text => Ok(()),
        Some(("output", wanted)) if kind == "output" && text.ends_with(&wanted) => Ok(()),
        _ => Err(format!("=== {kind}\n{text}")),
    }
}

const DEFAULT_FILES: [(&str, &str); 4] = [
    (
        "charts/jenkins/Chart.yaml",
        "apiVersion: v2\nname: jenkins\nversion: 1.0.0\n",
    ),
    ("charts/jenkins/values.yaml", "list: [a, b]\nmap: {k: 1}\n"),
    (
        "jenkins-cmp.yaml",
        "chart: {version: 1.0.0}\nrelease: {name: r, namespace: ns}\n",
    ),
    ("o/values.yaml", "own: true\n"),
];

const DEFAULT_STREAM: &str = "---
# Source: jenkins/templates/config.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{name}}-default
  labels: {'l': 'true'}
data: {default.yaml: '', chart.groovy: ''}
---
# Source: jenkins/templates/statefulset.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: {{name}}, namespace: {{namespace}}}
spec:
  template:
    spec:
      containers:
        - name: config-reload
          env:
            - {name: LABEL, value: other}
            - {name: LABEL, value: l}
            - {name: FOLDER, value: /casc}
            - {name: NAMESPACE, value: {{namespace}}}
";

/// A directory that is removed in the end.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "jenkins-cmp-render-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch {
            path: path.canonicalize().unwrap(),
        }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink(target, path).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[test]
fn values_for_templates_are_bounded() {
    // The list, its texts, and what is left.
    let half = MAX_JINJA_VALUES_BYTES / 2;
    let text = |n_bytes| Tree::str("x".repeat(n_bytes));
    let list = |rest| Tree::list(vec![text(half), text(rest)]);
    assert!(check_size(&list(half - 3 * NODE_BYTES)).is_ok());
    assert!(check_size(&list(half - 3 * NODE_BYTES + 1)).is_err());
}
