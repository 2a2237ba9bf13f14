//! The files of `jobs/`, `casc/` and `manifests/`: found, overlaid, checked, templates rendered.

use std::collections::BTreeMap;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::template::{self, Context};
use crate::app::{Repository, join};
use crate::diag::Diagnostic;

/// The ending of a template.
const TEMPLATE: &str = ".j2";

/// A file that keeps an empty directory in Git.
const PLACEHOLDER: &str = ".gitkeep";

/// What one of the directories holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Job scripts.
    Jobs,
    /// JCasC fragments.
    Casc,
    /// Further objects.
    Manifests,
}

impl Kind {
    /// The name of the directory.
    pub fn directory(self) -> &'static str {
        match self {
            Kind::Jobs => "jobs",
            Kind::Casc => "casc",
            Kind::Manifests => "manifests",
        }
    }

    /// The endings of the files in it.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Kind::Jobs => &[".groovy", ".yaml"],
            Kind::Casc | Kind::Manifests => &[".yaml"],
        }
    }
}

/// When Jenkins runs a script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Before all others: the folders that declared jobs need.
    Folders,
    /// In the order of paths.
    #[default]
    Script,
    /// After all that may make folders: declared jobs.
    Declared,
    /// In the end.
    Cleanup,
}

/// One file after its template ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path in the repository.
    pub file: String,
    /// The text.
    pub text: String,
    /// When Jenkins runs it, if it is a script.
    pub rank: Rank,
}

/// Files by their path below the directory, without the ending of templates.
pub type Sources = BTreeMap<String, Source>;

/// Reads the files of one kind: those of each base, then those of the overlay in place of the ones
/// of the same path.
///
/// A template whose result is blank is left out.
///
/// # Errors
///
/// Names the file that is hidden, of an unknown kind, not plain UTF-8 text with line feeds, or
/// there twice; a malformed glob; a failing template.
pub fn read(
    repository: &Repository,
    directories: &[&str],
    kind: Kind,
    exclude: &[String],
    context: &Context<'_>,
) -> Result<Sources, Box<Diagnostic>> {
    let exclude = globs(exclude, kind)?;
    let mut chosen: BTreeMap<String, String> = BTreeMap::new();
    for directory in directories {
        let directory = join(directory, kind.directory());
        let mut here: BTreeMap<String, String> = BTreeMap::new();
        for name in repository.files(&directory)? {
            let file = join(&directory, &name);
            if is_placeholder(&name) {
                continue;
            }
            let result = check_name(&name, kind).map_err(|e| Box::new(e.in_file(&file)))?;
            if let Some(other) = here.insert(result.to_owned(), file.clone()) {
                let problem = format!("`{other}` gives the same `{result}`");
                return Err(Box::new(Diagnostic::error(problem).in_file(&file)));
            }
        }
        chosen.append(&mut here);
    }
    let mut sources = Sources::new();
    for (name, file) in chosen {
        if exclude.is_match(&name) {
            continue;
        }
        let Some(text) = repository.read(&file)? else {
            continue;
        };
        context.allowance().take(text.len(), &file)?;
        check_text(&text, &file)?;
        let rank = Rank::default();
        if !file.ends_with(TEMPLATE) {
            sources.insert(name, Source { file, text, rank });
            continue;
        }
        let text = template::render(&text, &file, context)?;
        context.allowance().take(text.len(), &file)?;
        check_text(&text, &file).map_err(|mut e| {
            // The place is one in the result, which nobody has.
            *e = Diagnostic::error(format!("the result: {}", e.message)).in_file(&file);
            e
        })?;
        if !text.trim().is_empty() {
            sources.insert(name, Source { file, text, rank });
        }
    }
    Ok(sources)
}

fn globs(patterns: &[String], kind: Kind) -> Result<GlobSet, Box<Diagnostic>> {
    let problem = |e: &globset::Error| {
        let directory = kind.directory();
        Box::new(Diagnostic::error(format!("`{directory}.exclude`: {e}")))
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|e| problem(&e))?);
    }
    set.build().map_err(|e| problem(&e))
}

fn is_placeholder(name: &str) -> bool {
    name.rsplit('/').next() == Some(PLACEHOLDER)
}

/// Checks a path and cuts off the ending of templates.
fn check_name(name: &str, kind: Kind) -> Result<&str, Box<Diagnostic>> {
    if name.chars().any(char::is_control) {
        return Err(Box::new(Diagnostic::error(
            "the name holds a control character",
        )));
    }
    if name.split('/').any(|part| part.starts_with('.')) {
        return Err(Box::new(
            Diagnostic::error("hidden files are not taken").hint("rename it without the dot"),
        ));
    }
    let result = name.strip_suffix(TEMPLATE).unwrap_or(name);
    let endings = kind.endings();
    let mut stems = endings
        .iter()
        .filter_map(|ending| result.strip_suffix(ending));
    if stems.any(|stem| !stem.is_empty() && !stem.ends_with('/')) {
        return Ok(result);
    }
    let directory = kind.directory();
    let taken: Vec<String> = endings
        .iter()
        .map(|ending| format!("`*{ending}` and `*{ending}{TEMPLATE}`"))
        .collect();
    Err(Box::new(
        Diagnostic::error(format!("`{directory}/` does not take this kind of file"))
            .hint(format!("it takes {}", taken.join(", "))),
    ))
}

/// Refuses what a Groovy or JCasC reader trips over, with its line.
fn check_text(text: &str, file: &str) -> Result<(), Box<Diagnostic>> {
    if text.starts_with('\u{feff}') {
        let problem = Diagnostic::error("the file starts with a byte order mark");
        return Err(Box::new(
            problem.in_file(file).hint("save it as plain UTF-8"),
        ));
    }
    let (problem, at, hint) = if let Some(at) = text.find('\r') {
        ("a carriage return", at, "save it with LF line endings")
    } else if let Some(at) = text.find('\0') {
        ("a NUL byte", at, "the file must be plain text")
    } else {
        return Ok(());
    };
    let before = &text[..at];
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
    let problem = Diagnostic::error(format!("the file holds {problem}"));
    Err(Box::new(problem.at(file, line, column, "").hint(hint)))
}
