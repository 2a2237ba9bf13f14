//! Go's `reflect.DeepEqual`.

use std::collections::HashSet;

use super::Value;

/// Bytes of a text that are compared in the time of a pair of values.
const TEXT_BYTES: usize = 512;

impl Value {
    /// Go's `reflect.DeepEqual`: types count, NaN differs from itself, nil maps differ from empty
    /// ones.
    ///
    /// Cyclic values are compared as Go does: a pair of containers under comparison counts as
    /// equal.
    pub fn deep_equal(&self, other: &Value) -> bool {
        self.deep_equal_counting(other, &mut 0)
    }

    /// The same; adds to `n_compared` the number of pairs that were compared, long texts counting
    /// as several.
    pub(crate) fn deep_equal_counting(&self, other: &Value, n_compared: &mut usize) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![(self.clone(), other.clone())];
        while let Some((a, b)) = open.pop() {
            *n_compared += 1;
            let equal = match (&a, &b) {
                (Value::Nil, Value::Nil) => true,
                (Value::Bool(a), Value::Bool(b)) => a == b,
                (Value::Int(a), Value::Int(b)) => a == b,
                (Value::Float(a), Value::Float(b)) => a == b,
                (Value::Str(a), Value::Str(b)) => {
                    *n_compared += a.len().min(b.len()) / TEXT_BYTES;
                    a == b
                }
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

#[cfg(test)]
mod tests {
    use crate::value::{Map, Value};

    fn cycle() -> Value {
        let map = Map::new();
        map.insert("self", map.clone().into()).unwrap();
        map.into()
    }

    #[test]
    fn cycles_end() {
        assert!(cycle().deep_equal(&cycle()));
        let wrapped = Map::new();
        wrapped.insert("self", cycle()).unwrap();
        assert!(cycle().deep_equal(&wrapped.into()));
    }

    #[test]
    fn deep_and_wide_values_are_compared_once() {
        let tower = || (0..200_000).fold(Value::Nil, |v, _| Value::list(vec![v.clone(), v]));
        assert!(tower().deep_equal(&tower()));
        assert!(!tower().deep_equal(&Value::list(vec![tower()])));
    }

    #[test]
    fn a_value_equals_itself_despite_nan_inside() {
        let list = Value::list(vec![f64::NAN.into()]);
        assert!(list.deep_equal(&list));
        assert!(!Value::from(f64::NAN).deep_equal(&f64::NAN.into()));
    }
}
