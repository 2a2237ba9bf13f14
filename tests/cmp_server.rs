//! The plugin behind Argo CD's real plugin server.
//!
//! Runs where `JENKINS_CMP_E2E` names the program built from tests/cmp-server, with the plugin that
//! `JENKINS_CMP_E2E_PLUGIN` names, or else the one built for the tests.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use jenkins_cmp::{manifest, patch::json};
use serde_json::{Value, json};

use crate::support::{self, TempDir};

/// More than any call takes on a busy machine.
const PATIENCE_MS: u64 = 120_000;

/// A running plugin server.
pub(crate) struct Server {
    program: PathBuf,
    directory: TempDir,
    socket: PathBuf,
    process: Child,
}

impl Server {
    /// Starts a server with our plugin.yaml, `more` added below its `spec`.
    fn start(program: &str, more: &str) -> Server {
        Server::start_with(program, more, &[])
    }

    /// Starts a server in whose container `environment` is set.
    pub(crate) fn start_with(program: &str, more: &str, environment: &[(&str, String)]) -> Server {
        let directory = TempDir::new("cmp");
        let config = fs::read_to_string(support::root().join("plugin.yaml")).expect("plugin.yaml");
        let binary = std::env::var("JENKINS_CMP_E2E_PLUGIN").ok();
        let binary = binary.unwrap_or_else(|| env!("CARGO_BIN_EXE_jenkins-cmp").to_owned());
        let config = format!("{config}{more}").replace("/usr/local/bin/jenkins-cmp", &binary);
        directory.write("config/plugin.yaml", config);
        directory.write("plugins/.keep", "");
        directory.write("work/.keep", "");
        let path = directory.path();
        let process = Command::new(program)
            .arg("serve")
            .arg(path.join("config"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PWD", "/somewhere/else")
            .env("ARGOCD_PLUGINSOCKFILEPATH", path.join("plugins"))
            .env("ARGOCD_CMP_WORKDIR", path.join("work"))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let socket = path.join("plugins/jenkins-cmp-v0.1.sock");
        let start = Instant::now();
        while !socket.exists() {
            assert!(start.elapsed() < Duration::from_secs(30), "no socket");
            thread::sleep(Duration::from_millis(20));
        }
        Server {
            program: program.into(),
            socket,
            directory,
            process,
        }
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Calls the server; `changes` are over an ordinary call of `generate` for `overlay`.
    pub(crate) fn call(&self, overlay: &str, changes: Value) -> Vec<Value> {
        let root = support::root().join("testdata");
        let mut request = json!({
            "method": "generate",
            "root": root,
            "apps": [root.join(overlay)],
            "deadlineMs": PATIENCE_MS,
            "exclude": [".git"],
            "env": environment(&[]),
        });
        for (key, value) in changes.as_object().expect("an object") {
            request[key] = value.clone();
        }
        let mut client = Command::new(&self.program)
            .arg("call")
            .arg(&self.socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the client starts");
        let mut input = client.stdin.take().expect("a pipe");
        write!(input, "{request}").expect("the client reads");
        drop(input);
        let output = client.wait_with_output().expect("the client ends");
        serde_json::from_slice(&output.stdout).expect("answers")
    }

    /// Calls the server once.
    fn one(&self, overlay: &str, changes: Value) -> Value {
        self.call(overlay, changes).remove(0)
    }

    /// The copies of the repository that are left.
    fn copies(&self) -> usize {
        let copies = self.directory.path().join("work/_cmp_server");
        fs::read_dir(copies).expect("a directory").count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What repo-server sends, with `more` after it.
fn environment(more: &[&str]) -> Vec<String> {
    let own = [
        "ARGOCD_APP_NAME=argocd_jenkins",
        "ARGOCD_APP_NAMESPACE=ci-prod",
        "ARGOCD_APP_REVISION=0123456789abcdef0123456789abcdef01234567",
        "ARGOCD_APP_SOURCE_PATH=elsewhere/in/the/repository",
        "ARGOCD_APP_SOURCE_TARGET_REVISION=",
        "KUBE_VERSION=1.34.1",
        "KUBE_API_VERSIONS=v1,v1/Pod,apps/v1,apps/v1/Deployment",
        "ARGOCD_APP_PARAMETERS=null",
    ];
    own.iter()
        .chain(more)
        .map(|text| (*text).to_owned())
        .collect()
}

/// The objects that `render` prints for an overlay.
fn rendered(overlay: &str) -> Vec<Value> {
    let path = support::root().join("testdata").join(overlay);
    let path = path.to_str().expect("a UTF-8 path");
    let output = support::run(&["render", path]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let documents = manifest::split(&output.stdout, "the output").expect("documents");
    let objects = documents.iter().map(manifest::Document::object);
    let objects = objects.filter(|object| object.as_map().is_some());
    objects
        .map(|object| json::to_json(object).expect("JSON"))
        .collect()
}

/// The program of tests/cmp-server, if there is one.
pub(crate) fn program() -> Option<String> {
    let program = std::env::var("JENKINS_CMP_E2E").ok();
    let program = program.filter(|program| Path::new(program).is_absolute());
    if program.is_none() {
        support::note(
            "JENKINS_CMP_E2E does not name the program of tests/cmp-server: not tried with Argo \
             CD's plugin server",
        );
    }
    program
}

const PROD: &str = "fleet/overlays/prod";

/// The error of an answer, empty if there is none.
pub(crate) fn error(answer: &Value) -> &str {
    answer["error"].as_str().expect("a text")
}

fn objects(answer: &Value) -> Vec<Value> {
    assert_eq!(error(answer), "");
    let manifests = answer["manifests"].as_array().expect("manifests");
    manifests
        .iter()
        .map(|text| serde_json::from_str(text.as_str().expect("a text")).expect("JSON"))
        .collect()
}

#[test]
fn cmp_server_as_shipped() {
    let Some(program) = program() else { return };
    let server = Server::start(&program, "");
    let wanted = rendered(PROD);

    assert_eq!(objects(&server.one(PROD, json!({}))), wanted);

    let check = server.one(PROD, json!({"method": "check"}));
    assert_eq!((error(&check), &check["discovery"]), ("", &json!(false)));

    let parameters = server.one(PROD, json!({"method": "parameters"}));
    let parameters = parameters["parameters"].as_array().expect("parameters");
    let names: Vec<_> = parameters
        .iter()
        .map(|parameter| &parameter["name"])
        .collect();
    assert_eq!(
        names,
        ["values", "set", "chartVersion", "releaseName", "namespace"]
    );

    let wrong = r#"ARGOCD_APP_PARAMETERS=[{"name":"valeus","string":"s3cret"}]"#;
    let answer = server.one(PROD, json!({"env": environment(&[wrong])}));
    assert!(
        error(&answer).contains(
            "failed exit status 3: unknown parameter `valeus`\nhint: did you mean `values`?"
        ),
        "{answer}"
    );
    assert!(!error(&answer).contains("s3cret"), "{answer}");
    let answer = server.one("fleet/overlays", json!({}));
    assert!(error(&answer).contains("is no overlay"), "{answer}");

    // At the deadline the plugin is killed; there is the whole answer or none.
    let answers = server.call(PROD, json!({"times": 30, "deadlineMs": 800}));
    let (late, whole): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| !error(answer).is_empty());
    assert!(!late.is_empty(), "30 calls in 800 ms");
    assert!(whole.iter().all(|answer| objects(answer) == wanted));
    for answer in late {
        let known = ["DeadlineExceeded", "context deadline exceeded", "EOF"];
        let error = error(answer);
        assert!(known.iter().any(|text| error.contains(text)), "{error}");
    }
    assert_eq!(objects(&server.one(PROD, json!({}))), wanted, "after that");

    let answers = server.call(PROD, json!({"times": 50}));
    assert_eq!(answers.len(), 50);
    for answer in &answers {
        assert_eq!(objects(answer), wanted);
    }
    let slowest = answers
        .iter()
        .filter_map(|answer| answer["millis"].as_u64())
        .max();
    support::note(&format!(
        "50 calls at once: the slowest took {slowest:?} ms"
    ));
    assert_eq!(server.copies(), 0);
}

#[test]
fn cmp_server_with_every_hook() {
    let Some(program) = program() else { return };
    let hooks = "  init: {command: [/usr/local/bin/jenkins-cmp, init]}
  discover: {find: {command: [/usr/local/bin/jenkins-cmp, discover]}}
";
    let dynamic = "    dynamic: {command: [/usr/local/bin/jenkins-cmp, parameters]}\n";
    let server = Server::start(&program, &format!("{dynamic}{hooks}"));

    for (overlay, is_one) in [
        (PROD, true),
        ("article/overlays/hoge/helm", true),
        ("fleet", false),
        ("fleet/base", false),
        ("charts/jenkins", false),
    ] {
        let answer = server.one(overlay, json!({"method": "match"}));
        assert_eq!(error(&answer), "", "{overlay}");
        assert_eq!(answer["supported"], json!(is_one), "{overlay}");
        assert_eq!(answer["discovery"], json!(true));
    }
    assert_eq!(objects(&server.one(PROD, json!({}))), rendered(PROD));

    let answer = server.one(PROD, json!({"method": "parameters"}));
    assert_eq!(error(&answer), "");
    let parameters = answer["parameters"].as_array().expect("parameters");
    let version = parameters
        .iter()
        .find(|parameter| parameter["name"] == "chartVersion" && parameter["string"] != Value::Null)
        .expect("the dynamic announcement");
    assert_eq!(version["string"], "1.2.0");
    assert_eq!(version["collectionType"], "string");
}
