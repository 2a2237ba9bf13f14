//! What is wrong with a YAML text.

use std::fmt;

use crate::diag::Diagnostic;

use super::token::Mark;

/// A refused YAML text: Go's wording and the true place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Go's text. The line in it follows Go's counting, which is often one too low or missing.
    pub message: String,
    /// One-based line where the problem is; 0 if unknown.
    pub line: usize,
    /// One-based column in characters; 0 if unknown.
    pub column: usize,
    step: Step,
}

/// The step of `sigs.k8s.io/yaml` that refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// YAML to JSON text.
    Convert,
    /// JSON text to Go values.
    Decode,
    /// None: a bound of ours is exceeded.
    Limit,
}

impl Error {
    /// Makes an error of the step from YAML to JSON.
    pub(super) fn convert(message: impl Into<String>) -> Error {
        Error {
            message: message.into(),
            line: 0,
            column: 0,
            step: Step::Convert,
        }
    }

    /// Makes an error of the step from JSON to values.
    pub(super) fn decode(message: impl Into<String>) -> Error {
        Error {
            step: Step::Decode,
            ..Error::convert(message)
        }
    }

    /// Makes an error of a text that exceeds a named bound.
    pub(super) fn limit(message: impl Into<String>) -> Error {
        Error {
            step: Step::Limit,
            ..Error::convert(message)
        }
    }

    /// Says whether the text may be YAML, but exceeds a named bound.
    pub fn exceeds_limit(&self) -> bool {
        self.step == Step::Limit
    }

    /// Makes an error of a value that its Go type refuses, as `yaml.Unmarshal` words it.
    pub(crate) fn refused(message: impl Into<String>) -> Error {
        Error::decode(message).prefixed()
    }

    /// Points at a place.
    pub(super) fn at(mut self, mark: Mark) -> Error {
        self.line = mark.line as usize + 1;
        self.column = mark.column as usize + 1;
        self
    }

    /// Puts before the message what `yaml.Unmarshal` puts before it.
    pub(super) fn prefixed(mut self) -> Error {
        let prefix = match self.step {
            Step::Convert | Step::Limit => "error converting YAML to JSON: ",
            Step::Decode => "error unmarshaling JSON: while decoding JSON: ",
        };
        self.message.insert_str(0, prefix);
        self
    }

    /// Makes a diagnostic that points into `file`, whose text is `source`.
    pub fn diagnostic(&self, file: impl Into<String>, source: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.message.clone());
        match self.line {
            0 => diagnostic.in_file(file),
            line => diagnostic.at(file, line, self.column, source),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
