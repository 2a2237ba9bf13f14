//! Types and kinds: `typeOf`, `kindIs`, `deepEqual`.
//!
//! In: any values. Out: Go's names for what they are, or a boolean. Nothing is refused.

use crate::funcs::lists::Comparisons;
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::{ListType, Str, Value, format};

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::run("deepEqual", &[Param::Any, Param::Any], deep_equal).constant(),
    Function::pure("kindIs", &[Param::String, Param::Any], kind_is).constant(),
    Function::pure("kindOf", &[Param::Any], kind_of).constant(),
    Function::pure("typeIs", &[Param::String, Param::Any], type_is).constant(),
    Function::pure("typeIsLike", &[Param::String, Param::Any], type_is_like).constant(),
    Function::pure("typeOf", &[Param::Any], type_of).constant(),
];

/// Sprig's text of a value: strings and byte slices as they are, anything else as `%v`.
pub fn strval(value: &Value) -> Str {
    match value {
        Value::Str(s) => s.clone(),
        Value::List(list) if list.list_type() == ListType::Bytes => list.to_bytes().into(),
        other => format::display(other).into(),
    }
}

fn deep_equal(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let equal = Comparisons::default().equal(run, args.any(0), args.any(1))?;
    Ok(Value::Bool(equal))
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
