//! The content type that Go's `http.DetectContentType` finds, which Helm prints when a chart is no
//! archive. The table is that of the WHATWG's MIME sniffing standard as far as Go follows it.

enum Signature {
    /// The data begins with these bytes.
    Exact(&'static [u8], &'static str),
    /// The data begins with these bytes, where `0` in the second pattern matches any byte.
    Masked(&'static [u8], &'static [u8], &'static str),
}

use Signature::{Exact, Masked};

const TAGS: [&str; 17] = [
    "<!DOCTYPE HTML",
    "<HTML",
    "<HEAD",
    "<SCRIPT",
    "<IFRAME",
    "<H1",
    "<DIV",
    "<FONT",
    "<TABLE",
    "<A",
    "<STYLE",
    "<TITLE",
    "<B",
    "<BODY",
    "<BR",
    "<P",
    "<!--",
];

const BEFORE_MP4: [Signature; 19] = [
    Exact(b"%PDF-", "application/pdf"),
    Exact(b"%!PS-Adobe-", "application/postscript"),
    Masked(b"\xFE\xFF..", b"1100", "text/plain; charset=utf-16be"),
    Masked(b"\xFF\xFE..", b"1100", "text/plain; charset=utf-16le"),
    Masked(b"\xEF\xBB\xBF.", b"1110", "text/plain; charset=utf-8"),
    Exact(b"\x00\x00\x01\x00", "image/x-icon"),
    Exact(b"\x00\x00\x02\x00", "image/x-icon"),
    Exact(b"BM", "image/bmp"),
    Exact(b"GIF87a", "image/gif"),
    Exact(b"GIF89a", "image/gif"),
    Masked(b"RIFF....WEBPVP", b"11110000111111", "image/webp"),
    Exact(b"\x89PNG\x0D\x0A\x1A\x0A", "image/png"),
    Exact(b"\xFF\xD8\xFF", "image/jpeg"),
    Masked(b"FORM....AIFF", b"111100001111", "audio/aiff"),
    Exact(b"ID3", "audio/mpeg"),
    Exact(b"OggS\x00", "application/ogg"),
    Exact(b"MThd\x00\x00\x00\x06", "audio/midi"),
    Masked(b"RIFF....AVI ", b"111100001111", "video/avi"),
    Masked(b"RIFF....WAVE", b"111100001111", "audio/wave"),
];

const AFTER_MP4: [Signature; 11] = [
    Exact(b"\x1A\x45\xDF\xA3", "video/webm"),
    Exact(b"\x00\x01\x00\x00", "font/ttf"),
    Exact(b"OTTO", "font/otf"),
    Exact(b"ttcf", "font/collection"),
    Exact(b"wOFF", "font/woff"),
    Exact(b"wOF2", "font/woff2"),
    Exact(b"\x1F\x8B\x08", "application/x-gzip"),
    Exact(b"PK\x03\x04", "application/zip"),
    Exact(b"Rar!\x1A\x07\x00", "application/x-rar-compressed"),
    Exact(b"Rar!\x1A\x07\x01\x00", "application/x-rar-compressed"),
    Exact(b"\x00\x61\x73\x6D", "application/wasm"),
];

/// The content type of `data`, of which at most 512 bytes count.
pub(super) fn content_type(data: &[u8]) -> &'static str {
    let data = &data[..data.len().min(512)];
    let blank = data
        .iter()
        .take_while(|b| matches!(b, b'\t' | b'\n' | 0x0C | b'\r' | b' '))
        .count();
    let text = &data[blank..];
    if TAGS.iter().any(|tag| is_tag(text, tag)) {
        return "text/html; charset=utf-8";
    }
    // Only this signature may stand behind white space.
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    let found = find(&BEFORE_MP4, data)
        .or_else(|| is_mp4(data).then_some("video/mp4"))
        .or_else(|| is_embedded_font(data).then_some("application/vnd.ms-fontobject"))
        .or_else(|| find(&AFTER_MP4, data));
    match found {
        Some(found) => found,
        None if text.iter().all(|b| is_text(*b)) => "text/plain; charset=utf-8",
        None => "application/octet-stream",
    }
}

fn find(signatures: &[Signature], data: &[u8]) -> Option<&'static str> {
    signatures.iter().find_map(|signature| match signature {
        Exact(bytes, found) => data.starts_with(bytes).then_some(*found),
        Masked(bytes, mask, found) => {
            let head = data.get(..bytes.len())?;
            let mut places = head.iter().zip(*bytes).zip(*mask);
            places
                .all(|((have, want), counts)| *counts == b'0' || have == want)
                .then_some(*found)
        }
    })
}

fn is_tag(text: &[u8], tag: &str) -> bool {
    let Some((head, [end, ..])) = text.split_at_checked(tag.len()) else {
        return false;
    };
    head.eq_ignore_ascii_case(tag.as_bytes()) && matches!(end, b' ' | b'>')
}

fn is_mp4(data: &[u8]) -> bool {
    let (Some(size), Some(b"ftyp")) = (data.first_chunk::<4>(), data.get(4..8)) else {
        return false;
    };
    let size = u32::from_be_bytes(*size) as usize;
    data.len() >= 12
        && data.len() >= size
        && size.is_multiple_of(4)
        && (8..size)
            .step_by(4)
            .filter(|at| *at != 12)
            .any(|at| data[at..].starts_with(b"mp4"))
}

fn is_embedded_font(data: &[u8]) -> bool {
    data.get(34..36) == Some(b"LP")
}

fn is_text(byte: u8) -> bool {
    !matches!(byte, 0..=0x08 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F)
}
