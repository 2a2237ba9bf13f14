//! The `.j2` files: minijinja, strict about undefined names.

use std::borrow::Cow;
use std::cell::{LazyCell, RefCell};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, Template, UndefinedBehavior, Value, context};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::declared::quote;
use super::worker::{self, Worker};
use crate::app::Allowance;
use crate::diag::Diagnostic;
use crate::limits::{MAX_JINJA_BYTES, MAX_JINJA_STEPS, MAX_OVERLAY_JINJA_STEPS};

/// Steps that each rendering of a repeated template may take however often it is repeated.
const MIN_STEPS: u64 = 1_000;

/// Most characters of what minijinja says that a message repeats.
const MAX_MESSAGE_CHARS: usize = 500;

/// What templates can refer to: `vars`, `values`, `release`, `chart`, `overlay`.
///
/// The data is made when the first template asks for it: most overlays have none.
pub struct Context<'a> {
    session: LazyCell<Made, Make<'a>>,
    allowance: Allowance,
}

type Made = Result<RefCell<Session>, Box<Diagnostic>>;
type Make<'a> = Box<dyn FnOnce() -> Made + 'a>;

/// Where templates are rendered.
enum Session {
    /// In this process, as it suits a library.
    Here(Renderer),
    /// In one of its own.
    Apart(Worker),
}

impl<'a> Context<'a> {
    /// Makes a context of the named data that `make` gives.
    pub fn new(make: impl FnOnce() -> Result<Json, Box<Diagnostic>> + 'a) -> Context<'a> {
        let start = || {
            let names = make()?;
            let session = match worker::start(&names)? {
                Some(worker) => Session::Apart(worker),
                None => Session::Here(Renderer::new(&names)),
            };
            Ok(RefCell::new(session))
        };
        Context {
            session: LazyCell::new(Box::new(start)),
            allowance: Allowance::default(),
        }
    }

    /// What the files of the overlay, and what they give, may still take.
    pub fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    fn run(&self, task: &Task<'_>) -> Result<String, Box<Diagnostic>> {
        let session = LazyCell::force(&self.session).as_ref();
        let session = session.map_err(|problem| problem.clone())?;
        let outcome = match &mut *session.borrow_mut() {
            Session::Here(renderer) => renderer.run(task),
            Session::Apart(worker) => worker
                .run(task)
                .map_err(|problem| Box::new(problem.in_file(&*task.file)))?,
        };
        match outcome {
            Outcome::Text(text) => Ok(text),
            Outcome::Problem(problem) => Err(Box::new(problem.diagnostic(&task.file, &task.text))),
        }
    }
}

/// Renders the template `text` of `file`.
///
/// # Errors
///
/// Points at the syntax error, the undefined name or the failing call; also when the template
/// takes too many steps, too much time or memory, or writes too much.
pub(super) fn render(
    text: &str,
    file: &str,
    context: &Context<'_>,
) -> Result<String, Box<Diagnostic>> {
    context.run(&Task {
        file: file.into(),
        text: text.into(),
        each: None,
    })
}

/// Renders the template `text` of `file` once for each of `combinations`, which it knows as `item`;
/// the bounds are for all of them together.
///
/// # Errors
///
/// As [`render`].
pub(super) fn render_each(
    text: &str,
    file: &str,
    context: &Context<'_>,
    combinations: Combinations,
) -> Result<String, Box<Diagnostic>> {
    context.run(&Task {
        file: file.into(),
        text: text.into(),
        each: Some(combinations),
    })
}

/// A template to render.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Task<'t> {
    file: Cow<'t, str>,
    text: Cow<'t, str>,
    each: Option<Combinations>,
}

/// What a template is repeated for: each of `items` with one value of each axis.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Combinations {
    pub(super) items: Vec<Map<String, Json>>,
    pub(super) axes: Vec<(String, Vec<Json>)>,
}

impl Combinations {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        let lengths = self.axes.iter().map(|(_, values)| values.len());
        lengths.fold(self.items.len(), usize::saturating_mul)
    }

    /// What the template knows as `item`, one combination after the other; the last axis changes
    /// first. They share their values.
    fn values(&self) -> impl Iterator<Item = Value> {
        let pairs = |item: &Map<String, Json>| -> Vec<(Value, Value)> {
            let pairs = item.iter();
            let pairs = pairs.map(|(key, item)| (Value::from(key.as_str()), value(item)));
            pairs.collect()
        };
        let items: Vec<Vec<(Value, Value)>> = self.items.iter().map(pairs).collect();
        let axes = self.axes.iter().map(|(name, values)| {
            let values: Vec<Value> = values.iter().map(value).collect();
            (Value::from(name.as_str()), values)
        });
        let axes: Vec<(Value, Vec<Value>)> = axes.collect();
        (0..self.count()).map(move |mut at| {
            let mut chosen = Vec::with_capacity(axes.len());
            for (name, values) in axes.iter().rev() {
                chosen.push((name.clone(), values[at % values.len()].clone()));
                at /= values.len();
            }
            // An axis takes the place of an entry of its name.
            Value::from_pairs(items[at].iter().cloned().chain(chosen))
        })
    }
}

/// What came of a template.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// The result.
    Text(String),
    /// There is none.
    Problem(Problem),
}

/// What is wrong with a template.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Problem {
    message: String,
    hint: Option<String>,
    /// Line and column, the latter 0 when only the line is known.
    place: Option<(usize, usize)>,
}

impl Problem {
    fn diagnostic(self, file: &str, text: &str) -> Diagnostic {
        let mut problem = Diagnostic::error(self.message);
        problem.hints.extend(self.hint);
        match self.place {
            Some((line, column)) => problem.at(file, line, column, text),
            None => problem.in_file(file),
        }
    }
}

/// Renders the templates of one overlay, which all know the same names.
pub(super) struct Renderer {
    names: Value,
    steps_left: u64,
}

impl Renderer {
    /// Makes a renderer of templates that know `names`.
    pub(super) fn new(names: &Json) -> Renderer {
        Renderer {
            names: value(names),
            steps_left: MAX_OVERLAY_JINJA_STEPS,
        }
    }

    /// Renders a template.
    pub(super) fn run(&mut self, task: &Task<'_>) -> Outcome {
        // The smallest useful template takes a few hundred steps.
        let most = match &task.each {
            None => MAX_JINJA_STEPS,
            Some(each) => (MAX_JINJA_STEPS / each.count().max(1) as u64).max(MIN_STEPS),
        };
        let engine = engine(most.min(self.steps_left));
        let mut out = Bounded(Vec::new());
        let template = engine.template_from_named_str(&task.file, &task.text);
        let done = template.and_then(|template| match &task.each {
            None => self.one(&template, self.names.clone(), &mut out),
            Some(each) => each.values().try_for_each(|item| {
                let names = context! { item, ..self.names.clone() };
                self.one(&template, names, &mut out)?;
                if out.0.last().is_some_and(|byte| *byte != b'\n') {
                    out.0.push(b'\n');
                }
                Ok(())
            }),
        });
        let problem = |message: String| Problem {
            message,
            hint: None,
            place: None,
        };
        match (done, String::from_utf8(out.0)) {
            (Ok(()), Ok(text)) => Outcome::Text(text),
            (Ok(()), Err(_)) => Outcome::Problem(problem("the result is not UTF-8".to_owned())),
            (Err(e), _) if e.kind() == ErrorKind::OutOfFuel => {
                let message = match self.steps_left.checked_sub(most) {
                    Some(_) => format!("the template takes more than {most} steps"),
                    None => format!(
                        "the templates of the overlay take more than {MAX_OVERLAY_JINJA_STEPS} steps"
                    ),
                };
                Outcome::Problem(Problem {
                    message,
                    ..point(&e, &task.text)
                })
            }
            (Err(e), _) => Outcome::Problem(point(&e, &task.text)),
        }
    }

    fn one(
        &mut self,
        template: &Template<'_, '_>,
        names: Value,
        out: &mut Bounded,
    ) -> Result<(), minijinja::Error> {
        let done = template.render_captured_to(names, out)?;
        let consumed = done.state().fuel_levels().map_or(0, |(n, _)| n);
        self.steps_left = self
            .steps_left
            .checked_sub(consumed)
            .ok_or(ErrorKind::OutOfFuel)?;
        Ok(())
    }
}

/// An engine that takes at most `steps` for a template.
fn engine(steps: u64) -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
    engine.set_syntax(syntax.expect("the delimiters are the default ones"));
    engine.set_fuel(Some(steps));
    engine.set_debug(true);
    engine.add_filter("groovy", |text: String| quote(&text));
    engine
}

fn value(data: &Json) -> Value {
    match data {
        Json::Null => Value::from(()),
        Json::Bool(b) => Value::from(*b),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Value::from(n),
            (None, Some(n)) => Value::from(n),
            (None, None) => Value::from(n.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
        Json::Object(entries) => Value::from_pairs(
            entries
                .iter()
                .map(|(key, item)| (key.as_str(), value(item))),
        ),
    }
}

/// A writer that fails before it holds too much.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + data.len() > MAX_JINJA_BYTES {
            return Err(std::io::Error::other("the result is too large"));
        }
        self.0.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn point(error: &minijinja::Error, text: &str) -> Problem {
    let message = match (error.kind(), error.detail()) {
        (ErrorKind::WriteFailure, _) => {
            format!("the template writes more than {MAX_JINJA_BYTES} bytes")
        }
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    let expression = error.range().and_then(|range| text.get(range));
    let mut message = match (error.kind(), expression) {
        (ErrorKind::UndefinedError, Some(name)) if !name.contains('\n') => {
            format!("`{}` is not defined", name.trim())
        }
        _ => message,
    };
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_CHARS) {
        message.replace_range(end.., "…");
    }
    let hint = match error.kind() {
        ErrorKind::UndefinedError => Some(
            "templates know `vars`, `values`, `release`, `chart` and `overlay`; use \
             `| default(…)` for what may be absent",
        ),
        ErrorKind::TemplateNotFound => Some("templates cannot include other files"),
        _ => None,
    };
    let column = error.range().map_or(0, |range| {
        let before = text.get(..range.start).unwrap_or_default();
        before.chars().rev().take_while(|c| *c != '\n').count() + 1
    });
    Problem {
        message,
        hint: hint.map(str::to_owned),
        place: error.line().map(|line| (line, column)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task(text: &str) -> Task<'_> {
        Task {
            file: "a.j2".into(),
            text: text.into(),
            each: None,
        }
    }

    fn run(renderer: &mut Renderer, task: &Task<'_>) -> Result<String, String> {
        match renderer.run(task) {
            Outcome::Text(text) => Ok(text),
            Outcome::Problem(problem) => Err(problem.message),
        }
    }

    #[test]
    fn steps_are_bounded() {
        let steps = |n: u64| {
            let mut renderer = Renderer::new(&json!({}));
            let inner = format!("{{% for b in range({n}) %}}{{% endfor %}}");
            let text = format!("{{% for a in range(1000) %}}{inner}{{% endfor %}}");
            run(&mut renderer, &task(&text)).map(|_| MAX_OVERLAY_JINJA_STEPS - renderer.steps_left)
        };
        let (ten, twenty) = (steps(10).unwrap(), steps(20).unwrap());
        let most = 10 + (MAX_JINJA_STEPS - 1 - ten) / ((twenty - ten) / 10);
        assert!(steps(most).unwrap() < MAX_JINJA_STEPS);
        let problem = steps(most + 1).unwrap_err();
        let bound = format!("the template takes more than {MAX_JINJA_STEPS} steps");
        assert_eq!(problem, bound);
    }

    #[test]
    fn steps_of_all_templates_are_bounded() {
        let mut renderer = Renderer::new(&json!({}));
        let text = "{% for i in range(100) %}{{ i }}{% endfor %}";
        let task = task(text);
        assert!(run(&mut renderer, &task).is_ok());
        let each = MAX_OVERLAY_JINJA_STEPS - renderer.steps_left;
        assert!(each > 100, "loops cost steps: {each}");
        // The engine stops where nothing is left.
        renderer.steps_left = each + 1;
        assert!(run(&mut renderer, &task).is_ok());
        assert_eq!(renderer.steps_left, 1);
        let problem = run(&mut renderer, &task).unwrap_err();
        let bound =
            format!("the templates of the overlay take more than {MAX_OVERLAY_JINJA_STEPS} steps");
        assert_eq!(problem, bound);
    }

    #[test]
    fn combinations_share_their_values() {
        let each = Combinations {
            items: vec![
                Map::from_iter([("a".to_owned(), json!(1)), ("b".to_owned(), json!("x"))]),
                Map::from_iter([("a".to_owned(), json!(2))]),
            ],
            axes: vec![
                ("b".to_owned(), vec![json!("y"), json!("z")]),
                ("c".to_owned(), vec![json!(3), json!(4)]),
            ],
        };
        assert_eq!(each.count(), 8);
        let text = "{{ item.a }}{{ item.b }}{{ item.c }}";
        let task = Task {
            each: Some(each),
            ..task(text)
        };
        let result = run(&mut Renderer::new(&json!({})), &task);
        assert_eq!(result.unwrap(), "1y3\n1y4\n1z3\n1z4\n2y3\n2y4\n2z3\n2z4\n");
    }

    #[test]
    fn results_are_bounded() {
        let context = Context::new(|| Ok(json!({})));
        let lines = |n: usize| {
            let text = format!("{{% for i in range({n}) %}}{{{{ 'x' * 1024 }}}}{{% endfor %}}");
            render(&text, "a.groovy.j2", &context).map(|result| result.len())
        };
        let most = MAX_JINJA_BYTES / 1024;
        assert_eq!(lines(most), Ok(MAX_JINJA_BYTES));
        let problem = lines(most + 1).unwrap_err().to_string();
        assert!(
            problem.contains(&format!("writes more than {MAX_JINJA_BYTES} bytes")),
            "{problem}"
        );
    }
}
