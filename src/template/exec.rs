//! Executes templates: statements, control flow, calls of other templates.
//!
//! In: a set of templates, a name, data. Out: bytes, or the first error with its place. State that
//! outlives one execution (the budget, the counters of active includes) is the [`Executor`]'s.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::*;
use super::error::{ExecError, Place};
use super::func::{FuncError, Host, Runtime};
use super::lexer::line_and_column;
use super::operand::Held;
use super::set::TemplateSet;
use crate::limits::{
    MAX_CALL_DEPTH, MAX_INCLUDE_DEPTH, MAX_RENDER_BYTES, MAX_STEPS, MAX_TEMPLATE_DEPTH,
};
use crate::value::format::write_display;
use crate::value::quote::quote;
use crate::value::{Int, Kind, ListType, Str, Value};

/// Native stack that one level of recursion may need before more is asked for.
const RED_ZONE: usize = 128 * 1024;
/// Native stack that is asked for at once.
const STACK_CHUNK: usize = 2 * 1024 * 1024;

/// Runs a function with enough native stack for one more level of recursion.
pub(super) fn with_stack<T>(run: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RED_ZONE, STACK_CHUNK, run)
}

/// Runs the templates of one set, one after the other, within one budget.
pub struct Executor<'h> {
    host: &'h dyn Host,
    pub(super) set: Arc<TemplateSet>,
    /// What the running template has written.
    out: Vec<u8>,
    pub(super) variables: Vec<(Name, Held)>,
    /// Where the running template's own variables begin.
    scope: usize,
    /// The node that an error would be blamed on.
    pub(super) at: NodeId,
    /// Nesting of `{{ template }}` within the running `include`.
    depth: u32,
    /// Nesting of all calls.
    calls: u32,
    included: HashMap<Str, u32>,
    steps: u64,
    written: u64,
}

/// What a statement asks its loop to do next.
enum Flow {
    Next,
    Break,
    Continue,
}

pub(super) type Result<T> = std::result::Result<T, Box<ExecError>>;

impl<'h> Executor<'h> {
    /// Makes an executor of `set` in the world of `host`.
    pub fn new(set: Arc<TemplateSet>, host: &'h dyn Host) -> Executor<'h> {
        Executor {
            host,
            set,
            out: Vec::new(),
            variables: Vec::new(),
            scope: 0,
            at: 0,
            depth: 0,
            calls: 0,
            included: HashMap::new(),
            steps: 0,
            written: 0,
        }
    }

    /// Executes the template `name` with `data`; prints nil as `<no value>`.
    ///
    /// # Errors
    ///
    /// The first failing node, or that there is no such template.
    pub fn execute(&mut self, name: &str, data: Value) -> Result<Vec<u8>> {
        let Some(template) = self.set.get(name.as_bytes()).cloned() else {
            return Err(Box::new(ExecError::NoTemplate(name.to_owned())));
        };
        self.run(&template, data)
    }

    /// Executes `template` on its own: fresh variables, fresh output.
    fn run(&mut self, template: &Template, data: Value) -> Result<Vec<u8>> {
        let out = std::mem::take(&mut self.out);
        let (at, depth) = (self.at, std::mem::take(&mut self.depth));
        let walked = self.call(template, Held::plain(data));
        (self.at, self.depth) = (at, depth);
        let written = std::mem::replace(&mut self.out, out);
        walked.map(|()| written)
    }

    /// Walks `template` with `dot` and variables of its own.
    fn call(&mut self, template: &Template, dot: Held) -> Result<()> {
        let (scope, known) = (self.scope, self.variables.len());
        self.scope = known;
        self.variables.push(("$".into(), dot.clone()));
        self.calls += 1;
        let walked = with_stack(|| self.walk(template, &dot, &template.root));
        self.calls -= 1;
        self.variables.truncate(known);
        self.scope = scope;
        walked.map(|_| ())
    }

    /// An error at the current node.
    pub(super) fn error(&self, t: &Template, message: impl Into<String>) -> Box<ExecError> {
        self.error_from(t, message.into(), None)
    }

    /// An error at the current node, of the function `name`.
    pub(super) fn call_error(&self, t: &Template, name: &str, cause: FuncError) -> Box<ExecError> {
        self.error_from(t, String::new(), Some((name.to_owned(), Box::new(cause))))
    }

    fn error_from(
        &self,
        t: &Template,
        message: String,
        cause: Option<(String, Box<FuncError>)>,
    ) -> Box<ExecError> {
        let (pos, node) = t.find(self.at).unwrap_or_default();
        let (line, column) = line_and_column(&t.source.text, pos);
        let place = Place {
            source: t.source.name.clone(),
            line,
            column,
            template: t.name.to_string(),
            node,
        };
        Box::new(ExecError::At {
            place,
            message,
            cause,
        })
    }

    /// Counts one evaluated node.
    pub(super) fn step(&mut self, t: &Template) -> Result<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(self.error(t, format!("templates evaluate more than {MAX_STEPS} nodes")));
        }
        Ok(())
    }

    fn write(&mut self, t: &Template, bytes: &[u8]) -> Result<()> {
        self.out.extend_from_slice(bytes);
        self.charge(t, bytes.len())
    }

    fn charge(&mut self, t: &Template, bytes: usize) -> Result<()> {
        self.written += bytes as u64;
        if self.written > MAX_RENDER_BYTES {
            return Err(self.error(
                t,
                format!("templates write more than {MAX_RENDER_BYTES} bytes"),
            ));
        }
        Ok(())
    }

    fn walk(&mut self, t: &Template, dot: &Held, list: &[Stmt]) -> Result<Flow> {
        for stmt in list {
            match self.statement(t, dot, stmt)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, t: &Template, dot: &Held, stmt: &Stmt) -> Result<Flow> {
        self.step(t)?;
        match stmt {
            Stmt::Text(start, end) => {
                self.write(t, &t.source.text[*start as usize..*end as usize])?;
            }
            Stmt::Action(pipe) => {
                let value = self.pipeline(t, dot, pipe)?;
                if pipe.declared.is_empty() {
                    self.print(t, &value)?;
                }
            }
            Stmt::If(branch) => return self.branch(t, dot, branch, false),
            Stmt::With(branch) => return self.branch(t, dot, branch, true),
            Stmt::Range(branch) => return with_stack(|| self.range(t, dot, branch)),
            Stmt::Template(call) => self.template(t, dot, call)?,
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn print(&mut self, t: &Template, value: &Held) -> Result<()> {
        let before = self.out.len();
        match &value.value {
            Value::Nil => self.out.extend_from_slice(b"<no value>"),
            Value::Str(s) => self.out.extend_from_slice(s),
            value => write_display(&mut self.out, value),
        }
        let len = self.out.len() - before;
        self.charge(t, len)
    }

    /// `if` and `with`.
    fn branch(&mut self, t: &Template, dot: &Held, branch: &Branch, with: bool) -> Result<Flow> {
        let known = self.variables.len();
        let value = self.pipeline(t, dot, &branch.pipe)?;
        let flow = with_stack(|| {
            if value.value.is_true() {
                self.walk(t, if with { &value } else { dot }, &branch.list)
            } else if let Some(list) = &branch.otherwise {
                self.walk(t, dot, list)
            } else {
                Ok(Flow::Next)
            }
        });
        self.variables.truncate(known);
        flow
    }

    fn range(&mut self, t: &Template, dot: &Held, branch: &Branch) -> Result<Flow> {
        self.at = branch.id;
        let known = self.variables.len();
        let over = self.pipeline(t, dot, &branch.pipe)?;
        let flow = match self.entries(t, branch, &over.value)? {
            Some(entries) => self.iterate(t, branch, entries)?,
            None => match &branch.otherwise {
                Some(list) => self.walk(t, dot, list)?,
                None => Flow::Next,
            },
        };
        self.variables.truncate(known);
        Ok(flow)
    }

    /// What a `range` goes over; `None` when there is nothing, so that `else` applies.
    fn entries(&self, t: &Template, branch: &Branch, over: &Value) -> Result<Option<Entries>> {
        let entries = match over {
            Value::Nil => return Ok(None),
            Value::List(list) => Entries::Items(list.to_vec(), list.list_type() == ListType::Any),
            Value::Map(map) => {
                let copy = |(key, value): (&Str, &Value)| (key.clone(), value.clone());
                Entries::Pairs(
                    map.entries().iter().map(copy).collect(),
                    map.map_type().is_any_map(),
                )
            }
            Value::Object(object) if object.kind() == Kind::Map => {
                Entries::Pairs(object.entries().unwrap_or_default(), false)
            }
            Value::Object(object) if object.kind() == Kind::Slice => {
                Entries::Items(object.items().unwrap_or_default(), false)
            }
            other => {
                let number = match other {
                    Value::Int(n) => Some(*n),
                    Value::Object(object) => object.number(),
                    _ => None,
                };
                let Some(number) = number else {
                    let shown =
                        String::from_utf8_lossy(&crate::value::format::display(other)).into_owned();
                    return Err(self.error(t, format!("range can't iterate over {shown}")));
                };
                if branch.pipe.declared.len() > 1 {
                    let n = number.wide();
                    let message = format!("can't use {n} to iterate over more than one variable");
                    return Err(self.error(t, message));
                }
                Entries::Count(number)
            }
        };
        Ok(Some(entries).filter(|entries| !entries.is_empty()))
    }

    fn iterate(&mut self, t: &Template, branch: &Branch, entries: Entries) -> Result<Flow> {
        match entries {
            Entries::Items(items, boxed) => {
                for (i, value) in items.into_iter().enumerate() {
                    let index = Held::plain(Value::int(i as i64));
                    let item = Held { value, boxed };
                    if let Flow::Break = self.iteration(t, branch, index, item)? {
                        break;
                    }
                }
            }
            Entries::Pairs(pairs, boxed) => {
                for (key, value) in pairs {
                    let key = Held::plain(Value::Str(key));
                    let item = Held { value, boxed };
                    if let Flow::Break = self.iteration(t, branch, key, item)? {
                        break;
                    }
                }
            }
            Entries::Count(number) => {
                let mut n = 0;
                while n < number.wide() {
                    let item = Held::plain(Value::Int(same_type(number, n as i64)));
                    if let Flow::Break = self.iteration(t, branch, Held::INVALID, item)? {
                        break;
                    }
                    n += 1;
                }
            }
        }
        Ok(Flow::Next)
    }

    fn iteration(
        &mut self,
        t: &Template,
        branch: &Branch,
        index: Held,
        item: Held,
    ) -> Result<Flow> {
        let pipe = &branch.pipe;
        let mark = self.variables.len();
        match (&pipe.declared[..], pipe.is_assign) {
            ([one], true) => self.assign(t, one, item.clone())?,
            ([first, second], true) => {
                self.assign(t, first, index)?;
                self.assign(t, second, item.clone())?;
            }
            ([_], false) => self.variables[mark - 1].1 = item.clone(),
            ([_, _], false) => {
                self.variables[mark - 1].1 = item.clone();
                self.variables[mark - 2].1 = index;
            }
            _ => {}
        }
        self.step(t)?;
        let flow = self.walk(t, &item, &branch.list);
        self.variables.truncate(mark);
        flow
    }

    /// `{{ template }}`
    fn template(&mut self, t: &Template, dot: &Held, call: &Call) -> Result<()> {
        self.at = call.id;
        let Some(template) = self.set.get(&call.name).cloned() else {
            let name = quote(&call.name);
            return Err(self.error(t, format!("template {name} not defined")));
        };
        if self.depth >= MAX_TEMPLATE_DEPTH || self.calls >= MAX_CALL_DEPTH {
            let message = format!("exceeded maximum template depth ({MAX_TEMPLATE_DEPTH})");
            return Err(self.error(t, message));
        }
        let dot = match &call.pipe {
            Some(pipe) => self.pipeline(t, dot, pipe)?,
            None => Held::INVALID,
        };
        self.depth += 1;
        let at = self.at;
        let called = self.call(&template, dot);
        self.at = at;
        self.depth -= 1;
        called
    }

    pub(super) fn assign(&mut self, t: &Template, name: &Name, value: Held) -> Result<()> {
        let own = &mut self.variables[self.scope..];
        match own.iter_mut().rev().find(|(known, _)| known == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => Err(self.error(t, format!("undefined variable: {name}"))),
        }
    }

    pub(super) fn variable(&self, t: &Template, name: &Name) -> Result<Held> {
        let own = &self.variables[self.scope..];
        match own.iter().rev().find(|(known, _)| known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.error(t, format!("undefined variable: {name}"))),
        }
    }
}

/// What a `range` goes over, as it was when the loop started; the flag says whether the items sit
/// in `interface {}` slots.
enum Entries {
    Items(Vec<Value>, bool),
    Pairs(Vec<(Str, Value)>, bool),
    /// The numbers below this one.
    Count(Int),
}

impl Entries {
    fn is_empty(&self) -> bool {
        match self {
            Entries::Items(items, _) => items.is_empty(),
            Entries::Pairs(pairs, _) => pairs.is_empty(),
            Entries::Count(number) => number.wide() <= 0,
        }
    }
}

fn same_type(like: Int, n: i64) -> Int {
    match like {
        Int::Int(_) => Int::Int(n),
        Int::Int64(_) => Int::Int64(n),
        Int::Uint64(_) => Int::Uint64(n as u64),
        Int::Uint8(_) => Int::Uint8(n as u8),
    }
}

impl Runtime for Executor<'_> {
    fn include(&mut self, name: &Str, data: Value) -> std::result::Result<Str, FuncError> {
        let active = self.included.entry(name.clone()).or_default();
        if *active > MAX_INCLUDE_DEPTH || self.calls >= MAX_CALL_DEPTH {
            return Err(FuncError::Message(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        *active += 1;
        let result = match self.set.get(name).cloned() {
            Some(template) => self.run(&template, data),
            None => Err(Box::new(ExecError::NoTemplate(name.to_string()))),
        };
        if let Some(active) = self.included.get_mut(name) {
            *active -= 1;
        }
        match result {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(FuncError::Nested {
                prefix: String::new(),
                error,
            }),
        }
    }

    fn tpl(&mut self, text: &Str, data: Value) -> std::result::Result<Str, FuncError> {
        if memchr::memmem::find(text, b"{{").is_none() {
            return Ok(without_no_value(text.to_vec()).into());
        }
        if self.calls >= MAX_INCLUDE_DEPTH {
            return Err(FuncError::Limit(format!(
                "templates call each other more than {MAX_INCLUDE_DEPTH} deep"
            )));
        }
        let (set, template) = TemplateSet::beside(&self.set, "gotpl", text).map_err(|error| {
            FuncError::Message(format!("cannot parse template {}: {error}", quote(text)))
        })?;
        let outer = std::mem::replace(&mut self.set, set);
        let result = self.run(&template, data);
        self.set = outer;
        match result {
            Ok(out) => Ok(without_no_value(out).into()),
            Err(error) => Err(FuncError::Nested {
                prefix: format!("error during tpl function execution for {}: ", quote(text)),
                error,
            }),
        }
    }

    fn host(&self) -> &dyn Host {
        self.host
    }
}

/// Deletes every `<no value>` from a text, as Helm does after each file and each `tpl`.
pub fn without_no_value(text: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b"<no value>";
    let Some(first) = memchr::memmem::find(&text, MARK) else {
        return text;
    };
    let mut out = Vec::with_capacity(text.len());
    let mut start = 0;
    let mut next = Some(first);
    while let Some(at) = next {
        out.extend_from_slice(&text[start..at]);
        start = at + MARK.len();
        next = memchr::memmem::find(&text[start..], MARK).map(|found| start + found);
    }
    out.extend_from_slice(&text[start..]);
    out
}
