//! The integration tests, one file for each subject.

mod bad_input;
mod bounds;
mod browser;
mod ci_docs;
mod cmp_burst;
mod cmp_server;
mod dependencies;
mod diff;
mod differential;
mod explain;
mod fetch;
mod fleet;
mod functions;
mod fuzz;
mod generate;
mod golden;
mod jobs;
mod network;
mod par;
mod plugin;
mod readme;
mod registry;
mod server;
mod support;
mod tidy;
mod wiring;
