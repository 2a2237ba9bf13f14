//! Splits a rendered file into documents, as each major version of Helm does.
//!
//! In: text. Out: its non-blank documents in order, as slices of the text. The separators are
//! regular expressions over text in Helm, not YAML, so a `---` inside a block scalar at column 0
//! splits too (`releaseutil.SplitManifests`).

use crate::helm::HelmCompat;
use crate::value::unicode::{trim_space, trim_space_start};

/// Splits `text` into documents, in order.
///
/// Helm 3 trims both ends of each document; Helm 4 trims the start only, so a document keeps its
/// trailing newlines.
pub(super) fn split(text: &[u8], helm: HelmCompat) -> Vec<&[u8]> {
    match helm {
        HelmCompat::V3 => split_3(trim_space(text)),
        HelmCompat::V4 => split_4(trim_space_start(text)),
    }
}

/// Cuts at `(?:^|\s*\n)---\s*`, where `^` is the start of the text only.
fn split_3(text: &[u8]) -> Vec<&[u8]> {
    let mut documents = Vec::new();
    let mut push = |piece: &'_ [u8]| {
        let piece = trim_space(piece);
        if !piece.is_empty() {
            documents.push((
                piece.as_ptr() as usize - text.as_ptr() as usize,
                piece.len(),
            ));
        }
    };
    let mut start = 0;
    let mut search = 0;
    if text.starts_with(b"---") {
        start = skip_blank(text, 3);
        search = start;
    }
    while let Some(found) = memchr::memmem::find(&text[search..], b"\n---") {
        let newline = search + found;
        // The blanks before the newline belong to the separator, as far as no earlier separator
        // has taken them.
        push(&text[start..newline]);
        start = skip_blank(text, newline + 4);
        search = start;
    }
    push(&text[start..]);
    documents
        .into_iter()
        .map(|(at, len)| &text[at..at + len])
        .collect()
}

/// Cuts at `(?m)^---[ \t]*`.
fn split_4(text: &[u8]) -> Vec<&[u8]> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut search = 0;
    loop {
        let at = if search == 0 && text.starts_with(b"---") {
            Some(0)
        } else {
            memchr::memmem::find(&text[search..], b"\n---").map(|found| search + found + 1)
        };
        let piece = trim_space_start(&text[start..at.unwrap_or(text.len())]);
        if !piece.is_empty() {
            documents.push(piece);
        }
        let Some(at) = at else { return documents };
        let rest = &text[at + 3..];
        let blanks = rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        start = at + 3 + blanks;
        search = start;
    }
}

/// The first index from `at` on that is not RE2's `\s`.
fn skip_blank(text: &[u8], at: usize) -> usize {
    let blank = |b: &&u8| matches!(b, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ');
    at + text[at..].iter().take_while(blank).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, helm_3: &[&str], helm_4: &[&str]) {
        for (helm, want) in [(HelmCompat::V3, helm_3), (HelmCompat::V4, helm_4)] {
            let got: Vec<_> = split(text.as_bytes(), helm)
                .into_iter()
                .map(String::from_utf8_lossy)
                .collect();
            assert_eq!(got, want, "{helm:?} on {text:?}");
        }
    }

    /// The table of Helm's behaviour in both versions, each row printed by helm itself.
    #[test]
    fn splits_as_each_helm_does() {
        check(
            "---\na: 1\n---\nb: 2\n",
            &["a: 1", "b: 2"],
            &["a: 1\n", "b: 2\n"],
        );
        check(
            "a: 1\n---\n\n---\nb: 2\n",
            &["a: 1", "---\nb: 2"],
            &["a: 1\n", "b: 2\n"],
        );
        check("---\n---\nb: 2", &["---\nb: 2"], &["b: 2"]);
        check("--- # note\na: 1", &["# note\na: 1"], &["# note\na: 1"]);
        check("---kind: A", &["kind: A"], &["kind: A"]);
        check(
            "a: |\n-----BEGIN X",
            &["a: |", "--BEGIN X"],
            &["a: |\n", "--BEGIN X"],
        );
        check(
            "a: 1\n  ---\nb: 2",
            &["a: 1\n  ---\nb: 2"],
            &["a: 1\n  ---\nb: 2"],
        );
        check(
            "a: 1\r\n---\r\nb: 2",
            &["a: 1", "b: 2"],
            &["a: 1\r\n", "b: 2"],
        );
        check("", &[], &[]);
        check(" \n\t", &[], &[]);
        check("---", &[], &[]);
    }

    #[test]
    fn a_document_of_unicode_blanks_is_dropped() {
        check(
            "a: 1\n---\n\u{a0}\u{2003}\n---\nb: 2",
            &["a: 1", "b: 2"],
            &["a: 1\n", "b: 2"],
        );
    }
}
