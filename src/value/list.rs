//! Go slices.

use std::cell::{Ref, RefCell, RefMut};
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use super::{Int, Str, Value};

/// The Go type of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    /// `[]interface {}`
    Any,
    /// `[]string`
    Str,
    /// `[]int`
    Int,
    /// `[]uint8`
    Bytes,
    /// `[]map[string]interface {}`: TOML's arrays of tables.
    Maps,
    /// `[][]interface {}`: `chunk`.
    Lists,
    /// `[]*chart.Maintainer`: Helm 3's `.Chart.Maintainers`.
    Maintainers,
    /// `[]*chart.Dependency`: Helm 3's `.Chart.Dependencies`.
    Dependencies,
}

impl ListType {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            ListType::Any => "[]interface {}",
            ListType::Str => "[]string",
            ListType::Int => "[]int",
            ListType::Bytes => "[]uint8",
            ListType::Maps => "[]map[string]interface {}",
            ListType::Lists => "[][]interface {}",
            ListType::Maintainers => "[]*chart.Maintainer",
            ListType::Dependencies => "[]*chart.Dependency",
        }
    }
}

/// A slice; clones are the same slice.
#[derive(Clone)]
pub struct List(Rc<Cell>);

struct Cell {
    list_type: ListType,
    is_nil: bool,
    items: Content,
}

/// What a slice holds.
enum Content {
    Values(RefCell<Vec<Value>>),
    /// The bytes of a `[]uint8`, most of which are only handed on: items are made for whoever asks.
    Bytes(Str),
}

/// The items of a slice, for reading.
pub enum Items<'a> {
    /// Where they lie.
    Shared(Ref<'a, Vec<Value>>),
    /// Made for the reader.
    Own(Vec<Value>),
}

impl Deref for Items<'_> {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        match self {
            Items::Shared(items) => items,
            Items::Own(items) => items,
        }
    }
}

impl List {
    /// Makes a slice of `items`; the caller sees to it that they fit `list_type`.
    pub fn new(list_type: ListType, items: Vec<Value>) -> List {
        List(Rc::new(Cell {
            list_type,
            is_nil: false,
            items: Content::Values(RefCell::new(items)),
        }))
    }

    /// Makes a `[]uint8`.
    pub fn bytes(bytes: Str) -> List {
        List(Rc::new(Cell {
            list_type: ListType::Bytes,
            is_nil: false,
            items: Content::Bytes(bytes),
        }))
    }

    /// Makes a nil slice: prints `[]`, but is `null` in JSON and YAML.
    pub fn nil(list_type: ListType) -> List {
        List(Rc::new(Cell {
            list_type,
            is_nil: true,
            items: Content::Values(RefCell::default()),
        }))
    }

    /// The Go type.
    pub fn list_type(&self) -> ListType {
        self.0.list_type
    }

    /// Says whether this is a nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.is_nil
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        match &self.0.items {
            Content::Values(items) => items.borrow().len(),
            Content::Bytes(bytes) => bytes.len(),
        }
    }

    /// Says whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of items that take memory of their own.
    pub(crate) fn n_slots(&self) -> usize {
        match &self.0.items {
            Content::Values(items) => items.borrow().len(),
            Content::Bytes(_) => 0,
        }
    }

    /// The item at `index`.
    pub fn get(&self, index: usize) -> Option<Value> {
        match &self.0.items {
            Content::Values(items) => items.borrow().get(index).cloned(),
            Content::Bytes(bytes) => bytes.get(index).map(byte_value),
        }
    }

    /// The items, for reading; do not call back into template code while holding it.
    pub fn items(&self) -> Items<'_> {
        match &self.0.items {
            Content::Values(items) => Items::Shared(items.borrow()),
            Content::Bytes(bytes) => Items::Own(bytes.iter().map(byte_value).collect()),
        }
    }

    /// The items, for changing in place (`sortAlpha` sorts a `[]string` where it lies).
    ///
    /// # Panics
    ///
    /// If the slice was made of bytes: nothing changes those.
    pub fn items_mut(&self) -> RefMut<'_, Vec<Value>> {
        match &self.0.items {
            Content::Values(items) => items.borrow_mut(),
            Content::Bytes(_) => unreachable!("nothing changes the bytes of a file"),
        }
    }

    /// A copy of the items.
    pub fn to_vec(&self) -> Vec<Value> {
        match self.items() {
            Items::Shared(items) => items.clone(),
            Items::Own(items) => items,
        }
    }

    /// The bytes of a `[]uint8`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let byte = |item: &Value| match item {
            Value::Int(n) => n.to_i64() as u8,
            _ => 0,
        };
        match &self.0.items {
            Content::Values(items) => items.borrow().iter().map(byte).collect(),
            Content::Bytes(bytes) => bytes.to_vec(),
        }
    }

    /// Takes the items out if nobody else holds the slice.
    pub(super) fn take_last_items(&mut self) -> Vec<Value> {
        match Rc::get_mut(&mut self.0) {
            Some(Cell {
                items: Content::Values(items),
                ..
            }) => items.take(),
            _ => Vec::new(),
        }
    }

    /// Says whether both are the same slice.
    pub fn same(&self, other: &List) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Says whether nobody else holds the slice.
    pub(crate) fn is_unique(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }

    /// The address that tells this slice from others (cycle checks).
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

fn byte_value(byte: &u8) -> Value {
    Value::Int(Int::Uint8(*byte))
}

impl Drop for Cell {
    fn drop(&mut self) {
        if let Content::Values(items) = &self.items {
            super::bury(items.take());
        }
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items().iter()).finish()
    }
}
