//! Helm's own functions: `include`, `tpl`, `required`, `fail`, `lookup`.

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
