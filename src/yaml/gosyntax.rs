//! Go's `%#v` of decoded YAML, for the error texts that print keys and values.
//!
//! In: a node that was read without error. Out: Go syntax, maps sorted as `fmt` sorts them. Nesting
//! beyond [`MAX_DEPTH`] prints as `...`; Go would print it all.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::value::format;
use crate::value::quote::quote;

use super::error::Error;
use super::node::{Kind, Node};
use super::read::{self, Key};

/// How deep values are printed.
const MAX_DEPTH: usize = 100;

/// A value with typed keys, as go-yaml makes it.
enum Go {
    Scalar(Key),
    List(Vec<Go>),
    Map(Vec<(Key, Go)>),
    TooDeep,
}

/// The error for a collection that stands as a key.
pub(super) fn invalid_key(node: Node<'_>) -> Error {
    let mut message = "yaml: invalid map key: ".to_owned();
    print(&mut message, &build(node, 0));
    Error::convert(message).at(node.mark())
}

/// The error for the first key that has no string form, unless a later value replaced it.
pub(super) fn unsupported_key(root: Node<'_>) -> Option<Error> {
    let message = find_unsupported(&build(root, 0))?;
    Some(Error::convert(message))
}

/// `%#v` of a key.
pub(super) fn key(key: &Key) -> String {
    match key {
        Key::Null => "<nil>".to_owned(),
        Key::Bool(b) => b.to_string(),
        Key::Int(n) => n.to_string(),
        Key::Uint(n) => format!("{n:#x}"),
        Key::Float(bits) => format::float(f64::from_bits(*bits)),
        Key::Str(s) => quote(s),
    }
}

fn find_unsupported(go: &Go) -> Option<String> {
    match go {
        Go::Scalar(_) => None,
        Go::List(items) => items.iter().find_map(find_unsupported),
        Go::Map(entries) => entries.iter().find_map(|(key, value)| {
            let key_type = match key {
                Key::Null => "%!s(<nil>)",
                Key::Uint(_) => "uint64",
                _ => return find_unsupported(value),
            };
            let mut message = format!(
                "unsupported map key of type: {key_type}, key: {}, value: ",
                self::key(key)
            );
            match value {
                Go::Scalar(key) => message.push_str(&self::key(key)),
                _ => print(&mut message, value),
            }
            Some(message)
        }),
        Go::TooDeep => Some("unsupported map key".to_owned()),
    }
}

fn build(node: Node<'_>, depth: usize) -> Go {
    let node = node.resolved();
    match node.kind() {
        Kind::Scalar(_) | Kind::Alias => Go::Scalar(scalar(node)),
        _ if depth == MAX_DEPTH => Go::TooDeep,
        Kind::Sequence => Go::List(node.items().map(|item| build(item, depth + 1)).collect()),
        Kind::Mapping => {
            let mut entries = Entries::default();
            entries.add(node, depth);
            Go::Map(entries.pairs)
        }
    }
}

fn scalar(node: Node<'_>) -> Key {
    read::key(node).unwrap_or(Key::Null)
}

/// The entries of a map in the order of their first writing.
#[derive(Default)]
struct Entries {
    pairs: Vec<(Key, Go)>,
    places: HashMap<Key, usize>,
}

impl Entries {
    fn add(&mut self, mapping: Node<'_>, depth: usize) {
        for (key, value) in mapping.entries() {
            if key.is_merge() {
                self.merge(value, depth);
                continue;
            }
            let (key, value) = (scalar(key.resolved()), build(value, depth + 1));
            match self.places.get(&key) {
                Some(place) => self.pairs[*place].1 = value,
                None => {
                    self.places.insert(key.clone(), self.pairs.len());
                    self.pairs.push((key, value));
                }
            }
        }
    }

    fn merge(&mut self, source: Node<'_>, depth: usize) {
        if depth == MAX_DEPTH {
            return;
        }
        match source.kind() {
            Kind::Sequence => {
                let sources: Vec<_> = source.items().collect();
                for source in sources.into_iter().rev() {
                    self.add(source.resolved(), depth + 1);
                }
            }
            _ => self.add(source.resolved(), depth + 1),
        }
    }
}

fn print(out: &mut String, go: &Go) {
    match go {
        Go::Scalar(Key::Null) => out.push_str("interface {}(nil)"),
        Go::Scalar(key) => out.push_str(&self::key(key)),
        Go::List(items) => {
            out.push_str("[]interface {}{");
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                print(out, item);
            }
            out.push('}');
        }
        Go::Map(entries) => {
            out.push_str("map[interface {}]interface {}{");
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| compare(a, b));
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                match key {
                    Key::Null => out.push_str("interface {}(nil)"),
                    key => out.push_str(&self::key(key)),
                }
                out.push(':');
                print(out, value);
            }
            out.push('}');
        }
        Go::TooDeep => out.push_str("..."),
    }
}

/// The order of keys: by type, in the order that Go's linker gave the types, then by value.
fn compare(a: &Key, b: &Key) -> Ordering {
    let rank = |key: &Key| match key {
        Key::Null => 0,
        Key::Str(_) => 1,
        Key::Uint(_) => 2,
        Key::Int(_) => 3,
        Key::Float(_) => 4,
        Key::Bool(_) => 5,
    };
    match (a, b) {
        (Key::Str(a), Key::Str(b)) => a.cmp(b),
        (Key::Uint(a), Key::Uint(b)) => a.cmp(b),
        (Key::Int(a), Key::Int(b)) => a.cmp(b),
        (Key::Float(a), Key::Float(b)) => {
            let (a, b) = (f64::from_bits(*a), f64::from_bits(*b));
            let by_nan = b.is_nan().cmp(&a.is_nan());
            by_nan.then(a.partial_cmp(&b).unwrap_or(Ordering::Equal))
        }
        (Key::Bool(a), Key::Bool(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}
