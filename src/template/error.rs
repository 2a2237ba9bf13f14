//! Why an execution failed, with Go's texts.

use std::fmt;

use super::func::FuncError;
use crate::value::quote::quote;

/// Marks around the message of `fail` and `required` in Go's text, as Helm puts them.
pub const FAIL_START: &str = "HELM_ERR_START";
/// The end of the marked message.
pub const FAIL_END: &str = "HELM_ERR_END";

/// Where a template failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the source that the failing node stands in.
    pub source: String,
    /// One-based line.
    pub line: usize,
    /// Zero-based column in bytes, as Go counts it.
    pub column: usize,
    /// The name of the executing template.
    pub template: String,
    /// The failing node in Go's canonical form.
    pub node: String,
}

/// A failed execution.
#[derive(Debug)]
pub enum ExecError {
    /// A node of a template failed.
    At {
        /// Where.
        place: Place,
        /// What happened.
        message: String,
        /// What a called function says, and its name.
        cause: Option<(String, Box<FuncError>)>,
    },
    /// No template of that name exists.
    NoTemplate(String),
}

impl ExecError {
    /// Go's text of the error, nested errors included; messages of `fail` stand between
    /// [`FAIL_START`] and [`FAIL_END`].
    pub fn go_text(&self) -> String {
        match self {
            ExecError::NoTemplate(name) => {
                let name = quote(name.as_bytes());
                format!("template: no template {name} associated with template \"gotpl\"")
            }
            ExecError::At {
                place,
                message,
                cause,
            } => {
                let Place {
                    source,
                    line,
                    column,
                    template,
                    node,
                } = place;
                let template = quote(template.as_bytes());
                let mut text = format!(
                    "template: {source}:{line}:{column}: executing {template} at <{node}>: "
                );
                match cause {
                    None => text.push_str(message),
                    Some((function, cause)) => {
                        text.push_str(&format!("error calling {function}: "));
                        text.push_str(&cause.go_text());
                    }
                }
                text
            }
        }
    }

    /// The texts of the chain of wrapped errors, outermost first, as `errors.Unwrap` gives them.
    pub fn chain(&self) -> Vec<String> {
        let mut out = vec![self.go_text()];
        if let ExecError::At {
            cause: Some((_, cause)),
            ..
        } = self
        {
            match &**cause {
                FuncError::Nested { prefix, error } => {
                    if !prefix.is_empty() {
                        out.push(cause.go_text());
                    }
                    out.extend(error.chain());
                }
                other => out.push(other.go_text()),
            }
        }
        out
    }

    /// The outermost place.
    pub fn place(&self) -> Option<&Place> {
        match self {
            ExecError::At { place, .. } => Some(place),
            ExecError::NoTemplate(_) => None,
        }
    }

    /// The innermost place: the node that really failed.
    pub fn innermost(&self) -> Option<&Place> {
        let ExecError::At { place, cause, .. } = self else {
            return None;
        };
        let inner = match cause {
            Some((_, cause)) => match &**cause {
                FuncError::Nested { error, .. } => error.innermost(),
                _ => None,
            },
            None => None,
        };
        inner.or(Some(place))
    }
}

impl FuncError {
    /// Go's text of the error.
    pub fn go_text(&self) -> String {
        match self {
            FuncError::Message(text) | FuncError::Limit(text) => text.clone(),
            FuncError::Fail(text) => format!("{FAIL_START}{text}{FAIL_END}"),
            FuncError::Nested { prefix, error } => format!("{prefix}{}", error.go_text()),
        }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.go_text())
    }
}

impl std::error::Error for ExecError {}
