//! Walks a value from front to back without native recursion.
//!
//! In: a [`Value`] or [`Tree`] of any depth, also one that contains itself. Out: a flat run of
//! [`Event`]s for a writer. Refuses what the wanted encoding cannot express, and cycles.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Kind, List, ListType, Map, Object, Str, Tree, TreeMap, Value};

/// Nesting after which Go's JSON encoder starts to look for cycles (`startDetectingCyclesAfter`).
const CYCLE_CHECK_DEPTH: usize = 1000;

/// Whose rules decide what a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `encoding/json`: nil containers are null, bytes are base64.
    Json,
    /// go-yaml v3: nil containers are empty ones, bytes are lists of numbers.
    Yaml,
}

/// One step of the walk.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(Str),
    /// A byte slice (JSON only).
    Bytes(Vec<u8>),
    /// A time in RFC 3339 form, which YAML writes plain (YAML only).
    Time(Str),
    /// A list begins.
    List {
        len: usize,
    },
    /// A map begins.
    Map {
        len: usize,
    },
    /// The key of the value that follows.
    Key(Str),
    /// The innermost list or map ends.
    End,
}

/// Puts the entries of a map in order.
pub(crate) type Sort = fn(&mut Vec<(Str, Node)>);

/// The state of a walk: an iterator that ends for good after an error.
pub(crate) struct Walk {
    dialect: Dialect,
    sort: Option<Sort>,
    next: Option<Node>,
    stack: Vec<Frame>,
    seen: HashSet<usize>,
    failed: bool,
}

/// A part of the value that is still to be visited.
#[derive(Clone)]
pub(crate) enum Node {
    /// Part of a running template's value.
    Value(Value),
    /// Part of parsed data.
    Tree(Tree),
}

struct Frame {
    children: Children,
    /// The address in `seen` to forget when the frame ends.
    address: Option<usize>,
}

enum Children {
    Items(std::vec::IntoIter<Node>),
    Entries(std::vec::IntoIter<(Str, Node)>),
}

impl Walk {
    /// Starts at `root`; the entries of maps come in byte order of their keys.
    pub(crate) fn new(root: Node, dialect: Dialect) -> Walk {
        Walk {
            dialect,
            sort: None,
            next: Some(root),
            stack: Vec::new(),
            seen: HashSet::new(),
            failed: false,
        }
    }

    /// The same walk with the entries of every map put in order by `sort`.
    pub(crate) fn sorted_by(self, sort: Sort) -> Walk {
        Walk {
            sort: Some(sort),
            ..self
        }
    }

    fn step(&mut self) -> Option<Result<Event, String>> {
        if let Some(node) = self.next.take() {
            return Some(self.visit(node));
        }
        let frame = self.stack.last_mut()?;
        match &mut frame.children {
            Children::Items(items) => {
                if let Some(node) = items.next() {
                    return Some(self.visit(node));
                }
            }
            Children::Entries(entries) => {
                if let Some((key, node)) = entries.next() {
                    self.next = Some(node);
                    return Some(Ok(Event::Key(key)));
                }
            }
        }
        if let Some(Frame {
            address: Some(address),
            ..
        }) = self.stack.pop()
        {
            self.seen.remove(&address);
        }
        Some(Ok(Event::End))
    }

    fn visit(&mut self, node: Node) -> Result<Event, String> {
        match node {
            Node::Value(value) => self.visit_value(value),
            Node::Tree(tree) => Ok(self.visit_tree(tree)),
        }
    }

    fn visit_value(&mut self, value: Value) -> Result<Event, String> {
        Ok(match value {
            Value::Nil => Event::Null,
            Value::Bool(b) => Event::Bool(b),
            Value::Int(n) => Event::Int(n.wide()),
            Value::Float(f) => Event::Float(f),
            Value::Str(s) => Event::Str(s),
            Value::List(list) => return self.visit_list(&list),
            Value::Map(map) => return self.visit_map(&map),
            Value::Object(object) => return self.visit_object(object.as_ref()),
        })
    }

    fn visit_list(&mut self, list: &List) -> Result<Event, String> {
        if self.dialect == Dialect::Json {
            if list.is_nil() {
                return Ok(Event::Null);
            }
            if list.list_type() == ListType::Bytes {
                return Ok(Event::Bytes(list.to_bytes()));
            }
        }
        let address = self.enter(list.address(), list.list_type().name())?;
        let items = list.items().iter().cloned().map(Node::Value).collect();
        Ok(self.push_items(items, address))
    }

    fn visit_map(&mut self, map: &Map) -> Result<Event, String> {
        if self.dialect == Dialect::Json && map.is_nil() {
            return Ok(Event::Null);
        }
        let address = self.enter(map.address(), map.map_type().name())?;
        let entries = map
            .entries()
            .iter()
            .map(|(key, item)| (key.clone(), Node::Value(item.clone())))
            .collect();
        Ok(self.push_entries(entries, address))
    }

    fn visit_object(&mut self, object: &dyn Object) -> Result<Event, String> {
        if self.dialect == Dialect::Yaml {
            if let Some(entries) = object.entries() {
                let entries = entries
                    .into_iter()
                    .map(|(key, item)| (key, Node::Value(item)))
                    .collect();
                return Ok(self.push_entries(entries, None));
            }
            if let Some(items) = object.items() {
                let items = items.into_iter().map(Node::Value).collect();
                return Ok(self.push_items(items, None));
            }
            if matches!(object.kind(), Kind::Func | Kind::Complex128) {
                return Err(format!("cannot marshal type: {}", object.type_name()));
            }
            if object.json_fields().is_some() {
                return Ok(self.visit_struct(object));
            }
        }
        if self.dialect == Dialect::Json
            && let Some(fields) = object.json_fields()
        {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| (name.into(), Node::Value(value)));
            return Ok(self.push_entries(fields.collect(), None));
        }
        match object.json()? {
            Tree::Str(text)
                if self.dialect == Dialect::Yaml && object.type_name() == "time.Time" =>
            {
                Ok(Event::Time(text))
            }
            tree => Ok(self.visit_tree(tree)),
        }
    }

    /// A struct without a form of its own: go-yaml's keys are the names of its fields in lower case.
    fn visit_struct(&mut self, object: &dyn Object) -> Event {
        let fields = object.fields().unwrap_or_default().into_iter();
        let exported = fields.filter(|(name, _)| name.starts_with(char::is_uppercase));
        let entries: Vec<_> = exported
            .map(|(name, value)| (name.to_lowercase().into(), Node::Value(value)))
            .collect();
        let len = entries.len();
        self.stack.push(Frame {
            children: Children::Entries(entries.into_iter()),
            address: None,
        });
        Event::Map { len }
    }

    fn visit_tree(&mut self, tree: Tree) -> Event {
        match tree {
            Tree::Null => Event::Null,
            Tree::Bool(b) => Event::Bool(b),
            Tree::Int(n) => Event::Int(i128::from(n)),
            Tree::Uint(n) => Event::Int(i128::from(n)),
            Tree::Float(f) => Event::Float(f),
            Tree::Str(s) => Event::Str(s),
            Tree::List(items) => {
                let items = Arc::try_unwrap(items).unwrap_or_else(|shared| shared.to_vec());
                self.push_items(items.into_iter().map(Node::Tree).collect(), None)
            }
            Tree::Map(entries) => {
                let entries = Arc::try_unwrap(entries)
                    .unwrap_or_else(|shared: Arc<TreeMap>| shared.as_ref().clone());
                let entries = entries.into_iter().map(|(k, v)| (k, Node::Tree(v)));
                self.push_entries(entries.collect(), None)
            }
        }
    }

    fn push_items(&mut self, items: Vec<Node>, address: Option<usize>) -> Event {
        let len = items.len();
        self.stack.push(Frame {
            children: Children::Items(items.into_iter()),
            address,
        });
        Event::List { len }
    }

    fn push_entries(&mut self, mut entries: Vec<(Str, Node)>, address: Option<usize>) -> Event {
        if let Some(sort) = self.sort {
            sort(&mut entries);
        }
        let len = entries.len();
        self.stack.push(Frame {
            children: Children::Entries(entries.into_iter()),
            address,
        });
        Event::Map { len }
    }

    /// Notes that a container is being entered; an error when it is inside itself.
    ///
    /// Go looks for cycles only in deep values, which decides the type that the text names.
    fn enter(&mut self, address: usize, type_name: &str) -> Result<Option<usize>, String> {
        if self.stack.len() < CYCLE_CHECK_DEPTH {
            return Ok(None);
        }
        if !self.seen.insert(address) {
            return Err(format!(
                "json: unsupported value: encountered a cycle via {type_name}"
            ));
        }
        Ok(Some(address))
    }
}

impl Iterator for Walk {
    type Item = Result<Event, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let event = self.step();
        self.failed = matches!(event, Some(Err(_)));
        event
    }
}
