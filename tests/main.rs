//! The integration tests, one file for each subject.

mod bad_input;
mod charts;
mod cmp_server;
mod diff;
mod differential;
mod explain;
mod fetch;
mod fleet;
mod functions;
mod generate;
mod golden;
mod jobs;
mod par;
mod plugin;
mod readme;
mod server;
mod support;
mod template;
mod tidy;
mod wiring;
