//! The integration tests, one file for each subject.

mod differential;
mod support;
mod tidy;
