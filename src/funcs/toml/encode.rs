//! Writes TOML.

use super::Error;
use super::decode::{LOCAL_DATE, LOCAL_DATETIME, LOCAL_TIME};
use crate::funcs::dates::Time;
use crate::limits::{MAX_ENCODED_BYTES, MAX_YAML_DEPTH};
use crate::value::format::float;
use crate::value::{Kind, Object, Str, Value};

/// Native stack to have in reserve for one level of nesting, and what to add when there is less.
const STACK_RESERVE: usize = 64 * 1024;
const STACK_GROWTH: usize = 1024 * 1024;

/// The most values to look at: a value can hold another many times over.
const MAX_VISITS: usize = 8 * 1024 * 1024;

/// Writes a value as TOML.
///
/// # Errors
///
/// Go's error texts (`toml: cannot encode array with nil element`), the text of Go's panic for nil,
/// or a bound on size and depth.
pub(in crate::funcs) fn encode(value: &Value) -> Result<Vec<u8>, Error> {
    if matches!(value, Value::Object(object) if object.kind() == Kind::Complex128) {
        let text = "unsupported type for key '': complex128";
        return Err(Error::Refused(text.to_owned()));
    }
    let node = Node::of(value)?;
    let mut writer = Writer {
        out: Vec::new(),
        depth: 0,
        visits: 0,
    };
    match (&node, value) {
        (Node::Nil, Value::Map(_)) => {}
        (Node::Nil, Value::List(_)) => writer.out.extend_from_slice(b"[]"),
        (Node::Nil, _) => {
            return Err(Error::Panic(
                "reflect: call of reflect.Value.Type on zero Value".to_owned(),
            ));
        }
        _ => writer.entry(&mut Vec::new(), &node)?,
    }
    Ok(writer.out)
}

/// A value as TOML sees it.
enum Node {
    /// Nil of any type: left out of tables, refused in lists.
    Nil,
    /// A value that is written as one word.
    Word(String),
    Str(Str),
    List(Vec<Value>),
    Map(Vec<(Str, Value)>),
}

/// What decides whether an entry is a line or a section.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Nil,
    Line,
    Table,
    Tables,
}

impl Node {
    fn of(value: &Value) -> Result<Node, Error> {
        Ok(match value {
            Value::Nil => Node::Nil,
            Value::Bool(b) => Node::Word(b.to_string()),
            Value::Int(n) => Node::Word(n.wide().to_string()),
            Value::Float(f) => Node::Word(toml_float(*f)),
            Value::Str(s) => Node::Str(s.clone()),
            Value::List(list) if list.is_nil() => Node::Nil,
            Value::List(list) => Node::List(list.to_vec()),
            Value::Map(map) if map.is_nil() => Node::Nil,
            Value::Map(map) => Node::Map(
                map.entries()
                    .iter()
                    .map(|(key, item)| (key.clone(), item.clone()))
                    .collect(),
            ),
            Value::Object(object) => return Node::of_object(object.as_ref()),
        })
    }

    fn of_object(object: &dyn Object) -> Result<Node, Error> {
        if let Some(time) = object.as_any().downcast_ref::<Time>() {
            return Ok(Node::Word(toml_time(time)));
        }
        match object.kind() {
            Kind::Func => return Err(Error::Refused("unsupported type: func".to_owned())),
            Kind::Complex128 => {
                return Err(Error::Refused("unsupported type: complex128".to_owned()));
            }
            _ => {}
        }
        if let Some(entries) = object.entries() {
            return Ok(Node::Map(entries));
        }
        if let Some(items) = object.items() {
            return Ok(Node::List(items));
        }
        if object.json_fields().is_some() {
            let fields = object.fields().unwrap_or_default().into_iter();
            let exported = fields.filter(|(name, _)| name.starts_with(char::is_uppercase));
            return Ok(Node::Map(
                exported.map(|(name, value)| (name.into(), value)).collect(),
            ));
        }
        Node::of(&object.json().map_err(Error::Refused)?.thaw())
    }

    fn shape(&self, depth: usize, visits: &mut usize) -> Result<Shape, Error> {
        *visits += 1;
        if *visits > MAX_VISITS {
            return Err(Error::Limit(format!(
                "the encoded value has more than {MAX_VISITS} parts"
            )));
        }
        match self {
            Node::Nil => Ok(Shape::Nil),
            Node::Word(_) | Node::Str(_) => Ok(Shape::Line),
            Node::Map(_) => Ok(Shape::Table),
            Node::List(items) => deeper(depth, || {
                let mut all_tables = !items.is_empty();
                for item in items {
                    match Node::of(item)?.shape(depth + 1, visits)? {
                        Shape::Nil => {
                            return Err(Error::Refused(
                                "toml: cannot encode array with nil element".to_owned(),
                            ));
                        }
                        shape => all_tables &= shape == Shape::Table,
                    }
                }
                Ok(if all_tables {
                    Shape::Tables
                } else {
                    Shape::Line
                })
            }),
        }
    }
}

struct Writer {
    out: Vec<u8>,
    depth: usize,
    /// The values looked at so far.
    visits: usize,
}

impl Writer {
    /// Writes what stands under `key`: a line, or one or more sections.
    fn entry(&mut self, key: &mut Vec<Str>, node: &Node) -> Result<(), Error> {
        match (node.shape(self.depth, &mut self.visits)?, node) {
            (Shape::Table, Node::Map(entries)) => {
                if key.len() == 1 {
                    self.line_feed();
                }
                if !key.is_empty() {
                    self.header(key, "[", "]");
                }
                self.table(key, entries)
            }
            (Shape::Tables, Node::List(items)) => {
                if key.is_empty() {
                    return Err(Error::Refused(
                        "toml: top-level values must be Go maps or structs".to_owned(),
                    ));
                }
                for item in items {
                    if let Node::Map(entries) = Node::of(item)? {
                        self.line_feed();
                        self.header(key, "[[", "]]");
                        self.table(key, &entries)?;
                    }
                }
                Ok(())
            }
            _ => {
                if let Some(last) = key.last() {
                    self.indent(key.len() - 1);
                    write_key(&mut self.out, last);
                    self.out.extend_from_slice(b" = ");
                }
                self.element(node)?;
                if !key.is_empty() {
                    self.line_feed();
                }
                Ok(())
            }
        }
    }

    /// Writes the entries of a table: lines first, then sections.
    fn table(&mut self, key: &mut Vec<Str>, entries: &[(Str, Value)]) -> Result<(), Error> {
        self.check_size()?;
        let (lines, sections) = self.divide(entries)?;
        self.depth += 1;
        for (name, node) in lines.into_iter().chain(sections) {
            if !matches!(node, Node::Nil) {
                key.push(name.clone());
                deeper(self.depth, || self.entry(key, &node))?;
                key.pop();
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Writes a value where only a value can stand.
    fn element(&mut self, node: &Node) -> Result<(), Error> {
        self.check_size()?;
        match node {
            Node::Nil => {}
            Node::Word(word) => self.out.extend_from_slice(word.as_bytes()),
            Node::Str(text) => write_quoted(&mut self.out, text),
            Node::List(items) => {
                self.out.push(b'[');
                self.depth += 1;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.out.extend_from_slice(b", ");
                    }
                    deeper(self.depth, || self.element(&Node::of(item)?))?;
                }
                self.depth -= 1;
                self.out.push(b']');
            }
            Node::Map(entries) => {
                let (lines, sections) = self.divide(entries)?;
                self.out.push(b'{');
                self.inline_entries(&lines, !sections.is_empty())?;
                self.inline_entries(&sections, false)?;
                self.out.push(b'}');
            }
        }
        Ok(())
    }

    /// Writes entries of an inline table; the comma of an entry does not know that the rest may be
    /// nil, so Go's text can end in one.
    fn inline_entries(&mut self, entries: &[(&Str, Node)], more: bool) -> Result<(), Error> {
        self.depth += 1;
        for (i, (name, node)) in entries.iter().enumerate() {
            if matches!(node, Node::Nil) {
                continue;
            }
            write_key(&mut self.out, name);
            self.out.extend_from_slice(b" = ");
            deeper(self.depth, || self.element(node))?;
            if more || i + 1 < entries.len() {
                self.out.extend_from_slice(b", ");
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Divides the entries of a map into lines and sections, both in the order of the keys.
    #[expect(clippy::type_complexity, reason = "two lists of the same kind")]
    fn divide<'v>(
        &mut self,
        entries: &'v [(Str, Value)],
    ) -> Result<(Vec<(&'v Str, Node)>, Vec<(&'v Str, Node)>), Error> {
        let mut lines = Vec::new();
        let mut sections = Vec::new();
        for (name, value) in entries {
            let node = Node::of(value)?;
            match node.shape(self.depth, &mut self.visits)? {
                Shape::Table | Shape::Tables => sections.push((name, node)),
                Shape::Nil | Shape::Line => lines.push((name, node)),
            }
        }
        Ok((lines, sections))
    }

    fn header(&mut self, key: &[Str], open: &str, close: &str) {
        self.indent(key.len() - 1);
        self.out.extend_from_slice(open.as_bytes());
        for (i, part) in key.iter().enumerate() {
            if i > 0 {
                self.out.push(b'.');
            }
            write_key(&mut self.out, part);
        }
        self.out.extend_from_slice(close.as_bytes());
        self.line_feed();
    }

    fn indent(&mut self, levels: usize) {
        self.out.extend(std::iter::repeat_n(b' ', 2 * levels));
    }

    /// Ends a line; the text never starts with an empty one.
    fn line_feed(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn check_size(&self) -> Result<(), Error> {
        if self.out.len() > MAX_ENCODED_BYTES {
            return Err(Error::Limit(format!(
                "the encoded value exceeds {MAX_ENCODED_BYTES} bytes"
            )));
        }
        Ok(())
    }
}

/// Runs `body` one level down, on more stack if need be.
fn deeper<T>(depth: usize, body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    if depth > MAX_YAML_DEPTH {
        return Err(Error::Limit(format!(
            "the value is nested more than {MAX_YAML_DEPTH} deep"
        )));
    }
    stacker::maybe_grow(STACK_RESERVE, STACK_GROWTH, body)
}

/// A time, in the form in which TOML may have had it.
fn toml_time(time: &Time) -> String {
    let layout = match time.zone().name() {
        LOCAL_DATETIME => "2006-01-02T15:04:05.999999999",
        LOCAL_DATE => "2006-01-02",
        LOCAL_TIME => "15:04:05.999999999",
        _ => "2006-01-02T15:04:05.999999999Z07:00",
    };
    String::from_utf8_lossy(&time.format(layout.as_bytes())).into_owned()
}

/// A float, which always shows a point or an exponent.
fn toml_float(f: f64) -> String {
    if f.is_nan() {
        return if f.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let mut text = float(f);
    if !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

fn write_key(out: &mut Vec<u8>, key: &[u8]) {
    let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.iter().all(is_bare) {
        out.extend_from_slice(key);
    } else {
        write_quoted(out, key);
    }
}

pub(super) fn write_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' => out.extend_from_slice(br#"\""#),
            b'\\' => out.extend_from_slice(br"\\"),
            0x08 => out.extend_from_slice(br"\b"),
            b'\t' => out.extend_from_slice(br"\t"),
            b'\n' => out.extend_from_slice(br"\n"),
            0x0c => out.extend_from_slice(br"\f"),
            b'\r' => out.extend_from_slice(br"\r"),
            0..=0x1f | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::{Error, encode};
    use crate::value::json::rows;
    use crate::value::{Int, List, ListType, Map, MapType, Value};

    #[test]
    fn recorded_texts() {
        for row in rows::read("toml/encode.txt") {
            let got = match encode(&row.value.thaw()) {
                Ok(text) => Ok(String::from_utf8(text).unwrap()),
                Err(Error::Refused(text)) => Err(text),
                Err(other) => panic!("{}: {other:?}", row.place),
            };
            assert_eq!(got, row.expected(), "{}", row.place);
        }
    }

    #[test]
    fn go_types() {
        let text = |value: Value| String::from_utf8(encode(&value).unwrap()).unwrap();
        let bytes = [104, 105].map(|byte| Value::Int(Int::Uint8(byte)));
        assert_eq!(
            text(List::new(ListType::Bytes, bytes.to_vec()).into()),
            "[104, 105]"
        );
        assert_eq!(text(List::nil(ListType::Any).into()), "[]");
        assert_eq!(text(Map::nil(MapType::Any).into()), "");
        assert_eq!(text(Value::Float(-f64::INFINITY)), "-inf");
        assert_eq!(text(Value::int(5)), "5");
    }

    #[test]
    fn nil_is_a_panic_in_go() {
        assert_eq!(
            encode(&Value::Nil),
            Err(Error::Panic(
                "reflect: call of reflect.Value.Type on zero Value".to_owned()
            ))
        );
    }

    #[test]
    fn depth_and_repetition_are_bounded() {
        let nested = |depth: usize| (0..depth).fold(Value::int(1), |v, _| Value::list(vec![v]));
        let (fits, too_deep) = (nested(10_000), nested(10_002));
        let results = (encode(&fits), encode(&too_deep));
        std::mem::forget((fits, too_deep));
        assert!(results.0.is_ok());
        assert!(matches!(results.1, Err(Error::Limit(_))));
        let doubling = (0..64).fold(Value::int(1), |v, _| Value::list(vec![v.clone(), v]));
        assert!(matches!(encode(&doubling), Err(Error::Limit(_))));
    }
}
