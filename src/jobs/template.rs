//! The `.j2` files: minijinja, strict about undefined names.

use std::cell::LazyCell;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use serde_json::{Map, Value as Json};

use super::declared::quote;
use crate::diag::Diagnostic;
use crate::limits::{MAX_JINJA_BYTES, MAX_JINJA_STEPS};

/// Steps that each rendering of a repeated template may take however often it is repeated.
const MIN_STEPS: u64 = 1_000;

/// What templates can refer to: `vars`, `values`, `release`, `chart`, `overlay`.
///
/// The data is made when the first template asks for it: most overlays have none.
pub struct Context<'a>(LazyCell<Made, Make<'a>>);

type Made = Result<Value, Box<Diagnostic>>;
type Make<'a> = Box<dyn FnOnce() -> Made + 'a>;

impl<'a> Context<'a> {
    /// Makes a context of the named data that `make` gives.
    pub fn new(make: impl FnOnce() -> Result<Json, Box<Diagnostic>> + 'a) -> Context<'a> {
        Context(LazyCell::new(Box::new(|| make().map(|data| value(&data)))))
    }

    fn value(&self) -> Made {
        LazyCell::force(&self.0).clone()
    }
}

/// Renders the template `text` of `file`.
///
/// # Errors
///
/// Points at the syntax error, the undefined name or the failing call; also when the template
/// takes too many steps or writes too much.
pub(super) fn render(
    text: &str,
    file: &str,
    context: &Context<'_>,
) -> Result<String, Box<Diagnostic>> {
    let names = context.value()?;
    let engine = engine(MAX_JINJA_STEPS);
    let mut out = Bounded(Vec::new());
    let done = engine
        .template_from_named_str(file, text)
        .and_then(|template| template.render_captured_to(names, &mut out).map(drop));
    finish(&engine, done, out, (file, text))
}

/// Renders the template `text` of `file` once for each of `items`, which it knows as `item`; the
/// bounds are for all of them together.
///
/// # Errors
///
/// As [`render`].
pub(super) fn render_each(
    text: &str,
    file: &str,
    context: &Context<'_>,
    items: Vec<Map<String, Json>>,
) -> Result<String, Box<Diagnostic>> {
    let shared = context.value()?;
    // The smallest useful template takes a few hundred steps.
    let n_items = u64::try_from(items.len()).unwrap_or(u64::MAX).max(1);
    let engine = engine((MAX_JINJA_STEPS / n_items).max(MIN_STEPS));
    let mut out = Bounded(Vec::new());
    let done = engine
        .template_from_named_str(file, text)
        .and_then(|template| {
            for item in items {
                let item = value(&Json::Object(item));
                let names = minijinja::context! { item, ..shared.clone() };
                template.render_captured_to(names, &mut out).map(drop)?;
                if out.0.last().is_some_and(|byte| *byte != b'\n') {
                    out.0.push(b'\n');
                }
            }
            Ok(())
        });
    finish(&engine, done, out, (file, text))
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

fn finish(
    engine: &Environment<'_>,
    done: Result<(), minijinja::Error>,
    out: Bounded,
    (file, text): (&str, &str),
) -> Result<String, Box<Diagnostic>> {
    if let Err(e) = done {
        let steps = engine.fuel().unwrap_or(u64::MAX);
        return Err(Box::new(point(&e, steps, file, text)));
    }
    String::from_utf8(out.0)
        .map_err(|_| Box::new(Diagnostic::error("the result is not UTF-8").in_file(file)))
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

fn point(error: &minijinja::Error, steps: u64, file: &str, text: &str) -> Diagnostic {
    let message = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => format!("the template takes more than {steps} steps"),
        (ErrorKind::WriteFailure, _) => {
            format!("the template writes more than {MAX_JINJA_BYTES} bytes")
        }
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    let expression = error.range().and_then(|range| text.get(range));
    let message = match (error.kind(), expression) {
        (ErrorKind::UndefinedError, Some(name)) if !name.contains('\n') => {
            format!("`{}` is not defined", name.trim())
        }
        _ => message,
    };
    let problem = Diagnostic::error(message);
    let problem = match error.kind() {
        ErrorKind::UndefinedError => problem.hint(
            "templates know `vars`, `values`, `release`, `chart` and `overlay`; use \
             `| default(…)` for what may be absent",
        ),
        ErrorKind::TemplateNotFound => problem.hint("templates cannot include other files"),
        _ => problem,
    };
    let Some(line) = error.line() else {
        return problem.in_file(file);
    };
    let column = error.range().map_or(0, |range| {
        let before = text.get(..range.start).unwrap_or_default();
        before.chars().rev().take_while(|c| *c != '\n').count() + 1
    });
    problem.at(file, line, column, text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_are_bounded() {
        let loops = "{% for i in range(1000) %}{{ i }}{% endfor %}";
        let steps = |steps| {
            let engine = engine(steps);
            let template = engine.template_from_named_str("a.j2", loops).unwrap();
            let mut out = Bounded(Vec::new());
            let done = template.render_captured_to((), &mut out).map(drop);
            finish(&engine, done, out, ("a.j2", loops)).map_err(|problem| problem.to_string())
        };
        let least = (1..100_000).find(|n| steps(100 * n).is_ok()).unwrap();
        assert!(least > 10, "loops cost steps: {least}");
        let problem = steps(100 * (least - 1)).unwrap_err();
        let bound = format!("the template takes more than {} steps", 100 * (least - 1));
        assert!(problem.contains(&bound), "{problem}");
        assert_eq!(engine(MAX_JINJA_STEPS).fuel(), Some(MAX_JINJA_STEPS));
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
