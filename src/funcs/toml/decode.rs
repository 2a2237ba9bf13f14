//! Reads TOML.

use toml::de::{DeTable, DeValue};

use super::time::TomlTime;
use crate::value::json::valid_utf8;
use crate::value::{List, ListType, Map, Str, Value};

/// Reads a document into a map: integers are `int64`, arrays of tables `[]map[string]interface {}`.
///
/// # Errors
///
/// What is wrong in Go's form, `toml: line 1: …`; the words after that are our parser's.
pub(in crate::funcs) fn decode(text: &[u8]) -> Result<Map, String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(invalid_utf8(text));
    };
    if text.chars().take(6).any(|c| c == '\0') {
        return Err(
            "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must \
             be UTF-8"
                .to_owned(),
        );
    }
    let document = DeTable::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        at_line(text, start, error.message())
    })?;
    table(text, document.get_ref())
}

fn invalid_utf8(bytes: &[u8]) -> String {
    let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let byte = bytes.get(valid).copied().unwrap_or_default();
    let line = bytes[..valid].iter().filter(|&&b| b == b'\n').count() + 1;
    format!("toml: line {line}: invalid UTF-8 byte: 0x{byte:02x}")
}

fn at_line(text: &str, offset: usize, message: &str) -> String {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let message = valid_utf8(message.as_bytes());
    format!("toml: line {line}: {message}")
}

/// Reads a table; the parser has bounded its depth.
fn table(text: &str, table: &DeTable<'_>) -> Result<Map, String> {
    let mut entries = std::collections::BTreeMap::new();
    for (key, item) in table {
        let key: Str = key.get_ref().as_ref().into();
        let item = value(text, item.span().start, item.get_ref())?;
        entries.insert(key, item);
    }
    Ok(Map::with_type(crate::value::MapType::Any, entries))
}

fn value(text: &str, start: usize, item: &DeValue<'_>) -> Result<Value, String> {
    Ok(match item {
        DeValue::String(s) => Value::str(s.as_ref()),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => Value::int64(n),
            Err(_) => {
                return Err(at_line(
                    text,
                    start,
                    &format!("{n} is out of range for int64"),
                ));
            }
        },
        DeValue::Float(f) => {
            let parsed = f.as_str().parse::<f64>().unwrap_or(f64::NAN);
            if parsed.is_infinite() && !f.as_str().contains("inf") {
                return Err(at_line(
                    text,
                    start,
                    &format!("{f} is out of range for float64"),
                ));
            }
            Value::Float(parsed)
        }
        DeValue::Datetime(datetime) => TomlTime::value(datetime),
        DeValue::Array(items) => {
            let is_array_of_tables = items.first().is_some_and(|first| {
                matches!(first.get_ref(), DeValue::Table(_))
                    && text.as_bytes().get(first.span().start) != Some(&b'{')
            });
            let list_type = if is_array_of_tables {
                ListType::Maps
            } else {
                ListType::Any
            };
            let items = items
                .iter()
                .map(|item| value(text, item.span().start, item.get_ref()))
                .collect::<Result<_, _>>()?;
            List::new(list_type, items).into()
        }
        DeValue::Table(entries) => table(text, entries)?.into(),
    })
}
