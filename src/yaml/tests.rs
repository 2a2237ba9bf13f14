//! Runs the rows of `testdata/yaml/read`.
//!
//! A row is `INPUT => RESULT`: a JSON string, or `hex` and bytes, then Go's JSON or `ERR` and a
//! text with the escapes of JSON.

use std::path::Path;

use crate::value::Tree;

use super::resolve::is_timestamp;
use super::typed::{self, Struct, Type};
use super::*;

fn check(name: &str, run: impl Fn(&[u8]) -> Result<String, Error>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("testdata/yaml/read").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut failures = Vec::new();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    for row in rows {
        let (input, expected) = row.split_once(" => ").unwrap();
        let (expected, wants_error) = match expected.strip_prefix("ERR ") {
            Some(text) => (serde_json::from_str(&format!("\"{text}\"")).unwrap(), true),
            None => (expected.to_owned(), false),
        };
        let actual = run(&bytes(input));
        let is_error = actual.is_err();
        let actual = actual.unwrap_or_else(|e| e.message);
        if actual != expected || is_error != wants_error {
            failures.push(format!("{input}\n  wanted {expected}\n  got    {actual}"));
        }
    }
    assert!(failures.is_empty(), "{name}:\n{}", failures.join("\n"));
}

fn bytes(input: &str) -> Vec<u8> {
    match input.strip_prefix("hex ") {
        Some(hex) => (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect(),
        None => serde_json::from_str::<String>(input).unwrap().into_bytes(),
    }
}

/// Go's JSON, all beyond ASCII escaped.
fn json(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(b) => b.to_string(),
        Tree::Int(_) | Tree::Uint(_) | Tree::Float(_) => typed::json_number(tree),
        Tree::Str(s) => json_string(s.to_str().unwrap()),
        Tree::List(items) => {
            let items: Vec<String> = items.iter().map(json).collect();
            format!("[{}]", items.join(","))
        }
        Tree::Map(entries) => {
            let entries = entries.iter();
            let entries: Vec<String> = entries
                .map(|(k, v)| format!("{}:{}", json_string(k.to_str().unwrap()), json(v)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

fn json_string(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    let mut out = String::new();
    for c in quoted.chars() {
        if c.is_ascii() && !matches!(c, '<' | '>' | '&' | '\x7f') {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}

#[test]
fn rows_of_conversion_to_json() {
    for name in [
        "anchors",
        "block",
        "bytes",
        "comments",
        "documents",
        "duplicates",
        "flow",
        "keys",
        "merge",
        "plain",
        "quoted",
        "structure",
        "tabs",
        "tags",
    ] {
        check(&format!("{name}.txt"), |input| Ok(json(&to_tree(input)?)));
    }
}

#[test]
fn rows_of_strict_reading() {
    check("strict.txt", |input| Ok(json(&to_tree_strict(input)?)));
}

#[test]
fn rows_of_untyped_reading() {
    check("from_yaml.txt", |input| {
        Ok(json(&Tree::map(decode_map(input)?)))
    });
}

#[test]
fn rows_of_typed_reading() {
    static T: Struct = Struct {
        name: "T",
        go: "main.T",
        fields: &[
            ("name", Type::Text),
            ("b", Type::Flag),
            ("i", Type::Int),
            ("l", Type::List(&Type::Text)),
            ("m", Type::Map(&Type::Text)),
        ],
    };
    check("typed.txt", |input| {
        let record = typed::decode(input, &T)?;
        let null = Tree::Null;
        Ok(format!(
            r#"{{"name":{},"b":{},"i":{},"l":{},"m":{}}}"#,
            json(&Tree::Str(record.text("name"))),
            record.flag("b"),
            record.int("i"),
            json(record.get("l").unwrap_or(&null)),
            json(record.get("m").unwrap_or(&null)),
        ))
    });
}

#[test]
fn rows_of_the_document_cutter() {
    check("cutter.txt", |input| {
        let documents = helm4_documents(input)?.into_iter().map(Tree::str);
        Ok(json(&Tree::list(documents.collect())))
    });
}

#[test]
fn rows_of_timestamps() {
    check(
        "timestamps.txt",
        |input| Ok(is_timestamp(input).to_string()),
    );
}
