//! Reads TOML documents: keys, headers, and which of them may stand beside each other.
//!
//! In: text. Out: a map with the Go types that `BurntSushi/toml` decodes into: integers are `int64`,
//! arrays of tables `[]map[string]interface {}`, times `time.Time`. Refused with its texts
//! (`parse.go`): what is no TOML.

use std::collections::{BTreeMap, BTreeSet};

use super::encode::write_quoted;
use super::scan::{Problem, Scanner, Word, is_bare};
use crate::funcs::dates::{Time, Zone};
use crate::limits::{MAX_TOML_KEY_PARTS, MAX_YAML_DEPTH};
use crate::value::quote::quote;
use crate::value::{List, ListType, Map, Str, Value};

/// The zones of times that name none, by whose names Go tells them apart.
pub(super) const LOCAL_DATETIME: &str = "datetime-local";
pub(super) const LOCAL_DATE: &str = "date-local";
pub(super) const LOCAL_TIME: &str = "time-local";

/// Native stack to have in reserve for one level of nesting, and what to add when there is less.
const STACK_RESERVE: usize = 64 * 1024;
const STACK_GROWTH: usize = 1024 * 1024;

/// Reads a document into a map.
///
/// # Errors
///
/// Go's text, such as `toml: line 1 (last key "a"): unexpected EOF; expected value`.
pub(in crate::funcs) fn decode(text: &[u8]) -> Result<Map, String> {
    let marks: [&[u8]; 3] = [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"];
    let text = marks
        .iter()
        .find_map(|mark| text.strip_prefix(*mark))
        .unwrap_or(text);
    if text.iter().take(6).any(|&b| b == 0) {
        return Err(
            "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must \
             be UTF-8"
                .to_owned(),
        );
    }
    let mut reader = Reader {
        scanner: Scanner::new(text),
        root: Map::new(),
        context: Vec::new(),
        key: Str::default(),
        line: 0,
        implicit: BTreeSet::new(),
        arrays: BTreeMap::new(),
        depth: 0,
    };
    match reader.document() {
        Ok(()) => Ok(reader.root),
        Err(problem) => Err(reader.message(&problem)),
    }
}

type Read<T> = Result<T, Problem>;

struct Reader<'t> {
    scanner: Scanner<'t>,
    root: Map,
    /// The full name of the table in which keys are set.
    context: Vec<Str>,
    /// The last part of the key whose value is read.
    key: Str,
    /// The line of the last key or header.
    line: i64,
    /// The names of tables that only their children have made so far.
    implicit: BTreeSet<Vec<u8>>,
    /// Whether what was last set under a name is an array.
    arrays: BTreeMap<Vec<u8>, bool>,
    depth: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Read<()> {
        while let Some(c) = self.scanner.top()? {
            if c == '[' {
                self.header()?;
            } else {
                self.scanner.key_start()?;
                let outer = self.context.clone();
                self.assignment()?;
                self.context = outer;
                self.key = Str::default();
            }
            self.scanner.top_end()?;
        }
        Ok(())
    }

    fn header(&mut self) -> Read<()> {
        let is_array = self.scanner.is_array_header()?;
        let mut name = vec![self.scanner.header_part()?];
        self.line = self.scanner.line();
        while self.scanner.header_goes_on()? {
            name.push(self.scanner.header_part()?);
            self.check_parts(name.len())?;
        }
        if is_array {
            self.scanner.array_header_end()?;
        }
        self.enter(&name, is_array)?;
        self.set_type(None, false);
        Ok(())
    }

    /// Reads a key and its value, and gives both with the parts of the key before the last.
    fn assignment(&mut self) -> Read<(Vec<Str>, Value)> {
        let mut parts = vec![self.scanner.key_part()?];
        self.line = self.scanner.line();
        while self.scanner.key_goes_on()? {
            parts.push(self.scanner.key_part()?);
            self.check_parts(parts.len())?;
        }
        self.key = parts.pop().unwrap_or_default();
        for part in &parts {
            let mut name = self.context.clone();
            name.push(part.clone());
            self.implicit.insert(text_of(&name));
            self.enter(&name, false)?;
        }
        let (value, is_array) = self.value(false)?;
        self.set(&self.key.clone(), value.clone())?;
        self.set_type(Some(&self.key.clone()), is_array);
        Ok((parts, value))
    }

    /// Every part of a key is looked up from the root, as in Go.
    fn check_parts(&self, n_parts: usize) -> Read<()> {
        if n_parts > MAX_TOML_KEY_PARTS {
            return Err(self.here(format!("a key has more than {MAX_TOML_KEY_PARTS} parts")));
        }
        Ok(())
    }

    /// Reads a value, and says whether it is an array.
    fn value(&mut self, in_array: bool) -> Read<(Value, bool)> {
        let word = self.scanner.value()?;
        let value = match word {
            Word::Str(text) => Value::Str(text),
            Word::Bool(b) => Value::Bool(b),
            Word::Integer(text) => self.integer(&text)?,
            Word::Float(text) => self.float(&text)?,
            Word::Datetime(text) => self.datetime(&text)?,
            Word::Array => return Ok((self.nested(Reader::array)?, true)),
            Word::Table => self.nested(|reader| reader.table(in_array))?,
        };
        Ok((value, false))
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Read<Value>) -> Read<Value> {
        if self.depth >= MAX_YAML_DEPTH {
            return Err(self.here(format!("values are nested more than {MAX_YAML_DEPTH} deep")));
        }
        self.depth += 1;
        let value = stacker::maybe_grow(STACK_RESERVE, STACK_GROWTH, || read(self));
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Read<Value> {
        self.set_type(Some(&self.key.clone()), true);
        let mut items = Vec::new();
        while self.scanner.array_goes_on(items.is_empty())? {
            items.push(self.value(true)?.0);
        }
        Ok(Value::list(items))
    }

    /// Reads an inline table. Its keys are also set in the document, which finds those that are
    /// there twice.
    fn table(&mut self, in_array: bool) -> Read<Value> {
        let (outer, outer_key) = (self.context.clone(), self.key.clone());
        let mut name = outer.clone();
        name.push(std::mem::take(&mut self.key));
        self.implicit.insert(text_of(&name));
        self.context.clone_from(&name);
        self.enter(&name, in_array)?;
        let top = Map::new();
        let mut first = true;
        while self.scanner.table_goes_on(first)? {
            first = false;
            self.scanner.key_start()?;
            let (parts, value) = self.assignment()?;
            let mut table = top.clone();
            for part in parts {
                let next = table.get(&part);
                table = match next {
                    Some(Value::Map(map)) => map,
                    Some(_) => {
                        let shown = quote(self.context_text().as_bytes());
                        return Err(self.at_key(format!("{shown} is not a table")));
                    }
                    None => {
                        let map = Map::new();
                        table.entries_mut().insert(part, map.clone().into());
                        map
                    }
                };
            }
            table.entries_mut().insert(self.key.clone(), value);
            self.context.clone_from(&name);
        }
        self.context = outer;
        self.key = outer_key;
        Ok(top.into())
    }

    fn integer(&self, text: &str) -> Read<Value> {
        let shown = || quote(text.as_bytes());
        if !underscores_fit(text) {
            return Err(self.here(format!(
                "Invalid integer {}: underscores must be surrounded by digits",
                shown()
            )));
        }
        if has_leading_zero(text) {
            return Err(self.here(format!(
                "Invalid integer {}: cannot have leading zeroes",
                shown()
            )));
        }
        let digits = text.replace('_', "");
        let (digits, radix) = match digits.get(..2) {
            Some("0x") => (&digits[2..], 16),
            Some("0o") => (&digits[2..], 8),
            Some("0b") => (&digits[2..], 2),
            _ => (&*digits, 10),
        };
        i64::from_str_radix(digits, radix)
            .map(Value::int64)
            .map_err(|_| self.here(format!("{text} is out of range for int64")))
    }

    fn float(&self, text: &str) -> Read<Value> {
        let invalid = |why: &str| {
            let shown = quote(text.as_bytes());
            self.here(format!("Invalid float {shown}: {why}"))
        };
        let mut parts = text
            .split(['.', 'e', 'E'])
            .filter(|part| !part.is_empty())
            .peekable();
        let first = parts.peek().copied();
        if !parts.all(underscores_fit) {
            return Err(invalid("underscores must be surrounded by digits"));
        }
        if first.is_some_and(has_leading_zero) {
            return Err(invalid("cannot have leading zeroes"));
        }
        let point_without_digit = text.split('.').skip(1);
        if point_without_digit
            .into_iter()
            .any(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Err(invalid("'.' must be followed by one or more digits"));
        }
        let digits = text.replace('_', "");
        let number = match digits.as_str() {
            "nan" | "+nan" => Ok(f64::NAN),
            "-nan" => Ok(-f64::NAN),
            "inf" | "+inf" => return Ok(f64::INFINITY.into()),
            "-inf" => return Ok(f64::NEG_INFINITY.into()),
            // What else Rust would read as a word.
            other if other.contains(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')) => {
                Err(())
            }
            other => other.parse::<f64>().map_err(|_| ()),
        };
        match number {
            Ok(number) if number.is_infinite() => {
                Err(self.here(format!("{text} is out of range for float64")))
            }
            Ok(number) => Ok(number.into()),
            Err(()) => {
                let shown = quote(text.as_bytes());
                Err(self.here(format!("Invalid float value: {shown}")))
            }
        }
    }

    fn datetime(&self, text: &str) -> Read<Value> {
        const LAYOUTS: [(&str, Option<&str>); 7] = [
            ("2006-01-02T15:04:05.999999999Z07:00", None),
            ("2006-01-02T15:04:05.999999999", Some(LOCAL_DATETIME)),
            ("2006-01-02", Some(LOCAL_DATE)),
            ("15:04:05.999999999", Some(LOCAL_TIME)),
            ("2006-01-02T15:04Z07:00", None),
            ("2006-01-02T15:04", Some(LOCAL_DATETIME)),
            ("15:04", Some(LOCAL_TIME)),
        ];
        let text = text.replace('z', "Z").replace(['t', ' '], "T");
        let refused = || {
            let shown = quote(text.as_bytes());
            self.here(format!("invalid datetime: {shown}"))
        };
        for (layout, zone) in LAYOUTS {
            let zone = zone.map_or(Zone::Utc, |name| Zone::Fixed {
                name: name.to_owned(),
                offset: 0,
            });
            if let Ok(time) = Time::parse(layout.as_bytes(), text.as_bytes(), &zone) {
                return if lacks_leading_zero(text.as_bytes(), layout.as_bytes()) {
                    Err(refused())
                } else {
                    Ok(time.into())
                };
            }
        }
        Err(refused())
    }

    /// Goes into the table `name`, making it and those around it where they are missing.
    fn enter(&mut self, name: &[Str], is_array: bool) -> Read<()> {
        let Some((last, parents)) = name.split_last() else {
            return Ok(());
        };
        let mut table = self.root.clone();
        for (i, part) in parents.iter().enumerate() {
            if !table.contains_key(part) {
                self.implicit.insert(text_of(&name[..=i]));
                table.entries_mut().insert(part.clone(), Map::new().into());
            }
            let inner = table.get(part).as_ref().and_then(inner_table);
            table = inner.ok_or_else(|| {
                let shown = shown(&name[..=i]);
                self.at_key(format!("Key '{shown}' was already created as a hash."))
            })?;
        }
        self.context = parents.to_vec();
        if is_array {
            let known = table.get(last);
            let tables = match known {
                None => {
                    let tables = List::new(ListType::Maps, Vec::new());
                    table
                        .entries_mut()
                        .insert(last.clone(), tables.clone().into());
                    tables
                }
                Some(Value::List(tables)) if tables.list_type() == ListType::Maps => tables,
                Some(_) => {
                    let shown = shown(name);
                    return Err(self.at_key(format!(
                        "Key '{shown}' was already created and cannot be used as an array."
                    )));
                }
            };
            tables.items_mut().push(Map::new().into());
        } else {
            self.set(last, Map::new().into())?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Sets a key of the table that the context names.
    fn set(&mut self, key: &Str, value: Value) -> Read<()> {
        let defined = |reader: &Self, name: &[Str]| {
            let shown = shown(name);
            reader.at_key(format!("Key '{shown}' has already been defined."))
        };
        let mut table = self.root.clone();
        for (i, part) in self.context.iter().enumerate() {
            let inner = table.get(part).as_ref().and_then(inner_table);
            table = inner.ok_or_else(|| defined(self, &self.context[..=i]))?;
        }
        let mut name = self.context.clone();
        name.push(key.clone());
        if table.contains_key(key) {
            let text = text_of(&name);
            if !self.implicit.remove(&text) {
                return Err(defined(self, &name));
            }
            if self.arrays.get(&text) != Some(&true) {
                return Ok(());
            }
        }
        table.entries_mut().insert(key.clone(), value);
        Ok(())
    }

    /// Notes whether what is under a key, or under the context itself, is an array.
    fn set_type(&mut self, key: Option<&Str>, is_array: bool) {
        let mut name = self.context.clone();
        name.extend(key.filter(|key| !key.is_empty()).cloned());
        self.arrays.insert(text_of(&name), is_array);
    }

    fn here(&self, text: String) -> Problem {
        let line = self.scanner.line();
        Problem { line, text }
    }

    /// An error about the last key or header.
    fn at_key(&self, text: String) -> Problem {
        let line = self.line;
        Problem { line, text }
    }

    fn context_text(&self) -> String {
        shown(&self.context)
    }

    fn message(&self, problem: &Problem) -> String {
        let last = match (self.key.is_empty(), self.context.is_empty()) {
            (true, _) => self.context_text(),
            (false, true) => self.key.to_str_lossy().into_owned(),
            (false, false) => format!("{}.{}", self.context_text(), self.key.to_str_lossy()),
        };
        let Problem { line, text } = problem;
        if last.is_empty() {
            return format!("toml: line {line}: {text}");
        }
        let last = quote(last.as_bytes());
        format!("toml: line {line} (last key {last}): {text}")
    }
}

/// The table that a value is: of an array of tables, its last one.
fn inner_table(value: &Value) -> Option<Map> {
    match value {
        Value::Map(map) => Some(map.clone()),
        Value::List(tables) if tables.list_type() == ListType::Maps => {
            tables.items().last()?.as_map().cloned()
        }
        _ => None,
    }
}

/// A full name with dots, its odd parts quoted.
fn text_of(name: &[Str]) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, part) in name.iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        let is_plain = part.iter().all(|&b| is_bare(char::from(b)));
        if !part.is_empty() && is_plain {
            out.extend_from_slice(part);
        } else {
            write_quoted(&mut out, part);
        }
    }
    out
}

fn shown(name: &[Str]) -> String {
    String::from_utf8_lossy(&text_of(name)).into_owned()
}

fn has_leading_zero(number: &str) -> bool {
    match number.as_bytes() {
        [b'0', next, ..] => !matches!(next, b'b' | b'o' | b'x'),
        [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

/// Says whether every underscore has digits on both sides.
fn underscores_fit(number: &str) -> bool {
    if matches!(number, "nan" | "+nan" | "-nan" | "inf" | "+inf" | "-inf") {
        return true;
    }
    let mut after_digit = false;
    for c in number.chars() {
        if c == '_' && !after_digit {
            return false;
        }
        after_digit = c.is_ascii_hexdigit();
    }
    after_digit
}

/// Go's reading of times takes one digit where TOML wants two.
fn lacks_leading_zero(text: &[u8], layout: &[u8]) -> bool {
    layout
        .iter()
        .take_while(|c| !matches!(c, b'.' | b'Z'))
        .zip(text)
        .any(|(wanted, got)| !wanted.is_ascii_digit() && wanted != got)
}
#[cfg(test)]
mod tests {
    use super::decode;
    use crate::limits::MAX_TOML_KEY_PARTS;
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
    fn keys_are_bounded() {
        for form in ["KEY = 1", "[KEY]", "a = {KEY = 1}"] {
            let read = |n_parts: usize| {
                let key = vec!["k"; n_parts].join(".");
                decode(form.replace("KEY", &key).as_bytes())
            };
            assert!(read(MAX_TOML_KEY_PARTS).is_ok(), "{form}");
            let error = read(MAX_TOML_KEY_PARTS + 1).unwrap_err();
            assert!(error.contains("a key has more than 32 parts"), "{error}");
        }
    }

    #[test]
    fn errors_name_the_line() {
        let error = |text: &[u8]| decode(text).unwrap_err();
        assert_eq!(
            error(b"a = 1\nb ="),
            "toml: line 2 (last key \"b\"): unexpected EOF; expected value"
        );
        assert_eq!(
            error(b"a = 9223372036854775808"),
            "toml: line 1 (last key \"a\"): 9223372036854775808 is out of range for int64"
        );
        assert_eq!(
            error(b"a = 1\nb = \"\xff\""),
            "toml: line 2 (last key \"b\"): invalid UTF-8 byte: 0xff"
        );
        let nested = "x=".to_owned() + &"[".repeat(100_000);
        assert_eq!(
            error(nested.as_bytes()),
            "toml: line 1 (last key \"x\"): values are nested more than 10000 deep"
        );
    }
}
