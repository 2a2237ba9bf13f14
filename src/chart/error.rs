//! Why a chart cannot be loaded.

use std::error::Error;
use std::fmt;

use crate::diag::{Diagnostic, Location};
use crate::files::FileError;
use crate::helm::LogLine;

/// A chart that cannot be loaded, in Helm's words and with the place that is at fault.
#[derive(Debug)]
pub struct ChartError {
    kind: ChartErrorKind,
    message: String,
    location: Option<Box<Location>>,
    reason: Option<String>,
    source: Option<Box<FileError>>,
    log: Vec<LogLine>,
}

/// What is wrong with a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChartErrorKind {
    /// The disk or the way to the chart.
    File,
    /// The archive: its form, its names, its size.
    Archive,
    /// A file of the chart: metadata, values, ignore rules.
    Content,
}

impl ChartError {
    pub(crate) fn archive(message: impl Into<String>) -> ChartError {
        ChartError::new(ChartErrorKind::Archive, message)
    }

    pub(crate) fn content(message: impl Into<String>) -> ChartError {
        ChartError::new(ChartErrorKind::Content, message)
    }

    /// Makes an error of a text at fault, whose message gets `prefix` in front.
    pub(crate) fn text(prefix: &str, diagnostic: Diagnostic) -> ChartError {
        ChartError {
            location: diagnostic.location.map(Box::new),
            ..ChartError::content(format!("{prefix}: {}", diagnostic.message))
        }
    }

    /// Makes an error of a file with Helm's message for it.
    pub(crate) fn file(message: impl Into<String>, source: FileError) -> ChartError {
        ChartError {
            source: Some(Box::new(source)),
            ..ChartError::new(ChartErrorKind::File, message)
        }
    }

    fn new(kind: ChartErrorKind, message: impl Into<String>) -> ChartError {
        ChartError {
            kind,
            message: message.into(),
            location: None,
            reason: None,
            source: None,
            log: Vec::new(),
        }
    }

    /// Puts what was logged before the error with it.
    pub(crate) fn after(self, log: Vec<LogLine>) -> ChartError {
        ChartError { log, ..self }
    }

    /// Adds what Helm keeps to itself.
    pub(crate) fn because(mut self, reason: &str) -> ChartError {
        self.reason = Some(reason.to_owned());
        self
    }

    /// Puts `prefix` in front of the message, and the subchart's directory in front of the file.
    pub(crate) fn in_subchart(mut self, prefix: &str, directory: &str) -> ChartError {
        self.message = format!("{prefix}: {}", self.message);
        if let Some(at) = &mut self.location {
            at.file = format!("{directory}/{}", at.file);
        }
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> ChartErrorKind {
        self.kind
    }

    /// Helm's text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place at fault; its file is relative to the chart.
    pub fn location(&self) -> Option<&Location> {
        self.location.as_deref()
    }

    /// What Helm would have logged before it gave up.
    pub fn log(&self) -> &[LogLine] {
        &self.log
    }

    /// Makes the diagnostic that a user is shown.
    pub fn to_diagnostic(&self) -> Diagnostic {
        Diagnostic {
            location: self.location().cloned(),
            trace: self.reason.iter().cloned().collect(),
            ..Diagnostic::error(self.message.clone())
        }
    }
}

impl fmt::Display for ChartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ChartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|e| e.as_ref() as &dyn Error)
    }
}

impl From<FileError> for ChartError {
    fn from(error: FileError) -> ChartError {
        ChartError::file(error.to_string(), error)
    }
}
