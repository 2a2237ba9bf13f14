//! Values files: YAML text to a table.

use super::tables::merge;
use crate::diag::Diagnostic;
use crate::helm::HelmCompat;
use crate::value::{Tree, TreeMap};
use crate::yaml;

/// Decodes a values file: in Helm 3 its first document, in Helm 4 all of them merged. The result
/// is always a map, and every number in it a float.
///
/// # Errors
///
/// Helm's text without `failed to parse <file>: `, and the place in the file.
pub fn parse_values(file: &str, text: &[u8], helm: HelmCompat) -> Result<Tree, Box<Diagnostic>> {
    let diagnostic = |prefix: &str, error: yaml::Error| {
        let mut diagnostic = error.diagnostic(file, &String::from_utf8_lossy(text));
        diagnostic.message.insert_str(0, prefix);
        Box::new(diagnostic)
    };
    if helm == HelmCompat::V3 {
        let values = yaml::decode_map(text).map_err(|e| diagnostic("", e))?;
        return Ok(Tree::map(values));
    }
    let mut all = TreeMap::new();
    let documents =
        yaml::helm4_documents(text).map_err(|e| diagnostic("error reading yaml document: ", e))?;
    for (n, document) in documents.iter().enumerate() {
        let values = yaml::decode_map(document).map_err(|mut e| {
            if e.line > 0 {
                e.line += documents[..n].iter().map(|d| n_lines(d)).sum::<usize>();
            }
            diagnostic("cannot unmarshal yaml document: ", e)
        })?;
        if all.is_empty() {
            all = values;
        } else {
            merge(&mut all, &values);
        }
    }
    Ok(Tree::map(all))
}

/// The lines of a document and of the separator behind it.
fn n_lines(document: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', document).count() + 1
}
