//! A process of its own for the `.j2` files of one overlay, with bounds on its memory and its time.
//!
//! minijinja counts instructions, but a single one can double a text, compare what takes years or
//! nest deeper than the stack, and nothing else than the end of a process stops it. In: the names
//! that templates know, then one template after the other, as lines of JSON. Out: what each gives.

use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::template::{Outcome, Renderer, Task};
use crate::diag::Diagnostic;
use crate::limits::{MAX_JINJA_MEMORY, MAX_JINJA_SECONDS};

/// The argument that makes the program serve templates.
pub const ARGUMENT: &str = "__templates";

/// The stack of the process, in bytes: what nests deeper is an error.
const STACK_BYTES: u64 = 32 * 1024 * 1024;

/// Most bytes of what a process says at its end.
const MAX_LAST_WORDS: u64 = 4096;

/// The program that serves templates when it is called with [`ARGUMENT`].
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Has templates rendered by processes of `program` from now on, no longer in this one.
pub fn isolate(program: PathBuf) {
    // Whoever was first has said the same.
    let _ = PROGRAM.set(program);
}

/// Serves templates that come by `input` until it ends.
///
/// # Errors
///
/// The other side has gone away, or sends something else.
pub fn serve(mut input: impl BufRead, output: impl Write) -> io::Result<()> {
    bound(Resource::Core, 0)?;
    bound(Resource::Stack, STACK_BYTES)?;
    bound(Resource::Cpu, MAX_JINJA_SECONDS)?;
    bound(Resource::Data, MAX_JINJA_MEMORY)?;
    let Some(names) = receive::<Json>(&mut input)? else {
        return Ok(());
    };
    let mut renderer = Renderer::new(&names);
    drop(names);
    let mut output = BufWriter::new(output);
    while let Some(task) = receive::<Task<'_>>(&mut input)? {
        send(&mut output, &renderer.run(&task))?;
    }
    Ok(())
}

/// Lowers a bound of this process.
fn bound(resource: Resource, most: u64) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let current = Some(maximum.map_or(most, |maximum| maximum.min(most)));
    Ok(setrlimit(resource, Rlimit { current, maximum })?)
}

/// Starts a process for templates that know `names`; nothing if this one is to render them.
///
/// # Errors
///
/// It does not start.
pub(super) fn start(names: &Json) -> Result<Option<Worker>, Box<Diagnostic>> {
    let Some(program) = PROGRAM.get() else {
        return Ok(None);
    };
    let child = Command::new(program)
        .arg(ARGUMENT)
        // What a failure says has to fit into the pipe.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|e| {
        let problem = format!("failed to start the process that renders templates: {e}");
        let mut problem = Diagnostic::error(problem);
        problem.outside = true;
        problem
    })?;
    let mut worker = Worker {
        input: child.stdin.take().map(BufWriter::new),
        output: child.stdout.take().map(BufReader::new),
        child,
    };
    match worker.send(names) {
        Ok(()) => Ok(Some(worker)),
        Err(_) => Err(Box::new(worker.failure())),
    }
}

/// A process that renders templates; it ends with this.
pub(super) struct Worker {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: Option<BufReader<ChildStdout>>,
}

impl Worker {
    /// Renders a template.
    pub(super) fn run(&mut self, task: &Task<'_>) -> Result<Outcome, Box<Diagnostic>> {
        let sent = self.send(task);
        let received = sent.and_then(|()| match &mut self.output {
            Some(output) => receive(output),
            None => Ok(None),
        });
        match received {
            Ok(Some(outcome)) => Ok(outcome),
            Ok(None) | Err(_) => Err(Box::new(self.failure())),
        }
    }

    fn send(&mut self, message: &impl Serialize) -> io::Result<()> {
        match &mut self.input {
            Some(input) => send(input, message),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Has the process end, which it does where its input does.
    fn close(&mut self) {
        self.input = None;
        self.output = None;
    }

    /// Says why the process has ended.
    fn failure(&mut self) -> Diagnostic {
        self.close();
        let mut said = Vec::new();
        if let Some(errors) = self.child.stderr.take() {
            let _ = errors.take(MAX_LAST_WORDS).read_to_end(&mut said);
        }
        let said = String::from_utf8_lossy(&said);
        let status = self.child.wait();
        let signal = status.as_ref().ok().and_then(ExitStatusExt::signal);
        let is_by = |by: Signal| signal == Some(by.as_raw());
        let is_memory = said.contains("memory allocation") || said.contains("capacity overflow");
        let is_stack = said.contains("overflowed its stack") || is_by(Signal::SEGV);
        if is_by(Signal::XCPU) {
            let problem = format!("templates take more than {MAX_JINJA_SECONDS} seconds of CPU");
            return Diagnostic::error(problem);
        }
        if is_memory {
            let problem = format!("templates take more than {MAX_JINJA_MEMORY} bytes of memory");
            return Diagnostic::error(problem);
        }
        if is_stack {
            let problem = "an expression of the template is too long or nested too deeply";
            return Diagnostic::error(problem);
        }
        let how = status.map_or_else(|e| e.to_string(), |status| status.to_string());
        let mut problem =
            Diagnostic::error(format!("the process that renders templates ended: {how}"));
        problem.outside = true;
        problem.trace.extend(said.lines().map(str::to_owned));
        problem
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
        let _ = self.child.wait();
    }
}

fn send(output: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, message)?;
    output.write_all(b"\n")?;
    output.flush()
}

/// Receives a message; nothing where there are no more.
fn receive<T: DeserializeOwned>(input: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    if input.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let mut message = serde_json::Deserializer::from_slice(&line);
    // The sender has bounded the depth.
    message.disable_recursion_limit();
    Ok(Some(T::deserialize(&mut message)?))
}
