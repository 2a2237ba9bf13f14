//! The integration tests, one file for each subject.

mod differential;
mod par;
mod support;
mod tidy;
