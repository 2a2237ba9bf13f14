//! Quoted scalars.

use super::cursor::{Stops, stops};
use super::scalar::{Breaks, Text};
use super::{Scanner, Style};
use crate::yaml::error::Error;
use crate::yaml::token::Span;

/// Needs a look inside single quotes.
const SINGLE: Stops = stops(b" \t'");

/// Needs a look inside double quotes.
const DOUBLE: Stops = stops(b" \t\"\\");

impl Scanner<'_> {
    /// Scans a quoted scalar.
    pub(super) fn scan_quoted(&mut self, style: Style) -> Result<Span, Error> {
        let quote = self.cursor.at(0);
        self.cursor.skip_ascii(1);
        let mut text = Text::new(self.cursor.pos());
        let mut breaks = Breaks::default();
        loop {
            self.cursor.need(4)?;
            if self.cursor.at_document_indicator() {
                return Err(self.error("found unexpected document indicator"));
            }
            if self.cursor.at_end() {
                return Err(self.error("found unexpected end of stream"));
            }
            let mut leading_blanks = self.scan_quoted_word(style, &mut text)?;
            self.cursor.need(1)?;
            if self.cursor.at(0) == quote {
                break;
            }
            let blanks_from = self.cursor.pos();
            while self.cursor.at_blank() || self.cursor.at_break(0) {
                if self.cursor.at_blank() {
                    self.cursor.skip_ascii(1);
                } else {
                    self.cursor.need(2)?;
                    text.build(self.cursor.text(), &mut self.built);
                    self.cursor.take_line(breaks.next(!leading_blanks));
                    leading_blanks = true;
                }
                self.cursor.need(1)?;
            }
            if leading_blanks {
                breaks.fold_into(&mut self.built);
            } else {
                self.append(&mut text, blanks_from);
            }
        }
        self.cursor.skip_ascii(1);
        Ok(text.span(self.built.len()))
    }

    /// Scans characters up to a blank, a line break, the end or the closing quote. Gives whether it
    /// ended with an escaped line break.
    fn scan_quoted_word(&mut self, style: Style, text: &mut Text) -> Result<bool, Error> {
        let single = style == Style::SingleQuoted;
        let stops = if single { &SINGLE } else { &DOUBLE };
        while !self.cursor.at_blankz(0) {
            match self.cursor.at(0) {
                b'\'' if single => {
                    if self.cursor.at(1) != b'\'' {
                        break;
                    }
                    text.build(self.cursor.text(), &mut self.built);
                    self.built.push(b'\'');
                    self.cursor.skip_ascii(2);
                }
                b'"' if !single => break,
                b'\\' if !single => {
                    text.build(self.cursor.text(), &mut self.built);
                    if self.cursor.at_break(1) {
                        self.cursor.need(3)?;
                        self.cursor.skip_ascii(1);
                        self.cursor.skip_line();
                        return Ok(true);
                    }
                    self.scan_escape()?;
                }
                _ => {
                    let from = self.cursor.pos();
                    self.cursor.run(stops);
                    self.append(text, from);
                }
            }
            self.cursor.need(2)?;
        }
        Ok(false)
    }

    /// Appends the source from `from` up to here.
    fn append(&mut self, text: &mut Text, from: usize) {
        if text.is_built() {
            let piece = &self.cursor.text()[from..self.cursor.pos()];
            self.built.extend_from_slice(piece);
        }
        text.extend_to(self.cursor.pos());
    }

    /// Scans a backslash and what it escapes.
    fn scan_escape(&mut self) -> Result<(), Error> {
        let (text, digits) = match self.cursor.at(1) {
            b'0' => ("\0", 0),
            b'a' => ("\x07", 0),
            b'b' => ("\x08", 0),
            b't' | b'\t' => ("\t", 0),
            b'n' => ("\n", 0),
            b'v' => ("\x0B", 0),
            b'f' => ("\x0C", 0),
            b'r' => ("\r", 0),
            b'e' => ("\x1B", 0),
            b' ' => (" ", 0),
            b'"' => ("\"", 0),
            b'\'' => ("'", 0),
            b'\\' => ("\\", 0),
            b'N' => ("\u{85}", 0),
            b'_' => ("\u{A0}", 0),
            b'L' => ("\u{2028}", 0),
            b'P' => ("\u{2029}", 0),
            b'x' => ("", 2),
            b'u' => ("", 4),
            b'U' => ("", 8),
            _ => return Err(self.error("found unknown escape character")),
        };
        self.built.extend_from_slice(text.as_bytes());
        self.cursor.skip_ascii(2);
        if digits == 0 {
            return Ok(());
        }
        self.cursor.need(digits)?;
        let mut value: u32 = 0;
        for k in 0..digits {
            let Some(digit) = char::from(self.cursor.at(k)).to_digit(16) else {
                return Err(self.error("did not find expected hexdecimal number"));
            };
            value = value << 4 | digit;
        }
        let Some(c) = char::from_u32(value) else {
            return Err(self.error("found invalid Unicode character escape code"));
        };
        self.built
            .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        self.cursor.skip_ascii(digits);
        Ok(())
    }
}
