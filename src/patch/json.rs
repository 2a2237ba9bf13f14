//! Data to JSON values and back, for the patch formats.

use serde_json::{Number, Value};

use crate::limits::MAX_PATCH_DEPTH;
use crate::value::{Str, Tree, TreeMap};

/// Data that JSON patches cannot work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// Lists and maps are nested too deeply.
    TooDeep,
    /// An infinity or not a number.
    NotFinite,
    /// A string that is not UTF-8.
    NotUtf8,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            JsonError::TooDeep => write!(f, "nested deeper than {MAX_PATCH_DEPTH} levels"),
            JsonError::NotFinite => f.write_str("infinities and NaN have no JSON form"),
            JsonError::NotUtf8 => f.write_str("a string is not UTF-8"),
        }
    }
}

impl std::error::Error for JsonError {}

/// How numbers come back from JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Integers stay integers: objects.
    Exact,
    /// All are `float64`, as Helm reads values files.
    Floats,
}

/// Makes a JSON value; an integral float becomes an integer, so that `test` finds `2` equal to
/// `2.0` as Go's JSON does.
///
/// # Errors
///
/// The tree is too deep, holds a float without a JSON form, or text that is not UTF-8.
pub fn to_json(tree: &Tree) -> Result<Value, JsonError> {
    to_json_at(tree, 0)
}

/// Makes data from a JSON value.
pub fn from_json(value: &Value, numbers: Numbers) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(b) => Tree::Bool(*b),
        Value::Number(n) => number(n, numbers),
        Value::String(s) => Tree::str(s.as_str()),
        Value::Array(items) => {
            Tree::list(items.iter().map(|item| from_json(item, numbers)).collect())
        }
        Value::Object(entries) => Tree::map(
            entries
                .iter()
                .map(|(key, item)| (Str::from(key.as_str()), from_json(item, numbers)))
                .collect::<TreeMap>(),
        ),
    }
}

fn to_json_at(tree: &Tree, depth: usize) -> Result<Value, JsonError> {
    if depth > MAX_PATCH_DEPTH {
        return Err(JsonError::TooDeep);
    }
    let text = |s: &Str| s.to_str().map(str::to_owned).ok_or(JsonError::NotUtf8);
    Ok(match tree {
        Tree::Null => Value::Null,
        Tree::Bool(b) => Value::Bool(*b),
        Tree::Int(n) => Value::from(*n),
        Tree::Uint(n) => Value::from(*n),
        Tree::Float(f) => match integral(*f) {
            Some(n) => Value::from(n),
            None => Value::Number(Number::from_f64(*f).ok_or(JsonError::NotFinite)?),
        },
        Tree::Str(s) => Value::String(text(s)?),
        Tree::List(items) => Value::Array(
            items
                .iter()
                .map(|item| to_json_at(item, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Tree::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, item)| Ok((text(key)?, to_json_at(item, depth + 1)?)))
                .collect::<Result<_, JsonError>>()?,
        ),
    })
}

/// The integer that `f` is, where floats still tell neighbouring integers apart.
pub(crate) fn integral(f: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_integer = f.trunc() == f && f.abs() <= EXACT && !(f == 0.0 && f.is_sign_negative());
    is_integer.then_some(f as i64)
}

fn number(n: &Number, numbers: Numbers) -> Tree {
    let float = || Tree::Float(n.as_f64().unwrap_or_default());
    match numbers {
        Numbers::Floats => float(),
        Numbers::Exact => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Tree::Int(n),
            (None, Some(n)) => Tree::Uint(n),
            (None, None) => float(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_there_and_back() {
        for f in [0.5, 1e300, -3.25, 1e16, -0.0] {
            let json = to_json(&Tree::Float(f)).unwrap();
            assert_eq!(from_json(&json, Numbers::Exact), Tree::Float(f));
        }
        for n in [0, 1, i64::MIN, i64::MAX] {
            let json = to_json(&Tree::Int(n)).unwrap();
            assert_eq!(from_json(&json, Numbers::Exact), Tree::Int(n));
        }
        let json = to_json(&Tree::Uint(u64::MAX)).unwrap();
        assert_eq!(from_json(&json, Numbers::Exact), Tree::Uint(u64::MAX));
        let json = to_json(&Tree::Float(2.0)).unwrap();
        assert_eq!(json, Value::from(2));
        assert_eq!(from_json(&json, Numbers::Floats), Tree::Float(2.0));
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        assert_eq!(to_json(&Tree::Float(f64::NAN)), Err(JsonError::NotFinite));
        let bytes = Tree::Str(Str::from(&b"\xff"[..]));
        assert_eq!(to_json(&bytes), Err(JsonError::NotUtf8));
        let nest = |n| (0..n).fold(Tree::Null, |inner, _| Tree::list(vec![inner]));
        assert!(to_json(&nest(MAX_PATCH_DEPTH)).is_ok());
        assert_eq!(to_json(&nest(MAX_PATCH_DEPTH + 1)), Err(JsonError::TooDeep));
    }
}
