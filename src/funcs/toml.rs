//! TOML as the package `BurntSushi/toml` writes and reads it.
//!
//! In: any value, or text from a chart. Out: text with keys in byte order and sub-tables after
//! scalars, or a map whose dates are `time.Time` objects. Refuses, in Go's words, what Go refuses, and
//! values nested over 10,000 deep.

mod decode;
mod encode;
mod scan;

use crate::template::FuncError;

pub(super) use decode::decode;
pub(super) use encode::encode;

/// Why a value could not be encoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Error {
    /// Go returns an error; the text is Go's.
    Refused(String),
    /// Go panics; the text is Go's.
    Panic(String),
    /// A named bound was exceeded.
    Limit(String),
}

impl From<Error> for FuncError {
    fn from(error: Error) -> FuncError {
        match error {
            Error::Refused(text) | Error::Panic(text) => FuncError::Message(text),
            Error::Limit(text) => FuncError::Limit(text),
        }
    }
}
