//! Executions that belong together: the files of one render share their data and their budget.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::Symbol;
use super::budget::{Budget, Limits};
use super::datum::Datum;
use super::error::{Cause, ExecError};
use super::exec::Execution;
use super::func::{FuncError, Host, Runtime};
use super::nest;
use super::parser;
use super::set::{Definitions, Template, TemplateSet};
use crate::limits::{MAX_INCLUDE_DEPTH, MAX_TPL_DEPTH};
use crate::value::quote::quote;
use crate::value::{Str, Value};

/// What Go prints for nil.
const NO_VALUE: &[u8] = b"<no value>";

/// A run of the templates of one set, one after another.
///
/// Missing keys of maps are nil (Go's `missingkey=zero`), and nil prints as `<no value>`.
///
/// ```
/// use jenkins_cmp::template::{Functions, Limits, Run, TemplateSet};
/// # use jenkins_cmp::template::Host;
/// # struct NoHost;
/// # impl Host for NoHost {
/// #     fn now(&self) -> (i64, u32) { (0, 0) }
/// #     fn random(&self, _: &str, out: &mut [u8]) { out.fill(0) }
/// #     fn time_zone(&self) -> String { "UTC".into() }
/// #     fn resolve(&self, _: &str) -> String { String::new() }
/// #     fn helm(&self) -> u8 { 4 }
/// # }
/// use jenkins_cmp::value::Value;
///
/// let mut set = TemplateSet::new("set", Functions(&[]));
/// set.add("a", "{{ range . }}<{{ . }}>{{ end }}").unwrap();
/// let mut run = Run::new(&set, &NoHost, Limits::default());
/// let data = Value::list(vec![Value::int(1), Value::from("b")]);
/// assert_eq!(run.execute("a", data).unwrap(), b"<1><b>");
/// ```
pub struct Run<'a> {
    set: &'a TemplateSet,
    host: &'a dyn Host,
    pub(super) budget: Budget,
    /// The definitions of the `tpl` texts under way, the innermost last.
    overlays: Vec<Definitions>,
    /// How many calls of `include` are under way for each name.
    includes: HashMap<Str, u32>,
    /// The variables of the executions under way, the innermost last.
    pub(super) variables: Vec<(Symbol, Datum)>,
    /// What the innermost execution has printed.
    pub(super) out: Vec<u8>,
}

impl<'a> Run<'a> {
    /// Starts a run of the templates of `set`.
    pub fn new(set: &'a TemplateSet, host: &'a dyn Host, limits: Limits) -> Run<'a> {
        Run {
            set,
            host,
            budget: Budget::new(limits),
            overlays: Vec::new(),
            includes: HashMap::new(),
            variables: Vec::new(),
            out: Vec::new(),
        }
    }

    /// Executes the template `name` with `data` and returns what it prints.
    ///
    /// # Errors
    ///
    /// There is no such template, or it failed, or a bound of the run was exceeded.
    pub fn execute(&mut self, name: &str, data: Value) -> Result<Vec<u8>, ExecError> {
        let Some(template) = self.template(name.as_bytes()) else {
            let cause = Cause::Message(self.no_template(name.as_bytes()));
            return Err(*ExecError::new(None, Some(cause)));
        };
        self.execute_template(&template, data)
            .map_err(|error| match error {
                FuncError::Nested { error, .. } => *error,
                FuncError::Message(text) => *ExecError::new(None, Some(Cause::Message(text))),
                FuncError::Fail(text) => *ExecError::new(None, Some(Cause::Fail(text))),
                FuncError::Limit(text) => *ExecError::new(None, Some(Cause::Limit(text))),
            })
    }

    /// The template `name`, as the innermost text sees it.
    pub(super) fn template(&self, name: &[u8]) -> Option<Template> {
        let overlays = self.overlays.iter().rev();
        overlays
            .filter_map(|overlay| overlay.get(name))
            .next()
            .or_else(|| self.set.get(name))
            .cloned()
    }

    pub(super) fn no_template(&self, name: &[u8]) -> String {
        let (name, set) = (quote(name), quote(self.set.name()));
        format!("template: no template {name} associated with template {set}")
    }

    /// Executes into a buffer of its own.
    fn execute_template(&mut self, template: &Template, data: Value) -> Result<Vec<u8>, FuncError> {
        self.budget.enter()?;
        let outer = std::mem::take(&mut self.out);
        let n_variables = self.variables.len();
        let dot = Datum::Interface(data).unwrapped();
        let result = nest::grow(|| Execution::new(self, template, 0).run(dot));
        self.variables.truncate(n_variables);
        let out = std::mem::replace(&mut self.out, outer);
        self.budget.leave();
        match result {
            Ok(()) => Ok(out),
            Err(error) => Err(FuncError::Nested {
                prefix: String::new(),
                error,
            }),
        }
    }

    /// Parses and executes `text` with what it defines in view.
    fn execute_text(&mut self, text: &Str, data: Value) -> Result<Vec<u8>, FuncError> {
        if self.overlays.len() >= MAX_TPL_DEPTH {
            return Err(FuncError::Limit(format!(
                "`tpl` is nested more than {MAX_TPL_DEPTH} deep"
            )));
        }
        let name = self.set.name();
        let program = parser::parse(name, text, self.set.functions())
            .map_err(|error| format!("cannot parse template {}: {error}", quote(text)))?;
        let program = Arc::new(program);
        let mut main = None;
        let mut overlay = Definitions::new();
        for definition in &program.definitions {
            let template = Template::new(&program, definition);
            let old = self.template(&definition.name);
            if old.is_none() || !template.is_empty() {
                overlay.insert(definition.name.clone(), template.clone());
            }
            if definition.name == *name {
                main = Some(template);
            }
        }
        let main = main.expect("the parser defines the text itself");
        self.overlays.push(overlay);
        let result = self.execute_template(&main, data);
        self.overlays.pop();
        match result {
            Err(FuncError::Nested { error, .. }) => {
                let text = quote(text);
                self.budget.bytes(text.len())?;
                Err(FuncError::Nested {
                    prefix: format!("error during tpl function execution for {text}: "),
                    error,
                })
            }
            result => result,
        }
    }
}

impl Runtime for Run<'_> {
    fn include(&mut self, name: &Str, data: Value) -> Result<Str, FuncError> {
        let active = self.includes.entry(name.clone()).or_default();
        if *active > MAX_INCLUDE_DEPTH {
            return Err(FuncError::Message(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        *active += 1;
        let result = match self.template(name) {
            Some(template) => self.execute_template(&template, data),
            None => Err(FuncError::Message(self.no_template(name))),
        };
        if let Some(active) = self.includes.get_mut(name) {
            *active -= 1;
        }
        result.map(Str::from)
    }

    fn tpl(&mut self, text: &Str, data: Value) -> Result<Str, FuncError> {
        if memchr::memmem::find(text, b"{{").is_none() {
            return Ok(match memchr::memmem::find(text, NO_VALUE) {
                Some(_) => strip_no_value(text.to_vec()).into(),
                None => text.clone(),
            });
        }
        self.budget.steps(text.len() / 16)?;
        self.execute_text(text, data)
            .map(|out| strip_no_value(out).into())
    }

    fn host(&self) -> &dyn Host {
        self.host
    }
}

/// Deletes every `<no value>`, as Helm does with what a file or `tpl` prints.
pub fn strip_no_value(text: Vec<u8>) -> Vec<u8> {
    let mut found = memchr::memmem::find_iter(&text, NO_VALUE).peekable();
    if found.peek().is_none() {
        drop(found);
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut start = 0;
    for at in found {
        out.extend_from_slice(&text[start..at]);
        start = at + NO_VALUE.len();
    }
    out.extend_from_slice(&text[start..]);
    out
}
