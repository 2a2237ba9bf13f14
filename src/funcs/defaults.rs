//! Emptiness and selection: `default`, `empty`, `coalesce`, `all`, `any`, `ternary`.
//!
//! In: any values. Out: one of them, or a boolean. Only `ternary` refuses something: a condition
//! that is no boolean.

use crate::template::{Args, FuncError, Function, Param};
use crate::value::{Kind, Value};

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("all", &[Param::Any], all)
        .constant()
        .variadic(),
    Function::pure("any", &[Param::Any], any)
        .constant()
        .variadic(),
    Function::pure("coalesce", &[Param::Any], coalesce)
        .constant()
        .variadic(),
    Function::pure("default", &[Param::Any, Param::Any], default)
        .constant()
        .variadic(),
    Function::pure("empty", &[Param::Any], empty).constant(),
    Function::pure("ternary", &[Param::Any, Param::Any, Param::Bool], ternary).constant(),
];

/// Sprig's emptiness: nil, false, zero, no length; a struct is never empty.
pub(crate) fn is_empty(value: &Value) -> bool {
    value.kind() != Kind::Struct && !value.is_true()
}

fn all(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Bool(!args.rest(0).iter().any(is_empty)))
}

fn any(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Bool(!args.rest(0).iter().all(is_empty)))
}

fn coalesce(args: Args<'_>) -> Result<Value, FuncError> {
    let found = args.rest(0).iter().find(|value| !is_empty(value));
    Ok(found.cloned().unwrap_or_default())
}

/// Looks at the first value after the default only.
fn default(args: Args<'_>) -> Result<Value, FuncError> {
    let given = args.rest(1).first().filter(|value| !is_empty(value));
    Ok(given.unwrap_or(args.any(0)).clone())
}

fn empty(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Bool(is_empty(args.any(0))))
}

fn ternary(args: Args<'_>) -> Result<Value, FuncError> {
    let chosen = if args.bool(2) { 0 } else { 1 };
    Ok(args.any(chosen).clone())
}

#[cfg(test)]
mod tests {
    use crate::funcs::replay;

    #[test]
    fn gives_what_was_recorded() {
        replay::check("defaults");
    }
}
