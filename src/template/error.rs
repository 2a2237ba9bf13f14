//! What goes wrong when templates are parsed and executed.
//!
//! Errors keep their parts; [`fmt::Display`] gives Go's one-line text. Of a very long chain, such
//! as endless recursion leaves, the text shows the beginning only.

use std::fmt;
use std::sync::Arc;

use super::ast::{Id, Program};
use super::print;
use crate::limits::MAX_ERROR_BYTES;
use crate::value::Str;
use crate::value::quote::quote;

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The name of the text.
    pub name: String,
    /// One-based line.
    pub line: usize,
    /// Zero-based column in bytes.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl ParseError {
    pub(super) fn new(name: &Str, line: usize, column: usize, message: String) -> ParseError {
        ParseError {
            name: name.to_str_lossy().into_owned(),
            line,
            column,
            message,
        }
    }
}

impl fmt::Display for ParseError {
    /// Writes Go's text, which has no column: `template: NAME:LINE: MESSAGE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ParseError {
            name,
            line,
            message,
            ..
        } = self;
        write!(f, "template: {name}:{line}: {message}")
    }
}

impl std::error::Error for ParseError {}

/// Why an execution failed: where, in a chain through nested executions, and the cause.
pub struct ExecError {
    /// Innermost first.
    frames: Vec<Frame>,
    cause: Option<Cause>,
}

/// What made the innermost frame fail, beyond what its own message says.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The error of a function, or that there is no template of the wanted name.
    Message(String),
    /// A message that the author of the template wrote for the user.
    Fail(String),
    /// A bound was exceeded.
    Limit(String),
}

/// One execution in the chain: the node that failed, and how.
pub struct Frame {
    program: Arc<Program>,
    node: Id,
    template: Str,
    message: String,
    prefix: String,
}

impl ExecError {
    /// The executions that failed, the outermost first; empty when no template of the wanted name
    /// exists.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = &Frame> {
        self.frames.iter().rev()
    }

    /// What made the innermost frame fail.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Go's text: one line unless a name or a message has several.
    pub fn go_text(&self) -> String {
        let mut text = String::new();
        for frame in self.frames() {
            text.push_str(&frame.own_text());
            text.push_str(&frame.prefix);
            if text.len() > MAX_ERROR_BYTES {
                break;
            }
        }
        if let Some(Cause::Message(words) | Cause::Fail(words) | Cause::Limit(words)) = &self.cause
        {
            text.push_str(words);
        }
        cut(text)
    }

    pub(super) fn new(frame: Option<Frame>, cause: Option<Cause>) -> Box<ExecError> {
        Box::new(ExecError {
            frames: Vec::from_iter(frame),
            cause,
        })
    }

    /// Adds the execution that called the failed one.
    pub(super) fn push(&mut self, frame: Frame) {
        self.frames.push(frame);
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.go_text())
    }
}

impl fmt::Debug for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExecError").field(&self.go_text()).finish()
    }
}

impl std::error::Error for ExecError {}

impl Frame {
    pub(super) fn new(program: Arc<Program>, node: Id, template: Str, message: String) -> Frame {
        Frame {
            program,
            node,
            template,
            message,
            prefix: String::new(),
        }
    }

    /// Puts words between this frame's message and the text of the next.
    pub(super) fn with_prefix(mut self, prefix: String) -> Frame {
        self.prefix = prefix;
        self
    }

    /// The name of the text that the node stands in.
    pub fn file(&self) -> String {
        self.program.name.to_str_lossy().into_owned()
    }

    /// The one-based line and the zero-based column, in bytes, of the node.
    pub fn line_and_column(&self) -> (usize, usize) {
        self.program
            .line_and_column(self.program.node(self.node).position)
    }

    /// `FILE:LINE:COLUMN` as Go writes it.
    pub fn location(&self) -> String {
        let (line, column) = self.line_and_column();
        format!("{}:{line}:{column}", self.file())
    }

    /// The text of the line that the node stands in.
    pub fn source_line(&self) -> String {
        let (line, _) = self.line_and_column();
        String::from_utf8_lossy(self.program.line(line)).into_owned()
    }

    /// The name of the template that was executed.
    pub fn template(&self) -> &Str {
        &self.template
    }

    /// The node in Go's canonical form.
    pub fn node(&self) -> String {
        let text = print::node(&self.program, self.node, MAX_ERROR_BYTES);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// What is wrong; ends in `error calling NAME: ` if a further frame or the cause follows.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What stands between the message and the next frame's text: empty for `include`, Helm's
    /// words for `tpl`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Go's text of this frame without what follows from others.
    pub fn own_text(&self) -> String {
        format!(
            "template: {}: executing {} at <{}>: {}",
            self.location(),
            quote(&self.template),
            self.node(),
            self.message
        )
    }
}

/// Shortens the text of an endless chain of errors to [`MAX_ERROR_BYTES`].
pub(crate) fn cut(mut text: String) -> String {
    if text.len() > MAX_ERROR_BYTES {
        let end = (0..=MAX_ERROR_BYTES)
            .rev()
            .find(|&end| text.is_char_boundary(end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Frame").field(&self.own_text()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_beyond_the_bound() {
        let most = "é".repeat(MAX_ERROR_BYTES / 2);
        assert_eq!(cut(most.clone()), most);
        let more = cut(format!("{most}x"));
        assert_eq!(more, format!("{most}…"));
        let odd = cut(format!("x{most}"));
        assert_eq!(odd.len(), MAX_ERROR_BYTES - 1 + '…'.len_utf8());
    }
}
