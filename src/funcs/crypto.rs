//! Certificates, keys, password hashes, AES.

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
