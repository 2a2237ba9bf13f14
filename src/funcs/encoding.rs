//! Encodings and checksums: base64, base32, SHA, Adler-32.

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
