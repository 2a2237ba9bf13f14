//! What can go wrong with a path.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A path that cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refuses.
    Io {
        /// Go's name of the failing call (`open`, `lstat`), for the same text.
        call: &'static str,
        /// The path as given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An absolute path where one relative to the repository is wanted.
    Absolute(PathBuf),
    /// A path or a link that leads out of its root.
    Outside {
        /// The path as given.
        path: PathBuf,
        /// The root it must stay in.
        root: PathBuf,
    },
    /// A symbolic link that does not resolve.
    BrokenLink {
        /// The link.
        link: PathBuf,
        /// The part of the target that fails; `None` if the links go in circles.
        target: Option<PathBuf>,
        /// Why.
        source: io::Error,
    },
    /// A symbolic link to a directory that contains it.
    Loop(PathBuf),
    /// A pipe, a device, a socket, or a directory where a file is wanted.
    NotRegular(PathBuf),
    /// A name that is not UTF-8.
    NotUtf8(PathBuf),
    /// A file over a bound.
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound in bytes.
        max: u64,
    },
    /// More files than a tree may have.
    TooMany {
        /// The top of the tree.
        path: PathBuf,
        /// The bound.
        max: usize,
    },
}

impl FileError {
    pub(crate) fn io(call: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        FileError::Io {
            call,
            path: path.into(),
            source,
        }
    }

    /// Says whether the file simply is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, FileError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Io { call, path, source } => {
                write!(f, "{call} {}: {}", path.display(), os_text(source))
            }
            FileError::Absolute(path) => {
                write!(f, "`{}` is absolute; write it relative", path.display())
            }
            FileError::Outside { path, root } => write!(
                f,
                "`{}` leads outside of `{}`",
                path.display(),
                root.display()
            ),
            FileError::BrokenLink {
                link,
                target: Some(target),
                source,
            } => write!(
                f,
                "error evaluating symlink {}: lstat {}: {}",
                link.display(),
                target.display(),
                os_text(source)
            ),
            FileError::BrokenLink { link, .. } => write!(
                f,
                "error evaluating symlink {}: EvalSymlinks: too many links",
                link.display()
            ),
            FileError::Loop(path) => {
                write!(
                    f,
                    "`{}` links to a directory that contains it",
                    path.display()
                )
            }
            FileError::NotRegular(path) => write!(f, "`{}` is no regular file", path.display()),
            FileError::NotUtf8(path) => {
                write!(f, "the name `{}` is not UTF-8", path.display())
            }
            FileError::TooLarge { path, max } => {
                write!(f, "`{}` is larger than {max} bytes", path.display())
            }
            FileError::TooMany { path, max } => {
                write!(f, "`{}` has more than {max} files", path.display())
            }
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            FileError::Io { source, .. } | FileError::BrokenLink { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Go's text of a system error: lower case, without the number.
pub(crate) fn os_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
