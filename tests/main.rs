//! The integration tests, one file for each subject.

mod bad_input;
mod diff;
mod differential;
mod functions;
mod generate;
mod par;
mod readme;
mod support;
mod tidy;
