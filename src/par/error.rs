//! Why nobody got in.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

/// A gate that cannot be opened or entered.
#[derive(Debug)]
#[non_exhaustive]
pub enum GateError {
    /// No slot came free in time.
    Timeout {
        /// How long the caller waited.
        waited: Duration,
        /// How many slots there are.
        n_slots: usize,
    },
    /// The state directory is given by a relative path, which means another one in each process.
    Relative {
        /// The path.
        path: PathBuf,
    },
    /// Others could tamper with the state directory.
    Unsafe {
        /// The state directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The state directory cannot be used.
    State {
        /// What failed, before the path.
        what: &'static str,
        /// The state directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GateError::Timeout { waited, n_slots } => write!(
                f,
                "no render slot came free within {} s; {} may be in use at once",
                waited.as_secs(),
                n_slots
            ),
            GateError::Relative { path } => {
                write!(
                    f,
                    "the state directory `{}` is not absolute",
                    path.display()
                )
            }
            GateError::Unsafe { path, reason } => {
                write!(f, "the state directory `{}`: {reason}", path.display())
            }
            GateError::State { what, path, source } => write!(
                f,
                "failed to {what} the state directory `{}`: {source}",
                path.display()
            ),
        }
    }
}

impl Error for GateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            GateError::State { source, .. } => Some(source),
            GateError::Timeout { .. } | GateError::Relative { .. } | GateError::Unsafe { .. } => {
                None
            }
        }
    }
}
