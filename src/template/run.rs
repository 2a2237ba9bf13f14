//! Executions that belong together: the files of one render share their data and their budget.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

/// The levels of nesting that an execution counts for: it takes more stack than a block.
const EXECUTION_LEVELS: u32 = 4;

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
    number: u64,
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
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Run {
            set,
            host,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
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
        self.budget.enter(EXECUTION_LEVELS)?;
        let outer = std::mem::take(&mut self.out);
        let n_variables = self.variables.len();
        let dot = Datum::Interface(data).unwrapped();
        let result = nest::grow(|| Execution::new(self, template, 0).run(dot));
        self.variables.truncate(n_variables);
        let out = std::mem::replace(&mut self.out, outer);
        self.budget.leave(EXECUTION_LEVELS);
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
        // Parsing takes about as long as two bytes to a step.
        self.budget.steps(text.len() / 2)?;
        self.execute_text(text, data)
            .map(|out| strip_no_value(out).into())
    }

    fn spend(&mut self, steps: usize) -> Result<(), FuncError> {
        Ok(self.budget.steps(steps)?)
    }

    fn number(&self) -> u64 {
        self.number
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{
        MAX_ERROR_BYTES, MAX_EXEC_NESTING, MAX_EXPRESSION_DEPTH, MAX_OUTPUT_BYTES, MAX_PARSE_DEPTH,
        MAX_STEPS, MAX_VALUE_BYTES,
    };
    use crate::template::recorded::{FUNCTIONS, NoHost};
    use crate::template::{Functions, ParseError};
    use crate::value::Map;

    /// Little stack, so that recursion without a bound shows.
    fn on_small_stack<T: Send>(body: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(512 * 1024)
                .spawn_scoped(scope, body)
                .unwrap()
                .join()
                .unwrap()
        })
    }

    fn parse(text: &str) -> Result<TemplateSet, ParseError> {
        let mut set = TemplateSet::new("gotpl", Functions(FUNCTIONS));
        set.add("t", text)?;
        Ok(set)
    }

    fn render_within(text: &str, limits: Limits) -> Result<String, String> {
        on_small_stack(|| {
            let set = parse(text).map_err(|error| error.to_string())?;
            let mut run = Run::new(&set, &NoHost, limits);
            let data = Map::new();
            data.insert("self", data.clone().into()).unwrap();
            let result = run.execute("t", data.clone().into());
            data.remove(b"self");
            result
                .map(|out| String::from_utf8_lossy(&out).into_owned())
                .map_err(|error| error.go_text())
        })
    }

    fn render(text: &str) -> Result<String, String> {
        render_within(text, Limits::default())
    }

    fn nested(open: &str, inner: &str, close: &str, depth: usize) -> String {
        [&open.repeat(depth), inner, &close.repeat(depth)].concat()
    }

    fn error(text: &str) -> String {
        render(text).unwrap_err()
    }

    #[test]
    fn parentheses_nest_as_deep_as_in_go() {
        let text = |depth| format!("{{{{ {} }}}}", nested("(", "1", ")", depth));
        assert_eq!(render(&text(MAX_EXPRESSION_DEPTH)).unwrap(), "1");
        let error = error(&text(MAX_EXPRESSION_DEPTH + 1));
        assert_eq!(error, "template: t:1: max expression depth exceeded");
    }

    #[test]
    fn deep_nodes_are_shown() {
        let word = nested("(", "print 1 | 2x", ")", 100);
        assert!(error(&format!("{{{{ {word} }}}}")).contains("bad number syntax"));
        let word = nested("(", "errf `x`", ")", MAX_EXPRESSION_DEPTH - 1);
        let text = format!("{{{{ print 1 | print {word} }}}}");
        assert!(error(&text).ends_with("at <errf `x`>: error calling errf: x"));
        let word = nested("(", "1", ")", MAX_EXPRESSION_DEPTH - 1);
        let text = error(&format!("{{{{ {word} 2 }}}}"));
        assert!(text.contains("can't give argument to non-function (((((("));
    }

    #[test]
    fn blocks_nest_up_to_a_bound() {
        let text = |depth| nested("{{ if true }}", "x", "{{ end }}", depth);
        // The innermost `{{ end }}` is an action of its own.
        assert_eq!(render(&text(MAX_PARSE_DEPTH - 1)).unwrap(), "x");
        let error = error(&text(MAX_PARSE_DEPTH));
        assert!(error.contains("nested more than 10000 deep"), "{error}");
    }

    #[test]
    fn long_chains_of_else_if_are_no_trouble() {
        let chain = "{{ else if false }}".repeat(4000);
        let text = format!("{{{{ if false }}}}{chain}{{{{ else }}}}x{{{{ end }}}}");
        assert_eq!(render(&text).unwrap(), "x");
    }

    #[test]
    fn recursion_of_every_sort_ends() {
        let define = |body: &str| format!("{{{{ define \"a\" }}}}{body}{{{{ end }}}}");
        let deep = nested("{{ if true }}", "{{ template `a` . }}", "{{ end }}", 5);
        let text = define(&deep) + "{{ template `a` . }}";
        let limits = Limits {
            nesting: 10_000,
            ..Limits::default()
        };
        let error_of = render_within(&text, limits).unwrap_err();
        assert!(error_of.contains("nested more than 10000 deep"));

        let text = "{{ define `a` }}{{ tpl `{{ include \"b\" . }}` . }}{{ end }}\
            {{ define `b` }}{{ include `a` . }}{{ end }}{{ include `a` . }}";
        let text = error(text);
        assert!(text.contains("tpl") && text.len() <= MAX_ERROR_BYTES + 3);

        let names: String = (0..300)
            .map(|i| {
                format!(
                    "{{{{ define \"a{i}\" }}}}{{{{ include \"a{}\" . }}}}{{{{ end }}}}",
                    (i + 1) % 300
                )
            })
            .collect();
        let text = error(&(names + "{{ include `a0` . }}"));
        assert!(text.len() <= MAX_ERROR_BYTES + 3);
    }

    #[test]
    fn every_budget_has_an_edge() {
        let limits = Limits::default();
        assert_eq!(limits.steps, MAX_STEPS);
        assert_eq!(limits.output_bytes, MAX_OUTPUT_BYTES);
        assert_eq!(limits.value_bytes, MAX_VALUE_BYTES);
        assert_eq!(limits.nesting, MAX_EXEC_NESTING);
        let few_steps = Limits {
            steps: 100,
            ..limits
        };
        assert!(render_within("{{ range 20 }}{{ end }}", few_steps).is_ok());
        let error = render_within("{{ range 200 }}{{ end }}", few_steps).unwrap_err();
        assert!(error.ends_with("rendering takes more than 100 evaluation steps"));

        let short = Limits {
            output_bytes: 5,
            ..limits
        };
        assert_eq!(render_within("12{{ `345` }}", short).unwrap(), "12345");
        let error = render_within("12{{ `3456` }}", short).unwrap_err();
        assert!(error.ends_with("rendering takes more than 5 bytes of output"));
        let error = render_within("123456", short).unwrap_err();
        assert!(error.ends_with("rendering takes more than 5 bytes of output"));

        let small = Limits {
            value_bytes: 1000,
            ..limits
        };
        let doubling = |n| {
            let double = "{{ $x = print $x $x }}".repeat(n);
            format!("{{{{ $x := `x` }}}}{double}")
        };
        assert!(render_within(&doubling(8), small).is_ok());
        let error = render_within(&doubling(10), small).unwrap_err();
        assert!(error.ends_with("rendering takes more than 1000 bytes of values"));
        let lists = "{{ $x := list }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}";
        assert!(render_within(lists, small).is_err());

        let shallow = Limits {
            nesting: EXECUTION_LEVELS + 2,
            ..limits
        };
        assert!(render_within("{{ if true }}{{ (1) }}{{ end }}", shallow).is_ok());
        assert!(render_within("{{ if true }}{{ ((1)) }}{{ end }}", shallow).is_err());
    }

    #[test]
    fn budgets_are_shared_by_the_executions_of_a_run() {
        let set = parse("{{ range 20 }}{{ end }}").unwrap();
        let limits = Limits {
            steps: 100,
            ..Limits::default()
        };
        let mut run = Run::new(&set, &NoHost, limits);
        let mut n_done = 0;
        while run.execute("t", Value::Nil).is_ok() {
            n_done += 1;
        }
        assert!((2..=5).contains(&n_done), "{n_done}");
    }

    #[test]
    fn values_that_contain_themselves_print_with_an_end() {
        assert!(render("{{ len (print .) }}").is_ok());
        assert!(render("{{ . }}").is_ok());
        assert!(error("{{ eq . . }}").contains("non-comparable"));
        assert!(error("{{ range print . }}{{ end }}").len() <= MAX_ERROR_BYTES + 3);
    }

    #[test]
    fn deep_values_print_and_go() {
        let text = "{{ $x := list }}{{ range 300000 }}{{ $x = list $x }}{{ end }}{{ len $x }}";
        assert_eq!(render(text).unwrap(), "1");
        let text = "{{ $x := dict }}{{ range 100000 }}{{ $x = dict `a` $x }}{{ end }}\
            {{ len (print $x) }}";
        assert!(render(text).is_ok());
    }

    #[test]
    fn many_variables_are_counted() {
        let declare = "{{ $x := 1 }}".repeat(100_000);
        let text = format!("{declare}{{{{ range 1000 }}}}{{{{ if $ }}}}{{{{ end }}}}{{{{ end }}}}");
        let limits = Limits {
            steps: 1_000_000,
            ..Limits::default()
        };
        let error = render_within(&text, limits).unwrap_err();
        assert!(error.contains("evaluation steps"));
    }

    #[test]
    fn a_failed_execution_leaves_the_run_usable() {
        let mut set = parse("{{ range 2 }}{{ $x := 1 }}{{ include `nope` . }}{{ end }}").unwrap();
        set.add("u", "{{ $x := 1 }}u{{ $x }}").unwrap();
        let mut run = Run::new(&set, &NoHost, Limits::default());
        for _ in 0..3 {
            assert!(run.execute("t", Value::Nil).is_err());
            assert_eq!(run.execute("u", Value::Nil).unwrap(), b"u1");
        }
        assert!(run.execute("nope", Value::Nil).is_err());
    }

    #[test]
    fn what_is_no_template_is_refused_quickly() {
        for text in [
            "{{",
            "{{/*",
            "{{ (",
            "{{ `",
            "{{ \"",
            "{",
            "{{ $x := ",
            "{{ .a",
            "}}",
            "{{-",
        ] {
            let _ = on_small_stack(|| parse(&text.repeat(50_000)).map(|_| ()));
            let _ = on_small_stack(|| parse(&[text, &" \n".repeat(200_000)].concat()).map(|_| ()));
        }
    }

    #[test]
    fn sets_are_shared_between_threads() {
        fn shared<T: Send + Sync>(_: &T) {}
        shared(&parse("x").unwrap());
    }

    #[test]
    fn no_value_is_deleted_wherever_it_stands() {
        assert_eq!(
            strip_no_value(b"<no value>a<no <no value>value>".to_vec()),
            b"a<no value>"
        );
        assert_eq!(strip_no_value(b"abc".to_vec()), b"abc");
    }
}
