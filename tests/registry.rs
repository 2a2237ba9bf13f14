//! Charts from a real registry, the one of the CNCF distribution project.
//!
//! Runs where the environment names its binary:
//! `REGISTRY_BINARY=/path/to/registry cargo test registry::`. It is a Go module:
//! `go install github.com/distribution/distribution/v3/cmd/registry@latest`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use jenkins_cmp::store::Digest;
use serde_json::json;

use crate::fetch::{archive, fleet, prepare, refused};
use crate::support::{self, Output, Run, TempDir};

/// `user:secret` in a header.
const BASIC: &str = "Basic dXNlcjpzZWNyZXQ=";

/// A running registry, ended with its test.
struct Registry {
    process: Child,
    host: String,
    dir: TempDir,
}

impl Registry {
    /// Starts the registry `binary`, which knows one user.
    fn start(binary: &str) -> Registry {
        let dir = TempDir::new("registry");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let host = free.local_addr().expect("an address").to_string();
        drop(free);
        dir.write("users", htpasswd());
        let root = dir.path().display();
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\n\
             storage: {{filesystem: {{rootdirectory: \"{root}/data\"}}}}\n\
             http: {{addr: \"{host}\", secret: test}}\n\
             auth: {{htpasswd: {{realm: test, path: \"{root}/users\"}}}}\n"
        );
        let config = dir.write("config.yml", config);
        let process = Command::new(binary)
            .arg("serve")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the registry starts");
        let registry = Registry { process, host, dir };
        let is_up = || TcpStream::connect(&registry.host).is_ok();
        let is_up = (0..200).any(|_| {
            thread::sleep(Duration::from_millis(50));
            is_up()
        });
        assert!(is_up, "the registry does not answer");
        registry
    }

    /// Sends a request; gives the status and the header lines.
    fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).expect("the registry");
        let (host, length) = (&self.host, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: {BASIC}\r\n\
             content-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("a request");
        stream.write_all(body).expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        (status.expect("a status"), head.to_owned())
    }

    fn push_blob(&self, repository: &str, data: &[u8]) -> String {
        let digest = format!("sha256:{}", Digest::of(data));
        let uploads = format!("/v2/{repository}/blobs/uploads/");
        let (status, head) = self.send("POST", &uploads, "text/plain", b"");
        assert_eq!(status, 202, "{head}");
        let location = head.lines().find_map(|line| {
            line.split_once(": ")
                .filter(|(name, _)| name.eq_ignore_ascii_case("location"))
        });
        let location = location.expect("a place to upload to").1.trim();
        let path = location
            .split_once(&self.host)
            .map_or(location, |(_, path)| path);
        let path = format!("{path}&digest={digest}");
        let (status, head) = self.send("PUT", &path, "application/octet-stream", data);
        assert_eq!(status, 201, "{head}");
        digest
    }

    /// Pushes the chart `c` as Helm does.
    fn push(&self, version: &str, archive: &[u8]) {
        let config = format!("{{\"name\":\"c\",\"version\":\"{version}\",\"apiVersion\":\"v2\"}}");
        let config_digest = self.push_blob("team/c", config.as_bytes());
        let layer_digest = self.push_blob("team/c", archive);
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": kind,
            "config": {
                "mediaType": "application/vnd.cncf.helm.config.v1+json",
                "digest": config_digest,
                "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                "digest": layer_digest,
                "size": archive.len(),
            }],
        });
        let tag = version.replace('+', "_");
        let path = format!("/v2/team/c/manifests/{tag}");
        let (status, head) = self.send("PUT", &path, kind, manifest.to_string().as_bytes());
        assert_eq!(status, 201, "{head}");
    }

    /// The file in which the registry keeps a blob.
    fn file(&self, data: &[u8]) -> std::path::PathBuf {
        let hex = Digest::of(data).to_string();
        let blobs = "data/docker/registry/v2/blobs/sha256";
        self.dir
            .path()
            .join(blobs)
            .join(&hex[..2])
            .join(&hex)
            .join("data")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A line of the registry's file of users.
fn htpasswd() -> String {
    let dir = TempDir::new("htpasswd");
    dir.write("Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n");
    dir.write(
        "templates/x.yaml",
        "x: {{ htpasswd \"user\" \"secret\" }}\n",
    );
    let output = Run::new(&["template", "."])
        .current_dir(dir.path())
        .output();
    let (_, line) = output.stdout.split_once("x: ").expect("a line");
    format!("{}\n", line.trim())
}

/// Runs with the credentials in the place that `variable` names.
fn run_as(dir: &TempDir, registry: &Registry, variable: &str, args: &[&str]) -> Output {
    let auths = json!({"auths": {&registry.host: {"auth": BASIC.trim_start_matches("Basic ")}}});
    let file = dir.write("login/config.json", auths.to_string());
    let place = match variable {
        "DOCKER_CONFIG" => file.parent().expect("a directory"),
        _ => Path::new(&file),
    };
    let run = prepare(dir, args).env(variable, place.to_str().expect("a UTF-8 path"));
    run.env("JENKINS_CMP_PLAIN_HTTP", "1").output()
}

#[test]
fn a_real_registry_serves_charts() {
    let Ok(binary) = std::env::var("REGISTRY_BINARY") else {
        support::note("REGISTRY_BINARY is not set: not tried against a real registry");
        return;
    };
    let registry = Registry::start(&binary);
    let old = archive("1.0.0", 1);
    let new = archive("1.1.0+build", 2);
    registry.push("1.0.0", &old);
    registry.push("1.1.0+build", &new);
    let place = format!("oci://{}/team", registry.host);
    for variable in ["DOCKER_CONFIG", "HELM_REGISTRY_CONFIG"] {
        let dir = fleet("^1.0.0", &place);
        let locked = run_as(&dir, &registry, variable, &["chart", "lock"]);
        assert_eq!(locked.code, 0, "{locked:?}");
        assert!(
            locked.stdout.contains("c ^1.0.0: 1.1.0+build sha256:"),
            "{locked:?}"
        );
        fs::remove_dir_all(dir.path().join("store")).expect("the store goes");
        let rendered = run_as(&dir, &registry, variable, &["render", "overlays/prod"]);
        assert!(rendered.stdout.contains("replicas: 2"), "{rendered:?}");
    }
    let dir = fleet("1.0.0", &place);
    let anonymous = prepare(&dir, &["chart", "lock"]).env("JENKINS_CMP_PLAIN_HTTP", "1");
    refused(&dir, &anonymous.output(), 4, "status 401");
    let encrypted = prepare(&dir, &["chart", "lock"]).output();
    refused(&dir, &encrypted, 4, "failed to fetch https://127.0.0.1");
    for (version, text) in [("3.0.0", "there is no tag `3.0.0`"), (">5", "no tag of")] {
        let dir = fleet(version, &place);
        let output = run_as(&dir, &registry, "DOCKER_CONFIG", &["chart", "lock"]);
        refused(&dir, &output, 3, text);
    }
    let dir = fleet("1.0.0", &format!("oci://{}/nobody", registry.host));
    let output = run_as(&dir, &registry, "DOCKER_CONFIG", &["chart", "lock"]);
    refused(&dir, &output, 3, "there is no tag `1.0.0`");

    // Somebody with access to the registry's disk changes the archive.
    let dir = fleet("1.0.0", &place);
    let lock = run_as(&dir, &registry, "DOCKER_CONFIG", &["chart", "lock"]);
    assert_eq!(lock.code, 0, "{lock:?}");
    fs::remove_dir_all(dir.path().join("store")).expect("the store goes");
    let mut changed = old.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fs::write(registry.file(&old), &changed).expect("the registry's blob");
    let output = run_as(
        &dir,
        &registry,
        "DOCKER_CONFIG",
        &["render", "overlays/prod"],
    );
    assert_eq!((output.code, output.stdout.as_str()), (4, ""), "{output:?}");
    assert!(
        output.stderr.contains("but the lock file says sha256:"),
        "{output:?}"
    );
}
