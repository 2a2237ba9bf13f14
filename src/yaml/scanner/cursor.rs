//! A place in the text that moves forward.
//!
//! The end of the text reads as NUL, which no text contains. Line and column are kept for error
//! messages and because columns decide structure; columns are counted only when asked for.

use memchr::{memchr2, memchr2_iter};

use crate::yaml::error::Error;
use crate::yaml::input::{Input, break_len, width};
use crate::yaml::token::Mark;

/// The bytes that end a run of ordinary characters. `0xC2` and `0xE2` start U+0085, U+2028 and
/// U+2029, and also many ordinary characters.
pub(super) type Stops = [bool; 256];

/// Makes a table of stops: line breaks and `bytes`.
pub(super) const fn stops(bytes: &[u8]) -> Stops {
    let mut table = [false; 256];
    table[b'\n' as usize] = true;
    table[b'\r' as usize] = true;
    table[0xC2] = true;
    table[0xE2] = true;
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
}

/// The place.
pub(super) struct Cursor<'t> {
    text: &'t [u8],
    fault: Option<&'t Error>,
    pos: usize,
    line: usize,
    column: usize,
    /// Up to where `column` is counted.
    counted: usize,
    /// The forced mark of the end of the stream, and the real place.
    end: Option<(Mark, Mark)>,
}

impl<'t> Cursor<'t> {
    /// Starts at the beginning.
    pub(super) fn new(input: &'t Input<'t>) -> Cursor<'t> {
        Cursor {
            text: &input.text,
            fault: input.fault.as_ref(),
            pos: 0,
            line: 0,
            column: 0,
            counted: 0,
            end: None,
        }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'t [u8] {
        self.text
    }

    /// The offset.
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// The column in characters, counted from zero.
    pub(super) fn column(&mut self) -> usize {
        let fresh = &self.text[self.counted..self.pos];
        self.column += fresh.iter().filter(|&&b| b & 0xC0 != 0x80).count();
        self.counted = self.pos;
        self.column
    }

    /// The place as line and column.
    pub(super) fn mark(&mut self) -> Mark {
        Mark {
            line: self.line as u32,
            column: self.column() as u32,
        }
    }

    /// Goes to the start of the line after the text, where the engine sees its end.
    pub(super) fn force_new_line(&mut self) {
        let real = self.mark();
        if real.column != 0 {
            self.start_line();
        }
        self.end = Some((self.mark(), real));
    }

    /// The place a reader of the text would point at: `mark` unless that is behind the end.
    pub(super) fn real(&self, mark: Mark) -> Mark {
        match self.end {
            Some((forced, real)) if forced == mark => real,
            _ => mark,
        }
    }

    /// Sees to it that `n` characters can be looked at, the end included.
    ///
    /// # Errors
    ///
    /// The damage of the input, if the text is cut off by it before that.
    pub(super) fn need(&self, n: usize) -> Result<(), Error> {
        match self.fault {
            Some(fault) if self.pos + 4 * n > self.text.len() => {
                let left = self.text[self.pos..].iter().filter(|&&b| b & 0xC0 != 0x80);
                if left.count() < n {
                    return Err(fault.clone());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The byte `ahead` of here; NUL behind the end.
    pub(super) fn at(&self, ahead: usize) -> u8 {
        self.text.get(self.pos + ahead).copied().unwrap_or(0)
    }

    /// Says whether the text ends here.
    pub(super) fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    /// Says whether a space or tab is here.
    pub(super) fn at_blank(&self) -> bool {
        matches!(self.at(0), b' ' | b'\t')
    }

    /// Says whether a line break is `ahead` of here.
    pub(super) fn at_break(&self, ahead: usize) -> bool {
        self.text
            .get(self.pos + ahead..)
            .is_some_and(|rest| break_len(rest) > 0)
    }

    /// Says whether a space, tab, line break or the end is `ahead` of here.
    pub(super) fn at_blankz(&self, ahead: usize) -> bool {
        matches!(self.at(ahead), 0 | b' ' | b'\t') || self.at_break(ahead)
    }

    /// Says whether a line break or the end is here.
    pub(super) fn at_breakz(&self) -> bool {
        self.at_end() || self.at_break(0)
    }

    /// Says whether `---` or `...` stands at the start of a line here, with a blank after it.
    pub(super) fn at_document_indicator(&mut self) -> bool {
        matches!(
            (self.at(0), self.at(1), self.at(2)),
            (b'-', b'-', b'-') | (b'.', b'.', b'.')
        ) && self.column() == 0
            && self.at_blankz(3)
    }

    /// Passes one character that is no line break.
    pub(super) fn skip(&mut self) {
        let width = width(self.at(0)).max(1);
        self.pos = (self.pos + width).min(self.text.len());
    }

    /// Passes `n` ASCII characters that are no line breaks.
    pub(super) fn skip_ascii(&mut self, n: usize) {
        self.pos = (self.pos + n).min(self.text.len());
    }

    /// Passes spaces and tabs.
    pub(super) fn skip_blanks(&mut self) -> Result<(), Error> {
        while self.at_blank() {
            self.pos += 1;
        }
        self.need(1)
    }

    /// Passes a comment, if one starts here, up to the end of its line.
    pub(super) fn skip_comment(&mut self) -> Result<(), Error> {
        if self.at(0) == b'#' {
            self.rest_of_line();
        }
        self.need(1)
    }

    /// Passes the rest of the line and gives it without its break.
    pub(super) fn rest_of_line(&mut self) -> &'t [u8] {
        let rest = &self.text[self.pos..];
        let line = &rest[..memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())];
        // U+0085, U+2028 and U+2029 start like many ordinary characters.
        let is_break = |at: &usize| break_len(&line[*at..]) > 0;
        let end = memchr2_iter(0xC2, 0xE2, line).find(is_break);
        let line = &line[..end.unwrap_or(line.len())];
        self.pos += line.len();
        line
    }

    /// Passes ordinary characters up to one of `stops` and gives them.
    pub(super) fn run(&mut self, stops: &Stops) -> &'t [u8] {
        let start = self.pos;
        while let Some(&byte) = self.text.get(self.pos) {
            if !stops[usize::from(byte)] {
                self.pos += 1;
            } else if byte >= 0x80 && !self.at_break(0) {
                self.skip();
            } else {
                break;
            }
        }
        &self.text[start..self.pos]
    }

    /// Passes the line break here, if there is one.
    pub(super) fn skip_line(&mut self) {
        let rest = &self.text[self.pos..];
        let len = match rest {
            [b'\r', b'\n', ..] => 2,
            _ => break_len(rest),
        };
        if len > 0 {
            self.pos += len;
            self.start_line();
        }
    }

    /// Passes the line break here, if there is one, and appends what it means: U+2028 and U+2029
    /// stay themselves, the others mean LF.
    pub(super) fn take_line(&mut self, into: &mut Vec<u8>) {
        let rest = &self.text[self.pos..];
        match break_len(rest) {
            0 => {}
            3 => into.extend_from_slice(&rest[..3]),
            _ => into.push(b'\n'),
        }
        self.skip_line();
    }

    fn start_line(&mut self) {
        self.line += 1;
        self.column = 0;
        self.counted = self.pos;
    }
}
