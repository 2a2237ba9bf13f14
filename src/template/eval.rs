//! Evaluates pipelines, commands and fields.

use super::args::Words;
use super::ast::{Callee, Id, Kind, Span, Special};
use super::builtins::Complex;
use super::datum::Datum;
use super::error::{Cause, ExecError};
use super::exec::{Execution, Outcome};
use super::func::{Args, Call, FuncError, Operand, Param, Work};
use super::literal::{Ideal, Number};
use crate::value::arguments::{is_wrong_type, wanted_count, wrong_count};
use crate::value::{Kind as GoKind, Map, MapType, Object, Value};

impl<'t> Execution<'_, '_, 't> {
    /// The value of a pipeline; gives it to the variables that the pipeline declares.
    pub(super) fn pipeline(&mut self, dot: &Datum, id: Id) -> Outcome<Datum> {
        let Kind::Pipe {
            assigns,
            declared,
            commands,
        } = *self.program.kind(id)
        else {
            unreachable!("the parser puts pipelines here only");
        };
        self.at = id;
        let mut value = None;
        for &command in self.program.links(commands) {
            value = Some(self.command(dot, command, value)?.unwrapped());
        }
        let value = value.unwrap_or(Datum::Invalid);
        for &symbol in self.program.declared(declared) {
            if assigns {
                self.assign(symbol, value.clone())?;
            } else {
                self.run.variables.push((symbol, value.clone()));
            }
        }
        Ok(value)
    }

    /// `piped` is the value of the command before this one.
    fn command(&mut self, dot: &Datum, id: Id, piped: Option<Datum>) -> Outcome<Datum> {
        self.steps(1)?;
        let Kind::Command { words } = *self.program.kind(id) else {
            unreachable!("the parser puts commands here only");
        };
        let links = self.program.links(words);
        let (first, args) = (links[0], &links[1..]);
        let words = Words { args, piped };
        match *self.program.kind(first) {
            Kind::Field { names } => {
                self.at = first;
                self.fields(dot, dot.clone(), first, names, words)
            }
            Kind::Chain { term, names } => self.chain(dot, first, term, names, words),
            Kind::Function(callee) => self.function(dot, first, id, callee, words),
            Kind::Pipe { .. } => {
                self.no_arguments(first, &words)?;
                self.nested(|e| e.pipeline(dot, first))
            }
            Kind::Variable { symbol, names } => {
                self.at = first;
                let index = self.variable(symbol)?;
                let value = self.run.variables[index].1.clone();
                if names.len == 0 {
                    self.no_arguments(first, &words)?;
                    return Ok(value);
                }
                self.fields(dot, value, first, names, words)
            }
            ref kind => {
                self.at = first;
                self.no_arguments(first, &words)?;
                match kind {
                    Kind::Dot => Ok(dot.clone()),
                    Kind::Nil => Err(self.error("nil is not a command")),
                    _ => self.literal(first).map(Datum::Concrete),
                }
            }
        }
    }

    fn no_arguments(&self, first: Id, words: &Words<'_>) -> Outcome<()> {
        if words.is_empty() {
            return Ok(());
        }
        let word = self.node_text(first);
        Err(self.error(format!("can't give argument to non-function {word}")))
    }

    /// The value of a literal where any type will do.
    pub(super) fn literal(&mut self, id: Id) -> Outcome<Value> {
        self.at = id;
        match *self.program.kind(id) {
            Kind::Bool(value) => Ok(Value::Bool(value)),
            Kind::String { string, .. } => {
                Ok(Value::Str(self.program.strings[string as usize].clone()))
            }
            Kind::Number { number, .. } => match self.number(number).ideal {
                Ideal::Int(n) => Ok(Value::int(n)),
                Ideal::Float(f) => Ok(Value::Float(f)),
                Ideal::Complex(re, im) => Ok(Complex::value(re, im)),
                Ideal::Overflow => {
                    let text = self.node_text(id);
                    Err(self.error(format!("{text} overflows int")))
                }
            },
            _ => unreachable!("every other word has a case of its own"),
        }
    }

    pub(super) fn number(&self, number: u32) -> Number {
        self.program.numbers[number as usize]
    }

    /// A node as messages quote it.
    pub(super) fn node_text(&self, id: Id) -> String {
        let text = super::print::node(self.program, id, crate::limits::MAX_ERROR_BYTES);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// `(…).a.b`
    pub(super) fn chain(
        &mut self,
        dot: &Datum,
        id: Id,
        term: Id,
        names: Span,
        words: Words<'_>,
    ) -> Outcome<Datum> {
        self.at = term;
        let receiver = match *self.program.kind(term) {
            Kind::Function(callee) => self.function(dot, term, term, callee, Words::default())?,
            _ => self.nested(|e| e.pipeline(dot, term))?,
        };
        self.fields(dot, receiver, id, names, words)
    }

    /// The fields `names` of `receiver`; the last one gets the arguments.
    pub(super) fn fields(
        &mut self,
        dot: &Datum,
        receiver: Datum,
        id: Id,
        names: Span,
        words: Words<'_>,
    ) -> Outcome<Datum> {
        let program = self.program;
        let mut names = program.names(names);
        let last = names.next_back();
        let mut receiver = receiver;
        for name in names {
            receiver = self.field(dot, receiver, id, name, Words::default())?;
        }
        match last {
            Some(last) => self.field(dot, receiver, id, last, words),
            None => Ok(receiver),
        }
    }

    fn field(
        &mut self,
        dot: &Datum,
        receiver: Datum,
        id: Id,
        name: &[u8],
        words: Words<'_>,
    ) -> Outcome<Datum> {
        match receiver.value() {
            Value::Map(map) => {
                if let MapType::Named(named) = map.map_type() {
                    let map = map.clone();
                    let call = |name: &str, args: &[Value]| (named.method)(&map, name, args);
                    if is_exported(name)
                        && let Some(result) = self.method(dot, id, name, &words, call)?
                    {
                        return Ok(result);
                    }
                }
                self.map_field(map, name, &words)
            }
            Value::Object(object) => {
                let object = object.clone();
                let steps = std::str::from_utf8(name).map_or(0, |name| object.method_steps(name));
                self.steps(steps)?;
                let call = |name: &str, args: &[Value]| object.method(name, args);
                if is_exported(name)
                    && let Some(result) = self.method(dot, id, name, &words, call)?
                {
                    return Ok(result);
                }
                self.object_field(&receiver, object.as_ref(), name, &words)
            }
            Value::Nil => match receiver {
                Datum::Invalid => Ok(Datum::Invalid),
                _ => {
                    let name = String::from_utf8_lossy(name);
                    Err(self.error(format!("nil pointer evaluating interface {{}}.{name}")))
                }
            },
            _ => Err(self.no_field(&receiver, name)),
        }
    }

    fn no_field(&self, receiver: &Datum, name: &[u8]) -> Box<ExecError> {
        let (name, of) = (String::from_utf8_lossy(name), receiver.type_name());
        self.error(format!("can't evaluate field {name} in type {of}"))
    }

    fn map_field(&self, map: &Map, name: &[u8], words: &Words<'_>) -> Outcome<Datum> {
        if !words.is_empty() {
            let name = String::from_utf8_lossy(name);
            return Err(self.error(format!("{name} is not a method but has arguments")));
        }
        let map_type = map.map_type();
        let value = map.get(name).unwrap_or_else(|| match map_type {
            MapType::Str => Value::from(""),
            MapType::Any | MapType::Named(_) => Value::Nil,
        });
        Ok(Datum::entry(map_type, value))
    }

    fn object_field(
        &self,
        receiver: &Datum,
        object: &dyn Object,
        name: &[u8],
        words: &Words<'_>,
    ) -> Outcome<Datum> {
        let text = String::from_utf8_lossy(name);
        let is_map = object.kind() == GoKind::Map;
        let field = object.field(&text).or_else(|| {
            let entries = object.entries().filter(|_| is_map)?;
            let entry = entries.into_iter().find(|(key, _)| **key == *name);
            Some(entry.map_or(Value::Nil, |(_, value)| value))
        });
        match field {
            Some(_) if !words.is_empty() && is_map => {
                Err(self.error(format!("{text} is not a method but has arguments")))
            }
            Some(_) if !words.is_empty() => {
                let problem = "has arguments but cannot be invoked as function";
                Err(self.error(format!("{text} {problem}")))
            }
            Some(value) => Ok(Datum::result(value)),
            None => Err(self.no_field(receiver, name)),
        }
    }

    /// Calls a method if there is one of that name.
    fn method(
        &mut self,
        dot: &Datum,
        id: Id,
        name: &[u8],
        words: &Words<'_>,
        call: impl Fn(&str, &[Value]) -> Option<Result<Value, String>>,
    ) -> Outcome<Option<Datum>> {
        let Ok(name) = std::str::from_utf8(name) else {
            return Ok(None);
        };
        // Go looks for the method and counts the arguments before it evaluates them.
        let Some(mut result) = call(name, &[]) else {
            return Ok(None);
        };
        let wanted = match &result {
            Err(text) => wanted_count(text).unwrap_or(0),
            Ok(_) => 0,
        };
        if words.len() != wanted {
            return Err(self.error(wrong_count(name, wanted, words.len())));
        }
        if wanted > 0 {
            let args = self.method_arguments(dot, words)?;
            result = call(name, &args).unwrap_or(result);
        }
        match result {
            Ok(value) => {
                let counted = self.run.budget.value(&value);
                self.within(counted)?;
                self.steps(Work::Linear.steps(&value))?;
                Ok(Some(Datum::result(value)))
            }
            // Go checks their types, too, before it calls the method.
            Err(text) if is_wrong_type(&text) => {
                self.recheck(dot, words, &text)?;
                Err(self.error(text))
            }
            Err(text) => Err(self.failed_call(name, id, FuncError::Message(text))),
        }
    }

    /// Gives the only argument of a method the error that it would get as that of a function.
    fn recheck(&mut self, dot: &Datum, words: &Words<'_>, text: &str) -> Outcome<()> {
        let wanted = text
            .split_once("expected ")
            .and_then(|(_, rest)| rest.split_once("; got "));
        let param = match wanted {
            Some(("string", _)) => Param::String,
            Some(("int", _)) => Param::Int,
            Some(("time.Duration", _)) => Param::Int64,
            Some((other, _)) => return self.refuse_literal(words, other),
            None => return Ok(()),
        };
        match (words.args, &words.piped) {
            (&[arg], None) => self.argument(dot, param, arg).map(|_| ()),
            (&[], Some(piped)) => self.check(piped.clone(), param).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// A literal is no argument of a type that has none.
    fn refuse_literal(&mut self, words: &Words<'_>, wanted: &str) -> Outcome<()> {
        match *words.args {
            [arg]
                if matches!(
                    self.program.kind(arg),
                    Kind::Bool(_) | Kind::Number { .. } | Kind::String { .. }
                ) =>
            {
                self.at = arg;
                let text = self.node_text(arg);
                Err(self.error(format!("can't handle {text} for arg of type {wanted}")))
            }
            _ => Ok(()),
        }
    }

    /// Calls a function: `id` is its name, `call` the node to name if it fails.
    pub(super) fn function(
        &mut self,
        dot: &Datum,
        id: Id,
        call: Id,
        callee: Callee,
        words: Words<'_>,
    ) -> Outcome<Datum> {
        self.at = id;
        let function = callee.function;
        self.check_count(function, &words)?;
        if let Special::And | Special::Or = callee.special {
            return self.short_circuit(dot, words, callee.special == Special::Or);
        }
        let result = match function.call {
            Call::Pure(body) => {
                let args = self.arguments(dot, function, words)?;
                body(Args(&args)).map(Datum::result)
            }
            Call::Run(body) => {
                let args = self.arguments(dot, function, words)?;
                body(self.run, Args(&args)).map(Datum::result)
            }
            Call::Reflect(body) => {
                let mut args: Vec<Operand> = self.arguments(dot, function, words)?;
                if callee.special == Special::Call {
                    let name = self.callee_name(call, &args);
                    args.insert(0, Operand::Value(name.into()));
                }
                body(&args).map(Datum::from)
            }
        };
        match result {
            Ok(value) => {
                let counted = self.run.budget.value(value.value());
                self.within(counted)?;
                self.steps(function.work.steps(value.value()))?;
                Ok(value)
            }
            Err(error) => Err(self.failed_call(function.name, call, error)),
        }
    }

    /// `and` and `or`: the first argument that decides, else the last one.
    fn short_circuit(&mut self, dot: &Datum, words: Words<'_>, wanted: bool) -> Outcome<Datum> {
        let mut value = Datum::Invalid;
        for &arg in words.args {
            value = self.argument(dot, Param::Reflect, arg)?.into();
            if value.is_true() == wanted {
                return Ok(value);
            }
        }
        Ok(words.piped.unwrap_or(value))
    }

    /// What `call` calls its first argument in errors.
    fn callee_name(&self, call: Id, args: &[Operand]) -> String {
        let first = match *self.program.kind(call) {
            Kind::Command { words } => self.program.links(words).get(1).copied(),
            _ => None,
        };
        match (first, args.first()) {
            (Some(first), _) => self.node_text(first),
            (None, Some(Operand::Value(Value::Str(text)))) => text.to_str_lossy().into_owned(),
            (None, Some(Operand::Value(value))) => format!("<{} Value>", value.type_name()),
            (None, _) => "<invalid Value>".to_owned(),
        }
    }

    fn failed_call(&mut self, name: &str, call: Id, error: FuncError) -> Box<ExecError> {
        self.at = call;
        let frame = self.frame(format!("error calling {name}: "));
        let cause = match error {
            FuncError::Nested { prefix, mut error } => {
                error.push(frame.with_prefix(prefix));
                return error;
            }
            FuncError::Message(text) => Cause::Message(text),
            FuncError::Fail(text) => Cause::Fail(text),
            FuncError::Limit(text) => Cause::Limit(text),
        };
        ExecError::new(Some(frame), Some(cause))
    }
}

/// Go finds exported methods only.
fn is_exported(name: &[u8]) -> bool {
    match name.first() {
        Some(b) if b.is_ascii() => b.is_ascii_uppercase(),
        Some(_) => true,
        None => false,
    }
}
