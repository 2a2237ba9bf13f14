//! The integration tests, one file for each subject.

mod diff;
mod differential;
mod support;
mod tidy;
