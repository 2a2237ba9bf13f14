//! Values with fields or methods of their own.

use std::any::Any;
use std::fmt;

use super::{Int, Kind, Str, Tree, Value, json};

/// A Go value that is no plain scalar, slice or map: a struct, a pointer to one, or a named map
/// such as `.Files`.
///
/// Methods take and return values only; what needs the running template is a function.
pub trait Object: fmt::Debug {
    /// The object itself, for down-casts.
    fn as_any(&self) -> &dyn Any;

    /// Go's kind: [`Kind::Struct`], [`Kind::Ptr`], [`Kind::Map`], or that of a named scalar.
    fn kind(&self) -> Kind;

    /// Go's name of the type, such as `time.Time`.
    fn type_name(&self) -> &str;

    /// The field `name` of a struct.
    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    /// Calls the exported method `name`: `None` when there is none, else its result or its error
    /// text.
    ///
    /// Go checks arguments before it calls a method; the texts of [`arguments`](super::arguments)
    /// count as the result of that check.
    fn method(&self, _name: &str, _args: &[Value]) -> Option<Result<Value, String>> {
        None
    }

    /// The entries of an object of kind map, in byte order of their keys.
    fn entries(&self) -> Option<Vec<(Str, Value)>> {
        None
    }

    /// The items of an object of kind slice.
    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    /// The number of a named integer such as `time.Month`.
    fn number(&self) -> Option<Int> {
        None
    }

    /// Go's `%v` of the object (its `String` or `Error` method where it has one).
    fn display(&self) -> Vec<u8>;

    /// Go templates' truth; structs and non-nil pointers are true.
    fn is_true(&self) -> bool {
        true
    }

    /// The fields that `encoding/json` writes of a struct, in its order, under their JSON names.
    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// What `encoding/json` makes of the object; of a struct, its JSON fields.
    ///
    /// # Errors
    ///
    /// The encoder's error text.
    fn json(&self) -> Result<Tree, String> {
        let fields = self.json_fields().unwrap_or_default().into_iter();
        let fields = fields.map(|(name, value)| Ok((name.into(), json::to_tree(&value)?)));
        Ok(Tree::map(fields.collect::<Result<_, String>>()?))
    }

    /// Go's `reflect.DeepEqual`.
    fn deep_equal(&self, other: &dyn Object) -> bool;
}
