//! Evaluates arguments and checks them against the types of parameters.
//!
//! In: the words after a function's name, and the value piped into it. Out: values of exactly the
//! types that the function declares. Refused with Go's texts: everything else.

use super::ast::{Id, Kind};
use super::datum::Datum;
use super::exec::{Execution, Outcome};
use super::func::{Function, Operand, Param, Work};
use crate::value::arguments::wrong_count;
use crate::value::{Int, Kind as GoKind, List, ListType, Map, MapType, Value};

/// The arguments of a call before they are evaluated.
#[derive(Default)]
pub(super) struct Words<'t> {
    pub(super) args: &'t [Id],
    /// The value of the command before.
    pub(super) piped: Option<Datum>,
}

impl Words<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.args.is_empty() && self.piped.is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.args.len() + usize::from(self.piped.is_some())
    }
}

impl From<Operand> for Value {
    fn from(operand: Operand) -> Value {
        match operand {
            Operand::Invalid => Value::Nil,
            Operand::Value(value) => value,
        }
    }
}

impl Execution<'_, '_, '_> {
    /// Checks the number of arguments.
    pub(super) fn check_count(&self, function: &Function, words: &Words<'_>) -> Outcome<()> {
        let (name, got) = (function.name, words.len());
        let wanted = function.params.len();
        if function.variadic {
            let least = wanted.saturating_sub(1);
            if got < least {
                // Go forgets the piped value here.
                let got = words.args.len();
                let text =
                    format!("wrong number of args for {name}: want at least {least} got {got}");
                return Err(self.error(text));
            }
        } else if got != wanted {
            return Err(self.error(wrong_count(name, wanted, got)));
        }
        Ok(())
    }

    /// Evaluates and checks the arguments, whose number is right.
    pub(super) fn arguments<T: From<Operand>>(
        &mut self,
        dot: &Datum,
        function: &Function,
        words: Words<'_>,
    ) -> Outcome<Vec<T>> {
        let last = function.params.len().saturating_sub(1);
        let param = |index: usize| match function.params.get(index) {
            Some(&param) => param,
            None => function.params[last],
        };
        let mut args = Vec::with_capacity(words.len() + 1);
        for (i, &arg) in words.args.iter().enumerate() {
            let arg = self.argument(dot, param(i), arg)?;
            self.charge(function.work, &arg)?;
            args.push(arg.into());
        }
        if let Some(piped) = words.piped {
            let arg = self.check(piped, param(words.args.len()))?;
            self.charge(function.work, &arg)?;
            args.push(arg.into());
        }
        Ok(args)
    }

    /// Evaluates the arguments of a method, whose parameters only the method knows.
    pub(super) fn method_arguments(
        &mut self,
        dot: &Datum,
        words: &Words<'_>,
    ) -> Outcome<Vec<Value>> {
        let mut args = Vec::with_capacity(words.len());
        for &arg in words.args {
            args.push(self.argument(dot, Param::Any, arg)?.into());
        }
        if let Some(piped) = &words.piped {
            args.push(piped.value().clone());
        }
        Ok(args)
    }

    /// Counts the work that an argument makes.
    fn charge(&mut self, work: Work, arg: &Operand) -> Outcome<()> {
        match arg {
            Operand::Value(value) => self.steps(work.steps(value)),
            Operand::Invalid => Ok(()),
        }
    }

    /// Evaluates one argument.
    pub(super) fn argument(&mut self, dot: &Datum, param: Param, id: Id) -> Outcome<Operand> {
        self.at = id;
        let words = Words::default();
        let value = match *self.program.kind(id) {
            Kind::Dot => dot.clone(),
            Kind::Nil => return self.nil(param),
            Kind::Field { names } => self.fields(dot, dot.clone(), id, names, words)?,
            Kind::Variable { symbol, names } => {
                let index = self.variable(symbol)?;
                let value = self.run.variables[index].1.clone();
                self.fields(dot, value, id, names, words)?
            }
            Kind::Pipe { .. } => self.nested(|e| e.pipeline(dot, id))?,
            Kind::Function(callee) => self.function(dot, id, id, callee, words)?,
            Kind::Chain { term, names } => self.chain(dot, id, term, names, words)?,
            _ => return self.literal_argument(param, id).map(Operand::Value),
        };
        self.check(value, param)
    }

    fn nil(&self, param: Param) -> Outcome<Operand> {
        nil_of(param).ok_or_else(|| self.error(format!("cannot assign nil to {}", param.go_name())))
    }

    /// A literal as far as it fits the type: `2.0` is an `int` where one is wanted.
    fn literal_argument(&mut self, param: Param, id: Id) -> Outcome<Value> {
        let kind = *self.program.kind(id);
        let number = match kind {
            Kind::Number { number, .. } => Some(self.number(number)),
            _ => None,
        };
        let (value, wanted) = match param {
            Param::Any | Param::Reflect => return self.literal(id),
            Param::Bool => {
                let value = match kind {
                    Kind::Bool(value) => Some(Value::Bool(value)),
                    _ => None,
                };
                (value, "bool")
            }
            Param::String => {
                let value = match kind {
                    Kind::String { .. } => Some(self.literal(id)?),
                    _ => None,
                };
                (value, "string")
            }
            Param::Int => (number.and_then(|n| n.int).map(Value::int), "integer"),
            Param::Int64 => (number.and_then(|n| n.int).map(Value::int64), "integer"),
            Param::Uint32 => {
                let uint = number
                    .and_then(|n| n.int)
                    .and_then(|n| u64::try_from(n).ok());
                (uint.map(|n| Value::Int(Int::Uint64(n))), "unsigned integer")
            }
            Param::Float64 => (number.and_then(|n| n.float).map(Value::Float), "float"),
            Param::List | Param::Map | Param::Object(_) => {
                let (text, name) = (self.node_text(id), param.go_name());
                return Err(self.error(format!("can't handle {text} for arg of type {name}")));
            }
        };
        value.ok_or_else(|| {
            let text = self.node_text(id);
            self.error(format!("expected {wanted}; found {text}"))
        })
    }

    /// Checks a value against the type of a parameter.
    pub(super) fn check(&self, datum: Datum, param: Param) -> Outcome<Operand> {
        if let Datum::Invalid = datum {
            return nil_of(param)
                .ok_or_else(|| self.error(format!("invalid value; expected {}", param.go_name())));
        }
        if param == Param::Any
            && let Some(copy) = datum.value().copied()
        {
            return Ok(Operand::Value(copy));
        }
        if fits(datum.value(), param) {
            return Ok(datum.into());
        }
        let got = match &datum {
            Datum::Interface(Value::Nil) => "interface {}",
            datum => datum.value().type_name(),
        };
        let wanted = param.go_name();
        Err(self.error(format!(
            "wrong type for value; expected {wanted}; got {got}"
        )))
    }
}

fn fits(value: &Value, param: Param) -> bool {
    match (param, value) {
        (Param::Any | Param::Reflect, _)
        | (Param::String, Value::Str(_))
        | (Param::Int, Value::Int(Int::Int(_)))
        | (Param::Int64, Value::Int(Int::Int64(_)))
        | (Param::Float64, Value::Float(_))
        | (Param::Bool, Value::Bool(_)) => true,
        (Param::List, Value::List(list)) => list.list_type() == ListType::Any,
        (Param::Map, Value::Map(map)) => map.map_type().is_any_map(),
        (Param::Object(name), Value::Object(object)) => {
            // Go follows one pointer.
            let own = object.type_name();
            own == name || (object.kind() == GoKind::Ptr && own.strip_prefix('*') == Some(name))
        }
        _ => false,
    }
}

/// What nil becomes for a parameter, if its type has a nil.
fn nil_of(param: Param) -> Option<Operand> {
    match param {
        Param::Any => Some(Operand::Value(Value::Nil)),
        Param::Reflect => Some(Operand::Invalid),
        Param::List => Some(Operand::Value(List::nil(ListType::Any).into())),
        Param::Map => Some(Operand::Value(Map::nil(MapType::Any).into())),
        Param::Object(name) if name.starts_with('*') => Some(Operand::Value(Value::Nil)),
        _ => None,
    }
}
