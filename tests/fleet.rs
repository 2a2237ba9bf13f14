//! Many overlays at once: `render --all`, shards, output directories.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{TempDir, root, run};

/// A fleet of three overlays, a base and things that are no overlays.
fn fleet(name: &str) -> TempDir {
    let dir = TempDir::new(name);
    let chart = root().join("testdata/charts/jenkins");
    for entry in walkdir::WalkDir::new(&chart) {
        let entry = entry.expect("a readable tree");
        if entry.file_type().is_file() {
            let below = entry.path().strip_prefix(&chart).expect("below the chart");
            let target = format!("charts/jenkins/{}", below.display());
            dir.write(&target, fs::read(entry.path()).expect("a readable file"));
        }
    }
    dir.write(".git/HEAD", "");
    dir.write(
        "jenkins-cmp.yaml",
        "chart: {path: charts/jenkins}\nrelease: {name: jenkins}\nbases: [common]\n",
    );
    dir.write("common/values.yaml", "controller: {numExecutors: 1}\n");
    for overlay in ["a", "b", "team/c"] {
        dir.write(&format!("overlays/{overlay}/values.yaml"), "{}\n");
        dir.write(
            &format!("overlays/{overlay}/jenkins-cmp.yaml"),
            format!("release: {{namespace: ci-{}}}\n", overlay.replace('/', "-")),
        );
    }
    dir.write("overlays/team/jenkins-cmp.yaml", "vars: {team: x}\n");
    dir.write("other/chart/Chart.yaml", "name: x\nversion: 1.0.0\n");
    dir.write("other/chart/values.yaml", "{}\n");
    dir.write(".cache/values.yaml", "{}\n");
    dir
}

/// The files below a directory, without the list of what was written.
fn files(dir: &TempDir, below: &str) -> BTreeSet<String> {
    let top = dir.path().join(below);
    walkdir::WalkDir::new(&top)
        .into_iter()
        .map(|entry| entry.expect("a readable tree"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            entry
                .path()
                .strip_prefix(&top)
                .expect("below the top")
                .display()
                .to_string()
        })
        .filter(|name| name != ".jenkins-cmp.sha256")
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn all_overlays_print_what_each_prints_alone() {
    let dir = fleet("fleet-all");
    let top = dir.path().to_str().unwrap();
    let alone: String = ["a", "b", "team/c"]
        .iter()
        .map(|name| {
            let output = run(&["render", &format!("{top}/overlays/{name}")]);
            assert_eq!(output.code, 0, "{}", output.stderr);
            output.stdout
        })
        .collect();
    for jobs in ["1", "3"] {
        let all = run(&["render", "--all", top, "--jobs", jobs]);
        assert_eq!((all.code, all.stderr.as_str()), (0, ""));
        assert_eq!(all.stdout, alone, "with {jobs} jobs");
    }
    let below = run(&["render", "--all", &format!("{top}/overlays/team")]);
    assert!(below.stdout.contains("ci-team-c") && !below.stdout.contains("namespace: ci-a"));
}

#[test]
fn one_broken_overlay_does_not_hide_the_others() {
    let dir = fleet("fleet-broken");
    let top = dir.path().to_str().unwrap();
    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    assert_eq!(run(&["render", "--all", top, "-o", out]).code, 0);
    let before = fs::read(dir.path().join("out/a.yaml")).unwrap();
    dir.write("overlays/a/values.yaml", "controller: [\n");
    dir.write("overlays/b/jenkins-cmp.yaml", "relaese: {}\n");
    dir.write(
        "overlays/team/c/values.yaml",
        "controller: {numExecutors: 7}\n",
    );
    let all = run(&["render", "--all", top, "-o", out]);
    assert_eq!(all.code, 3);
    for text in [
        "overlay overlays/a:",
        "overlays/a/values.yaml:",
        "did you mean `release`?",
        "2 of 3 overlays failed: overlays/a, overlays/b",
    ] {
        assert!(all.stderr.contains(text), "{text}: {}", all.stderr);
    }
    assert_eq!(fs::read(dir.path().join("out/a.yaml")).unwrap(), before);
    assert_eq!(
        files(&dir, "out"),
        set(&["a.yaml", "b.yaml", "team/c.yaml"])
    );
    let stdout = run(&["render", "--all", top]);
    assert_eq!((stdout.code, stdout.stdout.as_str()), (3, ""));
}

#[test]
fn output_directories_lose_what_was_written_for_overlays_that_are_gone() {
    let dir = fleet("fleet-output");
    let top = dir.path().to_str().unwrap();
    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    for shard in ["1/2", "2/2"] {
        let output = run(&["render", "--all", top, "-o", out, "--shard", shard]);
        assert_eq!(output.code, 0, "{}", output.stderr);
    }
    assert_eq!(
        files(&dir, "out"),
        set(&["a.yaml", "b.yaml", "team/c.yaml"])
    );
    let printed = run(&["render", &format!("{top}/overlays/a")]).stdout;
    let written = fs::read_to_string(dir.path().join("out/a.yaml")).unwrap();
    assert_eq!(written, printed);
    dir.write("out/foreign.yaml", "mine\n");
    dir.write("out/b.yaml", "changed by hand\n");
    fs::remove_dir_all(dir.path().join("overlays/b")).unwrap();
    fs::remove_dir_all(dir.path().join("overlays/team")).unwrap();
    assert_eq!(run(&["render", "--all", top, "-o", out]).code, 0);
    let left = set(&["a.yaml", "b.yaml", "foreign.yaml"]);
    assert_eq!(files(&dir, "out"), left, "what somebody else wrote stays");
    assert!(!dir.path().join("out/team").exists());
}

#[test]
fn a_list_of_written_files_cannot_reach_outside() {
    let dir = fleet("fleet-outside");
    let top = dir.path().to_str().unwrap();
    let out = dir.path().join("out");
    dir.write("victim.yaml", "");
    // The hash of nothing.
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let list = format!("{hash}  ../victim.yaml\n{hash}  {top}/victim.yaml\nnonsense\n");
    dir.write("out/.jenkins-cmp.sha256", list);
    assert_eq!(
        run(&["render", "--all", top, "-o", out.to_str().unwrap()]).code,
        0
    );
    assert!(dir.path().join("victim.yaml").exists());
}

#[test]
fn overlays_that_would_share_a_file_are_refused() {
    let dir = fleet("fleet-stems");
    let top = dir.path().to_str().unwrap();
    dir.write("a/values.yaml", "{}\n");
    let out = dir.path().join("out");
    let output = run(&["render", "--all", top, "-o", out.to_str().unwrap()]);
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("both be written as `a`"),
        "{}",
        output.stderr
    );
}

#[test]
fn wrong_shards_and_empty_searches_are_refused() {
    let dir = TempDir::new("fleet-empty");
    let top = dir.path().to_str().unwrap();
    dir.write(".git/HEAD", "");
    assert_eq!(run(&["render", "--all", top, "--shard", "3/2"]).code, 2);
    let output = run(&["render", "--all", top]);
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("no overlay below"),
        "{}",
        output.stderr
    );
}
