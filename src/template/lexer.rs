//! Text to tokens, as `text/template/parse` cuts them.
//!
//! In: the bytes of a template. Out: one token after the other, as ranges of the text. A token of
//! kind [`Kind::Error`] carries the message and is the last one.

use crate::value::unicode::first_char;
use unicode_general_category::{GeneralCategory, get_general_category};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    /// A single character that stands for itself, such as the comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    /// Keywords print as `<if>`; the dot counts as one.
    pub(super) fn is_keyword(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Block
                | Break
                | Continue
                | Dot
                | Define
                | Else
                | End
                | If
                | Nil
                | Range
                | Template
                | With
        )
    }

    fn of_word(word: &[u8]) -> Kind {
        match word {
            b"block" => Kind::Block,
            b"break" => Kind::Break,
            b"continue" => Kind::Continue,
            b"define" => Kind::Define,
            b"else" => Kind::Else,
            b"end" => Kind::End,
            b"if" => Kind::If,
            b"nil" => Kind::Nil,
            b"range" => Kind::Range,
            b"template" => Kind::Template,
            b"with" => Kind::With,
            b"true" | b"false" => Kind::Bool,
            _ => Kind::Identifier,
        }
    }
}

/// A piece of a template's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where it starts, in bytes.
    pub(super) start: u32,
    /// Where it ends, in bytes.
    pub(super) end: u32,
    /// The one-based line of its start.
    pub(super) line: u32,
}

/// The state of cutting one text.
pub(super) struct Lexer<'t> {
    text: &'t [u8],
    pos: usize,
    start: usize,
    line: u32,
    start_line: u32,
    paren_depth: i32,
    inside_action: bool,
    /// The message of the error token.
    pub(super) error: String,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t [u8]) -> Lexer<'t> {
        Lexer {
            text,
            pos: 0,
            start: 0,
            line: 1,
            start_line: 1,
            paren_depth: 0,
            inside_action: false,
            error: String::new(),
        }
    }

    /// The next token; after the end of the text always [`Kind::Eof`].
    pub(super) fn next(&mut self) -> Token {
        loop {
            let token = if self.inside_action {
                Some(self.inside())
            } else {
                self.outside()
            };
            if let Some(token) = token {
                return token;
            }
        }
    }

    fn rest(&self) -> &'t [u8] {
        &self.text[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        first_char(self.rest()).map(|(c, _)| c)
    }

    fn advance(&mut self) -> Option<char> {
        let (c, len) = first_char(self.rest())?;
        self.pos += len;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let hit = self.rest().first().is_some_and(|b| valid.contains(b));
        self.pos += usize::from(hit);
        hit
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn emit(&mut self, kind: Kind) -> Token {
        let token = Token {
            kind,
            start: self.start as u32,
            end: self.pos as u32,
            line: self.start_line,
        };
        self.start = self.pos;
        self.start_line = self.line;
        token
    }

    /// Passes over what lies between the start of the token and the position, counting its lines.
    fn ignore(&mut self) {
        self.count_lines();
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn count_lines(&mut self) {
        let newlines = memchr::memchr_iter(b'\n', &self.text[self.start..self.pos]).count();
        self.line += newlines as u32;
    }

    fn fail(&mut self, message: impl Into<String>) -> Token {
        self.error = message.into();
        let token = Token {
            kind: Kind::Error,
            start: self.start as u32,
            end: self.start as u32,
            line: self.start_line,
        };
        (self.text, self.pos, self.start) = (&[], 0, 0);
        self.inside_action = false;
        token
    }

    /// Text up to the next action or comment; `None` when a comment was passed over.
    fn outside(&mut self) -> Option<Token> {
        let Some(found) = memchr::memmem::find(self.rest(), b"{{") else {
            self.pos = self.text.len();
            if self.pos > self.start {
                self.count_lines();
                return Some(self.emit(Kind::Text));
            }
            return Some(self.emit(Kind::Eof));
        };
        if found > 0 {
            let end = self.pos + found;
            let trim = has_left_trim(&self.text[end + 2..]);
            let text = &self.text[self.start..end];
            let kept = if trim {
                text.trim_suffix_spaces()
            } else {
                text.len()
            };
            self.pos = self.start + kept;
            self.count_lines();
            let token = self.emit(Kind::Text);
            self.pos = end;
            self.ignore();
            if kept > 0 {
                return Some(token);
            }
        }
        self.left_delim()
    }

    fn left_delim(&mut self) -> Option<Token> {
        self.pos += 2;
        let marker = if has_left_trim(self.rest()) { 2 } else { 0 };
        if self.text[self.pos + marker..].starts_with(b"/*") {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        let token = self.emit(Kind::LeftDelim);
        self.inside_action = true;
        self.pos += marker;
        self.ignore();
        self.paren_depth = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token> {
        self.pos += 2;
        let Some(found) = memchr::memmem::find(self.rest(), b"*/") else {
            return Some(self.fail("unclosed comment"));
        };
        self.pos += found + 2;
        let Some(trim) = right_delim(self.rest()) else {
            return Some(self.fail("comment ends before closing delimiter"));
        };
        self.pos += if trim { 4 } else { 2 };
        if trim {
            self.pos += leading_spaces(self.rest());
        }
        self.ignore();
        None
    }

    fn right_delim(&mut self, trim: bool) -> Token {
        if trim {
            self.pos += 2;
            self.ignore();
        }
        self.pos += 2;
        let token = self.emit(Kind::RightDelim);
        if trim {
            self.pos += leading_spaces(self.rest());
            self.ignore();
        }
        self.inside_action = false;
        token
    }

    fn inside(&mut self) -> Token {
        if let Some(trim) = right_delim(self.rest()) {
            if self.paren_depth == 0 {
                return self.right_delim(trim);
            }
            return self.fail("unclosed left paren");
        }
        let Some(c) = self.peek() else {
            return self.fail("unclosed action");
        };
        match c {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '+' | '-' | '0'..='9' => self.number(),
            '.' if self.text.get(self.pos + 1).is_some_and(u8::is_ascii_digit) => self.number(),
            c if is_alphanumeric(c) => self.identifier(),
            _ => {
                self.advance();
                self.symbol(c)
            }
        }
    }

    /// A token that starts with the character `c`, which has been passed over.
    fn symbol(&mut self, c: char) -> Token {
        match c {
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.advance() != Some('=') {
                    return self.fail("expected :=");
                }
                self.emit(Kind::Declare)
            }
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw_string(),
            '$' => self.name(Kind::Variable, Kind::Variable),
            '.' => self.name(Kind::Field, Kind::Dot),
            '(' => {
                self.paren_depth += 1;
                self.emit(Kind::LeftParen)
            }
            ')' => {
                self.paren_depth -= 1;
                if self.paren_depth < 0 {
                    return self.fail("unexpected right paren");
                }
                self.emit(Kind::RightParen)
            }
            '\u{20}'..='\u{7e}' => self.emit(Kind::Char),
            c => {
                let shown = code_point(Some(c));
                self.fail(format!("unrecognized character in action: {shown}"))
            }
        }
    }

    fn space(&mut self) -> Token {
        let mut spaces = 0;
        while self.peek().is_some_and(is_space) {
            self.advance();
            spaces += 1;
        }
        // The last space may belong to a trim marker.
        if right_delim(&self.text[self.pos - 1..]) == Some(true) {
            self.pos -= 1;
            if self.text[self.pos] == b'\n' {
                self.line -= 1;
            }
            if spaces == 1 {
                return self.right_delim(true);
            }
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Token {
        self.accept_alphanumeric();
        if !self.at_terminator() {
            let shown = code_point(self.peek());
            return self.fail(format!("bad character {shown}"));
        }
        let kind = Kind::of_word(&self.text[self.start..self.pos]);
        self.emit(kind)
    }

    /// A field or variable after its first character; `alone` if nothing follows.
    fn name(&mut self, kind: Kind, alone: Kind) -> Token {
        if self.at_terminator() {
            return self.emit(alone);
        }
        self.accept_alphanumeric();
        if !self.at_terminator() {
            let shown = code_point(self.peek());
            return self.fail(format!("bad character {shown}"));
        }
        self.emit(kind)
    }

    fn accept_alphanumeric(&mut self) {
        while self.peek().is_some_and(is_alphanumeric) {
            self.advance();
        }
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(b"}}"),
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Token {
        loop {
            match self.advance() {
                Some('\\') if !matches!(self.advance(), None | Some('\n')) => {}
                None | Some('\\' | '\n') => return self.fail(unterminated),
                Some(c) if c == quote => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Token {
        match memchr::memchr(b'`', self.rest()) {
            None => self.fail("unterminated raw quoted string"),
            Some(found) => {
                let newlines = memchr::memchr_iter(b'\n', &self.rest()[..found]).count();
                self.line += newlines as u32;
                self.pos += found + 1;
                self.emit(Kind::RawString)
            }
        }
    }

    fn number(&mut self) -> Token {
        let mut ok = self.scan_number();
        let mut kind = Kind::Number;
        if ok && matches!(self.rest().first(), Some(b'+' | b'-')) {
            kind = Kind::Complex;
            ok = self.scan_number() && self.text[self.pos - 1] == b'i';
        }
        if !ok {
            let text = crate::value::quote::quote(&self.text[self.start..self.pos]);
            return self.fail(format!("bad number syntax: {text}"));
        }
        self.emit(kind)
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        let mut exponents: &[u8] = b"eE";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                (digits, exponents) = (b"0123456789abcdefABCDEF_", b"pP");
            } else if self.accept(b"oO") {
                (digits, exponents) = (b"01234567_", b"");
            } else if self.accept(b"bB") {
                (digits, exponents) = (b"01_", b"");
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if self.accept(exponents) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.advance();
            return false;
        }
        true
    }
}

trait SpaceTrim {
    /// The length without trailing template white space.
    fn trim_suffix_spaces(&self) -> usize;
}

impl SpaceTrim for [u8] {
    fn trim_suffix_spaces(&self) -> usize {
        self.iter()
            .rposition(|b| !is_space(char::from(*b)))
            .map_or(0, |at| at + 1)
    }
}

fn leading_spaces(text: &[u8]) -> usize {
    text.iter()
        .take_while(|b| is_space(char::from(**b)))
        .count()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn has_left_trim(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(char::from(*space)))
}

/// Whether `text` starts with a closing delimiter, and if so, whether with a trim marker.
fn right_delim(text: &[u8]) -> Option<bool> {
    match text {
        [space, b'-', b'}', b'}', ..] if is_space(char::from(*space)) => Some(true),
        [b'}', b'}', ..] => Some(false),
        _ => None,
    }
}

/// Go's `unicode.IsLetter(c) || unicode.IsDigit(c)`, or an underscore.
fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    use GeneralCategory::*;
    matches!(
        get_general_category(c),
        UppercaseLetter
            | LowercaseLetter
            | TitlecaseLetter
            | ModifierLetter
            | OtherLetter
            | DecimalNumber
    )
}

/// Go's `%#U`: the code point and, if it prints, the character.
fn code_point(c: Option<char>) -> String {
    match c {
        // The lexer's end of file is the rune -1.
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(c) if crate::value::quote::is_print(c) => format!("U+{:04X} '{c}'", u32::from(c)),
        Some(c) => format!("U+{:04X}", u32::from(c)),
    }
}

/// The text before `pos` on its line, in bytes, and the one-based number of that line.
pub(super) fn line_and_column(text: &[u8], pos: u32) -> (usize, usize) {
    let before = &text[..(pos as usize).min(text.len())];
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    (line, column)
}
