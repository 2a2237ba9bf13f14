//! Values as Go's reflection sees them during execution.

use super::func::Operand;
use crate::value::{Kind, ListType, MapType, Value};

/// A `reflect.Value`: besides the value, whether it still sits in an `interface {}`.
///
/// The difference shows in error texts, and in what a nil does: one in an interface is an error to
/// look into, one that is no value at all gives no value again.
#[derive(Clone, Debug)]
pub(super) enum Datum {
    /// No value at all.
    Invalid,
    /// A value of its own type.
    Concrete(Value),
    /// What an `interface {}` holds; [`Value::Nil`] for a nil interface.
    Interface(Value),
}

impl Datum {
    /// What a function or method of result type `interface {}` returned; other types do not
    /// return [`Value::Nil`].
    pub(super) fn result(value: Value) -> Datum {
        match value {
            Value::Nil => Datum::Interface(Value::Nil),
            value => Datum::Concrete(value),
        }
    }

    /// An element of a list of type `list_type`.
    pub(super) fn item(list_type: ListType, value: Value) -> Datum {
        match list_type {
            ListType::Any => Datum::Interface(value),
            _ => Datum::result(value),
        }
    }

    /// A value of a map of type `map_type`.
    pub(super) fn entry(map_type: MapType, value: Value) -> Datum {
        match map_type {
            MapType::Any | MapType::Named(_) => Datum::Interface(value),
            MapType::Str => Datum::result(value),
        }
    }

    /// The value outside its interface, if it is in one.
    pub(super) fn unwrapped(self) -> Datum {
        match self {
            Datum::Interface(Value::Nil) => Datum::Invalid,
            Datum::Interface(value) => Datum::Concrete(value),
            datum => datum,
        }
    }

    /// The value; nil if there is none.
    pub(super) fn value(&self) -> &Value {
        const NIL: &Value = &Value::Nil;
        match self {
            Datum::Invalid => NIL,
            Datum::Concrete(value) | Datum::Interface(value) => value,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        self.value().is_true()
    }

    /// Go's name of the static type.
    pub(super) fn type_name(&self) -> &str {
        match self {
            Datum::Invalid => "invalid",
            Datum::Concrete(value) => value.type_name(),
            Datum::Interface(_) => "interface {}",
        }
    }
}

impl From<Datum> for Operand {
    fn from(datum: Datum) -> Operand {
        match datum {
            Datum::Invalid => Operand::Invalid,
            Datum::Concrete(value) | Datum::Interface(value) => Operand::Value(value),
        }
    }
}

impl From<Operand> for Datum {
    fn from(operand: Operand) -> Datum {
        match operand {
            Operand::Invalid => Datum::Invalid,
            Operand::Value(value) => Datum::result(value),
        }
    }
}

/// Go's name of the type that a pointer points to, or of the value's own.
pub(super) fn indirect_type_name(value: &Value) -> &str {
    let name = value.type_name();
    if value.kind() == Kind::Ptr {
        name.strip_prefix('*').unwrap_or(name)
    } else {
        name
    }
}
