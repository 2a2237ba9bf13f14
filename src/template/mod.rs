//! Go's `text/template`: text is parsed once into an immutable program, which is then executed
//! many times, also from several threads.
//!
//! This module knows nothing of Helm, charts or YAML: functions come in a [`func::Functions`]
//! table, and what they need from the outside through the [`func::Host`] trait.

pub mod func;

pub use func::{Args, Call, FuncError, Function, Functions, Host, Operand, Param, Runtime};

/// Why an execution failed.
#[derive(Debug)]
pub struct ExecError {}
