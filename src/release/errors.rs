//! Why a release cannot be rendered, in Helm's words and with the place in the chart.

use std::fmt;

use crate::chart::ChartError;
use crate::diag::{Diagnostic, Location};
use crate::helm::{HelmCompat, LogLine};
use crate::template::{ExecError, ParseError};
use crate::value::Str;
use crate::yaml;

use super::words;

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
    pub(super) fn parse(error: &ParseError, source: &Str) -> Error {
        let location = location(&error.name, error.line, 0, Some(source));
        Error {
            location: Some(location),
            ..Error::rendering(words::parse_text(error))
        }
    }

    /// Makes the error of a template that fails.
    pub(super) fn exec(error: &ExecError, helm: HelmCompat) -> Error {
        let text = match helm {
            HelmCompat::V3 => words::helm3_text(error),
            HelmCompat::V4 => words::helm4_text(error),
        };
        let location = error.frames().last().map(|frame| {
            let (line, column) = frame.line_and_column();
            let excerpt = Some(frame.source_line());
            Location {
                file: frame.file(),
                line,
                column: column + 1,
                excerpt,
            }
        });
        Error {
            location,
            ..Error::rendering(text)
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
