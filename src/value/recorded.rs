//! Calls and their results as the reference recorded them, for tests.
//!
//! A file under `testdata/` has one call for each line, a JSON array of the function's name, its
//! arguments and its result; lines that start with `#` say what recorded them. JSON strings,
//! booleans, `null` and arrays stand for themselves (an array is an `[]interface {}`), anything
//! else is an object that names its Go type, such as `{"int64": 5}`. A failed call has
//! `{"error": "text"}` for its result.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::{Int, List, ListType, Map, MapType, Value};

/// One recorded call.
pub(crate) struct Case {
    /// File and line, for messages.
    pub(crate) place: String,
    pub(crate) name: String,
    pub(crate) args: Vec<Value>,
    pub(crate) result: Result<Value, String>,
}

/// The cases of every file in `testdata/` + `dir`.
pub(crate) fn cases(dir: &str) -> Vec<Case> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(dir);
    let mut files: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for (i, line) in text
            .lines()
            .enumerate()
            .filter(|(_, l)| !l.starts_with('#'))
        {
            let place = format!("{}:{}", file.display(), i + 1);
            let (name, args, result): (String, Vec<Json>, Json) =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{place}: {e}"));
            let result = match result.get("error") {
                Some(error) => Err(error.as_str().unwrap().to_owned()),
                None => Ok(value(&result)),
            };
            let args = args.iter().map(value).collect();
            cases.push(Case {
                place,
                name,
                args,
                result,
            });
        }
    }
    assert!(!cases.is_empty(), "no cases in {}", dir.display());
    cases
}

/// Says whether two results are the same, NaN included.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        _ => a.deep_equal(b),
    }
}

fn value(json: &Json) -> Value {
    let entry = match json {
        Json::Null => return Value::Nil,
        Json::Bool(b) => return Value::Bool(*b),
        Json::String(s) => return s.as_str().into(),
        Json::Array(items) => return Value::list(values(items)),
        Json::Object(entry) => entry.iter().next(),
        Json::Number(_) => None,
    };
    let (go_type, of) = entry.expect("an object names a type");
    match go_type.as_str() {
        "int" => Value::int(of.as_i64().unwrap()),
        "int64" => Value::int64(of.as_i64().unwrap()),
        "uint64" => Value::Int(Int::Uint64(of.as_u64().unwrap())),
        "uint8" => Value::Int(Int::Uint8(of.as_u64().unwrap() as u8)),
        "float" => Value::Float(of.as_str().unwrap().parse().unwrap()),
        "raw" => Value::str(bytes(of)),
        "bytes" => {
            let items = bytes(of).into_iter().map(|b| Value::Int(Int::Uint8(b)));
            List::new(ListType::Bytes, items.collect()).into()
        }
        "strings" => list(ListType::Str, of),
        "ints" => list(ListType::Int, of),
        "lists" => list(ListType::Lists, of),
        "maps" => list(ListType::Maps, of),
        "map" => map(MapType::Any, of),
        "stringmap" => map(MapType::Str, of),
        "nil" => nil(of.as_str().unwrap()),
        other => panic!("unknown type {other}"),
    }
}

fn values(items: &[Json]) -> Vec<Value> {
    items.iter().map(value).collect()
}

fn list(list_type: ListType, of: &Json) -> Value {
    List::new(list_type, values(of.as_array().unwrap())).into()
}

fn map(map_type: MapType, of: &Json) -> Value {
    let pairs = of
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| match value(&pair[0]) {
            Value::Str(key) => (key, value(&pair[1])),
            other => panic!("{other:?} is no key"),
        });
    Map::with_type(map_type, pairs.collect()).into()
}

fn nil(name: &str) -> Value {
    use ListType as L;
    let lists = [L::Any, L::Str, L::Int, L::Bytes, L::Maps, L::Lists];
    if let Some(list_type) = lists.into_iter().find(|l| l.name() == name) {
        return List::nil(list_type).into();
    }
    let maps = [MapType::Any, MapType::Str];
    let map_type = maps.into_iter().find(|m| m.name() == name);
    Map::nil(map_type.expect("a known type")).into()
}

fn bytes(hex: &Json) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
        .collect()
}
