//! YAML, JSON and TOML: `toYaml`, `fromJson`, `toToml`, …
//!
//! The plain names swallow errors, each in its own way: `toYaml` and `toJson` give the empty string,
//! `fromYaml` and `fromJson` a map with the key `Error`, `toToml` the error as its result. The names
//! with `must`, and `toRawJson`, fail the template.

use crate::funcs::toml;
use crate::limits::MAX_DECODED_BYTES;
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::json::{self, Decoded, EncodeError, Options};
use crate::value::{List, ListType, Map, MapType, Str, Tree, TreeMap, Value};
use crate::yaml;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("fromJson", &[Param::String], from_json).heavy(),
    Function::pure("fromJsonArray", &[Param::String], from_json_array).heavy(),
    Function::run("fromToml", &[Param::String], from_toml).heavy(),
    Function::pure("fromYaml", &[Param::String], from_yaml).heavy(),
    Function::pure("fromYamlArray", &[Param::String], from_yaml_array).heavy(),
    Function::pure("mustFromJson", &[Param::String], must_from_json).heavy(),
    Function::pure("mustToJson", &[Param::Any], must_to_json).heavy(),
    Function::pure("mustToPrettyJson", &[Param::Any], must_to_pretty_json).heavy(),
    Function::pure("mustToRawJson", &[Param::Any], to_raw_json).heavy(),
    Function::pure("toJson", &[Param::Any], to_json).heavy(),
    Function::pure("toPrettyJson", &[Param::Any], to_pretty_json).heavy(),
    Function::pure("toRawJson", &[Param::Any], to_raw_json).heavy(),
    Function::pure("toToml", &[Param::Any], to_toml).heavy(),
    Function::pure("toYaml", &[Param::Any], to_yaml).heavy(),
    Function::pure("toYamlPretty", &[Param::Any], to_yaml_pretty).heavy(),
];

/// The functions that only Helm 4 has; its own `mustToJson` does what sprig's does.
pub const HELM_4_FUNCTIONS: &[Function] = &[
    Function::pure("mustToToml", &[Param::Any], must_to_toml).heavy(),
    Function::pure("mustToYaml", &[Param::Any], must_to_yaml).heavy(),
];

/// What a byte of TOML takes at worst.
const TOML_STEPS_PER_BYTE: usize = 2;

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
    // go-yaml v3 panics on what has no YAML form, and the template fails.
    Ok(without_line_feed(yaml::write_pretty(args.any(0))?))
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
    Ok(match yaml::decode_map(text(args)?) {
        Ok(entries) => thaw_map(entries).into(),
        Err(error) if error.exceeds_limit() => return Err(FuncError::Limit(error.message)),
        Err(error) => error_map(TreeMap::new(), error.message),
    })
}

fn from_yaml_array(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(match yaml::decode_list(text(args)?) {
        Ok(items) => thaw(Tree::list(items)),
        Err(error) if error.exceeds_limit() => return Err(FuncError::Limit(error.message)),
        Err(error) => Value::list(vec![Value::str(error.message)]),
    })
}

fn from_json(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(match json::decode_map(text(args)?) {
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
    let Decoded { value, error } = json::decode_list(text(args)?);
    let items = value.map(|items| thaw(Tree::list(items)));
    Ok(match error {
        Some(error) => Value::list(vec![Value::str(error)]),
        None => items.unwrap_or_else(|| List::nil(ListType::Any).into()),
    })
}

fn must_from_json(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(thaw(json::decode(text(args)?)?))
}

fn from_toml(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    // Long keys take by far the most.
    run.spend(TOML_STEPS_PER_BYTE * args.str(0).len())?;
    Ok(match toml::decode(text(args)?) {
        Ok(map) => map.into(),
        Err(error) => error_map(TreeMap::new(), error),
    })
}

/// The text to read.
fn text(args: Args<'_>) -> Result<&Str, FuncError> {
    let text = args.str(0);
    if text.len() > MAX_DECODED_BYTES {
        return Err(FuncError::Limit(format!(
            "the text to read has more than {MAX_DECODED_BYTES} bytes"
        )));
    }
    Ok(text)
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

#[cfg(test)]
mod tests {
    use crate::funcs;
    use crate::funcs::replay::{self, FixedHost};
    use crate::template::FuncError;
    use crate::value::format::display;
    use crate::value::{Map, Value};

    fn call(name: &str, argument: Value) -> Result<Value, FuncError> {
        let function = funcs::table(4).get(name).expect("the function is listed");
        replay::run(&mut FixedHost::default(), function, &[argument])
    }

    fn text(name: &str, argument: Value) -> String {
        let result = call(name, argument).expect("the call succeeds");
        String::from_utf8(display(&result)).expect("the result is text")
    }

    fn error(name: &str, argument: Value) -> String {
        match call(name, argument) {
            Err(FuncError::Message(text)) => text,
            other => panic!("{name} gives no error: {other:?}"),
        }
    }

    #[test]
    fn errors_are_swallowed_or_not() {
        let nan = || Value::Float(f64::NAN);
        for name in ["toYaml", "toJson", "toPrettyJson"] {
            assert_eq!(text(name, nan()), "", "{name}");
        }
        for name in [
            "mustToJson",
            "mustToPrettyJson",
            "toRawJson",
            "mustToRawJson",
        ] {
            assert_eq!(error(name, nan()), "json: unsupported value: NaN", "{name}");
        }
        assert_eq!(
            error("mustToYaml", nan()),
            "error marshaling into JSON: json: unsupported value: NaN"
        );
        assert_eq!(text("toYamlPretty", nan()), ".nan");
        let nil = || Value::list(vec![Value::Nil]);
        let refused = "toml: cannot encode array with nil element";
        assert_eq!(text("toToml", nil()), refused);
        assert_eq!(error("mustToToml", nil()), refused);
        let panic = "reflect: call of reflect.Value.Type on zero Value";
        assert_eq!(error("toToml", Value::Nil), panic);
    }

    #[test]
    fn one_line_feed_is_cut() {
        assert_eq!(text("toYaml", Value::str("x\n\n")), "|+\n  x\n");
        assert_eq!(text("toYamlPretty", Value::str("x\n\n")), "|+\n  x\n");
    }

    #[test]
    fn html_is_escaped_unless_raw() {
        let value = || Value::str("<&>");
        assert_eq!(text("toJson", value()), r#""\u003c\u0026\u003e""#);
        assert_eq!(text("toPrettyJson", value()), r#""\u003c\u0026\u003e""#);
        assert_eq!(text("toRawJson", value()), r#""<&>""#);
    }

    #[test]
    fn json_that_is_no_map() {
        let json = |name: &str, source: &str| text("toJson", call(name, source.into()).unwrap());
        assert_eq!(json("fromJson", "null"), "null");
        assert_eq!(json("fromJsonArray", "null"), "null");
        assert_eq!(
            json("fromJson", "[1]"),
            r#"{"Error":"json: cannot unmarshal array into Go value of type map[string]interface {}"}"#
        );
        assert_eq!(
            json("fromJson", r#"{"a":1e999,"b":2}"#),
            r#"{"Error":"json: cannot unmarshal number 1e999 into Go value of type float64","a":null,"b":2}"#
        );
        assert_eq!(
            json("fromJsonArray", ""),
            r#"["unexpected end of JSON input"]"#
        );
        assert_eq!(json("mustFromJson", "[1,{}]"), "[1,{}]");
        assert_eq!(
            error("mustFromJson", "".into()),
            "unexpected end of JSON input"
        );
    }

    #[test]
    fn yaml_both_ways() {
        let json = |name: &str, source: &str| text("toJson", call(name, source.into()).unwrap());
        assert_eq!(
            json("fromYaml", "a: 1\nb: [on, 0x10]"),
            r#"{"a":1,"b":[true,16]}"#
        );
        assert_eq!(json("fromYaml", ""), "{}");
        assert_eq!(json("fromYamlArray", "- 1\n- x"), r#"[1,"x"]"#);
        assert_eq!(json("fromYamlArray", ""), "[]");
        assert_eq!(
            json("fromYaml", "- 1"),
            r#"{"Error":"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"}"#
        );
        assert_eq!(
            json("fromYamlArray", "a: ["),
            r#"["error converting YAML to JSON: yaml: line 1: did not find expected node content"]"#
        );
        let read = call("fromYaml", "b: [{c: 1}]\na: 'yes'".into()).unwrap();
        assert_eq!(text("toYaml", read), "a: \"yes\"\nb:\n- c: 1");
    }

    #[test]
    fn toml_both_ways() {
        let map = call("fromToml", "a = 1\n[t]\nb = 2020-01-01\n".into()).unwrap();
        assert_eq!(text("toToml", map), "a = 1\n\n[t]\n  b = 2020-01-01\n");
        let broken = call("fromToml", "a =".into()).unwrap();
        let has_error = broken
            .as_map()
            .is_some_and(|map: &Map| map.contains_key(b"Error"));
        assert!(has_error);
    }

    #[test]
    fn only_helm_4_has_the_must_forms_of_yaml_and_toml() {
        for name in ["mustToYaml", "mustToToml"] {
            assert!(funcs::table(4).get(name).is_some());
            assert!(funcs::table(3).get(name).is_none());
        }
    }
}
