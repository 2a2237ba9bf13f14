//! Charts from repositories and registries on the loopback: locking, fetching, every failure.

use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use jenkins_cmp::limits::MAX_INDEX_BYTES;
use jenkins_cmp::store::Digest;

use crate::server::{Answer, Request, Server, silent};
use crate::support::{Output, Run, TempDir};

/// An archive of a chart whose workload says `replicas`.
pub(crate) fn archive(version: &str, replicas: u32) -> Vec<u8> {
    let files = [
        (
            "Chart.yaml",
            format!("apiVersion: v2\nname: c\nversion: {version}\n"),
        ),
        ("values.yaml", "{}\n".to_owned()),
        (
            "templates/w.yaml",
            format!(
                "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: w\nspec:\n  replicas: {replicas}\n"
            ),
        ),
    ];
    pack(&files.map(|(name, text)| (format!("c/{name}"), text.into_bytes())))
}

/// Packs files into an archive.
pub(crate) fn pack(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, data.as_slice())
            .expect("an entry");
    }
    let gzip = builder.into_inner().expect("a tar");
    gzip.finish().expect("a gzip")
}

pub(crate) fn index(entries: &[(&str, &str)]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(v, url)| (*v, (*url).to_owned()))
        .collect();
    index_of("c", &entries)
}

/// An index with the versions of one chart and where they are.
pub(crate) fn index_of(name: &str, entries: &[(&str, String)]) -> String {
    let mut text = format!("apiVersion: v1\nentries:\n  else:\n  - version: 1.0.0\n  {name}:\n");
    for (version, url) in entries {
        text.push_str(&format!(
            "  - name: {name}\n    version: {version}\n    urls:\n    - {url}\n"
        ));
    }
    text
}

/// A fleet with one overlay that wants `version` from `repository`.
pub(crate) fn fleet(version: &str, repository: &str) -> TempDir {
    let dir = TempDir::new("fetch");
    let settings = format!(
        "chart: {{name: c, version: \"{version}\", repository: \"{repository}\"}}\nrelease: {{name: r, namespace: n}}\n"
    );
    dir.write("jenkins-cmp.yaml", settings);
    dir.write("overlays/prod/values.yaml", "{}\n");
    dir
}

pub(crate) fn prepare(dir: &TempDir, args: &[&str]) -> Run {
    let store = dir.path().join("store");
    Run::new(args)
        .current_dir(dir.path())
        .env("JENKINS_CMP_STORE", store.to_str().expect("a UTF-8 path"))
        .env("JENKINS_CMP_FETCH_TIMEOUT", "5")
}

pub(crate) fn run(dir: &TempDir, args: &[&str]) -> Output {
    prepare(dir, args).output()
}

/// A failure: its code, one message with `text`, nothing on standard output, nothing written.
#[track_caller]
pub(crate) fn refused(dir: &TempDir, output: &Output, code: i32, text: &str) {
    assert_eq!(output.code, code, "{output:?}");
    assert!(output.stderr.contains(text), "{output:?}");
    assert_eq!(output.stdout, "");
    let left: Vec<_> = walk(dir, "store/sha256");
    assert!(left.is_empty(), "{left:?}");
    assert!(!dir.path().join("jenkins-cmp.lock").exists());
}

pub(crate) fn walk(dir: &TempDir, below: &str) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(dir.path().join(below));
    entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.file_name())
        .collect()
}

/// A repository with two versions below `/charts`, addresses relative.
pub(crate) fn repository(request: &Request) -> Answer {
    match request.path.as_str() {
        "/charts/index.yaml" => Answer::new(
            200,
            index(&[("1.0.0", "c-1.0.0.tgz"), ("1.1.0", "c-1.1.0.tgz")]),
        ),
        "/charts/c-1.0.0.tgz" => Answer::new(200, archive("1.0.0", 1)),
        "/charts/c-1.1.0.tgz" => Answer::new(200, archive("1.1.0", 2)),
        _ => Answer::new(404, "not found"),
    }
}

#[test]
fn a_range_is_locked_rendered_updated_and_vendored() {
    let server = Server::start(repository);
    let dir = fleet("1.0.x", &server.url("/charts"));
    let unlocked = run(&dir, &["render", "overlays/prod"]);
    refused(&dir, &unlocked, 3, "run `jenkins-cmp chart lock`");
    assert!(server.seen().is_empty());

    let locked = run(&dir, &["chart", "lock"]);
    assert_eq!(locked.code, 0, "{locked:?}");
    let lock = fs::read_to_string(dir.path().join("jenkins-cmp.lock")).expect("a lock file");
    assert!(lock.contains("range: 1.0.x\n  version: 1.0.0\n"), "{lock}");
    let n_requests = server.seen().len();
    let offline = ["render", "--offline", "overlays/prod"];
    let rendered = run(&dir, &offline);
    assert!(rendered.stdout.contains("replicas: 1"), "{rendered:?}");
    assert_eq!(server.seen().len(), n_requests);

    // A wider range, locked to the old version as if the new one had come later.
    let settings = dir.path().join("jenkins-cmp.yaml");
    let text = fs::read_to_string(&settings).expect("settings");
    fs::write(&settings, text.replace("1.0.x", "^1.0.0")).expect("settings");
    dir.write("jenkins-cmp.lock", lock.replace("1.0.x", "^1.0.0"));
    let dry = run(&dir, &["chart", "update", "--dry-run"]);
    for text in [
        "c ^1.0.0: 1.0.0 -> 1.1.0\n",
        "in overlays/prod\n",
        "spec.replicas: 1 → 2\n",
    ] {
        assert!(dry.stdout.contains(text), "{text}: {dry:?}");
    }
    assert!(run(&dir, &offline).stdout.contains("replicas: 1"));
    assert_eq!(run(&dir, &["chart", "update"]).stdout, dry.stdout);
    assert!(run(&dir, &offline).stdout.contains("replicas: 2"));

    fs::remove_dir_all(dir.path().join("store")).expect("the store goes");
    refused_offline(&run(&dir, &offline));
    let pulled = run(&dir, &["chart", "pull", "--vendor"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    fs::remove_dir_all(dir.path().join("store")).expect("the store goes");
    assert!(run(&dir, &offline).stdout.contains("replicas: 2"));
    assert_eq!(run(&dir, &["chart", "verify"]).code, 0);
    let list = run(&dir, &["chart", "list"]).stdout;
    assert!(list.contains("charts/c-1.1.0.tgz"), "{list}");

    dir.write("charts/c-1.1.0.tgz", archive("1.1.0", 3));
    let wrong = run(&dir, &offline);
    assert_eq!(wrong.code, 3);
    assert!(
        wrong.stderr.contains("the lock file says sha256:"),
        "{wrong:?}"
    );
    assert_eq!(run(&dir, &["chart", "verify"]).code, 1);
}

#[track_caller]
fn refused_offline(output: &Output) {
    assert_eq!(output.code, 4, "{output:?}");
    assert!(
        output.stderr.contains("the network is switched off"),
        "{output:?}"
    );
    assert_eq!(output.stdout, "");
}

#[test]
fn concurrent_first_use_downloads_once() {
    let server = Server::start(repository);
    let dir = fleet("1.0.0", &server.url("/charts/"));
    assert_eq!(run(&dir, &["chart", "lock"]).code, 0);
    fs::remove_dir_all(dir.path().join("store")).expect("the store goes");
    let before = archives_sent(&server);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(run(&dir, &["render", "overlays/prod"]).code, 0));
        }
    });
    assert_eq!(archives_sent(&server) - before, 1);
}

pub(crate) fn archives_sent(server: &Server) -> usize {
    let seen = server.seen();
    seen.iter()
        .filter(|request| request.path.ends_with(".tgz"))
        .count()
}

#[test]
fn an_archive_with_another_digest_is_refused() {
    let server = Server::start(repository);
    let dir = fleet("1.0.0", &server.url("/charts"));
    let digest = Digest::of(b"another");
    let lock = format!(
        "charts:\n- {{name: c, version: 1.0.0, repository: \"{}\", sha256: {digest}}}\n",
        server.url("/charts")
    );
    dir.write("jenkins-cmp.lock", lock);
    let output = run(&dir, &["render", "overlays/prod"]);
    assert_eq!((output.code, output.stdout.as_str()), (4, ""), "{output:?}");
    assert!(
        output.stderr.contains("but the lock file says"),
        "{output:?}"
    );
    assert!(walk(&dir, "store/sha256").is_empty());
}

#[test]
fn failures_of_servers_are_one_message_and_leave_nothing() {
    let zeros = || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..140 {
            encoder.write_all(&vec![b'#'; 1 << 20]).expect("memory");
        }
        encoder.finish().expect("a gzip")
    };
    let bomb = zeros();
    let too_large = format!("is larger than {MAX_INDEX_BYTES} bytes");
    let server = Server::start(move |request| {
        let path = request.path.as_str();
        let index_of = |url: &str| Answer::new(200, index(&[("1.0.0", url)]));
        match path {
            "/404/index.yaml" => Answer::new(404, "no"),
            "/401/index.yaml" => Answer::new(401, "no"),
            "/cut/index.yaml" => index_of("x").cut_after(20),
            "/bomb/index.yaml" => Answer::new(200, bomb.clone()).with("content-encoding: gzip"),
            "/loop/index.yaml" => Answer::new(302, "").with("location: /loop/index.yaml"),
            "/nowhere/index.yaml" => Answer::new(302, "").with("location: ftp://x/"),
            "/html/index.yaml" => Answer::new(200, "<html></html>"),
            "/empty/index.yaml" => Answer::new(200, ""),
            "/junk/index.yaml" => index_of("junk.tgz"),
            "/junk/junk.tgz" => Answer::new(200, "no archive"),
            "/gone/index.yaml" => index_of("gone.tgz"),
            "/other/index.yaml" => index_of("other.tgz"),
            "/other/other.tgz" => Answer::new(200, archive("9.9.9", 1)),
            "/file/index.yaml" => index_of("file:///etc/passwd"),
            "/charts/index.yaml" => index_of("c.tgz"),
            _ => Answer::new(404, "no"),
        }
    });
    for (place, version, code, text) in [
        ("/404", "1.0.0", 4, "is that of its `index.yaml`"),
        ("/401", "1.0.0", 4, "credential helpers are never run"),
        ("/cut", "1.0.0", 4, "failed to fetch"),
        ("/bomb", "1.0.0", 4, &too_large),
        ("/loop", "1.0.0", 4, "redirects more than 10 times"),
        ("/nowhere", "1.0.0", 4, "redirects to nowhere"),
        ("/html", "1.0.0", 4, "is no index of charts"),
        ("/empty", "1.0.0", 4, "empty index.yaml file"),
        (
            "/junk",
            "1.0.0",
            4,
            "does not appear to be a gzipped archive",
        ),
        ("/gone", "1.0.0", 4, "status 404"),
        ("/other", "1.0.0", 4, "holds c 9.9.9"),
        ("/file", "1.0.0", 4, "at an address that is none"),
        ("/charts", "2.x", 3, "no version of `c`"),
        ("/charts", "not a range", 3, "is no version and no range"),
    ] {
        let dir = fleet(version, &server.url(place));
        let output = run(&dir, &["chart", "lock"]);
        refused(&dir, &output, code, text);
    }
    let dir = fleet("1.0.0", "ftp://x.example/");
    refused(
        &dir,
        &run(&dir, &["chart", "lock"]),
        3,
        "ftp://x.example/ is no address of a chart repository",
    );
}

#[test]
fn a_server_that_recovers_is_asked_again_and_a_silent_one_not_for_ever() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |request| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::new(503, "busy"),
        1 => Answer::new(200, "half").cut_after(2),
        _ => repository(request),
    });
    let dir = fleet("1.0.0", &server.url("/charts"));
    let output = run(&dir, &["chart", "lock"]);
    assert_eq!(output.code, 0, "{output:?}");

    let always = Server::start(|_| Answer::new(500, "no"));
    let dir = fleet("1.0.0", &always.url("/charts"));
    refused(&dir, &run(&dir, &["chart", "lock"]), 4, "status 500");
    assert_eq!(always.seen().len(), 4);

    let (_listener, url) = silent();
    let dir = fleet("1.0.0", &url);
    let output = prepare(&dir, &["chart", "lock"]).env("JENKINS_CMP_FETCH_TIMEOUT", "1");
    refused(&dir, &output.output(), 4, "timed out");
}

#[test]
fn credentials_stay_with_their_server() {
    let other = Server::start(|request| match request.path.as_str() {
        "/c.tgz" => Answer::new(200, archive("1.0.0", 1)),
        _ => Answer::new(404, "no"),
    });
    let elsewhere = other.url("/c.tgz");
    let server = Server::start(move |request| match request.path.as_str() {
        _ if request.header("authorization").is_none() => Answer::new(401, "no"),
        "/direct/index.yaml" => Answer::new(200, index(&[("1.0.0", &elsewhere)])),
        "/redirect/index.yaml" => Answer::new(200, index(&[("1.0.0", "moved.tgz")])),
        "/redirect/moved.tgz" => Answer::new(302, "").with(format!("location: {elsewhere}")),
        _ => Answer::new(404, "no"),
    });
    for place in ["/direct", "/redirect"] {
        let url = server.url(place);
        let dir = fleet("1.0.0", &url);
        let file = dir.write(
            "helm/repositories.yaml",
            format!(
                "repositories:\n- {{name: x, url: \"{url}/\", username: user, password: secret}}\n"
            ),
        );
        let config = file.to_str().expect("a UTF-8 path");
        let locked = prepare(&dir, &["chart", "lock"]).env("HELM_REPOSITORY_CONFIG", config);
        let output = locked.output();
        assert_eq!(output.code, 0, "{output:?}");
    }
    let home = server.seen();
    assert!(
        home.iter()
            .all(|r| r.header("authorization") == Some("Basic dXNlcjpzZWNyZXQ="))
    );
    let seen = other.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|request| request.header("authorization").is_none())
    );
}

#[test]
fn passwords_in_addresses_are_used_and_not_shown() {
    let server = Server::start(|_| Answer::new(403, "no"));
    let url = server
        .url("/?token=secret")
        .replace("://", "://user:secret@");
    let dir = fleet("1.0.0", &url);
    let output = run(&dir, &["chart", "lock"]);
    refused(&dir, &output, 4, "status 403");
    assert!(!output.stderr.contains("secret"), "{output:?}");
    assert!(server.seen()[0].header("authorization").is_some());
}

#[test]
fn a_registry_asks_for_a_token() {
    let blob = archive("1.0.0+b", 1);
    let digest = Digest::of(&blob);
    let server = Server::start(move |request| {
        let path = request.path.as_str();
        let host = request.header("host").unwrap_or_default();
        if path.starts_with("/token?service=s&scope=repository%3Ateam%2Fc%3Apull") {
            let basic = request.header("authorization") == Some("Basic dTpw");
            return match basic {
                true => Answer::new(200, "{\"token\": \"abc\"}"),
                false => Answer::new(401, "no"),
            };
        }
        if request.header("authorization") != Some("Bearer abc") {
            return Answer::new(401, "no").with(format!(
                "www-authenticate: Bearer realm=\"http://{host}/token\",service=\"s\""
            ));
        }
        let layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
        let manifest = |digest: String| {
            format!("{{\"layers\": [{{\"mediaType\": \"{layer}\", \"digest\": \"{digest}\"}}]}}")
        };
        match path {
            "/v2/team/c/tags/list" => Answer::new(200, "{\"tags\": [\"1.0.0_b\", \"latest\"]}")
                .with("link: </v2/team/c/tags/list?last=latest>; rel=\"next\""),
            "/v2/team/c/tags/list?last=latest" => Answer::new(200, "{\"tags\": [\"0.9.0\"]}"),
            "/v2/team/c/manifests/1.0.0_b" => {
                Answer::new(200, manifest(format!("sha256:{digest}")))
            }
            "/v2/team/c/manifests/0.9.0" => {
                Answer::new(200, manifest(format!("sha256:{}", Digest::of(b"x"))))
            }
            _ if path.starts_with("/v2/team/c/blobs/") => Answer::new(200, blob.clone()),
            _ => Answer::new(404, "no"),
        }
    });
    let repository = format!("oci://{}/team", server.host());
    let run = |dir: &TempDir, args: &[&str]| {
        let auths = format!(
            "{{\"auths\": {{\"{}\": {{\"auth\": \"dTpw\"}}}}}}",
            server.host()
        );
        let file = dir.write("docker/config.json", auths);
        let docker = file
            .parent()
            .and_then(|path| path.to_str())
            .expect("a UTF-8 path");
        let run = prepare(dir, args).env("DOCKER_CONFIG", docker);
        run.env("JENKINS_CMP_PLAIN_HTTP", "1").output()
    };
    let dir = fleet("^1.0.0", &repository);
    let output = run(&dir, &["chart", "lock"]);
    assert_eq!(output.code, 0, "{output:?}");
    fs::remove_dir_all(dir.path().join("store")).expect("the store goes");
    let rendered = run(&dir, &["render", "overlays/prod"]);
    assert!(rendered.stdout.contains("replicas: 1"), "{rendered:?}");

    for (version, code, text) in [
        ("0.9.0", 4, "other bytes"),
        ("3.0.0", 3, "there is no tag `3.0.0`"),
        (">5", 3, "no tag of"),
    ] {
        let dir = fleet(version, &repository);
        refused(&dir, &run(&dir, &["chart", "lock"]), code, text);
    }
    let dir = fleet("^1.0.0", &repository);
    let anonymous = prepare(&dir, &["chart", "lock"]).env("JENKINS_CMP_PLAIN_HTTP", "1");
    refused(&dir, &anonymous.output(), 4, "status 401");
}

#[test]
fn vendored_charts_need_no_lock() {
    let fleet = crate::support::root().join("testdata/fleet");
    let dir = TempDir::new("fetch");
    for command in ["list", "verify", "lock"] {
        let output = prepare(&dir, &["chart", command])
            .current_dir(&fleet)
            .output();
        assert_eq!(output.code, 0, "{output:?}");
        assert!(!fleet.join("jenkins-cmp.lock").exists());
    }
}

#[test]
fn a_wrong_lock_file_is_named() {
    let dir = fleet("1.0.0", "https://charts.invalid");
    dir.write("jenkins-cmp.lock", "charts:\n- name: c\n  versoin: 1.0.0\n");
    for args in [["render", "overlays/prod"], ["chart", "verify"]] {
        let output = run(&dir, &args);
        assert_eq!(output.code, 3, "{output:?}");
        assert!(output.stderr.contains("jenkins-cmp.lock:3:"), "{output:?}");
        assert!(
            output.stderr.contains("did you mean `version`?"),
            "{output:?}"
        );
    }
}
