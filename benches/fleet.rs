//! Times a whole fleet: one process, one chart, 200 and 2,000 overlays.
//!
//! `JENKINS_CHART=jenkins-5.9.53.tgz cargo bench --bench fleet`; without the variable the small
//! chart of the tests is taken. Prints wall and CPU time for each overlay after the first.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use jenkins_cmp::app::{self, Flags};
use jenkins_cmp::diag::Diagnostic;
use jenkins_cmp::fleet;
use jenkins_cmp::release::Derived;
use jenkins_cmp::render::{self, HelmCharts, ReleaseInput};
use jenkins_cmp::template::Host;
use shared::measure::own_cpu;

mod shared;

use shared::generate;

fn main() {
    // `cargo test` runs this too, but without the flag.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let root = std::env::temp_dir().join(format!("fleet-bench-{}", std::process::id()));
    for n_overlays in [200, 2_000] {
        generate(&root, n_overlays);
        for n_threads in [1, 2] {
            report(&root, NonZeroUsize::new(n_threads).expect("not zero"));
        }
        fs::remove_dir_all(&root).expect("the fleet can be removed");
    }
}

fn report(root: &Path, n_threads: NonZeroUsize) {
    let fleets = fleet::find(root, None).expect("a fleet");
    let fleet = fleets.first().expect("a fleet");
    let environment = BTreeMap::new();
    let make_host = |input: &ReleaseInput<'_>| -> Result<Box<dyn Host>, Box<Diagnostic>> {
        Ok(Box::new(Derived::stand_ins(
            input.helm,
            input.namespace.to_owned(),
        )))
    };
    let charts = HelmCharts::new(&make_host);
    let work = |member: &fleet::Member| {
        let place = app::locate(&member.directory(), None).expect("an overlay");
        let output = render::render(place, &environment, &Flags::default(), &charts);
        output.map(|output| output.stream.len()).expect("a stream")
    };
    let (first, others) = fleet.members.split_first().expect("overlays");
    let start = Instant::now();
    let n_bytes = work(first);
    let cold = start.elapsed();
    let (start, cpu) = (Instant::now(), own_cpu());
    let results = fleet::for_each(others, n_threads, &work, &|_| {});
    assert!(results.iter().all(Result::is_ok));
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / others.len() as f64;
    let (wall, cpu) = (start.elapsed(), own_cpu().saturating_sub(cpu));
    let n = fleet.members.len();
    line(&format!(
        "{n} overlays of {n_bytes} bytes, {n_threads} threads: first {:.1} ms, then {:.3} ms wall \
         and {:.3} ms CPU each",
        cold.as_secs_f64() * 1000.0,
        each(wall),
        each(cpu)
    ));
}

#[expect(clippy::print_stdout, reason = "the report of the benchmark")]
fn line(text: &str) {
    println!("{text}");
}
