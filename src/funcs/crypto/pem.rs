//! PEM blocks, read as leniently as Go's `encoding/pem` does.

use memchr::memmem;

use crate::funcs::encoding::{decode_base64, encode_base64};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// A block: its label and what it holds.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) label: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

/// Writes a block, 64 characters to a line.
pub(super) fn encode(label: &str, bytes: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    let text = encode_base64(bytes);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The first well-formed block in `data`; text around it and headers in it are skipped.
pub(super) fn decode(data: &[u8]) -> Option<Block> {
    let mut rest = data;
    loop {
        let end = memmem::find(rest, END)?;
        if let Some(block) = block_before(rest, end) {
            return Some(block);
        }
        rest = &rest[end + END.len()..];
    }
}

/// The block whose end line starts at `end`.
fn block_before(data: &[u8], end: usize) -> Option<Block> {
    // A line that begins another block without an end is skipped.
    let begin = memmem::rfind(&data[..end], BEGIN)?;
    if begin > 0 && data[begin - 1] != b'\n' {
        return None;
    }
    let (line, mut at) = line_at(data, begin + BEGIN.len());
    let label = line.strip_suffix(DASHES)?;
    let mut has_headers = false;
    loop {
        let (line, next) = line_at(data, at);
        if !line.contains(&b':') {
            break;
        }
        has_headers = true;
        at = next;
    }
    let trailer = data[end + END.len()..].strip_prefix(label)?;
    let trailer = trailer.strip_prefix(DASHES)?;
    if !line_at(trailer, 0).0.is_empty() || (has_headers && at > end) {
        return None;
    }
    let body: Vec<u8> = data
        .get(at..end)
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|b| !matches!(b, b' ' | b'\t'))
        .collect();
    Some(Block {
        label: label.to_vec(),
        bytes: decode_base64(&body).ok()?,
    })
}

/// The line at `start` without blanks at its end, and where the next one starts.
fn line_at(data: &[u8], start: usize) -> (&[u8], usize) {
    let rest = data.get(start..).unwrap_or_default();
    let (line, next) = match memchr::memchr(b'\n', rest) {
        Some(at) => (&rest[..at], start + at + 1),
        None => (rest, start + rest.len()),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let n_blanks = line
        .iter()
        .rev()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    (&line[..line.len() - n_blanks], next)
}
