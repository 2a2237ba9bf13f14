//! The only writer to standard output and standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

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
    let mut err = io::stderr().lock();
    let clear = match BAR_IS_SHOWN.swap(false, Ordering::Relaxed) {
        true => CLEAR,
        false => "",
    };
    // Where standard error is gone there is nobody left to tell.
    let _ = writeln!(err, "{clear}{line}");
}

/// Whether the last line of the terminal is a bar, which a message takes the place of.
static BAR_IS_SHOWN: AtomicBool = AtomicBool::new(false);

const CLEAR: &str = "\r\x1b[K";

/// A bar on the terminal that says how far the work is, until it is dropped; nothing where no
/// terminal is.
pub(super) struct Progress {
    is_terminal: bool,
}

impl Progress {
    /// Shows nothing yet.
    pub(super) fn new() -> Progress {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Progress {
            is_terminal: io::stderr().is_terminal() && !is_dumb,
        }
    }

    /// Replaces the bar.
    pub(super) fn show(&self, n_done: usize, total: usize, last: &str) {
        if self.is_terminal {
            let mut err = io::stderr().lock();
            BAR_IS_SHOWN.store(true, Ordering::Relaxed);
            let bar = bar(n_done, total, last);
            // A line that is too long for the terminal is cut, not wrapped.
            let _ = write!(err, "\r\x1b[?7l{bar}\x1b[K\x1b[?7h").and_then(|()| err.flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut err = io::stderr().lock();
        if BAR_IS_SHOWN.swap(false, Ordering::Relaxed) {
            let _ = write!(err, "{CLEAR}").and_then(|()| err.flush());
        }
    }
}

/// The bar with its numbers, and what was done last.
fn bar(n_done: usize, total: usize, last: &str) -> String {
    const WIDTH: usize = 24;
    let n_full = (n_done * WIDTH).checked_div(total).unwrap_or(WIDTH);
    let (full, empty) = ("#".repeat(n_full), "-".repeat(WIDTH - n_full.min(WIDTH)));
    // Control characters in the name of a directory could do anything to a terminal.
    let last: String = last.chars().filter(|c| !c.is_control()).take(60).collect();
    format!("[{full}{empty}] {n_done}/{total} {last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_from_nothing_to_all() {
        assert_eq!(bar(0, 3, "a"), "[------------------------] 0/3 a");
        assert_eq!(bar(1, 3, "a\x1b[2J"), "[########----------------] 1/3 a[2J");
        assert_eq!(bar(3, 3, ""), "[########################] 3/3 ");
    }
}
