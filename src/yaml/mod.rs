//! YAML as Helm reads and writes it: the YAML 1.1 engine of go-yaml v2, byte for byte.

mod emit;
mod implicit;
mod order;
mod pretty;
mod style;
mod write;

pub use pretty::write_pretty;
pub use write::{marshal, marshal_value, write};
