//! Writes YAML as go-yaml v3 does (`toYamlPretty`): straight from the values, lists indented, lines
//! never folded.
//!
//! In: a value of any depth. Out: its text with a line feed at the end. Refuses functions, and more
//! output than [`crate::limits`] allows.

use super::emit::{Emitter, Engine};
use super::order::sort;
use super::write::yaml_float;
use crate::limits::MAX_ENCODED_BYTES;
use crate::value::Value;
use crate::value::json::EncodeError;
use crate::value::walk::{Dialect, Event, Node, Walk};

/// Writes `value` as the go-yaml v3 encoder does with an indentation of two.
///
/// # Errors
///
/// The text of a value that has no YAML form, or a bound on the size; a value that contains itself,
/// on which Go runs out of stack, meets that bound too.
pub fn write_pretty(value: &Value) -> Result<String, EncodeError> {
    let mut emitter = Emitter::new(Engine::V3);
    let mut open: Vec<usize> = Vec::new();
    let walk = Walk::new(Node::Value(value.clone()), Dialect::Yaml)
        .sorted_by(|entries| *entries = sort(std::mem::take(entries), Engine::V3));
    for event in walk {
        match event.map_err(unsupported)? {
            Event::Null => emitter.plain("null"),
            Event::Bool(b) => emitter.plain(if b { "true" } else { "false" }),
            Event::Int(n) => emitter.plain(&n.to_string()),
            Event::Float(f) => emitter.plain(&yaml_float(f)),
            Event::Time(text) => emitter.plain(&text.to_str_lossy()),
            Event::Str(s) => emitter.string(&s),
            Event::Bytes(bytes) => emitter.string(&bytes),
            Event::Key(key) => emitter.key(&key),
            Event::List { len } => {
                emitter.begin_list(len);
                open.push(len);
            }
            Event::Map { len } => {
                emitter.begin_map(len);
                open.push(len);
            }
            Event::End => {
                if open.pop().is_some_and(|len| len > 0) {
                    emitter.end();
                }
            }
        }
        if emitter.len() > MAX_ENCODED_BYTES {
            return Err(EncodeError::too_big(MAX_ENCODED_BYTES));
        }
    }
    Ok(emitter.finish())
}

/// The error in go-yaml's words.
fn unsupported(text: String) -> EncodeError {
    let text = text.replace("json: unsupported type:", "cannot marshal type:");
    EncodeError::Unsupported(text)
}

#[cfg(test)]
mod tests {
    use super::write_pretty;
    use crate::value::json::{EncodeError, rows};
    use crate::value::{Int, List, ListType, Map, MapType, Value};

    #[test]
    fn recorded_texts() {
        for row in rows::read("yaml/write/pretty.txt") {
            let got = write_pretty(&row.value.thaw()).map_err(String::from);
            assert_eq!(got, row.expected(), "{}", row.place);
        }
    }

    #[test]
    fn go_types() {
        let bytes = [104, 105].map(|byte| Value::Int(Int::Uint8(byte)));
        let value = Value::list(vec![
            List::new(ListType::Bytes, bytes.to_vec()).into(),
            List::nil(ListType::Any).into(),
            Map::nil(MapType::Any).into(),
            Value::Float(f64::NEG_INFINITY),
            Value::str(&b"\x80\x81"[..]),
        ]);
        assert_eq!(
            write_pretty(&value).unwrap(),
            "- - 104\n  - 105\n- []\n- {}\n- -.inf\n- !!binary gIE=\n"
        );
    }

    #[test]
    fn a_value_inside_itself_is_refused() {
        let map = Map::new();
        map.insert("self", map.clone().into()).unwrap();
        let refused = write_pretty(&map.clone().into());
        map.entries_mut().clear();
        assert!(matches!(
            refused,
            Err(EncodeError::Unsupported(_) | EncodeError::Limit(_))
        ));
    }
}
