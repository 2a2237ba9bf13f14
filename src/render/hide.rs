//! Secrets in what a chart says.
//!
//! In: the error of a release, and the user's values. Out: the error without the texts that stand
//! below telling keys of the values.

use crate::diag::Diagnostic;
use crate::secret::{
    Fingerprints, MIN_KNOWN_BYTES, is_harmless, is_plain_below, is_reference, is_secret_key,
};
use crate::value::Tree;

/// Hides what the user's values hold as secrets: a chart may say it in a message of its own, and Argo
/// CD shows that to everybody.
pub(super) fn without_secrets(mut problem: Diagnostic, values: &Tree) -> Diagnostic {
    let prints = Fingerprints::hidden().knowing(secrets_of(values));
    problem.message = prints.mask_lines(&problem.message).join("\n");
    let excerpt = problem.location.as_mut().and_then(|at| at.excerpt.as_mut());
    if let Some(line) = excerpt {
        *line = prints.mask_line(line);
    }
    problem
}

/// The texts below telling keys of `values`, as far as they can be told from ordinary words.
fn secrets_of(values: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(values, false)];
    while let Some((tree, is_secret)) = open.pop() {
        match tree {
            Tree::Map(entries) => open.extend(entries.iter().map(|(key, value)| {
                let key = key.to_str_lossy();
                let is_plain = is_reference(&key) || (is_secret && is_plain_below(&key));
                (value, !is_plain && (is_secret || is_secret_key(&key)))
            })),
            Tree::List(items) => open.extend(items.iter().map(|item| (item, is_secret))),
            Tree::Str(text) if is_secret => {
                let text = text.to_str_lossy();
                let lines = text.lines().map(str::trim);
                let told = |line: &&str| line.len() >= MIN_KNOWN_BYTES && !is_harmless(line);
                found.extend(lines.filter(told).map(str::to_owned));
            }
            _ => {}
        }
    }
    found
}
