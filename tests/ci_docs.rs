//! The workflows of `docs/ci.md` are what they should be.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::{note, root};

/// The YAML blocks of the page.
fn workflows() -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/ci.md")).expect("docs/ci.md");
    let blocks = page.split("```yaml\n").skip(1);
    let block = |text: &str| text.split("```").next().unwrap_or_default().to_owned();
    blocks.map(block).collect()
}

/// All texts under the key `key`, with the path of keys that leads there.
fn under<'v>(value: &'v serde_yaml::Value, key: &str, found: &mut Vec<&'v serde_yaml::Value>) {
    match value {
        serde_yaml::Value::Mapping(entries) => {
            for (name, value) in entries {
                if name.as_str() == Some(key) {
                    found.push(value);
                }
                under(value, key, found);
            }
        }
        serde_yaml::Value::Sequence(items) => items.iter().for_each(|item| under(item, key, found)),
        _ => {}
    }
}

#[test]
fn actions_are_pinned_and_rights_are_few() {
    let all = workflows();
    let github = all.first().expect("a workflow for GitHub");
    let tree: serde_yaml::Value = serde_yaml::from_str(github).expect("YAML");
    let mut uses = Vec::new();
    under(&tree, "uses", &mut uses);
    assert!(uses.len() >= 4);
    for action in uses {
        let (_, version) = action
            .as_str()
            .and_then(|text| text.split_once('@'))
            .expect("a version");
        let is_hash = version.len() == 40 && version.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(is_hash, "{version} can be moved");
        assert!(
            github.contains(&format!("@{version} # v")),
            "{version} has no name"
        );
    }
    // Nothing by default; a job that runs a pull request's content may only read.
    assert_eq!(
        tree["permissions"].as_mapping().map(|map| map.len()),
        Some(0)
    );
    assert!(!github.contains("pull_request_target"));
    let jobs = tree["jobs"].as_mapping().expect("jobs");
    for (name, job) in jobs {
        let text = serde_yaml::to_string(job).expect("YAML");
        let writes = text.contains(": write");
        assert!(!(writes && text.contains("actions/checkout")), "{name:?}");
        assert!(
            job["timeout-minutes"].is_number() && job["permissions"].is_mapping(),
            "{name:?}"
        );
    }
    // What others write reaches a shell through its environment only.
    let mut scripts = Vec::new();
    under(&tree, "run", &mut scripts);
    for script in scripts.iter().filter_map(|script| script.as_str()) {
        let inserted = script.replace("${{ matrix.shard }}", "");
        assert!(!inserted.contains("${{"), "{script}");
    }
}

#[test]
fn scripts_are_shell() {
    let mut scripts = Vec::new();
    for workflow in workflows() {
        let tree: serde_yaml::Value = serde_yaml::from_str(&workflow).expect("YAML");
        let mut found = Vec::new();
        under(&tree, "run", &mut found);
        under(&tree, "script", &mut found);
        for script in found {
            let lines: Vec<&str> = match script {
                serde_yaml::Value::Sequence(lines) => {
                    lines.iter().filter_map(|line| line.as_str()).collect()
                }
                script => script.as_str().into_iter().collect(),
            };
            scripts.push(lines.join("\n"));
        }
    }
    assert!(scripts.len() >= 5, "{scripts:?}");
    for script in scripts {
        let script = script.replace("${{ matrix.shard }}", "1");
        let sh = Command::new("sh")
            .arg("-n")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut sh) = sh else {
            return note("the scripts of docs/ci.md are not parsed: there is no shell");
        };
        let mut input = sh.stdin.take().expect("its standard input");
        input.write_all(script.as_bytes()).expect("a pipe");
        drop(input);
        let output = sh.wait_with_output().expect("an end");
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{problem} in {script}");
    }
}
