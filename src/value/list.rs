//! Go slices.

use std::cell::{Ref, RefCell, RefMut};
use std::fmt;
use std::rc::Rc;

use super::Value;

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
    items: RefCell<Vec<Value>>,
}

impl List {
    /// Makes a slice of `items`; the caller sees to it that they fit `list_type`.
    pub fn new(list_type: ListType, items: Vec<Value>) -> List {
        List(Rc::new(Cell {
            list_type,
            is_nil: false,
            items: RefCell::new(items),
        }))
    }

    /// Makes a nil slice: prints `[]`, but is `null` in JSON and YAML.
    pub fn nil(list_type: ListType) -> List {
        List(Rc::new(Cell {
            list_type,
            is_nil: true,
            items: RefCell::default(),
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
        self.0.items.borrow().len()
    }

    /// Says whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.0.items.borrow().get(index).cloned()
    }

    /// The items, for reading; do not call back into template code while holding it.
    pub fn items(&self) -> Ref<'_, Vec<Value>> {
        self.0.items.borrow()
    }

    /// The items, for changing in place (`sortAlpha` sorts a `[]string` where it lies).
    pub fn items_mut(&self) -> RefMut<'_, Vec<Value>> {
        self.0.items.borrow_mut()
    }

    /// A copy of the items.
    pub fn to_vec(&self) -> Vec<Value> {
        self.0.items.borrow().clone()
    }

    /// The bytes of a `[]uint8`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let byte = |item: &Value| match item {
            Value::Int(n) => n.to_i64() as u8,
            _ => 0,
        };
        self.items().iter().map(byte).collect()
    }

    /// Takes the items out if nobody else holds the slice.
    pub(super) fn take_last_items(&mut self) -> Vec<Value> {
        Rc::get_mut(&mut self.0).map_or_else(Vec::new, |cell| cell.items.take())
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

impl Drop for Cell {
    fn drop(&mut self) {
        super::bury(self.items.take());
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items().iter()).finish()
    }
}
