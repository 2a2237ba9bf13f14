//! The part of DER that keys and certificates need.
//!
//! In: contents to encode, or bytes to take apart. Out: elements. Refused: lengths that are not in
//! their shortest form or run beyond the input, and tag numbers above 30.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0C;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag of `[number]` around other elements.
pub(super) const fn explicit(number: u8) -> u8 {
    0xA0 | number
}

/// The tag of `[number]` in place of a primitive one.
pub(super) const fn implicit(number: u8) -> u8 {
    0x80 | number
}

/// An element of `tag` whose content is `parts` in a row.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let n_zeros = bytes.iter().take_while(|b| **b == 0).count();
        out.push(0x80 | (bytes.len() - n_zeros) as u8);
        out.extend_from_slice(&bytes[n_zeros..]);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// A sequence of elements.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, parts)
}

/// A non-negative integer from its big-endian bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let significant = trim(bytes);
    match significant.first() {
        None => element(INTEGER, &[&[0]]),
        Some(first) if *first >= 0x80 => element(INTEGER, &[&[0], significant]),
        Some(_) => element(INTEGER, &[significant]),
    }
}

/// A bit string of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// An object identifier from its encoded content.
pub(super) fn oid(content: &[u8]) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, &[content])
}

/// Drops the zeros before a big-endian number.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let n_zeros = bytes.iter().take_while(|b| **b == 0).count();
    &bytes[n_zeros..]
}

/// Takes elements from the front of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

/// An element, with its tag and length in `whole`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) whole: &'a [u8],
    pub(super) content: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Takes the next element, whatever it is.
    pub(super) fn any(&mut self) -> Option<Element<'a>> {
        let (&tag, &first) = (self.0.first()?, self.0.get(1)?);
        if tag & 0x1F == 0x1F {
            return None;
        }
        let (header, length) = if first < 0x80 {
            (2, usize::from(first))
        } else {
            let n_bytes = usize::from(first & 0x7F);
            let bytes = self.0.get(2..2 + n_bytes)?;
            if n_bytes == 0 || n_bytes > 4 || bytes[0] == 0 {
                return None;
            }
            let length = bytes.iter().fold(0, |n: u64, b| n << 8 | u64::from(*b));
            if length < 0x80 {
                return None;
            }
            (2 + n_bytes, usize::try_from(length).ok()?)
        };
        let end = header.checked_add(length)?;
        let whole = self.0.get(..end)?;
        self.0 = &self.0[end..];
        Some(Element {
            tag,
            whole,
            content: &whole[header..],
        })
    }

    /// Takes the content of the next element, if it has this tag.
    pub(super) fn content(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let element = ahead.any().filter(|e| e.tag == tag)?;
        *self = ahead;
        Some(element.content)
    }

    /// Takes a non-negative integer as big-endian bytes without zeros before it.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let content = ahead.content(INTEGER)?;
        let is_minimal = !matches!(content, [0, second, ..] if *second < 0x80);
        if content.first().is_none_or(|first| *first >= 0x80) || !is_minimal {
            return None;
        }
        *self = ahead;
        Some(trim(content))
    }

    /// Takes a bit string of whole bytes.
    pub(super) fn bits(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let bytes = ahead.content(BIT_STRING)?.strip_prefix(&[0])?;
        *self = ahead;
        Some(bytes)
    }

    /// Takes what a sequence holds.
    pub(super) fn sequence(&mut self) -> Option<Reader<'a>> {
        self.content(SEQUENCE).map(Reader)
    }
}

/// The dotted form of an encoded object identifier.
pub(super) fn oid_text(content: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc: u64 = 0;
    for byte in content {
        arc = arc.wrapping_shl(7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    let arcs: Vec<String> = arcs.iter().map(u64::to_string).collect();
    arcs.join(".")
}
