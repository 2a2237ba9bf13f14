//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;
use std::rc::Rc;

use super::func::{FuncError, Operand};
use crate::value::printf::sprintf;
use crate::value::{Int, Kind, Str, Value};

/// What a value is to comparisons.
enum Class {
    Bool(bool),
    Int(Int),
    Float(f64),
    Complex,
    Str(Str),
    Other,
}

/// `eq A B…`: whether A equals one of the others.
pub(super) fn eq(args: &[Operand]) -> Result<Operand, FuncError> {
    let (first, others) = (&args[0], &args[1..]);
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if equal(first, other)? {
            return answer(true);
        }
    }
    answer(false)
}

/// `ne A B`
pub(super) fn ne(args: &[Operand]) -> Result<Operand, FuncError> {
    answer(!equal(&args[0], &args[1])?)
}

/// `lt A B`
pub(super) fn lt(args: &[Operand]) -> Result<Operand, FuncError> {
    answer(less(&args[0], &args[1])?)
}

/// `le A B`
pub(super) fn le(args: &[Operand]) -> Result<Operand, FuncError> {
    answer(less_or_equal(&args[0], &args[1])?)
}

/// `gt A B`: the opposite of `le`, also for NaN.
pub(super) fn gt(args: &[Operand]) -> Result<Operand, FuncError> {
    answer(!less_or_equal(&args[0], &args[1])?)
}

/// `ge A B`: the opposite of `lt`, also for NaN.
pub(super) fn ge(args: &[Operand]) -> Result<Operand, FuncError> {
    answer(!less(&args[0], &args[1])?)
}

fn answer(truth: bool) -> Result<Operand, FuncError> {
    Ok(Operand::Value(Value::Bool(truth)))
}

fn less_or_equal(a: &Operand, b: &Operand) -> Result<bool, FuncError> {
    Ok(less(a, b)? || equal(a, b)?)
}

/// The value; `None` for nil of any sort.
fn present(operand: &Operand) -> Option<&Value> {
    match operand {
        Operand::Invalid | Operand::Value(Value::Nil) => None,
        Operand::Value(value) => Some(value),
    }
}

fn class(value: &Value) -> Class {
    match value {
        Value::Bool(b) => Class::Bool(*b),
        Value::Int(n) => Class::Int(*n),
        Value::Float(f) => Class::Float(*f),
        Value::Str(s) => Class::Str(s.clone()),
        Value::Object(object) => match (object.kind(), object.number()) {
            (_, Some(n)) => Class::Int(n),
            (Kind::Complex128, None) => Class::Complex,
            (Kind::String, None) => Class::Str(object.string().unwrap_or_default().into()),
            _ => Class::Other,
        },
        Value::Nil | Value::List(_) | Value::Map(_) => Class::Other,
    }
}

fn equal(a: &Operand, b: &Operand) -> Result<bool, FuncError> {
    let (Some(a), Some(b)) = (present(a), present(b)) else {
        return Ok(equal_to_nil(present(a)) && equal_to_nil(present(b)));
    };
    match (class(a), class(b)) {
        (Class::Bool(a), Class::Bool(b)) => Ok(a == b),
        (Class::Int(a), Class::Int(b)) => Ok(a.wide() == b.wide()),
        (Class::Float(a), Class::Float(b)) => Ok(a == b),
        (Class::Str(a), Class::Str(b)) => Ok(a == b),
        (Class::Complex, Class::Complex) => Ok(a.deep_equal(b)),
        (Class::Other, Class::Other) => equal_others(a, b),
        _ => Err(incompatible(a, b)),
    }
}

/// Whether a value equals nil: nil itself, nil maps and nil lists do.
fn equal_to_nil(value: Option<&Value>) -> bool {
    match value {
        None => true,
        Some(Value::List(list)) => list.is_nil(),
        Some(Value::Map(map)) => map.is_nil(),
        Some(_) => false,
    }
}

fn equal_others(a: &Value, b: &Value) -> Result<bool, FuncError> {
    if a.kind() != b.kind() {
        let of = [a.type_name().into(), b.type_name().into()];
        let [a_type, b_type] = of;
        let args = [a.clone(), a_type, b_type, b.clone()];
        return Err(message(b"non-comparable types %s: %v, %s: %v", &args));
    }
    if equal_to_nil(Some(a)) || equal_to_nil(Some(b)) {
        return Ok(equal_to_nil(Some(a)) == equal_to_nil(Some(b)));
    }
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => match x.kind() {
            Kind::Ptr => Ok(Rc::ptr_eq(x, y)),
            Kind::Map | Kind::Slice => Err(not_comparable(b)),
            _ => Ok(a.deep_equal(b)),
        },
        _ => Err(not_comparable(b)),
    }
}

fn not_comparable(value: &Value) -> FuncError {
    let args = [value.clone(), value.type_name().into()];
    message(b"non-comparable type %s: %v", &args)
}

fn incompatible(a: &Value, b: &Value) -> FuncError {
    let (a, b) = (a.type_name(), b.type_name());
    format!("incompatible types for comparison: {a} and {b}").into()
}

fn message(format: &[u8], args: &[Value]) -> FuncError {
    // Printing takes copies of structs, which lack the methods of their pointers.
    let copied = |value: &Value| value.copied().unwrap_or_else(|| value.clone());
    let args: Vec<Value> = args.iter().map(copied).collect();
    let text = sprintf(format, &args);
    FuncError::Message(String::from_utf8_lossy(&text).into_owned())
}

fn less(a: &Operand, b: &Operand) -> Result<bool, FuncError> {
    const INVALID: &str = "invalid type for comparison";
    let (Some(a), Some(b)) = (present(a), present(b)) else {
        return Err(INVALID.into());
    };
    match (class(a), class(b)) {
        (Class::Other, _) | (_, Class::Other) => Err(INVALID.into()),
        (Class::Bool(_), Class::Bool(_)) | (Class::Complex, Class::Complex) => Err(INVALID.into()),
        (Class::Int(a), Class::Int(b)) => Ok(a.wide() < b.wide()),
        (Class::Float(a), Class::Float(b)) => Ok(a.partial_cmp(&b) == Some(Ordering::Less)),
        (Class::Str(a), Class::Str(b)) => Ok(*a < *b),
        _ => Err(incompatible(a, b)),
    }
}
