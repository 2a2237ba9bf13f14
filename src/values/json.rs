//! JSON as Go's `encoding/json` reads it into `interface {}`: every number a float64, the last of
//! duplicate keys wins, lone surrogates become U+FFFD.

use crate::limits::MAX_YAML_DEPTH;
use crate::value::{Str, Tree, TreeMap};

/// Decodes the one JSON value that `text` consists of.
///
/// # Errors
///
/// What is wrong, and at which byte.
pub(crate) fn decode(text: &str) -> Result<Tree, String> {
    let (value, len) = decode_prefix(text)?;
    if text[len..].trim_start_matches(BLANK).is_empty() {
        Ok(value)
    } else {
        Err(format!("more text after the value at byte {len}"))
    }
}

/// Decodes the JSON value at the start of `text`; also returns where it ends.
///
/// # Errors
///
/// What is wrong, and at which byte.
pub(crate) fn decode_prefix(text: &str) -> Result<(Tree, usize), String> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.document()?;
    Ok((value, reader.at))
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

/// A container that is not yet closed.
enum Open {
    List(Vec<Tree>),
    Map(TreeMap, Str),
}

impl Reader<'_> {
    /// Reads one value with an explicit stack, so that depth costs no native stack.
    fn document(&mut self) -> Result<Tree, String> {
        let mut stack: Vec<Open> = Vec::new();
        loop {
            self.blank();
            let mut value = match self.peek() {
                Some(b'[') => {
                    self.at += 1;
                    self.blank();
                    if self.eat(b']') {
                        Tree::list(Vec::new())
                    } else {
                        self.check_depth(stack.len())?;
                        stack.push(Open::List(Vec::new()));
                        continue;
                    }
                }
                Some(b'{') => {
                    self.at += 1;
                    self.blank();
                    if self.eat(b'}') {
                        Tree::empty_map()
                    } else {
                        self.check_depth(stack.len())?;
                        let key = self.key()?;
                        stack.push(Open::Map(TreeMap::new(), key));
                        continue;
                    }
                }
                _ => self.scalar()?,
            };
            loop {
                let Some(open) = stack.pop() else {
                    return Ok(value);
                };
                match self.add(open, value)? {
                    Added::More(open) => {
                        stack.push(open);
                        break;
                    }
                    Added::Closed(whole) => value = whole,
                }
            }
        }
    }

    /// Puts `value` into the innermost container and reads the `,` or the closer behind it.
    fn add(&mut self, open: Open, value: Tree) -> Result<Added, String> {
        self.blank();
        let next = self.peek();
        match (open, next) {
            (Open::List(mut items), Some(b',' | b']')) => {
                self.at += 1;
                items.push(value);
                Ok(match next {
                    Some(b',') => Added::More(Open::List(items)),
                    _ => Added::Closed(Tree::list(items)),
                })
            }
            (Open::Map(mut entries, key), Some(b',' | b'}')) => {
                self.at += 1;
                entries.insert(key, value);
                Ok(match next {
                    Some(b',') => {
                        self.blank();
                        Added::More(Open::Map(entries, self.key()?))
                    }
                    _ => Added::Closed(Tree::map(entries)),
                })
            }
            _ => Err(self.wrong()),
        }
    }

    fn check_depth(&self, depth: usize) -> Result<(), String> {
        if depth >= MAX_YAML_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        Ok(())
    }

    fn key(&mut self) -> Result<Str, String> {
        let key = self.string()?;
        self.blank();
        if !self.eat(b':') {
            return Err(self.wrong());
        }
        Ok(key.into())
    }

    fn scalar(&mut self) -> Result<Tree, String> {
        for (word, value) in [
            ("true", Tree::Bool(true)),
            ("false", Tree::Bool(false)),
            ("null", Tree::Null),
        ] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        match self.peek() {
            Some(b'"') => Ok(Tree::str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.wrong()),
        }
    }

    fn number(&mut self) -> Result<Tree, String> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Tree::Float(number)),
            _ => Err(format!("number {text} is out of range")),
        }
    }

    fn digits(&mut self) -> Result<(), String> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.wrong())
        } else {
            Ok(())
        }
    }

    fn string(&mut self) -> Result<String, String> {
        if !self.eat(b'"') {
            return Err(self.wrong());
        }
        let mut out = String::new();
        loop {
            let Some(c) = self.text[self.at..].chars().next() else {
                return Err(self.wrong());
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                c if c < ' ' => return Err(self.wrong()),
                c => {
                    self.at += c.len_utf8();
                    out.push(c);
                }
            }
        }
    }

    /// Reads an escape behind its backslash.
    fn escape(&mut self) -> Result<char, String> {
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        Ok(c)
    }

    fn unicode(&mut self) -> Result<char, String> {
        let first = self.hex4()?;
        if (0xD800..0xDC00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.hex4()?;
            if (0xDC00..0xE000).contains(&second) {
                let joined = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.at..self.at + 4);
        match digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(digits) => {
                self.at += 4;
                u32::from_str_radix(digits, 16).map_err(|_| self.wrong())
            }
            None => Err(self.wrong()),
        }
    }

    fn blank(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches(BLANK).len();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn wrong(&self) -> String {
        match self.text[self.at..].chars().next() {
            Some(c) => format!("invalid character {c:?} at byte {}", self.at),
            None => "unexpected end of JSON input".to_owned(),
        }
    }
}

enum Added {
    More(Open),
    Closed(Tree),
}
