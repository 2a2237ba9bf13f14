//! What the tests share: running the binary, private directories.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// What a run of the binary gave.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Output {
    /// What a process gave.
    pub(crate) fn of(output: &std::process::Output) -> Output {
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A run of the binary to be prepared.
#[must_use]
pub(crate) struct Run(Command);

impl Run {
    /// Prepares `jenkins-cmp` with `args` in an empty environment.
    pub(crate) fn new<S: AsRef<OsStr>>(args: &[S]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jenkins-cmp"));
        command.args(args).env_clear().stdin(Stdio::null());
        Run(command)
    }

    /// Runs in `directory`.
    pub(crate) fn current_dir(mut self, directory: &Path) -> Run {
        self.0.current_dir(directory);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Run {
        self.0.env(name, value);
        self
    }

    /// Runs to the end with further arguments.
    pub(crate) fn output_of(mut self, args: &[&str]) -> Output {
        self.0.args(args);
        self.output()
    }

    /// Runs to the end.
    pub(crate) fn output(mut self) -> Output {
        Output::of(&self.0.output().expect("the binary starts"))
    }

    /// Runs to the end with a little text on standard input.
    pub(crate) fn output_with(mut self, stdin: &[u8]) -> Output {
        let piped = self.0.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        // Whoever does not read it all has closed the pipe.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin);
        Output::of(&child.wait_with_output().expect("the binary ends"))
    }
}

/// Runs `jenkins-cmp` with `args` in an empty environment.
pub(crate) fn run(args: &[&str]) -> Output {
    Run::new(args).output()
}

/// A small generator (xorshift) so that a seed repeats a run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `items`.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// Up to `most` of `items`, one after the other.
    pub(crate) fn join(&mut self, items: &[&str], most: usize) -> String {
        let n = self.below(most + 1);
        (0..n).map(|_| self.pick(items)).collect()
    }
}

/// A directory of one test, removed at its end.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    /// Makes an empty directory whose name begins with `name`.
    pub(crate) fn new(name: &str) -> TempDir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("{name}-{}-{n}", std::process::id()));
        fs::create_dir_all(&path).expect("a new directory");
        TempDir(path.canonicalize().expect("an existing directory"))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file below it, with its directories.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a path below the directory"))
            .expect("directories");
        fs::write(&path, content).expect("a file");
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The project's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Says on standard error what a test left out or did.
#[expect(clippy::print_stderr, reason = "the test's own report")]
pub(crate) fn note(text: &str) {
    eprintln!("note: {text}");
}

/// Copies a directory with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("a file of the chart");
        let target = to.join(entry.path().strip_prefix(from).expect("a path below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).expect("a directory");
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
