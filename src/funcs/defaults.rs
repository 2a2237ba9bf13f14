//! Emptiness and selection: `default`, `empty`, `coalesce`, `ternary`, …

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
