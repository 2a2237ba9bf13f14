//! Meets chart, values and templates: what `helm template` prints.

pub mod errors;
