//! What one run may cost, and what it has cost so far.

use crate::limits;
use crate::value::Value;

use super::func::FuncError;

/// The bounds of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most evaluation steps; large arguments of functions count as several.
    pub steps: u64,
    /// Most bytes of output, those of nested executions counted again where they are printed.
    pub output_bytes: u64,
    /// Most bytes of values that functions make.
    pub value_bytes: u64,
    /// Deepest nesting of blocks, expressions and executions together.
    pub nesting: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            steps: limits::MAX_STEPS,
            output_bytes: limits::MAX_OUTPUT_BYTES,
            value_bytes: limits::MAX_VALUE_BYTES,
            nesting: limits::MAX_EXEC_NESTING,
        }
    }
}

/// A bound that was exceeded; its text says which.
#[derive(Debug)]
pub(super) struct Exceeded(pub(super) String);

impl From<Exceeded> for FuncError {
    fn from(exceeded: Exceeded) -> FuncError {
        FuncError::Limit(exceeded.0)
    }
}

/// The bounds and the use made of them.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    steps: u64,
    output_bytes: u64,
    value_bytes: u64,
    nesting: u32,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Budget {
        Budget {
            limits,
            steps: 0,
            output_bytes: 0,
            value_bytes: 0,
            nesting: 0,
        }
    }

    /// Counts `n` steps.
    pub(super) fn steps(&mut self, n: usize) -> Result<(), Exceeded> {
        let what = "evaluation steps";
        count(&mut self.steps, n, self.limits.steps, what)
    }

    /// Counts `n` bytes of output.
    pub(super) fn output(&mut self, n: usize) -> Result<(), Exceeded> {
        let what = "bytes of output";
        count(&mut self.output_bytes, n, self.limits.output_bytes, what)
    }

    /// Counts `n` bytes of values.
    pub(super) fn bytes(&mut self, n: usize) -> Result<(), Exceeded> {
        let what = "bytes of values";
        count(&mut self.value_bytes, n, self.limits.value_bytes, what)
    }

    /// Counts the memory of what a function returned as far as nobody else holds it: what is
    /// shared was counted when it was made.
    pub(super) fn value(&mut self, value: &Value) -> Result<(), Exceeded> {
        let mut open = Vec::new();
        self.bytes(own_bytes(value, &mut open))?;
        while let Some(value) = open.pop() {
            let mut bytes = 0;
            match &value {
                Value::List(list) => {
                    for item in list.items().iter() {
                        bytes += own_bytes(item, &mut open);
                    }
                }
                Value::Map(map) => {
                    for item in map.entries().values() {
                        bytes += own_bytes(item, &mut open);
                    }
                }
                _ => {}
            }
            self.bytes(bytes)?;
        }
        Ok(())
    }

    /// Enters `levels` more levels of nesting.
    pub(super) fn enter(&mut self, levels: u32) -> Result<(), Exceeded> {
        if self.nesting.saturating_add(levels) > self.limits.nesting {
            let limit = self.limits.nesting;
            return Err(Exceeded(format!(
                "templates and their blocks are nested more than {limit} deep"
            )));
        }
        self.nesting += levels;
        Ok(())
    }

    /// Leaves as many levels of nesting.
    pub(super) fn leave(&mut self, levels: u32) {
        self.nesting -= levels;
    }
}

/// The bytes of a value that nobody else holds, without those of its elements, for which it goes
/// to `open`.
fn own_bytes(value: &Value, open: &mut Vec<Value>) -> usize {
    const SLOT: usize = size_of::<Value>();
    let (slots, is_empty) = match value {
        Value::Str(text) if text.is_unique() => return text.len(),
        Value::List(list) if list.is_unique() => (list.n_slots(), list.n_slots() == 0),
        Value::Map(map) if map.is_unique() => (2 * map.len(), map.is_empty()),
        _ => return 0,
    };
    if !is_empty {
        open.push(value.clone());
    }
    slots * SLOT
}

fn count(used: &mut u64, n: usize, limit: u64, what: &str) -> Result<(), Exceeded> {
    *used = used.saturating_add(n as u64);
    if *used > limit {
        return Err(Exceeded(format!(
            "rendering takes more than {limit} {what}"
        )));
    }
    Ok(())
}
