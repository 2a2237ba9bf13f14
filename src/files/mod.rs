//! Reading trees of files that nobody may leave, and writing files whole.
