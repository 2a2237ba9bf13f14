//! Why a release cannot be rendered, in Helm's words and with the place in the chart.

use std::fmt;

use crate::chart::{Chart, ChartError};
use crate::diag::{Diagnostic, Location};
use crate::helm::{HelmCompat, LogLine};
use crate::template::{ExecError, FAIL_END, FAIL_START, ParseError};
use crate::value::Str;
use crate::yaml;

/// A release that cannot be rendered.
#[derive(Debug)]
pub struct Error {
    /// Helm's text.
    message: String,
    location: Option<Location>,
    /// Whether Helm adds its advice to use `--debug`.
    while_rendering: bool,
    /// What Helm would have logged before it gave up.
    pub log: Vec<LogLine>,
}

impl Error {
    /// Makes an error before anything is rendered.
    pub(super) fn before(message: impl Into<String>) -> Error {
        Error {
            message: message.into(),
            location: None,
            while_rendering: false,
            log: Vec::new(),
        }
    }

    /// Makes an error of the rendering step without a place.
    pub(super) fn rendering(message: impl Into<String>) -> Error {
        Error {
            while_rendering: true,
            ..Error::before(message)
        }
    }

    /// Makes the error of a template that does not parse.
    pub(super) fn parse(error: &ParseError, source: Option<&Str>) -> Error {
        let ParseError {
            name,
            line,
            message,
        } = error;
        // Helm cuts the message at its last colon.
        let last = message.rsplit(": ").next().unwrap_or(message);
        let text = format!("parse error at ({name}:{line}): {last}");
        let location = location(name, *line as usize, 0, source);
        Error {
            location: Some(location),
            ..Error::rendering(text)
        }
    }

    /// Makes the error of a template that fails.
    pub(super) fn exec(
        error: &ExecError,
        helm: HelmCompat,
        source: impl Fn(&str) -> Option<Str>,
    ) -> Error {
        let location = error.innermost().map(|place| {
            let text = source(&place.source);
            location(&place.source, place.line, place.column + 1, text.as_ref())
        });
        Error {
            location,
            ..Error::rendering(exec_text(error, helm))
        }
    }

    /// Makes the error of a document whose head cannot be read.
    pub(super) fn head(source: &str, document: &[u8], error: yaml::Error) -> Error {
        let text = Str::from(document);
        let location = (error.line > 0).then(|| {
            location(
                &format!("{source} (rendered)"),
                error.line,
                error.column,
                Some(&text),
            )
        });
        Error {
            location,
            ..Error::rendering(format!("YAML parse error on {source}: {error}"))
        }
    }

    /// Puts what was logged before the error with it.
    pub(super) fn after(self, log: Vec<LogLine>) -> Error {
        Error { log, ..self }
    }

    /// Helm's text, with its advice where Helm gives it.
    pub fn helm_text(&self) -> String {
        let advice = if self.while_rendering {
            "\n\nUse --debug flag to render out invalid YAML"
        } else {
            ""
        };
        format!("{}{advice}", self.message)
    }

    /// The message with its place in the chart.
    pub fn to_diagnostic(&self) -> Diagnostic {
        Diagnostic {
            location: self.location.clone(),
            ..Diagnostic::error(self.message.clone())
        }
    }
}

impl From<ChartError> for Error {
    fn from(error: ChartError) -> Error {
        Error {
            location: error.location().cloned(),
            ..Error::before(error.message())
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

fn location(file: &str, line: usize, column: usize, source: Option<&Str>) -> Location {
    let excerpt = source.zip(line.checked_sub(1)).and_then(|(text, line)| {
        let line = text.split(|b| *b == b'\n').nth(line)?;
        Some(String::from_utf8_lossy(line).into_owned())
    });
    Location {
        file: file.to_owned(),
        line,
        column,
        excerpt,
    }
}

/// The text of `name` in `chart` or its subcharts.
pub(super) fn template_source(chart: &Chart, name: &str) -> Option<Str> {
    let own = name
        .strip_prefix(chart.full_path.as_str())
        .and_then(|rest| rest.strip_prefix('/'));
    let found = own.and_then(|own| chart.templates.iter().find(|file| file.name == own));
    match found {
        Some(file) => Some(file.data.clone()),
        None => chart
            .charts
            .iter()
            .find_map(|sub| template_source(sub, name)),
    }
}

/// Helm's wording of a failed execution (`cleanupExecError`, `reformatExecErrorMsg`).
fn exec_text(error: &ExecError, helm: HelmCompat) -> String {
    let text = error.go_text();
    let Some(place) = error.place() else {
        return text;
    };
    let location = format!("{}:{}:{}", place.source, place.line, place.column);
    // `fail` and `required` speak to the user: their message alone, with the outermost place.
    if let (Some(start), Some(end)) = (text.find(FAIL_START), text.rfind(FAIL_END)) {
        let message = &text[start + FAIL_START.len()..end];
        return format!("execution error at ({location}): {message}");
    }
    match helm {
        HelmCompat::V3 => text,
        HelmCompat::V4 => blocks(&error.chain()).unwrap_or(text),
    }
}

/// Helm 4's block for each error of the chain; `None` unless every one has Go's form.
fn blocks(chain: &[String]) -> Option<String> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for text in chain {
        let block = Block::parse(text)?;
        if blocks.last() != Some(&block) {
            blocks.push(block);
        }
    }
    let text: String = blocks.iter().map(Block::to_string).collect();
    Some(text.trim().to_owned())
}

/// One error as Helm 4 takes it apart again (`parseTemplateExecErrorString`).
#[derive(Debug, PartialEq)]
struct Block<'t> {
    location: &'t str,
    executing: Option<(&'t str, &'t str)>,
    message: &'t str,
}

impl<'t> Block<'t> {
    fn parse(text: &'t str) -> Option<Block<'t>> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Block {
                location: "",
                executing: None,
                message: text,
            });
        }
        let cut = |message: &'t str| message.split(" template:").next().unwrap_or(message);
        if let Some((location, after)) = rest.split_once(": executing ")
            && let Some(block) = Block::executing(location, after)
        {
            return Some(block);
        }
        let (location, message) = rest.rsplit_once(": ")?;
        Some(Block {
            location,
            executing: None,
            message: cut(message),
        })
    }

    fn executing(location: &'t str, after: &'t str) -> Option<Block<'t>> {
        let (template, after) = after.strip_prefix('"')?.split_once('"')?;
        let (node, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        let message = message.split(" template:").next().unwrap_or(message);
        Some(Block {
            location,
            executing: Some((template, node)),
            message,
        })
    }
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.location.is_empty() {
            write!(f, "{}\n  ", self.location)?;
        }
        if let Some((template, node)) = self.executing {
            write!(f, "executing \"{template}\" at <{node}>:\n    ")?;
        }
        if !self.message.is_empty() {
            writeln!(f, "{}", self.message)?;
        }
        Ok(())
    }
}
