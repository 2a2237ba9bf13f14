//! The integration tests, one file for each subject.

mod bad_input;
mod differential;
mod fetch;
mod functions;
mod generate;
mod par;
mod readme;
mod server;
mod support;
mod tidy;
