//! Evaluates pipelines: commands, fields, variables, calls and their arguments.

use super::ast::*;
use super::builtins::truth;
use super::exec::{Executor, Result, with_stack};
use super::func::{Args, Call as Body, FuncError, Function, Operand, Param};
use super::operand::Held;
use crate::value::{Int, Kind, List, ListType, Map, MapType, Value};

impl Executor<'_> {
    /// Evaluates a pipeline and sets its variables.
    pub(super) fn pipeline(&mut self, t: &Template, dot: &Held, pipe: &Pipe) -> Result<Held> {
        self.at = pipe.id;
        let mut value = None;
        for command in &pipe.commands {
            self.step(t)?;
            value = Some(self.command(t, dot, command, value)?.unboxed());
        }
        let value = value.unwrap_or(Held::INVALID);
        for name in &pipe.declared {
            if pipe.is_assign {
                self.assign(t, name, value.clone())?;
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        Ok(value)
    }

    fn nested_pipeline(&mut self, t: &Template, dot: &Held, pipe: &Pipe) -> Result<Held> {
        with_stack(|| self.pipeline(t, dot, pipe))
    }

    /// Evaluates a command; `last` is what the command before it piped in.
    fn command(
        &mut self,
        t: &Template,
        dot: &Held,
        command: &Command,
        last: Option<Held>,
    ) -> Result<Held> {
        let first = &command.args[0];
        let args = &command.args[1..];
        match &first.kind {
            ExprKind::Field(names) => {
                self.at = first.id;
                self.fields(t, dot, dot.clone(), names, first.id, args, last)
            }
            ExprKind::Chain(inner, names) => self.chain(t, dot, first, inner, names, args, last),
            ExprKind::Function(callee) => {
                self.at = first.id;
                self.function(t, dot, *callee, command.id, args, last)
            }
            ExprKind::Pipe(pipe) => {
                self.not_a_function(t, first, args, &last)?;
                self.nested_pipeline(t, dot, pipe)
            }
            ExprKind::Variable(name, names) => {
                self.at = first.id;
                let value = self.variable(t, name)?;
                if names.is_empty() {
                    self.not_a_function(t, first, args, &last)?;
                    return Ok(value);
                }
                self.fields(t, dot, value, names, first.id, args, last)
            }
            _ => {
                self.at = first.id;
                self.not_a_function(t, first, args, &last)?;
                match &first.kind {
                    ExprKind::Nil => Err(self.error(t, "nil is not a command")),
                    _ => self.constant(t, dot, first),
                }
            }
        }
    }

    fn not_a_function(
        &self,
        t: &Template,
        first: &Expr,
        args: &[Expr],
        last: &Option<Held>,
    ) -> Result<()> {
        if args.is_empty() && last.is_none() {
            return Ok(());
        }
        Err(self.error(
            t,
            format!("can't give argument to non-function {}", first.text()),
        ))
    }

    /// A constant or the dot, in its own type.
    fn constant(&mut self, t: &Template, dot: &Held, expr: &Expr) -> Result<Held> {
        self.at = expr.id;
        Ok(match &expr.kind {
            ExprKind::Bool(b) => Held::plain(Value::Bool(*b)),
            ExprKind::Dot => dot.clone(),
            ExprKind::Str(s) => Held::plain(Value::Str(s.1.clone())),
            ExprKind::Number(n) => Held::plain(self.ideal(t, n)?),
            _ => return Err(self.error(t, format!("can't evaluate command {:?}", expr.text()))),
        })
    }

    /// A numeric constant in the type Go gives it where any will do.
    fn ideal(&self, t: &Template, n: &Number) -> Result<Value> {
        if let Some((re, im)) = n.complex {
            return Ok(Value::Object(std::rc::Rc::new(super::complex::Complex {
                re,
                im,
            })));
        }
        let looks_float = !n.text.starts_with('\'')
            && !is_hex_int(&n.text)
            && n.text.contains(['.', 'e', 'E', 'p', 'P']);
        match (n.float, n.int) {
            (Some(f), _) if looks_float => Ok(Value::Float(f)),
            (_, Some(n)) => Ok(Value::int(n)),
            _ => Err(self.error(t, format!("{} overflows int", n.text))),
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a chain and of a call"
    )]
    fn chain(
        &mut self,
        t: &Template,
        dot: &Held,
        chain: &Expr,
        inner: &Expr,
        names: &[Name],
        args: &[Expr],
        last: Option<Held>,
    ) -> Result<Held> {
        self.at = chain.id;
        let receiver = match &inner.kind {
            ExprKind::Pipe(pipe) => {
                self.at = inner.id;
                self.nested_pipeline(t, dot, pipe)?
            }
            ExprKind::Function(callee) => {
                self.at = inner.id;
                self.function(t, dot, *callee, inner.id, &[], None)?
            }
            _ => {
                let text = chain.text();
                return Err(self.error(t, format!("indirection through explicit nil in {text}")));
            }
        };
        self.fields(t, dot, receiver, names, chain.id, args, last)
    }

    /// Follows `names` from `receiver`; the last one may be a method that takes arguments.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a chain and of a call"
    )]
    fn fields(
        &mut self,
        t: &Template,
        dot: &Held,
        receiver: Held,
        names: &[Name],
        node: NodeId,
        args: &[Expr],
        last: Option<Held>,
    ) -> Result<Held> {
        let mut receiver = receiver;
        let (name, before) = names
            .split_last()
            .expect("the parser gives a chain a field");
        for name in before {
            receiver = self.field(t, dot, receiver, name, node, &[], None)?;
        }
        self.field(t, dot, receiver, name, node, args, last)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a field and of a call"
    )]
    fn field(
        &mut self,
        t: &Template,
        dot: &Held,
        receiver: Held,
        name: &Name,
        node: NodeId,
        args: &[Expr],
        last: Option<Held>,
    ) -> Result<Held> {
        if !receiver.is_valid() {
            return Ok(Held::INVALID);
        }
        if receiver.is_nil_interface() {
            return Err(self.error(t, format!("nil pointer evaluating interface {{}}.{name}")));
        }
        let has_args = !args.is_empty() || last.is_some();
        if let Some(probed) = method(&receiver.value, name, &[]) {
            let result = if has_args {
                let values = self.method_args(t, dot, args, last)?;
                method(&receiver.value, name, &values).unwrap_or(probed)
            } else {
                probed
            };
            return self.method_result(t, name, node, result);
        }
        let refuse_args = |what: &str| -> Result<()> {
            if has_args {
                Err(self.error(t, format!("{name} {what}")))
            } else {
                Ok(())
            }
        };
        match &receiver.value {
            Value::Map(map) => {
                refuse_args("is not a method but has arguments")?;
                return Ok(match (map.get(name.as_bytes()), map.map_type()) {
                    (found, MapType::Str) => Held::plain(found.unwrap_or_else(|| "".into())),
                    (found, _) => Held::boxed(found.unwrap_or_default()),
                });
            }
            Value::Object(object) => {
                if let Some(value) = object.field(name) {
                    refuse_args(match object.kind() {
                        Kind::Map => "is not a method but has arguments",
                        _ => "has arguments but cannot be invoked as function",
                    })?;
                    return Ok(Held::plain(value));
                }
            }
            _ => {}
        }
        let type_name = receiver.type_name();
        Err(self.error(
            t,
            format!("can't evaluate field {name} in type {type_name}"),
        ))
    }

    /// The arguments of a method, unchecked: the method knows its own types.
    fn method_args(
        &mut self,
        t: &Template,
        dot: &Held,
        args: &[Expr],
        last: Option<Held>,
    ) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(args.len() + 1);
        for arg in args {
            values.push(match self.argument(t, dot, Param::Any, arg)? {
                Operand::Invalid => Value::Nil,
                Operand::Value(value) => value,
            });
        }
        values.extend(last.map(|last| last.value));
        Ok(values)
    }

    fn method_result(
        &mut self,
        t: &Template,
        name: &str,
        node: NodeId,
        result: std::result::Result<Value, String>,
    ) -> Result<Held> {
        match result {
            Ok(value) => Ok(Held::plain(value)),
            // Go checks the arguments of a method before the call, so these are no errors of it.
            Err(text) if REFUSED_ARGS.iter().any(|start| text.starts_with(start)) => {
                Err(self.error(t, text))
            }
            Err(text) => {
                self.at = node;
                Err(self.call_error(t, name, FuncError::Message(text)))
            }
        }
    }

    /// Calls a function; `node` is blamed when it fails.
    fn function(
        &mut self,
        t: &Template,
        dot: &Held,
        callee: Callee,
        node: NodeId,
        args: &[Expr],
        last: Option<Held>,
    ) -> Result<Held> {
        match callee {
            Callee::Function(function) => self.call_function(t, dot, function, node, args, last),
            Callee::And | Callee::Or => self.and_or(t, dot, callee, args, last),
            Callee::Call => self.call_value(t, dot, node, args, last),
        }
    }

    fn call_function(
        &mut self,
        t: &Template,
        dot: &Held,
        function: &'static Function,
        node: NodeId,
        args: &[Expr],
        last: Option<Held>,
    ) -> Result<Held> {
        self.check_count(
            t,
            function.name,
            function.params.len(),
            function.variadic,
            args,
            &last,
        )?;
        let count = args.len() + usize::from(last.is_some());
        let param = |i: usize| match function.params.get(i) {
            Some(param) => *param,
            None => *function
                .params
                .last()
                .expect("a variadic function has a parameter"),
        };
        let mut values = Vec::with_capacity(count);
        for (i, arg) in args.iter().enumerate() {
            values.push(self.argument(t, dot, param(i), arg)?);
        }
        if let Some(last) = last {
            values.push(self.validate(t, last, param(count - 1))?);
        }
        let result = match function.call {
            Body::Reflect(body) => body(&values).map(Held::from),
            Body::Pure(body) => body(Args(&plain_values(values))).map(Held::plain),
            Body::Run(body) => {
                let values = plain_values(values);
                body(self, Args(&values)).map(Held::plain)
            }
        };
        result.map_err(|cause| {
            self.at = node;
            self.call_error(t, function.name, cause)
        })
    }

    fn check_count(
        &self,
        t: &Template,
        name: &str,
        params: usize,
        variadic: bool,
        args: &[Expr],
        last: &Option<Held>,
    ) -> Result<()> {
        let count = args.len() + usize::from(last.is_some());
        if variadic {
            let fixed = params - 1;
            if count < fixed {
                let got = args.len();
                return Err(self.error(
                    t,
                    format!("wrong number of args for {name}: want at least {fixed} got {got}"),
                ));
            }
        } else if count != params {
            let message = format!("wrong number of args for {name}: want {params} got {count}");
            return Err(self.error(t, message));
        }
        Ok(())
    }

    /// `and` and `or` stop at the operand that decides.
    fn and_or(
        &mut self,
        t: &Template,
        dot: &Held,
        callee: Callee,
        args: &[Expr],
        last: Option<Held>,
    ) -> Result<Held> {
        self.check_count(t, callee.name(), 2, true, args, &last)?;
        let mut value = Operand::Invalid;
        for arg in args {
            value = self.argument(t, dot, Param::Reflect, arg)?;
            if truth(&value) == matches!(callee, Callee::Or) {
                return Ok(value.into());
            }
        }
        if let Some(last) = last {
            value = self.validate(t, last, Param::Reflect)?;
        }
        Ok(value.into())
    }

    /// `call`: no value of a chart is a function, so this is always an error.
    fn call_value(
        &mut self,
        t: &Template,
        dot: &Held,
        node: NodeId,
        args: &[Expr],
        last: Option<Held>,
    ) -> Result<Held> {
        self.check_count(t, "call", 2, true, args, &last)?;
        let mut values = Vec::new();
        for arg in args {
            values.push(self.argument(t, dot, Param::Reflect, arg)?);
        }
        let name = match (args.first(), &last) {
            (Some(first), _) => first.text(),
            (
                None,
                Some(Held {
                    value: Value::Str(s),
                    ..
                }),
            ) => s.to_string(),
            (None, Some(held)) => format!("<{} Value>", held.value.type_name()),
            (None, None) => String::new(),
        };
        values.extend(last.map(Held::operand));
        let text = match values.first() {
            Some(Operand::Value(value)) if !matches!(value, Value::Nil) => {
                format!("non-function {name} of type {}", value.type_name())
            }
            _ => "call of nil".to_owned(),
        };
        self.at = node;
        Err(self.call_error(t, "call", FuncError::Message(text)))
    }

    /// Evaluates an argument for a parameter (`evalArg`).
    fn argument(&mut self, t: &Template, dot: &Held, param: Param, arg: &Expr) -> Result<Operand> {
        self.at = arg.id;
        let held = match &arg.kind {
            ExprKind::Dot => dot.clone(),
            ExprKind::Nil => {
                return match nil_of(param) {
                    Some(nil) => Ok(nil),
                    None => Err(self.error(t, format!("cannot assign nil to {}", name_of(param)))),
                };
            }
            ExprKind::Field(names) => self.fields(t, dot, dot.clone(), names, arg.id, &[], None)?,
            ExprKind::Variable(name, names) => {
                let value = self.variable(t, name)?;
                if names.is_empty() {
                    value
                } else {
                    self.fields(t, dot, value, names, arg.id, &[], None)?
                }
            }
            ExprKind::Pipe(pipe) => self.nested_pipeline(t, dot, pipe)?,
            ExprKind::Function(callee) => self.function(t, dot, *callee, arg.id, &[], None)?,
            ExprKind::Chain(inner, names) => self.chain(t, dot, arg, inner, names, &[], None)?,
            ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Str(_) => {
                return self.constant_argument(t, dot, param, arg);
            }
        };
        self.validate(t, held, param)
    }

    /// A constant takes the type of the parameter where its value fits.
    fn constant_argument(
        &mut self,
        t: &Template,
        dot: &Held,
        param: Param,
        arg: &Expr,
    ) -> Result<Operand> {
        let expected =
            |what: &str| Err(self.error(t, format!("expected {what}; found {}", arg.text())));
        let value = match (param, &arg.kind) {
            (Param::Any | Param::Reflect, _) => self.constant(t, dot, arg)?.value,
            (Param::Bool, ExprKind::Bool(b)) => Value::Bool(*b),
            (Param::Bool, _) => return expected("bool"),
            (Param::String, ExprKind::Str(s)) => Value::Str(s.1.clone()),
            (Param::String, _) => return expected("string"),
            (Param::Int | Param::Int64, ExprKind::Number(n)) => match (n.int, param) {
                (Some(n), Param::Int) => Value::Int(Int::Int(n)),
                (Some(n), _) => Value::Int(Int::Int64(n)),
                (None, _) => return expected("integer"),
            },
            (Param::Int | Param::Int64, _) => return expected("integer"),
            (Param::Float64, ExprKind::Number(n)) => match n.float {
                Some(f) => Value::Float(f),
                None => return expected("float"),
            },
            (Param::Float64, _) => return expected("float"),
            (Param::Uint32, ExprKind::Number(n)) => match n.uint {
                Some(n) => Value::Int(Int::Uint64(n)),
                None => return expected("unsigned integer"),
            },
            (Param::Uint32, _) => return expected("unsigned integer"),
            (Param::List | Param::Map | Param::Object(_), _) => {
                let (arg, name) = (arg.text(), name_of(param));
                return Err(self.error(t, format!("can't handle {arg} for arg of type {name}")));
            }
        };
        Ok(Operand::Value(value))
    }

    /// Checks an evaluated value against a parameter (`validateType`).
    fn validate(&self, t: &Template, held: Held, param: Param) -> Result<Operand> {
        if !held.is_valid() {
            return match nil_of(param) {
                Some(nil) => Ok(nil),
                None => Err(self.error(t, format!("invalid value; expected {}", name_of(param)))),
            };
        }
        let fits = match (param, &held.value) {
            (Param::Any | Param::Reflect, _)
            | (Param::String, Value::Str(_))
            | (Param::Int, Value::Int(Int::Int(_)))
            | (Param::Int64, Value::Int(Int::Int64(_)))
            | (Param::Float64, Value::Float(_))
            | (Param::Bool, Value::Bool(_)) => true,
            (Param::List, Value::List(list)) => list.list_type() == ListType::Any,
            (Param::Map, Value::Map(map)) => map.map_type().is_any_map(),
            (Param::Object(name), Value::Object(object)) => {
                let own = object.type_name();
                own == name || own.strip_prefix('*') == Some(name)
            }
            _ => false,
        };
        if fits {
            return Ok(Operand::Value(held.value));
        }
        let got = if held.is_nil_interface() {
            "interface {}"
        } else {
            held.value.type_name()
        };
        let expected = name_of(param);
        Err(self.error(
            t,
            format!("wrong type for value; expected {expected}; got {got}"),
        ))
    }
}

/// How the texts of arguments that a method does not take begin.
const REFUSED_ARGS: [&str; 3] = [
    "wrong type for value",
    "wrong number of args",
    "can't call method/function",
];

fn is_hex_int(text: &str) -> bool {
    text.len() > 2
        && (text.starts_with("0x") || text.starts_with("0X"))
        && !text.contains(['p', 'P'])
}

fn plain_values(operands: Vec<Operand>) -> Vec<Value> {
    let plain = |operand| match operand {
        Operand::Invalid => Value::Nil,
        Operand::Value(value) => value,
    };
    operands.into_iter().map(plain).collect()
}

/// Calls the method `name` of a value that has it.
fn method(value: &Value, name: &str, args: &[Value]) -> Option<std::result::Result<Value, String>> {
    match value {
        Value::Map(map) => match map.map_type() {
            MapType::Named(named) => (named.method)(map, name, args),
            _ => None,
        },
        Value::Object(object) => object.method(name, args),
        _ => None,
    }
}

/// The nil of a parameter's type, if it has one.
fn nil_of(param: Param) -> Option<Operand> {
    match param {
        Param::Any => Some(Operand::Value(Value::Nil)),
        Param::Reflect => Some(Operand::Invalid),
        Param::Map => Some(Operand::Value(Value::Map(Map::nil(MapType::Any)))),
        Param::List => Some(Operand::Value(Value::List(List::nil(ListType::Any)))),
        _ => None,
    }
}

/// Go's name of a parameter's type.
fn name_of(param: Param) -> &'static str {
    match param {
        Param::Any => "interface {}",
        Param::String => "string",
        Param::Int => "int",
        Param::Int64 => "int64",
        Param::Float64 => "float64",
        Param::Bool => "bool",
        Param::Uint32 => "uint32",
        Param::List => "[]interface {}",
        Param::Map => "map[string]interface {}",
        Param::Object(name) => name,
        Param::Reflect => "reflect.Value",
    }
}
