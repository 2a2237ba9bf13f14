//! `jenkins-cmp diff`: from revisions and files to reports and exit codes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Output, Run, TempDir, note, root};

/// Copies the fleet of the test data with its chart into a directory.
fn fleet(name: &str) -> TempDir {
    let directory = TempDir::new(name);
    for tree in ["fleet", "charts"] {
        let from = root().join("testdata").join(tree);
        for entry in walkdir::WalkDir::new(&from) {
            let entry = entry.expect("readable test data");
            if entry.file_type().is_file() {
                let inside = entry.path().strip_prefix(&from).expect("a path inside");
                let path = format!("{tree}/{}", inside.display());
                directory.write(&path, fs::read(entry.path()).expect("a readable file"));
            }
        }
    }
    directory
}

fn git(directory: &Path, args: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(args);
    command.args(["--quiet"]).stdin(Stdio::null());
    for name in [
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ] {
        command.env(name, "test");
    }
    command.output().is_ok_and(|output| output.status.success())
}

/// A fleet with one commit; nothing where there is no git.
fn repository(name: &str) -> Option<TempDir> {
    let directory = fleet(name);
    let path = directory.path();
    let done =
        git(path, &["init"]) && git(path, &["add", "."]) && git(path, &["commit", "-m", "one"]);
    if !done {
        note("the tests of `diff --base` are left out: there is no git");
    }
    done.then_some(directory)
}

fn diff(directory: &Path, args: &[&str]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let args: Vec<&str> = [&["diff"], args].concat();
    Run::new(&args)
        .current_dir(directory)
        .env("PATH", &path)
        .output()
}

fn replace(directory: &Path, file: &str, from: &str, to: &str) {
    let file = directory.join(file);
    let text = fs::read_to_string(&file).expect("a readable file");
    assert!(text.contains(from), "{file:?} has no {from}");
    fs::write(&file, text.replace(from, to)).expect("a writable file");
}

#[test]
fn a_work_tree_is_compared_with_a_revision() {
    let Some(directory) = repository("diff-base") else {
        return;
    };
    let path = directory.path();
    let same = diff(path, &["fleet"]);
    assert_eq!(
        (same.code, same.stderr.as_str()),
        (0, ""),
        "{}",
        same.stdout
    );

    directory.write(
        "fleet/base/jobs/extra.groovy",
        "pipelineJob('platform/extra') {}\n",
    );
    fs::remove_dir_all(path.join("fleet/overlays/mobile")).expect("an overlay");
    let index = fs::read(path.join(".git/index")).expect("an index");
    let changed = diff(path, &["fleet", "--base", "HEAD"]);
    assert_eq!(changed.code, 1, "{}", changed.stderr);
    for line in [
        "HEAD → work tree\n",
        "3 of 3 overlays differ",
        "2 re-seed their jobs",
        "- overlay mobile",
        "+ pipelineJob platform/extra",
    ] {
        assert!(
            changed.stdout.contains(line),
            "no `{line}` in {}",
            changed.stdout
        );
    }
    assert_eq!(fs::read(path.join(".git/index")).expect("an index"), index);
    assert!(!path.join("fleet/overlays/mobile").exists());

    let one = diff(path, &["fleet/overlays/prod"]);
    assert!(
        one.stdout.contains("1 of 1 overlay differ"),
        "{}",
        one.stdout
    );
    let gone = diff(path, &["fleet/overlays/mobile"]);
    assert!(gone.stdout.contains("- overlay mobile"), "{}", gone.stderr);
}

#[test]
fn what_cannot_be_compared_says_so() {
    let Some(directory) = repository("diff-errors") else {
        return;
    };
    let path = directory.path();
    for (args, code, text) in [
        (
            &["fleet", "--base", "no-such"][..],
            3,
            "`no-such` is no revision here",
        ),
        (&["fleet", "--base", "--help"], 2, "--base"),
        (&["fleet", "--base=--help"], 3, "no revision"),
        (&["nowhere"], 3, "`nowhere` is not a directory"),
        (&["fleet", "--against", "nowhere"], 3, "not a directory"),
        (
            &["fleet", "--base", "HEAD", "--against", "x"],
            2,
            "cannot be used with",
        ),
        (&["fleet", "-o", "x.pdf"], 2, "ends in"),
    ] {
        let output = diff(path, args);
        assert_eq!(output.code, code, "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains(text), "{args:?}: {}", output.stderr);
        assert_eq!(output.stdout, "");
    }
    let without = Run::new(&["diff", "fleet"])
        .current_dir(path)
        .env("PATH", "/nowhere")
        .output();
    assert_eq!(without.code, 4, "{}", without.stderr);
    assert!(without.stderr.contains("`git`, which is not installed"));

    directory.write("fleet/overlays/prod/values.yaml", "a: [\n");
    let broken = diff(path, &["fleet"]);
    assert_eq!(broken.code, 3);
    assert!(
        broken
            .stdout
            .contains("! prod (after) could not be compared"),
        "{}",
        broken.stdout
    );
    assert!(
        broken
            .stderr
            .contains("1 of 3 overlays could not be compared")
    );
}

#[test]
fn rendered_files_are_compared_in_every_form() {
    let directory = fleet("diff-against");
    let path = directory.path();
    // The chart lies beside the fleet, in the same repository.
    fs::create_dir(path.join(".git")).expect("a directory");
    fs::create_dir(path.join("rendered")).expect("a directory");
    for overlay in ["mobile", "prod", "staging"] {
        let source = format!("fleet/overlays/{overlay}");
        let rendered = Run::new(&["render", &source]).current_dir(path).output();
        assert_eq!(rendered.code, 0, "{}", rendered.stderr);
        for target in ["rendered", "fleet/golden"] {
            directory.write(&format!("{target}/{overlay}.yaml"), &rendered.stdout);
        }
    }
    for against in ["rendered", "golden"] {
        let same = diff(path, &["fleet", "--against", against]);
        assert_eq!(same.code, 0, "{}{}", same.stdout, same.stderr);
    }
    replace(path, "rendered/prod.yaml", "replicas: 1", "replicas: 2");
    let args = [
        "fleet",
        "--against",
        "rendered",
        "--format",
        "json",
        "-o",
        "r.md",
        "-o",
        "r.html",
    ];
    let changed = diff(path, &args);
    assert_eq!(
        (changed.code, changed.stderr.as_str()),
        (1, "1 of 3 overlays differ\n")
    );
    check_schema(&changed.stdout);
    assert!(changed.stdout.contains("\"spec.replicas\""));
    let file = |name: &str| fs::read_to_string(path.join(name)).expect("a report");
    assert!(file("r.md").contains("- spec.replicas: 2\n+ spec.replicas: 1\n"));
    assert!(file("r.html").contains("<th scope=\"row\">spec.replicas</th>"));
}

#[test]
fn golden_files_are_read_as_they_are_written() {
    let directory = fleet("diff-golden");
    let path = directory.path();
    fs::create_dir(path.join(".git")).expect("a directory");
    // An overlay below another directory has a longer name.
    fs::create_dir_all(path.join("fleet/overlays/team")).expect("a directory");
    fs::rename(
        path.join("fleet/overlays/mobile"),
        path.join("fleet/overlays/team/mobile"),
    )
    .expect("a moved overlay");
    let settings = path.join("fleet/jenkins-cmp.yaml");
    let plain = fs::read_to_string(&settings).expect("settings");
    for more in ["", "golden: {perResource: true}\n"] {
        fs::write(&settings, format!("{plain}{more}")).expect("a writable file");
        let update = Run::new(&["golden", "update", "fleet"])
            .current_dir(path)
            .output();
        assert_eq!(update.code, 0, "{}", update.stderr);
        for paths in [&["fleet"][..], &[], &["fleet/overlays/team"]] {
            let same = diff(path, &[paths, &["--against", "golden"]].concat());
            assert_eq!(same.code, 0, "{paths:?} {}{}", same.stdout, same.stderr);
        }
    }
    let team = path.join("fleet/golden/team/mobile");
    assert!(team.is_dir(), "one file for each resource");
    fs::remove_dir_all(&team).expect("removable files");
    let new = diff(path, &["fleet", "--against", "golden"]);
    assert_eq!((new.code, &*new.stderr), (1, "1 of 3 overlays differ\n"));
    assert!(new.stdout.contains("team/mobile"), "{}", new.stdout);
    fs::remove_dir_all(path.join("fleet/golden")).expect("removable files");
    let none = diff(path, &["fleet", "--against", "golden"]);
    assert_eq!(none.code, 3, "{}", none.stdout);
    assert!(
        none.stdout
            .contains("`jenkins-cmp golden update` writes it")
    );
}

#[test]
fn overlays_that_only_files_know_are_gone() {
    let directory = fleet("diff-gone");
    let path = directory.path();
    fs::create_dir(path.join(".git")).expect("a directory");
    let run = |args: &[&str]| {
        let output = Run::new(args).current_dir(path).output();
        assert_eq!(output.code, 0, "{}", output.stderr);
    };
    run(&["render", "--all", "fleet", "-o", "rendered"]);
    run(&["golden", "update", "fleet"]);
    fs::remove_dir_all(path.join("fleet/overlays/mobile")).expect("an overlay");
    for against in ["rendered", "golden"] {
        let gone = diff(path, &["fleet", "--against", against]);
        assert_eq!((gone.code, &*gone.stderr), (1, "1 of 3 overlays differ\n"));
        assert!(
            gone.stdout.contains("- overlay mobile removed"),
            "{}",
            gone.stdout
        );
        let other = diff(path, &["fleet/overlays/prod", "--against", against]);
        assert_eq!(other.code, 0, "{}", other.stdout);
    }
}

#[test]
fn an_overlay_in_another_directory_is_still_itself() {
    let Some(directory) = repository("diff-renamed") else {
        return;
    };
    let path = directory.path();
    let overlay = |name: &str| path.join("fleet/overlays").join(name);
    fs::create_dir(overlay("team")).expect("a directory");
    fs::rename(overlay("mobile"), overlay("team/phone")).expect("a moved overlay");
    let moved = diff(path, &["fleet", "--format", "json"]);
    check_schema(&moved.stdout);
    let report: serde_json::Value = serde_json::from_str(&moved.stdout).expect("JSON");
    let overlays = report["overlays"].as_array().expect("a list");
    assert_eq!(overlays.len(), 1, "{}", moved.stdout);
    assert_eq!(overlays[0]["name"], "team/phone");
    assert_eq!(overlays[0]["renamedFrom"], "mobile");
    assert_eq!(overlays[0]["status"], "changed");
    // From below `overlays/` to the fleet's root its short name stays, so paths are told.
    fs::rename(overlay("team/phone"), path.join("fleet/mobile")).expect("a moved overlay");
    let up = diff(path, &["fleet"]);
    assert!(
        up.stdout
            .contains("overlay overlays/mobile → mobile renamed"),
        "{}",
        up.stdout
    );
    fs::rename(path.join("fleet/mobile"), overlay("team/phone")).expect("a moved overlay");
    // The same controller twice is none that has moved.
    fs::create_dir(overlay("team/other")).expect("a directory");
    for entry in fs::read_dir(overlay("team/phone")).expect("a directory") {
        let entry = entry.expect("an entry");
        if entry.path().is_file() {
            let target = overlay("team/other").join(entry.file_name());
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
    let copied = diff(path, &["fleet"]);
    for line in ["- overlay mobile removed", "+ overlay team/phone added"] {
        assert!(copied.stdout.contains(line), "{}", copied.stdout);
    }
}

#[test]
fn reports_do_not_depend_on_the_number_of_threads() {
    let Some(directory) = repository("diff-threads") else {
        return;
    };
    let path = directory.path();
    for i in 0..20 {
        for (from, to) in [
            ("values.yaml", "values.yaml"),
            ("jenkins-cmp.yaml", "jenkins-cmp.yaml"),
        ] {
            let from = path.join("fleet/overlays/staging").join(from);
            if let Ok(text) = fs::read(&from) {
                directory.write(&format!("fleet/overlays/many-{i}/{to}"), text);
            }
        }
    }
    assert!(git(path, &["add", "."]) && git(path, &["commit", "-m", "two"]));
    directory.write("fleet/base/jobs/extra.groovy", "job('extra')\n");
    directory.write("fleet/overlays/many-7/values.yaml", "a: [\n");
    directory.write("key", "a key");
    let report = |jobs: &str| {
        let args = ["fleet", "--fingerprint-key", "key", "--format", "json"];
        let output = diff(
            path,
            &[&args[..], &["--jobs", jobs, "--parallelism", "8"]].concat(),
        );
        assert_eq!(output.code, 3, "{}", output.stderr);
        output.stdout
    };
    let one = report("1");
    assert!(one.contains("many-19") && one.contains("many-7"), "{one}");
    assert_eq!(report("8"), one);
}

#[test]
fn colours_are_for_terminals_or_whoever_asks() {
    let Some(directory) = repository("diff-colour") else {
        return;
    };
    let path = directory.path();
    directory.write("fleet/base/jobs/extra.groovy", "job('extra')\n");
    for (args, wanted) in [
        (&["fleet"][..], false),
        (&["fleet", "--color", "always"], true),
        (&["fleet", "--color", "never"], false),
    ] {
        let output = diff(path, args);
        assert_eq!(output.stdout.contains("\u{1b}[32m"), wanted, "{args:?}");
    }
    for (budget, code) in [("1999", 2), ("2000", 1), ("x", 2)] {
        let output = diff(path, &["fleet", "--budget", budget]);
        assert_eq!(output.code, code, "{budget}: {}", output.stderr);
    }
}

#[test]
fn recorded_reports_keep_the_schema() {
    let mut n = 0;
    for entry in fs::read_dir(root().join("testdata/report")).expect("test data") {
        let file = entry.expect("an entry").path().join("json.snap");
        let text = fs::read_to_string(&file).expect("a snapshot");
        let (_, json) = text[3..].split_once("\n---\n").expect("a head");
        check_schema(json);
        n += 1;
    }
    assert!(n >= 4);
}

fn check_schema(json: &str) {
    let schema = fs::read(root().join("docs/diff.schema.json")).expect("a schema");
    let schema = serde_json::from_slice(&schema).expect("a schema in JSON");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("diff.json", schema)
        .expect("a resource");
    let index = compiler
        .compile("diff.json", &mut schemas)
        .expect("a schema that holds");
    let value = serde_json::from_str(json).expect("JSON");
    if let Err(problem) = schemas.validate(&value, index) {
        panic!("{problem}");
    }
}
