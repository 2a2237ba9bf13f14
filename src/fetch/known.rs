//! What is kept of an index between two runs: the entries of one chart, and how to ask whether the
//! index has changed.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::http::Reply;
use super::index::Entry;
use crate::limits::MAX_INDEX_BYTES;
use crate::store::{Digest, Store};

/// The indexes that this run has downloaded, for the other charts in them.
#[derive(Default)]
pub(super) struct Indexes(Mutex<Vec<(Digest, Arc<Vec<u8>>)>>);

impl Indexes {
    pub(super) fn find(&self, key: &Digest) -> Option<Arc<Vec<u8>>> {
        let indexes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = indexes.iter().find(|(other, _)| other == key);
        found.map(|(_, body)| Arc::clone(body))
    }

    /// Adds one, in place of all others where they would be too large together.
    pub(super) fn add(&self, key: Digest, body: Vec<u8>) {
        let mut indexes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = indexes.iter().map(|(_, body)| body.len()).sum();
        if (total + body.len()) as u64 > MAX_INDEX_BYTES {
            indexes.clear();
        }
        indexes.push((key, Arc::new(body)));
    }
}

/// The part of an index that concerns one chart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Known {
    etag: Option<String>,
    last_modified: Option<String>,
    /// The SHA-256 of the whole index, for servers that cannot be asked whether it has changed.
    sha256: String,
    /// The chart's entries.
    pub(super) entries: Vec<Entry>,
}

impl Known {
    /// Takes what `reply` says about the index beside the chart's entries.
    pub(super) fn new(reply: &Reply, digest: &Digest, entries: Vec<Entry>) -> Known {
        Known {
            etag: reply.etag.clone(),
            last_modified: reply.last_modified.clone(),
            sha256: digest.to_string(),
            entries,
        }
    }

    /// The key in the store: everything that decides about the entries.
    pub(super) fn key(url: &str, authorization: Option<&str>, chart: &str) -> Digest {
        let parts = ["index 1", url, authorization.unwrap_or_default(), chart];
        Digest::of(parts.join("\0").as_bytes())
    }

    /// Reads what an earlier run has kept; what cannot be read counts as absent.
    pub(super) fn read(store: &Store, key: &Digest) -> Option<Known> {
        serde_json::from_slice(&store.note(key)?).ok()
    }

    /// Keeps it for the next run.
    pub(super) fn write(&self, store: &Store, key: &Digest) {
        // Without it the next run only takes longer.
        if let Ok(text) = serde_json::to_vec(self) {
            let _ = store.put_note(key, &text);
        }
    }

    /// The header lines that ask for an answer only if the index has changed.
    pub(super) fn conditions(&self) -> Vec<(&'static str, String)> {
        let pair = |name, value: &Option<String>| Some((name, value.clone()?));
        let etag = pair("if-none-match", &self.etag);
        etag.into_iter()
            .chain(pair("if-modified-since", &self.last_modified))
            .collect()
    }

    /// Says whether an index with this digest is the same one.
    pub(super) fn is_of(&self, digest: &Digest) -> bool {
        self.sha256 == digest.to_string()
    }
}
