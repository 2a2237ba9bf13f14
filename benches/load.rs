//! A burst of calls, as a new commit brings it: with a cap of 1, of 2, without one, and by helm.
//!
//! `cargo bench --bench load` prints a Markdown table. `HELM=/path/to/helm` adds the bash plugin
//! that this one replaces; `CALLS=200` is the size of the burst.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use jenkins_cmp::par;

const OVERLAYS: [&str; 3] = ["prod", "staging", "mobile"];

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a burst cost.
struct Burst {
    wall: Duration,
    cpu: Duration,
    latencies: Vec<Duration>,
}

#[expect(clippy::print_stdout, reason = "the table is what the run is for")]
fn main() -> Outcome<()> {
    let n_calls: usize = std::env::var("CALLS").map_or(Ok(200), |n| n.parse())?;
    let directory = std::env::temp_dir().join(format!("load-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    println!("| {n_calls} calls | wall s | CPU s | p50 ms | p99 ms | inversions |");
    println!("|---|---|---|---|---|---|");
    let none = n_calls.to_string();
    for (name, cap) in [("cap 1", "1"), ("cap 2", "2"), ("no cap", &none)] {
        let calls = directory.join(format!("calls-{cap}"));
        let state = directory.join("state");
        let result = burst(n_calls, |overlay| plugin(overlay, &state, cap, &calls))?;
        println!("{}", row(name, result, &inversions(&calls)?.to_string()));
    }
    if let Ok(helm) = std::env::var("HELM") {
        let result = burst(n_calls, |overlay| bash(overlay, &helm))?;
        println!("{}", row("bash and helm", result, "-"));
    }
    let (waiting, rendering) = memory(&directory)?;
    println!("\nmemory of a waiting process: {waiting}\nof a rendering one: {rendering}");
    fs::remove_dir_all(&directory)?;
    Ok(())
}

fn row(name: &str, mut burst: Burst, inversions: &str) -> String {
    burst.latencies.sort_unstable();
    let at = |percent: usize| {
        let index = (burst.latencies.len() * percent).div_ceil(100).max(1) - 1;
        burst.latencies.get(index).map_or(0, Duration::as_millis)
    };
    format!(
        "| {name} | {:.2} | {:.2} | {} | {} | {inversions} |",
        burst.wall.as_secs_f64(),
        burst.cpu.as_secs_f64(),
        at(50),
        at(99),
    )
}

/// Starts all calls at once and waits for each of them.
fn burst(n_calls: usize, command: impl Fn(&Path) -> Command) -> Outcome<Burst> {
    let (start, cpu) = (Instant::now(), children_cpu()?);
    let mut waiting = Vec::new();
    for overlay in OVERLAYS.iter().cycle().take(n_calls) {
        let mut child = command(&fleet().join("overlays").join(overlay)).spawn()?;
        let began = Instant::now();
        waiting.push(thread::spawn(move || {
            let success = child.wait().is_ok_and(|status| status.success());
            success.then(|| began.elapsed())
        }));
    }
    let mut latencies = Vec::new();
    for call in waiting {
        let latency = call.join().map_err(|_| "a waiting thread panicked")?;
        latencies.push(latency.ok_or("a call failed")?);
    }
    Ok(Burst {
        wall: start.elapsed(),
        cpu: children_cpu()?.saturating_sub(cpu),
        latencies,
    })
}

fn plugin(overlay: &Path, state: &Path, cap: &str, calls: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jenkins-cmp"));
    command.args(["generate", "--parallelism", cap, "--queue-timeout", "600"]);
    command.arg("--state-dir").arg(state);
    command.arg("--metrics-file").arg(calls);
    quiet(&mut command, overlay);
    command
}

/// The plugin of old, with the chart beside it so that no network is measured.
fn bash(overlay: &Path, helm: &str) -> Command {
    let chart = fleet().with_file_name("charts").join("jenkins");
    let script = format!(
        "'{helm}' template -n ci -f ../../base/values.yaml -f ./values.yaml jenkins '{}' \
         --include-crds",
        chart.display()
    );
    let mut command = Command::new("bash");
    command.args(["-c", &script]);
    quiet(&mut command, overlay);
    command
}

fn quiet(command: &mut Command, overlay: &Path) {
    command
        .current_dir(overlay)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
}

fn fleet() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/fleet")
}

/// Calls that got in right before one that had been started earlier.
fn inversions(calls: &Path) -> Outcome<usize> {
    let mut order = Vec::new();
    for line in fs::read_to_string(calls)?.lines() {
        let call: serde_json::Value = serde_json::from_str(line)?;
        let number = |key: &str| call[key].as_f64().ok_or("no number");
        order.push((
            number("start_unix_ms")? + number("wait_ms")?,
            number("pid")?,
        ));
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(order.windows(2).filter(|two| two[1].1 < two[0].1).count())
}

/// The processor time of all children that have ended.
fn children_cpu() -> Outcome<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, after) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let mut fields = after.split_whitespace().skip(13);
    let mut ticks = || -> Outcome<u64> { Ok(fields.next().ok_or("a short stat")?.parse()?) };
    // Linux shows a hundred ticks a second to programs, whatever it counts itself.
    Ok(Duration::from_millis(10 * (ticks()? + ticks()?)))
}

/// The memory of a process that waits and of one that renders, as the kernel words it.
fn memory(directory: &Path) -> Outcome<(String, String)> {
    let (state, calls) = (directory.join("state"), directory.join("calls-memory"));
    let overlay = fleet().join("overlays/prod");
    let slot =
        par::lock_within(&state.join("slot-0.fifo"), Duration::ZERO)?.ok_or("a held slot")?;
    let mut child = plugin(&overlay, &state, "1", &calls).spawn()?;
    thread::sleep(Duration::from_millis(500));
    let waiting = status(&child).ok_or("the waiting process is gone")?;
    drop(slot);
    let mut rendering = String::new();
    while let Some(now) = status(&child) {
        rendering = now;
    }
    child.wait()?;
    Ok((waiting, rendering))
}

/// What `/proc` says about the memory of `child`, while it has any.
fn status(child: &Child) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    Some(format!("{}, {}", field("VmHWM:")?, field("RssAnon:")?))
}
