//! Nodes to data.
//!
//! In: a document. Out: what its YAML becomes as JSON: aliases copied, merge keys applied where they
//! stand, keys as strings. Refuses what JSON cannot hold, aliases that would blow the data up, and
//! nesting over 10,000. Go does this in three passes, whose errors come in that order: nodes to
//! values, keys to strings, values to text.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::limits::MAX_YAML_DEPTH;
use crate::value::{Str, Tree, format};

use super::error::Error;
use super::event::Tag;
use super::gosyntax;
use super::node::{Document, Kind, Node};
use super::resolve::{self, Scalar};
use super::token::{Mark, Style};

/// How to read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// Whether duplicate keys are errors.
    pub(super) strict: bool,
    /// Whether integers become floats, as reading JSON into untyped values does.
    pub(super) floats: bool,
}

/// A key before it becomes a string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    /// The bits; NaN differs from itself, so it never gets here when keys are compared.
    Float(u64),
    Str(Str),
}

/// Reads a document; infinities and NaN stay for [`check_finite`].
pub(super) fn read(document: &Document<'_>, reading: Reading) -> Result<Tree, Error> {
    document
        .root()
        .map_or(Ok(Tree::Null), |root| read_node(root, reading))
}

/// Reads a node and what is below it.
pub(super) fn read_node(root: Node<'_>, reading: Reading) -> Result<Tree, Error> {
    let mut reader = Reader {
        reading,
        stack: Vec::new(),
        maps: Vec::new(),
        depth: 0,
        n_read: 0,
        n_aliased: 0,
        alias_depth: 0,
        open_aliases: HashSet::new(),
        texts: HashMap::new(),
        duplicates: Vec::new(),
        unsupported_key: false,
    };
    let tree = reader.root(root)?;
    if let Some((_, first)) = reader.duplicates.first() {
        let first = *first;
        let lines: Vec<String> = reader
            .duplicates
            .into_iter()
            .map(|(line, _)| line)
            .collect();
        let message = format!("yaml: unmarshal errors:\n  {}", lines.join("\n  "));
        return Err(Error::convert(message).at(first));
    }
    if reader.unsupported_key
        && let Some(error) = gosyntax::unsupported_key(root, reading)
    {
        return Err(error);
    }
    Ok(tree)
}

/// Sees to it that a tree has no infinities and no NaN, which JSON cannot hold.
pub(super) fn check_finite(tree: &Tree) -> Result<(), Error> {
    let mut open = vec![tree];
    while let Some(tree) = open.pop() {
        match tree {
            Tree::Float(f) if !f.is_finite() => {
                let text = format::float(*f);
                return Err(Error::convert(format!("json: unsupported value: {text}")));
            }
            Tree::List(items) => open.extend(items.iter().rev()),
            Tree::Map(entries) => open.extend(entries.values().rev()),
            _ => {}
        }
    }
    Ok(())
}

/// What a scalar node means.
///
/// # Errors
///
/// If its text does not fit its tag.
pub(super) fn scalar(node: Node<'_>) -> Result<Scalar, Error> {
    let tag = node.tag();
    match tag {
        Tag::None if node.kind() == Kind::Scalar(Style::Plain) => Ok(resolve::plain(node.text())),
        Tag::Int | Tag::Float | Tag::Bool | Tag::Null | Tag::Timestamp => {
            resolve::tagged(tag, node.text()).map_err(|e| Error::convert(e).at(node.mark()))
        }
        _ => Ok(Scalar::Str),
    }
}

/// The string that a scalar node without other meaning holds.
///
/// # Errors
///
/// If it should be base64 and is not.
pub(super) fn string(node: Node<'_>) -> Result<Str, Error> {
    if node.tag() != Tag::Binary {
        return Ok(Str::from(node.text()));
    }
    match resolve::binary(node.text()) {
        Some(bytes) => Ok(Str::from(valid_utf8(bytes))),
        None => {
            let message = "yaml: !!binary value contains invalid base64 data";
            Err(Error::convert(message).at(node.mark()))
        }
    }
}

/// A scalar node as a key.
pub(super) fn key(node: Node<'_>) -> Result<Key, Error> {
    Ok(match scalar(node)? {
        Scalar::Null => Key::Null,
        Scalar::Bool(b) => Key::Bool(b),
        Scalar::Int(n) => Key::Int(n),
        Scalar::Uint(n) => Key::Uint(n),
        Scalar::Float(f) => Key::Float(f.to_bits()),
        Scalar::Timestamp | Scalar::Str => Key::Str(string(node)?),
    })
}

impl Key {
    /// The string that JSON has for the key; `None` if it has none.
    pub(super) fn into_string(self) -> Option<Str> {
        match self {
            Key::Null | Key::Uint(_) => None,
            Key::Bool(b) => Some(Str::from(if b { "true" } else { "false" })),
            Key::Int(n) => Some(Str::from(n.to_string())),
            Key::Float(bits) => Some(Str::from(match format::float32(f64::from_bits(bits)) {
                text if text == "+Inf" => ".inf".to_owned(),
                text if text == "-Inf" => "-.inf".to_owned(),
                text if text == "NaN" => ".nan".to_owned(),
                text => text,
            })),
            Key::Str(s) => Some(s),
        }
    }
}

/// Replaces bytes that are not UTF-8 by U+FFFD each, as Go's JSON encoder does.
fn valid_utf8(bytes: Vec<u8>) -> Vec<u8> {
    if std::str::from_utf8(&bytes).is_ok() {
        return bytes;
    }
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for _ in chunk.invalid() {
            out.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
    out
}

/// A node whose children are being read; indices are those of nodes.
enum Frame {
    List {
        next: usize,
        end: usize,
        items: Vec<Tree>,
    },
    /// A mapping that becomes a map of its own, or is merged into the one around.
    Map {
        next: usize,
        end: usize,
        merged: bool,
    },
    /// The sources of a merge that are left, the next one last.
    Sources(Vec<usize>),
    Alias(usize),
    /// A collection that stands as a key.
    Key(usize),
}

/// The entries of a map in the order of their writing; the last of equal keys counts.
#[derive(Default)]
struct Entries {
    pairs: Vec<(Str, Tree)>,
    /// The key whose value is being read, with the place of that value.
    key: Option<(Key, usize)>,
    /// In strict reading the keys so far.
    seen: HashSet<Key>,
}

struct Reader {
    reading: Reading,
    stack: Vec<Frame>,
    /// The entries of the open maps.
    maps: Vec<Entries>,
    /// How many lists and maps are open.
    depth: usize,
    n_read: usize,
    n_aliased: usize,
    alias_depth: usize,
    open_aliases: HashSet<usize>,
    /// What was read by way of aliases, which may read it many times.
    texts: HashMap<usize, Str>,
    /// Complaints about duplicate keys.
    duplicates: Vec<(String, Mark)>,
    /// Whether a key was seen that has no string form.
    unsupported_key: bool,
}

impl Reader {
    fn root(&mut self, root: Node<'_>) -> Result<Tree, Error> {
        self.count(root)?;
        let mut value = self.enter(root)?;
        loop {
            value = match value {
                Some(tree) => match self.deliver(tree, root)? {
                    Some(tree) => return Ok(tree),
                    None => None,
                },
                None => self.advance(root)?,
            };
        }
    }

    /// Starts to read a node; scalars are read at once.
    fn enter(&mut self, node: Node<'_>) -> Result<Option<Tree>, Error> {
        self.count(node)?;
        if node.kind() == Kind::Alias {
            self.open_alias(node)?;
            self.count(node.resolved())?;
        }
        let node = node.resolved();
        let (next, end) = node.span();
        match node.kind() {
            Kind::Scalar(_) | Kind::Alias => return self.scalar(node).map(Some),
            Kind::Sequence => {
                self.deepen('[')?;
                let items = Vec::new();
                self.stack.push(Frame::List { next, end, items });
            }
            Kind::Mapping => {
                self.deepen('{')?;
                self.maps.push(Entries::default());
                let merged = false;
                self.stack.push(Frame::Map { next, end, merged });
            }
        }
        Ok(None)
    }

    /// Hands a finished value to the node around it; gives it back when there is none.
    fn deliver(&mut self, tree: Tree, any: Node<'_>) -> Result<Option<Tree>, Error> {
        while let Some(Frame::Alias(index)) = self.stack.last() {
            let index = *index;
            self.close_alias(index);
        }
        match self.stack.last_mut() {
            None => return Ok(Some(tree)),
            Some(Frame::List { items, .. }) => items.push(tree),
            Some(Frame::Key(index)) => {
                let key = any.sibling(*index);
                return Err(gosyntax::invalid_key(key, self.reading));
            }
            Some(_) => self.put(tree, any),
        }
        Ok(None)
    }

    /// Reads on in the innermost open node. Gives a value when one is finished.
    fn advance(&mut self, any: Node<'_>) -> Result<Option<Tree>, Error> {
        match self.stack.last_mut().expect("a value is still to come") {
            Frame::List { next, end, .. } if *next < *end => {
                let child = any.sibling(*next);
                *next = child.after();
                self.enter(child)
            }
            Frame::Map { next, end, .. } if *next < *end => {
                let key = any.sibling(*next);
                let value = any.sibling(key.after());
                *next = value.after();
                self.entry(key, value)
            }
            Frame::Sources(sources) if !sources.is_empty() => {
                let source = sources.pop().expect("there is one");
                self.merge(any.sibling(source)).map(|()| None)
            }
            Frame::Alias(index) => {
                let index = *index;
                self.close_alias(index);
                Ok(None)
            }
            _ => Ok(self.close()),
        }
    }

    /// Leaves the innermost open node, which is finished.
    fn close(&mut self) -> Option<Tree> {
        match self.stack.pop()? {
            Frame::List { items, .. } => {
                self.depth -= 1;
                Some(Tree::list(items))
            }
            Frame::Map { merged: false, .. } => {
                self.depth -= 1;
                let entries = self.maps.pop().expect("each open map has entries");
                Some(Tree::map(entries.pairs.into_iter().collect()))
            }
            _ => None,
        }
    }

    fn entry(&mut self, key: Node<'_>, value: Node<'_>) -> Result<Option<Tree>, Error> {
        if key.is_merge() {
            return self.merge_value(value).map(|()| None);
        }
        let target = key.resolved();
        if !matches!(target.kind(), Kind::Scalar(_)) {
            self.stack.push(Frame::Key(key.index()));
            return self.enter(key);
        }
        self.count(key)?;
        if key.kind() == Kind::Alias {
            self.alias_depth += 1;
            self.count(target)?;
            self.alias_depth -= 1;
        }
        let key = self::key(target)?;
        self.map().key = Some((key, value.index()));
        self.enter(value)
    }

    /// Puts a value under the key that waits for it.
    fn put(&mut self, tree: Tree, any: Node<'_>) {
        let strict = self.reading.strict;
        let entries = self.map();
        let Some((key, value)) = entries.key.take() else {
            return;
        };
        let is_nan = matches!(key, Key::Float(bits) if f64::from_bits(bits).is_nan());
        if strict && !is_nan && !entries.seen.insert(key.clone()) {
            let mark = any.sibling(value).mark();
            let key = gosyntax::key(&key);
            let line = mark.line + 1;
            let complaint = format!("line {line}: key {key} already set in map");
            self.duplicates.push((complaint, mark));
            return;
        }
        match key.into_string() {
            Some(key) => entries.pairs.push((key, tree)),
            None => self.unsupported_key = true,
        }
    }

    /// The map that entries go to: the innermost one, as merges are no maps of their own.
    fn map(&mut self) -> &mut Entries {
        self.maps.last_mut().expect("entries stand in a map")
    }

    fn merge_value(&mut self, value: Node<'_>) -> Result<(), Error> {
        if value.kind() != Kind::Sequence {
            return self.merge(value);
        }
        let sources = value.items().map(Node::index).collect();
        self.stack.push(Frame::Sources(sources));
        Ok(())
    }

    /// Starts to merge a mapping or an alias to one.
    fn merge(&mut self, source: Node<'_>) -> Result<(), Error> {
        let target = source.resolved();
        if target.kind() != Kind::Mapping {
            let message = "yaml: map merge requires map or sequence of maps as the value";
            return Err(Error::convert(message).at(source.mark()));
        }
        self.count(source)?;
        if source.kind() == Kind::Alias {
            self.open_alias(source)?;
            self.count(target)?;
        }
        let (next, end) = target.span();
        let merged = true;
        self.stack.push(Frame::Map { next, end, merged });
        Ok(())
    }

    fn open_alias(&mut self, node: Node<'_>) -> Result<(), Error> {
        let index = node.index();
        if !self.open_aliases.insert(index) {
            let name = String::from_utf8_lossy(node.text());
            let message = format!("yaml: anchor '{name}' value contains itself");
            return Err(Error::convert(message).at(node.mark()));
        }
        self.alias_depth += 1;
        self.stack.push(Frame::Alias(index));
        Ok(())
    }

    /// Leaves the alias with number `index`, which is the innermost open node.
    fn close_alias(&mut self, index: usize) {
        self.stack.pop();
        self.alias_depth -= 1;
        self.open_aliases.remove(&index);
    }

    fn scalar(&mut self, node: Node<'_>) -> Result<Tree, Error> {
        Ok(match scalar(node)? {
            Scalar::Null => Tree::Null,
            Scalar::Bool(b) => Tree::Bool(b),
            Scalar::Int(n) if self.reading.floats => Tree::Float(n as f64),
            Scalar::Uint(n) if self.reading.floats => Tree::Float(n as f64),
            Scalar::Int(n) => Tree::Int(n),
            Scalar::Uint(n) => Tree::Uint(n),
            Scalar::Float(f) => Tree::Float(f),
            Scalar::Timestamp | Scalar::Str if self.alias_depth == 0 => Tree::Str(string(node)?),
            Scalar::Timestamp | Scalar::Str => match self.texts.entry(node.index()) {
                Entry::Occupied(text) => Tree::Str(text.get().clone()),
                Entry::Vacant(text) => Tree::Str(text.insert(string(node)?).clone()),
            },
        })
    }

    fn deepen(&mut self, bracket: char) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_YAML_DEPTH {
            let message = format!("invalid character '{bracket}' exceeded max depth");
            return Err(Error::decode(message));
        }
        Ok(())
    }

    /// Counts a node that is read, and refuses when aliases account for too many of them.
    fn count(&mut self, node: Node<'_>) -> Result<(), Error> {
        self.n_read += 1;
        if self.alias_depth > 0 {
            self.n_aliased += 1;
        }
        if self.n_aliased > 100
            && self.n_read > 1000
            && self.n_aliased as f64 / self.n_read as f64 > allowed_alias_share(self.n_read)
        {
            let message = "yaml: document contains excessive aliasing";
            return Err(Error::convert(message).at(node.mark()));
        }
        Ok(())
    }
}

/// The share of nodes that may come from aliases when `n_read` are read.
fn allowed_alias_share(n_read: usize) -> f64 {
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    match n_read {
        ..=LOW => 0.99,
        HIGH.. => 0.10,
        _ => 0.99 - 0.89 * ((n_read - LOW) as f64 / (HIGH - LOW) as f64),
    }
}
