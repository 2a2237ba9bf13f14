//! Bad input ends in one clear message with its place, a non-zero exit and an empty standard
//! output.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::support::{self, Output, Run, TempDir};

const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\n";

/// A chart in `dir` with `files` besides its metadata.
fn chart(dir: &TempDir, files: &[(&str, &str)]) -> String {
    dir.write("c/Chart.yaml", CHART);
    for (path, content) in files {
        dir.write(&format!("c/{path}"), content);
    }
    dir.path().join("c").to_string_lossy().into_owned()
}

fn template(chart: &str) -> Output {
    support::run(&["template", "rel", chart])
}

/// Checks that `output` is a refusal that says each of `words`.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (3, ""),
        "{}",
        output.stderr
    );
    for word in words {
        assert!(
            output.stderr.contains(word),
            "{word:?} is not in:\n{}",
            output.stderr
        );
    }
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
}

#[test]
fn charts_that_are_none() {
    let dir = TempDir::new("bad-chart");
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    fs::create_dir(dir.path().join("empty")).expect("a directory");
    refused(&template(&path("empty")), &["Chart.yaml"]);
    refused(&template(&path("nowhere")), &["nowhere", "not found"]);
    dir.write("text.tgz", "no archive");
    refused(
        &template(&path("text.tgz")),
        &["does not appear to be a gzipped archive"],
    );
    dir.write("noname/Chart.yaml", "apiVersion: v2\nversion: 1.0.0\n");
    refused(
        &template(&path("noname")),
        &["chart.metadata.name is required"],
    );
    dir.write("broken/Chart.yaml", "apiVersion: v2\nname: [\n");
    refused(
        &template(&path("broken")),
        &["cannot load Chart.yaml", "line 2"],
    );
}

#[test]
fn values_that_are_none() {
    let dir = TempDir::new("bad-values");
    let path = chart(&dir, &[("values.yaml", "a: 1\n b: 2\n")]);
    refused(
        &template(&path),
        &["cannot load values.yaml", "line 2", "mapping values"],
    );
    let path = chart(&dir, &[("values.yaml", "a: 1\n")]);
    let user = dir.write("user.yaml", b"a: \xff\n");
    let user = user.to_string_lossy();
    let output = support::run(&["template", "rel", &path, "-f", &user]);
    refused(&output, &["user.yaml", "invalid leading UTF-8 octet"]);
    let output = support::run(&["template", "rel", &path, "-f", "nowhere.yaml"]);
    refused(&output, &["open nowhere.yaml: no such file or directory"]);
    let output = support::run(&["template", "rel", &path, "--set", "a.b=1"]);
    assert_eq!(
        output.code, 0,
        "a scalar yields to a map: {}",
        output.stderr
    );
    let output = support::run(&["template", "rel", &path, "--set", "a"]);
    refused(
        &output,
        &["failed parsing --set data: key \"a\" has no value"],
    );
}

#[test]
fn templates_that_do_not_parse_or_fail() {
    let dir = TempDir::new("bad-template");
    for (text, words) in [
        (
            "a: 1\nb: {{ nope }}\n",
            &["(c/templates/t.yaml:2)", "function \"nope\" not defined"][..],
        ),
        (
            "{{ if }}\n",
            &["(c/templates/t.yaml:1)", "missing value for if"],
        ),
        (
            "a\n{{ range . }}\n",
            &["(c/templates/t.yaml:3)", "unexpected EOF"],
        ),
        (
            "\n  {{ .Values.x.y }}",
            &["c/templates/t.yaml:2:12", "nil pointer evaluating"],
        ),
        (
            "{{ fail \"say why\" }}",
            &["c/templates/t.yaml:1:3", "say why"],
        ),
        (
            "a: b: c\n",
            &["YAML parse error on c/templates/t.yaml", "mapping values"],
        ),
    ] {
        let path = chart(&dir, &[("templates/t.yaml", text)]);
        refused(&template(&path), words);
    }
}

#[test]
fn endless_recursion_ends() {
    let dir = TempDir::new("recursion");
    for text in [
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "{{ define \"a\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}",
        "{{ $t := \"{{ tpl .t . }}\" }}{{ tpl $t (dict \"t\" $t) }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}",
    ] {
        let path = chart(&dir, &[("templates/t.yaml", text)]);
        refused(&template(&path), &["c/templates/t.yaml:1:"]);
    }
}

#[test]
fn endless_work_ends() {
    let dir = TempDir::new("endless");
    let many = "{{ range until 100000 }}".repeat(4) + &"{{ end }}".repeat(4);
    let path = chart(&dir, &[("templates/t.yaml", &many)]);
    refused(&template(&path), &["c/templates/t.yaml:1:"]);
    let grow =
        "{{ $s := \"0123456789\" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}{{ len $s }}";
    let path = chart(&dir, &[("templates/t.yaml", grow)]);
    refused(&template(&path), &["c/templates/t.yaml:1:"]);
}

/// A gzipped tar of `entries`, written without the checks that a well-meant writer makes.
fn archive(path: &Path, entries: &[(&str, &[u8])]) {
    let file = fs::File::create(path).expect("a file");
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    for (name, data) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_ustar_mut().expect("a ustar header").name[..name.len()]
            .copy_from_slice(name.as_bytes());
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        gzip.write_all(header.as_bytes()).expect("a header");
        gzip.write_all(data).expect("content");
        gzip.write_all(&vec![0; (512 - data.len() % 512) % 512])
            .expect("padding");
    }
    gzip.write_all(&[0; 1024]).expect("the end");
    gzip.finish().expect("an archive");
}

#[test]
fn archives_that_attack() {
    let dir = TempDir::new("archives");
    let path = dir.path().join("c.tgz");
    let show = path.to_string_lossy().into_owned();
    let metadata = ("c/Chart.yaml", CHART.as_bytes());
    archive(&path, &[metadata, ("c/templates/a.yaml", b"a: 1")]);
    assert_eq!(template(&show).code, 0);
    archive(&path, &[metadata, ("c/../../etc/x", b"a: 1")]);
    refused(&template(&show), &[]);
    archive(&path, &[metadata, ("c/big", &vec![0; 6 * 1024 * 1024])]);
    refused(&template(&show), &[]);
    let zeros = vec![0; 5 * 1024 * 1024];
    let names: Vec<String> = (0..30).map(|n| format!("c/f{n}")).collect();
    let mut bomb = vec![metadata];
    bomb.extend(names.iter().map(|name| (name.as_str(), &zeros[..])));
    archive(&path, &bomb);
    refused(&template(&show), &[]);
    let output = support::run(&["template", "rel", &show, "--helm-compat", "3"]);
    refused(&output, &["larger than the maximum file size"]);
}

#[test]
fn a_chart_in_a_repository_cannot_read_outside_of_it() {
    let dir = TempDir::new("links");
    dir.write("secret.txt", "s3cret");
    dir.write("repo/.git/HEAD", "");
    dir.write("repo/o/values.yaml", "a: 1\n");
    dir.write(
        "repo/o/jenkins-cmp.yaml",
        "chart: {path: ../c, name: c}\nrelease: {name: r, namespace: n}\n",
    );
    dir.write("repo/c/Chart.yaml", CHART);
    dir.write("repo/c/templates/t.yaml", "a: {{ .Files.Get \"link\" }}\n");
    std::os::unix::fs::symlink("../../secret.txt", dir.path().join("repo/c/link")).expect("a link");
    let output = Run::new(&["render", "o"])
        .current_dir(&dir.path().join("repo"))
        .output();
    refused(&output, &["link"]);
    assert!(!output.stderr.contains("s3cret"), "{}", output.stderr);
}

#[test]
fn directories_that_are_no_overlays() {
    let dir = TempDir::new("empty");
    let output = Run::new(&["generate"]).current_dir(dir.path()).output();
    refused(&output, &["values.yaml"]);
    let output = support::run(&["render", "/nowhere/at/all"]);
    refused(&output, &["/nowhere/at/all"]);
}

#[test]
fn command_lines_that_are_none() {
    for args in [
        &["render", "--nope"][..],
        &["template"],
        &["nope"],
        &["template", "a", "b", "c"],
    ] {
        let output = support::run(args);
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (2, ""),
            "{args:?}: {}",
            output.stderr
        );
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
}
