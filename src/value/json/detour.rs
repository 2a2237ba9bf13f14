//! The detour of `toYaml`: a value is written as JSON and that text is read back as YAML.
//!
//! In: a value or a tree. Out: the tree that the YAML writer gets: integral floats have become
//! integers, byte slices base64, invalid UTF-8 U+FFFD, U+0085 a folded line break. Refuses what
//! JSON cannot hold, then what the YAML reader refuses in JSON text: raw control characters, keys
//! over 1,022 characters, nesting over 10,000.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::encode::{number, quoted_length};
use super::{EncodeError, valid_utf8};
use crate::limits::{MAX_ENCODED_BYTES, MAX_YAML_DEPTH};
use crate::value::walk::{Dialect, Event, Node, Walk};
use crate::value::{Str, Tree, TreeMap, Value};

/// The longest key in characters, quotes included, whose `:` the YAML scanner still connects to it.
const MAX_KEY_LENGTH: usize = 1024;

/// What a unit of structure is taken to cost beside the bytes of its text.
const NODE_COST: usize = 8;

/// Takes a value through JSON text into the tree that the YAML writer gets.
///
/// # Errors
///
/// The texts of `sigs.k8s.io/yaml`: `error marshaling into JSON: json: unsupported value: NaN`,
/// `yaml: control characters are not allowed`; or a bound on the size.
pub fn to_tree(value: &Value) -> Result<Tree, EncodeError> {
    run(Node::Value(value.clone()), MAX_ENCODED_BYTES)
}

/// Takes parsed data through the same detour.
///
/// # Errors
///
/// As [`to_tree`].
pub fn detour(tree: &Tree) -> Result<Tree, EncodeError> {
    run(Node::Tree(tree.clone()), MAX_ENCODED_BYTES)
}

fn run(root: Node, limit: usize) -> Result<Tree, EncodeError> {
    let mut builder = Builder::default();
    let outcome = build(&mut builder, root, limit);
    if outcome.is_err() {
        builder.dismantle();
        return outcome.map(|()| Tree::Null);
    }
    Ok(builder.result)
}

fn build(builder: &mut Builder, root: Node, limit: usize) -> Result<(), EncodeError> {
    // JSON is written to its end before any of it is read, so its errors come first.
    let mut refused = None;
    let mut size = 0;
    for event in Walk::new(root, Dialect::Json) {
        let event = event.map_err(|text| in_json(EncodeError::Unsupported(text)))?;
        if let Event::Float(f) = event {
            number(f).map_err(in_json)?;
        }
        size += cost(&event);
        if size > limit {
            return Err(EncodeError::too_big(limit));
        }
        if refused.is_none() {
            refused = builder.event(event).err();
        }
    }
    match refused {
        Some(text) => Err(EncodeError::Unsupported(format!("yaml: {text}"))),
        None => Ok(()),
    }
}

/// What an event adds to the size of the result.
fn cost(event: &Event) -> usize {
    NODE_COST
        + match event {
            Event::Str(text) | Event::Time(text) | Event::Key(text) => text.len(),
            Event::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
}

fn in_json(error: EncodeError) -> EncodeError {
    match error {
        EncodeError::Unsupported(text) => {
            EncodeError::Unsupported(format!("error marshaling into JSON: {text}"))
        }
        limit => limit,
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    result: Tree,
    /// The line breaks (raw U+0085) in the JSON text so far.
    breaks: usize,
}

enum Open {
    List(Vec<Tree>),
    Map(TreeMap, Str),
}

impl Builder {
    fn dismantle(self) {
        for open in self.open {
            match open {
                Open::List(items) => items.into_iter().for_each(Tree::dismantle),
                Open::Map(entries, _) => entries.into_values().for_each(Tree::dismantle),
            }
        }
        self.result.dismantle();
    }

    fn event(&mut self, event: Event) -> Result<(), String> {
        let node = match event {
            Event::List { len } => {
                self.check_depth()?;
                self.open.push(Open::List(Vec::with_capacity(len)));
                return Ok(());
            }
            Event::Map { .. } => {
                self.check_depth()?;
                self.open.push(Open::Map(TreeMap::new(), Str::default()));
                return Ok(());
            }
            Event::Key(key) => return self.key(&key),
            Event::End => match self.open.pop() {
                Some(Open::List(items)) => Tree::list(items),
                Some(Open::Map(entries, _)) => Tree::map(entries),
                None => return Ok(()),
            },
            Event::Null => Tree::Null,
            Event::Bool(b) => Tree::Bool(b),
            Event::Int(n) => integer(n),
            Event::Float(f) => float(f),
            Event::Str(s) | Event::Time(s) => Tree::Str(self.text(s)?),
            Event::Bytes(bytes) => Tree::str(STANDARD.encode(bytes)),
        };
        match self.open.last_mut() {
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map(entries, key)) => {
                entries.insert(std::mem::take(key), node);
            }
            None => self.result = node,
        }
        Ok(())
    }

    fn check_depth(&self) -> Result<(), String> {
        if self.open.len() < MAX_YAML_DEPTH {
            return Ok(());
        }
        let place = match self.breaks {
            0 => String::new(),
            n => format!("line {}: ", n + 1),
        };
        Err(format!("{place}exceeded max depth of {MAX_YAML_DEPTH}"))
    }

    fn key(&mut self, key: &Str) -> Result<(), String> {
        let before = self.breaks;
        let text = self.text(key.clone())?;
        // A key that spans lines or is too long is no key to the scanner; the `:` after it then
        // comes as a surprise to the grammar.
        if self.breaks > before || (key.len() > 150 && quoted_length(key) > MAX_KEY_LENGTH) {
            let place = match self.breaks {
                0 => String::new(),
                n => format!("line {n}: "),
            };
            return Err(format!("{place}did not find expected ',' or '}}'"));
        }
        if let Some(Open::Map(_, slot)) = self.open.last_mut() {
            *slot = text;
        }
        Ok(())
    }

    /// A string as it comes back from the double quotes of JSON.
    fn text(&mut self, s: Str) -> Result<Str, String> {
        if s.is_ascii() {
            return if s.contains(&0x7f) {
                Err("control characters are not allowed".to_owned())
            } else {
                Ok(s)
            };
        }
        let text = valid_utf8(&s);
        if text.chars().any(is_refused) {
            return Err("control characters are not allowed".to_owned());
        }
        if text.contains('\u{85}') {
            return Ok(self.fold(&text)?.into());
        }
        Ok(match text {
            std::borrow::Cow::Borrowed(_) => s,
            std::borrow::Cow::Owned(text) => text.into(),
        })
    }

    /// Folds U+0085 as the YAML reader folds a line break inside quotes: it and the spaces around
    /// it become one space, several become line feeds, one less than they were.
    fn fold(&mut self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find([' ', '\u{85}']) {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            let end = rest
                .find(|c| c != ' ' && c != '\u{85}')
                .unwrap_or(rest.len());
            let (blanks, after) = rest.split_at(end);
            let n = blanks.matches('\u{85}').count();
            match n {
                0 => out.push_str(blanks),
                1 => out.push(' '),
                _ => out.extend(std::iter::repeat_n('\n', n - 1)),
            }
            self.breaks += n;
            if blanks.ends_with('\u{85}') && is_document_indicator(after) {
                let line = self.breaks + 1;
                return Err(format!("line {line}: found unexpected document indicator"));
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Says whether the line that begins with `text` would end a document.
fn is_document_indicator(text: &str) -> bool {
    (text.starts_with("---") || text.starts_with("...")) && text[3..].starts_with([' ', '\u{85}'])
}

/// Says whether a character that JSON leaves raw is refused by the YAML reader.
fn is_refused(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

fn integer(n: i128) -> Tree {
    if let Ok(n) = i64::try_from(n) {
        Tree::Int(n)
    } else if let Ok(n) = u64::try_from(n) {
        Tree::Uint(n)
    } else {
        Tree::Float(n as f64)
    }
}

/// A float as its JSON text reads: text of digits only is an integer, if one can hold it.
fn float(f: f64) -> Tree {
    let text = number(f).unwrap_or_default();
    if let Ok(n) = text.parse::<i64>() {
        Tree::Int(n)
    } else if let Ok(n) = text.parse::<u64>() {
        Tree::Uint(n)
    } else {
        Tree::Float(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{run, to_tree};
    use crate::value::json::EncodeError;
    use crate::value::walk::Node;
    use crate::value::{Int, List, ListType, Map, MapType, Tree, Value};

    #[test]
    fn numbers() {
        let tree = |value: Value| to_tree(&value).unwrap();
        assert_eq!(tree(Value::Float(1e6)), Tree::Int(1_000_000));
        assert_eq!(
            tree(Value::Float(1e19)),
            Tree::Uint(10_000_000_000_000_000_000)
        );
        assert_eq!(tree(Value::Float(-1e19)), Tree::Float(-1e19));
        assert_eq!(tree(Value::Float(-0.0)), Tree::Int(0));
        assert_eq!(tree(Value::int64(i64::MAX)), Tree::Int(i64::MAX));
        assert_eq!(
            tree(Value::Int(Int::Uint64(u64::MAX))),
            Tree::Uint(u64::MAX)
        );
    }

    #[test]
    fn go_types() {
        let bytes = [104, 105].map(|byte| Value::Int(Int::Uint8(byte)));
        let value = Value::list(vec![
            List::new(ListType::Bytes, bytes.to_vec()).into(),
            List::nil(ListType::Str).into(),
            Map::nil(MapType::Any).into(),
            Value::str(&b"a\xff"[..]),
        ]);
        let expected = vec![
            Tree::str("aGk="),
            Tree::Null,
            Tree::Null,
            Tree::str("a\u{fffd}"),
        ];
        assert_eq!(to_tree(&value).unwrap(), Tree::list(expected));
    }

    #[test]
    fn json_refuses_before_yaml() {
        let value = Value::list(vec![Value::str("\u{7f}"), Value::Float(f64::NAN)]);
        assert_eq!(
            to_tree(&value).unwrap_err().to_string(),
            "error marshaling into JSON: json: unsupported value: NaN"
        );
    }

    #[test]
    fn depth_is_bounded() {
        let deep = (0..10_000).fold(Value::Nil, |inner, _| Value::list(vec![inner]));
        to_tree(&deep).unwrap().dismantle();
        let deeper = Value::list(vec![deep]);
        assert_eq!(
            to_tree(&deeper).unwrap_err().to_string(),
            "yaml: exceeded max depth of 10000"
        );
        std::mem::forget(deeper);
    }

    #[test]
    fn size_is_bounded() {
        let node = || Node::Value(Value::str("12345678"));
        assert!(run(node(), 16).is_ok());
        assert!(matches!(run(node(), 15), Err(EncodeError::Limit(_))));
        // Also where the text has been refused already.
        let inner = Value::list(vec![Value::str("\u{7f}")]);
        let doubling = (0..64).fold(inner, |inner, _| Value::list(vec![inner.clone(), inner]));
        assert!(matches!(
            run(Node::Value(doubling), 1000),
            Err(EncodeError::Limit(_))
        ));
    }
}
