//! The hooks of plugin.yaml in the surroundings that Argo CD makes.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{self, Output, Run, TempDir};

fn overlay(path: &str) -> PathBuf {
    support::root().join("testdata").join(path)
}

const PROD: &str = "fleet/overlays/prod";

/// What repo-server gives to `generate`.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("PWD", "/home/argocd"),
    ("ARGOCD_APP_NAME", "jenkins"),
    ("ARGOCD_APP_NAMESPACE", "ci-prod"),
    ("ARGOCD_APP_PROJECT_NAME", "default"),
    (
        "ARGOCD_APP_REVISION",
        "0123456789abcdef0123456789abcdef01234567",
    ),
    ("ARGOCD_APP_SOURCE_PATH", "jenkins/overlays/prod"),
    ("ARGOCD_APP_SOURCE_TARGET_REVISION", ""),
    ("KUBE_VERSION", "1.34.1"),
    ("KUBE_API_VERSIONS", "v1,v1/Pod,apps/v1"),
    ("ARGOCD_APP_PARAMETERS", "null"),
];

/// Runs a hook in an overlay, `more` over the environment.
fn hook(name: &str, path: &str, more: &[(&str, &str)]) -> Output {
    let mut run = Run::new(&[name]).current_dir(&overlay(path));
    for (name, value) in ENVIRONMENT.iter().chain(more) {
        run = run.env(name, value);
    }
    run.output()
}

fn generate(more: &[(&str, &str)]) -> Output {
    hook("generate", PROD, more)
}

/// What `generate` prints in the ordinary surroundings.
fn ordinary() -> String {
    let output = generate(&[]);
    assert_eq!((output.code, &*output.stderr), (0, ""));
    output.stdout
}

#[test]
fn generate_prints_what_render_prints() {
    let path = overlay(PROD);
    let rendered = support::run(&["render", path.to_str().expect("UTF-8")]);
    assert_eq!(ordinary(), rendered.stdout);
}

#[test]
fn nothing_changes_with_what_argo_cd_has_nothing_to_say_about() {
    let wanted = ordinary();
    let mut versions = String::from("v1");
    for n in 0.. {
        if versions.len() >= 100 * 1024 {
            break;
        }
        write!(versions, ",group{n}.example.com/v1/Kind{n}").expect("a string");
    }
    for more in [
        [("ARGOCD_APP_NAME", "argocd-teams_jenkins")],
        [("ARGOCD_APP_PARAMETERS", "")],
        [("ARGOCD_APP_PARAMETERS", "[]")],
        [("ARGOCD_ENV_CHART_VERSION", "")],
        [("ARGOCD_ENV_UNKNOWN", "x")],
        [("PARAM_NAMESPACE", "other")],
        [("PWD", "")],
        [("KUBE_VERSION", "")],
        [("KUBE_API_VERSIONS", &*versions)],
        [(
            "ARGOCD_APP_PARAMETERS",
            r#"[{"name":"values","string":""},{"name":"set","map":{}}]"#,
        )],
    ] {
        let output = generate(&more);
        assert_eq!(output.code, 0, "{}: {}", more[0].0, output.stderr);
        assert_eq!(output.stdout, wanted, "{}", more[0].0);
    }
}

#[test]
fn hostile_values_are_refused_in_one_message() {
    let long = "a".repeat(100_000);
    for (name, value, message) in [
        (
            "ARGOCD_ENV_CHART_VERSION",
            "../../../etc",
            "`chart.version` is ../../../etc",
        ),
        (
            "ARGOCD_ENV_INSTALL_TARGET_NAMESPACE",
            "a\nb: c",
            "is no name for a namespace",
        ),
        (
            "ARGOCD_ENV_INSTALL_TARGET_NAMESPACE",
            "$(id)",
            "is no name for a namespace",
        ),
        ("ARGOCD_ENV_RELEASE_NAME", "-f", "is no name for a release"),
        ("ARGOCD_ENV_RELEASE_NAME", &long, "is no name for a release"),
        ("ARGOCD_APP_NAME", "_", "is no name for a release"),
        ("ARGOCD_APP_PARAMETERS", "{}", "no JSON array of parameters"),
        (
            "ARGOCD_APP_PARAMETERS",
            "[1]",
            "no JSON array of parameters",
        ),
        (
            "ARGOCD_APP_PARAMETERS",
            r#"[{"name":"set","map":{"a[99999999]":"x"}}]"#,
            "the parameter `set`: cannot set `a[99999999]`",
        ),
        (
            "ARGOCD_APP_PARAMETERS",
            r#"[{"name":"values","string":"a: [s3cret"}]"#,
            "the parameter `values`",
        ),
    ] {
        let output = generate(&[(name, value)]);
        let shown = &output.stderr[..output.stderr.len().min(400)];
        assert_eq!(output.code, 3, "{name}: {shown}");
        assert_eq!(output.stdout, "", "{name}");
        assert!(output.stderr.contains(message), "{name}: {shown}");
        assert!(!output.stderr.contains("s3cret"), "{name}: {shown}");
        assert!(output.stderr.len() < 4096, "{name}: {shown}");
    }
}

#[test]
fn discover_takes_overlays_and_nothing_else() {
    for (path, is_one) in [
        (PROD, true),
        ("article/overlays/hoge/helm", true),
        ("article/overlays/hoge", false),
        ("article/base", false),
        ("article", false),
        ("fleet", false),
        ("fleet/base", false),
        ("fleet/overlays", false),
        ("fleet/overlays/prod/jobs", false),
        ("charts/jenkins", false),
    ] {
        let output = hook("discover", path, &[]);
        assert_eq!((output.code, &*output.stderr), (0, ""), "{path}");
        assert_eq!(!output.stdout.is_empty(), is_one, "{path}");
    }
}

#[test]
fn discover_answers_at_the_top_of_a_repository() {
    let top = TempDir::new("discover");
    top.write(".git/HEAD", "");
    top.write("jenkins-cmp.yaml", "{}");
    let output = Run::new(&["discover"]).current_dir(top.path()).output();
    assert_eq!((output.code, &*output.stdout), (0, ".\n"));
    // Now it is what an overlay below shares.
    top.write("overlays/a/values.yaml", "");
    let output = Run::new(&["discover"]).current_dir(top.path()).output();
    assert_eq!((output.code, &*output.stdout), (0, ""));
}

#[test]
fn init_says_something() {
    let output = hook("init", PROD, &[]);
    assert_eq!((output.code, &*output.stderr), (0, ""));
    assert_eq!(output.stdout.lines().count(), 1);
}

/// The parameters as `parameters` announces them, those with a value only.
fn announced(path: &str, more: &[(&str, &str)]) -> Vec<Value> {
    // This hook is not told the destination.
    let more = [more, &[("ARGOCD_APP_NAMESPACE", "")]].concat();
    let output = hook("parameters", path, &more);
    assert_eq!((output.code, &*output.stderr), (0, ""));
    let all: Vec<Value> = serde_json::from_str(&output.stdout).expect("a JSON array");
    assert_eq!(all.len(), 5);
    let with_value = all.into_iter().filter(|one| one.get("string").is_some());
    with_value.collect()
}

#[test]
fn announced_values_are_the_ones_in_force() {
    for (overlay, name) in [
        ("prod", "jenkins"),
        ("staging", "staging"),
        ("mobile", "mobile-jenkins"),
    ] {
        let path = format!("fleet/overlays/{overlay}");
        let name = ("ARGOCD_APP_NAME", name);
        let announced = announced(&path, &[name]);
        assert!(!announced.is_empty());
        let parameters: Vec<Value> = announced
            .iter()
            .map(|one| serde_json::json!({"name": one["name"], "string": one["string"]}))
            .collect();
        let parameters = Value::from(parameters).to_string();
        let without = hook("generate", &path, &[name]);
        let with = hook(
            "generate",
            &path,
            &[name, ("ARGOCD_APP_PARAMETERS", &*parameters)],
        );
        assert_eq!((without.code, with.code), (0, 0), "{}", with.stderr);
        assert_eq!(without.stdout, with.stdout, "{overlay}");
    }
}

#[test]
fn parameters_are_announced_whatever_is_set() {
    let broken = ("ARGOCD_APP_PARAMETERS", r#"[{"name":"nonsense"}]"#);
    assert_eq!(announced(PROD, &[broken]).len(), 2);
    assert_eq!(announced("fleet/base", &[]).len(), 2);
    // No overlay at all.
    assert_eq!(announced("charts", &[]), Vec::<Value>::new());
}
