//! Go's `text/template`: text is parsed once into an immutable tree, which is then executed many
//! times, also from several threads.
//!
//! In: texts with names, data. Out: bytes, or an error with Go's text and its place. Missing map
//! keys are nil (`missingkey=zero`), as in Helm.
//!
//! This module knows nothing of Helm, charts or YAML: functions come in a [`Functions`] table, and
//! what they need from the outside through the [`Host`] trait.

mod ast;
mod builtins;
mod complex;
mod error;
mod eval;
mod exec;
mod func;
mod lexer;
mod literal;
mod operand;
mod parser;
mod set;

pub use error::{ExecError, FAIL_END, FAIL_START, Place};
pub use exec::{Executor, without_no_value};
pub use func::{Args, Call, FuncError, Function, Functions, Host, Operand, Param, Runtime};
pub use parser::ParseError;
pub use set::TemplateSet;
