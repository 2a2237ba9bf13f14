//! What the benchmarks share: a fleet of any size, and what the kernel says about processes.
#![allow(dead_code, reason = "each benchmark asks for some of it")]

pub(crate) mod measure;

use std::fs;
use std::path::{Path, PathBuf};

/// Writes a fleet of `n` overlays with a base.
pub(crate) fn generate(root: &Path, n: usize) {
    let write = |path: String, text: String| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        fs::write(path, text).expect("a file");
    };
    let given = std::env::var_os("JENKINS_CHART").map(PathBuf::from);
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/charts/jenkins");
    let chart = match given {
        Some(archive) => {
            fs::create_dir_all(root.join("charts")).expect("a directory");
            fs::copy(archive, root.join("charts/jenkins.tgz")).expect("a chart archive");
            "charts/jenkins.tgz"
        }
        None => {
            for entry in walkdir::WalkDir::new(&small) {
                let entry = entry.expect("a readable chart");
                let below = entry.path().strip_prefix(&small).expect("below the chart");
                let target = root.join("charts/jenkins").join(below);
                if entry.file_type().is_dir() {
                    fs::create_dir_all(&target).expect("a directory");
                } else {
                    fs::copy(entry.path(), &target).expect("a file");
                }
            }
            "charts/jenkins"
        }
    };
    write(
        "jenkins-cmp.yaml".into(),
        format!("chart: {{path: {chart}}}\nkubernetes: {{version: 1.33.0}}\n"),
    );
    write(
        "base/values.yaml".into(),
        "controller:\n  numExecutors: 1\n  JCasC:\n    configScripts:\n      welcome: |\n        \
         jenkins:\n          systemMessage: hello\n"
            .into(),
    );
    for i in 0..n {
        let directory = format!("overlays/team-{i:04}");
        write(
            format!("{directory}/jenkins-cmp.yaml"),
            format!("release: {{name: jenkins, namespace: ci-{i:04}}}\n"),
        );
        write(
            format!("{directory}/values.yaml"),
            format!("controller:\n  numExecutors: {}\n", i % 8),
        );
    }
}
