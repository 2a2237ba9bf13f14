//! The flags of the cap on parallel renders and of the metrics, and what they do around a command.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::exit::Error;
use super::output;
use crate::diag::Diagnostic;
use crate::metrics::{self, Call};
use crate::par::{self, Arrival, Gate, GateError, Slot};

const PARALLELISM: &str = "JENKINS_CMP_PARALLELISM";
const STATE_DIR: &str = "JENKINS_CMP_STATE_DIR";
const QUEUE_TIMEOUT: &str = "JENKINS_CMP_QUEUE_TIMEOUT";
const METRICS_FILE: &str = "JENKINS_CMP_METRICS_FILE";
const METRICS_TEXTFILE: &str = "JENKINS_CMP_METRICS_TEXTFILE";

/// How many renders run at once, and where figures about them go.
#[derive(Args, Debug)]
#[command(next_help_heading = "Parallelism and metrics")]
pub(super) struct GateArgs {
    /// Renders that may run at once, over all processes with the same state directory
    #[arg(long, value_name = "N", env = PARALLELISM, value_parser = slots)]
    parallelism: Option<NonZeroUsize>,

    /// Directory of the locks that the processes share; `jenkins-cmp-UID` in the temporary
    /// directory by default
    #[arg(long, value_name = "DIR", env = STATE_DIR, value_parser = path(STATE_DIR))]
    state_dir: Option<PathBuf>,

    /// Longest wait for a turn
    #[arg(long, value_name = "SECONDS", env = QUEUE_TIMEOUT, value_parser = seconds)]
    queue_timeout: Option<u64>,

    /// File to which each call appends one line of JSON
    #[arg(long, value_name = "FILE", env = METRICS_FILE, value_parser = path(METRICS_FILE))]
    metrics_file: Option<PathBuf>,

    /// OpenMetrics file to whose counters each call adds
    #[arg(long, value_name = "FILE", env = METRICS_TEXTFILE, value_parser = path(METRICS_TEXTFILE))]
    metrics_textfile: Option<PathBuf>,
}

/// Reads a number of slots.
fn slots(text: &str) -> Result<NonZeroUsize, String> {
    let problem = |_| takes("a whole number from 1 on", PARALLELISM);
    text.parse().map_err(problem)
}

/// Reads a time in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| takes("whole seconds", QUEUE_TIMEOUT))
}

/// Reads a path, which may come from `variable`.
fn path(variable: &'static str) -> impl TypedValueParser<Value = PathBuf> {
    let read = move |text: OsString| match text.is_empty() {
        true => Err(takes("a path", variable)),
        false => Ok(PathBuf::from(text)),
    };
    OsStringValueParser::new().try_map(read)
}

/// Says what a flag takes. Whoever set a variable may not know the flag that clap's message names.
fn takes(what: &str, variable: &str) -> String {
    format!("it takes {what}, as does the variable {variable}")
}

/// What holds where neither a flag nor a variable says anything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    /// The name of the command.
    pub(super) command: &'static str,
    /// The longest wait.
    pub(super) queue_timeout: Duration,
}

impl GateArgs {
    /// The cap: that of flag or variable, else the one `in_files`, else the cores that the control
    /// group or the machine grants.
    pub(super) fn n_slots(
        &self,
        in_files: impl FnOnce() -> Result<Option<NonZeroUsize>, Error>,
    ) -> Result<NonZeroUsize, Error> {
        if let Some(n_slots) = self.parallelism {
            return Ok(n_slots);
        }
        let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Ok(in_files()?.unwrap_or_else(cores))
    }

    /// Runs `work` and records what it did, however it ends.
    pub(super) fn measured(
        &self,
        defaults: Defaults,
        work: impl FnOnce(&Meter<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // One right after the other, so that times told by both clocks fit together.
        let (start, mark) = (SystemTime::now(), Instant::now());
        let meter = Meter {
            args: self,
            defaults,
            record: Mutex::new(Record {
                call: Call {
                    command: defaults.command,
                    start,
                    outcome: "bug",
                    exit_code: 70,
                    waited: Duration::ZERO,
                    rendered: Duration::ZERO,
                    phases: Vec::new(),
                    n_bytes: 0,
                },
                first_slot: None,
                mark,
            }),
        };
        let result = work(&meter);
        let mut record = meter.record();
        match &result {
            Ok(()) => (record.call.outcome, record.call.exit_code) = ("done", 0),
            Err(error) => {
                record.call.exit_code = error.failure.code();
                if record.call.outcome != TIMEOUT {
                    record.call.outcome = error.failure.outcome();
                }
            }
        }
        drop(record);
        result
    }
}

/// The outcome of a call that got no slot in time.
const TIMEOUT: &str = "timeout";

/// Measures one call; records it when dropped, even by a panic.
#[derive(Debug)]
pub(super) struct Meter<'a> {
    args: &'a GateArgs,
    defaults: Defaults,
    record: Mutex<Record>,
}

#[derive(Debug)]
struct Record {
    call: Call,
    first_slot: Option<Instant>,
    mark: Instant,
}

impl Meter<'_> {
    /// Waits for a slot among those who came earlier; without flag and variable there are `n_slots`.
    pub(super) fn enter(&self, arrival: Arrival, n_slots: NonZeroUsize) -> Result<Slot, Error> {
        let directory = self.args.state_dir.clone();
        let directory = directory.unwrap_or_else(|| par::default_directory(&std::env::temp_dir()));
        let seconds = self.args.queue_timeout.map(Duration::from_secs);
        let patience = seconds.unwrap_or(self.defaults.queue_timeout);
        let n_slots = self.args.parallelism.unwrap_or(n_slots);
        let slot = Gate::open(&directory, n_slots).and_then(|gate| gate.enter(arrival, patience));
        let mut guard = self.record();
        let record = &mut *guard;
        match slot {
            Ok(slot) => {
                // Since the last mark, so that no time is left out.
                record.call.waited += slot.entered().duration_since(record.mark);
                record.first_slot.get_or_insert(slot.entered());
                record.mark = slot.entered();
                Ok(slot)
            }
            Err(error) => {
                if let GateError::Timeout { .. } = error {
                    record.call.waited += record.mark.elapsed();
                    record.call.outcome = TIMEOUT;
                }
                Err(failure(&error))
            }
        }
    }

    /// Adds the time since the last mark, or since the slot was entered, to `phase`.
    pub(super) fn mark(&self, phase: &'static str) {
        let mut guard = self.record();
        let record = &mut *guard;
        let now = Instant::now();
        let time = now.duration_since(record.mark);
        record.mark = now;
        match record
            .call
            .phases
            .iter_mut()
            .find(|(name, _)| *name == phase)
        {
            Some((_, sum)) => *sum += time,
            None => record.call.phases.push((phase, time)),
        }
    }

    /// Writes the output of the command.
    pub(super) fn output(&self, bytes: &[u8]) -> Result<(), Error> {
        self.record().call.n_bytes = bytes.len();
        let written = output::stdout(bytes);
        self.mark("output");
        written
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        let mut record = self.record();
        record.call.rendered = record.first_slot.map_or(Duration::ZERO, |at| at.elapsed());
        let call = record.call.clone();
        drop(record);
        let (file, textfile) = (&self.args.metrics_file, &self.args.metrics_textfile);
        for (path, written) in [
            (file, file.as_ref().map(|path| metrics::append(path, &call))),
            (
                textfile,
                textfile.as_ref().map(|path| metrics::count(path, &call)),
            ),
        ] {
            // Manifests are worth more than figures about them.
            if let (Some(path), Some(Err(error))) = (path, written) {
                let path = path.display();
                output::stderr(&format!(
                    "warning: failed to write metrics to `{path}`: {error}"
                ));
            }
        }
    }
}

/// The error with the setting that would help.
fn failure(error: &GateError) -> Error {
    let hint = match error {
        GateError::Timeout { .. } => {
            "raise the longest wait (`--queue-timeout`, JENKINS_CMP_QUEUE_TIMEOUT), in a sidecar \
             together with Argo CD's `controller.repo.server.timeout.seconds`; or, where there are \
             cores to spare, the number of slots (`--parallelism`, JENKINS_CMP_PARALLELISM)"
        }
        _ => {
            "name another one (`--state-dir`, JENKINS_CMP_STATE_DIR): an absolute path on a disk \
             with free space, absent or a directory that only the user of this process can write to"
        }
    };
    let problem = Diagnostic::error(error.to_string()).hint(hint);
    Error::world(format!("{problem:#}"))
}
