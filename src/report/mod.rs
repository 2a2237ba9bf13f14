//! What a change does to rendered overlays, and its four written forms.
//!
//! In: for each overlay the stream before and the stream after. Out: a [`Report`] of resources and
//! field paths, where the same change in many overlays is one entry, and its forms as text,
//! Markdown, HTML and JSON. Refused: streams that are no Kubernetes objects; they are reported
//! beside the others. Nothing here reads files, prints, or shows a secret.

mod compare;
mod fields;
mod group;
mod hide;
mod html;
mod impact;
mod items;
mod json;
mod lines;
mod markdown;
mod model;
mod text;
mod visible;

pub use compare::Outcome;
pub use group::Builder;
pub use html::html;
pub use json::json;
pub use markdown::{DEFAULT_MARKDOWN_BYTES, MIN_MARKDOWN_BYTES, markdown};
pub use model::{
    Change, Entry, Failed, Field, Impact, Jobs, Line, OverlayChange, Place, Report, Side, Status,
    Totals,
};
pub use text::text;
pub use visible::visible_stream;

pub use crate::secret::Fingerprints;

#[cfg(test)]
mod tests;
