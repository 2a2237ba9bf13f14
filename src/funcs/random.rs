//! Random strings, numbers and UUIDs.

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
