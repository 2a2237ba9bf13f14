//! The values that templates compute with, as Go sees them.
//!
//! Two forms. A [`Tree`] is parsed data: immutable, shared between threads, cheap to clone.
//! A [`Value`] is what a running template holds: maps and lists with reference semantics, so that
//! `set` is seen everywhere. [`Tree::thaw`] turns the one into the other at the start of a render.
//!
//! Go's types leak into output (`typeOf`, `printf "%T"`, error texts), so numbers, lists and maps
//! carry theirs.

pub mod arguments;
pub(crate) mod decimal;
mod equal;
pub mod escape;
mod float;
pub mod format;
pub mod json;
mod list;
mod map;
pub mod number;
mod object;
mod printer;
pub mod printf;
pub(crate) mod quote;
#[cfg(test)]
pub(crate) mod recorded;
mod spec;
mod str;
mod tree;
pub mod unicode;
pub(crate) mod walk;

use std::rc::Rc;

pub use list::{Items, List, ListType};
pub use map::{Map, MapMethod, MapType, Named};
pub use object::{Field, Object};
pub use str::Str;
pub use tree::{Tree, TreeMap};

/// One value of a running template.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Go's untyped nil: a nil `interface {}`.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// An integer together with its Go type.
    Int(Int),
    /// `float64`
    Float(f64),
    /// `string`: bytes that are usually, not always, UTF-8.
    Str(Str),
    /// A slice; nil slices included.
    List(List),
    /// A string-keyed map; nil maps included.
    Map(Map),
    /// Anything with fields or methods of its own.
    Object(Rc<dyn Object>),
}

/// An integer of one of the Go types that templates can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Int {
    /// `int`: literals, lengths, indices.
    Int(i64),
    /// `int64`: `--set` numbers, arithmetic results, TOML.
    Int64(i64),
    /// `uint64`: parts of a semantic version.
    Uint64(u64),
    /// `uint8`: an element of a byte slice or string.
    Uint8(u8),
}

impl Int {
    /// Go's name of the type.
    pub fn type_name(self) -> &'static str {
        match self {
            Int::Int(_) => "int",
            Int::Int64(_) => "int64",
            Int::Uint64(_) => "uint64",
            Int::Uint8(_) => "uint8",
        }
    }

    /// The number itself; every variant fits.
    pub fn wide(self) -> i128 {
        match self {
            Int::Int(n) | Int::Int64(n) => i128::from(n),
            Int::Uint64(n) => i128::from(n),
            Int::Uint8(n) => i128::from(n),
        }
    }

    /// The number as `int64`, wrapping as a Go conversion does.
    pub fn to_i64(self) -> i64 {
        match self {
            Int::Int(n) | Int::Int64(n) => n,
            Int::Uint64(n) => n as i64,
            Int::Uint8(n) => i64::from(n),
        }
    }

    /// Says whether the Go type is unsigned.
    pub fn is_unsigned(self) -> bool {
        matches!(self, Int::Uint64(_) | Int::Uint8(_))
    }
}

/// Go's `reflect.Kind`, as far as templates can tell kinds apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Go's")]
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int64,
    Uint64,
    Uint8,
    Float64,
    Complex128,
    String,
    Slice,
    Map,
    Struct,
    Ptr,
    Func,
}

impl Kind {
    /// Go's name of the kind (`kindOf`).
    pub fn name(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Int64 => "int64",
            Kind::Uint64 => "uint64",
            Kind::Uint8 => "uint8",
            Kind::Float64 => "float64",
            Kind::Complex128 => "complex128",
            Kind::String => "string",
            Kind::Slice => "slice",
            Kind::Map => "map",
            Kind::Struct => "struct",
            Kind::Ptr => "ptr",
            Kind::Func => "func",
        }
    }
}

impl Value {
    /// The copy that a function gets, where it differs from the value in place ([`Object::copied`]).
    pub(crate) fn copied(&self) -> Option<Value> {
        match self {
            Value::Object(object) => object.copied(),
            _ => None,
        }
    }

    /// Go's `int`.
    pub fn int(n: i64) -> Value {
        Value::Int(Int::Int(n))
    }

    /// Go's `int64`.
    pub fn int64(n: i64) -> Value {
        Value::Int(Int::Int64(n))
    }

    /// A Go string.
    pub fn str(text: impl Into<Str>) -> Value {
        Value::Str(text.into())
    }

    /// An `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(List::new(ListType::Any, items))
    }

    /// A `[]string`.
    pub fn strings(items: impl IntoIterator<Item = Str>) -> Value {
        Value::List(List::new(
            ListType::Str,
            items.into_iter().map(Value::Str).collect(),
        ))
    }

    /// Go's kind of the value.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Nil => Kind::Invalid,
            Value::Bool(_) => Kind::Bool,
            Value::Int(Int::Int(_)) => Kind::Int,
            Value::Int(Int::Int64(_)) => Kind::Int64,
            Value::Int(Int::Uint64(_)) => Kind::Uint64,
            Value::Int(Int::Uint8(_)) => Kind::Uint8,
            Value::Float(_) => Kind::Float64,
            Value::Str(_) => Kind::String,
            Value::List(_) => Kind::Slice,
            Value::Map(_) => Kind::Map,
            Value::Object(o) => o.kind(),
        }
    }

    /// Go's name of the dynamic type (`typeOf`, `printf "%T"`).
    pub fn type_name(&self) -> &str {
        match self {
            Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(n) => n.type_name(),
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::List(l) => l.list_type().name(),
            Value::Map(m) => m.map_type().name(),
            Value::Object(o) => o.type_name(),
        }
    }

    /// Go templates' truth (`template.IsTrue`): false for zero values and empty containers.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(b) => *b,
            Value::Int(n) => n.wide() != 0,
            Value::Float(f) => *f != 0.0,
            Value::Str(s) => !s.is_empty(),
            Value::List(l) => !l.is_empty(),
            Value::Map(m) => !m.is_empty(),
            Value::Object(o) => o.is_true(),
        }
    }

    /// The string, if the value is one.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The map, if the value is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The list, if the value is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }
}

/// Drops values without recursion, however deep they are nested.
fn bury(mut open: Vec<Value>) {
    while let Some(value) = open.pop() {
        match value {
            Value::List(mut list) => open.extend(list.take_last_items()),
            Value::Map(mut map) => open.extend(map.take_last_values()),
            _ => {}
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<f64> for Value {
    fn from(f: f64) -> Value {
        Value::Float(f)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Value {
        Value::Str(s.into())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Value {
        Value::Str(s.into())
    }
}

impl From<Str> for Value {
    fn from(s: Str) -> Value {
        Value::Str(s)
    }
}

impl From<Map> for Value {
    fn from(m: Map) -> Value {
        Value::Map(m)
    }
}

impl From<List> for Value {
    fn from(l: List) -> Value {
        Value::List(l)
    }
}

impl<T: Object + 'static> From<Rc<T>> for Value {
    fn from(object: Rc<T>) -> Value {
        Value::Object(object)
    }
}
