//! Types and kinds: `typeOf`, `kindIs`, `deepEqual`.
//!
//! In: any values. Out: Go's names for what they are, or a boolean. Nothing is refused.

use crate::template::{Args, FuncError, Function, Param};
use crate::value::{ListType, Str, Value, format};

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("deepEqual", &[Param::Any, Param::Any], deep_equal),
    Function::pure("kindIs", &[Param::String, Param::Any], kind_is),
    Function::pure("kindOf", &[Param::Any], kind_of),
    Function::pure("typeIs", &[Param::String, Param::Any], type_is),
    Function::pure("typeIsLike", &[Param::String, Param::Any], type_is_like),
    Function::pure("typeOf", &[Param::Any], type_of),
];

/// Sprig's text of a value: strings and byte slices as they are, anything else as `%v`.
pub fn strval(value: &Value) -> Str {
    match value {
        Value::Str(s) => s.clone(),
        Value::List(list) if list.list_type() == ListType::Bytes => list.to_bytes().into(),
        other => format::display(other).into(),
    }
}

fn deep_equal(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Bool(args.any(0).deep_equal(args.any(1))))
}

fn kind_is(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Bool(*args.str(0) == args.any(1).kind().name()))
}

fn kind_of(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(args.any(0).kind().name().into())
}

fn type_is(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Bool(*args.str(0) == args.any(1).type_name()))
}

/// Also true when the value's type is a pointer to the named one.
fn type_is_like(args: Args<'_>) -> Result<Value, FuncError> {
    let (wanted, actual) = (args.str(0), args.any(1).type_name());
    let pointee = actual.strip_prefix('*');
    Ok(Value::Bool(
        *wanted == actual || pointee.is_some_and(|pointee| *wanted == pointee),
    ))
}

fn type_of(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(args.any(0).type_name().into())
}

#[cfg(test)]
mod tests {
    use crate::funcs::replay;

    #[test]
    fn gives_what_was_recorded() {
        replay::check("types");
    }
}
