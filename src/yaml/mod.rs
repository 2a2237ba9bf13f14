//! YAML as Helm reads and writes it: the YAML 1.1 engine of go-yaml v2, byte for byte.
//!
//! In: bytes. Out: the data of the first document, as Helm sees it: [`to_tree`] for exact numbers,
//! [`decode_map`] for values, [`typed`] for chart files and manifest heads, [`parse`] for places.
//! Refused, with Go's texts: what the engine refuses, and what JSON cannot hold, since Helm reads
//! all YAML by way of JSON.
//!
//! Bytes become characters in `input`, tokens in `scanner`, events in `event`, nodes in `node`,
//! data in `read`. Nothing on that way recurses over the input.
//!
//! The other way: [`marshal`] and [`marshal_value`] write as Helm does, by way of JSON; [`write()`] is
//! the last step of that. The layout is in `emit`, quoting in `style`, the order of keys in `order`.

mod documents;
mod emit;
mod error;
mod event;
mod gosyntax;
mod input;
mod node;
mod order;
mod pretty;
mod read;
pub(crate) mod resolve;
mod scanner;
mod style;
#[cfg(test)]
mod tests;
mod token;
pub mod typed;
mod write;

use std::borrow::Cow;
use std::sync::Arc;

use crate::value::{Tree, TreeMap};

pub use error::Error;
pub use node::{Document, Kind, NODE_BYTES, Node, Step};
pub use pretty::write_pretty;
pub use token::Style;
pub use write::{marshal, marshal_value, write};

use read::Reading;

/// Parses the first document of a stream into nodes that know their places.
///
/// # Errors
///
/// If the text is not YAML, or an alias has no anchor.
///
/// ```
/// use jenkins_cmp::yaml::{self, Step};
///
/// let document = yaml::parse(b"a:\n  b: 1\n").unwrap();
/// let node = document.at(&[Step::Key("a".into()), Step::Key("b".into())]).unwrap();
/// assert_eq!((node.line(), node.column()), (2, 6));
/// ```
pub fn parse(bytes: &[u8]) -> Result<Document<'_>, Error> {
    Document::parse(bytes)
}

/// Reads the first document of a stream as `yaml.YAMLToJSON` does; integers stay exact.
///
/// # Errors
///
/// Go's text if the stream is not YAML or has no JSON form.
///
/// ```
/// let tree = jenkins_cmp::yaml::to_tree(b"on: 0x10").unwrap();
/// assert_eq!(tree.get("true"), Some(&jenkins_cmp::value::Tree::Int(16)));
/// ```
pub fn to_tree(bytes: &[u8]) -> Result<Tree, Error> {
    tree(bytes, Reading::default())
}

/// Reads like [`to_tree`], and refuses duplicate keys.
///
/// # Errors
///
/// Go's text if the stream is not YAML, has no JSON form, or has duplicate keys.
pub fn to_tree_strict(bytes: &[u8]) -> Result<Tree, Error> {
    let reading = Reading {
        strict: true,
        ..Reading::default()
    };
    tree(bytes, reading)
}

/// Reads a map as values files and `fromYaml` do: every number is a float, null is an empty map.
///
/// # Errors
///
/// Go's text with the prefixes of `yaml.Unmarshal`.
///
/// ```
/// let error = jenkins_cmp::yaml::decode_map(b"a: [").unwrap_err();
/// assert_eq!(
///     error.message,
///     "error converting YAML to JSON: yaml: line 1: did not find expected node content",
/// );
/// ```
pub fn decode_map(bytes: &[u8]) -> Result<TreeMap, Error> {
    match untyped(bytes)? {
        Tree::Null => Ok(TreeMap::new()),
        Tree::Map(entries) => Ok(Arc::unwrap_or_clone(entries)),
        other => Err(typed::mismatch(&other, "map[string]interface {}")),
    }
}

/// Reads a list as `fromYamlArray` does: every number is a float, null is an empty list.
///
/// # Errors
///
/// Go's text with the prefixes of `yaml.Unmarshal`.
pub fn decode_list(bytes: &[u8]) -> Result<Vec<Tree>, Error> {
    match untyped(bytes)? {
        Tree::Null => Ok(Vec::new()),
        Tree::List(items) => Ok(Arc::unwrap_or_clone(items)),
        other => Err(typed::mismatch(&other, "[]interface {}")),
    }
}

/// Cuts a values file into the documents that Helm 4 reads from it and merges in order.
///
/// Helm 3 reads the whole file, hence its first document only.
///
/// # Errors
///
/// If more than a comment follows `---`.
///
/// ```
/// let documents = jenkins_cmp::yaml::helm4_documents(b"a: 1\n---\nb: 2").unwrap();
/// assert_eq!(documents.concat(), b"a: 1\nb: 2\n");
/// ```
pub fn helm4_documents(bytes: &[u8]) -> Result<Vec<Cow<'_, [u8]>>, Error> {
    documents::cut(bytes)
}

fn tree(bytes: &[u8], reading: Reading) -> Result<Tree, Error> {
    let document = parse(bytes)?;
    let tree = read::read(&document, reading)?;
    read::check_finite(&tree)?;
    Ok(tree)
}

fn untyped(bytes: &[u8]) -> Result<Tree, Error> {
    let reading = Reading {
        floats: true,
        ..Reading::default()
    };
    tree(bytes, reading).map_err(Error::prefixed)
}
