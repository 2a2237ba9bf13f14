//! Plain and block scalars.

use super::cursor::{Stops, stops};
use super::{Scanner, Style};
use crate::yaml::error::Error;
use crate::yaml::token::Span;

/// May end a plain scalar outside of flow collections.
const BLOCK: Stops = stops(b" \t:");

/// May end a plain scalar inside flow collections.
const FLOW: Stops = stops(b" \t:,?[]{}");

/// The text of a scalar while it is read: a slice of the source for as long as that will do.
pub(super) struct Text {
    start: usize,
    end: usize,
    built: bool,
}

impl Text {
    /// Starts an empty text at the offset `start` of the source.
    pub(super) fn new(start: usize) -> Text {
        Text {
            start,
            end: start,
            built: false,
        }
    }

    /// Appends the source up to `end`, which follows what was appended last.
    pub(super) fn extend_to(&mut self, end: usize) {
        self.end = end;
    }

    /// Switches to a text in `built`, which a slice of the source no longer equals.
    pub(super) fn build(&mut self, source: &[u8], built: &mut Vec<u8>) {
        if !self.built {
            let start = built.len();
            built.extend_from_slice(&source[self.start..self.end]);
            self.start = start;
            self.built = true;
        }
    }

    /// Says whether the text is in the side buffer.
    pub(super) fn is_built(&self) -> bool {
        self.built
    }

    /// The finished text, `len` being the length of the side buffer.
    pub(super) fn span(&self, len: usize) -> Span {
        if self.built {
            Span::of_built(self.start..len)
        } else {
            Span::of_source(self.start..self.end)
        }
    }
}

/// The line breaks between two pieces of a flow scalar.
#[derive(Default)]
pub(super) struct Breaks {
    first: Vec<u8>,
    more: Vec<u8>,
}

impl Breaks {
    /// The buffer for the next line break.
    pub(super) fn next(&mut self, is_first: bool) -> &mut Vec<u8> {
        if is_first {
            &mut self.first
        } else {
            &mut self.more
        }
    }

    /// Appends what the breaks fold to: a single LF to a space, a longer run to one LF less.
    pub(super) fn fold_into(&mut self, out: &mut Vec<u8>) {
        if self.first != b"\n" {
            out.append(&mut self.first);
        } else if self.more.is_empty() {
            out.push(b' ');
        }
        out.append(&mut self.more);
        self.first.clear();
    }
}

impl Scanner<'_> {
    /// Scans a plain scalar and the white space after it.
    pub(super) fn scan_plain(&mut self) -> Result<Span, Error> {
        let stops = if self.flow_level > 0 { &FLOW } else { &BLOCK };
        let indent = self.indent + 1;
        let mut text = Text::new(self.cursor.pos());
        let mut breaks = Breaks::default();
        let mut leading_blanks = false;
        let mut blanks_from = self.cursor.pos();
        loop {
            self.cursor.need(4)?;
            if self.cursor.at(0) == b'#' || self.cursor.at_document_indicator() {
                break;
            }
            while !self.cursor.at_blankz(0) && !self.at_plain_end() {
                if leading_blanks {
                    text.build(self.cursor.text(), &mut self.built);
                    breaks.fold_into(&mut self.built);
                    leading_blanks = false;
                    blanks_from = self.cursor.pos();
                }
                self.cursor.skip();
                self.cursor.run(stops);
                if text.is_built() {
                    let piece = &self.cursor.text()[blanks_from..self.cursor.pos()];
                    self.built.extend_from_slice(piece);
                }
                text.extend_to(self.cursor.pos());
                blanks_from = self.cursor.pos();
                self.cursor.need(2)?;
            }
            if !self.cursor.at_blank() && !self.cursor.at_break(0) {
                break;
            }
            self.cursor.need(1)?;
            while self.cursor.at_blank() || self.cursor.at_break(0) {
                if self.cursor.at_blank() {
                    let is_tab = self.cursor.at(0) == b'\t';
                    if leading_blanks && is_tab && (self.cursor.column() as isize) < indent {
                        return Err(self.error("found a tab character that violates indentation"));
                    }
                    self.cursor.skip_ascii(1);
                } else {
                    self.cursor.need(2)?;
                    self.cursor.take_line(breaks.next(!leading_blanks));
                    leading_blanks = true;
                }
                self.cursor.need(1)?;
            }
            if self.flow_level == 0 && (self.cursor.column() as isize) < indent {
                break;
            }
        }
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        Ok(text.span(self.built.len()))
    }

    /// Says whether an indicator here ends a plain scalar.
    fn at_plain_end(&self) -> bool {
        match self.cursor.at(0) {
            b':' => self.cursor.at_blankz(1),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => self.flow_level > 0,
            _ => false,
        }
    }

    /// Scans a block scalar.
    pub(super) fn scan_block(&mut self, style: Style) -> Result<Span, Error> {
        self.cursor.skip_ascii(1);
        self.cursor.need(1)?;
        let (chomping, increment) = self.scan_block_header()?;
        let indent = match increment {
            0 => None,
            n => Some(self.indent.max(0) as usize + n),
        };
        let start = self.built.len();
        let (mut leading_break, mut breaks) = (Vec::new(), Vec::new());
        let indent = self.scan_block_breaks(indent, &mut breaks)?;
        self.cursor.need(1)?;
        let mut leading_blank = false;
        while self.cursor.column() == indent && !self.cursor.at_end() {
            let blank = self.cursor.at_blank();
            let folds = style == Style::Folded
                && !leading_blank
                && !blank
                && leading_break.first() == Some(&b'\n');
            if !folds {
                self.built.append(&mut leading_break);
            } else if breaks.is_empty() {
                self.built.push(b' ');
            }
            leading_break.clear();
            self.built.append(&mut breaks);
            leading_blank = blank;
            let line = self.cursor.rest_of_line();
            self.built.extend_from_slice(line);
            self.cursor.need(2)?;
            self.cursor.take_line(&mut leading_break);
            self.scan_block_breaks(Some(indent), &mut breaks)?;
        }
        if chomping != Chomping::Strip {
            self.built.append(&mut leading_break);
        }
        if chomping == Chomping::Keep {
            self.built.append(&mut breaks);
        }
        Ok(Span::of_built(start..self.built.len()))
    }

    /// Scans what follows `|` or `>` on its line: the chomping and the indentation, 0 if not given.
    fn scan_block_header(&mut self) -> Result<(Chomping, usize), Error> {
        let mut chomping = self.scan_chomping()?;
        let mut increment = 0;
        if self.cursor.at(0).is_ascii_digit() {
            increment = usize::from(self.cursor.at(0) - b'0');
            if increment == 0 {
                return Err(self.error("found an indentation indicator equal to 0"));
            }
            self.cursor.skip_ascii(1);
            self.cursor.need(1)?;
            if chomping.is_none() {
                chomping = self.scan_chomping()?;
            }
        }
        self.cursor.need(1)?;
        self.end_line()?;
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn scan_chomping(&mut self) -> Result<Option<Chomping>, Error> {
        let chomping = match self.cursor.at(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return Ok(None),
        };
        self.cursor.skip_ascii(1);
        self.cursor.need(1)?;
        Ok(Some(chomping))
    }

    /// Passes blanks, a comment and the line break; nothing else may be left on the line.
    pub(super) fn end_line(&mut self) -> Result<(), Error> {
        self.cursor.skip_blanks()?;
        self.cursor.skip_comment()?;
        if !self.cursor.at_breakz() {
            return Err(self.error("did not find expected comment or line break"));
        }
        if self.cursor.at_break(0) {
            self.cursor.need(2)?;
            self.cursor.skip_line();
        }
        Ok(())
    }

    /// Passes indentation and blank lines, and finds the indentation out if it is not known: the
    /// largest column reached, but deeper than the collection around.
    fn scan_block_breaks(
        &mut self,
        indent: Option<usize>,
        breaks: &mut Vec<u8>,
    ) -> Result<usize, Error> {
        let limit = indent.unwrap_or(usize::MAX);
        let mut deepest = 0;
        loop {
            self.cursor.need(1)?;
            let mut column = self.cursor.column();
            while column < limit && self.cursor.at(0) == b' ' {
                self.cursor.skip_ascii(1);
                column += 1;
            }
            self.cursor.need(1)?;
            deepest = deepest.max(column);
            if column < limit && self.cursor.at(0) == b'\t' {
                return Err(
                    self.error("found a tab character where an indentation space is expected")
                );
            }
            if !self.cursor.at_break(0) {
                break;
            }
            self.cursor.need(2)?;
            self.cursor.take_line(breaks);
        }
        let least = (self.indent + 1).max(1) as usize;
        Ok(indent.unwrap_or(deepest.max(least)))
    }
}

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}
