//! The escapers of Go templates: `html`, `js`, `urlquery`.
//!
//! In: any bytes. Out: the bytes that are safe in that place. Nothing is refused.

use super::quote;

/// Escapes for HTML text and attributes (`template.HTMLEscape`).
pub fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            0 => out.extend_from_slice("\u{FFFD}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            _ => out.push(byte),
        }
    }
    out
}

/// Escapes for JavaScript string literals (`template.JSEscape`).
///
/// Go passes invalid UTF-8 through, because it takes each such byte for the printable U+FFFD.
pub fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.extend_from_slice(br"\\"),
                '\'' => out.extend_from_slice(br"\'"),
                '"' => out.extend_from_slice(br#"\""#),
                '<' | '>' | '&' | '=' | '\0'..' ' => push_code(&mut out, c),
                c if c.is_ascii() || quote::is_print(c) => {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                c => push_code(&mut out, c),
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
    out
}

/// Escapes for the query of a URL (`url.QueryEscape`).
pub fn urlquery(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}

fn push_code(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(format!("\\u{:04X}", u32::from(c)).as_bytes());
}
