//! The integration tests, one file for each subject.

mod differential;
mod fetch;
mod server;
mod support;
mod tidy;
