//! Where `template` finds its chart and its values: paths, and nothing of the network.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::exit::Error;
use crate::files::{self, FileError};
use crate::funcs::url::Url;
use crate::limits::MAX_VALUES_FILE_BYTES;

/// What to do about a chart that is no path.
const HINT: &str = "give the path of a directory or of an archive: template asks no repository";

/// The chart's absolute path; what is neither a directory nor a file is refused in Helm's words.
///
/// # Errors
///
/// There is no such path.
pub(super) fn chart(name: &str) -> Result<PathBuf, Error> {
    let name = name.trim();
    let path = Path::new(name);
    if path.exists() {
        return files::absolute(path).map_err(|error| Error::world(error.to_string()));
    }
    if path.is_absolute() || name.starts_with('.') {
        return Err(Error::input(format!("path {name:?} not found")));
    }
    let reason = match name.split_once('/') {
        _ if name.contains("://") => format!("{name} is not a path"),
        Some((repository, _)) => format!("repo {repository} not found"),
        None => {
            format!("non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}")
        }
    };
    Err(Error::input(format!("{reason}\n{HINT}")))
}

/// Reads a values file or a file for `--set-file`; `-` is standard input.
///
/// # Errors
///
/// Go's text; a URL that Helm would fetch is refused.
pub(super) fn values(path: &str) -> Result<Vec<u8>, String> {
    if path.trim() == "-" {
        let read = bounded(io::stdin().lock());
        return read.map_err(|error| error.to_string());
    }
    let url = Url::parse(path.as_bytes())?;
    if matches!(&url.scheme[..], b"http" | b"https" | b"oci") {
        return Err(format!("{path}: values are read from files only"));
    }
    let read = fs::File::open(path).and_then(bounded);
    read.map_err(|error| {
        let what = match error.kind() {
            io::ErrorKind::IsADirectory => "read",
            _ => "open",
        };
        FileError::io(what, Path::new(path), error).to_string()
    })
}

/// Reads to the end, or to where it is too much.
fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source
        .take(MAX_VALUES_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_VALUES_FILE_BYTES {
        let text = format!("it is larger than {MAX_VALUES_FILE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}
