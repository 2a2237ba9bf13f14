//! Every command line that a file of this repository runs parses.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::parse;
use crate::plugin;
use crate::value::Tree;
use crate::yaml;

/// The argument vectors of our binary anywhere in a YAML document.
fn command_lines(tree: &Tree, found: &mut Vec<Vec<String>>) {
    if let Some(entries) = tree.as_map() {
        let list = |key: &str| -> Vec<String> {
            let items = tree.get(key).and_then(Tree::as_list).unwrap_or_default();
            let texts = items.iter().filter_map(Tree::as_str);
            texts.map(str::to_owned).collect()
        };
        let argv = [list("command"), list("args")].concat();
        if argv
            .first()
            .is_some_and(|program| program.ends_with(plugin::NAME))
        {
            found.push(argv);
        }
        entries
            .values()
            .for_each(|value| command_lines(value, found));
    }
    for item in tree.as_list().unwrap_or_default() {
        command_lines(item, found);
    }
}

fn documents(path: &Path) -> Vec<Tree> {
    let text = fs::read_to_string(path).unwrap();
    let documents = text.split("\n---\n");
    documents
        .map(|text| {
            yaml::to_tree_strict(text.as_bytes()).unwrap_or_else(|e| panic!("{path:?}: {e}"))
        })
        .collect()
}

#[test]
fn every_command_line_parses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("plugin.yaml")];
    let deploy = fs::read_dir(root.join("deploy")).unwrap();
    files.extend(deploy.map(|entry| entry.unwrap().path()));
    files.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    let mut found = Vec::new();
    for document in files.iter().flat_map(|path| documents(path)) {
        command_lines(&document, &mut found);
    }
    // YAML in docs/argocd.md and the last line of the Dockerfile name hooks too.
    let docs = fs::read_to_string(root.join("docs/argocd.md")).unwrap();
    for block in docs.split("```yaml\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for text in block.split("\n---\n") {
            command_lines(&yaml::to_tree_strict(text.as_bytes()).unwrap(), &mut found);
        }
    }
    let dockerfile = fs::read_to_string(root.join("deploy/Dockerfile")).unwrap();
    for line in dockerfile.lines() {
        if let Some(argv) = line
            .strip_prefix("ENTRYPOINT ")
            .or(line.strip_prefix("CMD "))
        {
            let argv: Vec<String> = serde_json::from_str(argv).unwrap();
            if argv[0].ends_with(plugin::NAME) {
                found.push(argv);
            }
        }
    }
    // Workflows run whole scripts, of which our lines are simple ones.
    let docs = fs::read_to_string(root.join("docs/ci.md")).unwrap();
    let docs = docs
        .replace("\\\n", " ")
        .replace("--color always\n", "--color always ");
    for line in docs.lines() {
        let line = line
            .trim_start()
            .trim_start_matches("- ")
            .trim_start_matches("run: ");
        if line.starts_with("jenkins-cmp ") {
            let line = line.split(['#', '|']).next().unwrap();
            let line = line.replace("${{ matrix.shard }}", "1");
            let line = line.replace("\"$CI_NODE_INDEX/$CI_NODE_TOTAL\"", "1/4");
            found.push(line.split_whitespace().map(str::to_owned).collect());
        }
    }
    assert!(found.len() >= 12, "{found:?}");
    for argv in found {
        // Help and version count as parsed: they are what was asked for.
        let parsed = parse(argv.iter().map(OsString::from));
        let problem = parsed.err().filter(clap::Error::use_stderr);
        assert!(problem.is_none(), "{argv:?}: {problem:?}");
    }
}
