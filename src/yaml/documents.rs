//! Helm 4's cutter of values files.
//!
//! In: a values file. Out: the documents in it, each ending its lines with LF. The cutter knows
//! lines, not YAML: a line that begins with `---` cuts even inside quotes. Refuses anything but
//! blanks or a comment after `---`.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::error::Error;
use super::token::Mark;

/// How many bytes Go's line reader holds.
const BUFFER: usize = 4096;

/// Cuts a values file into documents.
pub(super) fn cut(bytes: &[u8]) -> Result<Vec<Cow<'_, [u8]>>, Error> {
    if is_one(bytes) {
        return Ok(vec![Cow::Borrowed(bytes)]);
    }
    let mut documents = Vec::new();
    let mut document = Vec::new();
    let (mut at, mut line_number) = (0, 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (line, len) = match memchr(b'\n', rest) {
            Some(end) => (
                rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]),
                end + 1,
            ),
            None => (rest, rest.len()),
        };
        let lost = len == line.len() && fills_buffer(line);
        if let Some(after) = line.strip_prefix(b"---") {
            check_separator(after, line_number)?;
            if !document.is_empty() {
                documents.push(Cow::Owned(std::mem::take(&mut document)));
                at += len;
                line_number += 1;
                continue;
            }
        }
        if !lost {
            document.extend_from_slice(line);
            document.push(b'\n');
        }
        at += len;
        line_number += 1;
    }
    if !document.is_empty() {
        documents.push(Cow::Owned(document));
    }
    Ok(documents)
}

/// Says whether a file is one document as it stands, as most are.
fn is_one(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\n")
        && !bytes.starts_with(b"---")
        && memchr(b'\r', bytes).is_none()
        && memmem::find(bytes, b"\n---").is_none()
}

fn check_separator(after: &[u8], line: usize) -> Result<(), Error> {
    let text = String::from_utf8_lossy(after);
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(());
    }
    let message = format!("invalid Yaml document separator: {text}");
    Err(Error::convert(message).at(Mark {
        line: line as u32,
        column: 3,
    }))
}

/// Says whether the buffer of Go's line reader is full just when an unterminated last line ends: it
/// then reports the end of the file together with the line, and the line is lost.
fn fills_buffer(line: &[u8]) -> bool {
    let mut rest = line;
    while rest.len() >= BUFFER {
        // A CR at the end of a full buffer is kept for the next one, as LF may follow.
        let cut = if rest[BUFFER - 1] == b'\r' {
            BUFFER - 1
        } else {
            BUFFER
        };
        rest = &rest[cut..];
    }
    rest.is_empty() && !line.is_empty()
}
