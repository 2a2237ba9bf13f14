//! The report over 2,000 rendered overlays in which one line of their base changes.
//!
//! Prints the time of the comparison and of each form, the sizes, and the most memory taken.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use jenkins_cmp::app::{self, Flags};
use jenkins_cmp::release::Derived;
use jenkins_cmp::render::{self, HelmCharts, ReleaseInput};
use jenkins_cmp::report::{self, Builder, DEFAULT_MARKDOWN_BYTES, Fingerprints};

const SIZES: [usize; 3] = [500, 1_000, 2_000];

#[expect(clippy::print_stdout, reason = "the result of the benchmark")]
fn main() {
    let before = rendered();
    let after = before.replacen("numExecutors: 0", "numExecutors: 1", 1);
    assert_ne!(before, after, "the stream has the line");
    for n in SIZES {
        let start = Instant::now();
        let mut builder = Builder::new("before", "after", Fingerprints::new("bench"));
        for i in 0..n {
            let namespace = format!("ci-{i}");
            let [before, after] = [&before, &after].map(|s| s.replace("ci-prod", &namespace));
            builder.add(&namespace, Some(&before), Some(&after));
        }
        let report = builder.finish();
        let compared = start.elapsed();
        let start = Instant::now();
        let sizes = [
            report::text(&report, false).len(),
            report::markdown(&report, DEFAULT_MARKDOWN_BYTES).len(),
            report::html(&report).len(),
            report::json(&report).len(),
        ];
        println!(
            "{n} overlays of {} bytes: {} entries, compared in {compared:?}, written in {:?} \
             (text, Markdown, HTML, JSON: {sizes:?} bytes), at most {} KiB of memory so far",
            before.len(),
            report.entries.len(),
            start.elapsed(),
            peak_kib()
        );
    }
}

/// A controller with the chart's own objects.
fn rendered() -> String {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let overlay = top.join("testdata/fleet/overlays/prod");
    let place = app::locate(&overlay, Some(top)).expect("an overlay");
    let host = |input: &ReleaseInput<'_>| -> Result<Box<dyn jenkins_cmp::template::Host>, _> {
        Ok(Box::new(Derived::stand_ins(input.helm, "bench".to_owned())))
    };
    let (environment, flags) = (BTreeMap::new(), Flags::default());
    let output = render::render(place, &environment, &flags, &HelmCharts::new(&host));
    output.expect("manifests").stream
}

/// The most memory that the process took; 0 where the system does not tell.
fn peak_kib() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
