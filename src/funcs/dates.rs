//! Dates, durations and time zones.

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
