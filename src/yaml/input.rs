//! Bytes to characters.
//!
//! In: the bytes of a stream. Out: its text as UTF-8 without the leading byte-order mark, up to
//! the first damage that go-yaml would notice. The engine reads in steps of 512 bytes and refuses
//! a damaged step only when it needs a character of it, so the text ends where that step begins.

use std::borrow::Cow;

use super::error::Error;
use super::token::Mark;

/// How many bytes the engine reads at a time.
const STEP: usize = 512;

/// The readable part of a stream.
pub(super) struct Input<'t> {
    /// Valid UTF-8 without control characters.
    pub(super) text: Cow<'t, [u8]>,
    /// What is wrong right after `text`.
    pub(super) fault: Option<Error>,
}

impl<'t> Input<'t> {
    /// Reads a stream.
    pub(super) fn new(bytes: &'t [u8]) -> Input<'t> {
        match bytes {
            [0xFF, 0xFE, ..] => utf16(bytes, u16::from_le_bytes),
            [0xFE, 0xFF, ..] => utf16(bytes, u16::from_be_bytes),
            [0xEF, 0xBB, 0xBF, ..] => utf8(bytes, 3),
            _ => utf8(bytes, 0),
        }
    }
}

/// The length in bytes of the character that starts with `lead`; 0 if none does.
pub(super) fn width(lead: u8) -> usize {
    match lead {
        0..=0x7F => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => 0,
    }
}

/// The length in bytes of the line break at the start of `text`, taking CR LF as CR; 0 if there
/// is none.
pub(super) fn break_len(text: &[u8]) -> usize {
    match text {
        [b'\n' | b'\r', ..] => 1,
        [0xC2, 0x85, ..] => 2,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

fn utf8(bytes: &[u8], mark_len: usize) -> Input<'_> {
    let Some((bad, problem)) = first_damage(bytes, mark_len) else {
        return Input {
            text: Cow::Borrowed(&bytes[mark_len..]),
            fault: None,
        };
    };
    let incomplete = bad + width(bytes[bad]) > bytes.len();
    let mut step = 0;
    while step + STEP <= bad {
        step = (step + STEP - 3..step + STEP)
            .find(|&at| at + width(bytes[at]) > step + STEP)
            .unwrap_or(step + STEP);
    }
    let straddles = bad + width(bytes[bad]) > step + STEP;
    let end = if incomplete || straddles { bad } else { step };
    Input {
        text: Cow::Borrowed(&bytes[mark_len..end.max(mark_len)]),
        fault: Some(fault(problem, &bytes[mark_len..bad])),
    }
}

/// The offset and the kind of the first damage at or after `from`.
fn first_damage(bytes: &[u8], from: usize) -> Option<(usize, &'static str)> {
    let mut at = from;
    while at < bytes.len() {
        // Whole runs without a look at each byte: this sees every byte of every document.
        if let Some(run) = bytes.get(at..at + RUN)
            && run.iter().fold(true, |all, &b| all & is_ordinary(b))
        {
            at += RUN;
        } else if is_ordinary(bytes[at]) {
            at += 1;
        } else {
            match damage(&bytes[at..]) {
                None => at += width(bytes[at]),
                Some(problem) => return Some((at, problem)),
            }
        }
    }
    None
}

/// How many bytes are checked together.
const RUN: usize = 32;

/// Says whether a byte is a whole allowed character.
///
/// Written without branches, so that runs are checked by vector instructions.
fn is_ordinary(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) | (byte == b'\n') | (byte == b'\r') | (byte == b'\t')
}

/// What is wrong with the first character of `rest`, which is not empty.
fn damage(rest: &[u8]) -> Option<&'static str> {
    let lead = rest[0];
    let width = width(lead);
    if width == 0 {
        return Some("invalid leading UTF-8 octet");
    }
    let Some(trail) = rest.get(1..width) else {
        return Some("incomplete UTF-8 octet sequence");
    };
    let lead_bits = match width {
        1 => lead,
        _ => lead & (0x7F >> width),
    };
    let mut value = u32::from(lead_bits);
    for &octet in trail {
        if octet & 0xC0 != 0x80 {
            return Some("invalid trailing UTF-8 octet");
        }
        value = value << 6 | u32::from(octet & 0x3F);
    }
    if matches!((width, value), (2, ..0x80) | (3, ..0x800) | (4, ..0x1_0000)) {
        return Some("invalid length of a UTF-8 sequence");
    }
    match char::from_u32(value) {
        None => Some("invalid Unicode character"),
        Some(c) if !is_allowed(c) => Some(CONTROL),
        Some(_) => None,
    }
}

const CONTROL: &str = "control characters are not allowed";

fn is_allowed(c: char) -> bool {
    matches!(c,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{FFFD}' | '\u{1_0000}'..)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Input<'_> {
    let mut text = Vec::with_capacity(bytes.len());
    let (mut at, mut step, mut step_text) = (2, 0, 0);
    let problem = loop {
        if at == bytes.len() {
            return Input {
                text: Cow::Owned(text),
                fault: None,
            };
        }
        let (width, decoded) = utf16_character(&bytes[at..], unit);
        if at + width > bytes.len().min(step + STEP) {
            (step, step_text) = (at, text.len());
        }
        match decoded {
            Ok(c) if is_allowed(c) => {
                text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Ok(_) => break CONTROL,
            Err(problem) => break problem,
        }
        at += width;
    };
    let fault = fault(problem, &text);
    text.truncate(step_text);
    Input {
        text: Cow::Owned(text),
        fault: Some(fault),
    }
}

/// The first character of `rest` and how many bytes it takes, or would take if it were whole.
fn utf16_character(rest: &[u8], unit: fn([u8; 2]) -> u16) -> (usize, Result<char, &'static str>) {
    let unit_at = |at: usize| Some(unit([*rest.get(at)?, *rest.get(at + 1)?]));
    let Some(first) = unit_at(0) else {
        return (2, Err("incomplete UTF-16 character"));
    };
    match first {
        0xDC00..=0xDFFF => return (2, Err("unexpected low surrogate area")),
        0xD800..=0xDBFF => {}
        _ => return (2, char::from_u32(first.into()).ok_or(CONTROL)),
    }
    let Some(second) = unit_at(2) else {
        return (4, Err("incomplete UTF-16 surrogate pair"));
    };
    match char::decode_utf16([first, second]).next() {
        Some(Ok(c)) => (4, Ok(c)),
        _ => (4, Err("expected low surrogate area")),
    }
}

/// Makes the error for damage right after `before`.
fn fault(problem: &str, before: &[u8]) -> Error {
    let mut mark = Mark::default();
    let mut at = 0;
    while at < before.len() {
        match break_len(&before[at..]) {
            0 => {
                mark.column += 1;
                at += width(before[at]).max(1);
            }
            _ if before[at..].starts_with(b"\r\n") => at += 1,
            n => {
                mark = Mark {
                    line: mark.line + 1,
                    column: 0,
                };
                at += n;
            }
        }
    }
    Error::convert(format!("yaml: {problem}")).at(mark)
}
