//! Streams of Kubernetes objects: their documents, identities and minimum content.
//!
//! In: the YAML stream of a chart or a file. Out: its documents, each with its bytes as they were
//! and its data, so that what nobody changes is written back unchanged. Refused: text that is not
//! YAML, documents that are no objects, two objects of one identity, output without a workload.

mod check;
pub(crate) mod codec;
mod identity;

use std::fmt::Write as _;

pub(crate) use check::is_workload;
pub use check::{check_identities, check_workload};
pub use identity::Identity;
pub(crate) use identity::group_version;

use crate::diag::Diagnostic;
use crate::value::{Str, Tree};
use crate::yaml;

/// The start of the comment that says which template or file a document comes from.
const SOURCE: &str = "# Source: ";

/// One document of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    text: String,
    source: Option<String>,
    object: Tree,
}

impl Document {
    /// Makes a document from an object.
    ///
    /// `notes` become comments below the `# Source:` line.
    pub fn from_object(source: &str, notes: &[String], object: Tree) -> Document {
        let mut text = heading(source);
        for note in notes {
            let _ = writeln!(text, "# {note}");
        }
        text.push_str(&yaml::write(&object));
        Document {
            text,
            source: Some(source.to_owned()),
            object,
        }
    }

    /// The bytes, from the separator to before the next one.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The template or file it comes from.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The object; null for a document without content.
    pub fn object(&self) -> &Tree {
        &self.object
    }

    /// Replaces the object and writes the document anew.
    pub fn replace(&mut self, object: Tree) {
        let body = yaml::write(&object);
        self.text = match &self.source {
            Some(source) => heading(source) + &body,
            None => format!("---\n{body}"),
        };
        self.object = object;
    }

    /// The identities of the object, or of the items if it is a list.
    pub fn identities(&self, default_namespace: &str) -> Vec<Identity> {
        match self.object.get("items").and_then(Tree::as_list) {
            Some(items) => items
                .iter()
                .filter_map(|item| Identity::of(item, default_namespace))
                .collect(),
            None => Identity::of(&self.object, default_namespace)
                .into_iter()
                .collect(),
        }
    }
}

/// Splits the output of a chart into documents; their texts joined are the stream again.
///
/// # Errors
///
/// Returns a diagnostic on the first document that is not an object, with the line of the stream.
///
/// ```
/// let stream = "---\n# Source: a/templates/b.yaml\napiVersion: v1\nkind: Service\n";
/// let documents = jenkins_cmp::manifest::split(stream, "the chart's output")?;
/// assert_eq!(documents[0].source(), Some("a/templates/b.yaml"));
/// assert_eq!(documents[0].text(), stream);
/// # Ok::<(), Box<jenkins_cmp::diag::Diagnostic>>(())
/// ```
pub fn split(stream: &str, name: &str) -> Result<Vec<Document>, Box<Diagnostic>> {
    split_known(stream, name, &[])
}

/// Splits like [`split`], and does not parse the documents whose texts, in the order of the stream,
/// are `known` together with their data.
///
/// # Errors
///
/// As [`split`].
pub fn split_known(
    stream: &str,
    name: &str,
    known: &[(Str, Tree)],
) -> Result<Vec<Document>, Box<Diagnostic>> {
    let mut known = known.iter();
    pieces(stream)
        .into_iter()
        .map(|piece| {
            let source = piece.source().map(str::to_owned);
            let shown = source.as_deref().unwrap_or(name);
            let found = known.clone().position(|(text, _)| piece.reads_as(text));
            let object = match found.and_then(|at| known.nth(at)) {
                Some((_, object)) => {
                    debug_assert_eq!(yaml::to_tree(piece.body.as_bytes()).as_ref(), Ok(object));
                    piece.checked(object.clone(), name)
                }
                None => piece.object(name),
            };
            let object = object.map_err(|mut problem| {
                if shown != name {
                    problem.trace.push(format!("from `{shown}`"));
                }
                problem
            })?;
            Ok(Document {
                text: piece.text.to_owned(),
                source,
                object,
            })
        })
        .collect()
}

/// The texts of a stream's documents; joined they are the stream again.
pub(crate) fn texts(stream: &str) -> Vec<&str> {
    pieces(stream).into_iter().map(|piece| piece.text).collect()
}

/// Splits a file that a user wrote into documents with content, each under its own `# Source:`.
///
/// # Errors
///
/// Returns a diagnostic on the first document that is not an object.
pub fn split_file(text: &str, file: &str, source: &str) -> Result<Vec<Document>, Box<Diagnostic>> {
    let mut documents = Vec::new();
    for piece in pieces(text) {
        let object = piece.object(file)?;
        if object == Tree::Null {
            continue;
        }
        let mut text = heading(source);
        text.push_str(piece.body.trim_matches('\n'));
        text.push('\n');
        documents.push(Document {
            text,
            source: Some(source.to_owned()),
            object,
        });
    }
    Ok(documents)
}

/// Writes the separator and the `# Source:` line.
fn heading(source: &str) -> String {
    format!("---\n{SOURCE}{source}\n")
}

/// A document as it stands in its stream.
struct Piece<'a> {
    /// With its separator.
    text: &'a str,
    /// Without its separator.
    body: &'a str,
    /// The one-based line that `body` starts at.
    line: usize,
}

impl<'a> Piece<'a> {
    fn source(&self) -> Option<&'a str> {
        let first = self.body.lines().find(|line| !line.is_empty())?;
        first.strip_prefix(SOURCE)
    }

    /// Says whether a parser gets the same from `text` as from the piece: they are equal, but for
    /// the `# Source:` line and for blank lines at the end, which count for `|+` only.
    fn reads_as(&self, text: &Str) -> bool {
        const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
        let Some((first, rest)) = self.body.split_once('\n') else {
            return false;
        };
        let without_blank_lines = |text: &[u8]| {
            let blank = text.iter().rev().take_while(|b| **b == b'\n').count();
            (blank > 0).then_some(text.len() - blank)
        };
        let (Some(a), Some(b)) = (
            without_blank_lines(rest.as_bytes()),
            without_blank_lines(text),
        ) else {
            return false;
        };
        let keeps_blank_lines =
            |plus: usize| matches!(text[..plus].last(), Some(b'|' | b'>' | b'0'..=b'9'));
        first.starts_with(SOURCE)
            && rest.as_bytes()[..a] == text[..b]
            && !text.starts_with(BYTE_ORDER_MARK)
            && !memchr::memchr_iter(b'+', text).any(keeps_blank_lines)
    }

    fn object(&self, file: &str) -> Result<Tree, Box<Diagnostic>> {
        self.checked(codec::read(self.body, file, self.line)?, file)
    }

    /// Refuses data that is no object.
    fn checked(&self, object: Tree, file: &str) -> Result<Tree, Box<Diagnostic>> {
        let problem = match &object {
            Tree::Null => return Ok(object),
            Tree::Map(_) if object.get("kind").and_then(Tree::as_str).is_none() => {
                "the object has no `kind`"
            }
            Tree::Map(_) if object.get("apiVersion").and_then(Tree::as_str).is_none() => {
                "the object has no `apiVersion`"
            }
            Tree::Map(_) => return Ok(object),
            _ => "the document is not a Kubernetes object",
        };
        let offset = self.body.lines().position(has_content).unwrap_or(0);
        let mut problem = Diagnostic::error(problem).at(file, offset + 1, 1, self.body);
        if let Some(at) = &mut problem.location {
            at.line += self.line - 1;
        }
        Err(Box::new(problem))
    }
}

fn has_content(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

/// Cuts at `---` in column one, alone or before a blank, as the Kubernetes decoder does.
fn pieces(stream: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut body, mut body_line) = (0, 0, 1);
    let (mut at, mut line) = (0, 1);
    for text in stream.split_inclusive('\n') {
        let end = at + text.len();
        if is_separator(text) {
            if !stream[start..at].trim().is_empty() {
                pieces.push(Piece {
                    text: &stream[start..at],
                    body: &stream[body..at],
                    line: body_line,
                });
                start = at;
            }
            (body, body_line) = (end, line + 1);
        }
        at = end;
        line += 1;
    }
    if start < stream.len() {
        pieces.push(Piece {
            text: &stream[start..],
            body: &stream[body..],
            line: body_line,
        });
    }
    pieces
}

fn is_separator(line: &str) -> bool {
    match line.trim_end_matches(['\n', '\r']).strip_prefix("---") {
        Some(rest) => rest.is_empty() || rest.starts_with([' ', '\t']),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "---\n# Source: c/crds/a.yaml\nkind: C\napiVersion: v1\n\n\
                          ---\n# Source: c/templates/b.yaml\nkind: A\napiVersion: v1\n\n\
                          ---\n# Source: c/templates/c.yaml\nkind: B\napiVersion: v1\n";

    fn reads_as(at: usize, text: &str) -> bool {
        pieces(STREAM)[at].reads_as(&text.into())
    }

    #[test]
    fn texts_agree_but_for_blank_lines_at_the_end() {
        assert!(reads_as(1, "kind: A\napiVersion: v1\n"));
        assert!(reads_as(2, "kind: B\napiVersion: v1\n\n\n"));
        // A block at the end would read otherwise without its line end.
        assert!(!reads_as(1, "kind: A\napiVersion: v1"));
        assert!(!reads_as(1, "kind: B\napiVersion: v1\n"));
    }

    #[test]
    fn blank_lines_count_after_a_block_that_keeps_them() {
        for (block, agrees) in [("|", true), ("|-", true), ("|+", false), (">2+", false)] {
            let text = format!("kind: A\na: {block}\n  x\n");
            let stream = format!("---\n# Source: a\n{text}\n");
            assert_eq!(pieces(&stream)[0].reads_as(&text.as_str().into()), agrees);
        }
    }

    #[test]
    fn known_data_is_found_behind_documents_that_nobody_knows() {
        let text = Str::from("kind: B\napiVersion: v1\n");
        let object = yaml::to_tree(&text).unwrap();
        let known = [(text, object)];
        let documents = split_known(STREAM, "", &known).unwrap();
        assert_eq!(documents, split(STREAM, "").unwrap());
    }
}
