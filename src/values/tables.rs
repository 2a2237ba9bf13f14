//! Merging tables: values files over one another, and values over the defaults of charts.
//!
//! Values files are merged as [`Tree`]s. Defaults are merged as [`Map`]s, whose reference
//! semantics are Go's: which tables a parent and its subcharts share decides what `set` in a
//! template changes, and, since Helm merges in place, even what the merged values are.

use crate::helm::LogLine;
use crate::limits::{MAX_VALUES, MAX_YAML_DEPTH};
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

/// What merging one set of tables may cost, and the lines it logs.
///
/// Sharing can make tables that contain themselves or one another over and over; Helm then does
/// not come back.
#[derive(Debug)]
pub(crate) struct Merging {
    /// Lines for standard error.
    pub(crate) log: Vec<LogLine>,
    steps_left: usize,
    depth: usize,
}

impl Merging {
    pub(crate) fn new() -> Merging {
        Merging::within(MAX_VALUES)
    }

    /// Begins with what another merging has left.
    pub(crate) fn within(steps_left: usize) -> Merging {
        Merging {
            log: Vec::new(),
            steps_left,
            depth: 0,
        }
    }

    /// What a further merging may cost.
    pub(crate) fn steps_left(&self) -> usize {
        self.steps_left
    }

    /// Counts `n_values` that are copied.
    ///
    /// # Errors
    ///
    /// They are too many.
    pub(crate) fn count(&mut self, n_values: usize) -> Result<(), String> {
        let left = self.steps_left.checked_sub(n_values);
        self.steps_left = left.ok_or_else(too_large)?;
        Ok(())
    }

    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        self.log.push(LogLine::plain(text));
    }

    /// Merges the lower table `src` into the higher table `dst`; `path` leads to them in warnings.
    ///
    /// Like Helm's, this also writes the nulls of `dst` into `src`.
    ///
    /// # Errors
    ///
    /// The tables are too deep or too large.
    pub(crate) fn coalesce_tables(
        &mut self,
        dst: &Map,
        src: &Map,
        path: &str,
        nulls: Nulls,
    ) -> Result<(), String> {
        let defaults: Vec<(Str, Value)> = entries(src);
        self.count(defaults.len())?;
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
            self.coalesce_entry(dst, src, &key, &original, path, nulls)?;
        }
        Ok(())
    }

    fn coalesce_entry(
        &mut self,
        dst: &Map,
        src: &Map,
        key: &Str,
        original: &Value,
        path: &str,
        nulls: Nulls,
    ) -> Result<(), String> {
        // Looked up again: it may have become null just now.
        let Some(value) = src.get(key) else {
            return Ok(());
        };
        let Some(above) = dst.get(key) else {
            dst.entries_mut().insert(key.clone(), value);
            return Ok(());
        };
        let path = || join_path(path, &key.to_str_lossy());
        match (&above, &value) {
            (Value::Nil, _) if nulls == Nulls::Delete && !matches!(original, Value::Nil) => {
                dst.remove(key);
            }
            (Value::Map(above), Value::Map(below)) => {
                self.depth += 1;
                if self.depth > MAX_YAML_DEPTH {
                    return Err(too_large());
                }
                deep(|| self.coalesce_tables(above, below, &path(), nulls))?;
                self.depth -= 1;
            }
            (_, Value::Map(_)) => self.warn(format!(
                "warning: cannot overwrite table with non table for {} ({})",
                path(),
                display(&value)
            )),
            (Value::Map(_), Value::Nil) => {}
            (Value::Map(_), _) => self.warn(format!(
                "warning: destination for {} is a table. Ignoring non-table value ({})",
                path(),
                display(&value)
            )),
            _ => {}
        }
        Ok(())
    }
}

fn too_large() -> String {
    format!(
        "the values of the chart and its subcharts, into each of which globals are copied, are \
         nested too deeply or hold more than {MAX_VALUES} values"
    )
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
///
/// # Errors
///
/// The table is too deep or too large, as is one that contains itself.
pub fn freeze(table: &Map) -> Result<Tree, String> {
    let mut n_left = MAX_VALUES;
    freeze_table(table, 0, &mut n_left)
}

fn freeze_table(table: &Map, depth: usize, n_left: &mut usize) -> Result<Tree, String> {
    let entries = table.entries();
    let frozen: Result<TreeMap, String> = entries
        .iter()
        .map(|(key, value)| Ok((key.clone(), freeze_value(value, depth + 1, n_left)?)))
        .collect();
    frozen.map(Tree::map)
}

fn freeze_value(value: &Value, depth: usize, n_left: &mut usize) -> Result<Tree, String> {
    if depth > 2 * MAX_YAML_DEPTH || *n_left == 0 {
        return Err(too_large());
    }
    *n_left -= 1;
    Ok(match value {
        // Values hold no objects before templates run.
        Value::Nil | Value::Object(_) => Tree::Null,
        Value::Bool(b) => Tree::Bool(*b),
        Value::Int(n) => match n.wide().try_into() {
            Ok(n) => Tree::Int(n),
            Err(_) => Tree::Uint(n.to_i64() as u64),
        },
        Value::Float(f) => Tree::Float(*f),
        Value::Str(s) => Tree::Str(s.clone()),
        Value::List(items) => {
            let items = items.items();
            let frozen: Result<Vec<Tree>, String> = items
                .iter()
                .map(|item| deep(|| freeze_value(item, depth + 1, n_left)))
                .collect();
            Tree::list(frozen?)
        }
        Value::Map(table) => deep(|| freeze_table(table, depth, n_left))?,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n_entries: usize) -> Map {
        let entries = (0..n_entries).map(|n| (n.to_string().into(), Value::int(1)));
        entries.collect()
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        assert!(freeze_table(&table(3), 0, &mut 3).is_ok());
        assert_eq!(freeze_table(&table(4), 0, &mut 3), Err(too_large()));
        assert!(too_large().ends_with(&format!("hold more than {MAX_VALUES} values")));

        let mut merging = Merging::new();
        assert_eq!(merging.steps_left, MAX_VALUES);
        merging.steps_left = 3;
        let mut merge = |n| merging.coalesce_tables(&Map::new(), &table(n), "", Nulls::Keep);
        assert_eq!((merge(3), merge(1)), (Ok(()), Err(too_large())));
    }
}
