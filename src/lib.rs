//! Renders Jenkins controllers for Argo CD in-process, byte for byte as Helm does.
//!
//! The way of the data: settings → values → chart → templates → manifests → patches → stdout.

pub mod app;
pub mod chart;
pub mod cli;
pub mod diag;
pub mod fetch;
pub mod files;
pub mod fleet;
pub mod funcs;
pub mod golden;
pub mod helm;
pub mod jobs;
pub mod limits;
pub mod manifest;
pub mod metrics;
pub mod par;
pub mod patch;
pub mod plugin;
pub mod release;
pub mod render;
pub mod report;
pub mod secret;
pub mod store;
pub mod template;
pub mod value;
pub mod values;
pub mod wiring;
pub mod yaml;
