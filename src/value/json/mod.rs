//! JSON as Go's `encoding/json` writes and reads it, and the detour through JSON that Helm's
//! `toYaml` takes.
//!
//! In: values and trees of any depth, text from charts. Out: bytes and trees, or Go's error texts.
//! Refuses NaN and infinities, cycles, and more output than [`limits`](crate::limits) allows.

mod decode;
mod detour;
mod encode;
#[cfg(test)]
pub(crate) mod rows;
mod text;

use std::fmt;

pub use decode::{Decoded, decode, decode_list, decode_map};
pub use detour::{detour, to_tree};
pub use encode::{Options, encode, encode_tree};
pub(crate) use text::valid_utf8;

/// Why a value could not be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value has no such form; the text is Go's.
    Unsupported(String),
    /// The output would exceed a named bound.
    Limit(String),
}

impl EncodeError {
    /// The error of an output beyond `limit` bytes.
    pub(crate) fn too_big(limit: usize) -> EncodeError {
        EncodeError::Limit(format!("the encoded value exceeds {limit} bytes"))
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (EncodeError::Unsupported(text) | EncodeError::Limit(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for EncodeError {}

impl From<EncodeError> for String {
    fn from(error: EncodeError) -> String {
        error.to_string()
    }
}
