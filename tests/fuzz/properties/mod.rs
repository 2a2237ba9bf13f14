//! What must hold whatever the input: one function for each fuzz target.
//!
//! In: any bytes. Out: nothing; what is broken panics. The fuzz targets run these functions on what
//! libFuzzer thinks of, `cargo test` on the files of `testdata/fuzz/`.

mod charts;
mod overlays;
mod texts;

use std::fmt::Debug;
use std::time::{Duration, Instant};

#[allow(unused_imports, reason = "each fuzz target uses one of them")]
pub(crate) use self::{
    charts::{archive, chart},
    overlays::{overlay, patch},
    texts::{lock, set, template, yaml},
};

/// What holds for every input, or else panics.
type Property = fn(&[u8]);

/// A property by the name of its target.
#[allow(dead_code, reason = "the fuzz targets name their property")]
pub(crate) const PROPERTIES: [(&str, Property); 8] = [
    ("archive", archive),
    ("chart", chart),
    ("lock", lock),
    ("overlay", overlay),
    ("patch", patch),
    ("set", set),
    ("template", template),
    ("yaml", yaml),
];

/// What takes longer is not done a second time.
const SHORT: Duration = Duration::from_secs(1);

/// A part of an input: what stands behind `=== `, and the lines up to the next such line.
struct Section<'d> {
    title: &'d str,
    content: &'d [u8],
}

/// Cuts an input at the lines that start with `=== `.
///
/// What stands before the first of them has the empty title; a title that is not UTF-8 ends where
/// it no longer is.
fn sections(data: &[u8]) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    let mut current = Section {
        title: "",
        content: &data[..0],
    };
    let (mut start, mut at) = (0, 0);
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if let Some(title) = line.strip_prefix(b"=== ") {
            current.content = &data[start..at];
            sections.push(current);
            let title = title.strip_suffix(b"\n").unwrap_or(title);
            current = Section {
                title: title.utf8_chunks().next().map_or("", |chunk| chunk.valid()),
                content: &data[..0],
            };
            start = at + line.len();
        }
        at += line.len();
    }
    current.content = &data[start..];
    sections.push(current);
    sections
}

/// Does something twice and checks that both give the same.
fn twice<T: PartialEq + Debug>(what: impl Fn() -> T) -> T {
    let start = Instant::now();
    let first = what();
    if start.elapsed() < SHORT {
        assert!(first == what(), "the second time gives something else");
    }
    first
}
