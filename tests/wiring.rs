//! `doctor` and `applications`.

use std::fs;
use std::path::Path;

use crate::support::{self, Output, Run, TempDir};

fn snapshot(name: &str, text: &str) {
    let path = support::root().join("testdata/wiring");
    insta::with_settings!({snapshot_path => path, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

/// A repository with the fleet of testdata in `jenkins/`, and a big file beside it.
fn repository() -> TempDir {
    let top = TempDir::new("wiring");
    copy(
        &support::root().join("testdata/fleet"),
        &top.path().join("jenkins"),
    );
    copy(
        &support::root().join("testdata/charts"),
        &top.path().join("charts"),
    );
    top.write(".git/HEAD", "x".repeat(5000));
    top.write("elsewhere/big", "x".repeat(3000));
    top
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

fn run(top: &TempDir, args: &[&str]) -> Output {
    Run::new(args).current_dir(top.path()).output()
}

fn doctor(top: &TempDir, manifests: &str) -> Output {
    top.write("app.yaml", manifests);
    run(top, &["doctor", "app.yaml"])
}

const URL: &[&str] = &["--repo-url", "https://git.example.com/g.git"];

#[test]
fn the_doctor_finds_nothing_in_our_own_applications() {
    let top = repository();
    for set in [&[][..], &["--set", "jenkins"]] {
        let args = [&["applications", "jenkins"], URL, set].concat();
        let output = run(&top, &args);
        assert_eq!((output.code, &*output.stderr), (0, ""));
        let checked = doctor(&top, &output.stdout);
        assert_eq!(checked.code, 0, "{}{}", checked.stdout, output.stdout);
        assert!(
            checked.stdout.ends_with("no findings\n"),
            "{}",
            checked.stdout
        );
    }
}

#[test]
fn applications_are_recorded() {
    let top = repository();
    let args = [&["applications", "jenkins/overlays/prod"], URL].concat();
    snapshot("application", &run(&top, &args).stdout);
    let args = [&["applications", "jenkins", "--set", "fleet"], URL].concat();
    snapshot("application_set", &run(&top, &args).stdout);
}

#[test]
fn sizes_are_those_of_the_common_directory() {
    let top = repository();
    let size = |path: &str| -> u64 {
        let files = walkdir::WalkDir::new(top.path().join(path));
        let sizes = files.into_iter().map(|entry| {
            let metadata = entry.expect("an entry").metadata().expect("metadata");
            if metadata.is_file() {
                metadata.len()
            } else {
                0
            }
        });
        sizes.sum()
    };
    let output = run(&top, &["applications", "jenkins/overlays/prod", "--sizes"]);
    let whole = size("jenkins") + size("charts") + size("elsewhere");
    let wanted = format!("{whole}\tjenkins-prod\t(the whole repository)\n");
    assert_eq!(output.stdout, wanted, "{}", output.stderr);
    // With the charts inside of the fleet that is all that is sent.
    fs::rename(top.path().join("charts"), top.path().join("jenkins/charts")).expect("a move");
    let settings = top.path().join("jenkins/jenkins-cmp.yaml");
    let text = fs::read_to_string(&settings).expect("settings");
    fs::write(settings, text.replace("../charts", "charts")).expect("settings");
    let output = run(&top, &["applications", "jenkins/overlays/prod", "--sizes"]);
    let wanted = format!("{}\tjenkins-prod\tjenkins\n", size("jenkins"));
    assert_eq!(output.stdout, wanted, "{}", output.stderr);
}

#[test]
fn applications_list_values_and_links_elsewhere() {
    let top = repository();
    top.write("jenkins/shared/more.yaml", "{}");
    top.write("shared/jobs/x.groovy", "");
    top.write(
        "jenkins/overlays/prod/jenkins-cmp.yaml",
        "release: {name: jenkins, namespace: ci-prod, pinned: true}\n\
         values: [values.yaml, ../../shared/more.yaml]\nvars: {images: [a]}\n",
    );
    let link = top.path().join("jenkins/overlays/prod/jobs/shared");
    std::os::unix::fs::symlink("../../../../shared/jobs", link).expect("a link");
    let args = [&["applications", "jenkins/overlays/prod"], URL].concat();
    let output = run(&top, &args);
    let wanted = "manifest-generate-paths: /charts/jenkins;/jenkins/base;/jenkins/jenkins-cmp.yaml;\
                  /shared/jobs;.;/jenkins/shared/more.yaml\n";
    assert!(
        output.stdout.contains(wanted),
        "{}{}",
        output.stdout,
        output.stderr
    );
    // The file pins the release's name, so that no parameter has to.
    assert!(!output.stdout.contains("releaseName"), "{}", output.stdout);
}

#[test]
fn charts_and_bases_hold_no_overlays() {
    let top = repository();
    top.write("jenkins/charts/other/Chart.yaml", "");
    top.write("jenkins/charts/other/ci/values.yaml", "");
    top.write("jenkins/base/more/values.yaml", "");
    let output = run(&top, &["applications", "jenkins", "--sizes"]);
    assert_eq!(output.stdout.lines().count(), 3, "{}", output.stdout);
}

#[test]
fn applications_of_one_name_are_refused() {
    let top = repository();
    copy(&top.path().join("jenkins"), &top.path().join("other"));
    let output = run(&top, &[&["applications"], URL].concat());
    assert_eq!((output.code, &*output.stdout), (3, ""));
    assert!(
        output
            .stderr
            .contains("would both be the Application `jenkins-mobile`"),
        "{}",
        output.stderr
    );
}

/// An Application for `prod` with the annotation `paths` and `more` in its spec.
fn application(paths: &str, plugin: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: jenkins
  namespace: argocd
  annotations:
    argocd.argoproj.io/manifest-generate-paths: '{paths}'
spec:
  source: {{repoURL: u, path: jenkins/overlays/prod, plugin: {plugin}{more}}}
  destination: {{server: s, namespace: ci-prod}}
"
    )
}

const PLUGIN: &str = "{name: jenkins-cmp-v0.1}";
const PATHS: &str = "/charts/jenkins;/jenkins/base;/jenkins/jenkins-cmp.yaml;.";

#[test]
fn findings_come_with_their_patches() {
    let top = repository();
    let mut all = String::new();
    for (title, manifests) in [
        ("no annotation", application("", PLUGIN, "")),
        (
            "a base left out",
            application("/charts;/jenkins/*.yaml;.", PLUGIN, ""),
        ),
        ("spaces", application("/charts; /jenkins; .", PLUGIN, "")),
        (
            "order",
            application("/jenkins/overlays/staging;/", PLUGIN, ""),
        ),
        ("no version", application(PATHS, "{name: jenkins-cmp}", "")),
        ("no name", application(PATHS, "{}", "")),
        ("two tools", application(PATHS, PLUGIN, ", helm: {}")),
        (
            "parameter",
            application(
                PATHS,
                "{name: jenkins-cmp-v0.1, parameters: [{name: valeus, string: x}]}",
                "",
            ),
        ),
        (
            "directory",
            application(PATHS, PLUGIN, "").replace("overlays/prod", "overlays/gone"),
        ),
        (
            "settings of Argo CD",
            "kind: ConfigMap\napiVersion: v1\nmetadata: {name: argocd-cmd-params-cm}\n\
             data: {reposerver.plugin.tar.exclusions: 'docs/*', \
             server.repo.server.timeout.seconds: '300'}\n"
                .to_owned(),
        ),
        (
            "plugin.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: ConfigManagementPlugin\nmetadata: {name: jenkins-cmp}\nspec:\n  \
             allowConcurrency: true\n  verison: v1\n  discover: {fileName: values.yaml}\n  \
             generate: {command: [/usr/local/bin/jenkins-cmp, generate, --colour]}\n  \
             init: {command: [bash, -c, 'helm repo update']}\n  parameters: {static: [\
             {name: set}, {name: namespase}, {name: values, string: x}]}\n"
                .to_owned(),
        ),
    ] {
        let output = doctor(&top, &manifests);
        assert_eq!(
            output.code, 1,
            "{title}: {}{}",
            output.stdout, output.stderr
        );
        all.push_str(&format!("=== {title}\n{}", output.stdout));
    }
    snapshot("findings", &all);
}

#[test]
fn what_is_not_looked_at_is_said() {
    let top = repository();
    for (manifests, note) in [
        (
            "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {name: s}, spec: \
             {generators: [{matrix: {}}], template: {spec: {source: {plugin: {name: \
             jenkins-cmp-v0.1}}}}}}",
            "only `list` and `git.directories` generators are followed",
        ),
        (
            "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {name: s}, spec: \
             {generators: [{list: {elements: [{a: b}]}}], template: {metadata: {name: \
             '{{ .a | upper }}'}, spec: {source: {plugin: {name: jenkins-cmp-v0.1}}}}}}",
            "`{{ .a | upper }}` is not followed",
        ),
        (
            "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: \
             {source: {path: x, helm: {}}}}",
            "Application a does not use the plugin",
        ),
        (
            "{apiVersion: v1, kind: Secret, metadata: {name: a}}",
            "Secret a is not looked at",
        ),
        ("# Only a comment.\n", "holds no object"),
    ] {
        let output = doctor(&top, manifests);
        assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
        assert!(output.stdout.contains(note), "{}", output.stdout);
    }
}

#[test]
fn applications_with_several_sources_are_followed() {
    let top = repository();
    let manifests = application(PATHS, PLUGIN, "")
        .replace("source: {", "sources: [{repoURL: v, path: other}, {")
        .replace("v0.1}}", "v0.1}}]");
    let output = doctor(&top, &manifests);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    let output = doctor(&top, &manifests.replace("-v0.1", ""));
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        output
            .stdout
            .contains("hint: set `plugin.name: jenkins-cmp-v0.1` in that entry of `spec.sources`"),
        "{}",
        output.stdout
    );
}

#[test]
fn objects_too_big_for_client_side_apply_are_found() {
    let top = repository();
    let big = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big}}\ndata: {{a: {}}}\n",
        "x".repeat(250_000)
    );
    top.write("jenkins/overlays/prod/manifests/big.yaml", big);
    let output = doctor(&top, &application(PATHS, PLUGIN, ""));
    assert_eq!(output.code, 1, "{}", output.stderr);
    snapshot("big", &output.stdout);
    let manifests =
        application(PATHS, PLUGIN, "") + "  syncPolicy: {syncOptions: [ServerSideApply=true]}\n";
    assert_eq!(doctor(&top, &manifests).code, 0);
}

#[test]
fn the_files_in_deploy_are_sound() {
    let deploy = support::root().join("deploy");
    let top = TempDir::new("deploy");
    for path in [
        "jenkins/base/values.yaml",
        "jenkins/overlays/prod/values.yaml",
    ] {
        top.write(path, "");
    }
    copy(
        &support::root().join("testdata/charts/jenkins"),
        &top.path().join("jenkins/charts/jenkins"),
    );
    top.write("jenkins/jenkins-cmp.yaml", "chart: {version: 1.2.0}\n");
    let mut args = vec!["doctor".to_owned()];
    for name in ["application", "applicationset", "argocd-cmd-params-cm"] {
        args.push(deploy.join(format!("{name}.yaml")).display().to_string());
    }
    args.push(support::root().join("plugin.yaml").display().to_string());
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = run(&top, &args);
    assert_eq!(output.stdout, "no findings\n", "{}", output.stderr);
    assert_eq!(output.code, 0);
}

#[test]
fn the_container_is_looked_at() {
    let root = TempDir::new("container");
    let plugin = fs::read_to_string(support::root().join("plugin.yaml")).expect("plugin.yaml");
    root.write("home/argocd/cmp-server/config/plugin.yaml", plugin);
    root.write("home/argocd/cmp-server/plugins/jenkins-cmp-v0.1.sock", "");
    root.write("var/run/argocd/argocd-cmp-server", "");
    root.write("usr/local/bin/jenkins-cmp", "");
    root.write("tmp/x", "");
    let look = || {
        let path = root.path().to_str().expect("UTF-8");
        let output = support::run(&["doctor", "--root", path]);
        // Who runs the tests is not ours to choose.
        let lines = output.stdout.split("container: runs as user");
        let parts: Vec<&str> = lines.collect();
        match parts[..] {
            [_, rest] => rest
                .split_once("runAsUser: 999\n")
                .expect("a patch")
                .1
                .to_owned(),
            _ => output.stdout,
        }
    };
    assert!(
        !look().contains("patch:") && !look().contains("hint:"),
        "{}",
        look()
    );
    root.write("tmp/reposerver-ask-pass.sock", "");
    root.write("tmp/_cmp_server/1/.git/HEAD", "");
    for gone in [
        "home/argocd/cmp-server/plugins/jenkins-cmp-v0.1.sock",
        "var/run/argocd/argocd-cmp-server",
        "usr/local/bin/jenkins-cmp",
    ] {
        fs::remove_file(root.path().join(gone)).expect("a file");
    }
    let found = look();
    let (found, _count) = found.trim_end().rsplit_once('\n').expect("lines");
    snapshot("container", found);
}

#[test]
fn the_doctor_refuses_what_it_cannot_read() {
    let top = repository();
    for (text, problem) in [("a: [", "app.yaml:1"), ("- 1\n", "app.yaml:1")] {
        let output = doctor(&top, text);
        assert_eq!((output.code, &*output.stdout), (3, ""), "{}", output.stderr);
        assert!(output.stderr.contains(problem), "{}", output.stderr);
    }
    let output = run(&top, &["doctor", "gone.yaml"]);
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("failed to read gone.yaml"),
        "{}",
        output.stderr
    );
}
