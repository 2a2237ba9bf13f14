//! A renderer of charts that tells a meter when it begins and ends.
//!
//! `render` reads no clock, so its phases are measured where it calls the chart.

use super::gate::Meter;
use crate::app::Overlay;
use crate::app::values::ParsedFiles;
use crate::diag::Diagnostic;
use crate::render::{ChartOutput, ChartRenderer, HelmCharts, LoadedChart, ReleaseInput};
use crate::value::Tree;

/// Marks the phases of a render on `meter`.
pub(super) struct Timed<'m> {
    /// What renders.
    pub(super) charts: &'m HelmCharts<'m>,
    /// What measures.
    pub(super) meter: &'m Meter<'m>,
}

struct TimedChart<'c> {
    chart: Box<dyn LoadedChart + 'c>,
    meter: &'c Meter<'c>,
}

impl ChartRenderer for Timed<'_> {
    fn load<'c>(&'c self, overlay: &Overlay) -> Result<Box<dyn LoadedChart + 'c>, Box<Diagnostic>> {
        self.meter.mark("settings");
        let chart = self.charts.load(overlay);
        self.meter.mark("chart");
        Ok(Box::new(TimedChart {
            chart: chart?,
            meter: self.meter,
        }))
    }

    fn parsed_files(&self) -> Option<&ParsedFiles> {
        self.charts.parsed_files()
    }
}

impl LoadedChart for TimedChart<'_> {
    fn name(&self) -> &str {
        self.chart.name()
    }

    fn version(&self) -> &str {
        self.chart.version()
    }

    fn defaults(&self) -> &Tree {
        self.chart.defaults()
    }

    fn render(&self, input: &ReleaseInput<'_>) -> Result<ChartOutput, Box<Diagnostic>> {
        self.meter.mark("values");
        let output = self.chart.render(input);
        self.meter.mark("templates");
        output
    }
}
