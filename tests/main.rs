//! The integration tests, one file for each subject.

mod bad_input;
mod differential;
mod functions;
mod generate;
mod readme;
mod par;
mod support;
mod tidy;
