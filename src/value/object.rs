//! Values with fields or methods of their own.

use std::any::Any;
use std::fmt;

use super::{Int, Kind, Str, Tree, Value, json};

/// A field of a struct: Go's name and the value.
pub type Field = (&'static str, Value);

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

    /// The fields of a struct, or of the one pointed to, in its order; unexported ones, which only
    /// printing sees, included.
    fn fields(&self) -> Option<Vec<Field>> {
        None
    }

    /// The exported field `name` of a struct.
    fn field(&self, name: &str) -> Option<Value> {
        let fields = self.fields()?;
        let (_, value) = fields.into_iter().find(|(field, _)| *field == name)?;
        name.starts_with(|c: char| c.is_uppercase())
            .then_some(value)
    }

    /// Calls the exported method `name`: `None` when there is none, else its result or its error
    /// text.
    ///
    /// Go checks arguments before it calls a method; the texts of [`arguments`](super::arguments)
    /// count as the result of that check.
    fn method(&self, _name: &str, _args: &[Value]) -> Option<Result<Value, String>> {
        None
    }

    /// The steps of a template's run that a call of the method `name` counts for, beyond what its
    /// result does.
    fn method_steps(&self, _name: &str) -> usize {
        0
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

    /// The parts of a complex number.
    fn complex(&self) -> Option<(f64, f64)> {
        None
    }

    /// What the `String` or `Error` method gives, where the type has one.
    fn string(&self) -> Option<Vec<u8>> {
        None
    }

    /// What the `GoString` method gives (`%#v`), where the type has one.
    fn go_string(&self) -> Option<String> {
        None
    }

    /// The copy that a function gets, where it lacks what the object has in place: methods of the
    /// pointer to it.
    fn copied(&self) -> Option<Value> {
        None
    }

    /// What `deepCopy` makes of it, where Go's copy lacks something.
    fn deep_copied(&self) -> Option<Value> {
        None
    }

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
