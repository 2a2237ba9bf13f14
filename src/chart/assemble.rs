//! Files to a chart: what each one is, and the subcharts below `charts/`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::archive::unpack;
use super::error::ChartError;
use super::metadata::{Draft, Lock};
use super::{Budget, Chart, File, extension};
use crate::helm::{HelmCompat, LogLine};
use crate::limits::MAX_CHART_DEPTH;
use crate::value::{Str, Tree};
use crate::values::parse_values;
use crate::yaml;

/// What the charts of one tree share while they are put together.
pub(super) struct Assembly {
    pub(super) helm: HelmCompat,
    pub(super) budget: Budget,
    pub(super) log: Vec<LogLine>,
}

/// Makes a chart of its files; `parent` is the full path of the chart around it.
pub(super) fn assemble(
    files: Vec<File>,
    parent: Option<&str>,
    depth: usize,
    assembly: &mut Assembly,
) -> Result<Chart, ChartError> {
    if depth > MAX_CHART_DEPTH {
        return Err(ChartError::content(format!(
            "charts are nested deeper than {MAX_CHART_DEPTH} levels"
        )));
    }
    let mut parts = Parts::default();
    let chart_files = files.iter().filter(|file| file.name == "Chart.yaml");
    for file in chart_files {
        let mut draft = parts.metadata.take().unwrap_or_default();
        assembly.decode_metadata(&mut draft, file)?;
        draft.default_to_v1();
        parts.metadata = Some(draft);
    }
    for file in files {
        parts.sort_in(file, assembly)?;
    }
    let draft = parts
        .metadata
        .ok_or_else(|| ChartError::content("Chart.yaml file is missing"))?;
    let metadata = draft.finish().map_err(ChartError::content)?;
    let full_path = match parent {
        Some(parent) => format!("{parent}/charts/{}", metadata.name),
        None => metadata.name.clone(),
    };
    let mut charts = Vec::new();
    for (key, files) in parts.groups {
        if key.starts_with(['_', '.']) {
            continue;
        }
        charts.push(subchart(
            &key,
            files,
            &metadata.name,
            &full_path,
            depth,
            assembly,
        )?);
    }
    Ok(Chart {
        metadata,
        lock: parts.lock,
        values: parts.values.unwrap_or_else(Tree::empty_map),
        values_raw: parts.values_raw,
        schema: parts.schema,
        templates: Arc::from(parts.templates),
        files: Arc::from(parts.files),
        charts,
        full_path,
        is_root: parent.is_none(),
    })
}

#[derive(Default)]
struct Parts {
    metadata: Option<Draft>,
    lock: Option<Lock>,
    values: Option<Tree>,
    values_raw: Option<Str>,
    schema: Option<Str>,
    templates: Vec<File>,
    files: Vec<File>,
    /// The files below `charts/` by the first part of their paths.
    groups: BTreeMap<String, Vec<File>>,
}

impl Parts {
    fn sort_in(&mut self, file: File, assembly: &mut Assembly) -> Result<(), ChartError> {
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => self.lock = assembly.decode_lock(&file)?,
            "values.yaml" => {
                assembly.budget.spend_defaults(file.data.len() as u64)?;
                let values = parse_values("values.yaml", &file.data, assembly.helm)
                    .map_err(|e| ChartError::text("cannot load values.yaml", *e))?;
                self.values = Some(values);
                self.values_raw = Some(file.data);
            }
            "values.schema.json" => self.schema = Some(file.data),
            "requirements.yaml" => {
                let draft = self.metadata.get_or_insert_default();
                if !draft.is_v1() {
                    assembly.log.push(LogLine::plain(
                        "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". \
                         We recommend migrating dependencies to Chart.yaml.",
                    ));
                }
                assembly.decode_metadata(draft, &file)?;
                if draft.is_v1() {
                    self.files.push(file);
                }
            }
            "requirements.lock" => {
                self.lock = assembly.decode_lock(&file)?;
                if self.metadata.get_or_insert_default().is_v1() {
                    self.files.push(file);
                } else {
                    assembly.log.push(LogLine::plain(
                        "Warning: Dependency locking is handled in Chart.lock since apiVersion \
                         \"v2\". We recommend migrating to Chart.lock.",
                    ));
                }
            }
            name if name.starts_with("templates/") => self.templates.push(file),
            name if extension(name) != ".prov" && name.starts_with("charts/") => {
                let below = name["charts/".len()..].to_owned();
                let key = below.split('/').next().unwrap_or_default().to_owned();
                self.groups.entry(key).or_default().push(File {
                    name: below,
                    data: file.data,
                });
            }
            _ => self.files.push(file),
        }
        Ok(())
    }
}

impl Assembly {
    fn decode_metadata(&self, draft: &mut Draft, file: &File) -> Result<(), ChartError> {
        draft
            .decode(&file.data, self.helm)
            .map_err(|e| undecodable(file, &e))
    }

    fn decode_lock(&self, file: &File) -> Result<Option<Lock>, ChartError> {
        Lock::decode(&file.data, self.helm).map_err(|e| undecodable(file, &e))
    }
}

fn undecodable(file: &File, error: &yaml::Error) -> ChartError {
    let diagnostic = error.diagnostic(&file.name, &file.data.to_str_lossy());
    ChartError::text(&format!("cannot load {}", file.name), diagnostic)
}

/// Makes a subchart of the group `key` below `charts/`.
fn subchart(
    key: &str,
    files: Vec<File>,
    parent_name: &str,
    parent_path: &str,
    depth: usize,
    assembly: &mut Assembly,
) -> Result<Chart, ChartError> {
    let files = if extension(key) == ".tgz" {
        match files.into_iter().next() {
            Some(file) if file.name == key => {
                unpack(&*file.data, assembly.helm, &mut assembly.budget)
            }
            other => {
                let found = other.map(|file| file.name).unwrap_or_default();
                return Err(ChartError::content(format!(
                    "error unpacking subchart tar in {parent_name}: expected {key}, got {found}"
                )));
            }
        }
    } else {
        Ok(files.into_iter().filter_map(below_directory).collect())
    };
    assemble_subchart(key, files, parent_name, parent_path, depth, assembly)
}

/// Makes a subchart of its files, which are those of `charts/<key>`.
pub(super) fn assemble_subchart(
    key: &str,
    files: Result<Vec<File>, ChartError>,
    parent_name: &str,
    parent_path: &str,
    depth: usize,
    assembly: &mut Assembly,
) -> Result<Chart, ChartError> {
    files
        .and_then(|files| assemble(files, Some(parent_path), depth + 1, assembly))
        .map_err(|e| {
            e.in_subchart(
                &format!("error unpacking subchart {key} in {parent_name}"),
                &format!("charts/{key}"),
            )
        })
}

/// Takes the subchart's directory off; a file directly in `charts/` belongs to no chart.
fn below_directory(file: File) -> Option<File> {
    let (_, name) = file.name.split_once('/')?;
    Some(File {
        name: name.to_owned(),
        data: file.data,
    })
}
