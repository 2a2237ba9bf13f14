//! Directives, anchors, aliases and tags.

use super::Scanner;
use crate::yaml::error::Error;
use crate::yaml::input::width;
use crate::yaml::token::{Span, Token, TokenKind};

/// Most digits of a version number.
const MAX_VERSION_DIGITS: usize = 2;

impl Scanner<'_> {
    /// Scans a `%` directive with its line.
    pub(super) fn scan_directive(&mut self) -> Result<Token, Error> {
        let mark = self.cursor.mark();
        self.cursor.skip_ascii(1);
        let name = self.scan_directive_name()?;
        let kind = match self.text(name) {
            b"YAML" => {
                self.cursor.skip_blanks()?;
                let major = self.scan_version_number()?;
                if self.cursor.at(0) != b'.' {
                    return Err(self.error("did not find expected digit or '.' character"));
                }
                self.cursor.skip_ascii(1);
                let minor = self.scan_version_number()?;
                TokenKind::Version { major, minor }
            }
            b"TAG" => self.scan_tag_directive()?,
            _ => return Err(self.error("found unknown directive name")),
        };
        self.cursor.need(1)?;
        self.end_line()?;
        Ok(Token { kind, mark })
    }

    fn scan_directive_name(&mut self) -> Result<Span, Error> {
        let name = self.scan_word()?;
        if name.is_empty() {
            return Err(self.error("could not find expected directive name"));
        }
        if !self.cursor.at_blankz(0) {
            return Err(self.error("found unexpected non-alphabetical character"));
        }
        Ok(name)
    }

    fn scan_version_number(&mut self) -> Result<u8, Error> {
        self.cursor.need(1)?;
        let (mut value, mut n_digits) = (0, 0);
        while self.cursor.at(0).is_ascii_digit() {
            n_digits += 1;
            if n_digits > MAX_VERSION_DIGITS {
                return Err(self.error("found extremely long version number"));
            }
            value = value * 10 + (self.cursor.at(0) - b'0');
            self.cursor.skip_ascii(1);
            self.cursor.need(1)?;
        }
        if n_digits == 0 {
            return Err(self.error("did not find expected version number"));
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self) -> Result<TokenKind, Error> {
        self.cursor.need(1)?;
        self.cursor.skip_blanks()?;
        let handle = self.scan_tag_handle()?;
        let text = self.text(handle);
        if text != b"!" && !text.ends_with(b"!") {
            return Err(self.error("did not find expected '!'"));
        }
        self.cursor.need(1)?;
        if !self.cursor.at_blank() {
            return Err(self.error("did not find expected whitespace"));
        }
        self.cursor.skip_blanks()?;
        let prefix = self.scan_uri(None)?;
        self.cursor.need(1)?;
        if !self.cursor.at_blankz(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }

    /// Scans an anchor or an alias.
    pub(super) fn scan_anchor(&mut self) -> Result<Token, Error> {
        let mark = self.cursor.mark();
        let is_alias = self.cursor.at(0) == b'*';
        self.cursor.skip_ascii(1);
        let name = self.scan_word()?;
        let ends = self.cursor.at_blankz(0)
            || matches!(
                self.cursor.at(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if name.is_empty() || !ends {
            return Err(self.error("did not find expected alphabetic or numeric character"));
        }
        let kind = if is_alias {
            TokenKind::Alias(name)
        } else {
            TokenKind::Anchor(name)
        };
        Ok(Token { kind, mark })
    }

    /// Scans a tag: `!<uri>`, `!handle!suffix`, `!suffix` or `!`.
    pub(super) fn scan_tag(&mut self) -> Result<Token, Error> {
        let mark = self.cursor.mark();
        self.cursor.need(2)?;
        let (handle, suffix) = if self.cursor.at(1) == b'<' {
            self.cursor.skip_ascii(2);
            let suffix = self.scan_uri(None)?;
            if self.cursor.at(0) != b'>' {
                return Err(self.error("did not find the expected '>'"));
            }
            self.cursor.skip_ascii(1);
            (Span::default(), suffix)
        } else {
            self.scan_shorthand()?
        };
        self.cursor.need(1)?;
        if !self.cursor.at_blankz(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        let kind = TokenKind::Tag { handle, suffix };
        Ok(Token { kind, mark })
    }

    /// Scans a tag that is no URI. The lone `!` has an empty handle and the suffix `!`.
    fn scan_shorthand(&mut self) -> Result<(Span, Span), Error> {
        let handle = self.scan_tag_handle()?;
        let text = self.text(handle);
        if text.len() > 1 && text.ends_with(b"!") {
            return Ok((handle, self.scan_uri(None)?));
        }
        let suffix = self.scan_uri(Some(handle))?;
        let start = handle.range().start;
        let bang = Span::of_source(start..start + 1);
        if suffix.is_empty() {
            return Ok((suffix, bang));
        }
        Ok((bang, suffix))
    }

    /// Scans `!`, letters and digits, and a further `!` if there is one.
    fn scan_tag_handle(&mut self) -> Result<Span, Error> {
        self.cursor.need(1)?;
        if self.cursor.at(0) != b'!' {
            return Err(self.error("did not find expected '!'"));
        }
        let start = self.cursor.pos();
        self.cursor.skip_ascii(1);
        self.scan_word()?;
        if self.cursor.at(0) == b'!' {
            self.cursor.skip_ascii(1);
        }
        Ok(Span::of_source(start..self.cursor.pos()))
    }

    /// Scans the characters of a URI, after those of `head` without its `!`.
    fn scan_uri(&mut self, head: Option<Span>) -> Result<Span, Error> {
        let start = self.built.len();
        let mut found = false;
        if let Some(head) = head {
            let text = &self.cursor.text()[head.range()];
            self.built.extend_from_slice(&text[1..]);
            found = true;
        }
        self.cursor.need(1)?;
        while is_uri(self.cursor.at(0)) {
            if self.cursor.at(0) == b'%' {
                self.scan_uri_escapes()?;
            } else {
                self.built.push(self.cursor.at(0));
                self.cursor.skip_ascii(1);
            }
            self.cursor.need(1)?;
            found = true;
        }
        if !found {
            return Err(self.error("did not find expected tag URI"));
        }
        Ok(Span::of_built(start..self.built.len()))
    }

    /// Scans the `%` escapes of one character.
    fn scan_uri_escapes(&mut self) -> Result<(), Error> {
        let mut left = None;
        while left != Some(0) {
            self.cursor.need(3)?;
            let digit = |ahead| char::from(self.cursor.at(ahead)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.cursor.at(0), digit(1), digit(2)) else {
                return Err(self.error("did not find URI escaped octet"));
            };
            let octet = (high << 4 | low) as u8;
            left = match left {
                None => match width(octet) {
                    0 => return Err(self.error("found an incorrect leading UTF-8 octet")),
                    n => Some(n - 1),
                },
                Some(_) if octet & 0xC0 != 0x80 => {
                    return Err(self.error("found an incorrect trailing UTF-8 octet"));
                }
                Some(n) => Some(n - 1),
            };
            self.built.push(octet);
            self.cursor.skip_ascii(3);
        }
        Ok(())
    }

    /// Scans letters, digits, `-` and `_`.
    fn scan_word(&mut self) -> Result<Span, Error> {
        let start = self.cursor.pos();
        while is_word(self.cursor.at(0)) {
            self.cursor.skip_ascii(1);
        }
        self.cursor.need(1)?;
        Ok(Span::of_source(start..self.cursor.pos()))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_uri(byte: u8) -> bool {
    is_word(byte) || b";/?:@&=+$,.!~*'()[]%".contains(&byte)
}
