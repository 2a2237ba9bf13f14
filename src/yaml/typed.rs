//! Reads YAML into the fields of a Go struct, as `sigs.k8s.io/yaml` and `encoding/json` do.
//!
//! In: a stream and the shape of the struct. Out: a [`Record`] of the fields that are present.
//! Numbers and booleans meant for text become text (`version: 1.10` reads `1.1`), names match in any
//! letter case, unknown fields are passed over. Refuses values of other types, with Go's texts.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::value::{Str, Tree, TreeMap, format};

use super::error::Error;
use super::node::{Document, Kind, Node, Step};
use super::read::{self, Reading};

/// The Go type of a field.
#[derive(Debug)]
pub enum Type {
    /// `string`
    Text,
    /// `bool`
    Flag,
    /// `int`
    Int,
    /// `interface {}`: numbers become floats.
    Any,
    /// A slice; of pointers, if the items are structs.
    List(&'static Type),
    /// A map with string keys.
    Map(&'static Type),
    /// A pointer to a struct.
    Struct(&'static Struct),
}

/// A Go struct.
#[derive(Debug)]
pub struct Struct {
    /// The name without package, empty for an anonymous struct: `Metadata`.
    pub name: &'static str,
    /// The type as Go prints it: `chart.Metadata`.
    pub go: &'static str,
    /// The JSON names and types of the fields.
    pub fields: &'static [(&'static str, Type)],
}

/// The fields that were read, under the names of their struct.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(Arc<TreeMap>);

/// Reads the first document of a stream into a struct; null and an empty stream set no field.
///
/// # Errors
///
/// Go's text with the prefixes of `yaml.Unmarshal`.
///
/// ```
/// use jenkins_cmp::yaml::typed::{self, Struct, Type};
///
/// static HEAD: Struct = Struct {
///     name: "Head",
///     go: "main.Head",
///     fields: &[("kind", Type::Text)],
/// };
/// assert_eq!(typed::decode(b"KIND: 1.50", &HEAD).unwrap().text("kind"), "1.5");
/// let error = typed::decode(b"kind: []", &HEAD).unwrap_err();
/// assert!(error.message.ends_with(
///     "json: cannot unmarshal array into Go struct field Head.kind of type string"
/// ));
/// ```
pub fn decode(bytes: &[u8], shape: &'static Struct) -> Result<Record, Error> {
    let decode = || {
        let document = Document::parse(bytes)?;
        let tree = match document.root().filter(|_| document.is_plain()) {
            // Nothing can be wrong with the rest, so only the fields are read.
            Some(root) => read_fields(root, shape)?,
            None => read::read(&document, Reading::default())?,
        };
        fill(&document, &tree, shape)
    };
    decode().map_err(Error::prefixed)
}

/// Reads like [`decode`], and gives what [`to_tree`](super::to_tree) would as well.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_whole(bytes: &[u8], shape: &'static Struct) -> Result<(Record, Tree), Error> {
    let decode = || {
        let document = Document::parse(bytes)?;
        let tree = read::read(&document, Reading::default())?;
        Ok((fill(&document, &tree, shape)?, tree))
    };
    decode().map_err(Error::prefixed)
}

/// Makes a record of what was read from `document`.
fn fill(document: &Document<'_>, tree: &Tree, shape: &'static Struct) -> Result<Record, Error> {
    let tree = coerce_struct(tree, shape);
    read::check_finite(&tree)?;
    let mut decoder = Decoder {
        document,
        floats: OnceCell::new(),
        path: Vec::new(),
        structs: Vec::new(),
        fields: Vec::new(),
        error: None,
    };
    let mut record = Tree::Null;
    decoder.structure(&tree, shape, &mut record);
    match (decoder.error, record) {
        (Some(error), _) => Err(error),
        (None, Tree::Map(entries)) => Ok(Record(entries)),
        (None, _) => Ok(Record::default()),
    }
}

/// Reads what of a plain document are fields of a struct.
fn read_fields(node: Node<'_>, shape: &Struct) -> Result<Tree, Error> {
    if node.kind() != Kind::Mapping {
        return read::read_node(node, Reading::default());
    }
    let mut fields = TreeMap::new();
    for (key, value) in node.entries() {
        let value = match shape.field(key.text()) {
            Some((_, Type::Struct(shape))) => read_fields(value, shape)?,
            Some(_) => read::read_node(value, Reading::default())?,
            None => continue,
        };
        fields.insert(Str::from(key.text()), value);
    }
    Ok(Tree::map(fields))
}

/// The error for a value of the wrong type at the top, prefixed.
pub(super) fn mismatch(tree: &Tree, go_type: &str) -> Error {
    let kind = json_kind(tree);
    let message = format!("json: cannot unmarshal {kind} into Go value of type {go_type}");
    Error::decode(message).prefixed()
}

impl Record {
    /// The text of a field; empty if absent.
    pub fn text(&self, field: &str) -> Str {
        match self.get(field) {
            Some(Tree::Str(text)) => text.clone(),
            _ => Str::default(),
        }
    }

    /// The truth of a field; false if absent.
    pub fn flag(&self, field: &str) -> bool {
        matches!(self.get(field), Some(Tree::Bool(true)))
    }

    /// The integer of a field; 0 if absent.
    pub fn int(&self, field: &str) -> i64 {
        match self.get(field) {
            Some(Tree::Int(n)) => *n,
            _ => 0,
        }
    }

    /// The items of a field; none if absent.
    pub fn list(&self, field: &str) -> &[Tree] {
        self.get(field).and_then(Tree::as_list).unwrap_or_default()
    }

    /// The texts of a field; none if absent.
    pub fn texts(&self, field: &str) -> Vec<Str> {
        let items = self.list(field).iter();
        items
            .filter_map(|item| match item {
                Tree::Str(text) => Some(text.clone()),
                _ => None,
            })
            .collect()
    }

    /// The map of a field; `None` if absent or null.
    pub fn map(&self, field: &str) -> Option<&TreeMap> {
        self.get(field).and_then(Tree::as_map)
    }

    /// The struct of a field; `None` if absent or null.
    pub fn record(&self, field: &str) -> Option<Record> {
        self.get(field).and_then(record)
    }

    /// The structs of a field, null ones as `None`.
    pub fn records(&self, field: &str) -> Vec<Option<Record>> {
        self.list(field).iter().map(record).collect()
    }

    /// The value of a field as it was read.
    pub fn get(&self, field: &str) -> Option<&Tree> {
        self.0.get(field.as_bytes())
    }
}

fn record(tree: &Tree) -> Option<Record> {
    match tree {
        Tree::Map(entries) => Some(Record(Arc::clone(entries))),
        _ => None,
    }
}

impl Type {
    /// The type as Go prints it.
    fn go(&self) -> String {
        match self {
            Type::Text => "string".to_owned(),
            Type::Flag => "bool".to_owned(),
            Type::Int => "int".to_owned(),
            Type::Any => "interface {}".to_owned(),
            Type::List(Type::Struct(item)) => format!("[]*{}", item.go),
            Type::List(item) => format!("[]{}", item.go()),
            Type::Map(item) => format!("map[string]{}", item.go()),
            Type::Struct(shape) => shape.go.to_owned(),
        }
    }

    fn zero(&self) -> Tree {
        match self {
            Type::Text => Tree::Str(Str::default()),
            Type::Flag => Tree::Bool(false),
            Type::Int => Tree::Int(0),
            Type::Any | Type::List(_) | Type::Map(_) | Type::Struct(_) => Tree::Null,
        }
    }
}

impl Struct {
    /// The field that a JSON key sets: the one of that name, else the first that differs only in
    /// letter case.
    fn field(&self, key: &[u8]) -> Option<&'static (&'static str, Type)> {
        let exact = self.fields.iter().find(|(name, _)| name.as_bytes() == key);
        exact.or_else(|| self.fields.iter().find(|(name, _)| folds(name, key)))
    }
}

/// Says whether `key` equals the ASCII `name` but for letter case; two letters beyond ASCII fold to
/// ASCII ones.
fn folds(name: &str, key: &[u8]) -> bool {
    let Ok(key) = std::str::from_utf8(key) else {
        return false;
    };
    let key = key.chars().map(|c| match c {
        'ſ' => 's',
        '\u{212A}' => 'k',
        c => c.to_ascii_lowercase(),
    });
    key.eq(name.chars().map(|c| c.to_ascii_lowercase()))
}

/// Makes text of the numbers and booleans that are meant for text.
fn coerce(tree: &Tree, to: &Type) -> Tree {
    match (to, tree) {
        (Type::Text, Tree::Bool(b)) => Tree::str(b.to_string()),
        (Type::Text, Tree::Int(n)) => Tree::str(n.to_string()),
        (Type::Text, Tree::Uint(n)) => Tree::str(n.to_string()),
        (Type::Text, Tree::Float(f)) => Tree::str(format::float32(*f)),
        (Type::List(item), Tree::List(items)) => {
            Tree::list(items.iter().map(|tree| coerce(tree, item)).collect())
        }
        (Type::Map(item), Tree::Map(entries)) => {
            let coerced = entries.iter().map(|(k, v)| (k.clone(), coerce(v, item)));
            Tree::map(coerced.collect())
        }
        (Type::Struct(shape), tree) => coerce_struct(tree, shape),
        _ => tree.clone(),
    }
}

fn coerce_struct(tree: &Tree, shape: &Struct) -> Tree {
    let Tree::Map(entries) = tree else {
        return tree.clone();
    };
    let coerced = entries.iter().map(|(key, value)| {
        let value = match shape.field(key) {
            Some((_, to)) => coerce(value, to),
            None => value.clone(),
        };
        (key.clone(), value)
    });
    Tree::map(coerced.collect())
}

/// Puts JSON into typed places. The recursion follows types, not data.
struct Decoder<'d> {
    document: &'d Document<'d>,
    /// The document with floats for all numbers.
    floats: OnceCell<Tree>,
    /// Where the value lies.
    path: Vec<Step>,
    /// The structs around the value.
    structs: Vec<&'static str>,
    /// The fields around the value.
    fields: Vec<&'static str>,
    /// The first error; Go carries on after it.
    error: Option<Error>,
}

impl Decoder<'_> {
    fn value(&mut self, tree: &Tree, to: &'static Type, slot: &mut Tree) {
        match (to, tree) {
            (Type::Text | Type::Flag | Type::Int, Tree::Null) => {}
            (_, Tree::Null) => *slot = Tree::Null,
            (Type::Any, _) => *slot = self.untyped(tree),
            (Type::Text, Tree::Str(_)) | (Type::Flag, Tree::Bool(_)) => *slot = tree.clone(),
            (Type::Int, Tree::Int(_) | Tree::Uint(_) | Tree::Float(_)) => {
                let text = json_number(tree);
                match text.parse() {
                    Ok(n) => *slot = Tree::Int(n),
                    Err(_) => self.mismatch(&format!("number {text}"), "int"),
                }
            }
            (Type::List(item), Tree::List(items)) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, tree) in items.iter().enumerate() {
                    self.path.push(Step::Index(index));
                    let mut place = item.zero();
                    self.value(tree, item, &mut place);
                    list.push(place);
                    self.path.pop();
                }
                *slot = Tree::list(list);
            }
            (Type::Map(item), Tree::Map(entries)) => {
                let map = open_map(slot);
                for (key, tree) in entries.iter() {
                    self.path.push(Step::Key(key.to_string()));
                    let mut place = item.zero();
                    self.value(tree, item, &mut place);
                    map.insert(key.clone(), place);
                    self.path.pop();
                }
            }
            (Type::Struct(shape), _) => self.structure(tree, shape, slot),
            _ => self.mismatch(json_kind(tree), &to.go()),
        }
    }

    fn structure(&mut self, tree: &Tree, shape: &'static Struct, slot: &mut Tree) {
        let entries = match tree {
            Tree::Map(entries) => entries,
            Tree::Null => return,
            _ => return self.mismatch(json_kind(tree), shape.go),
        };
        let record = open_map(slot);
        for (key, tree) in entries.iter() {
            let Some((name, to)) = shape.field(key) else {
                continue;
            };
            self.path.push(Step::Key(key.to_string()));
            self.structs.push(shape.name);
            self.fields.push(name);
            let place = record.entry(Str::from(*name)).or_insert_with(|| to.zero());
            self.value(tree, to, place);
            self.fields.pop();
            self.structs.pop();
            self.path.pop();
        }
    }

    /// The value here with floats for all numbers.
    fn untyped(&self, tree: &Tree) -> Tree {
        let reading = Reading {
            floats: true,
            ..Reading::default()
        };
        let root = self
            .floats
            .get_or_init(|| read::read(self.document, reading).unwrap_or_default());
        let found = self.path.iter().try_fold(root, |tree, step| match step {
            Step::Key(key) => tree.get(key),
            Step::Index(index) => tree.as_list()?.get(*index),
        });
        found.unwrap_or(tree).clone()
    }

    fn mismatch(&mut self, found: &str, go_type: &str) {
        if self.error.is_some() {
            return;
        }
        let target = match self.structs.last() {
            None => "Go value".to_owned(),
            Some(name) => format!("Go struct field {name}.{}", self.fields.join(".")),
        };
        let message = format!("json: cannot unmarshal {found} into {target} of type {go_type}");
        let error = Error::decode(message);
        self.error = Some(match self.document.at(&self.path) {
            Some(node) => error.at(node.mark()),
            None => error,
        });
    }
}

/// The map in `slot`, an empty one if there is none yet.
fn open_map(slot: &mut Tree) -> &mut TreeMap {
    if slot.as_map().is_none() {
        *slot = Tree::empty_map();
    }
    slot.as_map_mut().expect("it was just made one")
}

/// Go's word for the kind of a JSON value.
fn json_kind(tree: &Tree) -> &'static str {
    match tree {
        Tree::Null => "null",
        Tree::Bool(_) => "bool",
        Tree::Int(_) | Tree::Uint(_) | Tree::Float(_) => "number",
        Tree::Str(_) => "string",
        Tree::List(_) => "array",
        Tree::Map(_) => "object",
    }
}

/// The JSON text of a number.
pub(super) fn json_number(tree: &Tree) -> String {
    let f = match tree {
        Tree::Int(n) => return n.to_string(),
        Tree::Uint(n) => return n.to_string(),
        Tree::Float(f) => *f,
        _ => return String::new(),
    };
    if f == 0.0 || (1e-6..1e21).contains(&f.abs()) {
        return f.to_string();
    }
    let (negative, digits, exponent) = format::shortest(f);
    let (sign, first, rest) = (if negative { "-" } else { "" }, &digits[..1], &digits[1..]);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}e{exponent:+}")
}
