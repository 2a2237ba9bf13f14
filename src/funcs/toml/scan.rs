//! The words of a TOML text: keys, strings, numbers, comments.
//!
//! In: text as bytes. Out: one word at a time, for the reader of documents. Refused with the texts
//! and line numbers of `BurntSushi/toml` (`lex.go`): what is no word. Line numbers follow its
//! arithmetic, which at the end of a line or of the text means the line before.

use crate::value::Str;
use crate::value::quote::{quote, quote_char};
use crate::value::unicode::is_letter;

/// What is wrong, and in which line.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) line: i64,
    pub(super) text: String,
}

pub(super) type Scanned<T> = Result<T, Problem>;

/// What begins a value.
#[derive(Debug)]
pub(super) enum Word {
    /// `[`
    Array,
    /// `{`
    Table,
    Str(Str),
    Bool(bool),
    Integer(String),
    Float(String),
    Datetime(String),
}

/// Where in a text the reader is.
pub(super) struct Scanner<'t> {
    text: &'t [u8],
    start: usize,
    at: usize,
    line: i64,
    /// Whether the end was seen by the last step; only then does an error count as at the end.
    at_end: bool,
}

fn is_blank(c: Option<char>) -> bool {
    matches!(c, Some(' ' | '\t'))
}

fn is_line_end(c: Option<char>) -> bool {
    matches!(c, Some('\n' | '\r'))
}

fn is_digit(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_digit())
}

fn is_hex(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_hexdigit())
}

fn is_octal(c: Option<char>) -> bool {
    matches!(c, Some('0'..='7'))
}

fn is_binary(c: Option<char>) -> bool {
    matches!(c, Some('0' | '1'))
}

pub(super) fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// A character as messages quote it; the end of the text is a zero.
fn shown(c: Option<char>) -> String {
    quote_char(c.unwrap_or('\0'))
}

fn shown_or_end(c: Option<char>) -> String {
    c.map_or_else(|| "end of file".to_owned(), |c| format!("'{c}'"))
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t [u8]) -> Scanner<'t> {
        Scanner {
            text,
            start: 0,
            at: 0,
            line: 1,
            at_end: false,
        }
    }

    pub(super) fn line(&self) -> i64 {
        self.line
    }

    /// Takes a character; `None` at the end.
    fn next(&mut self) -> Scanned<Option<char>> {
        let rest = &self.text[self.at..];
        let Some(&first) = rest.first() else {
            self.at_end = true;
            return Ok(None);
        };
        if first == b'\n' {
            self.line += 1;
        }
        let head = &rest[..rest.len().min(4)];
        let valid = head.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let Some(c) = valid.chars().next() else {
            return Err(self.here(format!("invalid UTF-8 byte: 0x{first:02x}")));
        };
        let is_control = c.is_ascii_control() && !matches!(c, '\t' | '\r' | '\n');
        if is_control || (c == '\r' && rest.get(1) != Some(&b'\n')) {
            let code = u32::from(c);
            let text = format!("TOML files cannot contain control characters: '0x{code:02x}'");
            return Err(self.here(text));
        }
        self.at += c.len_utf8();
        Ok(Some(c))
    }

    /// Gives the last character back.
    fn back(&mut self) {
        if self.at_end {
            self.at_end = false;
            return;
        }
        self.at -= 1;
        while self.at > 0 && self.text[self.at] & 0xc0 == 0x80 {
            self.at -= 1;
        }
        if self.text.get(self.at) == Some(&b'\n') {
            self.line -= 1;
        }
    }

    fn accept(&mut self, wanted: char) -> Scanned<bool> {
        if self.next()? == Some(wanted) {
            return Ok(true);
        }
        self.back();
        Ok(false)
    }

    fn peek(&mut self) -> Scanned<Option<char>> {
        let c = self.next()?;
        self.back();
        Ok(c)
    }

    /// Passes over characters and gives the first other one.
    fn skip(&mut self, over: fn(Option<char>) -> bool) -> Scanned<Option<char>> {
        loop {
            let c = self.next()?;
            if !over(c) {
                return Ok(c);
            }
        }
    }

    fn skip_blanks(&mut self) -> Scanned<()> {
        self.skip(is_blank)?;
        self.back();
        self.start = self.at;
        Ok(())
    }

    fn current(&self) -> &'t [u8] {
        &self.text[self.start..self.at]
    }

    fn current_text(&self) -> String {
        String::from_utf8_lossy(self.current()).into_owned()
    }

    /// An error in this very line.
    fn here(&self, text: String) -> Problem {
        let line = self.line;
        Problem { line, text }
    }

    fn line_before(&self, text: &str) -> Problem {
        Problem {
            line: self.line - 1,
            text: text.to_owned(),
        }
    }

    /// An error in this line; of an empty last line, in the one before.
    fn error(&self, text: impl Into<String>) -> Problem {
        let is_line_start = self.at > 0 && self.text[self.at - 1] == b'\n';
        Problem {
            line: self.line - i64::from(self.at_end && is_line_start),
            text: text.into(),
        }
    }

    /// An error about a character that is often the end of a line.
    fn unexpected(&self, c: Option<char>, text: String) -> Problem {
        if c == Some('\n') {
            self.line_before(&text)
        } else {
            self.error(text)
        }
    }

    /// Goes to the start of the next key or header: `Some('[')` has been taken, a key has not.
    pub(super) fn top(&mut self) -> Scanned<Option<char>> {
        loop {
            match self.skip(|c| is_blank(c) || is_line_end(c))? {
                Some('#') => self.comment()?,
                Some('[') => return Ok(Some('[')),
                None => return Ok(None),
                c => {
                    self.back();
                    self.start = self.at;
                    return Ok(c);
                }
            }
        }
    }

    /// Reads what may follow a value or header.
    pub(super) fn top_end(&mut self) -> Scanned<()> {
        match self.skip(is_blank)? {
            Some('#') => self.comment(),
            c if c.is_none() || is_line_end(c) => Ok(()),
            c => {
                let got = shown(c);
                Err(self.error(format!(
                    "expected a top-level item to end with a newline, comment, or EOF, but got \
                     {got} instead"
                )))
            }
        }
    }

    fn comment(&mut self) -> Scanned<()> {
        self.skip(|c| c.is_some() && !is_line_end(c))?;
        self.back();
        Ok(())
    }

    /// Says whether a second `[` follows the first, and takes it.
    pub(super) fn is_array_header(&mut self) -> Scanned<bool> {
        self.accept('[')
    }

    /// Reads a part of a header's name.
    pub(super) fn header_part(&mut self) -> Scanned<Str> {
        self.skip_blanks()?;
        match self.peek()? {
            None | Some(']') => {
                Err(self.error("unexpected end of table name (table names cannot be empty)"))
            }
            Some('.') => {
                Err(self.error("unexpected table separator (table names cannot be empty)"))
            }
            _ => self.name(),
        }
    }

    /// Reads what follows a part of a header's name, and says whether another part does.
    pub(super) fn header_goes_on(&mut self) -> Scanned<bool> {
        self.skip_blanks()?;
        match self.next()? {
            Some('.') => Ok(true),
            Some(']') => Ok(false),
            c => {
                let got = shown(c);
                Err(self.error(format!(
                    "expected '.' or ']' to end table name, but got {got} instead"
                )))
            }
        }
    }

    /// Reads the second `]` of the header of an array.
    pub(super) fn array_header_end(&mut self) -> Scanned<()> {
        match self.next()? {
            Some(']') => Ok(()),
            c => {
                let got = shown(c);
                Err(self.error(format!(
                    "expected end of table array name delimiter ']', but got {got} instead"
                )))
            }
        }
    }

    /// Goes to the start of a key.
    pub(super) fn key_start(&mut self) -> Scanned<()> {
        self.skip_blanks()?;
        match self.peek()? {
            None | Some('=') => Err(self.error("unexpected '=': key name appears blank")),
            Some('.') => Err(self.error("unexpected '.': keys cannot start with a '.'")),
            _ => Ok(()),
        }
    }

    /// Reads a part of a key.
    pub(super) fn key_part(&mut self) -> Scanned<Str> {
        self.skip_blanks()?;
        match self.peek()? {
            None | Some('=') => Err(self.error("unexpected '='")),
            Some('.') => Err(self.error("unexpected '.'")),
            _ => self.name(),
        }
    }

    /// Reads what follows a part of a key, and says whether another part does.
    pub(super) fn key_goes_on(&mut self) -> Scanned<bool> {
        self.skip_blanks()?;
        match self.next()? {
            None => Err(self.error("unexpected EOF; expected key separator '='")),
            Some('.') => Ok(true),
            Some('=') => Ok(false),
            c => {
                let text = format!("expected '.' or '=', but got {} instead", shown(c));
                Err(self.unexpected(c, text))
            }
        }
    }

    /// A bare or quoted name; a bare one may turn out empty.
    fn name(&mut self) -> Scanned<Str> {
        self.start = self.at;
        match self.next()? {
            Some('"') => self.string(),
            Some('\'') => self.raw_string(),
            _ => {
                self.back();
                self.skip(|c| c.is_some_and(is_bare))?;
                self.back();
                Ok(self.current().into())
            }
        }
    }

    /// Goes to the next item of an array; false at its end. `first` says that none came yet.
    pub(super) fn array_goes_on(&mut self, first: bool) -> Scanned<bool> {
        let between = |c| is_blank(c) || is_line_end(c);
        let mut wants_comma = !first;
        loop {
            match self.skip(between)? {
                Some('#') => self.comment()?,
                Some(']') => return Ok(false),
                Some(',') if wants_comma => wants_comma = false,
                Some(',') => return Err(self.error("unexpected comma")),
                c if wants_comma => {
                    let got = shown_or_end(c);
                    return Err(self.error(format!(
                        "expected a comma (',') or array terminator (']'), but got {got}"
                    )));
                }
                _ => {
                    self.back();
                    return Ok(true);
                }
            }
        }
    }

    /// Goes to the next key of an inline table; false at its end. `first` says that none came yet.
    pub(super) fn table_goes_on(&mut self, first: bool) -> Scanned<bool> {
        let between = |c| is_blank(c) || is_line_end(c);
        let mut wants_comma = !first;
        loop {
            match self.skip(between)? {
                Some('#') => self.comment()?,
                Some('}') => return Ok(false),
                Some(',') if wants_comma => {
                    self.skip_blanks()?;
                    wants_comma = self.peek()? == Some('}');
                }
                Some(',') => return Err(self.error("unexpected comma")),
                c if wants_comma => {
                    let got = shown_or_end(c);
                    return Err(self.error(format!(
                        "expected a comma or an inline table terminator '}}', but got {got} \
                         instead"
                    )));
                }
                _ => {
                    self.back();
                    return Ok(true);
                }
            }
        }
    }

    /// Reads a word that begins a value.
    pub(super) fn value(&mut self) -> Scanned<Word> {
        let c = loop {
            self.start = self.at;
            let c = self.next()?;
            if !is_blank(c) {
                break c;
            }
        };
        match c {
            Some('[') => return Ok(Word::Array),
            Some('{') => return Ok(Word::Table),
            Some('"') => {
                return if self.opens_lines('"')? {
                    self.lines().map(Word::Str)
                } else {
                    self.string().map(Word::Str)
                };
            }
            Some('\'') => {
                return if self.opens_lines('\'')? {
                    self.raw_lines().map(Word::Str)
                } else {
                    self.raw_string().map(Word::Str)
                };
            }
            Some('.') => return Err(self.error("floats must start with a digit, not '.'")),
            Some('+' | '-') => return self.signed(),
            Some('0'..='9') => return self.number(c),
            Some('i' | 'n') if self.is_word_float()? => {
                return Ok(Word::Float(self.current_text()));
            }
            _ => {}
        }
        if c.is_some_and(is_letter) {
            return self.boolean();
        }
        if c.is_none() {
            return Err(self.error("unexpected EOF; expected value"));
        }
        let text = format!("expected value but found {} instead", shown(c));
        Err(self.unexpected(c, text))
    }

    /// `inf` and `nan` after their first letter, in any mixture.
    fn is_word_float(&mut self) -> Scanned<bool> {
        Ok((self.accept('n')? && self.accept('f')?) || (self.accept('a')? && self.accept('n')?))
    }

    fn boolean(&mut self) -> Scanned<Word> {
        self.back();
        let start = self.at;
        self.skip(|c| c.is_some_and(is_letter))?;
        self.back();
        match &self.text[start..self.at] {
            b"true" => Ok(Word::Bool(true)),
            b"false" => Ok(Word::Bool(false)),
            other => {
                let got = quote(other);
                Err(self.error(format!("expected value but found {got} instead")))
            }
        }
    }

    /// Says whether two more quotation marks follow the first.
    fn opens_lines(&mut self, mark: char) -> Scanned<bool> {
        if self.accept(mark)? {
            if self.accept(mark)? {
                self.start = self.at;
                return Ok(true);
            }
            self.back();
        }
        self.start = self.at;
        Ok(false)
    }

    fn signed(&mut self) -> Scanned<Word> {
        let c = self.next()?;
        let rest = match c {
            Some('i') => Some(['n', 'f']),
            Some('n') => Some(['a', 'n']),
            _ => None,
        };
        if let Some([second, third]) = rest {
            if !self.accept(second)? || !self.accept(third)? {
                return Err(self.error(format!("invalid float: '{}'", self.current_text())));
            }
            return Ok(Word::Float(self.current_text()));
        }
        if c == Some('0')
            && let Some(base @ ('b' | 'o' | 'x')) = self.peek()?
        {
            let number = self.current_text();
            return Err(self.error(format!(
                "cannot use sign with non-decimal numbers: '{number}{base}'"
            )));
        }
        if c == Some('.') {
            return Err(self.error("floats must start with a digit, not '.'"));
        }
        if !is_digit(c) {
            return Err(self.error(format!("expected a digit but got {}", shown(c))));
        }
        self.decimal()
    }

    /// A number or time whose first digit has been read.
    fn number(&mut self, first: Option<char>) -> Scanned<Word> {
        let c = self.next()?;
        if first == Some('0') {
            let based = match c {
                Some('b') => Some((is_binary as fn(_) -> _, "a binary")),
                Some('o') => Some((is_octal as fn(_) -> _, "an octal")),
                Some('x') => Some((is_hex as fn(_) -> _, "a hexadecimal")),
                _ => None,
            };
            if let Some((is_base_digit, name)) = based {
                return self.based(is_base_digit, name);
            }
        }
        let c = if is_digit(c) { self.skip(is_digit)? } else { c };
        match c {
            Some('-' | ':') if first != Some('0') || self.at - self.start > 2 => self.datetime(),
            Some('_') => self.decimal(),
            Some('.' | 'e' | 'E') => self.float(),
            _ => self.integer(),
        }
    }

    fn based(&mut self, is_base_digit: fn(Option<char>) -> bool, name: &str) -> Scanned<Word> {
        let c = self.peek()?;
        if !is_base_digit(c) {
            let (number, c) = (self.current_text(), c.unwrap_or('\0'));
            return Err(self.error(format!("not {name} number: '{number}{c}'")));
        }
        while {
            let c = self.next()?;
            is_base_digit(c) || c == Some('_')
        } {}
        self.integer()
    }

    /// The digits of a number that cannot be a time.
    fn decimal(&mut self) -> Scanned<Word> {
        match self.skip(|c| is_digit(c) || c == Some('_'))? {
            Some('.' | 'e' | 'E') => self.float(),
            _ => self.integer(),
        }
    }

    /// The integer before the character that was read last.
    fn integer(&mut self) -> Scanned<Word> {
        self.back();
        Ok(Word::Integer(self.current_text()))
    }

    fn float(&mut self) -> Scanned<Word> {
        self.skip(|c| is_digit(c) || matches!(c, Some('_' | '.' | '-' | '+' | 'e' | 'E')))?;
        self.back();
        Ok(Word::Float(self.current_text()))
    }

    fn datetime(&mut self) -> Scanned<Word> {
        self.skip(|c| {
            let marks = ['-', ':', 'T', 't', ' ', '.', 'Z', 'z', '+'];
            is_digit(c) || c.is_some_and(|c| marks.contains(&c))
        })?;
        self.back();
        Ok(Word::Datetime(self.current_text().trim().to_owned()))
    }

    fn string(&mut self) -> Scanned<Str> {
        self.start = self.at;
        let mut has_escapes = false;
        loop {
            match self.next()? {
                None => return Err(self.error("unexpected EOF; expected '\"'")),
                Some('\n' | '\r') => {
                    return Err(self.line_before("strings cannot contain newlines"));
                }
                Some('\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some('"') => {
                    let text = &self.text[self.start..self.at - 1];
                    return if has_escapes {
                        self.unescaped(text)
                    } else {
                        Ok(text.into())
                    };
                }
                _ => {}
            }
        }
    }

    fn raw_string(&mut self) -> Scanned<Str> {
        self.start = self.at;
        loop {
            match self.next()? {
                None => return Err(self.error("unexpected EOF; expected \"'\"")),
                Some('\n' | '\r') => {
                    return Err(self.line_before("strings cannot contain newlines"));
                }
                Some('\'') => return Ok(self.text[self.start..self.at - 1].into()),
                _ => {}
            }
        }
    }

    /// A string of several lines between `"""`.
    fn lines(&mut self) -> Scanned<Str> {
        loop {
            match self.next()? {
                None => return Err(self.error("unexpected EOF; expected '\"\"\"'")),
                Some('\\') if !is_line_end(self.next()?) => {
                    self.back();
                    self.escape()?;
                }
                Some('"') if self.closes_lines('"')? => {
                    let text = without_first_line_end(&self.text[self.start..self.at - 3]);
                    return self.unescaped(&joined_lines(text));
                }
                _ => {}
            }
        }
    }

    fn raw_lines(&mut self) -> Scanned<Str> {
        loop {
            match self.next()? {
                None => return Err(self.error("unexpected EOF; expected \"'''\"")),
                Some('\'') if self.closes_lines('\'')? => {
                    let text = &self.text[self.start..self.at - 3];
                    return Ok(without_first_line_end(text).into());
                }
                _ => {}
            }
        }
    }

    /// Says whether the quotation mark that was read, with two more, ends the string: one or two
    /// before the end belong to it.
    fn closes_lines(&mut self, mark: char) -> Scanned<bool> {
        if !self.accept(mark)? {
            return Ok(false);
        }
        if !self.accept(mark)? {
            self.back();
            return Ok(false);
        }
        if self.peek()? != Some(mark) {
            return Ok(true);
        }
        let five: String = std::iter::repeat_n(mark, 5).collect();
        let text = self.current();
        let is_escaped = mark == '"' && text.ends_with(format!("\\{five}").as_bytes());
        if text.ends_with(five.as_bytes()) && !is_escaped {
            let outer = if mark == '"' { '\'' } else { '"' };
            return Err(self.error(format!("unexpected {outer}{five}{mark}{outer}")));
        }
        self.back();
        self.back();
        Ok(false)
    }

    /// Checks what follows a backslash.
    fn escape(&mut self) -> Scanned<()> {
        let (n_digits, words, letter) = match self.next()? {
            Some('e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\') => return Ok(()),
            Some('x') => (2, "two", 'x'),
            Some('u') => (4, "four", 'u'),
            Some('U') => (8, "eight", 'U'),
            c => {
                let text = format!("invalid escape in string '\\{}'", c.unwrap_or('\0'));
                return Err(match c {
                    None => self.line_before(&text),
                    Some(_) => self.here(text),
                });
            }
        };
        for _ in 0..n_digits {
            if !is_hex(self.next()?) {
                let got = quote(self.current());
                return Err(self.error(format!(
                    "expected {words} hexadecimal digits after '\\{letter}', but got {got} instead"
                )));
            }
        }
        Ok(())
    }

    /// Replaces escapes, which have been checked.
    fn unescaped(&self, text: &[u8]) -> Scanned<Str> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.iter().position(|&b| b == b'\\') {
            out.extend_from_slice(&rest[..at]);
            let letter = rest.get(at + 1).copied().unwrap_or_default();
            rest = rest.get(at + 2..).unwrap_or_default();
            let n_digits = match letter {
                b'x' => 2,
                b'u' => 4,
                b'U' => 8,
                _ => 0,
            };
            if n_digits > 0 {
                let (digits, after) = rest.split_at(n_digits);
                rest = after;
                let digits = String::from_utf8_lossy(digits);
                let code = u32::from_str_radix(&digits, 16).unwrap_or(u32::MAX);
                let c = char::from_u32(code).ok_or_else(|| {
                    let text = "is not valid UTF-8.";
                    self.here(format!("Escaped character '\\u{digits}' {text}"))
                })?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            out.push(match letter {
                b'b' => 0x08,
                b't' => b'\t',
                b'n' => b'\n',
                b'f' => 0x0c,
                b'r' => b'\r',
                b'e' => 0x1b,
                b'"' | b'\\' => letter,
                other => {
                    let other = char::from(other);
                    return Err(self.here(format!("invalid escape: '\\{other}'")));
                }
            });
        }
        out.extend_from_slice(rest);
        Ok(out.into())
    }
}

fn without_first_line_end(text: &[u8]) -> &[u8] {
    let rest = text
        .strip_prefix(b"\n")
        .or_else(|| text.strip_prefix(b"\r\n"));
    rest.unwrap_or(text)
}

/// Leaves out each backslash before a line end, with all the white space after it.
fn joined_lines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        let n_blanks = after[1..]
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
            .count();
        let taken = if after[1..=n_blanks].contains(&b'\n') {
            1 + n_blanks
        } else {
            let taken = if after.get(1) == Some(&b'\\') { 2 } else { 1 };
            out.extend_from_slice(&after[..taken]);
            taken
        };
        rest = &after[taken..];
    }
    out.extend_from_slice(rest);
    out
}
