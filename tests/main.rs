//! The integration tests, one file for each subject.

mod bad_input;
mod cmp_server;
mod differential;
mod fetch;
mod functions;
mod generate;
mod jobs;
mod par;
mod plugin;
mod readme;
mod server;
mod support;
mod tidy;
mod wiring;
