//! Reads JSON.
//!
//! In: bytes from a chart. Out: what `json.Unmarshal` of Go 1.26 gives: floats for all numbers, the
//! last of equal keys, U+FFFD for bad UTF-8 and lone surrogates. Refuses with Go's error texts, and
//! nesting over 10,000.

use super::valid_utf8;
use crate::limits::MAX_YAML_DEPTH;
use crate::value::{Str, Tree, TreeMap};

/// What reading into a typed target gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded<T> {
    /// The value as far as it was set; `None` for `null`, which makes Go's map or slice nil.
    pub value: Option<T>,
    /// The error; what was read before it stays in `value`.
    pub error: Option<String>,
}

/// Reads any JSON value.
///
/// # Errors
///
/// Go's text: `unexpected end of JSON input`, `invalid character 'x' looking for beginning of
/// value`, `json: cannot unmarshal number 1e999 into Go value of type float64`.
pub fn decode(text: &[u8]) -> Result<Tree, String> {
    let (tree, error) = read(text)?;
    match error {
        Some(error) => {
            tree.dismantle();
            Err(error)
        }
        None => Ok(tree),
    }
}

/// Reads into a `map[string]interface {}`.
pub fn decode_map(text: &[u8]) -> Decoded<TreeMap> {
    typed(text, "map[string]interface {}", |tree| match tree {
        Tree::Map(entries) => Ok(std::sync::Arc::unwrap_or_clone(entries)),
        other => Err(other),
    })
}

/// Reads into an `[]interface {}`.
pub fn decode_list(text: &[u8]) -> Decoded<Vec<Tree>> {
    typed(text, "[]interface {}", |tree| match tree {
        Tree::List(items) => Ok(std::sync::Arc::unwrap_or_clone(items)),
        other => Err(other),
    })
}

fn typed<T: Default>(text: &[u8], go_type: &str, cast: fn(Tree) -> Result<T, Tree>) -> Decoded<T> {
    let (tree, error) = match read(text) {
        Ok(read) => read,
        Err(error) => {
            return Decoded {
                value: Some(T::default()),
                error: Some(error),
            };
        }
    };
    match cast(tree) {
        Ok(value) => Decoded {
            value: Some(value),
            error,
        },
        // A number out of range reads as nil, but a bare one was no null.
        Err(Tree::Null) if error.is_none() => Decoded {
            value: None,
            error: None,
        },
        Err(other) => {
            let kind = json_kind(&other);
            other.dismantle();
            Decoded {
                value: Some(T::default()),
                error: Some(format!(
                    "json: cannot unmarshal {kind} into Go value of type {go_type}"
                )),
            }
        }
    }
}

/// Go's word for the kind of a JSON value in error texts.
fn json_kind(tree: &Tree) -> &'static str {
    match tree {
        Tree::Bool(_) => "bool",
        Tree::Str(_) => "string",
        Tree::List(_) => "array",
        Tree::Map(_) => "object",
        Tree::Null | Tree::Int(_) | Tree::Uint(_) | Tree::Float(_) => "number",
    }
}

/// Reads one value and the first number that float64 cannot hold, which reads as null.
fn read(text: &[u8]) -> Result<(Tree, Option<String>), String> {
    let mut reader = Reader {
        text,
        at: 0,
        range_error: None,
    };
    let mut open = Vec::new();
    match reader.document(&mut open) {
        Ok(tree) => Ok((tree, reader.range_error)),
        Err(error) => {
            open.into_iter().for_each(Open::dismantle);
            Err(error)
        }
    }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    range_error: Option<String>,
}

enum Open {
    List(Vec<Tree>),
    Map(TreeMap, Str),
}

impl Open {
    fn dismantle(self) {
        match self {
            Open::List(items) => items.into_iter().for_each(Tree::dismantle),
            Open::Map(entries, _) => entries.into_values().for_each(Tree::dismantle),
        }
    }
}

impl Reader<'_> {
    fn document(&mut self, open: &mut Vec<Open>) -> Result<Tree, String> {
        loop {
            // A value begins here.
            self.skip_space();
            let mut value = match self.peek() {
                Some(bracket @ (b'[' | b'{')) => {
                    if open.len() >= MAX_YAML_DEPTH {
                        return Err(self.unexpected("exceeded max depth"));
                    }
                    self.at += 1;
                    self.skip_space();
                    if bracket == b'[' {
                        if self.peek() != Some(b']') {
                            open.push(Open::List(Vec::new()));
                            continue;
                        }
                        self.at += 1;
                        Tree::list(Vec::new())
                    } else {
                        if self.peek() != Some(b'}') {
                            let key = self.key()?;
                            open.push(Open::Map(TreeMap::new(), key));
                            continue;
                        }
                        self.at += 1;
                        Tree::empty_map()
                    }
                }
                _ => self.scalar()?,
            };
            // A value ends here, and so may the containers it is in.
            loop {
                self.skip_space();
                let Some(container) = open.last_mut() else {
                    if self.peek().is_none() {
                        return Ok(value);
                    }
                    value.dismantle();
                    return Err(self.unexpected("after top-level value"));
                };
                let more = match container {
                    Open::List(items) => {
                        items.push(value);
                        self.separator(b']', "after array element")?
                    }
                    Open::Map(entries, key) => {
                        entries.insert(std::mem::take(key), value);
                        let more = self.separator(b'}', "after object key:value pair")?;
                        if more {
                            self.skip_space();
                            *key = self.key()?;
                        }
                        more
                    }
                };
                if more {
                    break;
                }
                value = match open.pop() {
                    Some(Open::List(items)) => Tree::list(items),
                    Some(Open::Map(entries, _)) => Tree::map(entries),
                    None => Tree::Null,
                };
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Steps over a comma (true) or the closing bracket (false).
    fn separator(&mut self, close: u8, context: &str) -> Result<bool, String> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.unexpected(context)),
        }
    }

    /// Reads a key and the colon after it.
    fn key(&mut self) -> Result<Str, String> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("after object key"));
        }
        self.at += 1;
        Ok(key)
    }

    fn scalar(&mut self) -> Result<Tree, String> {
        match self.peek() {
            Some(b'"') => Ok(Tree::Str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Tree::Bool(true)),
            Some(b'f') => self.word("false", Tree::Bool(false)),
            Some(b'n') => self.word("null", Tree::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn word(&mut self, word: &str, value: Tree) -> Result<Tree, String> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                let expected = char::from(expected);
                return Err(self.broken_off(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Tree, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.broken_off("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]);
        Ok(match text.parse::<f64>() {
            Ok(f) if f.is_finite() => Tree::Float(f),
            _ => {
                self.range_error.get_or_insert_with(|| {
                    format!("json: cannot unmarshal number {text} into Go value of type float64")
                });
                Tree::Null
            }
        })
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self, context: &str) -> Result<(), String> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.broken_off(context));
        }
        self.digits();
        Ok(())
    }

    fn string(&mut self) -> Result<Str, String> {
        self.at += 1;
        let start = self.at;
        // The text before the current escape; stays empty while there is none.
        let mut out: Vec<u8> = Vec::new();
        let mut raw = start;
        loop {
            match self.peek() {
                Some(b'"') => {
                    out.extend_from_slice(&self.text[raw..self.at]);
                    self.at += 1;
                    return Ok(match valid_utf8(&out) {
                        std::borrow::Cow::Borrowed(_) => out.into(),
                        std::borrow::Cow::Owned(text) => text.into(),
                    });
                }
                Some(b'\\') => {
                    out.extend_from_slice(&self.text[raw..self.at]);
                    self.at += 1;
                    self.escape(&mut out)?;
                    raw = self.at;
                }
                Some(0..=0x1f) | None => return Err(self.unexpected("in string literal")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape(out);
            }
            _ => return Err(self.broken_off("in string escape code")),
        };
        self.at += 1;
        out.push(byte);
        Ok(())
    }

    fn unicode_escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let first = self.hex()?;
        let mut c = char::from_u32(first);
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with(b"\\u") {
            // A low half joins; anything else stands for itself.
            let after_first = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                c = char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            } else {
                self.at = after_first;
            }
        }
        let c = c.unwrap_or('\u{fffd}');
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.broken_off(r"in \u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    /// The error of the byte at the current position inside a word, number or escape: at the end of
    /// the text Go's scanner sees a space there.
    fn broken_off(&self, context: &str) -> String {
        let byte = self.peek().unwrap_or(b' ');
        format!("invalid character {} {context}", quote(byte))
    }

    /// The error of the byte at the current position, where space could be.
    fn unexpected(&self, context: &str) -> String {
        match self.peek() {
            Some(byte) => format!("invalid character {} {context}", quote(byte)),
            None => "unexpected end of JSON input".to_owned(),
        }
    }
}

/// Go's quotes around one byte, taken as a character of Latin-1.
fn quote(byte: u8) -> String {
    let inner = match byte {
        b'\'' => r"\'".to_owned(),
        b'\\' => r"\\".to_owned(),
        0x07 => r"\a".to_owned(),
        0x08 => r"\b".to_owned(),
        0x0c => r"\f".to_owned(),
        b'\n' => r"\n".to_owned(),
        b'\r' => r"\r".to_owned(),
        b'\t' => r"\t".to_owned(),
        0x0b => r"\v".to_owned(),
        0..=0x1f | 0x7f => format!(r"\x{byte:02x}"),
        // Go prints neither the C1 controls, nor the no-break space, nor the soft hyphen as such.
        0x80..=0xa0 | 0xad => format!(r"\u{byte:04x}"),
        _ => char::from(byte).to_string(),
    };
    format!("'{inner}'")
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_list, decode_map};
    use crate::value::json::{Options, encode_tree, rows};
    use crate::value::{Str, Tree, TreeMap};

    fn compact(tree: &Tree) -> String {
        let options = Options {
            escape_html: true,
            indent: false,
        };
        String::from_utf8(encode_tree(tree, options).unwrap()).unwrap()
    }

    fn text(row: &rows::Row) -> Str {
        match &row.value {
            Tree::Str(text) => text.clone(),
            other => panic!("{}: not a text: {other:?}", row.place),
        }
    }

    #[test]
    fn recorded_values() {
        for row in rows::read("json/decode.txt") {
            let got = match decode(&text(&row)) {
                Ok(tree) => compact(&tree),
                Err(error) => format!("ERR {error}"),
            };
            assert_eq!(got, row.result, "{}", row.place);
        }
    }

    #[test]
    fn recorded_maps() {
        for row in rows::read("json/decode_map.txt") {
            let read = decode_map(&text(&row));
            let got = match (read.value, read.error) {
                (None, None) => Tree::Null,
                (value, error) => {
                    let mut entries: TreeMap = value.unwrap_or_default();
                    entries.extend(error.map(|error| (Str::from("Error"), Tree::str(error))));
                    Tree::map(entries)
                }
            };
            assert_eq!(compact(&got), row.result, "{}", row.place);
        }
    }

    #[test]
    fn recorded_lists() {
        for row in rows::read("json/decode_list.txt") {
            let read = decode_list(&text(&row));
            let got = match (read.value, read.error) {
                (_, Some(error)) => Tree::list(vec![Tree::str(error)]),
                (Some(items), None) => Tree::list(items),
                (None, None) => Tree::Null,
            };
            assert_eq!(compact(&got), row.result, "{}", row.place);
        }
    }

    #[test]
    fn invalid_utf8_is_replaced_byte_by_byte() {
        let tree = decode(b"\"a\xe2\x80b\xff\"").unwrap();
        assert_eq!(tree, Tree::str("a\u{fffd}\u{fffd}b\u{fffd}"));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        decode(nested(10_000).as_bytes()).unwrap().dismantle();
        assert_eq!(
            decode(nested(10_001).as_bytes()).unwrap_err(),
            "invalid character '[' exceeded max depth"
        );
        let broken = nested(10_000) + "x";
        assert_eq!(
            decode(broken.as_bytes()).unwrap_err(),
            "invalid character 'x' after top-level value"
        );
    }
}
