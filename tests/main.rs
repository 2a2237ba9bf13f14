//! The integration tests, one file for each subject.

mod cmp_server;
mod differential;
mod plugin;
mod support;
mod tidy;
mod wiring;
