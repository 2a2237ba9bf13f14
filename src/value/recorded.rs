//! Calls and their results as the reference recorded them, for tests.
//!
//! A file under `testdata/` has one call for each line, a JSON array of the function's name, its
//! arguments and its result; lines that start with `#` say what recorded them. JSON strings,
//! booleans, `null` and arrays stand for themselves (an array is an `[]interface {}`), anything
//! else is an object that names its Go type, such as `{"int64": 5}`. A failed call has
//! `{"error": "text"}` for its result; one that gave an object, `{"object": [type, text]}`, the text
//! being its `%v`.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::format::display;
use super::{Int, List, ListType, Map, MapType, Value};

/// One recorded call.
pub(crate) struct Case {
    /// File and line, for messages.
    pub(crate) place: String,
    pub(crate) name: String,
    pub(crate) args: Vec<Value>,
    pub(crate) result: Outcome,
}

/// What a call gave.
#[derive(Debug)]
pub(crate) enum Outcome {
    Value(Value),
    /// An object by its type and its text.
    Object(String, Value),
    /// An error by its text.
    Error(Value),
}

impl Outcome {
    /// Says whether a call of ours gave the same.
    pub(crate) fn is(&self, got: &Result<Value, String>) -> bool {
        match (self, got) {
            (Outcome::Value(value), Ok(got)) => same(got, value),
            (Outcome::Object(type_name, text), Ok(got)) => {
                let shown = Value::str(display(got));
                got.type_name() == type_name && same(&shown, text)
            }
            // Errors are texts here, which may have lost bytes that are no UTF-8.
            (Outcome::Error(Value::Str(text)), Err(got)) => text.to_str_lossy() == *got,
            _ => false,
        }
    }
}

/// Reads the types that this module knows nothing of.
pub(crate) type Extra = fn(&str, &Json) -> Value;

/// The cases of every file in `testdata/` + `dir`; `extra` reads types that only its caller knows.
pub(crate) fn cases(dir: &str, extra: Extra) -> Vec<Case> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(dir);
    let mut files: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
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
            let result = match (result.get("error"), result.get("object")) {
                (Some(error), _) => Outcome::Error(value(error, extra)),
                (None, Some(object)) => {
                    let type_name = object[0].as_str().unwrap().to_owned();
                    Outcome::Object(type_name, value(&object[1], extra))
                }
                (None, None) => Outcome::Value(value(&result, extra)),
            };
            let args = values(&args, extra);
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
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        _ => a.deep_equal(b),
    }
}

fn value(json: &Json, extra: Extra) -> Value {
    let entry = match json {
        Json::Null => return Value::Nil,
        Json::Bool(b) => return Value::Bool(*b),
        Json::String(s) => return s.as_str().into(),
        Json::Array(items) => return Value::list(values(items, extra)),
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
        "strings" => list(ListType::Str, of, extra),
        "ints" => list(ListType::Int, of, extra),
        "lists" => list(ListType::Lists, of, extra),
        "maps" => list(ListType::Maps, of, extra),
        "map" => map(MapType::Any, of, extra),
        "stringmap" => map(MapType::Str, of, extra),
        "nil" => nil(of.as_str().unwrap()),
        other => extra(other, of),
    }
}

fn values(items: &[Json], extra: Extra) -> Vec<Value> {
    items.iter().map(|item| value(item, extra)).collect()
}

fn list(list_type: ListType, of: &Json, extra: Extra) -> Value {
    List::new(list_type, values(of.as_array().unwrap(), extra)).into()
}

fn map(map_type: MapType, of: &Json, extra: Extra) -> Value {
    let pairs = of
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| match value(&pair[0], extra) {
            Value::Str(key) => (key, value(&pair[1], extra)),
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
