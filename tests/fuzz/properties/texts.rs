//! Texts of one format each.

use jenkins_cmp::app::Lock;
use jenkins_cmp::fetch::{Client, Options};
use jenkins_cmp::funcs;
use jenkins_cmp::helm::HelmCompat;
use jenkins_cmp::limits::{MAX_ERROR_BYTES, MAX_YAML_DEPTH};
use jenkins_cmp::release::Derived;
use jenkins_cmp::template::{Limits, Run, TemplateSet};
use jenkins_cmp::value::json::{self, EncodeError};
use jenkins_cmp::value::{Str, Tree};
use jenkins_cmp::values::{self, ValuesOptions, merge_options};
use jenkins_cmp::yaml::{self, Document, Kind, Node};

use super::twice;

/// The data of templates.
const DATA: &str = "
Values: {s: text, n: 3, f: 1.5, b: true, nil: null, list: [a, 1, {k: v}], map: {a: 1, b: {c: d}}}
Release: {Name: r, Namespace: ns, IsInstall: true, Revision: 1}
Chart: {Name: c, Version: 1.2.3, AppVersion: '4'}
Template: {Name: c/templates/t.yaml, BasePath: c/templates}
";

/// Less than a chart may take, so that many inputs are tried in a second.
const LIMITS: Limits = Limits {
    steps: 200_000,
    output_bytes: 1024 * 1024,
    value_bytes: 64 * 1024 * 1024,
    nesting: 100_000,
};

/// A template gives the same text or the same error each time, within the bounds.
pub(crate) fn template(data: &[u8]) {
    for helm in [HelmCompat::V3, HelmCompat::V4] {
        match twice(|| render(data, helm)) {
            Ok(text) => assert!(text.len() as u64 <= LIMITS.output_bytes),
            Err(text) => assert!(text.len() <= MAX_ERROR_BYTES + 3, "{} bytes", text.len()),
        }
    }
}

fn render(text: &[u8], helm: HelmCompat) -> Result<Vec<u8>, String> {
    const NAME: &str = "c/templates/t.yaml";
    let mut set = TemplateSet::new("gotpl", funcs::table(helm.major()));
    let partial = "{{ define \"p\" }}<{{ . }}>{{ end }}";
    set.add("c/templates/_p.tpl", partial)
        .map_err(|e| e.to_string())?;
    set.add(NAME, Str::from(text)).map_err(|e| e.to_string())?;
    let data = yaml::to_tree(DATA.as_bytes()).map_err(|e| e.message)?;
    let host = Derived::stand_ins(helm, "ns/r".to_owned());
    let mut run = Run::new(&set, &host, LIMITS);
    run.execute(NAME, data.thaw()).map_err(|e| e.go_text())
}

/// What reads can be written, and what was written reads to the same data; all readers agree about
/// what is YAML; places lie inside of the text.
pub(crate) fn yaml(data: &[u8]) {
    let parsed = yaml::parse(data);
    let tree = twice(|| yaml::to_tree(data));
    match &parsed {
        Ok(document) => check_places(document, data.len()),
        Err(error) => {
            assert!(tree.is_err(), "there is data without nodes");
            let problem = error.diagnostic("f.yaml", &String::from_utf8_lossy(data));
            assert!(!format!("{problem:#}").is_empty());
        }
    }
    if let Err(error) = &tree {
        assert!(error.line <= data.len() + 2, "line {}", error.line);
    }
    if let Ok(strict) = yaml::to_tree_strict(data) {
        assert!(
            tree.as_ref() == Ok(&strict),
            "strict reading gives other data"
        );
    }
    for error in [
        yaml::decode_map(data).err(),
        yaml::decode_list(data).err(),
        yaml::helm4_documents(data).err(),
        values_error(data, HelmCompat::V3),
        values_error(data, HelmCompat::V4),
    ] {
        assert!(error.is_none_or(|e| !e.message.is_empty()));
    }
    if let Ok(tree) = tree {
        survives(&tree);
    }
}

fn values_error(data: &[u8], helm: HelmCompat) -> Option<yaml::Error> {
    let problem = values::parse_values("values.yaml", data, helm).err()?;
    assert!(!format!("{problem:#}").is_empty());
    None
}

/// Checks that data is the same after writing and reading.
fn survives(tree: &Tree) {
    let text = match yaml::marshal(tree) {
        Ok(text) => text,
        Err(EncodeError::Limit(_)) => return,
        // On the way Go reads JSON as YAML, which takes fewer characters in strings and keys.
        Err(EncodeError::Unsupported(text)) if text.starts_with("yaml: ") => return,
        Err(error) => panic!("what was read cannot be written: {error}"),
    };
    let detour = json::detour(tree).expect("data that was marshalled");
    // Go writes this key so that it reads as a merge.
    if has_key(&detour, b"<<") {
        return;
    }
    let read = yaml::to_tree(text.as_bytes())
        .unwrap_or_else(|e| panic!("what was written cannot be read: {}\n{text}", e.message));
    assert!(
        read == detour,
        "reads to other data:\n{text}\n{read:?}\n{detour:?}"
    );
    assert!(
        yaml::marshal(&read).as_ref() == Ok(&text),
        "writes differently:\n{text}"
    );
    // Go's third engine writes literals that begin with a tab so that the second cannot read them.
    let pretty = yaml::write_pretty(&detour.thaw());
    if let Some((text, read)) = pretty.ok().and_then(|text| {
        let read = yaml::to_tree(text.as_bytes()).ok()?;
        Some((text, read))
    }) {
        assert!(
            read == detour,
            "reads to other data:\n{text}\n{read:?}\n{detour:?}"
        );
    }
}

/// Says whether some map below `tree` has the key.
fn has_key(tree: &Tree, key: &[u8]) -> bool {
    let mut open = vec![tree];
    while let Some(tree) = open.pop() {
        match tree {
            Tree::List(items) => open.extend(items.iter()),
            Tree::Map(entries) if entries.contains_key(key) => return true,
            Tree::Map(entries) => open.extend(entries.values()),
            _ => {}
        }
    }
    false
}

/// Checks that nodes know places inside of a text of `len` bytes.
fn check_places(document: &Document, len: usize) {
    let mut open: Vec<Node<'_>> = document.root().into_iter().collect();
    let mut n_nodes = 0;
    while let Some(node) = open.pop() {
        n_nodes += 1;
        assert!(n_nodes <= 2 * len + 2, "more nodes than characters");
        assert!(open.len() <= len + MAX_YAML_DEPTH);
        assert!((1..=len + 2).contains(&node.line()), "line {}", node.line());
        assert!((1..=len + 2).contains(&node.column()));
        match node.kind() {
            Kind::Mapping => open.extend(node.entries().flat_map(|(key, value)| [key, value])),
            Kind::Sequence => open.extend(node.items()),
            Kind::Scalar(_) | Kind::Alias => {}
        }
    }
}

/// Flags, one to a line: values that can be written and read again, or an error.
pub(crate) fn set(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut options = ValuesOptions::default();
    for line in text.split('\n') {
        let (flag, argument) = line.split_once(' ').unwrap_or(("--set", line));
        let flags = match flag {
            "--set" => &mut options.set,
            "--set-string" => &mut options.set_string,
            "--set-json" => &mut options.set_json,
            "--set-file" => &mut options.set_file,
            "--set-literal" => &mut options.set_literal,
            "--values" => &mut options.files,
            _ => continue,
        };
        flags.push(argument.replace('\r', "\n"));
    }
    for helm in [HelmCompat::V3, HelmCompat::V4] {
        // A values file is called by its own text.
        let read = |path: &str| match path {
            "" => Err("open : no such file or directory".to_owned()),
            path => Ok(path.replace(';', "\n").into_bytes()),
        };
        let merged = twice(|| merge_options(&options, helm, &mut |path| read(path)));
        match merged {
            Ok(Tree::Map(values)) => survives(&Tree::Map(values)),
            Ok(other) => panic!("values are no map: {other:?}"),
            Err(problem) => assert!(!format!("{problem:#}").is_empty()),
        }
    }
}

/// A lock file and credentials: what reads as a lock can be written and reads to the same.
pub(crate) fn lock(data: &[u8]) {
    let mut client = Client::new(Options::default());
    let results = [
        client.add_repositories("repositories.yaml", data),
        client.add_registries("config.json", data),
    ];
    for error in results.into_iter().filter_map(Result::err) {
        assert!(!format!("{:#}", error.to_diagnostic()).is_empty());
    }
    let text = String::from_utf8_lossy(data);
    match twice(|| Lock::parse(&text, "jenkins-cmp.lock")) {
        Ok(lock) => {
            let text = lock.to_text();
            let again = Lock::parse(&text, "jenkins-cmp.lock");
            let again =
                again.unwrap_or_else(|e| panic!("what was written is refused: {e}\n{text}"));
            let sorted = |lock: &Lock| {
                let mut entries = lock.entries().to_vec();
                entries.sort();
                entries
            };
            assert!(
                sorted(&again) == sorted(&lock),
                "reads to something else:\n{text}"
            );
            assert!(again.to_text() == text, "writes differently:\n{text}");
        }
        Err(problem) => assert!(!format!("{problem:#}").is_empty()),
    }
}
