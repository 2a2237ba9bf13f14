//! From rendered files to hooks and objects in Helm's order.

use crate::helm::{HelmCompat, Level, LogLine};
use crate::limits::{MAX_DOCUMENTS, MAX_OUTPUT_BYTES};
use crate::value::Str;
use crate::value::quote::quote;
use crate::value::unicode::trim_space;

use super::head::{self, Head};
use super::order::sort_by_kind;
use super::output::Document;
use super::{Error, Options, split};

/// The events that the annotation `helm.sh/hook` may name.
const EVENTS: [&str; 10] = [
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
    "test-success",
];

/// The documents of a release.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) manifests: Vec<Document>,
    pub(super) hooks: Vec<Document>,
}

/// Splits the rendered `files` (identifier and text) into documents and sorts them by kind.
///
/// Partials, notes and blank files are left out; so are test hooks unless they are wanted.
/// Lines for standard error are added to `log`, also before an error.
///
/// # Errors
///
/// Returns Helm's text for the first document, in byte order of the identifiers, whose head cannot
/// be decoded.
pub(super) fn sort(
    mut files: Vec<(String, Vec<u8>)>,
    options: &Options,
    log: &mut Vec<LogLine>,
) -> Result<Documents, Error> {
    let helm = options.helm;
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut out = Documents::default();
    let (mut n_documents, mut n_bytes) = (0, 0);
    for (source, text) in &files {
        let base = source.rsplit('/').next().unwrap_or(source);
        if base.starts_with('_') || source.ends_with("NOTES.txt") || trim_space(text).is_empty() {
            continue;
        }
        for document in split::split(text, helm) {
            n_documents += 1;
            n_bytes += (source.len() + document.len()) as u64;
            check_size(source, n_documents, n_bytes)?;
            let head = head::decode(document, helm, options.objects)
                .map_err(|error| Error::head(source, document, error))?;
            log.extend(out.add(source, document, head, options));
        }
    }
    sort_by_kind(&mut out.manifests, helm, |d| &d.kind);
    sort_by_kind(&mut out.hooks, helm, |d| &d.kind);
    Ok(out)
}

/// Each document is printed with the name of its source.
fn check_size(source: &str, n_documents: usize, n_bytes: u64) -> Result<(), Error> {
    let what = if n_documents > MAX_DOCUMENTS {
        format!("more than {MAX_DOCUMENTS} documents")
    } else if n_bytes > MAX_OUTPUT_BYTES {
        format!("more than {MAX_OUTPUT_BYTES} bytes, names of sources included")
    } else {
        return Ok(());
    };
    Err(Error::rendering(format!(
        "the release consists of {what}, as of {source}"
    )))
}

impl Documents {
    /// Adds a document; an unknown hook is dropped, and Helm says so.
    fn add(&mut self, source: &str, text: &[u8], head: Head, options: &Options) -> Option<LogLine> {
        let document = Document {
            source: source.to_owned(),
            kind: head.kind,
            text: Str::from(text),
            object: head.object,
        };
        let Some(hook) = head.hook else {
            self.manifests.push(document);
            return None;
        };
        let events: Vec<String> = hook
            .split(',')
            .map(|event| event.trim().to_lowercase())
            .collect();
        if !events.iter().all(|event| EVENTS.contains(&&**event)) {
            return Some(match options.helm {
                HelmCompat::V3 => LogLine::plain(format!(
                    "info: skipping unknown hook: {}",
                    quote(hook.as_bytes())
                )),
                HelmCompat::V4 => LogLine::structured(
                    Level::Info,
                    "skipping unknown hooks",
                    [("hookTypes", hook)],
                ),
            });
        }
        if options.tests || !events.iter().any(|event| event.starts_with("test")) {
            self.hooks.push(document);
        }
        None
    }
}
