//! Complex constants such as `3i`: Go's templates have them, charts never use them.

use std::any::Any;

use crate::value::format::float;
use crate::value::{Kind, Object, Tree};

/// A `complex128`.
#[derive(Debug, PartialEq)]
pub(super) struct Complex {
    pub(super) re: f64,
    pub(super) im: f64,
}

impl Object for Complex {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Complex128
    }

    fn type_name(&self) -> &str {
        "complex128"
    }

    fn display(&self) -> Vec<u8> {
        let im = float(self.im);
        let sign = if im.starts_with(['+', '-']) { "" } else { "+" };
        format!("({}{sign}{im}i)", float(self.re)).into_bytes()
    }

    fn is_true(&self) -> bool {
        self.re != 0.0 || self.im != 0.0
    }

    fn json(&self) -> Result<Tree, String> {
        Err("json: unsupported type: complex128".to_owned())
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Complex>() == Some(self)
    }
}
