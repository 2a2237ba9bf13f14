//! Many overlays at once.
//!
//! In: a directory in or above fleets, something to do for each overlay. Out: the overlays, sorted; the
//! results, in the order of the overlays. Refused: trees that are too large. An overlay that fails
//! hides none of the others, and a panic is the result of its own overlay only.

mod find;
mod pool;
mod shard;
mod tree;

pub use find::{Fleet, Member, at, find, names, path_of, within};
pub use pool::{Panicked, Progress, for_each, for_each_in_order};
pub use shard::Shard;
pub use tree::OutputTree;
