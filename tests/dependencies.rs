//! Charts' directories whose dependencies lie elsewhere: locking, completing, every refusal, and
//! the comparison with `helm dependency build` where the environment names a helm binary.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::fetch::{index_of, pack, run, walk};
use crate::server::{Answer, Request, Server};
use crate::support::{self, Output, TempDir};

/// An archive of the chart `name` with a ConfigMap that tells what it sees, and a subchart.
fn archive(name: &str, version: &str) -> Vec<u8> {
    let chart = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    let files = [
        ("Chart.yaml", chart.as_str()),
        (
            "values.yaml",
            "size: 1\nexports: {data: {shared: exported}}\n",
        ),
        (
            "templates/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Chart.Name }}\"}\n\
             data: {version: \"{{ .Chart.Version }}\", size: \"{{ .Values.size }}\"}\n",
        ),
        (
            "charts/inner/Chart.yaml",
            "apiVersion: v2\nname: inner\nversion: 0.1.0\n",
        ),
        (
            "charts/inner/templates/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\n\
             metadata: {name: \"inner-{{ .Template.BasePath | sha256sum | trunc 8 }}\"}\n",
        ),
    ];
    pack(&files.map(|(file, text)| (format!("{name}/{file}"), text.as_bytes().to_vec())))
}

/// A repository of `dep` in three versions.
fn repository(request: &Request) -> Answer {
    let versions = ["1.2.0", "1.3.0", "2.0.0"];
    if request.path == "/index.yaml" {
        let entries = versions.map(|version| (version, format!("dep-{version}.tgz")));
        return Answer::new(200, index_of("dep", &entries));
    }
    let version = versions
        .iter()
        .find(|version| request.path == format!("/dep-{version}.tgz"));
    match version {
        Some(version) => Answer::new(200, archive("dep", version)),
        None => Answer::new(404, "no"),
    }
}

/// A fleet whose chart is `umbrella`, with `dependencies` in its `Chart.yaml`, beside `local`.
fn fleet(dependencies: &str) -> TempDir {
    let dir = TempDir::new("dependencies");
    dir.write(
        "jenkins-cmp.yaml",
        "chart: {path: src/umbrella}\nrelease: {name: r, namespace: n}\n",
    );
    dir.write("overlays/prod/values.yaml", "{}\n");
    dir.write(
        "src/umbrella/Chart.yaml",
        format!("apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n{dependencies}"),
    );
    dir.write(
        "src/umbrella/values.yaml",
        "dep: {size: 5}\nother: {on: true}\n",
    );
    dir.write(
        "src/umbrella/templates/workload.yaml",
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: w}\n\
         spec: {serviceName: \"{{ .Values.shared }}\"}\n",
    );
    dir.write(
        "src/local/Chart.yaml",
        "apiVersion: v2\nname: local\nversion: 0.3.0\n",
    );
    dir.write("src/local/.helmignore", "hidden.txt\n");
    dir.write("src/local/hidden.txt", "hidden");
    dir.write("src/local/values.yaml", "a: 1\n");
    dir.write(
        "src/local/templates/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: local}\n\
         data: {a: \"{{ .Values.a }}\", files: \"{{ range $name, $_ := .Files }}{{ $name }} {{ end }}\"}\n",
    );
    dir
}

/// Dependencies of every kind: a range, an alias with a condition, a directory.
fn of_every_kind(url: &str) -> String {
    format!(
        "- {{name: dep, version: ^1.2.0, repository: \"{url}\", import-values: [data]}}\n\
         - {{name: dep, version: 1.x, alias: other, condition: other.on, repository: \"{url}\"}}\n\
         - {{name: local, version: \">=0.1.0\", repository: \"file://../local\"}}\n"
    )
}

#[track_caller]
fn assert_done(output: &Output) {
    assert_eq!(output.code, 0, "{output:?}");
}

#[test]
fn dependencies_are_locked_fetched_once_and_rendered() {
    let server = Server::start(repository);
    let dir = fleet(&of_every_kind(&server.url("")));
    let render = ["render", "--offline", "overlays/prod"];
    let unlocked = run(&dir, &render);
    assert_eq!((unlocked.code, unlocked.stdout.as_str()), (3, ""));
    for text in [
        "`dep` ^1.2.0 is not in charts/",
        "src/umbrella",
        "jenkins-cmp chart lock",
    ] {
        assert!(unlocked.stderr.contains(text), "{unlocked:?}");
    }
    assert_eq!(run(&dir, &["chart", "verify"]).code, 1);
    assert!(server.seen().is_empty());

    assert_done(&run(&dir, &["chart", "lock"]));
    let n_requests = server.seen().len();
    let rendered = run(&dir, &render);
    assert_done(&rendered);
    for text in [
        "# Source: umbrella/charts/dep/charts/inner/templates/map.yaml",
        "# Source: umbrella/charts/other/templates/map.yaml",
        "data: {version: \"1.3.0\", size: \"5\"}",
        "data: {a: \"1\", files: \".helmignore \"}",
        "serviceName: \"exported\"",
    ] {
        assert!(rendered.stdout.contains(text), "{text}: {rendered:?}");
    }
    assert_done(&run(&dir, &["chart", "verify"]));
    let list = run(&dir, &["chart", "list"]).stdout;
    assert!(list.contains("dep    ^1.2.0  1.3.0"), "{list}");
    assert_eq!(server.seen().len(), n_requests);

    assert_done(&run(&dir, &["chart", "pull", "--vendor"]));
    fs::remove_dir_all(dir.path().join("store")).expect("the store goes");
    assert_eq!(run(&dir, &render).stdout, rendered.stdout);
    dir.write("charts/dep-1.3.0.tgz", archive("dep", "1.3.1"));
    let replaced = run(&dir, &render);
    assert_eq!((replaced.code, replaced.stdout.as_str()), (3, ""));
    assert!(
        replaced.stderr.contains("charts/dep-1.3.0.tgz: "),
        "{replaced:?}"
    );
    assert_eq!(run(&dir, &["chart", "verify"]).code, 1);
}

#[test]
fn an_update_shows_what_a_dependency_changes() {
    let server = Server::start(repository);
    let url = server.url("");
    let dir = fleet(&format!(
        "- {{name: dep, version: 1.2.0, repository: \"{url}\"}}\n"
    ));
    assert_done(&run(&dir, &["chart", "lock"]));
    // As if the newer versions had come after the range was locked.
    let lock = dir.path().join("jenkins-cmp.lock");
    let text = fs::read_to_string(&lock).expect("a lock file");
    let text = text.replace("  version:", "  range: '*'\n  version:");
    dir.write("jenkins-cmp.lock", &text);
    let chart = dir.path().join("src/umbrella/Chart.yaml");
    let yaml = fs::read_to_string(&chart).expect("a chart");
    fs::write(&chart, yaml.replace("1.2.0", "'*'")).expect("a chart");
    let dry = run(&dir, &["chart", "update", "--dry-run"]);
    assert_done(&dry);
    for text in [
        "dep *: 1.2.0 -> 2.0.0",
        "overlays/prod",
        "data.version: 1.2.0 → 2.0.0",
    ] {
        assert!(dry.stdout.contains(text), "{text}: {dry:?}");
    }
    assert_eq!(fs::read_to_string(&lock).expect("a lock file"), text);
    assert_eq!(run(&dir, &["chart", "update"]).stdout, dry.stdout);
    let rendered = run(&dir, &["render", "overlays/prod"]);
    assert!(
        rendered.stdout.contains("version: \"2.0.0\""),
        "{rendered:?}"
    );
}

#[test]
fn chart_lock_decides_and_has_to_fit() {
    let server = Server::start(repository);
    let url = server.url("");
    let dir = fleet(&format!(
        "- {{name: dep, version: '*', repository: \"{url}\"}}\n"
    ));
    // The digest is that of resolver.HashReq.
    let pair = |version: &str, repository: &str| {
        format!("{{\"name\":\"dep\",\"version\":\"{version}\",\"repository\":\"{repository}\"}}")
    };
    let text = format!("[[{}],[{}]]", pair("*", &url), pair("1.2.0", &url));
    let digest = jenkins_cmp::store::Digest::of(text.as_bytes());
    let write = |digest: &str| {
        let locked = format!("- {{name: dep, version: 1.2.0, repository: \"{url}\"}}\n");
        let text = format!(
            "dependencies:\n{locked}digest: sha256:{digest}\ngenerated: \"2026-01-01T00:00:00Z\"\n"
        );
        dir.write("src/umbrella/Chart.lock", text);
    };
    write(&digest.to_string());
    assert_done(&run(&dir, &["chart", "lock"]));
    let rendered = run(&dir, &["render", "overlays/prod"]);
    assert!(
        rendered.stdout.contains("version: \"1.2.0\""),
        "{rendered:?}"
    );
    write(&digest.to_string().replace('0', "1"));
    for args in [["chart", "lock"], ["render", "overlays/prod"]] {
        let output = run(&dir, &args);
        assert_eq!((output.code, output.stdout.as_str()), (3, ""), "{output:?}");
        assert!(
            output.stderr.contains("(Chart.lock) is out of sync"),
            "{output:?}"
        );
    }
}

#[test]
fn repositories_may_have_names() {
    let server = Server::start(repository);
    let dir = fleet(
        "- {name: dep, version: 1.2.0, repository: '@mine'}\n\
         - {name: dep, version: 1.2.0, alias: b, repository: 'alias:mine'}\n",
    );
    let output = run(&dir, &["chart", "lock"]);
    assert_eq!(output.code, 3, "{output:?}");
    assert!(
        output.stderr.contains("repositories: {mine: https://"),
        "{output:?}"
    );
    dir.write(
        "jenkins-cmp.yaml",
        format!(
            "chart: {{path: src/umbrella, repositories: {{mine: \"{}\"}}}}\n\
             release: {{name: r, namespace: n}}\n",
            server.url("")
        ),
    );
    assert_done(&run(&dir, &["chart", "lock"]));
    let rendered = run(&dir, &["render", "--offline", "overlays/prod"]);
    assert!(
        rendered.stdout.contains("umbrella/charts/b/"),
        "{rendered:?}"
    );
}

#[test]
fn wrong_dependencies_are_refused_where_they_are_written() {
    for (dependency, text) in [
        ("{name: dep, version: 1.0.0}", "names no repository"),
        (
            "{name: ../dep, version: 1.0.0, repository: 'https://r.invalid'}",
            "a name that no chart can have",
        ),
        (
            "{name: dep, version: 1.0.0, repository: stable}",
            "no valid repository `stable`",
        ),
        (
            "{name: dep, version: 'a b', repository: 'https://r.invalid'}",
            "no valid version",
        ),
        (
            "{name: dep, repository: 'https://r.invalid'}",
            "no valid version",
        ),
        (
            "{name: local, version: 1.0.0, repository: 'file://../local'}",
            "holds local 0.3.0",
        ),
        (
            "{name: dep, version: '*', repository: 'file://../local'}",
            "holds local 0.3.0",
        ),
        (
            "{name: dep, version: '*', repository: 'file://../none'}",
            "no chart in `src/none`",
        ),
        (
            "{name: dep, version: '*', repository: 'file:///etc'}",
            "is absolute",
        ),
        (
            "{name: dep, version: '*', repository: 'file://../../../up'}",
            "leaves the repository",
        ),
    ] {
        let dir = fleet(&format!("- {dependency}\n"));
        for args in [["chart", "lock"], ["render", "overlays/prod"]] {
            let output = run(&dir, &args);
            assert_eq!((output.code, output.stdout.as_str()), (3, ""), "{output:?}");
            assert!(output.stderr.contains(text), "{text}: {output:?}");
            assert!(
                output.stderr.contains("src/umbrella/Chart.yaml"),
                "{output:?}"
            );
        }
        assert!(walk(&dir, "store/sha256").is_empty());
    }
}

#[test]
fn what_helm_dependency_build_makes_renders_to_the_same() {
    let Ok(helm) = std::env::var("DIFFERENTIAL_HELM") else {
        support::note("DIFFERENTIAL_HELM is not set: dependencies not compared with helm");
        return;
    };
    let compat = std::env::var("DIFFERENTIAL_COMPAT").unwrap_or_else(|_| "4".to_owned());
    let server = Server::start(repository);
    let dir = fleet(&of_every_kind(&server.url("")));
    let settings = format!(
        "helmCompat: {compat}\nkubernetes: {{version: 1.33.0}}\nchart: {{path: src/umbrella}}\n\
         release: {{name: r, namespace: n}}\n"
    );
    dir.write("jenkins-cmp.yaml", settings);
    assert_done(&run(&dir, &["chart", "lock"]));
    let ours = run(&dir, &["render", "overlays/prod"]);
    assert_done(&ours);
    let home = dir.path().join("home");
    let umbrella = dir.path().join("src/umbrella");
    let run_helm = |args: &[&str]| {
        let mut command = Command::new(&helm);
        command
            .args(args)
            .env_clear()
            .env("HOME", &home)
            .current_dir(&umbrella);
        let output = command.output().expect("helm starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    run_helm(&["dependency", "build", "."]);
    let theirs = run_helm(&[
        "template",
        "r",
        ".",
        "--namespace",
        "n",
        "--kube-version",
        "1.33.0",
    ]);
    assert_eq!(ours.stdout, theirs);
    // Helm has written a Chart.lock, whose versions then have to be locked here too.
    fs::remove_dir_all(Path::new(&umbrella).join("charts")).expect("charts go");
    assert_done(&run(&dir, &["chart", "lock"]));
    assert_eq!(run(&dir, &["render", "overlays/prod"]).stdout, theirs);
}

#[test]
fn a_dependency_s_directory_is_an_input_of_the_application() {
    let dir = fleet("- {name: local, version: '*', repository: 'file://../local'}\n");
    let output = run(
        &dir,
        &["applications", "--repo-url", "https://git.invalid/x"],
    );
    assert_done(&output);
    assert!(
        output.stdout.contains("/src/local;/src/umbrella"),
        "{output:?}"
    );
}
