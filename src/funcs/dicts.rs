//! Maps: `dict`, `set`, `merge`, `dig`, …

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
