//! Figures about calls, for those who operate the plugin.
//!
//! In: what one call did, in numbers. Out: a line in a log, and counters that a Prometheus collector
//! reads. Nothing of the repository's content goes in: no value, no path, no text of an error.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::par;

/// Longest wait for the textfile's lock; its holders need less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(1);

/// What one call did.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The command.
    pub command: &'static str,
    /// When it began.
    pub start: SystemTime,
    /// How it ended, in one word.
    pub outcome: &'static str,
    /// The exit code.
    pub exit_code: u8,
    /// The time in the queue.
    pub waited: Duration,
    /// The time from the first slot on, output included.
    pub rendered: Duration,
    /// How the time was spent, in order.
    pub phases: Vec<(&'static str, Duration)>,
    /// The length of the output.
    pub n_bytes: usize,
}

impl Call {
    /// The call as one line of JSON.
    fn line(&self) -> String {
        let phases = self.phases.iter();
        let phases: Map<String, Value> = phases
            .map(|(name, time)| ((*name).to_owned(), json!(milliseconds(*time))))
            .collect();
        // A clock before 1970 is no reason to fail.
        let start = self.start.duration_since(UNIX_EPOCH).unwrap_or_default();
        let line = json!({
            "command": self.command,
            "version": env!("CARGO_PKG_VERSION"),
            "pid": process::id(),
            "start_unix_ms": milliseconds(start),
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "wait_ms": milliseconds(self.waited),
            "render_ms": milliseconds(self.rendered),
            "phases_ms": phases,
            "bytes": self.n_bytes,
        });
        format!("{line}\n")
    }
}

/// Appends `call` to the file at `path` as one line of JSON.
///
/// The line is written by one call on a file opened for appending, so lines of processes that write
/// at the same time stay whole.
///
/// # Errors
///
/// The file cannot be opened or written.
pub fn append(path: &Path, call: &Call) -> io::Result<()> {
    let mut file = File::options().append(true).create(true).open(path)?;
    file.write_all(call.line().as_bytes())
}

/// Adds `call` to the counters in the OpenMetrics file at `path`.
///
/// A lock on `path` with `.lock` at its end keeps calls from losing one another's counts; the file
/// is replaced as a whole. What cannot be read in it begins anew.
///
/// # Errors
///
/// A file cannot be opened or written, or the lock is held for too long.
pub fn count(path: &Path, call: &Call) -> io::Result<()> {
    let lock = par::lock_within(&with_suffix(path, ".lock"), PATIENCE)?;
    let Some(_lock) = lock else {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "its lock is held"));
    };
    let mut samples = match fs::read_to_string(path) {
        Ok(text) => read(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Samples::new(),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Samples::new(),
        Err(error) => return Err(error),
    };
    add(&mut samples, call);
    let beside = with_suffix(path, ".tmp");
    fs::write(&beside, write(&samples))?;
    fs::rename(&beside, path)
}

/// A family of samples: its name, type and help.
struct Family(&'static str, &'static str, &'static str);

const CALLS: &str = "jenkins_cmp_calls";
const WAIT: &str = "jenkins_cmp_wait_seconds";
const WAIT_MAX: &str = "jenkins_cmp_wait_max_seconds";
const RENDER: &str = "jenkins_cmp_render_seconds";
const RENDER_MAX: &str = "jenkins_cmp_render_max_seconds";
const BYTES: &str = "jenkins_cmp_output_bytes";

/// All families, in the order of the file.
const FAMILIES: &[Family] = &[
    Family(CALLS, "counter", "Calls by command and outcome."),
    Family(WAIT, "counter", "Time that calls waited for a slot."),
    Family(WAIT_MAX, "gauge", "Longest wait for a slot."),
    Family(RENDER, "counter", "Time that calls rendered."),
    Family(RENDER_MAX, "gauge", "Longest render."),
    Family(BYTES, "counter", "Bytes of output."),
];

/// Values by family and labels.
type Samples = BTreeMap<(&'static str, String), f64>;

fn add(samples: &mut Samples, call: &Call) {
    let labels = format!(
        "{{command=\"{}\",outcome=\"{}\"}}",
        call.command, call.outcome
    );
    *samples.entry((CALLS, labels)).or_default() += 1.0;
    let by_command = format!("{{command=\"{}\"}}", call.command);
    let mut sample = |family, add: fn(f64, f64) -> f64, value| {
        let entry = samples.entry((family, by_command.clone())).or_default();
        *entry = add(*entry, value);
    };
    let sum = |a: f64, b: f64| a + b;
    sample(WAIT, sum, call.waited.as_secs_f64());
    sample(WAIT_MAX, f64::max, call.waited.as_secs_f64());
    sample(RENDER, sum, call.rendered.as_secs_f64());
    sample(RENDER_MAX, f64::max, call.rendered.as_secs_f64());
    sample(BYTES, sum, call.n_bytes as f64);
}

/// The suffix that OpenMetrics gives to the samples of a family.
fn suffix(family: &Family) -> &'static str {
    if family.1 == "counter" { "_total" } else { "" }
}

fn read(text: &str) -> Samples {
    let mut samples = Samples::new();
    for line in text.lines() {
        let Some((name, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let (name, labels) = name.split_at(name.find('{').unwrap_or(name.len()));
        let family = FAMILIES
            .iter()
            .find(|family| name.strip_prefix(family.0) == Some(suffix(family)));
        let value = value.parse::<f64>().ok();
        let value = value.filter(|value| value.is_finite() && *value >= 0.0);
        let is_whole = labels.is_empty() || labels.ends_with('}');
        if let (Some(family), Some(value), true) = (family, value, is_whole) {
            samples.insert((family.0, labels.to_owned()), value);
        }
    }
    samples
}

fn write(samples: &Samples) -> String {
    let mut out = String::new();
    for family @ Family(name, kind, help) in FAMILIES {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for ((_, labels), value) in samples.iter().filter(|((of, _), _)| of == name) {
            let _ = writeln!(out, "{name}{}{labels} {value}", suffix(family));
        }
    }
    out.push_str("# EOF\n");
    out
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Milliseconds with three decimals.
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(waited: u64) -> Call {
        Call {
            command: "generate",
            start: UNIX_EPOCH + Duration::from_millis(1500),
            outcome: "done",
            exit_code: 0,
            waited: Duration::from_millis(waited),
            rendered: Duration::from_micros(2500),
            phases: vec![("settings", Duration::from_micros(500))],
            n_bytes: 10,
        }
    }

    #[test]
    fn a_line_is_json() {
        let line = call(3).line();
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1);
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["start_unix_ms"], 1500.0);
        assert_eq!(line["wait_ms"], 3.0);
        assert_eq!(line["phases_ms"]["settings"], 0.5);
        assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(line["pid"], process::id());
    }

    #[test]
    fn counters_add_up_and_survive_the_file() {
        let mut samples = Samples::new();
        add(&mut samples, &call(500));
        let mut samples = read(&write(&samples));
        add(&mut samples, &call(250));
        assert_eq!(
            write(&samples),
            r#"# HELP jenkins_cmp_calls Calls by command and outcome.
# TYPE jenkins_cmp_calls counter
jenkins_cmp_calls_total{command="generate",outcome="done"} 2
# HELP jenkins_cmp_wait_seconds Time that calls waited for a slot.
# TYPE jenkins_cmp_wait_seconds counter
jenkins_cmp_wait_seconds_total{command="generate"} 0.75
# HELP jenkins_cmp_wait_max_seconds Longest wait for a slot.
# TYPE jenkins_cmp_wait_max_seconds gauge
jenkins_cmp_wait_max_seconds{command="generate"} 0.5
# HELP jenkins_cmp_render_seconds Time that calls rendered.
# TYPE jenkins_cmp_render_seconds counter
jenkins_cmp_render_seconds_total{command="generate"} 0.005
# HELP jenkins_cmp_render_max_seconds Longest render.
# TYPE jenkins_cmp_render_max_seconds gauge
jenkins_cmp_render_max_seconds{command="generate"} 0.0025
# HELP jenkins_cmp_output_bytes Bytes of output.
# TYPE jenkins_cmp_output_bytes counter
jenkins_cmp_output_bytes_total{command="generate"} 20
# EOF
"#
        );
    }

    #[test]
    fn nonsense_begins_anew() {
        for text in [
            "",
            "\n \n{} 1\n",
            "jenkins_cmp_calls_total NaN\njenkins_cmp_calls_total -1",
            "other_total 5",
            "jenkins_cmp_calls_total{command=\"gen 5",
        ] {
            assert!(read(text).is_empty(), "{text:?}");
        }
    }
}
