//! Go's `reflect.DeepEqual`.

use std::collections::HashSet;

use super::Value;

impl Value {
    /// Go's `reflect.DeepEqual`: types count, NaN differs from itself, nil maps differ from empty
    /// ones.
    ///
    /// Cyclic values are compared as Go does: a pair of containers under comparison counts as
    /// equal.
    pub fn deep_equal(&self, other: &Value) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![(self.clone(), other.clone())];
        while let Some((a, b)) = open.pop() {
            let equal = match (&a, &b) {
                (Value::Nil, Value::Nil) => true,
                (Value::Bool(a), Value::Bool(b)) => a == b,
                (Value::Int(a), Value::Int(b)) => a == b,
                (Value::Float(a), Value::Float(b)) => a == b,
                (Value::Str(a), Value::Str(b)) => a == b,
                (Value::Object(a), Value::Object(b)) => a.deep_equal(b.as_ref()),
                (Value::List(a), Value::List(b)) => {
                    let alike = a.list_type() == b.list_type()
                        && a.is_nil() == b.is_nil()
                        && a.len() == b.len();
                    if alike && !a.same(b) && seen.insert((a.address(), b.address())) {
                        open.extend(a.items().iter().cloned().zip(b.items().iter().cloned()));
                    }
                    alike
                }
                (Value::Map(a), Value::Map(b)) => {
                    let alike = a.map_type() == b.map_type()
                        && a.is_nil() == b.is_nil()
                        && a.entries().keys().eq(b.entries().keys());
                    if alike && !a.same(b) && seen.insert((a.address(), b.address())) {
                        let (a, b) = (a.entries(), b.entries());
                        open.extend(a.values().cloned().zip(b.values().cloned()));
                    }
                    alike
                }
                _ => false,
            };
            if !equal {
                return false;
            }
        }
        true
    }
}
