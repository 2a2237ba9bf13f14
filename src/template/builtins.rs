//! The functions of the language itself, apart from `and`, `or` and `call`, which the evaluator
//! treats specially.

use super::func::{Args, Call, FuncError, Function, Operand, Param};
use crate::limits::MAX_FORMAT_BYTES;
use crate::value::{Int, Kind, List, ListType, MapType, Value, escape, printf};

/// The built-in function `name`.
pub(super) fn get(name: &str) -> Option<&'static Function> {
    let at = TABLE.binary_search_by(|f| f.name.cmp(name)).ok()?;
    TABLE.get(at)
}

const ONE: &[Param] = &[Param::Reflect];
const TWO: &[Param] = &[Param::Reflect, Param::Reflect];
const ANY: &[Param] = &[Param::Any];

/// Sorted by name. `slice` is the language's own, which sprig's hides in Helm.
const TABLE: &[Function] = &[
    reflect("eq", TWO, eq).variadic(),
    reflect("ge", TWO, |args| {
        less(&args[0], &args[1]).map(|less| answer(!less))
    }),
    reflect("gt", TWO, |args| {
        less_or_equal(&args[0], &args[1]).map(|le| answer(!le))
    }),
    Function::pure("html", ANY, |args| text(escape::html(&eval_args(args)))).variadic(),
    reflect("index", TWO, index).variadic(),
    Function::pure("js", ANY, |args| text(escape::js(&eval_args(args)))).variadic(),
    reflect("le", TWO, |args| {
        less_or_equal(&args[0], &args[1]).map(answer)
    }),
    reflect("len", ONE, length),
    reflect("lt", TWO, |args| less(&args[0], &args[1]).map(answer)),
    reflect("ne", TWO, |args| {
        equal(&args[0], &args[1..]).map(|equal| answer(!equal))
    }),
    reflect("not", ONE, |args| Ok(answer(!truth(&args[0])))),
    Function::pure("print", ANY, |args| text(printf::sprint(args.0))).variadic(),
    Function::pure("printf", &[Param::String, Param::Any], |args| {
        text(printf::sprintf(args.str(0), args.rest(1)))
    })
    .variadic(),
    Function::pure("println", ANY, |args| text(printf::sprintln(args.0))).variadic(),
    reflect("slice", TWO, slice).variadic(),
    Function::pure("urlquery", ANY, |args| {
        text(escape::urlquery(&eval_args(args)))
    })
    .variadic(),
];

const fn reflect(
    name: &'static str,
    params: &'static [Param],
    body: fn(&[Operand]) -> Result<Operand, FuncError>,
) -> Function {
    Function {
        name,
        params,
        variadic: false,
        call: Call::Reflect(body),
    }
}

fn answer(b: bool) -> Operand {
    Operand::Value(Value::Bool(b))
}

fn text(bytes: Vec<u8>) -> Result<Value, FuncError> {
    if bytes.len() > MAX_FORMAT_BYTES {
        return Err(FuncError::Limit(format!(
            "printed text exceeds {MAX_FORMAT_BYTES} bytes"
        )));
    }
    Ok(Value::str(bytes))
}

/// The text of the arguments as `html` and its like see it: one string as it is, anything else
/// printed; nil counts as missing.
fn eval_args(args: Args<'_>) -> Vec<u8> {
    if let [Value::Str(text)] = args.0 {
        return text.to_vec();
    }
    let shown: Vec<Value> = args
        .0
        .iter()
        .map(|arg| match arg {
            Value::Nil => "<no value>".into(),
            other => other.clone(),
        })
        .collect();
    printf::sprint(&shown)
}

pub(super) fn truth(operand: &Operand) -> bool {
    match operand {
        Operand::Invalid => false,
        Operand::Value(value) => value.is_true(),
    }
}

fn value(operand: &Operand) -> &Value {
    match operand {
        Operand::Invalid => &Value::Nil,
        Operand::Value(value) => value,
    }
}

/// Go's classes of comparable basic values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    Complex,
    String,
}

fn basic(value: &Value) -> Option<Basic> {
    Some(match value.kind() {
        Kind::Bool => Basic::Bool,
        Kind::Int | Kind::Int64 => Basic::Int,
        Kind::Uint64 | Kind::Uint8 => Basic::Uint,
        Kind::Float64 => Basic::Float,
        Kind::Complex128 => Basic::Complex,
        Kind::String => Basic::String,
        _ => return None,
    })
}

/// The number of an integer or of an object whose kind is one.
fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Int(n) => Some(n.wide()),
        Value::Object(object) => object.number().map(Int::wide),
        _ => None,
    }
}

fn incompatible(a: &Value, b: &Value) -> FuncError {
    let (a, b) = (a.type_name(), b.type_name());
    format!("incompatible types for comparison: {a} and {b}").into()
}

fn eq(args: &[Operand]) -> Result<Operand, FuncError> {
    equal(&args[0], &args[1..]).map(answer)
}

fn equal(first: &Operand, others: &[Operand]) -> Result<bool, FuncError> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    let a = value(first);
    for other in others {
        let b = value(other);
        if equal_pair(a, b)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal_pair(a: &Value, b: &Value) -> Result<bool, FuncError> {
    let nil = |v: &Value| matches!(v, Value::Nil);
    match (basic(a), basic(b)) {
        (Some(Basic::Int | Basic::Uint), Some(Basic::Int | Basic::Uint)) => {
            Ok(integer(a) == integer(b))
        }
        (x, y) if x != y => {
            if nil(a) || nil(b) {
                return Ok(false);
            }
            Err(incompatible(a, b))
        }
        (Some(_), _) => Ok(a.deep_equal(b)),
        (None, _) => equal_other(a, b),
    }
}

/// Compares values of no basic class.
fn equal_other(a: &Value, b: &Value) -> Result<bool, FuncError> {
    let (kind_a, kind_b) = (a.kind(), b.kind());
    if kind_a != kind_b && kind_a != Kind::Invalid && kind_b != Kind::Invalid {
        let text = printf::sprintf(
            b"non-comparable types %s: %s, %s: %v",
            &[
                a.clone(),
                a.type_name().into(),
                b.type_name().into(),
                b.clone(),
            ],
        );
        return Err(FuncError::Message(
            String::from_utf8_lossy(&text).into_owned(),
        ));
    }
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) == is_nil(b));
    }
    if matches!(kind_b, Kind::Slice | Kind::Map) {
        let text = printf::sprintf(
            b"non-comparable type %s: %s",
            &[b.clone(), b.type_name().into()],
        );
        return Err(FuncError::Message(
            String::from_utf8_lossy(&text).into_owned(),
        ));
    }
    Ok(match (a, b) {
        (Value::Object(x), Value::Object(y)) if kind_a == Kind::Ptr => {
            std::ptr::addr_eq(std::rc::Rc::as_ptr(x), std::rc::Rc::as_ptr(y))
        }
        _ => a.deep_equal(b),
    })
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

fn less(a: &Operand, b: &Operand) -> Result<bool, FuncError> {
    const BAD: &str = "invalid type for comparison";
    let (a, b) = (value(a), value(b));
    let (x, y) = (basic(a).ok_or(BAD)?, basic(b).ok_or(BAD)?);
    match (x, y) {
        (Basic::Int | Basic::Uint, Basic::Int | Basic::Uint) => Ok(integer(a) < integer(b)),
        (x, y) if x != y => Err(incompatible(a, b)),
        (Basic::Float, _) => match (a, b) {
            (Value::Float(a), Value::Float(b)) => Ok(a < b),
            _ => Err(BAD.into()),
        },
        (Basic::String, _) => match (a, b) {
            (Value::Str(a), Value::Str(b)) => Ok(a < b),
            _ => Err(BAD.into()),
        },
        _ => Err(BAD.into()),
    }
}

fn less_or_equal(a: &Operand, b: &Operand) -> Result<bool, FuncError> {
    Ok(less(a, b)? || equal(a, std::slice::from_ref(b))?)
}

fn length(args: &[Operand]) -> Result<Operand, FuncError> {
    let value = match &args[0] {
        Operand::Invalid => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Operand::Value(Value::Nil) => return Err("len of nil pointer".into()),
        Operand::Value(value) => value,
    };
    let len = match value {
        Value::Str(s) => Some(s.len()),
        Value::List(list) => Some(list.len()),
        Value::Map(map) => Some(map.len()),
        Value::Object(object) => match object.kind() {
            Kind::Map => object.entries().map(|entries| entries.len()),
            Kind::Slice => object.items().map(|items| items.len()),
            _ => None,
        },
        _ => None,
    };
    match len {
        Some(len) => Ok(Operand::Value(Value::int(len as i64))),
        None => {
            let name = value.type_name();
            // A pointer is followed before its kind is looked at.
            Err(format!("len of type {}", name.strip_prefix('*').unwrap_or(name)).into())
        }
    }
}

/// An index checked against `cap` (`indexArg`).
fn index_arg(index: &Operand, cap: usize) -> Result<usize, FuncError> {
    let index = value(index);
    let Some(n) = integer(index) else {
        return Err(match index {
            Value::Nil => "cannot index slice/array with nil".into(),
            other => format!("cannot index slice/array with type {}", other.type_name()).into(),
        });
    };
    match usize::try_from(n) {
        Ok(at) if at <= cap => Ok(at),
        _ => Err(format!("index out of range: {}", n as i64).into()),
    }
}

fn index(args: &[Operand]) -> Result<Operand, FuncError> {
    if matches!(value(&args[0]), Value::Nil) {
        return Err("index of untyped nil".into());
    }
    let mut item = args[0].clone();
    for index in &args[1..] {
        let next = match value(&item) {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::Str(s) => {
                let at = index_arg(index, s.len())?;
                let byte = s.get(at).ok_or("reflect: string index out of range")?;
                Value::Int(Int::Uint8(*byte))
            }
            Value::List(list) => {
                let at = index_arg(index, list.len())?;
                list.get(at).ok_or("reflect: slice index out of range")?
            }
            Value::Map(map) => {
                let key = map_key(index)?;
                let zero = || match map.map_type() {
                    MapType::Str => "".into(),
                    _ => Value::Nil,
                };
                map.get(key).unwrap_or_else(zero)
            }
            Value::Object(object) => match object.kind() {
                Kind::Map => {
                    let key = String::from_utf8_lossy(map_key(index)?).into_owned();
                    object.field(&key).unwrap_or_default()
                }
                Kind::Slice => {
                    let items = object.items().unwrap_or_default();
                    let at = index_arg(index, items.len())?;
                    items
                        .get(at)
                        .cloned()
                        .ok_or("reflect: slice index out of range")?
                }
                _ => return Err(no_index(value(&item))),
            },
            other => return Err(no_index(other)),
        };
        item = Operand::Value(next);
    }
    Ok(item)
}

fn no_index(item: &Value) -> FuncError {
    let name = item.type_name();
    format!(
        "can't index item of type {}",
        name.strip_prefix('*').unwrap_or(name)
    )
    .into()
}

fn map_key(index: &Operand) -> Result<&[u8], FuncError> {
    match value(index) {
        Value::Str(key) => Ok(key),
        Value::Nil => Err("value is nil; should be of type string".into()),
        other => Err(format!("value has type {}; should be string", other.type_name()).into()),
    }
}

fn slice(args: &[Operand]) -> Result<Operand, FuncError> {
    let indexes = &args[1..];
    let (len, is_string) = match value(&args[0]) {
        Value::Nil => return Err("slice of untyped nil".into()),
        Value::Str(s) => (s.len(), true),
        Value::List(list) => (list.len(), false),
        other => return Err(format!("can't slice item of type {}", other.type_name()).into()),
    };
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    if is_string && indexes.len() == 3 {
        return Err("cannot 3-index slice a string".into());
    }
    let mut bounds = [0, len, len];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = index_arg(index, len)?;
    }
    let [from, to, cap] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}").into());
    }
    if indexes.len() == 3 && to > cap {
        return Err(format!("invalid slice index: {to} > {cap}").into());
    }
    Ok(Operand::Value(match value(&args[0]) {
        Value::Str(s) => Value::str(&s[from..to]),
        Value::List(list) => {
            Value::List(List::new(list.list_type(), list.items()[from..to].to_vec()))
        }
        _ => Value::List(List::nil(ListType::Any)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by_key(|f| f.name));
    }
}
