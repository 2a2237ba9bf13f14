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

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::value::format::display;
    use crate::value::json::{self, Options, rows};

    #[test]
    fn recorded_documents() {
        let options = Options {
            escape_html: true,
            indent: false,
        };
        for row in rows::read("toml/decode.txt") {
            let map = decode(row.value.as_str().unwrap().as_bytes()).expect(&row.place);
            let got = json::encode(&map.into(), options).unwrap();
            assert_eq!(String::from_utf8(got).unwrap(), row.result, "{}", row.place);
        }
    }

    #[test]
    fn go_types() {
        let map = decode(b"i = 1\nd = 2020-01-01\nl = [{}]\n[[t]]\n").unwrap();
        let type_name = |key: &str| map.get(key.as_bytes()).unwrap().type_name().to_owned();
        assert_eq!(type_name("i"), "int64");
        assert_eq!(type_name("d"), "time.Time");
        assert_eq!(type_name("l"), "[]interface {}");
        assert_eq!(type_name("t"), "[]map[string]interface {}");
    }

    #[test]
    fn times_print_as_in_go() {
        let printed = |text: &str| {
            let map = decode(format!("d = {text}").as_bytes()).unwrap();
            String::from_utf8(display(&map.get(b"d").unwrap())).unwrap()
        };
        assert_eq!(
            printed("2020-01-01"),
            "2020-01-01 00:00:00 +0000 date-local"
        );
        assert_eq!(
            printed("01:02:03.250"),
            "0000-01-01 01:02:03.25 +0000 time-local"
        );
        assert_eq!(
            printed("2020-01-01T01:02:03"),
            "2020-01-01 01:02:03 +0000 datetime-local"
        );
        assert_eq!(
            printed("2020-01-01T01:02:03Z"),
            "2020-01-01 01:02:03 +0000 UTC"
        );
        assert_eq!(
            printed("2020-01-01T01:02:03-05:30"),
            "2020-01-01 01:02:03 -0530 -0530"
        );
    }

    #[test]
    fn errors_name_the_line() {
        let error = |text: &[u8]| decode(text).unwrap_err();
        assert!(error(b"a = 1\nb =").starts_with("toml: line 2: "));
        assert_eq!(
            error(b"a = 9223372036854775808"),
            "toml: line 1: 9223372036854775808 is out of range for int64"
        );
        assert_eq!(
            error(b"a = 1\nb = \"\xff\""),
            "toml: line 2: invalid UTF-8 byte: 0xff"
        );
        let nested = "x=".to_owned() + &"[".repeat(100_000);
        assert!(error(nested.as_bytes()).starts_with("toml: line 1: "));
    }
}
