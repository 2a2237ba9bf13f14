//! Words within strings: letter case, `camelcase`, `snakecase`, `kebabcase`, `wrap`.
//!
//! In: the bytes of Go strings. Out: strings as sprig's libraries (goutils, xstrings) make them,
//! byte-based where those are. Nothing is refused except a result beyond
//! [`MAX_STRING_BYTES`](crate::limits::MAX_STRING_BYTES).

use crate::funcs::runes::{
    Rune, is_letter, is_lower, is_number, is_punct, is_space, is_title, is_upper, map_runes, runes,
    to_lower, to_title, to_upper,
};
use crate::funcs::strings::check_size;
use crate::template::FuncError;

/// Turns the first letter of every word into title case (Go's `strings.Title`).
///
/// A word starts after an ASCII character other than letters, digits and `_`, or after any other
/// white space.
pub(crate) fn title(text: &[u8]) -> Vec<u8> {
    let mut previous = ' ';
    map_runes(text, |c| {
        let starts = is_separator(previous);
        previous = c;
        if starts { to_title(c) } else { c }
    })
}

/// Turns the first character of every word between white space into lower case.
pub(crate) fn untitle(text: &[u8]) -> Vec<u8> {
    let mut starts = true;
    map_runes(text, |c| {
        if is_space(c) {
            starts = true;
            return c;
        }
        if std::mem::take(&mut starts) {
            to_lower(c)
        } else {
            c
        }
    })
}

/// Swaps upper and lower case; a lower-case letter that starts a word becomes title case.
pub(crate) fn swapcase(text: &[u8]) -> Vec<u8> {
    let mut starts = true;
    map_runes(text, |c| {
        if is_upper(c) || is_title(c) {
            starts = false;
            to_lower(c)
        } else if is_lower(c) {
            if std::mem::take(&mut starts) {
                to_title(c)
            } else {
                to_upper(c)
            }
        } else {
            starts = is_space(c);
            c
        }
    })
}

/// The first byte of every word, each read as a code point of its own.
pub(crate) fn initials(text: &[u8]) -> String {
    let mut in_gap = true;
    text.iter()
        .map(|&byte| char::from(byte))
        .filter(|&c| {
            let was_gap = std::mem::replace(&mut in_gap, is_space(c));
            was_gap && !in_gap
        })
        .collect()
}

/// The text without white space, byte by byte: when anything is removed, every byte left is
/// written as a code point of its own, so `é e` becomes `Ã©e`.
pub(crate) fn nospace(text: &[u8]) -> Vec<u8> {
    let kept = text
        .iter()
        .map(|&byte| char::from(byte))
        .filter(|&c| !is_space(c));
    if kept.clone().count() == text.len() {
        return text.to_vec();
    }
    kept.collect::<String>().into_bytes()
}

/// Joins words between connectors (`-`, `_`, white space) in Pascal case.
///
/// Leading connectors stay, and so do the last connector and all but one of a run; the last of a
/// text of nothing but connectors is even doubled.
pub(crate) fn camelcase(text: &[u8]) -> String {
    let chars: Vec<char> = runes(text).map(|rune| rune.char).collect();
    let n_leading = chars.iter().take_while(|c| is_connector(**c)).count();
    let (leading, rest) = chars.split_at(n_leading);
    let mut out = String::with_capacity(text.len());
    out.extend(leading);
    let Some((&first, rest)) = rest.split_first() else {
        out.extend(leading.last());
        return out;
    };
    let mut after_capital = is_upper(first);
    let mut held = to_upper(first);
    for &c in rest {
        match (is_connector(held), is_connector(c)) {
            (true, true) => out.push(held),
            (true, false) => {
                after_capital = is_upper(c);
                held = to_upper(c);
                continue;
            }
            (false, _) => {
                out.push(held);
                if after_capital && is_upper(c) {
                    held = to_lower(c);
                    continue;
                }
                after_capital = false;
            }
        }
        held = c;
    }
    out.push(held);
    out
}

/// Joins the words of `text` with `connector`, in lower case: `FirstName` gives `first_name`.
pub(crate) fn lower_words(text: &[u8], connector: char) -> Vec<u8> {
    let words = split_words(text);
    let mut out = Joined {
        out: Vec::with_capacity(text.len()),
        connector,
    };
    let mut at = 0;
    while at + 1 < words.len() {
        at = match words[at].class {
            Class::Connector => {
                out.word(&words[at]);
                at + 1
            }
            Class::Punctuation => {
                out.word(&words[at]);
                at + 1
            }
            Class::Number => {
                out.word(&words[at]);
                let next = out.letters_and_numbers(&words, at + 1);
                out.connect_to(words.get(next));
                next
            }
            Class::Upper | Class::Letters | Class::Other => {
                out.word(&words[at]);
                out.number_after_word(&words, at + 1)
            }
        };
    }
    if let Some(word) = words.get(at) {
        out.word(word);
    }
    out.out
}

/// Breaks `text` into lines of at most `width` bytes at spaces, with `separator` (`"\n"` when
/// empty) between lines; longer words are broken only if `break_words`.
///
/// # Errors
///
/// The result would be too long.
pub(crate) fn wrap(
    text: &[u8],
    width: i64,
    separator: &[u8],
    break_words: bool,
) -> Result<Vec<u8>, FuncError> {
    let separator = if separator.is_empty() {
        b"\n"
    } else {
        separator
    };
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let mut out = Vec::new();
    let mut rest = text;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let last_space = rest[..=width].iter().rposition(|b| *b == b' ');
        let (line, skip) = match last_space {
            Some(at) => (at, 1),
            None if break_words => (width, 0),
            None => match memchr::memchr(b' ', &rest[width..]) {
                Some(at) => (width + at, 1),
                None => break,
            },
        };
        out.extend_from_slice(&rest[..line]);
        out.extend_from_slice(separator);
        rest = &rest[line + skip..];
        check_size("wrap", out.len().checked_add(rest.len()))?;
    }
    out.extend_from_slice(rest);
    Ok(out)
}

fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        return !(c.is_ascii_alphanumeric() || c == '_');
    }
    is_space(c)
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || is_space(c)
}

/// A letter as xstrings sees it: Chinese, Japanese and Korean ideographs are none.
fn is_alphabet(c: char) -> bool {
    let is_ideograph = matches!(
        c,
        '\u{3400}'..='\u{4d85}' | '\u{4e00}'..='\u{9fcc}' | '\u{20000}'..='\u{2b81d}'
    );
    !is_ideograph && is_letter(c)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

struct Word<'a> {
    class: Class,
    bytes: &'a [u8],
}

/// One valid rune together with the invalid bytes before it; invalid bytes at the very end belong
/// to the rune before them.
struct Unit {
    char: char,
    end: usize,
}

fn units(text: &[u8]) -> Vec<Unit> {
    let is_valid = |rune: &Rune| rune.char != char::REPLACEMENT_CHARACTER;
    let mut units: Vec<Unit> = runes(text)
        .filter(is_valid)
        .map(|rune| Unit {
            char: rune.char,
            end: rune.end(),
        })
        .collect();
    match units.last_mut() {
        Some(last) => last.end = text.len(),
        None if text.is_empty() => {}
        None => units.push(Unit {
            char: char::REPLACEMENT_CHARACTER,
            end: text.len(),
        }),
    }
    units
}

fn split_words(text: &[u8]) -> Vec<Word<'_>> {
    let units = units(text);
    let mut words = Vec::new();
    let (mut rest, mut start) = (units.as_slice(), 0);
    while let Some(first) = rest.first() {
        let (class, n_units) = first_word(first.char, rest);
        let end = rest[n_units - 1].end;
        words.push(Word {
            class,
            bytes: &text[start..end],
        });
        start = end;
        rest = &rest[n_units..];
    }
    words
}

/// The class and length, in units, of the word that `units` starts with.
fn first_word(first: char, units: &[Unit]) -> (Class, usize) {
    let run = |from: usize, holds: fn(char) -> bool| {
        let more = units.iter().skip(from).take_while(|unit| holds(unit.char));
        from + more.count()
    };
    let is_small = |c| is_alphabet(c) && !is_upper(c);
    if is_connector(first) {
        (Class::Connector, run(1, is_connector))
    } else if is_punct(first) {
        (Class::Punctuation, run(1, is_punct))
    } else if is_upper(first) {
        let n_upper = run(1, is_upper);
        let n_units = match units.get(n_upper) {
            Some(next) if is_alphabet(next.char) => {
                if n_upper > 1 {
                    n_upper - 1
                } else {
                    run(1, is_small)
                }
            }
            _ => n_upper,
        };
        (Class::Upper, n_units)
    } else if is_alphabet(first) {
        (Class::Letters, run(1, is_small))
    } else if is_number(first) {
        (Class::Number, run(1, is_number))
    } else {
        let is_other = |c| !(is_connector(c) || is_alphabet(c) || is_number(c) || is_punct(c));
        (Class::Other, run(1, is_other))
    }
}

/// Words joined by a connector.
struct Joined {
    out: Vec<u8>,
    connector: char,
}

impl Joined {
    fn connect(&mut self) {
        let mut buffer = [0; 4];
        self.out
            .extend_from_slice(self.connector.encode_utf8(&mut buffer).as_bytes());
    }

    /// Writes the connector unless the text ends or `next` separates by itself.
    fn connect_to(&mut self, next: Option<&Word<'_>>) {
        let separates =
            |word: &Word<'_>| matches!(word.class, Class::Connector | Class::Punctuation);
        if next.is_some_and(|word| !separates(word)) {
            self.connect();
        }
    }

    /// Writes a word: capitals in lower case, connectors replaced, anything else as it is.
    fn word(&mut self, word: &Word<'_>) {
        if !matches!(word.class, Class::Upper | Class::Connector) {
            self.out.extend_from_slice(word.bytes);
            return;
        }
        let connector = self.connector;
        self.out.extend(map_runes(word.bytes, |c| {
            if is_connector(c) {
                connector
            } else if is_upper(c) {
                to_lower(c)
            } else {
                c
            }
        }));
    }

    /// Writes the letters and numbers from word `at` on; gives the index of the word after them.
    fn letters_and_numbers(&mut self, words: &[Word<'_>], mut at: usize) -> usize {
        while let Some(
            word @ Word {
                class: Class::Letters | Class::Number,
                ..
            },
        ) = words.get(at)
        {
            self.word(word);
            at += 1;
        }
        at
    }

    /// Handles what follows a word of letters: a number stays glued to it (`Bld4Floor` gives
    /// `bld4_floor`) unless small letters follow the number (`HTTP2xx` gives `http_2xx`).
    ///
    /// Gives the index of the word to go on with.
    fn number_after_word(&mut self, words: &[Word<'_>], at: usize) -> usize {
        let Some(word) = words.get(at) else {
            return at;
        };
        if word.class != Class::Number {
            self.connect_to(Some(word));
            return at;
        }
        let Some(next) = words.get(at + 1) else {
            return at;
        };
        if next.class != Class::Letters {
            self.word(word);
            self.connect_to(Some(next));
            return at + 1;
        }
        self.connect();
        let next = self.letters_and_numbers(words, at);
        self.connect_to(words.get(next));
        next
    }
}
