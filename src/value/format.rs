//! Go's `%v` of values and floats.
//!
//! In: a value. Out: the bytes of `fmt.Sprint`. Nothing is refused: what is nested deeper than
//! [`MAX_FORMAT_DEPTH`](crate::limits::MAX_FORMAT_DEPTH) prints as `<too deep>`, and printing stops
//! once a value has given more than [`MAX_FORMAT_BYTES`](crate::limits::MAX_FORMAT_BYTES); Go would
//! exhaust its stack or memory on both.

use super::{Value, printf};

pub use super::float::{float, float32, shortest};

/// Go's `%v` (`fmt.Sprint`) of a value; nil is `<nil>`.
pub fn display(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_display(&mut out, value);
    out
}

/// Appends Go's `%v` of a value to `out`.
pub fn write_display(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Nil => out.extend_from_slice(b"<nil>"),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Int(n) => out.extend_from_slice(n.wide().to_string().as_bytes()),
        Value::Float(f) => out.extend_from_slice(float(*f).as_bytes()),
        Value::Str(s) => out.extend_from_slice(s),
        Value::List(_) | Value::Map(_) | Value::Object(_) => printf::append(out, value),
    }
}
