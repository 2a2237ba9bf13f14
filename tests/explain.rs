//! `values` and `settings`, completions, manual pages, the texts of `--help`.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Run, TempDir, note, root, run};

/// A small fleet with every kind of layer.
fn fleet(name: &str) -> TempDir {
    let dir = TempDir::new(name);
    dir.write(".git/HEAD", "");
    dir.write(
        "charts/jenkins/Chart.yaml",
        "apiVersion: v2\nname: jenkins\nversion: 1.0.0\n",
    );
    dir.write(
        "charts/jenkins/values.yaml",
        "# defaults\ncontroller:\n  numExecutors: 0\n  image:\n    tag: lts\n",
    );
    dir.write(
        "jenkins-cmp.yaml",
        "chart:\n  version: 1.0.0\nrelease:\n  name: jenkins\n",
    );
    dir.write(
        "base/values.yaml",
        "controller:\n  # two\n  numExecutors: 2\n",
    );
    dir.write("o/prod/jenkins-cmp.yaml", "release:\n  namespace: ci\n");
    dir.write(
        "o/prod/values.yaml",
        "controller:\n  numExecutors: 3\n  image: null\n",
    );
    dir.write(
        "o/prod/values.patch.yaml",
        "- op: replace\n  path: /controller/numExecutors\n  value: 4\n",
    );
    dir
}

const PARAMETERS: &str = r#"[{"name": "values", "string": "controller:\n  numExecutors: 5\n"},
    {"name": "set", "map": {"controller.numExecutors": "6"}}]"#;

#[test]
fn every_layer_of_a_value_has_its_line() {
    let dir = fleet("explain-value");
    let path = dir.path().join("o/prod");
    let output = Run::new(&["values", "--explain", "controller.numExecutors"])
        .current_dir(&path)
        .env("ARGOCD_APP_PARAMETERS", PARAMETERS)
        .output();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(output.stdout, @r"
       chart defaults  charts/jenkins: values.yaml:3  0
       base            base/values.yaml:3  2
       overlay         o/prod/values.yaml:2  3
       patch           o/prod/values.patch.yaml:1  replace /controller/numExecutors
       parameter       `values`:2  5
    -> parameter       `set` controller.numExecutors  6
    controller.numExecutors: 6
    ");
    let path = path.to_str().unwrap();
    let deleted = run(&["values", path, "--explain", "controller.image.tag"]);
    insta::assert_snapshot!(deleted.stdout, @r"
       chart defaults  charts/jenkins: values.yaml:5  lts
    -> overlay         o/prod/values.yaml:3  null, which deletes it
    controller.image.tag is not set
    ");
    let map = run(&["values", path, "--explain", "controller"]);
    insta::assert_snapshot!(map.stdout, @r"
       chart defaults  charts/jenkins: values.yaml:2  a map with 2 keys
       base            base/values.yaml:1  a map with 1 key
       overlay         o/prod/values.yaml:1  a map with 2 keys
    -> patch           o/prod/values.patch.yaml:1  replace /controller/numExecutors
    controller:
      numExecutors: 4
    ");
    let unknown = run(&["values", path, "--explain", "controller.none"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (3, ""));
    assert_eq!(unknown.stderr, "no layer sets `controller.none`\n");
}

#[test]
fn explanations_hide_secrets_unless_asked_for() {
    let dir = fleet("explain-secrets");
    dir.write(
        "o/prod/values.yaml",
        "controller:\n  admin:\n    username: boss\n    password: hunter2\n  JCasC: |\n    a: b\n    \
         token: hunter2\n",
    );
    dir.write(
        "o/prod/jenkins-cmp.yaml",
        "release:\n  namespace: ci\nvars:\n  apiToken: hunter2\n  domain: example.com\n",
    );
    let path = dir.path().join("o/prod");
    let path = path.to_str().unwrap();
    let password = "controller.admin.password";
    for args in [
        &["values", path, "--explain", password][..],
        &["values", path, "--explain", "controller"],
        &["values", path, "--explain", "controller.JCasC"],
        &["settings", path],
        &["settings", path, "--explain"],
    ] {
        let output = run(args);
        assert_eq!(output.code, 0, "{}", output.stderr);
        assert!(
            !output.stdout.contains("hunter2"),
            "{args:?}: {}",
            output.stdout
        );
        assert!(
            output.stdout.contains("‹secret›"),
            "{args:?}: {}",
            output.stdout
        );
    }
    let values = run(&["values", path]).stdout;
    assert!(
        values.contains("password: hunter2\n") && values.contains("token: hunter2\n"),
        "{values}"
    );
    let shown = run(&["values", path, "--explain", password, "--show-secrets"]);
    assert!(
        shown.stdout.ends_with("password: hunter2\n"),
        "{}",
        shown.stdout
    );
}

#[test]
fn messages_show_no_secret() {
    let dir = fleet("explain-messages");
    dir.write(
        "charts/jenkins/templates/a.yaml",
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: jenkins}\n",
    );
    let path = dir.path().join("o/prod");
    let path = path.to_str().unwrap();
    for (file, text) in [
        ("values.yaml", "controller:\n  password: hunter2 : x\n"),
        ("values.yaml", "controller: {password: hunter2]}\n"),
        ("values.yaml", "controller:\n  password: !!int hunter2\n"),
        (
            "values.yaml",
            "controller:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n   hunter2\n",
        ),
        (
            "values.yaml",
            "controller:\n  token: |\n    hunter2\n   hunter2\n",
        ),
        ("casc/a.yaml", "a:\n  password: hunter2 : x\n"),
        ("casc/a.yaml.j2", "token: hunter2 {{ nothing }}\n"),
        (
            "manifests/a.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {p: hunter2]}\n",
        ),
        (
            "manifests/a.yaml",
            "kind: Secret\nstringData:\n  p: hunter2: x\n",
        ),
        ("jenkins-cmp.yaml", "vars: {password: hunter2]}\n"),
    ] {
        let file = dir.write(&format!("o/prod/{file}"), text);
        let output = run(&["render", path]);
        assert_eq!(output.code, 3, "{text}: {}", output.stderr);
        assert!(
            !output.stderr.contains("hunter2"),
            "{text}: {}",
            output.stderr
        );
        assert!(
            output.stderr.contains("‹secret›"),
            "{text}: {}",
            output.stderr
        );
        fs::remove_file(file).expect("a removable file");
        dir.write("o/prod/jenkins-cmp.yaml", "release:\n  namespace: ci\n");
        dir.write("o/prod/values.yaml", "{}\n");
    }
}

#[test]
fn messages_of_charts_show_no_secret() {
    let dir = fleet("explain-chart-messages");
    dir.write("o/prod/values.yaml", "controller:\n  password: hunter2\n");
    let path = dir.path().join("o/prod");
    for text in [
        r#"{{ fail (print "bad password " .Values.controller.password) }}"#,
        r#"{{ include .Values.controller.password . }}"#,
        r#"{{ urlParse (print "http://u:" .Values.controller.password "@[:x") }}"#,
        r#"{{ regexFind (print "(" .Values.controller.password) "a" }}"#,
        r#"{{ .Values.controller.password }}"#,
    ] {
        dir.write("charts/jenkins/templates/a.yaml", text);
        let output = run(&["render", path.to_str().unwrap()]);
        assert_eq!(output.code, 3, "{text}: {}", output.stderr);
        let shown = output.stderr;
        assert!(!shown.contains("hunter2"), "{text}: {shown}");
        assert!(shown.contains("templates/a.yaml"), "{text}: {shown}");
    }
}

#[test]
fn keys_that_the_chart_does_not_know_are_warned_about() {
    let dir = fleet("explain-unknown");
    dir.write(
        "o/prod/values.yaml",
        "controller:\n  numExecuters: 3\nmaster: {}\n",
    );
    let path = dir.path().join("o/prod");
    let output = run(&["values", path.to_str().unwrap()]);
    assert_eq!(output.code, 0);
    insta::assert_snapshot!(output.stderr, @r"
    warning: the chart does not know the value `controller.numExecuters`
    hint: did you mean `numExecutors`?
    warning: the chart does not know the value `master`
    ");
}

#[test]
fn values_are_the_merged_ones() {
    let dir = fleet("explain-values");
    let path = dir.path().join("o/prod");
    let output = run(&["values", path.to_str().unwrap()]);
    assert_eq!(
        output.stdout, "controller:\n  numExecutors: 4\n",
        "{}",
        output.stderr
    );
}

#[test]
fn settings_say_where_they_come_from() {
    let dir = fleet("explain-settings");
    let path = dir.path().join("o/prod");
    let path = path.to_str().unwrap();
    let output = run(&["settings", path]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(output.stdout, @r"
    bases:
    - base
    chart:
      path: charts/jenkins
      version: 1.0.0
    helmCompat: 4
    release:
      name: jenkins
      namespace: ci
    ");
    let output = Run::new(&["settings", path, "--explain", "-n", "other"])
        .env("ARGOCD_ENV_RELEASE_NAME", "r")
        .output();
    insta::assert_snapshot!(output.stdout, @r#"
    chart.version: "1.0.0"  # jenkins-cmp.yaml:2
    release.name: "r"  # the variable ARGOCD_ENV_RELEASE_NAME
    release.namespace: "other"  # --namespace
    bases: ["base"]  # by default
    chart.path: "charts/jenkins"  # by default
    helmCompat: 4  # by default
    "#);
}

/// The paths of all settings; what has no settings below it is one.
fn paths(settings: &Value, path: &str, out: &mut BTreeSet<String>) {
    match settings {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                paths(value, &path, out);
            }
        }
        _ => {
            out.insert(path.to_owned());
        }
    }
}

#[test]
fn the_page_on_settings_lists_every_setting() {
    let settings = jenkins_cmp::app::settings::Settings::default();
    let mut known = BTreeSet::new();
    paths(&serde_json::to_value(settings).unwrap(), "", &mut known);
    let page = fs::read_to_string(root().join("docs/settings.md")).unwrap();
    let (_, table) = page.split_once("| setting |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let listed = table.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `")?.split_once('`')?;
        Some(name.to_owned())
    });
    assert_eq!(listed.collect::<BTreeSet<_>>(), known);
}

#[test]
fn completions_and_manual_pages_are_written() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.code, 0);
        assert!(output.stdout.contains("golden"), "{shell}");
    }
    assert_eq!(run(&["completions", "nosh"]).code, 2);
    let dir = TempDir::new("man");
    let pages = dir.path().join("pages");
    assert_eq!(run(&["man", pages.to_str().unwrap()]).code, 0);
    for page in [
        "jenkins-cmp.1",
        "jenkins-cmp-render.1",
        "jenkins-cmp-golden-check.1",
    ] {
        assert!(pages.join(page).exists(), "{page}");
    }
}

#[test]
fn bash_completes_commands_options_and_values() {
    let script = run(&["completions", "bash"]).stdout;
    let words = |line: &[&str]| -> Option<String> {
        let (last, before) = line.split_last()?;
        let call = format!(
            "{script}\nCOMP_WORDS=({0} {last:?})\nCOMP_CWORD={1}\n\
             _jenkins__cmp jenkins-cmp {last:?} {2}\necho \"${{COMPREPLY[*]}}\"",
            before.join(" "),
            before.len(),
            before.last()?,
        );
        let output = Command::new("bash").args(["-c", &call]).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if words(&["jenkins-cmp", ""]).is_none() {
        return note("the completions for bash are not tried: there is no bash");
    }
    for (line, wanted) in [
        (&["jenkins-cmp", "dif"][..], "diff"),
        (&["jenkins-cmp", "diff", "--bas"], "--base"),
        (&["jenkins-cmp", "diff", "--format", "m"], "markdown"),
        (&["jenkins-cmp", "golden", "che"], "check"),
        (&["jenkins-cmp", "golden", "check", "--shar"], "--shard"),
    ] {
        assert_eq!(words(line).as_deref(), Some(wanted), "{line:?}");
    }
}

#[test]
fn help_texts() {
    let help = |args: &[&str]| {
        let output = run(args);
        assert_eq!(output.code, 0, "{}", output.stderr);
        // Lines without words end in blanks where a text is empty.
        let lines = output.stdout.lines().map(str::trim_end);
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!("help", help(&["--help"]));
    insta::assert_snapshot!("help_diff", help(&["diff", "--help"]));
    insta::assert_snapshot!("help_render", help(&["render", "--help"]));
    insta::assert_snapshot!("help_golden_check", help(&["golden", "check", "--help"]));
    insta::assert_snapshot!("help_values", help(&["values", "--help"]));
    insta::assert_snapshot!("help_settings", help(&["settings", "--help"]));
}
