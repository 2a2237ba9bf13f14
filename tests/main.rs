//! The integration tests, one file for each subject.

mod differential;
mod explain;
mod fleet;
mod golden;
mod support;
mod tidy;
