//! Reading trees of files that nobody may leave, and writing files whole.
//!
//! In: directories and relative paths of an untrusted repository, patterns. Out: bytes in a fixed
//! order, matches, files that are either complete or absent. Refused: paths and links that lead
//! outside a [`Root`], anything but regular files, names that are not UTF-8.

mod error;
pub mod glob;
pub mod pattern;
mod root;
#[cfg(test)]
mod tests;
mod walk;
mod write;

pub use error::FileError;
pub(crate) use error::os_text;
pub use glob::Glob;
pub use pattern::Pattern;
pub(crate) use root::read_regular;
pub use root::{Root, RootFile, absolute};
pub use walk::{Found, Links, Next, walk};
pub use write::{create_dirs, write_whole};
