//! What an overlay reads, and the annotation that says so.

use std::collections::BTreeSet;

use super::paths;
use crate::app::{self, Overlay, SETTINGS_FILE, values::DEFAULT_FILE};
use crate::diag::Diagnostic;
use crate::files::{self, FileError, Links, Next};

/// A file or directory that an overlay is rendered from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// The number of parts of its path: broader ones come first.
    depth: usize,
    /// The path from the top of the repository.
    pub path: String,
    /// Whether it is a directory, read with everything below it.
    pub is_directory: bool,
}

/// Lists what `overlay` reads, the broadest first; nothing that another entry contains.
///
/// # Errors
///
/// A directory cannot be read to its end.
pub fn inputs(overlay: &Overlay) -> Result<Vec<Input>, Box<Diagnostic>> {
    let repository = &overlay.place.repository;
    let mut found = BTreeSet::new();
    let mut add = |path: String| {
        let is_directory = repository.is_dir(&path);
        if is_directory || repository.is_file(&path) {
            let depth = paths::depth(&path);
            found.insert(Input {
                depth,
                path,
                is_directory,
            });
        }
    };
    for directory in app::settings_directories(&overlay.place) {
        add(app::join(directory, SETTINGS_FILE));
    }
    add(app::lock_file(&overlay.place));
    // A chart that is fetched by its digest has no path, and the lock file stands for it.
    if !overlay.chart.is_empty() {
        add(overlay.chart.clone());
        for directory in app::subchart_directories(repository, &overlay.chart)? {
            add(directory);
        }
    }
    let default = [DEFAULT_FILE.to_owned()];
    for directory in overlay.directories() {
        add(directory.to_owned());
        for name in overlay.settings.values.as_deref().unwrap_or(&default) {
            add(repository.resolve(directory, name)?);
        }
        for target in link_targets(overlay, directory)? {
            add(target);
        }
    }
    Ok(minimal(found))
}

/// Leaves out what another entry contains; broader ones come first.
pub(super) fn minimal(found: impl IntoIterator<Item = Input>) -> Vec<Input> {
    let mut minimal: Vec<Input> = Vec::new();
    for input in found {
        let contains =
            |other: &Input| other.is_directory && paths::is_below(&input.path, &other.path);
        if !minimal.iter().any(contains) {
            minimal.push(input);
        }
    }
    minimal
}

/// The annotation for an overlay with these inputs, its own directory as `.`.
///
/// # Errors
///
/// A path holds a `;`, which the annotation cannot express.
pub fn annotation<'i>(
    overlay: &str,
    inputs: impl IntoIterator<Item = &'i Input>,
) -> Result<String, Box<Diagnostic>> {
    let mut entries = Vec::new();
    for input in inputs {
        if input.path.contains(';') {
            let problem = format!("{} cannot name a path with `;`", paths::ANNOTATION);
            return Err(Box::new(Diagnostic::error(problem).in_file(&input.path)));
        }
        entries.push(if !overlay.is_empty() && input.path == overlay {
            ".".to_owned()
        } else {
            format!("/{}", input.path)
        });
    }
    Ok(entries.join(";"))
}

/// Where the links below a directory lead, from the top of the repository.
fn link_targets(overlay: &Overlay, directory: &str) -> Result<Vec<String>, Box<Diagnostic>> {
    let root = overlay.place.repository.root();
    let mut targets = Vec::new();
    let top = root
        .join(directory)
        .map_err(|e| Diagnostic::error(e.to_string()))?;
    let walked = files::walk(
        &top,
        Links::Within(root),
        |entry| -> Result<Next, FileError> {
            let target = entry
                .link
                .and_then(|link| link.strip_prefix(root.path()).ok());
            targets.extend(target.and_then(|path| path.to_str()).map(str::to_owned));
            Ok(Next::Enter)
        },
    );
    walked.map_err(|e| Diagnostic::error(e.to_string()))?;
    Ok(targets)
}
