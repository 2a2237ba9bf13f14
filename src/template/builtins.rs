//! The functions of the language itself.
//!
//! They see `reflect.Value`s, so that they can tell nil from no value at all; the texts of their
//! errors and panics are Go's.

use std::any::Any;

use super::ast::{Callee, Special};
use super::compare;
use super::datum::indirect_type_name;
use super::func::{Args, Call, FuncError, Function, Functions, Operand, Param, Work};
use crate::limits::MAX_FORMAT_BYTES;
use crate::value::{Int, Kind, List, MapType, Object, Tree, Value, escape, printf};

const ANY: &[Param] = &[Param::Any];
const ONE: &[Param] = &[Param::Reflect];
const TWO: &[Param] = &[Param::Reflect, Param::Reflect];

/// The functions of the language, sorted by name.
const BUILTINS: Functions = Functions(&[
    reflect("and", TWO, decided_by_the_evaluator)
        .constant()
        .variadic(),
    reflect("call", TWO, call).constant().variadic(),
    reflect("eq", TWO, compare::eq).variadic(),
    reflect("ge", TWO, compare::ge),
    reflect("gt", TWO, compare::gt),
    Function::pure("html", ANY, |args| escaped(args, escape::html)).variadic(),
    reflect("index", TWO, index).constant().variadic(),
    Function::pure("js", ANY, |args| escaped(args, escape::js)).variadic(),
    reflect("le", TWO, compare::le),
    reflect("len", ONE, len).constant(),
    reflect("lt", TWO, compare::lt),
    reflect("ne", TWO, compare::ne),
    reflect("not", ONE, not).constant(),
    reflect("or", TWO, decided_by_the_evaluator)
        .constant()
        .variadic(),
    Function::pure("print", ANY, |args| text(printf::sprint(args.0))).variadic(),
    Function::pure("printf", &[Param::String, Param::Any], |args| {
        text(printf::sprintf(args.str(0), args.rest(1)))
    })
    .variadic(),
    Function::pure("println", ANY, |args| text(printf::sprintln(args.0))).variadic(),
    reflect("slice", TWO, slice).variadic(),
    Function::pure("urlquery", ANY, |args| escaped(args, escape::urlquery)).variadic(),
]);

/// The function of the language called `name`.
pub(super) fn get(name: &str) -> Option<Callee> {
    let function = BUILTINS.get(name)?;
    let special = match name {
        "and" => Special::And,
        "or" => Special::Or,
        "call" => Special::Call,
        _ => Special::No,
    };
    Some(Callee { function, special })
}

/// A complex number, which only a literal can give.
#[derive(Debug, PartialEq)]
pub(super) struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    pub(super) fn value(re: f64, im: f64) -> Value {
        Value::from(std::rc::Rc::new(Complex { re, im }))
    }
}

impl Object for Complex {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Complex128
    }

    fn type_name(&self) -> &str {
        "complex128"
    }

    fn complex(&self) -> Option<(f64, f64)> {
        Some((self.re, self.im))
    }

    fn is_true(&self) -> bool {
        self.re != 0.0 || self.im != 0.0
    }

    fn json(&self) -> Result<Tree, String> {
        Err("json: unsupported type: complex128".to_owned())
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}

const fn reflect(
    name: &'static str,
    params: &'static [Param],
    body: fn(&[Operand]) -> Result<Operand, FuncError>,
) -> Function {
    Function {
        name,
        params,
        variadic: false,
        work: Work::Linear,
        call: Call::Reflect(body),
    }
}

/// `and` and `or` never get here: they must not evaluate all their arguments.
fn decided_by_the_evaluator(args: &[Operand]) -> Result<Operand, FuncError> {
    Ok(args.last().cloned().unwrap_or(Operand::Invalid))
}

fn text(text: Vec<u8>) -> Result<Value, FuncError> {
    if text.len() > MAX_FORMAT_BYTES {
        return Err(FuncError::Limit(format!(
            "a value takes more than {MAX_FORMAT_BYTES} bytes to print"
        )));
    }
    Ok(Value::str(text))
}

/// `html`, `js` and `urlquery`: nil is what an action would print.
fn escaped(args: Args<'_>, escape: fn(&[u8]) -> Vec<u8>) -> Result<Value, FuncError> {
    let shown = |arg: &Value| match arg {
        Value::Nil => Value::from("<no value>"),
        arg => arg.clone(),
    };
    let plain = match args.0 {
        [arg] => {
            let mut plain = Vec::new();
            printf::append_target(&mut plain, &shown(arg));
            plain
        }
        args => printf::sprint(&args.iter().map(shown).collect::<Vec<_>>()),
    };
    text(escape(&plain))
}

fn not(args: &[Operand]) -> Result<Operand, FuncError> {
    let truth = match &args[0] {
        Operand::Invalid => false,
        Operand::Value(value) => value.is_true(),
    };
    Ok(Operand::Value(Value::Bool(!truth)))
}

fn call(args: &[Operand]) -> Result<Operand, FuncError> {
    // The evaluator puts the name in front.
    let (Operand::Value(name), callee) = (&args[0], args.get(1)) else {
        return Err("call of nil".into());
    };
    match callee {
        None | Some(Operand::Invalid | Operand::Value(Value::Nil)) => Err("call of nil".into()),
        Some(Operand::Value(callee)) => {
            let name = name.as_str().map(|name| name.to_str_lossy());
            let (name, of) = (name.unwrap_or_default(), callee.type_name());
            Err(format!("non-function {name} of type {of}").into())
        }
    }
}

fn len(args: &[Operand]) -> Result<Operand, FuncError> {
    let n = match &args[0] {
        Operand::Invalid => {
            return Err("reflect: call of reflect.Value.Type on zero Value".into());
        }
        Operand::Value(Value::Nil) => return Err("len of nil pointer".into()),
        Operand::Value(value) => {
            length(value).ok_or_else(|| format!("len of type {}", indirect_type_name(value)))?
        }
    };
    Ok(Operand::Value(Value::int(n as i64)))
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Str(text) => Some(text.len()),
        Value::List(list) => Some(list.len()),
        Value::Map(map) => Some(map.len()),
        Value::Object(object) => {
            let n_entries = object.entries().map(|entries| entries.len());
            n_entries.or_else(|| object.items().map(|items| items.len()))
        }
        _ => None,
    }
}

fn index(args: &[Operand]) -> Result<Operand, FuncError> {
    let (first, indices) = (&args[0], &args[1..]);
    let Operand::Value(first) = first else {
        return Err("index of untyped nil".into());
    };
    if let Value::Nil = first {
        return Err("index of untyped nil".into());
    }
    let mut item = first.clone();
    for index in indices {
        item = index_once(&item, index)?;
    }
    Ok(Operand::Value(item))
}

fn index_once(item: &Value, index: &Operand) -> Result<Value, FuncError> {
    match item {
        Value::Nil => Err("index of nil pointer".into()),
        Value::Str(text) => {
            let at = list_index(index, text.len())?;
            let byte = text.get(at).ok_or("reflect: string index out of range")?;
            Ok(Value::Int(Int::Uint8(*byte)))
        }
        Value::List(list) => {
            let at = list_index(index, list.len())?;
            let item = list.get(at);
            Ok(item.ok_or("reflect: slice index out of range")?)
        }
        Value::Map(map) => {
            let key = map_key(index)?;
            Ok(map.get(&key).unwrap_or_else(|| match map.map_type() {
                MapType::Str => Value::from(""),
                MapType::Any | MapType::Named(_) => Value::Nil,
            }))
        }
        Value::Object(object) => {
            if let Some(items) = object.items() {
                let at = list_index(index, items.len())?;
                let item = items.into_iter().nth(at);
                return Ok(item.ok_or("reflect: slice index out of range")?);
            }
            let Some(entries) = object.entries() else {
                return Err(cannot_index(item));
            };
            let key = map_key(index)?;
            let found = entries.into_iter().find(|(name, _)| *name == key);
            // The object knows what its type gives for a missing key.
            let missing = || object.field(&key.to_str_lossy()).unwrap_or_default();
            Ok(found.map_or_else(missing, |(_, value)| value))
        }
        _ => Err(cannot_index(item)),
    }
}

fn cannot_index(item: &Value) -> FuncError {
    format!("can't index item of type {}", indirect_type_name(item)).into()
}

/// The index into a list or string of that length, which Go lets through here.
fn list_index(index: &Operand, len: usize) -> Result<usize, FuncError> {
    let n = match index {
        Operand::Invalid | Operand::Value(Value::Nil) => {
            return Err("cannot index slice/array with nil".into());
        }
        Operand::Value(Value::Int(n)) => n.to_i64(),
        Operand::Value(value) => {
            let number = match value {
                Value::Object(object) => object.number(),
                _ => None,
            };
            let of = value.type_name();
            number
                .ok_or_else(|| format!("cannot index slice/array with type {of}"))?
                .to_i64()
        }
    };
    match usize::try_from(n) {
        Ok(at) if at <= len => Ok(at),
        _ => Err(format!("index out of range: {n}").into()),
    }
}

fn map_key(index: &Operand) -> Result<crate::value::Str, FuncError> {
    match index {
        Operand::Invalid | Operand::Value(Value::Nil) => {
            Err("value is nil; should be of type string".into())
        }
        Operand::Value(Value::Str(key)) => Ok(key.clone()),
        Operand::Value(value) => {
            let of = value.type_name();
            Err(format!("value has type {of}; should be string").into())
        }
    }
}

fn slice(args: &[Operand]) -> Result<Operand, FuncError> {
    let (item, indices) = (&args[0], &args[1..]);
    let item = match item {
        Operand::Invalid | Operand::Value(Value::Nil) => return Err("slice of untyped nil".into()),
        Operand::Value(item) => item,
    };
    if indices.len() > 3 {
        return Err(format!("too many slice indexes: {}", indices.len()).into());
    }
    let len = match item {
        Value::Str(_) if indices.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        other => {
            let of = indirect_type_name(other);
            return Err(format!("can't slice item of type {of}").into());
        }
    };
    let mut bounds = [0, len, len];
    for (bound, index) in bounds.iter_mut().zip(indices) {
        *bound = list_index(index, len)?;
    }
    for pair in bounds[..indices.len().max(2)].windows(2) {
        if pair[0] > pair[1] {
            return Err(format!("invalid slice index: {} > {}", pair[0], pair[1]).into());
        }
    }
    let range = bounds[0]..bounds[1];
    Ok(Operand::Value(match item {
        Value::List(list) => {
            let items = list.items()[range].to_vec();
            List::new(list.list_type(), items).into()
        }
        other => match other.as_str() {
            Some(text) => Value::str(&text[range]),
            None => Value::Nil,
        },
    }))
}
