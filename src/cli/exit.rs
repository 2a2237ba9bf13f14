//! Exit codes and the one error type of the command edge.

use std::fmt;
use std::process::ExitCode;

use crate::diag::Diagnostic;

/// How a command that did not succeed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The command ran and the answer is no.
    No,
    /// The command line itself is wrong.
    Usage,
    /// A file, value or chart is wrong.
    Input,
    /// The outside world failed; another try may help.
    World,
}

impl Failure {
    /// The exit code.
    pub(super) fn code(self) -> u8 {
        match self {
            Failure::No => 1,
            Failure::Usage => 2,
            Failure::Input => 3,
            Failure::World => 4,
        }
    }

    /// The failure in one word.
    pub(super) fn outcome(self) -> &'static str {
        match self {
            Failure::No => "no",
            Failure::Usage => "usage",
            Failure::Input => "input",
            Failure::World => "world",
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
    /// An answer of no: a difference or a finding.
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

    /// The exit code of the process.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.failure.code())
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Error {
        Error::input(format!("{diagnostic:#}"))
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
