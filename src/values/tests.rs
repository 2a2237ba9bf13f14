//! The `--set` family against recorded results.

use serde_json::Value as Json;

use super::{ValuesOptions, merge_options};
use crate::helm::HelmCompat;
use crate::limits::{MAX_SET_DEPTH, MAX_SET_INDEX, MAX_SET_NESTING};
use crate::value::{Tree, TreeMap};

fn options(case: &Json) -> ValuesOptions {
    let texts = |key: &str| -> Vec<String> {
        let items = case[key].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect()
    };
    ValuesOptions {
        files: case["base"]
            .as_bool()
            .map(|_| "base.yaml".to_owned())
            .into_iter()
            .collect(),
        set_json: texts("set_json"),
        set: texts("set"),
        set_string: texts("set_string"),
        set_file: texts("set_file"),
        set_literal: texts("set_literal"),
    }
}

/// The reference's JSON does not tell whole floats from integers.
fn normal(tree: &Tree) -> Tree {
    match tree {
        Tree::Int(n) => Tree::Float(*n as f64),
        Tree::List(items) => Tree::list(items.iter().map(normal).collect()),
        Tree::Map(entries) => Tree::map(
            entries
                .iter()
                .map(|(k, v)| (k.clone(), normal(v)))
                .collect::<TreeMap>(),
        ),
        other => other.clone(),
    }
}

#[test]
fn set_arguments_give_what_helm_gives() {
    let base = include_bytes!("../../testdata/set/base.yaml");
    for line in include_str!("../../testdata/set/recorded.jsonl").lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let helm = match case["helm"].as_u64() {
            Some(3) => HelmCompat::V3,
            _ => HelmCompat::V4,
        };
        let found = merge_options(&options(&case), helm, &mut |_| Ok(base.to_vec()));
        match found {
            Ok(mut values) => {
                let want = crate::value::json::decode(case["values"].to_string().as_bytes());
                values = normal(&values);
                assert_eq!(Ok(values), want, "{line}");
            }
            Err(error) => assert_eq!(Some(&*error.message), case["error"].as_str(), "{line}"),
        }
    }
}

fn set(text: String) -> Result<Tree, String> {
    let options = ValuesOptions {
        set: vec![text],
        ..ValuesOptions::default()
    };
    merge_options(&options, HelmCompat::V4, &mut |_| Ok(Vec::new())).map_err(|e| e.message)
}

#[test]
fn set_is_bounded() {
    assert!(set(format!("a[{MAX_SET_INDEX}]=1")).is_ok());
    assert!(set(format!("a[{}]=1", MAX_SET_INDEX + 1)).is_err());
    assert!(set(format!("a{}=1", ".b".repeat(MAX_SET_DEPTH))).is_ok());
    assert!(set(format!("a{}=1", ".b".repeat(MAX_SET_DEPTH + 1))).is_err());
    assert!(set(format!("a{}=1", "[0]".repeat(MAX_SET_NESTING))).is_ok());
    assert!(set(format!("a{}=1", "[0]".repeat(MAX_SET_NESTING + 2))).is_err());
    assert!(set(format!("a{}=1", "[0]".repeat(100_000))).is_err());
    let lists: Vec<String> = (0..20)
        .map(|i| format!("a{i}[{MAX_SET_INDEX}]=1"))
        .collect();
    assert!(set(lists.join(",")).unwrap_err().contains("items"));
}

#[test]
fn set_keeps_the_types() {
    let values = set("i=1,s=1.5,t=TRUE,n=null".to_owned()).unwrap();
    assert_eq!(values.get("i"), Some(&Tree::Int(1)));
    assert_eq!(values.get("s"), Some(&Tree::str("1.5")));
    assert_eq!(values.get("t"), Some(&Tree::Bool(true)));
    assert_eq!(values.get("n"), Some(&Tree::Null));
}

#[test]
fn broken_files_name_the_place() {
    let options = ValuesOptions {
        files: vec!["v.yaml".to_owned()],
        ..ValuesOptions::default()
    };
    let text = b"a: 1\n---\nb:\n  - [\n";
    let error = merge_options(&options, HelmCompat::V4, &mut |_| Ok(text.to_vec())).unwrap_err();
    assert!(
        error.message.starts_with(
            "failed to parse v.yaml: cannot unmarshal yaml document: error converting YAML to JSON"
        ),
        "{}",
        error.message
    );
    let at = error.location.unwrap();
    assert_eq!((at.file.as_str(), at.line >= 4), ("v.yaml", true));
}
