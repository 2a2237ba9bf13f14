//! Parsed data: immutable and shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Int, List, ListType, Map, MapType, Str, Value};

/// The entries of a parsed map, in byte order of their keys.
pub type TreeMap = BTreeMap<Str, Tree>;

/// Parsed data (values files, JSON, YAML): immutable, `Send + Sync`, cheap to clone.
///
/// Values files and `fromYaml` hold every number as [`Tree::Float`]; `--set` gives
/// [`Tree::Int`]; the YAML writer also meets [`Tree::Uint`].
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Tree {
    /// `null`
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer (`int64`).
    Int(i64),
    /// An integer beyond `int64` (`uint64`).
    Uint(u64),
    /// `float64`
    Float(f64),
    /// A string.
    Str(Str),
    /// A list.
    List(Arc<Vec<Tree>>),
    /// A map.
    Map(Arc<TreeMap>),
}

impl Tree {
    /// A string.
    pub fn str(text: impl Into<Str>) -> Tree {
        Tree::Str(text.into())
    }

    /// A list.
    pub fn list(items: Vec<Tree>) -> Tree {
        Tree::List(Arc::new(items))
    }

    /// A map.
    pub fn map(entries: TreeMap) -> Tree {
        Tree::Map(Arc::new(entries))
    }

    /// An empty map.
    pub fn empty_map() -> Tree {
        Tree::map(TreeMap::new())
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&TreeMap> {
        match self {
            Tree::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The map for changing, copied first if it is shared.
    pub fn as_map_mut(&mut self) -> Option<&mut TreeMap> {
        match self {
            Tree::Map(m) => Some(Arc::make_mut(m)),
            _ => None,
        }
    }

    /// The list, if this is one.
    pub fn as_list(&self) -> Option<&[Tree]> {
        match self {
            Tree::List(l) => Some(l),
            _ => None,
        }
    }

    /// The text, if this is a string of valid UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Tree::Str(s) => s.to_str(),
            _ => None,
        }
    }

    /// The value under `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.as_map()?.get(key.as_bytes())
    }

    /// The value at a path of map keys.
    pub fn at<'k>(&self, path: impl IntoIterator<Item = &'k str>) -> Option<&Tree> {
        path.into_iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// Makes the mutable form for one render.
    pub fn thaw(&self) -> Value {
        match self {
            Tree::Null => Value::Nil,
            Tree::Bool(b) => Value::Bool(*b),
            Tree::Int(n) => Value::Int(Int::Int64(*n)),
            Tree::Uint(n) => Value::Int(Int::Uint64(*n)),
            Tree::Float(f) => Value::Float(*f),
            Tree::Str(s) => Value::Str(s.clone()),
            Tree::List(items) => deeper(|| {
                let items = items.iter().map(Tree::thaw).collect();
                Value::List(List::new(ListType::Any, items))
            }),
            Tree::Map(entries) => deeper(|| Value::Map(Tree::thaw_map(entries, MapType::Any))),
        }
    }

    /// Makes the mutable form of `entries` as a map of type `map_type`.
    pub fn thaw_map(entries: &TreeMap, map_type: MapType) -> Map {
        let entries = entries.iter().map(|(k, v)| (k.clone(), v.thaw())).collect();
        Map::with_type(map_type, entries)
    }

    /// Drops the data level by level: an ordinary drop of ten thousand levels needs more native
    /// stack than a thread may have.
    pub(crate) fn dismantle(self) {
        let mut parts = vec![self];
        while let Some(part) = parts.pop() {
            match part {
                Tree::List(items) => {
                    parts.extend(Arc::try_unwrap(items).unwrap_or_default());
                }
                Tree::Map(entries) => {
                    parts.extend(Arc::try_unwrap(entries).unwrap_or_default().into_values());
                }
                _ => {}
            }
        }
    }
}

/// Runs one level of a recursion on more native stack where little is left.
fn deeper<T>(level: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, level)
}

impl From<&str> for Tree {
    fn from(s: &str) -> Tree {
        Tree::str(s)
    }
}

impl From<String> for Tree {
    fn from(s: String) -> Tree {
        Tree::str(s)
    }
}

impl From<bool> for Tree {
    fn from(b: bool) -> Tree {
        Tree::Bool(b)
    }
}
