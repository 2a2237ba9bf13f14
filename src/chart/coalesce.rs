//! Values over the defaults of a chart and its subcharts.
//!
//! The result is made of [`Map`]s that share tables exactly as Go's do: a subchart's values are
//! the very table under its name in the parent's values, and what is below the first level of
//! `global` is one table for the parent and its subcharts. So it is both the final text of the
//! values and the mutable form that templates see.

use super::Chart;
use crate::helm::{HelmCompat, LogLine};
use crate::value::{Map, MapType, Str, Tree, Value, printf};
use crate::values::{Merging, Nulls, clean_nulls, deep, entries, join_path, shallow_copy};

const GLOBAL: &[u8] = b"global";

/// How many values a table counts for that is copied: so much memory does even a small one take.
const VALUES_OF_TABLE: usize = 16;

/// Merges `user` over the defaults of `chart`, whose dependencies have been processed, and of its
/// subcharts.
///
/// The result is the root chart's `.Values`, a `map[string]interface {}`; a subchart's are the map
/// under its name. Lines for standard error are added to `log`, also before an error.
///
/// # Errors
///
/// Helm's text when the values hold something else than a table under a subchart's name.
///
/// ```
/// # use jenkins_cmp::chart::{coalesce, load_archive};
/// # fn f(chart: &jenkins_cmp::chart::Chart) -> Result<(), String> {
/// use jenkins_cmp::helm::HelmCompat;
/// use jenkins_cmp::value::Tree;
///
/// let values = coalesce(chart, &Tree::empty_map(), HelmCompat::V4, &mut Vec::new())?;
/// assert!(values.contains_key(b"replicas"));
/// # Ok(()) }
/// ```
pub fn coalesce(
    chart: &Chart,
    user: &Tree,
    helm: HelmCompat,
    log: &mut Vec<LogLine>,
) -> Result<Map, String> {
    let mut merging = Merging::new();
    let values = coalesce_layer(&chart, user, Nulls::Delete, helm, &mut merging);
    log.append(&mut merging.log);
    values
}

/// A chart as far as coalescing sees it, finished or still being processed.
pub(super) trait Layer: Sized {
    fn name(&self) -> &str;
    fn defaults(&self) -> &Tree;
    fn children(&self) -> Vec<Self>;
}

impl Layer for &Chart {
    fn name(&self) -> &str {
        &self.metadata.name
    }

    fn defaults(&self) -> &Tree {
        &self.values
    }

    fn children(&self) -> Vec<Self> {
        self.charts.iter().collect()
    }
}

/// Merges `user` over the defaults of `layer` and everything in it.
pub(super) fn coalesce_layer(
    layer: &impl Layer,
    user: &Tree,
    nulls: Nulls,
    helm: HelmCompat,
    merging: &mut Merging,
) -> Result<Map, String> {
    let mut run = Run {
        nulls,
        helm,
        merging,
    };
    let values = thaw(user);
    run.chart(layer, &values, "")?;
    Ok(values)
}

struct Run<'l> {
    nulls: Nulls,
    helm: HelmCompat,
    merging: &'l mut Merging,
}

impl Run<'_> {
    /// Completes `values`, those of `layer`; `path` leads to its parent in warnings.
    fn chart(&mut self, layer: &impl Layer, values: &Map, path: &str) -> Result<(), String> {
        let path = join_path(path, layer.name());
        let children = layer.children();
        self.merging.count(n_values(layer.defaults()))?;
        for (key, default) in entries(&thaw(layer.defaults())) {
            let is_subchart = children.iter().any(|sub| sub.name().as_bytes() == &*key);
            self.default(values, key, default, is_subchart, &path)?;
        }
        for sub in &children {
            let name = sub.name().as_bytes();
            let below = match values.get(name) {
                Some(Value::Map(below)) => below,
                Some(other) => {
                    return Err(format!(
                        "type mismatch on {}: {}",
                        sub.name(),
                        String::from_utf8_lossy(&printf::sprintf(b"%t", &[other]))
                    ));
                }
                None => {
                    let below = Map::new();
                    put(values, name.into(), Value::Map(below.clone()));
                    below
                }
            };
            self.globals(&below, values, &path)?;
            self.chart(sub, &below, &path)?;
        }
        Ok(())
    }

    /// Puts one entry of the defaults under the values.
    fn default(
        &mut self,
        values: &Map,
        key: Str,
        default: Value,
        is_subchart: bool,
        path: &str,
    ) -> Result<(), String> {
        let strip = self.nulls == Nulls::Delete && self.helm == HelmCompat::V4;
        match (values.get(&key), default) {
            (Some(Value::Nil), _) if self.nulls == Nulls::Delete => {
                values.remove(&key);
            }
            (Some(Value::Map(above)), Value::Map(below)) => {
                // The subchart's own turn comes later and needs the nulls.
                let nulls = if is_subchart { Nulls::Keep } else { self.nulls };
                if strip && !is_subchart {
                    clean_nulls(&below);
                }
                let path = join_path(path, &key.to_str_lossy());
                self.merging.coalesce_tables(&above, &below, &path, nulls)?;
            }
            (Some(Value::Map(_)), Value::Nil) => {}
            (Some(Value::Map(_)), _) => self.merging.warn(format!(
                "warning: skipped value for {}: Not a table.",
                join_path(path, &key.to_str_lossy())
            )),
            (Some(_), _) => {}
            (None, Value::Nil) if strip => {}
            (None, default) => {
                if let (true, Value::Map(table)) = (strip, &default) {
                    clean_nulls(table);
                }
                put(values, key, default);
            }
        }
        Ok(())
    }

    /// Hands the globals of `parent` down to `child`.
    fn globals(&mut self, child: &Map, parent: &Map, path: &str) -> Result<(), String> {
        let (target, source) = match (child.get(GLOBAL), parent.get(GLOBAL)) {
            (Some(target), _) if target.as_map().is_none() => {
                self.merging
                    .warn("warning: skipping globals because destination global is not a table.");
                return Ok(());
            }
            (_, Some(source)) if source.as_map().is_none() => {
                self.merging
                    .warn("warning: skipping globals because source global is not a table.");
                return Ok(());
            }
            (target, source) => (table(target), table(source)),
        };
        self.merging.count(source.len())?;
        for (key, value) in entries(&source) {
            let above = match &value {
                Value::Map(above) => above,
                _ if matches!(target.get(&key), Some(Value::Map(_))) => {
                    self.merging.warn(format!("key {key} is table. Skipping"));
                    continue;
                }
                _ => {
                    put(&target, key, value);
                    continue;
                }
            };
            self.merging.count(VALUES_OF_TABLE + above.len())?;
            let copy = shallow_copy(above);
            match target.get(&key) {
                None => {}
                Some(Value::Map(below)) => {
                    let path = join_path(path, &key.to_str_lossy());
                    self.merging
                        .coalesce_tables(&copy, &below, &path, Nulls::Keep)?;
                }
                Some(_) => {
                    self.merging.warn(format!(
                        "Conflict: cannot merge map onto non-map for {}. Skipping.",
                        crate::value::quote::quote(&key)
                    ));
                    continue;
                }
            }
            put(&target, key, Value::Map(copy));
        }
        put(child, GLOBAL.into(), Value::Map(target));
        Ok(())
    }
}

/// The number of values in a tree.
fn n_values(tree: &Tree) -> usize {
    let mut open = vec![tree];
    let mut n = 0;
    while let Some(tree) = open.pop() {
        n += 1;
        match tree {
            Tree::List(items) => open.extend(items.iter()),
            Tree::Map(entries) => open.extend(entries.values()),
            _ => {}
        }
    }
    n
}

/// The table of a value that is one or absent.
fn table(value: Option<Value>) -> Map {
    value
        .as_ref()
        .and_then(Value::as_map)
        .cloned()
        .unwrap_or_default()
}

/// Puts a value into a table that was made here and hence is not nil.
pub(super) fn put(table: &Map, key: Str, value: Value) {
    table.entries_mut().insert(key, value);
}

/// Makes the mutable form of a tree that is a map.
pub(super) fn thaw(tree: &Tree) -> Map {
    match tree.as_map() {
        Some(entries) => deep(|| Tree::thaw_map(entries, MapType::Any)),
        None => Map::new(),
    }
}
