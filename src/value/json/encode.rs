//! Writes JSON.
//!
//! In: a value or a tree. Out: the bytes that Go 1.26's `encoding/json` writes, keys in byte order.
//! Refuses NaN, infinities and cycles with Go's error texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{EncodeError, valid_utf8};
use crate::limits::MAX_ENCODED_BYTES;
use crate::value::format::{float, shortest};
use crate::value::walk::{Dialect, Event, Node, Walk};
use crate::value::{Tree, Value};

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Writes `<`, `>` and `&` as `\u003c`, `\u003e` and `\u0026`.
    pub escape_html: bool,
    /// Starts a new line, indented by two columns for each level, for every item
    /// (`MarshalIndent` with two spaces).
    pub indent: bool,
}

/// Encodes a value.
///
/// # Errors
///
/// Go's text for what JSON cannot hold (`json: unsupported value: NaN`), or a bound on the size.
pub fn encode(value: &Value, options: Options) -> Result<Vec<u8>, EncodeError> {
    write(Node::Value(value.clone()), options, MAX_ENCODED_BYTES)
}

/// Encodes a tree.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_tree(tree: &Tree, options: Options) -> Result<Vec<u8>, EncodeError> {
    write(Node::Tree(tree.clone()), options, MAX_ENCODED_BYTES)
}

fn write(root: Node, options: Options, limit: usize) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer {
        out: Vec::new(),
        options,
        open: Vec::new(),
        after_key: false,
    };
    for event in Walk::new(root, Dialect::Json) {
        writer.event(event.map_err(EncodeError::Unsupported)?)?;
        if writer.out.len() > limit {
            return Err(EncodeError::too_big(limit));
        }
    }
    Ok(writer.out)
}

/// The JSON text of a number: plain digits unless the exponent is below −6 or at least 21.
///
/// # Errors
///
/// Go's text for NaN and infinities.
pub(super) fn number(f: f64) -> Result<String, EncodeError> {
    if !f.is_finite() {
        let text = float(f);
        return Err(EncodeError::Unsupported(format!(
            "json: unsupported value: {text}"
        )));
    }
    let (negative, digits, exponent) = shortest(f);
    let mut out = String::new();
    if negative {
        out.push('-');
    }
    if f != 0.0 && !(-6..21).contains(&exponent) {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        // Go pads to two digits and takes the zero back in `e-09` only; exponents from 21 on never
        // need padding.
        out.push_str(&format!("e{sign}{}", exponent.abs()));
    } else if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
        out.push_str(&digits);
    } else {
        let point = exponent as usize + 1;
        let whole = digits.len().min(point);
        out.push_str(&digits[..whole]);
        out.extend(std::iter::repeat_n('0', point - whole));
        if digits.len() > point {
            out.push('.');
            out.push_str(&digits[point..]);
        }
    }
    Ok(out)
}

struct Writer {
    out: Vec<u8>,
    options: Options,
    /// The open containers: the closing bracket, and whether an item has been written.
    open: Vec<(u8, bool)>,
    after_key: bool,
}

impl Writer {
    fn event(&mut self, event: Event) -> Result<(), EncodeError> {
        if let Event::End = event {
            self.end();
            return Ok(());
        }
        self.separate();
        match event {
            Event::Null => self.out.extend_from_slice(b"null"),
            Event::Bool(b) => self
                .out
                .extend_from_slice(if b { b"true" } else { b"false" }),
            Event::Int(n) => self.out.extend_from_slice(n.to_string().as_bytes()),
            Event::Float(f) => self.out.extend_from_slice(number(f)?.as_bytes()),
            Event::Str(s) | Event::Time(s) => self.string(&s),
            Event::Bytes(bytes) => {
                let text = STANDARD.encode(bytes);
                self.string(text.as_bytes());
            }
            Event::List { .. } => self.begin(b'[', b']'),
            Event::Map { .. } => self.begin(b'{', b'}'),
            Event::Key(key) => {
                self.string(&key);
                self.out.push(b':');
                if self.options.indent {
                    self.out.push(b' ');
                }
                self.after_key = true;
            }
            Event::End => {}
        }
        Ok(())
    }

    /// Writes what stands between the previous item and the next one.
    fn separate(&mut self) {
        if std::mem::take(&mut self.after_key) {
            return;
        }
        if let Some((_, has_items)) = self.open.last_mut() {
            if std::mem::replace(has_items, true) {
                self.out.push(b',');
            }
            self.line();
        }
    }

    fn begin(&mut self, open: u8, close: u8) {
        self.out.push(open);
        self.open.push((close, false));
    }

    fn end(&mut self) {
        if let Some((close, has_items)) = self.open.pop() {
            if has_items {
                self.line();
            }
            self.out.push(close);
        }
    }

    fn line(&mut self) {
        if self.options.indent {
            self.out.push(b'\n');
            self.out
                .extend(std::iter::repeat_n(b' ', 2 * self.open.len()));
        }
    }

    fn string(&mut self, bytes: &[u8]) {
        string(&mut self.out, bytes, self.options.escape_html);
    }
}

/// Appends `bytes` as a JSON string.
fn string(out: &mut Vec<u8>, bytes: &[u8], escape_html: bool) {
    out.push(b'"');
    if std::str::from_utf8(bytes).is_ok() {
        escape(out, bytes, escape_html);
    } else {
        for chunk in bytes.utf8_chunks() {
            escape(out, chunk.valid().as_bytes(), escape_html);
            for _ in chunk.invalid() {
                out.extend_from_slice(br"\ufffd");
            }
        }
    }
    out.push(b'"');
}

/// Appends valid UTF-8 with JSON's escapes.
fn escape(out: &mut Vec<u8>, text: &[u8], escape_html: bool) {
    let mut start = 0;
    for (i, &byte) in text.iter().enumerate() {
        // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
        let separator = byte == 0xe2
            && text.get(i + 1) == Some(&0x80)
            && matches!(text.get(i + 2), Some(0xa8 | 0xa9));
        let plain = match byte {
            b'"' | b'\\' | 0..=0x1f => false,
            b'<' | b'>' | b'&' => !escape_html,
            _ => !separator,
        };
        if plain {
            continue;
        }
        out.extend_from_slice(&text[start..i]);
        start = i + 1;
        match byte {
            b'"' => out.extend_from_slice(br#"\""#),
            b'\\' => out.extend_from_slice(br"\\"),
            0x08 => out.extend_from_slice(br"\b"),
            0x0c => out.extend_from_slice(br"\f"),
            b'\n' => out.extend_from_slice(br"\n"),
            b'\r' => out.extend_from_slice(br"\r"),
            b'\t' => out.extend_from_slice(br"\t"),
            0xe2 => {
                let last = if text.get(i + 2) == Some(&0xa8) {
                    b'8'
                } else {
                    b'9'
                };
                out.extend_from_slice(br"\u202");
                out.push(last);
                start = i + 3;
            }
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&text[start..]);
}

/// The length in characters of the JSON text of a string as `toYaml` writes it, quotes included.
pub(super) fn quoted_length(bytes: &[u8]) -> usize {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    string(&mut out, valid_utf8(bytes).as_bytes(), true);
    out.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::{Options, encode, write};
    use crate::value::json::{EncodeError, rows};
    use crate::value::walk::Node;
    use crate::value::{Int, List, ListType, Map, MapType, Value};

    fn check(file: &str, options: Options) {
        for row in rows::read(file) {
            let got = encode(&row.value.thaw(), options).unwrap();
            let got = String::from_utf8(got).unwrap();
            assert_eq!(Ok(got), row.expected(), "{}", row.place);
        }
    }

    fn compact(value: &Value) -> Result<String, EncodeError> {
        encode(value, Options::default()).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn recorded_texts() {
        let html = Options {
            escape_html: true,
            indent: false,
        };
        check("json/encode.txt", html);
        check("json/encode_raw.txt", Options::default());
        let pretty = Options {
            escape_html: true,
            indent: true,
        };
        check("json/encode_pretty.txt", pretty);
    }

    #[test]
    fn go_types() {
        let bytes = [104, 105].map(|byte| Value::Int(Int::Uint8(byte)));
        let value = Value::list(vec![
            List::new(ListType::Bytes, bytes.to_vec()).into(),
            List::nil(ListType::Any).into(),
            Map::nil(MapType::Any).into(),
            Value::Int(Int::Uint64(u64::MAX)),
            Value::int(i64::MIN),
            Value::str(&b"a\xe2\x80"[..]),
        ]);
        assert_eq!(
            compact(&value).unwrap(),
            r#"["aGk=",null,null,18446744073709551615,-9223372036854775808,"a\ufffd\ufffd"]"#
        );
    }

    #[test]
    fn refused_values() {
        let error = |value: &Value| compact(value).unwrap_err().to_string();
        assert_eq!(
            error(&Value::Float(f64::NAN)),
            "json: unsupported value: NaN"
        );
        assert_eq!(
            error(&Value::Float(f64::INFINITY)),
            "json: unsupported value: +Inf"
        );
        let map = Map::new();
        map.insert("self", map.clone().into()).unwrap();
        assert_eq!(
            error(&map.clone().into()),
            "json: unsupported value: encountered a cycle via map[string]interface {}"
        );
        map.entries_mut().clear();
    }

    #[test]
    fn depth_matters_only_to_the_indented_form() {
        let deep = (0..20_000).fold(Value::Nil, |inner, _| Value::list(vec![inner]));
        let text = compact(&deep).map(|text| text.len());
        let pretty = Options {
            escape_html: true,
            indent: true,
        };
        let indented = encode(&deep, pretty);
        std::mem::forget(deep);
        assert_eq!(text, Ok(2 * 20_000 + 4));
        assert!(matches!(indented, Err(EncodeError::Limit(_))));
    }

    #[test]
    fn size_is_bounded() {
        let node = || Node::Value(Value::str("12345678"));
        assert!(write(node(), Options::default(), 10).is_ok());
        assert!(matches!(
            write(node(), Options::default(), 9),
            Err(EncodeError::Limit(_))
        ));
        let doubling = (0..64).fold(Value::Nil, |inner, _| {
            Value::list(vec![inner.clone(), inner])
        });
        assert!(matches!(
            write(Node::Value(doubling), Options::default(), 1000),
            Err(EncodeError::Limit(_))
        ));
    }
}
