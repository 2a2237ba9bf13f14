//! YAML text to data, with messages that point into the text.

use crate::diag::Diagnostic;
use crate::value::Tree;
use crate::yaml;

/// Reads one YAML document, which starts at the one-based line `first_line` of `file`; nothing but
/// comments is null.
///
/// # Errors
///
/// Points at what is not YAML.
pub(crate) fn read(text: &str, file: &str, first_line: usize) -> Result<Tree, Box<Diagnostic>> {
    yaml::to_tree(text.as_bytes()).map_err(|e| point(&e, text, file, first_line))
}

/// Reads a file that a user wrote: one document without duplicate keys.
///
/// # Errors
///
/// Points at what is not YAML, a second document, or a key that is there twice.
pub(crate) fn read_file(text: &str, file: &str) -> Result<Tree, Box<Diagnostic>> {
    let mut documents = super::pieces(text)
        .into_iter()
        .filter(|piece| piece.body.lines().any(super::has_content));
    let Some(only) = documents.next() else {
        return Ok(Tree::Null);
    };
    if let Some(second) = documents.next() {
        let problem = Diagnostic::error("a second YAML document starts here");
        let problem = problem.hint("the file may hold one document only");
        return Err(Box::new(problem.at(file, second.line, 0, "")));
    }
    let nodes = yaml::parse(only.body.as_bytes());
    let nodes = nodes.map_err(|e| point(&e, only.body, file, only.line))?;
    if let Some(key) = nodes.duplicate_keys().first() {
        let name = String::from_utf8_lossy(key.text()).into_owned();
        let problem = Diagnostic::error(format!("the key `{name}` is there twice"));
        let problem = problem.at(file, key.line(), key.column(), only.body);
        return Err(Box::new(shift(problem, only.line)));
    }
    read(only.body, file, only.line)
}

fn point(error: &yaml::Error, text: &str, file: &str, first_line: usize) -> Box<Diagnostic> {
    let mut problem = error.diagnostic(file, text);
    // Go counts lines in its own way; the place says it better.
    let message = problem.message.trim_start_matches("yaml: ");
    let message = match message
        .strip_prefix("line ")
        .and_then(|m| m.split_once(": "))
    {
        Some((_, rest)) => rest,
        None => message,
    };
    problem.message = message.to_owned();
    Box::new(shift(problem, first_line))
}

fn shift(mut problem: Diagnostic, first_line: usize) -> Diagnostic {
    if let Some(at) = problem.location.as_mut().filter(|at| at.line > 0) {
        at.line += first_line - 1;
    }
    problem
}
