//! Runs the rows of `testdata/yaml/read`.
//!
//! A row is `INPUT => RESULT`: a JSON string, or `hex` and bytes, then Go's JSON or `ERR` and a
//! text with the escapes of JSON.

use std::path::Path;

use crate::limits::{MAX_YAML_DEPTH, MAX_YAML_PRINT_DEPTH};
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
        let documents = helm4_documents(input)?.into_iter().map(|d| Tree::str(&*d));
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

#[test]
fn rows_of_manifest_heads() {
    static METADATA: Struct = Struct {
        name: "",
        go: r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#,
        fields: &[
            ("name", Type::Text),
            ("annotations", Type::Map(&Type::Text)),
        ],
    };
    static HEAD: Struct = Struct {
        name: "SimpleHead",
        go: "util.SimpleHead",
        fields: &[
            ("apiVersion", Type::Text),
            ("kind", Type::Text),
            ("metadata", Type::Struct(&METADATA)),
        ],
    };
    check("heads.txt", |input| {
        let head = typed::decode(input, &HEAD)?;
        let mut out = format!(
            r#"{{"apiVersion":{}"#,
            json(&Tree::Str(head.text("apiVersion")))
        );
        if !head.text("kind").is_empty() {
            out += &format!(r#","kind":{}"#, json(&Tree::Str(head.text("kind"))));
        }
        if let Some(metadata) = head.record("metadata") {
            let name = json(&Tree::Str(metadata.text("name")));
            let annotations = json(metadata.get("annotations").unwrap_or(&Tree::Null));
            out += &format!(r#","metadata":{{"name":{name},"annotations":{annotations}}}"#);
        }
        Ok(out + "}")
    });
}

/// Runs on a stack that holds what dropping and reading the deepest trees takes without optimiser.
fn on_large_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 * 1024 * 1024);
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn deepest_nesting() {
    let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
    let blocks = |n: usize| "- ".repeat(n) + "a";
    on_large_stack(move || {
        for text in [nested(MAX_YAML_DEPTH), blocks(MAX_YAML_DEPTH)] {
            assert!(to_tree(text.as_bytes()).is_ok());
        }
        for text in [nested(MAX_YAML_DEPTH + 1), blocks(MAX_YAML_DEPTH + 1)] {
            let error = to_tree(text.as_bytes()).unwrap_err();
            assert_eq!(error.message, "yaml: exceeded max depth of 10000");
        }
        let both = "- ".repeat(2) + &nested(MAX_YAML_DEPTH - 1);
        assert_eq!(
            decode_list(both.as_bytes()).unwrap_err().message,
            "error unmarshaling JSON: while decoding JSON: invalid character '[' exceeded max depth"
        );
    });
}

/// Parsing itself needs no deep stack; test threads have 2 MiB.
#[test]
fn parsing_deep_text_takes_no_stack() {
    for text in ["{a: ".repeat(9999), "- ".repeat(9999), "? ".repeat(9999)] {
        let closed = text.clone() + "b" + &"}".repeat(if text.starts_with('{') { 9999 } else { 0 });
        assert!(parse(closed.as_bytes()).unwrap().root().is_some());
    }
}

#[test]
fn aliases_are_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..9 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb += &format!("a{i}: &a{i} [{aliases}]\n");
    }
    let error = to_tree(bomb.as_bytes()).unwrap_err();
    assert_eq!(error.message, "yaml: document contains excessive aliasing");
    let fine: String = "x: &x {a: 1}\ny:\n".to_owned() + &"- *x\n".repeat(10_000);
    assert!(to_tree(fine.as_bytes()).is_ok());
}

#[test]
fn error_texts_print_so_deep() {
    let key = |n: usize| format!("? {}{}\n: a", "[".repeat(n), "]".repeat(n));
    let printed = |n: usize| to_tree(key(n).as_bytes()).unwrap_err().message;
    assert!(printed(MAX_YAML_PRINT_DEPTH).contains("{[]interface {}{}}"));
    assert!(printed(MAX_YAML_PRINT_DEPTH + 1).contains("{[]interface {}{...}}"));
}

#[test]
fn the_last_of_many_equal_keys_wins() {
    let mut text = String::new();
    for i in 0..2000 {
        text += &format!("k{}: {i}\n", i % 50);
    }
    let tree = to_tree(text.as_bytes()).unwrap();
    for i in 0..50 {
        assert_eq!(tree.get(&format!("k{i}")), Some(&Tree::Int(1950 + i)));
    }
}

#[test]
fn errors_know_their_true_place() {
    for (text, line, column) in [
        ("a: b: c", 1, 5),
        ("a: 1\n b: 2", 2, 3),
        ("x: é\né: \"\\q\"", 2, 5),
        ("a:\n  b: 1\n c: 2", 3, 2),
        ("a: [b", 1, 6),
        ("a: 1\nb: *x", 2, 4),
        ("a: 1\nb: !!int x", 2, 4),
        ("a:\n- \u{7f}", 2, 3),
        ("? [1]\n: a", 1, 3),
        ("a:\n  <<: 1", 2, 7),
        ("a: &x [*x]", 1, 8),
    ] {
        let error = to_tree(text.as_bytes()).unwrap_err();
        assert_eq!(
            (error.line, error.column),
            (line, column),
            "{text:?}: {error}"
        );
    }
    let error = to_tree_strict(b"a: 1\na: 2").unwrap_err();
    assert_eq!((error.line, error.column), (2, 4));
    let shown = error.diagnostic("values.yaml", "a: 1\na: 2").to_string();
    assert!(
        shown.starts_with("values.yaml:2:4: yaml: unmarshal errors:"),
        "{shown}"
    );
}

#[test]
fn typed_errors_know_their_true_place() {
    static ITEM: Struct = Struct {
        name: "Item",
        go: "main.Item",
        fields: &[("tags", Type::List(&Type::Text))],
    };
    static TOP: Struct = Struct {
        name: "Top",
        go: "main.Top",
        fields: &[("items", Type::List(&Type::Struct(&ITEM)))],
    };
    let error = typed::decode(b"items:\n- tags: [a]\n- tags: [a,\n   {}]", &TOP).unwrap_err();
    assert_eq!((error.line, error.column), (4, 4));
    assert!(
        error
            .message
            .ends_with("object into Go struct field Item.items.tags of type string"),
        "{error}"
    );
}

#[test]
fn documents_show_what_is_written() {
    let text = b"# c\na: &x\n  - 'it''s'\n  - \"b\"\nb: *x\na: |\n  t\n<<: {c: 1}\n<<: {c: 2}\n";
    let document = parse(text).unwrap();
    let root = document.root().unwrap();
    assert_eq!(root.kind(), Kind::Mapping);
    let keys: Vec<_> = root
        .entries()
        .map(|(key, _)| (key.text(), key.line()))
        .collect();
    assert_eq!(
        keys,
        [(&b"a"[..], 2), (b"b", 5), (b"a", 6), (b"<<", 8), (b"<<", 9)]
    );
    let item = document
        .at(&[Step::Key("b".into()), Step::Index(0)])
        .unwrap();
    assert_eq!(item.kind(), Kind::Scalar(Style::SingleQuoted));
    assert_eq!(
        (item.text(), item.line(), item.column()),
        (&b"it's"[..], 3, 5)
    );
    assert_eq!(
        root.get("a").unwrap().1.kind(),
        Kind::Scalar(Style::Literal)
    );
    let duplicates: Vec<_> = document
        .duplicate_keys()
        .iter()
        .map(|key| key.line())
        .collect();
    assert_eq!(duplicates, [6]);
    assert!(parse(b"").unwrap().root().is_none());
}

#[test]
fn damage_behind_the_step_that_is_needed_goes_unnoticed() {
    let text = |n: usize| [b"a: 1\n---\n# ".to_vec(), vec![b'x'; n], vec![0xff]].concat();
    assert!(to_tree(&text(501)).is_ok());
    let error = to_tree(&text(500)).unwrap_err();
    assert_eq!(error.message, "yaml: invalid leading UTF-8 octet");
    assert_eq!((error.line, error.column), (3, 503));
}
