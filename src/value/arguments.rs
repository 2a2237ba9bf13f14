//! Go's check of the arguments of a function or method, before it is called (`text/template`,
//! `exec.go`).

use super::Value;

const COUNT: &str = "wrong number of args for ";
const TYPE: &str = "wrong type for value; ";

/// Refuses arguments whose number is not `wanted`.
///
/// # Errors
///
/// [`wrong_count`].
pub fn check_count(name: &str, args: &[Value], wanted: usize) -> Result<(), String> {
    if args.len() == wanted {
        return Ok(());
    }
    Err(wrong_count(name, wanted, args.len()))
}

/// The text that refuses the number of arguments of `name`.
pub fn wrong_count(name: &str, wanted: usize, got: usize) -> String {
    format!("{COUNT}{name}: want {wanted} got {got}")
}

/// The text that refuses an argument of another type.
pub fn wrong_type(expected: &str, got: &Value) -> String {
    let got = got.type_name();
    format!("{TYPE}expected {expected}; got {got}")
}

/// How many arguments are wanted, if `text` is one of [`wrong_count`].
pub fn wanted_count(text: &str) -> Option<usize> {
    let (_, rest) = text.strip_prefix(COUNT)?.split_once(": want ")?;
    rest.split_once(' ')?.0.parse().ok()
}

/// Whether `text` is one of [`wrong_type`].
pub fn is_wrong_type(text: &str) -> bool {
    text.starts_with(TYPE)
}
