//! Go maps with string keys.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::{Str, Value};

/// The Go type of a map.
#[derive(Clone, Copy, Debug)]
pub enum MapType {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    Str,
    /// A named type whose underlying type is `map[string]interface {}`, with methods.
    Named(&'static Named),
}

/// A method of a named map type: `None` when there is no method of that name, else its result or
/// its error text.
pub type MapMethod = fn(&Map, name: &str, args: &[Value]) -> Option<Result<Value, String>>;

/// A named map type.
#[derive(Debug)]
pub struct Named {
    /// Go's name, such as `chartutil.Values`.
    pub name: &'static str,
    /// Calls a method.
    pub method: MapMethod,
}

impl MapType {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            MapType::Any => "map[string]interface {}",
            MapType::Str => "map[string]string",
            MapType::Named(n) => n.name,
        }
    }

    /// Says whether a value of this type can be passed where `map[string]interface {}` is wanted.
    pub fn is_any_map(self) -> bool {
        !matches!(self, MapType::Str)
    }
}

impl PartialEq for MapType {
    fn eq(&self, other: &MapType) -> bool {
        self.name() == other.name()
    }
}

/// A map; clones are the same map, so `set` through one is seen through all.
#[derive(Clone)]
pub struct Map {
    cell: Rc<Cell>,
    /// The type under which this handle sees the map: Go converts between a named type and
    /// `map[string]interface {}` without copying.
    map_type: MapType,
}

struct Cell {
    is_nil: bool,
    entries: RefCell<BTreeMap<Str, Value>>,
}

impl Map {
    /// Makes an empty `map[string]interface {}`.
    pub fn new() -> Map {
        Map::with_type(MapType::Any, BTreeMap::new())
    }

    /// Makes a map of `entries`; the caller sees to it that they fit `map_type`.
    pub fn with_type(map_type: MapType, entries: BTreeMap<Str, Value>) -> Map {
        let cell = Cell {
            is_nil: false,
            entries: RefCell::new(entries),
        };
        Map {
            cell: Rc::new(cell),
            map_type,
        }
    }

    /// Makes a nil map: prints `map[]`, but is `null` in JSON and YAML.
    pub fn nil(map_type: MapType) -> Map {
        let cell = Cell {
            is_nil: true,
            entries: RefCell::default(),
        };
        Map {
            cell: Rc::new(cell),
            map_type,
        }
    }

    /// The same map seen as another type of the same underlying one.
    #[must_use]
    pub fn with_map_type(&self, map_type: MapType) -> Map {
        Map {
            map_type,
            ..self.clone()
        }
    }

    /// The same map as a `map[string]interface {}`: Go converts a named map that is passed where
    /// that type is wanted, so `set .Values "a" 1` gives a plain map.
    #[must_use]
    pub fn plain(&self) -> Map {
        match self.map_type {
            MapType::Named(_) => self.with_map_type(MapType::Any),
            _ => self.clone(),
        }
    }

    /// The Go type.
    pub fn map_type(&self) -> MapType {
        self.map_type
    }

    /// Says whether this is a nil map.
    pub fn is_nil(&self) -> bool {
        self.cell.is_nil
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.cell.entries.borrow().len()
    }

    /// Says whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value under `key`; `Some(Value::Nil)` for a present nil.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.cell.entries.borrow().get(key).cloned()
    }

    /// Says whether `key` is present, nil or not.
    pub fn contains_key(&self, key: &[u8]) -> bool {
        self.cell.entries.borrow().contains_key(key)
    }

    /// Puts `value` under `key`.
    ///
    /// # Errors
    ///
    /// Go's panic text when the map is nil.
    pub fn insert(&self, key: impl Into<Str>, value: Value) -> Result<Option<Value>, String> {
        if self.cell.is_nil {
            return Err("assignment to entry in nil map".to_owned());
        }
        Ok(self.cell.entries.borrow_mut().insert(key.into(), value))
    }

    /// Removes `key`.
    pub fn remove(&self, key: &[u8]) -> Option<Value> {
        self.cell.entries.borrow_mut().remove(key)
    }

    /// The entries in byte order of their keys, for reading; do not call back into template code
    /// while holding it.
    pub fn entries(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        self.cell.entries.borrow()
    }

    /// The entries, for changing in place.
    pub fn entries_mut(&self) -> RefMut<'_, BTreeMap<Str, Value>> {
        self.cell.entries.borrow_mut()
    }

    /// Takes the values out if nobody else holds the map.
    pub(super) fn take_last_values(&mut self) -> Vec<Value> {
        Rc::get_mut(&mut self.cell).map_or_else(Vec::new, Cell::take_values)
    }

    /// Says whether both are the same map.
    pub fn same(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.cell, &other.cell)
    }

    /// Says whether nobody else holds the map.
    pub(crate) fn is_unique(&self) -> bool {
        Rc::strong_count(&self.cell) == 1
    }

    /// The address that tells this map from others (cycle checks).
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.cell) as usize
    }
}

impl Cell {
    fn take_values(&mut self) -> Vec<Value> {
        self.entries.take().into_values().collect()
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        super::bury(self.take_values());
    }
}

impl Default for Map {
    fn default() -> Map {
        Map::new()
    }
}

impl FromIterator<(Str, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Map {
        Map::with_type(MapType::Any, entries.into_iter().collect())
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries().iter()).finish()
    }
}
