//! Go's view of text: runes, their classes and their simple case mappings (`unicode`,
//! `unicode/utf8`).
//!
//! In: the bytes of a Go string. Out: runes, each byte that belongs to no valid sequence as one
//! U+FFFD. The tables are those of Unicode 15.0, which Go's are; later characters count as
//! unassigned.

pub(crate) use crate::value::unicode::is_letter;
use crate::value::unicode::{Category, category};

/// One rune of a Go string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rune {
    /// Where it starts, in bytes.
    pub(crate) at: usize,
    /// Its length in bytes.
    pub(crate) width: usize,
    /// The character; U+FFFD for an invalid byte.
    pub(crate) char: char,
}

impl Rune {
    /// Where it ends, in bytes.
    pub(crate) fn end(self) -> usize {
        self.at + self.width
    }
}

/// The runes of `text`, as Go's `range` over a string gives them.
pub(crate) fn runes(text: &[u8]) -> impl Iterator<Item = Rune> {
    let mut chunk_at = 0;
    text.utf8_chunks().flat_map(move |chunk| {
        let (valid, invalid) = (chunk.valid(), chunk.invalid());
        let at = chunk_at;
        chunk_at += valid.len() + invalid.len();
        let good = valid.char_indices().map(move |(i, char)| Rune {
            at: at + i,
            width: char.len_utf8(),
            char,
        });
        let bad = (0..invalid.len()).map(move |i| Rune {
            at: at + valid.len() + i,
            width: 1,
            char: char::REPLACEMENT_CHARACTER,
        });
        good.chain(bad)
    })
}

/// The runes of `text`, each replaced by what `change` makes of it.
pub(crate) fn map_runes(text: &[u8], mut change: impl FnMut(char) -> char) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    out.extend(runes(text).map(|rune| change(rune.char)));
    out.into_bytes()
}

/// `unicode.ToUpper`
pub(crate) fn to_upper(c: char) -> char {
    match u32::from(c) {
        // Their capitals came with Unicode 16 and 17.
        0x19b | 0x264 | 0xa7d3 | 0xa7d5 => c,
        // Greek with iota subscript: the simple mapping is the title case letter.
        0x1f80..=0x1faf | 0x1fb3 | 0x1fc3 | 0x1ff3 => to_title(c),
        code if is_later(code) => c,
        _ => single(c, c.to_uppercase()),
    }
}

/// `unicode.ToLower`
pub(crate) fn to_lower(c: char) -> char {
    match u32::from(c) {
        0x130 => 'i',
        code if is_later(code) => c,
        _ => single(c, c.to_lowercase()),
    }
}

/// `unicode.ToTitle`
pub(crate) fn to_title(c: char) -> char {
    match u32::from(c) {
        0x1c4..=0x1c6 => '\u{1c5}',
        0x1c7..=0x1c9 => '\u{1c8}',
        0x1ca..=0x1cc => '\u{1cb}',
        0x1f1..=0x1f3 => '\u{1f2}',
        // Georgian has capitals for whole words only.
        0x10d0..=0x10fa | 0x10fd..=0x10ff => c,
        code @ 0x1f80..=0x1faf if code & 8 == 0 => char::from_u32(code + 8).unwrap_or(c),
        code @ (0x1fb3 | 0x1fc3 | 0x1ff3) => char::from_u32(code + 9).unwrap_or(c),
        0x1f80..=0x1faf => c,
        _ => to_upper(c),
    }
}

/// `unicode.IsUpper`
pub(crate) fn is_upper(c: char) -> bool {
    category(c) == Category::UppercaseLetter
}

/// `unicode.IsLower`
pub(crate) fn is_lower(c: char) -> bool {
    category(c) == Category::LowercaseLetter
}

/// `unicode.IsTitle`
pub(crate) fn is_title(c: char) -> bool {
    category(c) == Category::TitlecaseLetter
}

/// `unicode.IsSpace`
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// `unicode.IsNumber`
pub(crate) fn is_number(c: char) -> bool {
    matches!(
        category(c),
        Category::DecimalNumber | Category::LetterNumber | Category::OtherNumber
    )
}

/// `unicode.IsPunct`
pub(crate) fn is_punct(c: char) -> bool {
    matches!(
        category(c),
        Category::ConnectorPunctuation
            | Category::DashPunctuation
            | Category::OpenPunctuation
            | Category::ClosePunctuation
            | Category::InitialPunctuation
            | Category::FinalPunctuation
            | Category::OtherPunctuation
    )
}

/// The letters that Unicode gained after 15.0, of which the case mappings here may know.
fn is_later(code: u32) -> bool {
    matches!(
        code,
        0x1b4e..=0x1b4f
            | 0x1b7f
            | 0x1c89..=0x1c8a
            | 0xa7cb..=0xa7cf
            | 0xa7d2
            | 0xa7d4
            | 0xa7da..=0xa7dc
            | 0x105c0..=0x105f3
            | 0x10d40..=0x10d6f
            | 0x10d70..=0x10d85
            | 0x10ec2..=0x10ec4
            | 0x11380..=0x113d8
            | 0x116d0..=0x116e3
            | 0x11bc0..=0x11be1
            | 0x11bf0..=0x11bf9
            | 0x13460..=0x143fa
            | 0x16100..=0x16139
            | 0x16d40..=0x16d79
            | 0x16ea0..=0x16ed3
            | 0x18cff
            | 0x1ccf0..=0x1ccf9
            | 0x1e5d0..=0x1e5ff
            | 0x2ebf0..=0x2ee5d
    )
}

/// The only character of a full case mapping; `c` itself where the mapping gives several, since
/// such characters have no simple mapping.
fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_are_single_runes() {
        let widths: Vec<_> = runes(b"a\xe2\x82b\xc3\xa9\xff")
            .map(|r| (r.at, r.width, r.char))
            .collect();
        let bad = char::REPLACEMENT_CHARACTER;
        assert_eq!(
            widths,
            [
                (0, 1, 'a'),
                (1, 1, bad),
                (2, 1, bad),
                (3, 1, 'b'),
                (4, 2, 'é'),
                (6, 1, bad)
            ]
        );
    }

    /// A checksum of what the reference (Go 1.26, Unicode 15.0) says of every character; those
    /// beyond the last ideographs are neither letters nor of any other class.
    #[test]
    fn every_character_is_as_in_go() {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut n_special = 0;
        for c in '\0'..='\u{32fff}' {
            let classes = [
                is_upper(c),
                is_lower(c),
                is_title(c),
                is_space(c),
                is_punct(c),
                is_number(c),
                is_letter(c),
            ];
            let class_bits = classes.iter().fold(0, |bits, b| bits << 1 | u32::from(*b));
            let (upper, lower, title) = (to_upper(c), to_lower(c), to_title(c));
            if class_bits == 0 && [upper, lower, title] == [c; 3] {
                continue;
            }
            n_special += 1;
            for n in [c, upper, lower, title]
                .map(u32::from)
                .into_iter()
                .chain([class_bits])
            {
                hash = (hash ^ u64::from(n)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        assert_eq!((n_special, hash), (138_855, 0x8737_9feb_b748_0d2d));
    }
}
