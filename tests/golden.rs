//! `golden check` and `golden update`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Output, TempDir, root, run};

/// A copy of the fleet and the chart of the tests.
fn fleet(name: &str) -> (TempDir, PathBuf) {
    let dir = TempDir::new(name);
    for part in ["fleet", "charts"] {
        let top = root().join("testdata");
        for entry in walkdir::WalkDir::new(top.join(part)) {
            let entry = entry.expect("a readable tree");
            if entry.file_type().is_file() {
                let below = entry.path().strip_prefix(&top).expect("below the top");
                dir.write(
                    below.to_str().expect("UTF-8"),
                    fs::read(entry.path()).expect("a readable file"),
                );
            }
        }
    }
    dir.write(".git/HEAD", "");
    let fleet = dir.path().join("fleet");
    let _ = fs::remove_dir_all(fleet.join("golden"));
    (dir, fleet)
}

fn golden(action: &str, path: &Path) -> Output {
    run(&["golden", action, path.to_str().expect("UTF-8")])
}

#[test]
fn what_was_updated_is_as_rendered_and_passes() {
    let (_dir, fleet) = fleet("golden-update");
    let missing = golden("check", &fleet);
    assert_eq!(missing.code, 1, "{}", missing.stderr);
    assert!(
        missing
            .stdout
            .contains("golden/prod.yaml: missing\n--- golden/prod.yaml\n")
    );
    let update = golden("update", &fleet);
    assert_eq!((update.code, update.stderr.as_str()), (0, ""));
    assert_eq!(
        update.stdout,
        "golden/mobile.yaml: new\ngolden/prod.yaml: new\ngolden/staging.yaml: new\n"
    );
    let prod = fleet.join("overlays/prod");
    let rendered = run(&["render", prod.to_str().unwrap()]).stdout;
    let written = fs::read_to_string(fleet.join("golden/prod.yaml")).unwrap();
    assert_eq!(written, rendered);
    let check = golden("check", &fleet);
    assert_eq!((check.code, check.stdout.as_str()), (0, ""));
    assert_eq!(golden("update", &fleet).stdout, "", "nothing changes");
}

#[test]
fn a_change_is_shown_as_a_difference() {
    let (dir, fleet) = fleet("golden-change");
    assert_eq!(golden("update", &fleet).code, 0);
    dir.write(
        "fleet/overlays/staging/jenkins-cmp.yaml",
        "release:\n  name: staging\n  namespace: elsewhere\n",
    );
    fs::remove_file(fleet.join("golden/prod.yaml")).unwrap();
    dir.write("fleet/golden/gone.yaml", "");
    dir.write("fleet/golden/README.md", "not ours\n");
    let check = golden("check", &fleet);
    assert_eq!(check.code, 1);
    for text in [
        "golden/staging.yaml: differs\n--- golden/staging.yaml\n+++ rendered\n@@ ",
        "-  namespace: ci-staging\n",
        "+  namespace: elsewhere\n",
        "golden/prod.yaml: missing\n",
        "golden/gone.yaml: stale, no overlay renders to it\n",
    ] {
        assert!(check.stdout.contains(text), "{text}: {}", check.stdout);
    }
    assert!(
        check.stderr.contains("3 golden files differ"),
        "{}",
        check.stderr
    );
    let prod = golden("check", &fleet.join("overlays/prod"));
    assert!(!prod.stdout.contains("staging") && !prod.stdout.contains("gone"));
    assert_eq!(golden("update", &fleet).code, 0);
    assert!(!fleet.join("golden/gone.yaml").exists());
    assert!(fleet.join("golden/README.md").exists());
    assert_eq!(golden("check", &fleet).code, 0);
}

#[test]
fn a_broken_overlay_is_an_error_and_the_others_are_compared() {
    let (dir, fleet) = fleet("golden-broken");
    assert_eq!(golden("update", &fleet).code, 0);
    dir.write("fleet/overlays/prod/values.yaml", "a: [\n");
    dir.write("fleet/golden/staging.yaml", "old\n");
    let check = golden("check", &fleet);
    assert_eq!(check.code, 3);
    assert!(check.stdout.contains("golden/staging.yaml: differs"));
    assert!(
        check.stderr.contains("overlays/prod/values.yaml:"),
        "{}",
        check.stderr
    );
}

#[test]
fn resources_can_have_files_of_their_own() {
    let (dir, fleet) = fleet("golden-resources");
    assert_eq!(golden("update", &fleet).code, 0);
    dir.write(
        "fleet/overlays/prod/jenkins-cmp.yaml",
        "release: {name: jenkins, namespace: ci-prod}\nvars: {images: []}\n\
         golden: {perResource: true}\n",
    );
    let update = golden("update", &fleet);
    assert_eq!(update.code, 0, "{}", update.stderr);
    assert!(
        update.stdout.contains("golden/prod.yaml: removed\n"),
        "{}",
        update.stdout
    );
    let service = fleet.join("golden/prod/service-jenkins.yaml");
    let service = fs::read_to_string(service).expect("a file of its own");
    assert!(service.starts_with("---\n") && service.contains("kind: Service"));
    assert_eq!(golden("check", &fleet).code, 0);
    let update = golden("update", &fleet.join("overlays/staging"));
    assert_eq!((update.code, update.stdout.as_str()), (0, ""));
}

#[test]
fn several_fleets_have_their_own_files() {
    let (dir, first) = fleet("golden-fleets");
    let second = dir.path().join("more/second");
    for entry in walkdir::WalkDir::new(&first) {
        let entry = entry.expect("a readable tree");
        if entry.file_type().is_file() {
            let below = entry.path().strip_prefix(&first).expect("below the fleet");
            let text = fs::read_to_string(entry.path()).expect("text");
            // The chart lies one directory further away.
            let text = text.replace("path: ../charts", "path: ../../charts");
            dir.write(&format!("more/second/{}", below.display()), text);
        }
    }
    let top = dir.path();
    let update = golden("update", top);
    assert_eq!(update.code, 0, "{}", update.stderr);
    for line in [
        "fleet/golden/prod.yaml: new\n",
        "more/second/golden/prod.yaml: new\n",
    ] {
        assert!(update.stdout.contains(line), "{line}: {}", update.stdout);
    }
    assert!(!top.join("golden").exists());
    // From above and from inside is the same.
    for path in [top, &first, &second] {
        let check = golden("check", path);
        assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{path:?}");
    }
    dir.write("more/second/golden/gone.yaml", "");
    let check = golden("check", top);
    assert_eq!(check.code, 1);
    assert_eq!(
        check.stdout,
        "more/second/golden/gone.yaml: stale, no overlay renders to it\n"
    );
    // Two overlays of one name do not meet in one file.
    let out = top.join("out");
    let render = run(&[
        "render",
        "--all",
        top.to_str().unwrap(),
        "-o",
        out.to_str().unwrap(),
    ]);
    assert_eq!(render.code, 0, "{}", render.stderr);
    assert!(out.join("fleet/prod.yaml").exists());
    assert!(out.join("more/second/prod.yaml").exists());
}

#[test]
fn every_stale_file_is_found_by_one_share() {
    let (dir, fleet) = fleet("golden-shards");
    assert_eq!(golden("update", &fleet).code, 0);
    dir.write("fleet/golden/gone.yaml", "");
    dir.write("fleet/golden/prod/service-jenkins.yaml", "");
    let stale = |shard: &str| {
        let path = fleet.to_str().expect("UTF-8");
        run(&["golden", "check", path, "--shard", shard]).stdout
    };
    let all: Vec<String> = ["1/3", "2/3", "3/3"].map(stale).into();
    let all = all.concat();
    assert_eq!(all.matches("golden/gone.yaml: stale").count(), 1, "{all}");
    let other = "golden/prod/service-jenkins.yaml: stale";
    assert_eq!(all.matches(other).count(), 1, "{all}");
}

#[test]
fn differences_show_no_secret() {
    let (dir, fleet) = fleet("golden-secrets");
    let secret = |text: &str| {
        let data = format!("stringData:\n  user: {text}\n  b: |\n    {text}\n");
        let text = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: mine}}\n{data}");
        dir.write("fleet/base/manifests/mine.yaml", text);
    };
    secret("hunter2");
    assert_eq!(golden("update", &fleet).code, 0);
    secret("hunter2-new");
    let check = golden("check", &fleet);
    assert_eq!(check.code, 1, "{}", check.stderr);
    assert!(!check.stdout.contains("hunter2"), "{}", check.stdout);
    assert!(
        check.stdout.contains("-  user: ‹secret "),
        "{}",
        check.stdout
    );
    assert!(
        check.stdout.contains("+  user: ‹secret "),
        "{}",
        check.stdout
    );
}
