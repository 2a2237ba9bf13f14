//! Charts: metadata, loading from a directory or an archive, subcharts, and what of them is
//! switched on.
//!
//! In: a directory or a `.tgz`, and values. Out: a [`Chart`] that is immutable, `Send + Sync` and
//! cheap to share; the values that its templates see. Refused, in Helm's words: what Helm refuses;
//! in our own words also archives and trees that would only eat memory.

mod archive;
mod assemble;
mod coalesce;
mod complete;
mod dependencies;
mod error;
mod ignore;
mod install;
mod load;
mod metadata;
pub mod schema;
mod shape;
mod sniff;
mod sync;
#[cfg(test)]
mod tests;
mod validate;

use std::sync::Arc;

pub use coalesce::coalesce;
pub use complete::Addition;
pub use dependencies::process_dependencies;
pub use error::{ChartError, ChartErrorKind};
pub use install::{check_dependencies, check_installable, missing_dependencies};
pub use load::{LoadOptions, Loaded, load, load_archive};
pub use metadata::{Dependency, Import, Lock, Maintainer, Metadata};
pub use validate::{has_schema, validate};

use crate::limits::{MAX_CHART_TREE_BYTES, MAX_DEFAULTS_BYTES};
use crate::value::{Str, Tree};

/// A file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path below the chart's directory, with `/` between its parts.
    pub name: String,
    /// The content, without a leading byte-order mark.
    pub data: Str,
}

/// A chart with its subcharts.
///
/// Clones share the contents.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What `Chart.yaml` says.
    pub metadata: Metadata,
    /// What `Chart.lock` says.
    pub lock: Option<Lock>,
    /// The default values: always a map.
    pub values: Tree,
    /// The text of `values.yaml`.
    pub values_raw: Option<Str>,
    /// The text of `values.schema.json`.
    pub schema: Option<Str>,
    /// The files below `templates/`.
    pub templates: Arc<[File]>,
    /// The files that templates can read.
    pub files: Arc<[File]>,
    /// The subcharts.
    pub charts: Vec<Chart>,
    /// Helm's `ChartFullPath`: the path that begins the identifiers of its templates.
    pub full_path: String,
    /// Whether this is nobody's subchart.
    pub is_root: bool,
}

impl Chart {
    /// The name; of an aliased subchart the alias.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The files below `crds/` of this chart and its subcharts, each with the path that Helm prints
    /// as its source.
    pub fn crds(&self) -> Vec<(String, &File)> {
        let mut crds = Vec::new();
        self.collect_crds(&mut crds);
        crds
    }

    fn collect_crds<'c>(&'c self, crds: &mut Vec<(String, &'c File)>) {
        crds.extend(
            self.files
                .iter()
                .filter(|file| is_crd(&file.name))
                .map(|file| (format!("{}/{}", self.full_path, file.name), file)),
        );
        for chart in &self.charts {
            chart.collect_crds(crds);
        }
    }
}

fn is_crd(name: &str) -> bool {
    let extension = extension(name);
    name.starts_with("crds/")
        && [".yaml", ".yml", ".json"]
            .iter()
            .any(|manifest| extension.eq_ignore_ascii_case(manifest))
}

/// Go's `filepath.Ext`: from the last dot of the last part.
fn extension(name: &str) -> &str {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rfind('.').map_or("", |dot| &base[dot..])
}

/// What of a chart and everything in it may still be read into memory.
struct Budget {
    bytes_left: u64,
    /// Bytes of `values.yaml`, which take far more memory when they are read.
    defaults_left: u64,
}

impl Budget {
    fn new() -> Budget {
        Budget {
            bytes_left: MAX_CHART_TREE_BYTES,
            defaults_left: MAX_DEFAULTS_BYTES,
        }
    }

    fn spend(&mut self, bytes: u64) -> Result<(), ChartError> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => Err(ChartError::archive(format!(
                "chart with its subcharts is larger than {MAX_CHART_TREE_BYTES} bytes"
            ))),
        }
    }

    fn spend_defaults(&mut self, bytes: u64) -> Result<(), ChartError> {
        let left = self.defaults_left.checked_sub(bytes);
        self.defaults_left = left.ok_or_else(|| {
            ChartError::archive(format!(
                "the default values of the chart and its subcharts are larger than \
                 {MAX_DEFAULTS_BYTES} bytes"
            ))
        })?;
        Ok(())
    }
}
