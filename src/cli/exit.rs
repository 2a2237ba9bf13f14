//! Exit codes and the one error type of the command edge.

use std::fmt;
use std::process::ExitCode;

use crate::diag::Diagnostic;

/// The length of the beginning and of the end of a message that stay, in bytes.
const MAX_HALF: usize = 1500;

/// How a command that did not succeed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The answer is no.
    No,
    /// The command line itself is wrong.
    Usage,
    /// A file, value or chart is wrong.
    Input,
    /// The outside world failed; another try may help.
    World,
    /// A bug of ours.
    Bug,
}

impl Failure {
    /// The exit code.
    pub(super) fn code(self) -> u8 {
        match self {
            Failure::No => 1,
            Failure::Usage => 2,
            Failure::Input => 3,
            Failure::World => 4,
            Failure::Bug => 70,
        }
    }

    /// The failure in one word.
    pub(super) fn outcome(self) -> &'static str {
        match self {
            Failure::No => "no",
            Failure::Usage => "usage",
            Failure::Input => "input",
            Failure::World => "world",
            Failure::Bug => "bug",
        }
    }
}

/// A failed command: the exit code and the message for standard error.
#[derive(Debug)]
pub(super) struct Error {
    /// Decides the exit code.
    pub(super) failure: Failure,
    /// The message, complete but for the final line end.
    pub(super) message: String,
}

impl Error {
    /// The answer is no.
    pub(super) fn no(message: impl Into<String>) -> Error {
        Error {
            failure: Failure::No,
            message: message.into(),
        }
    }

    /// A wrong command line.
    pub(super) fn usage(message: impl Into<String>) -> Error {
        Error {
            failure: Failure::Usage,
            message: message.into(),
        }
    }

    /// A wrong file, value or chart.
    pub(super) fn input(message: impl Into<String>) -> Error {
        Error {
            failure: Failure::Input,
            message: message.into(),
        }
    }

    /// A failure of the outside world.
    pub(super) fn world(message: impl Into<String>) -> Error {
        Error {
            failure: Failure::World,
            message: message.into(),
        }
    }

    /// The error with the middle of a long message left out: Argo CD stores and shows all of it.
    pub(super) fn shortened(mut self) -> Error {
        let length = self.message.len();
        if length > 2 * MAX_HALF {
            let is_boundary = |at: &usize| self.message.is_char_boundary(*at);
            let head = (0..=MAX_HALF).rev().find(is_boundary).unwrap_or(0);
            let tail = (length - MAX_HALF..=length).find(is_boundary);
            let tail = tail.unwrap_or(length);
            self.message.replace_range(head..tail, " … ");
        }
        self
    }

    /// The exit code of the process.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.failure.code())
    }
}

/// What fails at the edge without a text of the user's at fault is the outside world's.
impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Error {
        Error::world(format!("{error:#}"))
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Error {
        let message = format!("{diagnostic:#}");
        match diagnostic.outside {
            true => Error::world(message),
            false => Error::input(message),
        }
    }
}

impl From<Box<Diagnostic>> for Error {
    fn from(diagnostic: Box<Diagnostic>) -> Error {
        Error::from(*diagnostic)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
