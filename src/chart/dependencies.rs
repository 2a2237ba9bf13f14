//! Which subcharts take part, under which names, and what parents import from them.
//!
//! Helm does this in place on charts that point to one another, and some of what it does is seen
//! only because two aliases of a chart point to the same things: in Helm 3 their metadata and
//! their own subcharts, in Helm 4 only the metadata of the subcharts' subcharts. So the work is
//! done on nodes in an arena that are shared the same way, and the result is made of them.

use std::collections::HashSet;

use super::Chart;
use super::coalesce::{Layer, coalesce_layer, thaw};
use super::metadata::{Dependency, Import};
use crate::funcs::semver::{Constraint, Version};
use crate::helm::{HelmCompat, Level, LogLine};
use crate::limits::{MAX_CHARTS, MAX_DEFAULTS_BYTES, MAX_VALUES};
use crate::value::quote::quote;
use crate::value::{Map, Tree, Value, format};
use crate::values::{Merging, Nulls, freeze};

/// Makes the chart that is rendered: aliases applied, disabled subcharts removed, values imported.
/// Lines for standard error are added to `log`, also before an error.
///
/// # Errors
///
/// Helm's text when the values hold something else than a table under a subchart's name; more
/// charts than [`MAX_CHARTS`].
pub fn process_dependencies(
    chart: &Chart,
    user: &Tree,
    helm: HelmCompat,
    log: &mut Vec<LogLine>,
) -> Result<Chart, String> {
    if !declares_dependencies(chart) {
        return Ok(chart.clone());
    }
    let mut work = Work {
        helm,
        nodes: Vec::new(),
        metadata: Vec::new(),
        dependencies: Vec::new(),
        n_defaults: 0,
        n_finished: 0,
        steps_left: MAX_VALUES,
        log: Vec::new(),
    };
    let processed = work.process(chart, user);
    log.append(&mut work.log);
    processed
}

fn declares_dependencies(chart: &Chart) -> bool {
    chart.metadata.dependencies.is_some() || chart.charts.iter().any(declares_dependencies)
}

type NodeId = usize;

/// A chart while it is processed.
#[derive(Clone)]
struct Node<'c> {
    chart: &'c Chart,
    /// Index into [`Work::metadata`].
    metadata: usize,
    values: Tree,
    children: Vec<NodeId>,
    parent: Option<NodeId>,
}

/// What processing changes of a chart's metadata.
#[derive(Clone)]
struct Names {
    name: String,
    /// Indices into [`Work::dependencies`].
    dependencies: Option<Vec<usize>>,
}

struct Work<'c> {
    helm: HelmCompat,
    nodes: Vec<Node<'c>>,
    metadata: Vec<Names>,
    dependencies: Vec<Dependency>,
    n_defaults: u64,
    n_finished: usize,
    /// What merging values may still cost, in all charts together.
    steps_left: usize,
    log: Vec<LogLine>,
}

impl<'c> Work<'c> {
    fn process(&mut self, chart: &'c Chart, user: &Tree) -> Result<Chart, String> {
        let root = self.add_chart(chart, None)?;
        self.enable(root, user, "")?;
        self.import(root)?;
        self.finish(root)
    }

    fn add_chart(&mut self, chart: &'c Chart, parent: Option<NodeId>) -> Result<NodeId, String> {
        let dependencies = chart.metadata.dependencies.as_ref().map(|declared| {
            let first = self.dependencies.len();
            self.dependencies.extend(declared.iter().cloned());
            (first..self.dependencies.len()).collect()
        });
        self.metadata.push(Names {
            name: chart.metadata.name.clone(),
            dependencies,
        });
        let id = self.add_node(Node {
            chart,
            metadata: self.metadata.len() - 1,
            values: chart.values.clone(),
            children: Vec::new(),
            parent,
        })?;
        for sub in &chart.charts {
            let sub = self.add_chart(sub, Some(id))?;
            self.nodes[id].children.push(sub);
        }
        Ok(id)
    }

    fn add_node(&mut self, node: Node<'c>) -> Result<NodeId, String> {
        let raw = node.chart.values_raw.as_ref();
        self.n_defaults += raw.map_or(0, |text| text.len() as u64);
        check_bounds(self.nodes.len(), self.n_defaults)?;
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    fn name(&self, id: NodeId) -> &str {
        &self.metadata[self.nodes[id].metadata].name
    }

    fn declared(&self, id: NodeId) -> Option<Vec<usize>> {
        self.metadata[self.nodes[id].metadata].dependencies.clone()
    }

    fn set_children(&mut self, id: NodeId, children: Vec<NodeId>) {
        for child in &children {
            self.nodes[*child].parent = Some(id);
        }
        self.nodes[id].children = children;
    }

    /// Applies aliases and removes what is disabled, from `id` downwards; `path` leads to it in
    /// the values.
    fn enable(&mut self, id: NodeId, values: &Tree, path: &str) -> Result<(), String> {
        let Some(declared) = self.declared(id) else {
            return Ok(());
        };
        self.apply_aliases(id, &declared)?;
        for dependency in &declared {
            self.dependencies[*dependency].enabled = true;
        }
        let values = self.coalesced(id, values, Nulls::Delete)?;
        self.apply_tags(&declared, &values);
        self.apply_conditions(&declared, &values, path);
        let disabled: HashSet<String> = declared
            .iter()
            .map(|dependency| &self.dependencies[*dependency])
            .filter(|dependency| !dependency.enabled)
            .map(|dependency| dependency.name.clone())
            .collect();
        let mut children = self.nodes[id].children.clone();
        children.retain(|child| !disabled.contains(self.name(*child)));
        let mut kept = declared;
        kept.retain(|dependency| !disabled.contains(&self.dependencies[*dependency].name));
        let values = freeze(&values)?;
        for child in &children {
            let path = format!("{path}{}.", self.name(*child));
            self.enable(*child, &values, &path)?;
        }
        let metadata = self.nodes[id].metadata;
        // An empty list becomes a nil slice, so the import step skips the chart.
        self.metadata[metadata].dependencies = (!kept.is_empty()).then_some(kept);
        self.set_children(id, children);
        Ok(())
    }

    /// Orders the children: undeclared ones, then one copy for each declared dependency.
    fn apply_aliases(&mut self, id: NodeId, declared: &[usize]) -> Result<(), String> {
        let existing = self.nodes[id].children.clone();
        let mut children: Vec<NodeId> = existing
            .iter()
            .copied()
            .filter(|child| {
                let wanted = |d: &usize| self.fits(*child, &self.dependencies[*d]);
                !declared.iter().any(wanted)
            })
            .collect();
        for index in declared {
            let dependency = &self.dependencies[*index];
            let alias = dependency.alias.clone();
            let found = existing.iter().find(|child| self.fits(**child, dependency));
            if let Some(found) = found {
                children.push(self.copy_for(*found, &alias)?);
            }
            if !alias.is_empty() {
                self.dependencies[*index].name = alias;
            }
        }
        self.set_children(id, children);
        Ok(())
    }

    fn fits(&self, id: NodeId, dependency: &Dependency) -> bool {
        self.name(id) == dependency.name
            && is_compatible(&dependency.version, &self.nodes[id].chart.metadata.version)
    }

    /// Copies a chart for one of its aliases, as deeply as Helm does.
    fn copy_for(&mut self, original: NodeId, alias: &str) -> Result<NodeId, String> {
        let mut node = self.nodes[original].clone();
        let mut names = self.metadata[node.metadata].clone();
        if !alias.is_empty() {
            names.name = alias.to_owned();
        }
        if self.helm == HelmCompat::V4 {
            for index in names.dependencies.iter_mut().flatten() {
                self.dependencies.push(self.dependencies[*index].clone());
                *index = self.dependencies.len() - 1;
            }
        }
        self.metadata.push(names);
        node.metadata = self.metadata.len() - 1;
        let children = node.children.clone();
        let copy = self.add_node(node)?;
        if self.helm == HelmCompat::V4 {
            let mut copies = Vec::with_capacity(children.len());
            for child in children {
                copies.push(self.add_node(self.nodes[child].clone())?);
            }
            self.set_children(copy, copies);
        }
        Ok(copy)
    }

    fn coalesced(&mut self, id: NodeId, values: &Tree, nulls: Nulls) -> Result<Map, String> {
        let mut merging = Merging::within(self.steps_left);
        let layer = NodeLayer { work: self, id };
        let result = coalesce_layer(&layer, values, nulls, self.helm, &mut merging);
        self.steps_left = merging.steps_left();
        self.log.append(&mut merging.log);
        result
    }

    fn apply_tags(&mut self, declared: &[usize], values: &Map) {
        let Some(Value::Map(switches)) = values.get(b"tags") else {
            return;
        };
        for index in declared {
            let (mut on, mut off) = (false, false);
            let dependency = &self.dependencies[*index];
            for tag in &dependency.tags {
                match switches.get(tag.as_bytes()) {
                    None => {}
                    Some(Value::Bool(true)) => on = true,
                    Some(Value::Bool(false)) => off = true,
                    Some(_) => self.log.push(match self.helm {
                        HelmCompat::V3 => LogLine::plain(format!(
                            "Warning: Tag '{tag}' for chart {} returned non-bool value",
                            dependency.name
                        )),
                        HelmCompat::V4 => LogLine::structured(
                            Level::Warn,
                            "returned non-bool value",
                            [("tag", tag.clone()), ("chart", dependency.name.clone())],
                        ),
                    }),
                }
            }
            self.dependencies[*index].enabled = on || !off;
        }
    }

    fn apply_conditions(&mut self, declared: &[usize], values: &Map, path: &str) {
        for index in declared {
            let dependency = &mut self.dependencies[*index];
            let condition = dependency.condition.trim().to_owned();
            for part in condition.split(',').filter(|part| !part.is_empty()) {
                match scalar_at(values, &format!("{path}{part}")) {
                    None => {}
                    Some(Value::Bool(enabled)) => {
                        dependency.enabled = enabled;
                        break;
                    }
                    Some(_) => self.log.push(match self.helm {
                        HelmCompat::V3 => LogLine::plain(format!(
                            "Warning: Condition path '{part}' for chart {} returned non-bool value",
                            dependency.name
                        )),
                        HelmCompat::V4 => LogLine::structured(
                            Level::Warn,
                            "returned non-bool value",
                            [
                                ("path", part.to_owned()),
                                ("chart", dependency.name.clone()),
                            ],
                        ),
                    }),
                }
            }
        }
    }

    /// Puts what charts import under their defaults, innermost charts first.
    fn import(&mut self, id: NodeId) -> Result<(), String> {
        for child in self.nodes[id].children.clone() {
            self.import(child)?;
        }
        let Some(declared) = self.declared(id) else {
            return Ok(());
        };
        let values = self.coalesced(id, &Tree::empty_map(), Nulls::Keep)?;
        let mut merging = Merging::within(self.steps_left);
        let imported = Map::new();
        for index in declared {
            let imports = std::mem::take(&mut self.dependencies[index].import_values);
            let mut resolved = Vec::new();
            for import in imports {
                let (child, parent, whole) = match &import {
                    Import::Declared(Tree::Str(name)) => {
                        (format!("exports.{name}"), ".".to_owned(), true)
                    }
                    Import::Declared(tree @ Tree::Map(_)) => (
                        text_of(tree.get("child")),
                        text_of(tree.get("parent")),
                        false,
                    ),
                    _ => continue,
                };
                let name = self.dependencies[index].name.clone();
                match table_at(&values, &format!("{name}.{child}")) {
                    Ok(table) => {
                        // Helm takes a new table for an empty one.
                        let table = if table.is_empty() { Map::new() } else { table };
                        let table = nest(&parent, table);
                        merging.coalesce_tables(&imported, &table, "", Nulls::Keep)?;
                    }
                    Err(missing) => self.warn_missing(&name, &missing, whole),
                }
                resolved.push(Import::Resolved { child, parent });
            }
            self.dependencies[index].import_values = resolved;
        }
        // Copied first: imported tables are still part of the values they come from.
        let own = thaw(&freeze(&values)?);
        merging.coalesce_tables(&own, &imported, "", Nulls::Keep)?;
        self.steps_left = merging.steps_left();
        self.log.append(&mut merging.log);
        self.nodes[id].values = freeze(&own)?;
        Ok(())
    }

    fn warn_missing(&mut self, chart: &str, key: &str, whole: bool) {
        let reason = format!("{} is not a table", quote(key.as_bytes()));
        let fields = [("chart", chart.to_owned()), ("error", reason.clone())];
        self.log.push(match (self.helm, whole) {
            (HelmCompat::V3, true) => {
                LogLine::plain(format!("Warning: ImportValues missing table: {reason}"))
            }
            (HelmCompat::V3, false) => LogLine::plain(format!(
                "Warning: ImportValues missing table from chart {chart}: {reason}"
            )),
            (HelmCompat::V4, true) => LogLine::structured(
                Level::Warn,
                "ImportValues missing table",
                fields.into_iter().skip(1),
            ),
            (HelmCompat::V4, false) => {
                LogLine::structured(Level::Warn, "ImportValues missing table from chart", fields)
            }
        });
    }

    /// Makes the final chart of a node; charts that two aliases share become two.
    fn finish(&mut self, id: NodeId) -> Result<Chart, String> {
        self.n_finished += 1;
        check_bounds(self.n_finished, 0)?;
        let node = self.nodes[id].clone();
        let names = self.metadata[node.metadata].clone();
        let mut charts = Vec::with_capacity(node.children.len());
        for child in &node.children {
            charts.push(self.finish(*child)?);
        }
        let mut chart = Chart {
            values: node.values,
            charts,
            full_path: self.full_path(id),
            ..shallow(node.chart)
        };
        chart.metadata.name = names.name;
        chart.metadata.dependencies = names.dependencies.map(|indices| {
            let dependency = |index: usize| self.dependencies[index].clone();
            indices.into_iter().map(dependency).collect()
        });
        Ok(chart)
    }

    fn full_path(&self, id: NodeId) -> String {
        let ancestors = std::iter::successors(Some(id), |id| self.nodes[*id].parent);
        let mut names: Vec<&str> = ancestors.map(|id| self.name(id)).collect();
        names.reverse();
        names.join("/charts/")
    }
}

/// A node as coalescing sees it.
struct NodeLayer<'w, 'c> {
    work: &'w Work<'c>,
    id: NodeId,
}

impl Layer for NodeLayer<'_, '_> {
    fn name(&self) -> &str {
        self.work.name(self.id)
    }

    fn defaults(&self) -> &Tree {
        &self.work.nodes[self.id].values
    }

    fn children(&self) -> Vec<Self> {
        let children = self.work.nodes[self.id].children.iter();
        children
            .map(|id| NodeLayer {
                work: self.work,
                id: *id,
            })
            .collect()
    }
}

/// The chart without its subcharts.
fn shallow(chart: &Chart) -> Chart {
    Chart {
        metadata: chart.metadata.clone(),
        lock: chart.lock.clone(),
        values: Tree::Null,
        values_raw: chart.values_raw.clone(),
        schema: chart.schema.clone(),
        templates: chart.templates.clone(),
        files: chart.files.clone(),
        charts: Vec::new(),
        full_path: String::new(),
        is_root: chart.is_root,
    }
}

fn check_bounds(n_charts: usize, n_defaults: u64) -> Result<(), String> {
    if n_charts > MAX_CHARTS {
        return Err(format!("chart has more than {MAX_CHARTS} subcharts"));
    }
    if n_defaults > MAX_DEFAULTS_BYTES {
        return Err(format!(
            "the default values of the chart and its subcharts are larger than \
             {MAX_DEFAULTS_BYTES} bytes"
        ));
    }
    Ok(())
}

/// Says whether `version` fits `range`; what cannot be parsed fits nothing.
fn is_compatible(range: &str, version: &str) -> bool {
    match (Version::parse(version), Constraint::parse(range)) {
        (Ok(version), Ok(range)) => range.check(&version),
        _ => false,
    }
}

/// The value at a dotted path that is no table.
fn scalar_at(values: &Map, path: &str) -> Option<Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((path, key)) => (table_at(values, path).ok()?, key),
        None => (values.clone(), path),
    };
    table
        .get(key.as_bytes())
        .filter(|value| value.as_map().is_none())
}

/// The table at a dotted path, or the first key on the way that leads to none.
fn table_at(values: &Map, path: &str) -> Result<Map, String> {
    path.split('.').try_fold(values.clone(), |table, key| {
        match table.get(key.as_bytes()) {
            Some(Value::Map(inner)) => Ok(inner),
            _ => Err(key.to_owned()),
        }
    })
}

/// The table under the dotted path `path`; `.` means where it is.
fn nest(path: &str, table: Map) -> Map {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |inner, key| {
        [(key.into(), Value::Map(inner))].into_iter().collect()
    })
}

/// Go's `%v`.
fn text_of(tree: Option<&Tree>) -> String {
    let value = tree.map_or(Value::Nil, Tree::thaw);
    String::from_utf8_lossy(&format::display(&value)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_and_their_defaults_are_bounded() {
        assert_eq!(check_bounds(MAX_CHARTS, MAX_DEFAULTS_BYTES), Ok(()));
        let charts = check_bounds(MAX_CHARTS + 1, 0).unwrap_err();
        assert_eq!(
            charts,
            format!("chart has more than {MAX_CHARTS} subcharts")
        );
        let defaults = check_bounds(1, MAX_DEFAULTS_BYTES + 1).unwrap_err();
        assert!(defaults.ends_with(&format!("larger than {MAX_DEFAULTS_BYTES} bytes")));
    }
}
