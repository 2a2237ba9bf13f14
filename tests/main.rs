//! The integration tests, one file for each subject.

mod differential;
mod jobs;
mod support;
mod tidy;
