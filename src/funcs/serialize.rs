//! YAML, JSON and TOML: `toYaml`, `fromJson`, `toToml`, …
//!
//! The plain names swallow errors, each in its own way: `toYaml` and `toJson` give the empty string,
//! `fromYaml` and `fromJson` a map with the key `Error`, `toToml` the error as its result. The names
//! with `must`, and `toRawJson`, fail the template.

use crate::funcs::toml;
use crate::template::{Args, FuncError, Function, Param};
use crate::value::json::{self, Decoded, EncodeError, Options};
use crate::value::{List, ListType, Map, MapType, Tree, TreeMap, Value};
use crate::yaml;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("fromJson", &[Param::String], from_json),
    Function::pure("fromJsonArray", &[Param::String], from_json_array),
    Function::pure("fromToml", &[Param::String], from_toml),
    Function::pure("fromYaml", &[Param::String], from_yaml),
    Function::pure("fromYamlArray", &[Param::String], from_yaml_array),
    Function::pure("mustFromJson", &[Param::String], must_from_json),
    Function::pure("mustToJson", &[Param::Any], must_to_json),
    Function::pure("mustToPrettyJson", &[Param::Any], must_to_pretty_json),
    Function::pure("mustToRawJson", &[Param::Any], to_raw_json),
    Function::pure("toJson", &[Param::Any], to_json),
    Function::pure("toPrettyJson", &[Param::Any], to_pretty_json),
    Function::pure("toRawJson", &[Param::Any], to_raw_json),
    Function::pure("toToml", &[Param::Any], to_toml),
    Function::pure("toYaml", &[Param::Any], to_yaml),
    Function::pure("toYamlPretty", &[Param::Any], to_yaml_pretty),
];

/// The functions that only Helm 4 has; its own `mustToJson` does what sprig's does.
pub const HELM_4_FUNCTIONS: &[Function] = &[
    Function::pure("mustToToml", &[Param::Any], must_to_toml),
    Function::pure("mustToYaml", &[Param::Any], must_to_yaml),
];

const COMPACT: Options = Options {
    escape_html: true,
    indent: false,
};

const PRETTY: Options = Options {
    escape_html: true,
    indent: true,
};

const RAW: Options = Options {
    escape_html: false,
    indent: false,
};

impl From<EncodeError> for FuncError {
    fn from(error: EncodeError) -> FuncError {
        match error {
            EncodeError::Limit(text) => FuncError::Limit(text),
            other => FuncError::Message(other.to_string()),
        }
    }
}

fn to_yaml(args: Args<'_>) -> Result<Value, FuncError> {
    or_empty(must_to_yaml(args))
}

fn must_to_yaml(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(without_line_feed(yaml::marshal_value(args.any(0))?))
}

fn to_yaml_pretty(args: Args<'_>) -> Result<Value, FuncError> {
    or_empty(
        yaml::write_pretty(args.any(0))
            .map(without_line_feed)
            .map_err(FuncError::from),
    )
}

fn to_json(args: Args<'_>) -> Result<Value, FuncError> {
    or_empty(must_to_json(args))
}

fn must_to_json(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(json::encode(args.any(0), COMPACT)?))
}

fn to_pretty_json(args: Args<'_>) -> Result<Value, FuncError> {
    or_empty(must_to_pretty_json(args))
}

fn must_to_pretty_json(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(json::encode(args.any(0), PRETTY)?))
}

fn to_raw_json(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(json::encode(args.any(0), RAW)?))
}

fn to_toml(args: Args<'_>) -> Result<Value, FuncError> {
    match toml::encode(args.any(0)) {
        Ok(text) => Ok(Value::str(text)),
        Err(toml::Error::Refused(text)) => Ok(Value::str(text)),
        Err(other) => Err(other.into()),
    }
}

fn must_to_toml(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(toml::encode(args.any(0))?))
}

fn from_yaml(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(match decode_map(args.str(0)) {
        Ok(entries) => thaw_map(entries).into(),
        Err(error) => error_map(TreeMap::new(), error),
    })
}

fn from_yaml_array(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(match decode_list(args.str(0)) {
        Ok(items) => thaw(Tree::list(items)),
        Err(error) => Value::list(vec![Value::str(error)]),
    })
}

fn from_json(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(match json::decode_map(args.str(0)) {
        Decoded {
            value,
            error: Some(error),
        } => error_map(value.unwrap_or_default(), error),
        Decoded {
            value: Some(entries),
            ..
        } => thaw_map(entries).into(),
        Decoded { value: None, .. } => Map::nil(MapType::Any).into(),
    })
}

fn from_json_array(args: Args<'_>) -> Result<Value, FuncError> {
    let Decoded { value, error } = json::decode_list(args.str(0));
    let items = value.map(|items| thaw(Tree::list(items)));
    Ok(match error {
        Some(error) => Value::list(vec![Value::str(error)]),
        None => items.unwrap_or_else(|| List::nil(ListType::Any).into()),
    })
}

fn must_from_json(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(thaw(json::decode(args.str(0))?))
}

fn from_toml(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(match toml::decode(args.str(0)) {
        Ok(map) => map.into(),
        Err(error) => error_map(TreeMap::new(), error),
    })
}

/// The empty string instead of an error, unless that is a bound of ours.
fn or_empty(result: Result<Value, FuncError>) -> Result<Value, FuncError> {
    match result {
        Err(FuncError::Message(_)) => Ok(Value::str("")),
        other => other,
    }
}

/// One line feed less at the end: a document that ends in a `|+` block keeps its others.
fn without_line_feed(mut text: String) -> Value {
    if text.ends_with('\n') {
        text.pop();
    }
    Value::str(text)
}

/// Makes the template's form of `tree`, however deep it is.
fn thaw(tree: Tree) -> Value {
    let value = tree.thaw();
    tree.dismantle();
    value
}

fn thaw_map(entries: TreeMap) -> Map {
    let map = Tree::thaw_map(&entries, MapType::Any);
    entries.into_values().for_each(Tree::dismantle);
    map
}

/// What was read before an error, with the error under `Error`.
fn error_map(entries: TreeMap, error: String) -> Value {
    let map = thaw_map(entries);
    map.entries_mut().insert("Error".into(), Value::str(error));
    map.into()
}

fn decode_map(_text: &[u8]) -> Result<TreeMap, String> {
    Err("reading YAML is not wired up".to_owned())
}

fn decode_list(_text: &[u8]) -> Result<Vec<Tree>, String> {
    Err("reading YAML is not wired up".to_owned())
}
