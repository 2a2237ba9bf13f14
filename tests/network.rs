//! The way to charts: encryption, client certificates, proxies, unchanged indexes, slow servers, and
//! processes that die or whose store goes.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::fetch::{archive, archives_sent, fleet, index, prepare, refused, repository, run, walk};
use crate::server::{Answer, Proxy, Server};
use crate::support::{Run, TempDir};

/// A certificate authority, and a certificate of the loopback with its key.
fn certificates() -> (String, String, String) {
    let dir = TempDir::new("certificates");
    dir.write("Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n");
    dir.write(
        "templates/x.yaml",
        "{{ $ca := genCAWithKey \"test\" 9 (genPrivateKey \"ecdsa\") }}\n\
         {{ $c := genSignedCertWithKey \"localhost\" (list \"127.0.0.1\") (list \"charts.invalid\") 9 $ca (genPrivateKey \"ecdsa\") }}\n\
         x: {{ list $ca.Cert $c.Cert $c.Key | toJson }}\n",
    );
    let output = Run::new(&["template", "."])
        .current_dir(dir.path())
        .output();
    let (_, list) = output.stdout.split_once("x: ").expect("certificates");
    serde_json::from_str(list.trim()).expect("three texts")
}

#[test]
fn an_own_authority_is_trusted_when_it_is_named() {
    let (ca, chain, key) = certificates();
    let plain = Server::start(repository);
    let downgrade = plain.url("/charts/index.yaml");
    let server = Server::start_tls(&chain, &key, None, move |request| {
        match request.path.as_str() {
            "/down/index.yaml" => Answer::new(302, "").with(format!("location: {downgrade}")),
            _ => repository(request),
        }
    });
    let dir = fleet("1.0.0", &server.url("/charts"));
    refused(&dir, &run(&dir, &["chart", "lock"]), 4, "--ca-file");
    let ca = dir.write("ca.pem", ca);
    let ca = ca.to_str().expect("a UTF-8 path");
    let output = run(&dir, &["chart", "lock", "--ca-file", ca]);
    assert_eq!(output.code, 0, "{output:?}");

    let dir = fleet("1.0.0", &server.url("/down"));
    let output = run(&dir, &["chart", "lock", "--ca-file", ca]);
    refused(&dir, &output, 4, "redirects from https to http");
    let output = run(&dir, &["chart", "lock", "--ca-file", "jenkins-cmp.yaml"]);
    refused(&dir, &output, 3, "holds no certificate");
}

#[test]
fn a_server_may_want_a_certificate_of_its_client() {
    let (ca, chain, key) = certificates();
    let server = Server::start_tls(&chain, &key, Some(&ca), repository);
    let url = server.url("/charts");
    let dir = fleet("1.0.0", &url);
    dir.write("ca.pem", &ca);
    dir.write("client.pem", &chain);
    dir.write("client.key", &key);
    let lock = |entry: &str| {
        let entry =
            format!("repositories:\n- {{name: x, url: \"{url}\", caFile: ca.pem{entry}}}\n");
        dir.write("repositories.yaml", entry);
        let lock = prepare(&dir, &["chart", "lock"]).env("JENKINS_CMP_FETCH_TIMEOUT", "2");
        lock.env("HELM_REPOSITORY_CONFIG", "repositories.yaml")
            .output()
    };
    refused(&dir, &lock(""), 4, "failed to fetch https://127.0.0.1");
    let missing = lock(", certFile: client.pem, keyFile: nothing.key");
    refused(&dir, &missing, 3, "failed to read `nothing.key`");
    let output = lock(", certFile: client.pem, keyFile: client.key");
    assert_eq!(output.code, 0, "{output:?}");
}

#[test]
fn proxies_are_asked_as_their_kind_wants_and_never_shown_with_their_password() {
    let plain = Server::start(repository);
    let proxy = Proxy::start(&plain.host());
    let with_password = format!("http://user:secret@{}", proxy.host());
    let dir = fleet("1.0.0", "http://charts.invalid/charts");
    let output = prepare(&dir, &["chart", "lock"])
        .env("http_proxy", &with_password)
        .output();
    assert_eq!(output.code, 0, "{output:?}");
    let seen = proxy.seen();
    assert_eq!(
        seen[0].0,
        "GET http://charts.invalid/charts/index.yaml HTTP/1.1"
    );
    for (_, request) in &seen {
        assert_eq!(
            request.header("proxy-authorization"),
            Some("Basic dXNlcjpzZWNyZXQ=")
        );
        assert_eq!(request.header("host"), Some("charts.invalid"));
    }

    let (ca, chain, key) = certificates();
    let server = Server::start_tls(&chain, &key, None, repository);
    let proxy = Proxy::start(&server.host());
    let with_password = format!("http://user:secret@{}", proxy.host());
    let dir = fleet("1.0.0", "https://charts.invalid/charts");
    dir.write("ca.pem", &ca);
    let args = ["chart", "lock", "--ca-file", "ca.pem"];
    let output = prepare(&dir, &args)
        .env("HTTPS_PROXY", &with_password)
        .output();
    assert_eq!(output.code, 0, "{output:?}");
    let (line, request) = &proxy.seen()[0];
    assert!(line.starts_with("CONNECT charts.invalid:443 "), "{line}");
    assert_eq!(
        request.header("proxy-authorization"),
        Some("Basic dXNlcjpzZWNyZXQ=")
    );
    // What is encrypted carries nothing for the proxy.
    assert!(
        server
            .seen()
            .iter()
            .all(|r| r.header("proxy-authorization").is_none())
    );

    let n = proxy.seen().len();
    let dir = fleet("1.0.0", "https://charts.invalid/charts");
    let direct = prepare(&dir, &["chart", "lock"])
        .env("HTTPS_PROXY", &with_password)
        .env("NO_PROXY", ".invalid")
        .env("JENKINS_CMP_FETCH_TIMEOUT", "1");
    refused(
        &dir,
        &direct.output(),
        4,
        "failed to fetch https://charts.invalid",
    );
    assert_eq!(proxy.seen().len(), n);
    for (proxy, code, text) in [
        (
            "http://user:secret@127.0.0.1:1",
            4,
            "failed to fetch https://charts.invalid",
        ),
        ("user:secret@@:1:2", 3, "the proxy's address is wrong"),
        (
            "socks5://user:secret@127.0.0.1:1",
            3,
            "the proxy's address is wrong",
        ),
    ] {
        let output = prepare(&dir, &["chart", "lock"])
            .env("HTTPS_PROXY", proxy)
            .env("JENKINS_CMP_FETCH_TIMEOUT", "1")
            .output();
        refused(&dir, &output, code, text);
        assert!(!output.stderr.contains("secret"), "{output:?}");
    }
}

#[test]
fn an_unchanged_index_is_not_sent_again() {
    for validator in [
        "etag: \"one\"",
        "last-modified: Fri, 01 May 2026 10:00:00 GMT",
    ] {
        let (name, value) = validator.split_once(": ").expect("a header line");
        let condition = match name {
            "etag" => "if-none-match",
            _ => "if-modified-since",
        };
        let server = Server::start(move |request| {
            if request.path != "/charts/index.yaml" {
                return repository(request);
            }
            match request.header(condition) == Some(value) {
                true => Answer::new(304, ""),
                false => repository(request).with(validator),
            }
        });
        let dir = fleet("1.x", &server.url("/charts"));
        let update = || {
            let output = run(&dir, &["chart", "update"]);
            assert_eq!(output.code, 0, "{output:?}");
            let asked = server.seen().into_iter().rev();
            let asked = asked.filter(|request| request.path.ends_with("index.yaml"));
            asked
                .map(|request| request.header(condition).map(str::to_owned))
                .next()
        };
        assert_eq!(update(), Some(None));
        assert_eq!(update(), Some(Some(value.to_owned())));
        // A damaged note is as good as none.
        let notes = dir.path().join("store/notes");
        let note = fs::read_dir(notes)
            .expect("notes")
            .next()
            .expect("a note")
            .expect("a note");
        let text = fs::read_to_string(note.path()).expect("a note");
        fs::write(note.path(), text.replace("1.1.0", "9.9.9")).expect("a note");
        assert_eq!(update(), Some(None));
        assert_eq!(update(), Some(Some(value.to_owned())));
    }
}

#[test]
fn one_index_serves_all_charts_of_a_run() {
    let server = Server::start(repository);
    let dir = fleet("1.0.0", &server.url("/charts"));
    let settings = format!(
        "chart: {{name: c, version: 1.1.x, repository: \"{}\"}}\n",
        server.url("/charts")
    );
    dir.write("overlays/stage/jenkins-cmp.yaml", settings);
    let output = run(&dir, &["chart", "lock"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(server.seen().len(), 1 + archives_sent(&server));
    assert_eq!(archives_sent(&server), 2);
}

#[test]
fn everything_together_has_one_bound_in_time() {
    // Each piece comes soon enough, all of them never.
    let server =
        Server::start(|_| Answer::new(200, vec![b'#'; 1000]).slowly(Duration::from_millis(700)));
    let dir = fleet("1.0.0", &server.url(""));
    let start = Instant::now();
    let lock = prepare(&dir, &["chart", "lock"]).env("JENKINS_CMP_FETCH_TIMEOUT", "2");
    refused(&dir, &lock.output(), 4, "timed out");
    assert!(start.elapsed() < Duration::from_secs(6));
}

#[test]
fn lying_servers_are_caught() {
    let chart = archive("1.0.0", 1);
    let server = Server::start(move |request| {
        let index = |url: &str| Answer::new(200, index(&[("1.0.0", url)]));
        match request.path.as_str() {
            "/not-asked/index.yaml" => Answer::new(304, ""),
            "/gzip/index.yaml" => Answer::new(200, "no gzip").with("content-encoding: gzip"),
            "/control/index.yaml" => index("c.tgz?\u{1b}[31m"),
            "/large/index.yaml" => index("c.tgz"),
            "/large/c.tgz" => Answer::new(200, vec![0; 65 << 20]),
            "/cut/index.yaml" => index("c.tgz"),
            "/cut/c.tgz" => Answer::new(200, chart.clone()).cut_after(100),
            _ => Answer::new(404, "no"),
        }
    });
    for (place, text) in [
        ("/not-asked", "status 304"),
        ("/gzip", "the compressed answer is broken"),
        ("/large", "c.tgz is larger than 67108864 bytes"),
        ("/cut", "failed to fetch"),
    ] {
        let dir = fleet("1.0.0", &server.url(place));
        refused(&dir, &run(&dir, &["chart", "lock"]), 4, text);
    }
    let dir = fleet("1.0.0", &server.url("/control"));
    let output = run(&dir, &["chart", "lock"]);
    assert!(!output.stderr.contains('\u{1b}'), "{output:?}");
}

#[test]
fn dying_processes_and_a_store_that_goes_harm_nobody() {
    let server = Server::start(|request| {
        let answer = repository(request);
        match request.path.ends_with(".tgz") {
            true => answer.slowly(Duration::from_millis(10)),
            false => answer,
        }
    });
    let dir = fleet("1.0.0", &server.url("/charts"));
    assert_eq!(run(&dir, &["chart", "lock"]).code, 0);
    let expected = run(&dir, &["render", "overlays/prod"]).stdout;
    assert!(expected.contains("replicas: 1"));
    let store = dir.path().join("store");
    for round in 0..8 {
        let _ = fs::remove_dir_all(&store);
        let mut child = Command::new(env!("CARGO_BIN_EXE_jenkins-cmp"))
            .args(["chart", "pull"])
            .env_clear()
            .env("JENKINS_CMP_STORE", &store)
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        thread::sleep(Duration::from_millis(20 + 25 * round));
        child.kill().expect("a process of ours");
        child.wait().expect("its end");
        let rendered = run(&dir, &["render", "overlays/prod"]);
        assert_eq!(rendered.stdout, expected, "{rendered:?}");
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let _ = fs::remove_dir_all(&store);
                thread::sleep(Duration::from_millis(15));
            }
        });
        let renders = [0; 6].map(|_| scope.spawn(|| run(&dir, &["render", "overlays/prod"])));
        let outputs = renders.map(|render| render.join().expect("no panic"));
        done.store(true, Ordering::SeqCst);
        for output in outputs {
            assert_eq!(output.stdout, expected, "{output:?}");
        }
    });
    assert_eq!(run(&dir, &["render", "overlays/prod"]).stdout, expected);
    assert!(walk(&dir, "store/sha256").len() == 1);
}
