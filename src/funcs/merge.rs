//! Merging of maps as `dario.cat/mergo` 1.0.1 does it for `merge` and `mergeOverwrite`.
//!
//! In: a destination, which is changed in place, and a source, whose maps the destination may come
//! to share. Refused: what makes mergo fail or panic, with its texts; with a limit: cyclic and
//! endlessly shared maps, which would exhaust Go's stack.

use crate::limits::{MAX_COPY_DEPTH, MAX_COPY_ITEMS};
use crate::template::FuncError;
use crate::value::{Kind, List, Map, MapType, Object, Value};

type Result<T = ()> = std::result::Result<T, Failure>;

/// Which side wins where both have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Winner {
    /// The destination, unless its value is empty.
    Destination,
    /// The source, even with an empty value.
    Source,
}

/// Why a merge failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// mergo returned an error, which `merge` hides and `mustMerge` reports.
    Refused(&'static str),
    /// Go panics, or a limit is reached: nothing hides that.
    Panic(FuncError),
}

impl From<String> for Failure {
    fn from(text: String) -> Failure {
        Failure::Panic(text.into())
    }
}

/// Merges `src` into `dst`; maps that are on both sides are merged in turn, lists never. Adds to
/// `n_entries` the number of entries that were visited.
///
/// # Errors
///
/// mergo's own error, the text of a Go panic, or a limit. What was merged before stays merged.
pub(crate) fn merge(dst: &Map, src: &Map, winner: Winner, n_entries: &mut usize) -> Result {
    Merger { winner, n_entries }.maps(dst, src, 0)
}

struct Merger<'a> {
    winner: Winner,
    n_entries: &'a mut usize,
}

impl Merger<'_> {
    fn maps(&mut self, dst: &Map, src: &Map, depth: usize) -> Result {
        if depth > MAX_COPY_DEPTH {
            return Err(limit(format!("nested deeper than {MAX_COPY_DEPTH}")));
        }
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            let keys: Vec<_> = src.entries().keys().cloned().collect();
            *self.n_entries = self.n_entries.saturating_add(keys.len());
            if *self.n_entries > MAX_COPY_ITEMS {
                return Err(limit(format!("of more than {MAX_COPY_ITEMS} entries")));
            }
            for key in keys {
                // The source may be part of the destination and change meanwhile.
                if let Some(theirs) = src.get(&key) {
                    self.entry(dst, src, &key, theirs, depth)?;
                }
            }
            Ok(())
        })
    }

    fn entry(&mut self, dst: &Map, src: &Map, key: &[u8], theirs: Value, depth: usize) -> Result {
        let overwrite = self.winner == Winner::Source;
        if matches!(theirs, Value::Nil) {
            return if overwrite {
                put(dst, src, key, theirs)
            } else {
                Ok(())
            };
        }
        let ours = dst.get(key);
        let kind = theirs.kind();
        match kind {
            Kind::Map | Kind::Struct | Kind::Ptr => {
                if let Some(ours) = &ours {
                    self.nested(ours, &theirs, depth + 1)?;
                }
            }
            Kind::Slice if matches!(dst.map_type(), MapType::Str) => {
                return Err(slice_into_strings(ours.is_some(), &theirs));
            }
            _ => {}
        }
        // Looked at only now: merging may have filled an empty map, which then stays.
        let ours = ours.filter(|ours| !is_empty(ours));
        match ours.map(|ours| ours.kind()) {
            Some(Kind::Map) if kind == Kind::Map => Ok(()),
            Some(_) if !overwrite => Ok(()),
            _ => put(dst, src, key, theirs),
        }
    }

    /// Merges a map, struct or pointer into what the destination has under the same key; only maps
    /// into maps change anything.
    fn nested(&mut self, ours: &Value, theirs: &Value, depth: usize) -> Result {
        match (ours, theirs) {
            (Value::Map(dst), _) if dst.is_nil() && theirs.kind() == Kind::Struct => {
                Err("reflect: call of reflect.Value.IsNil on struct Value"
                    .to_owned()
                    .into())
            }
            (Value::Map(dst), Value::Map(src)) if !dst.is_nil() => self.maps(dst, src, depth),
            (Value::Object(dst), _) if dst.kind() == Kind::Ptr => {
                self.check_pointer(&**dst, theirs)
            }
            _ => Ok(()),
        }
    }

    fn check_pointer(&self, dst: &dyn Object, theirs: &Value) -> Result {
        let is_nil = matches!(theirs, Value::Map(map) if map.is_nil());
        let is_pointee = dst.type_name().strip_prefix('*') == Some(theirs.type_name());
        let is_fine = is_nil || is_pointee || theirs.kind() == Kind::Ptr;
        if is_fine || self.winner == Winner::Source {
            return Ok(());
        }
        Err(Failure::Refused("src and dst must be of same type"))
    }
}

/// Sets an entry that comes from `src`.
fn put(dst: &Map, src: &Map, key: &[u8], value: Value) -> Result {
    let is_typed = |map: &Map| matches!(map.map_type(), MapType::Str);
    if is_typed(dst) && !is_typed(src) {
        return Err(not_assignable("interface {}").into());
    }
    dst.insert(key, value)?;
    Ok(())
}

fn slice_into_strings(is_present: bool, slice: &Value) -> Failure {
    if is_present {
        return "reflect: call of reflect.Value.IsNil on string Value"
            .to_owned()
            .into();
    }
    not_assignable(slice.type_name()).into()
}

fn not_assignable(type_name: &str) -> String {
    format!("reflect.Value.SetMapIndex: value of type {type_name} is not assignable to type string")
}

fn limit(what: String) -> Failure {
    Failure::Panic(FuncError::Limit(format!("`merge` of maps {what}")))
}

/// mergo's emptiness: zero values and empty containers; structs and pointers to them never.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Bool(b) => !b,
        Value::Int(n) => n.wide() == 0,
        Value::Float(f) => *f == 0.0,
        Value::Str(s) => s.is_empty(),
        Value::List(list) => List::is_empty(list),
        Value::Map(map) => Map::is_empty(map),
        Value::Object(object) => match object.kind() {
            Kind::Map => object.entries().is_some_and(|entries| entries.is_empty()),
            Kind::Slice => object.items().is_some_and(|items| items.is_empty()),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Str, Tree};
    use std::any::Any;

    fn map(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Map {
        entries
            .into_iter()
            .map(|(key, value)| (Str::from(key), value))
            .collect()
    }

    /// Maps inside one another, `depth` of them below the outermost.
    fn nested(depth: usize) -> Map {
        (0..depth).fold(map([("x", Value::int(1))]), |inner, _| {
            map([("a", inner.into())])
        })
    }

    fn is_limit(result: Result) -> bool {
        matches!(result, Err(Failure::Panic(FuncError::Limit(_))))
    }

    #[test]
    fn depth_is_bounded() {
        let merged = |depth| merge(&nested(depth), &nested(depth), Winner::Source, &mut 0);
        assert!(merged(MAX_COPY_DEPTH).is_ok());
        assert!(is_limit(merged(MAX_COPY_DEPTH + 1)));
    }

    #[test]
    fn cycles_end_in_an_error() {
        let (a, b) = (Map::new(), Map::new());
        a.insert("self", a.clone().into()).unwrap();
        b.insert("self", b.clone().into()).unwrap();
        assert!(is_limit(merge(&a, &b, Winner::Destination, &mut 0)));
        a.remove(b"self");
        b.remove(b"self");
    }

    #[test]
    fn repeated_sharing_ends_in_an_error() {
        let twice = || {
            (0..64).fold(map([("x", Value::int(1))]), |inner, _| {
                map([("a", inner.clone().into()), ("b", inner.into())])
            })
        };
        assert!(is_limit(merge(
            &twice(),
            &twice(),
            Winner::Destination,
            &mut 0
        )));
    }

    #[derive(Debug)]
    struct Thing(Kind, &'static str);

    impl Object for Thing {
        fn as_any(&self) -> &dyn Any {
            self
        }

        fn kind(&self) -> Kind {
            self.0
        }

        fn type_name(&self) -> &str {
            self.1
        }

        fn json(&self) -> std::result::Result<Tree, String> {
            Ok(Tree::Null)
        }

        fn deep_equal(&self, _: &dyn Object) -> bool {
            false
        }
    }

    #[test]
    fn pointers_refuse_maps_unless_the_source_wins() {
        let merged = |dst: &Value, src: &Value, winner| {
            let (dst, src) = (map([("a", dst.clone())]), map([("a", src.clone())]));
            merge(&dst, &src, winner, &mut 0)
                .map(|()| dst.get(b"a").unwrap().type_name().to_owned())
        };
        let thing = |kind, name| Value::from(std::rc::Rc::new(Thing(kind, name)));
        let pointer = thing(Kind::Ptr, "*t.T");
        let plain = Value::Map(Map::new());
        let refused = merged(&pointer, &plain, Winner::Destination).unwrap_err();
        assert!(matches!(
            refused,
            Failure::Refused("src and dst must be of same type")
        ));
        assert_eq!(
            merged(&pointer, &plain, Winner::Source).unwrap(),
            plain.type_name()
        );
        let pointee = thing(Kind::Struct, "t.T");
        assert_eq!(
            merged(&pointer, &pointee, Winner::Destination).unwrap(),
            "*t.T"
        );
        assert_eq!(merged(&pointee, &pointer, Winner::Source).unwrap(), "*t.T");
        let nil = Value::Map(Map::nil(MapType::Any));
        assert!(matches!(
            merged(&nil, &pointee, Winner::Source).unwrap_err(),
            Failure::Panic(FuncError::Message(text))
                if text == "reflect: call of reflect.Value.IsNil on struct Value"
        ));
    }
}
