//! Go's `text/template`: text is parsed once into an immutable program, which is then executed
//! many times, also from several threads.
//!
//! In: a [`TemplateSet`] of texts, a table of functions, data, a [`Host`]. Out: bytes. Refused, with
//! Go's texts and positions: what Go refuses, and what exceeds a bound of [`Limits`].
//!
//! This module knows nothing of charts or YAML. Of Helm it knows the options it sets
//! (`missingkey=zero`) and what its `include` and `tpl` do; other functions come in a
//! [`func::Functions`] table, and what they need from the outside through the [`func::Host`] trait.

mod args;
mod ast;
mod budget;
mod builtins;
mod compare;
mod datum;
mod error;
mod eval;
mod exec;
pub mod func;
mod lexer;
mod literal;
mod nest;
mod parser;
mod print;
#[cfg(test)]
pub(crate) mod recorded;
mod run;
mod set;
mod token;

pub use budget::Limits;
pub(crate) use error::cut;
pub use error::{Cause, ExecError, Frame, ParseError};
pub use func::{Args, Call, FuncError, Function, Functions, Host, Operand, Param, Runtime, Work};
pub use run::{Run, strip_no_value};
pub use set::TemplateSet;
