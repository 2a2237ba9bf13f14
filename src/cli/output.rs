//! The only writer to standard output and standard error.

use std::io::{self, Write as _};

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
