//! What a template function is, and what it may ask of the run that calls it.

use std::fmt;

use crate::value::{Int, List, Map, Str, Value};

/// The Go type of a parameter; arguments are checked against it before the function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// `interface {}`: anything, nil included.
    Any,
    /// `string`
    String,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint32`: only a literal can be one; it arrives as [`Int::Uint64`].
    Uint32,
    /// `float64`
    Float64,
    /// `bool`
    Bool,
    /// `[]interface {}`
    List,
    /// `map[string]interface {}`
    Map,
    /// An [`Object`](crate::value::Object) whose Go type has this name, such as `time.Time`.
    Object(&'static str),
    /// `reflect.Value`: what the built-in functions take; tells "no value" from nil.
    Reflect,
}

impl Param {
    /// The type as Go's messages name it.
    pub fn go_name(self) -> &'static str {
        match self {
            Param::Any => "interface {}",
            Param::String => "string",
            Param::Int => "int",
            Param::Int64 => "int64",
            Param::Uint32 => "uint32",
            Param::Float64 => "float64",
            Param::Bool => "bool",
            Param::List => "[]interface {}",
            Param::Map => "map[string]interface {}",
            Param::Object(name) => name,
            Param::Reflect => "reflect.Value",
        }
    }
}

/// How the work of a call grows with its arguments and its result, beyond the step that every call
/// counts for. What grows in another way is counted by the function itself ([`Runtime::spend`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Not at all: arguments are handed on, counted or looked up in.
    Constant,
    /// Every byte and item is looked at, and little is done with it.
    Linear,
    /// Every byte and item takes a good part of a step: parsing, encoding, going by character.
    Heavy,
}

impl Work {
    /// The steps that a value counts for.
    pub(super) fn steps(self, value: &Value) -> usize {
        let (bytes_per_step, items_per_step) = match self {
            Work::Constant => return 0,
            Work::Linear => (16, 4),
            Work::Heavy => (2, 1),
        };
        match value {
            Value::Str(text) => text.len() / bytes_per_step,
            Value::List(list) => list.len() / items_per_step,
            Value::Map(map) => map.len() / items_per_step,
            _ => 0,
        }
    }
}

/// A template function: its name, the types of its parameters, and its body.
#[derive(Clone, Copy)]
pub struct Function {
    /// The name in templates.
    pub name: &'static str,
    /// The parameters.
    pub params: &'static [Param],
    /// Whether the last parameter takes any number of arguments.
    pub variadic: bool,
    /// How its work grows.
    pub work: Work,
    /// The body.
    pub call: Call,
}

/// The body of a template function.
#[derive(Clone, Copy)]
pub enum Call {
    /// Needs its arguments only.
    Pure(fn(Args<'_>) -> Result<Value, FuncError>),
    /// A built-in of the language over `reflect.Value`s.
    Reflect(fn(&[Operand]) -> Result<Operand, FuncError>),
    /// Also needs the run: other templates, the clock, randomness.
    Run(fn(&mut dyn Runtime, Args<'_>) -> Result<Value, FuncError>),
}

/// A `reflect.Value`: Go tells "no value at all" from a nil `interface {}`, which is what a missing
/// map entry gives.
#[derive(Clone, Debug)]
pub enum Operand {
    /// The zero `reflect.Value`: a nil that went through a pipeline, parentheses or a literal.
    Invalid,
    /// A value; [`Value::Nil`] is a nil `interface {}`.
    Value(Value),
}

impl Function {
    /// Makes a function of exactly `params`.
    pub const fn pure(
        name: &'static str,
        params: &'static [Param],
        body: fn(Args<'_>) -> Result<Value, FuncError>,
    ) -> Function {
        Function {
            name,
            params,
            variadic: false,
            work: Work::Linear,
            call: Call::Pure(body),
        }
    }

    /// Makes a function of `params` that also needs the run.
    pub const fn run(
        name: &'static str,
        params: &'static [Param],
        body: fn(&mut dyn Runtime, Args<'_>) -> Result<Value, FuncError>,
    ) -> Function {
        Function {
            name,
            params,
            variadic: false,
            work: Work::Linear,
            call: Call::Run(body),
        }
    }

    /// The same function, which does not look into its arguments.
    pub const fn constant(self) -> Function {
        Function {
            work: Work::Constant,
            ..self
        }
    }

    /// The same function, which has much to do for each byte and item.
    pub const fn heavy(self) -> Function {
        Function {
            work: Work::Heavy,
            ..self
        }
    }

    /// The same function, its last parameter repeated any number of times (also none).
    pub const fn variadic(self) -> Function {
        Function {
            variadic: true,
            ..self
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.name, self.params)
    }
}

/// A table of functions, sorted by name in byte order.
#[derive(Clone, Copy, Debug)]
pub struct Functions(pub &'static [Function]);

impl Functions {
    /// The function called `name`.
    pub fn get(&self, name: &str) -> Option<&'static Function> {
        let at = self.0.binary_search_by(|f| f.name.cmp(name)).ok()?;
        self.0.get(at)
    }
}

/// The checked arguments of one call: every one has the type of its parameter.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a>(pub &'a [Value]);

impl<'a> Args<'a> {
    /// The number of arguments.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Says whether there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The argument at `index`.
    pub fn any(self, index: usize) -> &'a Value {
        &self.0[index]
    }

    /// The arguments from `index` on.
    pub fn rest(self, index: usize) -> &'a [Value] {
        &self.0[index..]
    }

    /// The argument of a [`Param::String`].
    pub fn str(self, index: usize) -> &'a Str {
        match &self.0[index] {
            Value::Str(s) => s,
            other => unreachable!("argument {index} was checked to be a string: {other:?}"),
        }
    }

    /// The argument of a [`Param::Int`] or [`Param::Int64`].
    pub fn int(self, index: usize) -> i64 {
        match &self.0[index] {
            Value::Int(Int::Int(n) | Int::Int64(n)) => *n,
            other => unreachable!("argument {index} was checked to be an integer: {other:?}"),
        }
    }

    /// The argument of a [`Param::Float64`].
    pub fn float(self, index: usize) -> f64 {
        match &self.0[index] {
            Value::Float(f) => *f,
            other => unreachable!("argument {index} was checked to be a float: {other:?}"),
        }
    }

    /// The argument of a [`Param::Bool`].
    pub fn bool(self, index: usize) -> bool {
        match &self.0[index] {
            Value::Bool(b) => *b,
            other => unreachable!("argument {index} was checked to be a bool: {other:?}"),
        }
    }

    /// The argument of a [`Param::Map`]; a nil map for nil.
    pub fn map(self, index: usize) -> &'a Map {
        match &self.0[index] {
            Value::Map(m) => m,
            other => unreachable!("argument {index} was checked to be a map: {other:?}"),
        }
    }

    /// The argument of a [`Param::List`]; a nil list for nil.
    pub fn list(self, index: usize) -> &'a List {
        match &self.0[index] {
            Value::List(l) => l,
            other => unreachable!("argument {index} was checked to be a list: {other:?}"),
        }
    }
}

/// Why a function failed.
///
/// The engine wraps it as `error calling NAME: …`, as Go does.
#[derive(Debug)]
#[non_exhaustive]
pub enum FuncError {
    /// The text of a Go error or panic.
    Message(String),
    /// `fail` and `required`: a message the chart's author wrote for the user.
    Fail(String),
    /// A nested execution (`include`, `tpl`) failed; `prefix` stands before the inner error's text.
    Nested {
        /// Such as `error during tpl function execution for "…": `; empty for `include`.
        prefix: String,
        /// The inner error.
        error: Box<super::ExecError>,
    },
    /// A named bound was exceeded; no chart can catch it.
    Limit(String),
}

impl From<String> for FuncError {
    fn from(message: String) -> FuncError {
        FuncError::Message(message)
    }
}

impl From<&str> for FuncError {
    fn from(message: &str) -> FuncError {
        FuncError::Message(message.to_owned())
    }
}

/// What a function may ask of the run that calls it.
pub trait Runtime {
    /// Executes the template `name` with `data` (Helm's `include`).
    ///
    /// # Errors
    ///
    /// The inner error, or that no template has that name.
    fn include(&mut self, name: &Str, data: Value) -> Result<Str, FuncError>;

    /// Parses `text` as a template beside the others and executes it with `data` (Helm's `tpl`).
    ///
    /// # Errors
    ///
    /// Parse and execution errors with Helm's prefixes.
    fn tpl(&mut self, text: &Str, data: Value) -> Result<Str, FuncError>;

    /// Counts work that takes far longer than one evaluation step: `steps` more, 5000 to a
    /// millisecond.
    ///
    /// # Errors
    ///
    /// The run would take more steps than it may.
    fn spend(&mut self, steps: usize) -> Result<(), FuncError>;

    /// The number of the run, which no other run of this process has.
    fn number(&self) -> u64;

    /// The outside world.
    fn host(&self) -> &dyn Host;
}

/// The outside world as functions see it: tests and repeatable commands fix it.
pub trait Host {
    /// The current time as Unix seconds and nanoseconds.
    fn now(&self) -> (i64, u32);

    /// Fills `out` with random bytes.
    ///
    /// `purpose` names the function and its arguments, so that a keyed source can derive stable
    /// bytes for each use.
    fn random(&self, purpose: &str, out: &mut [u8]);

    /// The IANA name of the local time zone.
    fn time_zone(&self) -> String;

    /// Resolves a host name (`getHostByName`); empty when resolution is off.
    fn resolve(&self, name: &str) -> String;

    /// The major version of Helm whose behaviour is wanted: 3 or 4.
    fn helm(&self) -> u8;
}
