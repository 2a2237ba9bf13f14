//! `generate` in an overlay's directory with Argo CD's environment.

use crate::support::{self, Run, TempDir};

fn prod() -> std::path::PathBuf {
    support::root().join("testdata/fleet/overlays/prod")
}

/// The template of the test chart draws a password unless one is set; prod sets none by chance.
#[test]
fn prints_what_render_prints() {
    let render = Run::new(&["render", "."]).current_dir(&prod()).output();
    let generate = Run::new(&["generate"])
        .current_dir(&prod())
        .env("ARGOCD_APP_NAME", "argocd_jenkins")
        .env("ARGOCD_APP_NAMESPACE", "")
        .env("ARGOCD_APP_PARAMETERS", "null")
        .env("PWD", "/nowhere")
        .output();
    assert_eq!((generate.code, generate.stderr.as_str()), (0, ""));
    assert_eq!(generate.stdout, render.stdout);
}

/// The layout of the original article: no settings file, everything from `plugin.env`.
#[test]
fn the_article_works_from_its_environment_alone() {
    let overlay = support::root().join("testdata/article/overlays/hoge/helm");
    let article = |version: &str| {
        Run::new(&["generate"])
            .current_dir(&overlay)
            .env("ARGOCD_ENV_CHART_VERSION", version)
            .env("ARGOCD_ENV_INSTALL_TARGET_NAMESPACE", "ci")
            .env("ARGOCD_ENV_ARGOCD_APP_NAME", "hoge")
            .output()
    };
    let output = article("3.2.5");
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    assert!(
        output.stdout.contains("namespace: ci\n"),
        "{}",
        output.stdout
    );
    let output = article("9.9.9");
    assert_eq!((output.code, output.stdout.as_str()), (3, ""));
    assert!(output.stderr.contains("9.9.9"), "{}", output.stderr);
}

/// The same with a published archive, where the conformance cases are at hand.
#[test]
fn the_article_works_with_a_published_chart() {
    let archive = support::root().join("../shared/conformance/charts/jenkins-5.9.53.tgz");
    if !archive.exists() {
        support::note("../shared is absent: the article was not rendered with a published chart");
        return;
    }
    let dir = TempDir::new("article");
    std::fs::create_dir_all(dir.path().join("charts")).expect("a directory");
    std::fs::copy(&archive, dir.path().join("charts/jenkins-5.9.53.tgz")).expect("a copy");
    dir.write("base/values.yaml", "controller:\n  numExecutors: 2\n");
    let values = dir.write(
        "overlays/hoge/helm/values.yaml",
        "controller:\n  numExecutors: 3\n",
    );
    let overlay = values.parent().expect("a directory");
    let output = Run::new(&["generate"])
        .current_dir(overlay)
        .env("ARGOCD_ENV_CHART_VERSION", "5.9.53")
        .env("ARGOCD_ENV_INSTALL_TARGET_NAMESPACE", "ci")
        .env("ARGOCD_APP_NAME", "hoge")
        .output();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    assert!(output.stdout.contains("numExecutors: 3"));
    let chart = Run::new(&["template", "hoge"])
        .current_dir(overlay)
        .output_of(&[
            "../../../charts/jenkins-5.9.53.tgz",
            "-n",
            "ci",
            "-f",
            "../../../base/values.yaml",
            "-f",
            "values.yaml",
            "--include-crds",
        ]);
    let volatile =
        |line: &&str| !line.contains("jenkins-admin-password") && !line.contains("ui-test-");
    let lines = |text: &str| {
        text.lines()
            .filter(volatile)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&output.stdout), lines(&chart.stdout));
}
