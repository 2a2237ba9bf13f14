//! Room on the native stack for recursion whose depth is bounded elsewhere.

/// Stack that must be left before a nested call: enough for any function that a template calls.
const RED_ZONE: usize = 256 * 1024;
/// The size of each further piece of stack.
const PIECE: usize = 2 * 1024 * 1024;

/// Calls `body`, on a further piece of stack if little is left.
pub(super) fn grow<T>(body: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RED_ZONE, PIECE, body)
}
