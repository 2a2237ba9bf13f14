//! Stands in for the network in a build without the feature `remote`.

use std::time::Duration;

use url::Url;

use super::FetchError;
use super::http::{Identity, Reply, Trouble};

/// What one request would need.
#[expect(dead_code, reason = "the same fields as with the network")]
pub(super) struct Exchange<'a> {
    pub(super) url: &'a Url,
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) identity: &'a Identity,
    pub(super) proxy: Option<&'a str>,
    pub(super) timeout: Duration,
    pub(super) max_bytes: u64,
    pub(super) form: Option<&'a str>,
}

/// Refuses: there is no network in this build.
pub(super) fn exchange(_: &Exchange<'_>) -> Result<Reply, Trouble> {
    Err(Trouble::Final(FetchError::world(
        "this build has no network (feature `remote`)",
    )))
}
