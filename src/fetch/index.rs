//! `index.yaml` of a chart repository: which versions of one chart it has, and where.
//!
//! In: the bytes of an index. Out: the entries of one chart. Refused: what Helm refuses about the
//! index as a whole and about these entries; other charts' entries are skipped unread, since an
//! index may have 20 MB of them. An index in any other style than the one that Helm writes is read
//! whole.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::value::Tree;
use crate::yaml;

/// One version of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Entry {
    pub(super) version: String,
    /// The first address; the others are never used.
    pub(super) url: Option<String>,
}

/// Finds the entries of `chart`; nothing if the index does not name it.
///
/// # Errors
///
/// The text is neither JSON nor YAML, has no `apiVersion`, or has keys that no index has.
pub(super) fn entries(bytes: &[u8], chart: &str) -> Result<Option<Vec<Entry>>, String> {
    if bytes.is_empty() {
        return Err("empty index.yaml file".to_owned());
    }
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'{')
        && let Ok(found) = json(bytes, chart)
    {
        return found;
    }
    match scan(bytes, chart) {
        Some(Found {
            api_version: false, ..
        }) => Err(NO_API_VERSION.to_owned()),
        Some(Found { entries, .. }) => Ok(entries),
        None => whole(bytes, chart),
    }
}

/// The names of the charts in an index in the style that Helm writes, for a hint about a wrong one.
pub(super) fn names(bytes: &[u8]) -> Vec<&str> {
    let lines = Lines(bytes).map(<[u8]>::trim_ascii_end);
    let mut below = lines.skip_while(|line| *line != b"entries:").skip(1);
    let depth = |line: &[u8]| line.iter().take_while(|byte| **byte == b' ').count();
    let mut names = Vec::new();
    let Some(first) = below.next() else {
        return names;
    };
    let indent = depth(first);
    let in_entries = std::iter::once(first).chain(below.take_while(|line| depth(line) > 0));
    for line in in_entries.filter(|line| depth(line) == indent) {
        let key = simple_key(&line[indent..]).map(|(key, _)| key);
        names.extend(key.and_then(|key| std::str::from_utf8(key).ok()));
    }
    names
}

const NO_API_VERSION: &str = "no API version specified";

/// The keys of an index.
const KEYS: &[&str] = &[
    "annotations",
    "apiVersion",
    "entries",
    "generated",
    "publicKeys",
    "serverInfo",
];

/// What a scan of the lines finds.
struct Found {
    api_version: bool,
    entries: Option<Vec<Entry>>,
}

/// Looks through the lines of an index in the style that Helm writes; nothing if the style is
/// another, so that it has to be read whole.
fn scan(bytes: &[u8], chart: &str) -> Option<Found> {
    let mut api_version = false;
    let mut in_entries = false;
    let mut indent = 0;
    // Where the lines of the chart begin and end.
    let mut from = None;
    let mut to = None;
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut at = 0;
    for line in Lines(bytes) {
        let (start, text) = (at, line.strip_suffix(b"\n").unwrap_or(line));
        at += line.len();
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let depth = text.iter().take_while(|byte| **byte == b' ').count();
        let body = &text[depth..];
        if body.is_empty() || body[0] == b'#' {
            continue;
        }
        // Deep lines are the bulk, and only the wanted ones are ever looked at.
        if in_entries && indent > 0 && depth > indent {
            continue;
        }
        if depth == 0 {
            if body == b"---" && seen.is_empty() {
                continue;
            }
            let (key, value) = simple_key(body)?;
            let name = std::str::from_utf8(key).ok()?;
            if seen.contains(&key) || !KEYS.contains(&name) {
                return None;
            }
            seen.push(key);
            close(from, &mut to, start);
            api_version |= name == "apiVersion" && !value.is_empty();
            in_entries = name == "entries";
            if in_entries && !value.is_empty() {
                return None;
            }
            continue;
        }
        if !in_entries {
            continue;
        }
        if indent == 0 {
            indent = depth;
        }
        if depth < indent {
            return None;
        }
        if depth > indent || body.starts_with(b"- ") {
            continue;
        }
        let (key, value) = simple_key(body)?;
        close(from, &mut to, start);
        if key == chart.as_bytes() {
            if from.is_some() || !value.is_empty() {
                return None;
            }
            from = Some(start);
        }
    }
    let entries = match from {
        None => None,
        Some(from) => {
            let tree = yaml::to_tree_strict(&bytes[from..to.unwrap_or(bytes.len())]).ok()?;
            Some(read_entries(tree.get(chart)?))
        }
    };
    Some(Found {
        api_version,
        entries,
    })
}

fn close(from: Option<usize>, to: &mut Option<usize>, at: usize) {
    if from.is_some() && to.is_none() {
        *to = Some(at);
    }
}

/// Takes a line apart that is a plain key and perhaps a value.
fn simple_key(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./".contains(byte);
    let length = line.iter().take_while(|byte| plain(byte)).count();
    let (key, rest) = line.split_at(length);
    let value = rest.strip_prefix(b":")?;
    let is_key = !key.is_empty() && key[0].is_ascii_alphanumeric();
    let separated = value.is_empty() || value[0] == b' ';
    (is_key && separated).then_some((key, value.trim_ascii()))
}

/// The lines of a text, each with its end.
struct Lines<'b>(&'b [u8]);

impl<'b> Iterator for Lines<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.0).map_or(self.0.len(), |at| at + 1);
        let (line, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(line)
    }
}

/// Reads the whole index as strict YAML.
fn whole(bytes: &[u8], chart: &str) -> Result<Option<Vec<Entry>>, String> {
    let tree = yaml::to_tree_strict(bytes).map_err(|e| e.message)?;
    for key in tree.as_map().into_iter().flat_map(|map| map.keys()) {
        if !KEYS.iter().any(|known| key.as_bytes() == known.as_bytes()) {
            return Err(format!("unknown field \"{key}\""));
        }
    }
    match tree.get("apiVersion").and_then(Tree::as_str) {
        None | Some("") => return Err(NO_API_VERSION.to_owned()),
        Some(_) => {}
    }
    let list = tree.get("entries").and_then(|entries| entries.get(chart));
    Ok(list.map(read_entries))
}

/// Reads entries; one without a version is left out, as Helm does.
fn read_entries(list: &Tree) -> Vec<Entry> {
    let entry = |entry: &Tree| {
        let urls = entry
            .get("urls")
            .and_then(Tree::as_list)
            .unwrap_or_default();
        Some(Entry {
            version: entry.get("version")?.as_str()?.to_owned(),
            url: urls.first().and_then(Tree::as_str).map(str::to_owned),
        })
    };
    let list = list.as_list().unwrap_or_default();
    list.iter().filter_map(entry).collect()
}

type Answer = Result<Option<Vec<Entry>>, String>;

/// Reads an index that is JSON, keeping the one chart; fails where it is no JSON.
fn json(bytes: &[u8], chart: &str) -> Result<Answer, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let answer = reader.deserialize_map(Index { chart })?;
    reader.end()?;
    Ok(answer)
}

struct Index<'c> {
    chart: &'c str,
}

impl<'de> Visitor<'de> for Index<'_> {
    type Value = Answer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an index")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answer, A::Error> {
        let mut api_version = false;
        let mut entries = None;
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "apiVersion" => {
                    let version: Value = map.next_value()?;
                    api_version = version.as_str().is_some_and(|text| !text.is_empty());
                }
                "entries" => entries = map.next_value_seed(Charts { chart: self.chart })?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(match api_version {
            true => Ok(entries),
            false => Err(NO_API_VERSION.to_owned()),
        })
    }
}

struct Charts<'c> {
    chart: &'c str,
}

impl<'de> DeserializeSeed<'de> for Charts<'_> {
    type Value = Option<Vec<Entry>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Charts<'_> {
    type Value = Option<Vec<Entry>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries by chart")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != self.chart {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let list: Value = map.next_value()?;
            let entry = |entry: &Value| {
                Some(Entry {
                    version: entry.get("version")?.as_str()?.to_owned(),
                    url: entry
                        .pointer("/urls/0")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                })
            };
            let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
            found = Some(list.iter().filter_map(entry).collect());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(text: &str, chart: &str) -> Result<Option<Vec<String>>, String> {
        let entries = entries(text.as_bytes(), chart)?;
        Ok(entries.map(|list| list.into_iter().map(|entry| entry.version).collect()))
    }

    const HELMS: &str = "apiVersion: v1\nentries:\n  a:\n  - name: a\n    description: |\n      b:\n      - x\n    urls:\n    - a-1.tgz\n    version: 1.0.0\n  - version: 2.0.0\n  b-c:\n    - version: \"3.0.0\"\n      urls: [x, y]\ngenerated: \"2024-01-01T00:00:00Z\"\n";

    #[test]
    fn helms_own_style_is_scanned() {
        let scanned = |chart| scan(HELMS.as_bytes(), chart).unwrap().entries;
        assert_eq!(scanned("a").unwrap().len(), 2);
        assert_eq!(scanned("b-c").unwrap()[0].url.as_deref(), Some("x"));
        assert_eq!(scanned("b"), None);
        for chart in ["a", "b-c", "b"] {
            assert_eq!(
                Ok(scanned(chart)),
                whole(HELMS.as_bytes(), chart),
                "{chart}"
            );
        }
    }

    #[test]
    fn names_are_listed() {
        assert_eq!(names(HELMS.as_bytes()), ["a", "b-c"]);
        assert!(names(b"{entries: {}}").is_empty());
    }

    #[test]
    fn other_styles_are_read_whole() {
        for text in [
            "{apiVersion: v1, entries: {a: [{version: 1.0.0}]}}",
            "apiVersion: v1\nentries: {a: [{version: 1.0.0}]}\n",
            "apiVersion: v1\nentries:\n  \"a\":\n  - version: 1.0.0\n",
            "x: &x {version: 1.0.0}\n"
                .replace('x', "annotations")
                .as_str(),
            "entries:\n  b: &l\n  - version: 1.0.0\n  a: *l\napiVersion: v1\n",
            "{\"apiVersion\": \"v1\", \"entries\": {\"b\": null, \"a\": [{\"version\": \"1.0.0\"}]}, \"else\": 1}",
        ] {
            let expected = match text.starts_with("annotations") {
                true => Err(NO_API_VERSION.to_owned()),
                false => Ok(Some(vec!["1.0.0".to_owned()])),
            };
            assert_eq!(versions(text, "a"), expected, "{text}");
        }
    }

    #[test]
    fn wrong_indexes_are_refused() {
        for (text, expected) in [
            ("", "empty index.yaml file"),
            ("entries:\n  a:\n  - version: 1.0.0\n", NO_API_VERSION),
            ("{\"entries\": {}}", NO_API_VERSION),
            ("apiVersion: v1\nelse: 1\n", "unknown field \"else\""),
        ] {
            assert_eq!(versions(text, "a"), Err(expected.to_owned()), "{text}");
        }
        for text in [
            "<html></html>",
            "apiVersion: v1\nentries:\n  a:\n  - version: 1.0.0\n  a:\n  - version: 1.0.0\n",
            "apiVersion: v1\nentries:\n  a:\n  - version: [\n",
        ] {
            assert!(versions(text, "a").is_err(), "{text}");
        }
    }

    #[test]
    fn entries_without_a_version_are_left_out() {
        let text = "apiVersion: v1\nentries:\n  a:\n  - name: a\n  - null\n  - version: 1.0.0\n";
        assert_eq!(versions(text, "a"), Ok(Some(vec!["1.0.0".to_owned()])));
    }
}
