//! Adding subcharts that lie outside of a chart's directory, as if they were in its `charts/`.
//!
//! What `helm dependency build` copies there comes from elsewhere here; the charts are the same.

use std::path::PathBuf;

use super::archive::unpack;
use super::assemble::{Assembly, assemble_subchart};
use super::error::ChartError;
use super::load::read_directory;
use super::{Budget, LoadOptions, Loaded};

/// A subchart from elsewhere.
#[derive(Clone, Debug)]
pub enum Addition {
    /// The archive that would be `charts/<file>`.
    Archive {
        /// The name of the file.
        file: String,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// A chart's directory, which would be `charts/<name>`.
    Directory {
        /// The name of the directory.
        name: String,
        /// Where it is.
        path: PathBuf,
    },
}

impl Loaded {
    /// Adds subcharts, which together may be as large as the chart.
    ///
    /// # Errors
    ///
    /// What Helm says about such charts in `charts/`; charts that are too large.
    pub fn add(
        &mut self,
        additions: &[Addition],
        options: LoadOptions<'_>,
    ) -> Result<(), ChartError> {
        let mut assembly = Assembly {
            helm: options.helm,
            budget: Budget::new(),
            log: Vec::new(),
        };
        let Loaded { chart, log } = self;
        for addition in additions {
            let Assembly { budget, log, .. } = &mut assembly;
            let (key, files) = match addition {
                Addition::Archive { file, data } => {
                    (file, unpack(data.as_slice(), options.helm, budget))
                }
                Addition::Directory { name, path } => {
                    (name, read_directory(path, options, budget, log))
                }
            };
            let (parent, above) = (&chart.metadata.name, &chart.full_path);
            let subchart = assemble_subchart(key, files, parent, above, 0, &mut assembly)?;
            chart.charts.push(subchart);
        }
        log.append(&mut assembly.log);
        Ok(())
    }
}
