//! One overlay end to end.
