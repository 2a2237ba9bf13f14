//! Stands in for the network in a build without the feature `remote`.

use super::FetchError;
use super::http::{Exchange, Reply, Trouble};

/// Refuses: there is no network in this build.
pub(super) fn exchange(_: &Exchange<'_>) -> Result<Reply, Trouble> {
    Err(Trouble::Final(FetchError::world(
        "this build has no network (feature `remote`)",
    )))
}
