//! Splits a template text into tokens, one at a time, without allocation.
//!
//! In: bytes, of any encoding outside actions. Out: tokens as offsets into the text; trim markers
//! have already taken effect on the text tokens around them. What cannot be a token ends the
//! stream with [`TokenKind::Error`].

use super::token::{Token, TokenKind};
use crate::value::quote;
use crate::value::unicode::{is_digit, is_letter};

const LEFT_DELIM: &[u8] = b"{{";
const RIGHT_DELIM: &[u8] = b"}}";
/// A trim marker together with the space that parts it from the action.
const MARKER_LEN: usize = 2;

/// The tokens of one text; at most 4 GiB long.
pub(super) struct Lexer<'s> {
    text: &'s [u8],
    at: usize,
    in_action: bool,
    open_parens: u32,
    message: String,
}

impl<'s> Lexer<'s> {
    /// Starts at the beginning of `text`.
    pub(super) fn new(text: &'s [u8]) -> Lexer<'s> {
        Lexer {
            text,
            at: 0,
            in_action: false,
            open_parens: 0,
            message: String::new(),
        }
    }

    /// The bytes of a token.
    pub(super) fn slice(&self, token: Token) -> &'s [u8] {
        &self.text[token.start as usize..token.end as usize]
    }

    /// What is wrong at the [`TokenKind::Error`] token.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The next token; after the end, or an error, the same again.
    pub(super) fn next(&mut self) -> Token {
        if !self.message.is_empty() {
            return self.token(TokenKind::Error, self.at);
        }
        if self.in_action {
            self.action()
        } else {
            self.outside()
        }
    }

    /// Text, or the left delimiter of an action; skips comments.
    fn outside(&mut self) -> Token {
        loop {
            let start = self.at;
            let Some(open) = find_left_delim(self.text, start) else {
                self.at = self.text.len();
                let kind = if start < self.at {
                    TokenKind::Text
                } else {
                    TokenKind::Eof
                };
                return self.token(kind, start);
            };
            self.at = open;
            let inside = open + LEFT_DELIM.len();
            let trims = has_left_marker(&self.text[inside..]);
            if open > start {
                let end = if trims {
                    open - trailing_space(&self.text[start..open])
                } else {
                    open
                };
                if end > start {
                    return make(TokenKind::Text, start, end);
                }
            }
            let inside = if trims { inside + MARKER_LEN } else { inside };
            if !self.text[inside..].starts_with(b"/*") {
                self.at = inside;
                self.in_action = true;
                self.open_parens = 0;
                return make(TokenKind::LeftDelim, open, open + LEFT_DELIM.len());
            }
            if let Err(message) = self.skip_comment(inside) {
                return self.fail(inside, message);
            }
        }
    }

    /// Skips the comment whose `/*` is at `start`, and the delimiter after it.
    fn skip_comment(&mut self, start: usize) -> Result<(), &'static str> {
        let body = start + 2;
        let length = memchr::memmem::find(&self.text[body..], b"*/").ok_or("unclosed comment")?;
        self.at = body + length + 2;
        let trims = self
            .right_delim_here()
            .ok_or("comment ends before closing delimiter")?;
        self.skip_right_delim(trims);
        Ok(())
    }

    /// Whether a right delimiter stands here, and if so whether it trims.
    fn right_delim_here(&self) -> Option<bool> {
        let rest = &self.text[self.at..];
        if has_right_marker(rest) && rest[MARKER_LEN..].starts_with(RIGHT_DELIM) {
            Some(true)
        } else {
            rest.starts_with(RIGHT_DELIM).then_some(false)
        }
    }

    /// Moves past the right delimiter and returns where it starts without its marker.
    fn skip_right_delim(&mut self, trims: bool) -> usize {
        if trims {
            self.at += MARKER_LEN;
        }
        let start = self.at;
        self.at += RIGHT_DELIM.len();
        if trims {
            self.at += leading_space(&self.text[self.at..]);
        }
        start
    }

    fn right_delim(&mut self, trims: bool) -> Token {
        let start = self.skip_right_delim(trims);
        self.in_action = false;
        make(TokenKind::RightDelim, start, start + RIGHT_DELIM.len())
    }

    fn action(&mut self) -> Token {
        let start = self.at;
        if let Some(trims) = self.right_delim_here() {
            return if self.open_parens == 0 {
                self.right_delim(trims)
            } else {
                self.fail(start, "unclosed left paren")
            };
        }
        let Some(&byte) = self.text.get(start) else {
            return self.fail(start, "unclosed action");
        };
        self.at += 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.space(start),
            b'=' => self.token(TokenKind::Assign, start),
            b':' if self.accept(b"=") => self.token(TokenKind::Declare, start),
            b':' => self.fail(start, "expected :="),
            b'|' => self.token(TokenKind::Pipe, start),
            b'"' => self.quoted(start, byte, TokenKind::String),
            b'\'' => self.quoted(start, byte, TokenKind::CharConstant),
            b'`' => self.raw_string(start),
            b'$' => self.field_or_variable(start, TokenKind::Variable),
            b'.' if self.peek().is_some_and(|b| !b.is_ascii_digit()) => {
                self.field_or_variable(start, TokenKind::Field)
            }
            b'.' | b'+' | b'-' | b'0'..=b'9' => {
                self.at = start;
                self.number(start)
            }
            b'(' => {
                self.open_parens += 1;
                self.token(TokenKind::LeftParen, start)
            }
            b')' if self.open_parens == 0 => self.fail(start, "unexpected right paren"),
            b')' => {
                self.open_parens -= 1;
                self.token(TokenKind::RightParen, start)
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => self.identifier(start),
            b'!'..=b'~' => self.token(TokenKind::Char, start),
            _ => {
                let (c, _) = decode(&self.text[start..]);
                if is_alphanumeric(c) {
                    self.at = start;
                    self.identifier(start)
                } else {
                    let message = format!("unrecognized character in action: {}", code_point(c));
                    self.fail(start, message)
                }
            }
        }
    }

    /// A run of spaces; the last one belongs to a trimming delimiter that follows.
    fn space(&mut self, start: usize) -> Token {
        let end = start + leading_space(&self.text[start..]);
        self.at = end - 1;
        if self.right_delim_here() != Some(true) {
            self.at = end;
        } else if self.at == start {
            return self.right_delim(true);
        }
        self.token(TokenKind::Space, start)
    }

    fn identifier(&mut self, start: usize) -> Token {
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character(start);
        }
        let word = &self.text[start..self.at];
        let kind = match word {
            b"true" | b"false" => TokenKind::Bool,
            _ => TokenKind::keyword(word).unwrap_or(TokenKind::Identifier),
        };
        self.token(kind, start)
    }

    /// What follows a `.` or `$`.
    fn field_or_variable(&mut self, start: usize, kind: TokenKind) -> Token {
        if self.at_terminator() {
            let kind = if kind == TokenKind::Field {
                TokenKind::Dot
            } else {
                kind
            };
            return self.token(kind, start);
        }
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character(start);
        }
        self.token(kind, start)
    }

    fn skip_alphanumeric(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let ascii = rest
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                .count();
            self.at += ascii;
            let (c, width) = decode(&rest[ascii..]);
            if c.is_ascii() || !is_alphanumeric(c) {
                return;
            }
            self.at += width;
        }
    }

    /// Whether a name may end here. A name must not touch what follows, so that arithmetic could
    /// be added to the language one day.
    fn at_terminator(&self) -> bool {
        let rest = &self.text[self.at..];
        match rest.first() {
            None => true,
            Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(_) => rest.starts_with(RIGHT_DELIM),
        }
    }

    fn bad_character(&mut self, start: usize) -> Token {
        let (c, _) = decode(&self.text[self.at..]);
        self.fail(start, format!("bad character {}", code_point(c)))
    }

    /// A string or character up to its closing `quote`; escapes are looked at by the parser.
    fn quoted(&mut self, start: usize, quote: u8, kind: TokenKind) -> Token {
        loop {
            let rest = &self.text[self.at..];
            let stop = rest
                .iter()
                .position(|&b| b == quote || b == b'\\' || b == b'\n');
            let Some(stop) = stop else { break };
            self.at += stop + 1;
            match rest[stop] {
                b'\\' if self.peek().is_some_and(|b| b != b'\n') => self.at += 1,
                b if b == quote => return self.token(kind, start),
                _ => break,
            }
        }
        let what = if kind == TokenKind::String {
            "unterminated quoted string"
        } else {
            "unterminated character constant"
        };
        self.fail(start, what)
    }

    fn raw_string(&mut self, start: usize) -> Token {
        match memchr::memchr(b'`', &self.text[self.at..]) {
            Some(length) => {
                self.at += length + 1;
                self.token(TokenKind::RawString, start)
            }
            None => self.fail(start, "unterminated raw quoted string"),
        }
    }

    /// A number. What is accepted here but is no number, such as `089`, the parser refuses.
    fn number(&mut self, start: usize) -> Token {
        if !self.scan_number() {
            return self.bad_number(start);
        }
        if !matches!(self.peek(), Some(b'+' | b'-')) {
            return self.token(TokenKind::Number, start);
        }
        if !self.scan_number() || self.text[self.at - 1] != b'i' {
            return self.bad_number(start);
        }
        self.token(TokenKind::Complex, start)
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        const HEXADECIMAL: &[u8] = b"0123456789abcdefABCDEF_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = HEXADECIMAL;
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits {
            DECIMAL => b"eE",
            HEXADECIMAL => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        let (c, width) = decode(&self.text[self.at..]);
        if is_alphanumeric(c) {
            self.at += width;
            return false;
        }
        true
    }

    fn bad_number(&mut self, start: usize) -> Token {
        let text = quote::quote(&self.text[start..self.at]);
        self.fail(start, format!("bad number syntax: {text}"))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let accepted = self.peek().is_some_and(|b| set.contains(&b));
        self.at += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        make(kind, start, self.at)
    }

    fn fail(&mut self, at: usize, message: impl Into<String>) -> Token {
        self.at = at;
        self.message = message.into();
        self.token(TokenKind::Error, at)
    }
}

/// Says whether all of `text` is white space to Go's `unicode.IsSpace`.
pub(super) fn is_blank(text: &[u8]) -> bool {
    text.utf8_chunks()
        .all(|chunk| chunk.invalid().is_empty() && chunk.valid().chars().all(char::is_whitespace))
}

fn make(kind: TokenKind, start: usize, end: usize) -> Token {
    let offset = |at: usize| u32::try_from(at).expect("the parser refuses texts beyond 4 GiB");
    Token {
        kind,
        start: offset(start),
        end: offset(end),
    }
}

fn find_left_delim(text: &[u8], from: usize) -> Option<usize> {
    memchr::memchr_iter(b'{', &text[from..])
        .map(|at| from + at)
        .find(|&at| text.get(at + 1) == Some(&b'{'))
}

fn has_left_marker(inside: &[u8]) -> bool {
    matches!(inside, [b'-', space, ..] if is_space(*space))
}

fn has_right_marker(rest: &[u8]) -> bool {
    matches!(rest, [space, b'-', ..] if is_space(*space))
}

fn leading_space(text: &[u8]) -> usize {
    text.iter().take_while(|b| is_space(**b)).count()
}

fn trailing_space(text: &[u8]) -> usize {
    text.iter().rev().take_while(|b| is_space(**b)).count()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The first character and its width; U+FFFD and 1 for invalid UTF-8, U+FFFD and 0 at the end.
fn decode(text: &[u8]) -> (char, usize) {
    match text.first() {
        None => ('\u{fffd}', 0),
        Some(b) if b.is_ascii() => (char::from(*b), 1),
        Some(_) => text[..text.len().min(4)]
            .utf8_chunks()
            .next()
            .and_then(|chunk| chunk.valid().chars().next())
            .map_or(('\u{fffd}', 1), |c| (c, c.len_utf8())),
    }
}

/// Letters, digits and the underscore.
fn is_alphanumeric(c: char) -> bool {
    c == '_' || is_letter(c) || is_digit(c)
}

/// Go's `%#U`.
fn code_point(c: char) -> String {
    if quote::is_print(c) {
        format!("U+{:04X} '{c}'", u32::from(c))
    } else {
        format!("U+{:04X}", u32::from(c))
    }
}
