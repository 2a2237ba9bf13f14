//! Types and kinds: `typeOf`, `kindIs`, `deepEqual`.

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];
