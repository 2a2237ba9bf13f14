//! Values: files, merging, `--set`.
//!
//! In: YAML texts, arguments of the `--set` family. Out: one table of values; warnings.
//! Refused, in Helm's words: what Helm refuses, with the place in the file that is at fault.

mod documents;
pub(crate) mod json;
mod set;
mod tables;
#[cfg(test)]
mod tests;

use crate::diag::Diagnostic;
use crate::helm::HelmCompat;
use crate::value::{Tree, TreeMap, json as go_json};

pub use documents::parse_values;
use set::Mode;
pub use set::ReadFile;
pub(crate) use set::Room;
pub(crate) use tables::{Merging, Nulls, clean_nulls, deep, entries, join_path, shallow_copy};
pub use tables::{freeze, merge};

/// What a user says about values; the fields are Helm's flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValuesOptions {
    /// `--values`
    pub files: Vec<String>,
    /// `--set-json`
    pub set_json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
}

/// Merges everything the user says in Helm's order; `read` gives the bytes of a file or the
/// reason, in Go's words, why it cannot.
///
/// # Errors
///
/// Helm's text; of a broken file also the place in it.
///
/// ```
/// use jenkins_cmp::helm::HelmCompat;
/// use jenkins_cmp::values::{ValuesOptions, merge_options};
///
/// let options = ValuesOptions {
///     files: vec!["a.yaml".to_owned()],
///     set: vec!["image.tag=2".to_owned()],
///     ..ValuesOptions::default()
/// };
/// let values = merge_options(&options, HelmCompat::V4, &mut |_| Ok(b"image: {name: x}".to_vec()))?;
/// assert_eq!(values.at(["image", "name"]).and_then(|v| v.as_str()), Some("x"));
/// # Ok::<(), Box<jenkins_cmp::diag::Diagnostic>>(())
/// ```
pub fn merge_options(
    options: &ValuesOptions,
    helm: HelmCompat,
    read: &mut ReadFile<'_>,
) -> Result<Tree, Box<Diagnostic>> {
    let mut base = TreeMap::new();
    for file in &options.files {
        let text = read(file).map_err(plain)?;
        let values = parse_values(file, &text, helm).map_err(|mut e| {
            e.message = format!("failed to parse {file}: {}", e.message);
            e
        })?;
        if let Some(values) = values.as_map() {
            merge(&mut base, values);
        }
    }
    let room = &mut Room::default();
    for text in &options.set_json {
        set_json(&mut base, text, helm, room)?;
    }
    for text in &options.set {
        set(&mut base, text, helm, room)?;
    }
    for text in &options.set_string {
        set::apply(&mut base, text, Mode::Text, helm, room)
            .map_err(|e| failed("--set-string", &e))?;
    }
    for text in &options.set_file {
        set::apply(&mut base, text, Mode::File(read), helm, room)
            .map_err(|e| failed("--set-file", &e))?;
    }
    for text in &options.set_literal {
        set::apply(&mut base, text, Mode::Literal, helm, room)
            .map_err(|e| failed("--set-literal", &e))?;
    }
    Ok(Tree::map(base))
}

/// Applies one argument of `--set` to `base`.
///
/// # Errors
///
/// Helm's text.
pub(crate) fn set(
    base: &mut TreeMap,
    text: &str,
    helm: HelmCompat,
    room: &mut Room,
) -> Result<(), Box<Diagnostic>> {
    set::apply(base, text, Mode::Typed, helm, room).map_err(|e| failed("--set", &e))
}

/// Applies `--set-json`: assignments, or in Helm 4 a whole object.
fn set_json(
    base: &mut TreeMap,
    text: &str,
    helm: HelmCompat,
    room: &mut Room,
) -> Result<(), Box<Diagnostic>> {
    if helm == HelmCompat::V4 && text.trim().starts_with('{') {
        let failed =
            |e: String| plain(format!("failed parsing --set-json data JSON: {text}")).context(e);
        let object = go_json::decode(text.trim().as_bytes()).map_err(failed)?;
        let entries = object
            .as_map()
            .expect("JSON that starts with a brace is an object");
        merge(base, entries);
        return Ok(());
    }
    set::apply(base, text, Mode::Json, helm, room).map_err(|e| {
        plain(format!("failed parsing --set-json data {text}"))
            .context(e)
            .into()
    })
}

fn failed(flag: &str, reason: &str) -> Box<Diagnostic> {
    plain(format!("failed parsing {flag} data: {reason}")).into()
}

fn plain(message: String) -> Diagnostic {
    Diagnostic::error(message)
}
