//! Regular expressions in RE2's dialect.

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
