//! Merging tables: values files over one another, and values over the defaults of charts.
//!
//! Values files are merged as [`Tree`]s. Defaults are merged as [`Map`]s, whose reference
//! semantics are Go's: which tables a parent and its subcharts share decides what `set` in a
//! template changes, and, since Helm merges in place, even what the merged values are.

use crate::helm::LogLine;
use crate::value::{Map, Str, Tree, TreeMap, Value, format};

/// What a null in the higher table does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// It deletes the default (Helm: coalesce).
    Delete,
    /// It stays, to delete later (Helm: merge).
    Keep,
}

/// Merges `over` into `base` as later values files are merged into earlier ones: maps are merged,
/// everything else is replaced, also by null.
pub fn merge(base: &mut TreeMap, over: &TreeMap) {
    deep(|| {
        for (key, value) in over {
            match (base.get_mut(key), value) {
                (Some(Tree::Map(below)), Tree::Map(above)) => {
                    merge(std::sync::Arc::make_mut(below), above);
                }
                _ => {
                    base.insert(key.clone(), value.clone());
                }
            }
        }
    });
}

/// Merges the lower table `src` into the higher table `dst`; `path` leads to them in warnings.
///
/// Like Helm's, this also writes the nulls of `dst` into `src`.
pub(crate) fn coalesce_tables(
    dst: &Map,
    src: &Map,
    path: &str,
    nulls: Nulls,
    log: &mut Vec<LogLine>,
) {
    let defaults: Vec<(Str, Value)> = entries(src);
    let unset: Vec<Str> = dst
        .entries()
        .iter()
        .filter(|(_, value)| matches!(value, Value::Nil))
        .map(|(key, _)| key.clone())
        .collect();
    for key in unset {
        src.entries_mut().insert(key, Value::Nil);
    }
    for (key, original) in defaults {
        // Looked up again: it may have become null just now.
        let Some(value) = src.get(&key) else { continue };
        let Some(above) = dst.get(&key) else {
            dst.entries_mut().insert(key, value);
            continue;
        };
        match (&above, &value) {
            (Value::Nil, _) if nulls == Nulls::Delete && !matches!(original, Value::Nil) => {
                dst.remove(&key);
            }
            (Value::Map(above), Value::Map(below)) => {
                let path = join_path(path, &key.to_str_lossy());
                deep(|| coalesce_tables(above, below, &path, nulls, log));
            }
            (_, Value::Map(_)) => log.push(LogLine::plain(format!(
                "warning: cannot overwrite table with non table for {} ({})",
                join_path(path, &key.to_str_lossy()),
                display(&value)
            ))),
            (Value::Map(_), Value::Nil) => {}
            (Value::Map(_), _) => log.push(LogLine::plain(format!(
                "warning: destination for {} is a table. Ignoring non-table value ({})",
                join_path(path, &key.to_str_lossy()),
                display(&value)
            ))),
            _ => {}
        }
    }
}

/// Removes null entries from a table and the tables in it, but not from lists.
pub(crate) fn clean_nulls(table: &Map) {
    table
        .entries_mut()
        .retain(|_, value| !matches!(value, Value::Nil));
    for (_, value) in entries(table) {
        if let Value::Map(inner) = value {
            deep(|| clean_nulls(&inner));
        }
    }
}

/// Makes a table with the same entries, which stay shared.
pub(crate) fn shallow_copy(table: &Map) -> Map {
    entries(table).into_iter().collect()
}

/// The entries as they are now.
pub(crate) fn entries(table: &Map) -> Vec<(Str, Value)> {
    table
        .entries()
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Makes the immutable form of a table of plain data.
pub fn freeze(table: &Map) -> Tree {
    let entries = table.entries();
    Tree::map(
        entries
            .iter()
            .map(|(key, value)| (key.clone(), freeze_value(value)))
            .collect(),
    )
}

fn freeze_value(value: &Value) -> Tree {
    match value {
        // Values hold no objects before templates run.
        Value::Nil | Value::Object(_) => Tree::Null,
        Value::Bool(b) => Tree::Bool(*b),
        Value::Int(n) => match n.wide().try_into() {
            Ok(n) => Tree::Int(n),
            Err(_) => Tree::Uint(n.to_i64() as u64),
        },
        Value::Float(f) => Tree::Float(*f),
        Value::Str(s) => Tree::Str(s.clone()),
        Value::List(items) => deep(|| Tree::list(items.items().iter().map(freeze_value).collect())),
        Value::Map(table) => deep(|| freeze(table)),
    }
}

/// Joins a dotted path and a key.
pub(crate) fn join_path(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// Runs one level of a recursion over values, which may be nested deeper than the native stack.
pub(crate) fn deep<R>(level: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, level)
}

fn display(value: &Value) -> String {
    String::from_utf8_lossy(&format::display(value)).into_owned()
}
