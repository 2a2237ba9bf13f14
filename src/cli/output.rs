//! The only writer to standard output and standard error.

use std::io::{self, IsTerminal as _, Write as _};

use super::exit::Error;

/// Writes `bytes` to standard output; a reader that has gone away is no error.
///
/// # Errors
///
/// Any other failure to write.
pub(super) fn stdout(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::world(format!(
            "failed to write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Writes one line to standard error, as far as that works.
pub(super) fn stderr(line: &str) {
    // Where standard error is gone there is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A line on the terminal that says how far the work is; nothing where no terminal is.
pub(super) struct Progress {
    is_terminal: bool,
}

impl Progress {
    /// Shows nothing yet.
    pub(super) fn new() -> Progress {
        Progress {
            is_terminal: io::stderr().is_terminal(),
        }
    }

    /// Replaces the line.
    pub(super) fn show(&self, n_done: usize, total: usize, last: &str) {
        // Control characters in the name of a directory could do anything to a terminal.
        let last: String = last.chars().filter(|c| !c.is_control()).take(60).collect();
        self.write(&format!("\r{n_done}/{total} {last}\x1b[K"));
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        self.write("\r\x1b[K");
    }

    fn write(&self, text: &str) {
        if self.is_terminal {
            let mut err = io::stderr().lock();
            let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        }
    }
}
