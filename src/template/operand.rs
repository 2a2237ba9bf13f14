//! Values as the evaluator holds them: Go's `reflect.Value`.

use super::func::Operand;
use crate::value::Value;

/// A value together with how Go's reflection holds it.
///
/// `boxed` says that the value still sits in an `interface {}` slot (a map entry, a list item): a
/// nil there is a nil interface, outside it is no value at all, and error texts name the slot's
/// type.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) value: Value,
    pub(super) boxed: bool,
}

impl Held {
    /// The zero `reflect.Value`.
    pub(super) const INVALID: Held = Held {
        value: Value::Nil,
        boxed: false,
    };

    /// A value of its own type; nil is no value.
    pub(super) fn plain(value: Value) -> Held {
        Held {
            value,
            boxed: false,
        }
    }

    /// A value in a slot of type `interface {}`.
    pub(super) fn boxed(value: Value) -> Held {
        Held { value, boxed: true }
    }

    /// Takes the value out of its slot.
    pub(super) fn unboxed(self) -> Held {
        Held {
            boxed: false,
            ..self
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.boxed || !matches!(self.value, Value::Nil)
    }

    pub(super) fn is_nil_interface(&self) -> bool {
        self.boxed && matches!(self.value, Value::Nil)
    }

    /// Go's name of the static type.
    pub(super) fn type_name(&self) -> &str {
        if self.boxed {
            "interface {}"
        } else {
            self.value.type_name()
        }
    }

    pub(super) fn operand(self) -> Operand {
        if self.is_valid() {
            Operand::Value(self.value)
        } else {
            Operand::Invalid
        }
    }
}

impl From<Operand> for Held {
    fn from(operand: Operand) -> Held {
        match operand {
            Operand::Invalid => Held::INVALID,
            Operand::Value(value) => Held::boxed(value),
        }
    }
}
