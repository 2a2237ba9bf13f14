//! Maps: `dict`, `set`, `merge`, `dig`, …
//!
//! In: maps with string keys, which `set`, `unset` and `merge` change in place. Out: values, lists
//! of them, or maps; `keys` and `values` come in byte order of the keys, where Go's order is
//! random. Refused with Go's texts: writes to nil maps, wrong types on the way of `dig`; with a
//! limit: cyclic and endlessly shared values.

use crate::funcs::merge::{Failure, Winner, merge};
use crate::funcs::types::strval;
use crate::limits::{MAX_COPY_DEPTH, MAX_COPY_ITEMS};
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::{List, Map, MapType, Str, Value};

type Result<T = Value> = std::result::Result<T, FuncError>;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::run("deepCopy", &[Param::Any], deep_copy).constant(),
    Function::pure("dict", &[Param::Any], dict)
        .constant()
        .variadic(),
    Function::pure("dig", &[Param::Any], dig)
        .constant()
        .variadic(),
    Function::pure("get", &[Param::Map, Param::String], |args| {
        Ok(args.map(0).get(args.str(1)).unwrap_or_else(|| "".into()))
    })
    .constant(),
    Function::pure("hasKey", &[Param::Map, Param::String], |args| {
        Ok(Value::Bool(args.map(0).contains_key(args.str(1))))
    })
    .constant(),
    Function::pure("keys", &[Param::Map], keys).variadic(),
    Function::run("merge", &[Param::Map, Param::Map], |run, args| {
        hide_refusal(merge_all(run, args, Winner::Destination))
    })
    .constant()
    .variadic(),
    Function::run("mergeOverwrite", &[Param::Map, Param::Map], |run, args| {
        hide_refusal(merge_all(run, args, Winner::Source))
    })
    .constant()
    .variadic(),
    Function::run("mustDeepCopy", &[Param::Any], deep_copy).constant(),
    Function::run("mustMerge", &[Param::Map, Param::Map], |run, args| {
        show_refusal(merge_all(run, args, Winner::Destination))
    })
    .constant()
    .variadic(),
    Function::run(
        "mustMergeOverwrite",
        &[Param::Map, Param::Map],
        |run, args| show_refusal(merge_all(run, args, Winner::Source)),
    )
    .constant()
    .variadic(),
    Function::pure("omit", &[Param::Map, Param::String], omit).variadic(),
    Function::pure("pick", &[Param::Map, Param::String], pick).variadic(),
    Function::pure("pluck", &[Param::String, Param::Map], pluck)
        .constant()
        .variadic(),
    Function::pure("set", &[Param::Map, Param::String, Param::Any], |args| {
        args.map(0)
            .insert(args.str(1).clone(), args.any(2).clone())?;
        Ok(Value::Map(args.map(0).plain()))
    })
    .constant(),
    Function::pure("unset", &[Param::Map, Param::String], |args| {
        args.map(0).remove(args.str(1));
        Ok(Value::Map(args.map(0).plain()))
    })
    .constant(),
    Function::pure("values", &[Param::Map], |args| {
        Ok(Value::list(
            args.map(0).entries().values().cloned().collect(),
        ))
    }),
];

fn dict(args: Args<'_>) -> Result {
    let entries = args.rest(0).chunks(2).map(|pair| {
        let value = pair.get(1).cloned().unwrap_or_else(|| "".into());
        (strval(&pair[0]), value)
    });
    Ok(Value::Map(entries.collect()))
}

fn keys(args: Args<'_>) -> Result {
    let mut keys: Vec<Str> = Vec::new();
    for index in 0..args.len() {
        keys.extend(args.map(index).entries().keys().cloned());
    }
    Ok(Value::strings(keys))
}

fn pluck(args: Args<'_>) -> Result {
    let found = (1..args.len()).filter_map(|index| args.map(index).get(args.str(0)));
    Ok(Value::list(found.collect()))
}

fn pick(args: Args<'_>) -> Result {
    let picked: Map = (1..args.len())
        .filter_map(|index| {
            let key = args.str(index);
            Some((key.clone(), args.map(0).get(key)?))
        })
        .collect();
    Ok(Value::Map(picked))
}

fn omit(args: Args<'_>) -> Result {
    let mut entries = args.map(0).entries().clone();
    for index in 1..args.len() {
        entries.remove(args.str(index));
    }
    Ok(Value::Map(Map::with_type(MapType::Any, entries)))
}

/// `dig KEY… DEFAULT MAP`; the map must be a plain one, named types are refused as in Go.
fn dig(args: Args<'_>) -> Result {
    let [keys @ .., default, map] = args.rest(0) else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut map = plain_map(map)?;
    let keys: Vec<&Str> = keys
        .iter()
        .map(|key| key.as_str().ok_or_else(|| not_a(key, "string")))
        .collect::<Result<_>>()?;
    let (last, way) = keys.split_last().expect("there is at least one key");
    for key in way {
        let Some(next) = map.get(key) else {
            return Ok(default.clone());
        };
        map = plain_map(&next)?;
    }
    Ok(map.get(last).unwrap_or_else(|| default.clone()))
}

fn plain_map(value: &Value) -> Result<Map> {
    match value {
        Value::Map(map) if matches!(map.map_type(), MapType::Any) => Ok(map.clone()),
        other => Err(not_a(other, "map[string]interface {}")),
    }
}

/// Go's text for a failed type assertion.
fn not_a(value: &Value, wanted: &str) -> FuncError {
    let found = match value {
        Value::Nil => "nil",
        other => other.type_name(),
    };
    format!("interface conversion: interface {{}} is {found}, not {wanted}").into()
}

/// Merges all further maps into the first, or into a new one if that is nil.
fn merge_all(
    run: &mut dyn Runtime,
    args: Args<'_>,
    winner: Winner,
) -> std::result::Result<Value, Failure> {
    let mut dst = args.map(0).plain();
    for index in 1..args.len() {
        let src = args.map(index);
        if dst.is_nil() && !src.is_nil() {
            dst = Map::new();
        }
        let mut n_entries = 0;
        let merged = merge(&dst, src, winner, &mut n_entries);
        run.spend(n_entries).map_err(Failure::Panic)?;
        merged?;
    }
    Ok(Value::Map(dst))
}

/// `merge` and `mergeOverwrite` swallow errors, though not panics.
fn hide_refusal(merged: std::result::Result<Value, Failure>) -> Result {
    match merged {
        Err(Failure::Refused(_)) => Ok("".into()),
        Err(Failure::Panic(error)) => Err(error),
        Ok(value) => Ok(value),
    }
}

fn show_refusal(merged: std::result::Result<Value, Failure>) -> Result {
    merged.map_err(|failure| match failure {
        Failure::Refused(text) => text.into(),
        Failure::Panic(error) => error,
    })
}

fn deep_copy(run: &mut dyn Runtime, args: Args<'_>) -> Result {
    if matches!(args.any(0), Value::Nil) {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    let mut n_items = 0;
    let copied = copy(args.any(0), 0, &mut n_items);
    run.spend(n_items)?;
    copied
}

/// Copies maps and lists, each as often as it is met; other objects never change and are shared.
fn copy(value: &Value, depth: usize, n_items: &mut usize) -> Result {
    let limit = |what: String| Err(FuncError::Limit(format!("`deepCopy` of a value {what}")));
    let n_inside = match value {
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Object(object) => return Ok(object.deep_copied().unwrap_or(value.clone())),
        _ => return Ok(value.clone()),
    };
    *n_items = n_items.saturating_add(n_inside);
    if *n_items > MAX_COPY_ITEMS {
        return limit(format!("of more than {MAX_COPY_ITEMS} items"));
    }
    if depth > MAX_COPY_DEPTH {
        return limit(format!("nested deeper than {MAX_COPY_DEPTH}"));
    }
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
        Value::List(list) if !list.is_nil() => {
            let items = list.items();
            let copies = items.iter().map(|item| copy(item, depth + 1, n_items));
            Ok(Value::List(List::new(
                list.list_type(),
                copies.collect::<Result<_>>()?,
            )))
        }
        Value::Map(map) if !map.is_nil() => {
            let entries = map.entries();
            let copies = entries
                .iter()
                .map(|(key, item)| Ok((key.clone(), copy(item, depth + 1, n_items)?)));
            Ok(Value::Map(Map::with_type(
                map.map_type(),
                copies.collect::<Result<_>>()?,
            )))
        }
        other => Ok(other.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::replay::{self, FixedHost};
    use crate::value::Named;

    static NAMED: Named = Named {
        name: "common.Values",
        method: |_, _, _| None,
    };

    fn call(name: &str, args: &[Value]) -> Value {
        replay::call(&mut FixedHost::default(), name, args).unwrap()
    }

    #[test]
    fn named_maps_come_back_as_plain_ones() {
        let values = Map::with_type(MapType::Named(&NAMED), Default::default());
        for (name, args) in [
            (
                "set",
                vec![values.clone().into(), "a".into(), Value::int(1)],
            ),
            ("unset", vec![values.clone().into(), "b".into()]),
            ("merge", vec![values.clone().into()]),
            (
                "mergeOverwrite",
                vec![values.clone().into(), Map::new().into()],
            ),
        ] {
            let result = call(name, &args);
            assert_eq!(result.type_name(), "map[string]interface {}", "{name}");
            assert!(result.as_map().unwrap().same(&values), "{name}");
        }
        assert_eq!(
            call("deepCopy", &[values.clone().into()]).type_name(),
            "common.Values"
        );
        let error = dig(Args(&["a".into(), "d".into(), values.into()])).unwrap_err();
        assert!(matches!(
            error,
            FuncError::Message(text) if text
                == "interface conversion: interface {} is common.Values, not map[string]interface {}"
        ));
    }

    fn copied(value: Value) -> Result {
        deep_copy(&mut FixedHost::default(), Args(&[value]))
    }

    #[test]
    fn copies_end_at_the_limits() {
        let nested =
            |depth| (0..depth).fold(Value::list(Vec::new()), |inner, _| Value::list(vec![inner]));
        assert!(copied(nested(MAX_COPY_DEPTH)).is_ok());
        assert!(matches!(
            copied(nested(MAX_COPY_DEPTH + 1)),
            Err(FuncError::Limit(_))
        ));
        let wide = |n| Value::list(vec![Value::Nil; n]);
        assert!(copied(wide(MAX_COPY_ITEMS)).is_ok());
        assert!(matches!(
            copied(wide(MAX_COPY_ITEMS + 1)),
            Err(FuncError::Limit(_))
        ));
        let shared = (0..64).fold(Value::Nil, |inner, _| {
            Value::list(vec![inner.clone(), inner])
        });
        assert!(matches!(copied(shared), Err(FuncError::Limit(_))));
    }

    #[test]
    fn cyclic_values_are_not_copied() {
        let map = Map::new();
        map.insert("self", map.clone().into()).unwrap();
        assert!(matches!(
            copied(map.clone().into()),
            Err(FuncError::Limit(_))
        ));
        map.remove(b"self");
    }
}
