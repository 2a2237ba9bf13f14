//! Walks the body of a template and prints.
//!
//! In: a template and its data. Out: bytes, appended to the run's output. Errors name the node
//! that was looked at last, as Go's do.

use std::sync::Arc;

use super::ast::{Branch, Id, Kind, Program, Span, Symbol};
use super::budget::Exceeded;
use super::datum::Datum;
use super::error::{Cause, ExecError, Frame};
use super::nest;
use super::run::Run;
use super::set::Template;
use crate::limits::{MAX_FORMAT_BYTES, MAX_TEMPLATE_DEPTH};
use crate::value::quote::quote;
use crate::value::{Int, Str, Value, printf};

pub(super) type Outcome<T> = Result<T, Box<ExecError>>;

/// What happens after a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// The execution of one template, with the variables that it declares.
pub(super) struct Execution<'r, 'a, 't> {
    pub(super) run: &'r mut Run<'a>,
    pub(super) program: &'t Arc<Program>,
    name: &'t Str,
    body: Span,
    /// The node that errors are reported at.
    pub(super) at: Id,
    /// Where this template's variables begin.
    pub(super) first_variable: usize,
    /// How many `{{template}}` calls lie between this template and the start of the execution.
    depth: u32,
}

impl<'r, 'a, 't> Execution<'r, 'a, 't> {
    pub(super) fn new(run: &'r mut Run<'a>, template: &'t Template, depth: u32) -> Self {
        Execution {
            first_variable: run.variables.len(),
            run,
            program: &template.program,
            name: &template.name,
            body: template.body,
            at: Id(0),
            depth,
        }
    }

    /// Executes the template with `dot` as its data.
    pub(super) fn run(mut self, dot: Datum) -> Outcome<()> {
        self.run.variables.push((Symbol::DOLLAR, dot.clone()));
        self.list(&dot, self.body)?;
        self.run.variables.truncate(self.first_variable);
        Ok(())
    }

    fn list(&mut self, dot: &Datum, body: Span) -> Outcome<Flow> {
        for &id in self.program.links(body) {
            let flow = self.node(dot, id)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, dot: &Datum, id: Id) -> Outcome<Flow> {
        self.at = id;
        self.steps(1)?;
        match *self.program.kind(id) {
            Kind::Text { end } => {
                let text = self.program.slice((self.program.node(id).position, end));
                let counted = self.run.budget.output(text.len());
                self.within(counted)?;
                self.run.out.extend_from_slice(text);
            }
            Kind::Action { pipe } => {
                let value = self.pipeline(dot, pipe)?;
                if !self.declares(pipe) {
                    self.at = id;
                    self.print(&value)?;
                }
            }
            Kind::If(branch) => return self.nested(|e| e.condition(dot, branch, false)),
            Kind::With(branch) => return self.nested(|e| e.condition(dot, branch, true)),
            Kind::Range(branch) => return self.nested(|e| e.range(dot, branch)),
            Kind::Template { name, pipe } => self.call_template(dot, name, pipe)?,
            Kind::Break => return Ok(Flow::Break),
            Kind::Continue => return Ok(Flow::Continue),
            _ => unreachable!("the parser puts no such node into a body"),
        }
        Ok(Flow::Next)
    }

    fn declares(&self, pipe: Id) -> bool {
        matches!(self.program.kind(pipe), Kind::Pipe { declared, .. } if declared.len > 0)
    }

    fn print(&mut self, value: &Datum) -> Outcome<()> {
        let before = self.run.out.len();
        match value {
            Datum::Invalid => self.run.out.extend_from_slice(b"<no value>"),
            Datum::Concrete(Value::Str(text)) => self.run.out.extend_from_slice(text),
            datum => printf::append_target(&mut self.run.out, datum.value()),
        }
        let printed = self.run.out.len() - before;
        if printed > MAX_FORMAT_BYTES {
            let text = format!("a value takes more than {MAX_FORMAT_BYTES} bytes to print");
            return Err(self.limit(text));
        }
        let counted = self.run.budget.output(printed);
        self.within(counted)
    }

    /// `if` and `with`.
    fn condition(&mut self, dot: &Datum, branch: Branch, is_with: bool) -> Outcome<Flow> {
        let mark = self.run.variables.len();
        let value = self.pipeline(dot, branch.pipe)?;
        let flow = match (value.is_true(), branch.otherwise) {
            (true, _) => self.list(if is_with { &value } else { dot }, branch.body)?,
            (false, Some(otherwise)) => self.list(dot, otherwise)?,
            (false, None) => Flow::Next,
        };
        self.run.variables.truncate(mark);
        Ok(flow)
    }

    fn range(&mut self, dot: &Datum, branch: Branch) -> Outcome<Flow> {
        let mark = self.run.variables.len();
        let value = self.pipeline(dot, branch.pipe)?;
        if let Value::Map(map) = value.value() {
            // The entries are copied before the first turn.
            self.steps(map.len() / 8)?;
        }
        let mut turns = Turns::new(self, branch);
        let n_turns = match value.value() {
            Value::Int(n) => turns.integers(*n)?,
            Value::List(list) => {
                let list_type = list.list_type();
                // Like Go we look at each item when its turn comes, and at the length once.
                let items = (0..list.len()).map_while(|i| list.get(i));
                turns.items(items.map(|item| Datum::item(list_type, item)))?
            }
            Value::Map(map) => {
                let map_type = map.map_type();
                let entries: Vec<_> = map
                    .entries()
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                let entries = entries.into_iter();
                turns.entries(entries.map(|(k, v)| (k, Datum::entry(map_type, v))))?
            }
            Value::Nil => 0,
            Value::Object(object) => {
                if let Some(entries) = object.entries() {
                    let entries = entries.into_iter();
                    turns.entries(entries.map(|(k, v)| (k, Datum::result(v))))?
                } else if let Some(items) = object.items() {
                    turns.items(items.into_iter().map(Datum::result))?
                } else if let Some(n) = object.number() {
                    turns.integers(n)?
                } else {
                    return Err(self.cannot_iterate(value.value()));
                }
            }
            other => return Err(self.cannot_iterate(other)),
        };
        if n_turns == 0
            && let Some(otherwise) = branch.otherwise
        {
            let flow = self.list(dot, otherwise)?;
            self.run.variables.truncate(mark);
            return Ok(flow);
        }
        self.run.variables.truncate(mark);
        Ok(Flow::Next)
    }

    fn cannot_iterate(&self, value: &Value) -> Box<ExecError> {
        let mut text = Vec::new();
        let copy = match value {
            Value::Object(object) => object.copied(),
            _ => None,
        };
        printf::append_target(&mut text, copy.as_ref().unwrap_or(value));
        let text = String::from_utf8_lossy(&text);
        self.error(format!("range can't iterate over {text}"))
    }

    fn call_template(&mut self, dot: &Datum, name: u32, pipe: Option<Id>) -> Outcome<()> {
        let name = &self.program.strings[name as usize];
        let Some(template) = self.run.template(name) else {
            return Err(self.error(format!("template {} not defined", quote(name))));
        };
        if self.depth == MAX_TEMPLATE_DEPTH {
            let text = format!("exceeded maximum template depth ({MAX_TEMPLATE_DEPTH})");
            return Err(self.error(text));
        }
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Datum::Invalid,
        };
        let depth = self.depth + 1;
        self.nested(|e| Execution::new(e.run, &template, depth).run(dot))
    }
}

/// The turns of a `range`.
struct Turns<'e, 'r, 'a, 't> {
    execution: &'e mut Execution<'r, 'a, 't>,
    branch: Branch,
    symbols: &'t [Symbol],
    assigns: bool,
    mark: usize,
}

impl<'e, 'r, 'a, 't> Turns<'e, 'r, 'a, 't> {
    fn new(execution: &'e mut Execution<'r, 'a, 't>, branch: Branch) -> Self {
        let program: &'t Program = execution.program;
        let (symbols, assigns) = match *program.kind(branch.pipe) {
            Kind::Pipe {
                assigns, declared, ..
            } => (program.declared(declared), assigns),
            _ => (&[][..], false),
        };
        Turns {
            mark: execution.run.variables.len(),
            execution,
            branch,
            symbols,
            assigns,
        }
    }

    fn integers(&mut self, n: Int) -> Outcome<usize> {
        if self.symbols.len() > 1 {
            let text = format!(
                "can't use {} to iterate over more than one variable",
                n.wide()
            );
            return Err(self.execution.error(text));
        }
        let mut n_turns = 0;
        for i in 0..n.wide() {
            let item = match n {
                Int::Int(_) => Int::Int(i as i64),
                Int::Int64(_) => Int::Int64(i as i64),
                Int::Uint64(_) => Int::Uint64(i as u64),
                Int::Uint8(_) => Int::Uint8(i as u8),
            };
            n_turns += 1;
            let item = Datum::Concrete(Value::Int(item));
            if self.turn(|| Datum::Invalid, item)? == Flow::Break {
                break;
            }
        }
        Ok(n_turns)
    }

    fn items(&mut self, items: impl Iterator<Item = Datum>) -> Outcome<usize> {
        let mut n_turns = 0;
        for (i, item) in items.enumerate() {
            n_turns += 1;
            let index = || Datum::Concrete(Value::int(i as i64));
            if self.turn(index, item)? == Flow::Break {
                break;
            }
        }
        Ok(n_turns)
    }

    fn entries(&mut self, entries: impl Iterator<Item = (Str, Datum)>) -> Outcome<usize> {
        let mut n_turns = 0;
        for (key, item) in entries {
            n_turns += 1;
            let index = || Datum::Concrete(Value::Str(key));
            if self.turn(index, item)? == Flow::Break {
                break;
            }
        }
        Ok(n_turns)
    }

    /// One turn: with two variables the index comes first, a single one is the item.
    fn turn(&mut self, index: impl FnOnce() -> Datum, item: Datum) -> Outcome<Flow> {
        let execution = &mut *self.execution;
        execution.steps(1)?;
        match *self.symbols {
            [] => {}
            [first] if self.assigns => execution.assign(first, item.clone())?,
            [first, second, ..] if self.assigns => {
                execution.assign(first, index())?;
                execution.assign(second, item.clone())?;
            }
            [_] => execution.run.variables[self.mark - 1].1 = item.clone(),
            [_, _, ..] => {
                execution.run.variables[self.mark - 1].1 = item.clone();
                execution.run.variables[self.mark - 2].1 = index();
            }
        }
        let flow = execution.list(&item, self.branch.body)?;
        execution.run.variables.truncate(self.mark);
        Ok(flow)
    }
}

/// Variables, bounds and errors.
impl<'a> Execution<'_, 'a, '_> {
    /// The innermost variable of that name; declarations that were jumped over do not count.
    pub(super) fn variable(&mut self, symbol: Symbol) -> Outcome<usize> {
        let mine = &self.run.variables[self.first_variable..];
        let found = mine.iter().rposition(|(other, _)| *other == symbol);
        let Some(index) = found else {
            let name = String::from_utf8_lossy(self.program.symbol(symbol)).into_owned();
            return Err(self.error(format!("undefined variable: {name}")));
        };
        self.steps((mine.len() - index) / 16)?;
        Ok(self.first_variable + index)
    }

    pub(super) fn assign(&mut self, symbol: Symbol, value: Datum) -> Outcome<()> {
        let index = self.variable(symbol)?;
        self.run.variables[index].1 = value;
        Ok(())
    }

    /// Calls `body` one level deeper.
    pub(super) fn nested<T>(&mut self, body: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let entered = self.run.budget.enter(1);
        self.within(entered)?;
        let result = nest::grow(|| body(self));
        self.run.budget.leave(1);
        result
    }

    pub(super) fn steps(&mut self, n: usize) -> Outcome<()> {
        let counted = self.run.budget.steps(n);
        self.within(counted)
    }

    pub(super) fn within(&self, counted: Result<(), Exceeded>) -> Outcome<()> {
        counted.map_err(|Exceeded(text)| self.limit(text))
    }

    fn limit(&self, text: String) -> Box<ExecError> {
        ExecError::new(Some(self.frame(String::new())), Some(Cause::Limit(text)))
    }

    /// An error at the node that was looked at last.
    pub(super) fn error(&self, message: impl Into<String>) -> Box<ExecError> {
        ExecError::new(Some(self.frame(message.into())), None)
    }

    pub(super) fn frame(&self, message: String) -> Frame {
        Frame::new(
            Arc::clone(self.program),
            self.at,
            self.name.clone(),
            message,
        )
    }
}
