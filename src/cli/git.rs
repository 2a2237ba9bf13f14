//! The tree of a git revision, beside the work tree.
//!
//! In: a directory in a repository and a revision. Out: the revision's files in a private directory
//! that goes when the value does, as a checkout would write them. The repository, its index and the
//! work tree stay as they are, and none of its hooks runs.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::exit::Error;

/// The files of a revision.
#[derive(Debug)]
pub(super) struct Checkout {
    /// The top of the repository.
    pub(super) top: PathBuf,
    directory: PathBuf,
}

impl Checkout {
    /// Writes the files of `revision` of the repository around `directory`.
    ///
    /// # Errors
    ///
    /// There is no git, no repository, no such revision, or no room.
    pub(super) fn new(directory: &Path, revision: &str) -> Result<Checkout, Error> {
        let top = git(directory, None, ["rev-parse", "--show-toplevel"])
            .map_err(|e| e.hint("`--base` needs a git repository; `--against DIR` needs none"))?;
        let tree = format!("{revision}^{{tree}}");
        let arguments = ["rev-parse", "--verify", "--end-of-options", &tree];
        let tree = git(directory, None, arguments).map_err(|e| {
            e.hint(&format!(
                "`{revision}` is no revision here; a shallow clone may lack it: `git fetch`"
            ))
        })?;
        let checkout = Checkout {
            top: PathBuf::from(top),
            directory: private_directory()?,
        };
        let index = Some(checkout.directory.join("index"));
        let mut prefix = checkout.tree().into_os_string();
        prefix.push("/");
        let mut target = std::ffi::OsString::from("--prefix=");
        target.push(prefix);
        git(&checkout.top, index.as_deref(), ["read-tree", &tree])?;
        let arguments = [OsStr::new("checkout-index"), OsStr::new("--all"), &target];
        git(&checkout.top, index.as_deref(), arguments)?;
        fs::create_dir_all(checkout.tree()).context("failed to write the revision's files")?;
        Ok(checkout)
    }

    /// The directory with the files.
    pub(super) fn tree(&self) -> PathBuf {
        self.directory.join("tree")
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever cleans the temporary directory.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A failed run of git.
struct Failed(Error);

impl Failed {
    fn hint(self, hint: &str) -> Error {
        let Error { failure, message } = self.0;
        Error {
            failure,
            message: format!("{message}\nhint: {hint}"),
        }
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Error {
        failed.0
    }
}

/// Runs git without hooks and gives the first line that it prints.
fn git<S: AsRef<OsStr>, const N: usize>(
    directory: &Path,
    index: Option<&Path>,
    arguments: [S; N],
) -> Result<String, Failed> {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory);
    command.args([
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
    ]);
    command.args(&arguments).stdin(Stdio::null());
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    let output = command.output().map_err(|error| {
        Failed(match error.kind() {
            io::ErrorKind::NotFound => Error::world("`--base` needs `git`, which is not installed"),
            _ => Error::world(format!("failed to run git: {error}")),
        })
    })?;
    let first = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.lines().next().unwrap_or_default().to_owned()
    };
    if output.status.success() {
        return Ok(first(&output.stdout));
    }
    Err(Failed(Error::input(format!(
        "git: {}",
        first(&output.stderr)
    ))))
}

/// Makes a directory that nobody else can look into.
fn private_directory() -> anyhow::Result<PathBuf> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random)?;
    let suffix: String = random.iter().map(|b| format!("{b:02x}")).collect();
    let path = std::env::temp_dir().join(format!("jenkins-cmp-diff-{suffix}"));
    let mut builder = fs::DirBuilder::new();
    let made = builder.mode(0o700).create(&path);
    made.and_then(|()| path.canonicalize()).with_context(|| {
        format!(
            "failed to make the temporary directory `{}`",
            path.display()
        )
    })
}
