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
