//! The regular expressions of a schema: Go's dialect in, the validator's out.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::text::escape_token;
use crate::funcs::regex::translate;

/// Matches nothing and is refused by the validator, as the original is by Go.
const INVALID: &str = "(";

/// What the author of a schema wrote, by the JSON pointer of each translated pattern.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    originals: BTreeMap<String, Original>,
}

#[derive(Debug)]
pub(super) struct Original {
    pub(super) pattern: String,
    /// Go's text, if Go refuses the pattern.
    pub(super) error: Option<String>,
}

impl Patterns {
    /// Translates the patterns of `schema` where they are.
    pub(super) fn translate(schema: &mut Json) -> Patterns {
        let mut patterns = Patterns::default();
        patterns.schema(schema, "");
        patterns
    }

    /// What stood at `pointer`.
    pub(super) fn original(&self, pointer: &str) -> Option<&Original> {
        self.originals.get(pointer)
    }

    /// Goes over a schema; the recursion is bounded by the parser's.
    fn schema(&mut self, schema: &mut Json, pointer: &str) {
        let Json::Object(keywords) = schema else {
            return;
        };
        if let Some(Json::Object(entries)) = keywords.get_mut("patternProperties") {
            *entries = translate_keys(std::mem::take(entries));
        }
        for (keyword, value) in keywords {
            let pointer = format!("{pointer}/{}", escape_token(keyword));
            match (keyword.as_str(), value) {
                ("enum" | "const" | "default" | "examples", _) => {}
                ("pattern", Json::String(pattern)) => self.pattern(pattern, pointer),
                (
                    "properties" | "patternProperties" | "$defs" | "definitions"
                    | "dependentSchemas" | "dependencies",
                    Json::Object(entries),
                ) => {
                    for (key, value) in entries {
                        self.schema(value, &format!("{pointer}/{}", escape_token(key)));
                    }
                }
                (_, Json::Array(items)) => {
                    for (i, item) in items.iter_mut().enumerate() {
                        self.schema(item, &format!("{pointer}/{i}"));
                    }
                }
                (_, value) => self.schema(value, &pointer),
            }
        }
    }

    fn pattern(&mut self, pattern: &mut String, pointer: String) {
        let (translated, error) = match translate(pattern) {
            Ok(translated) => (translated, None),
            Err(error) => (INVALID.to_owned(), Some(error)),
        };
        let original = std::mem::replace(pattern, translated);
        self.originals.insert(
            pointer,
            Original {
                pattern: original,
                error,
            },
        );
    }
}

fn translate_keys(entries: Map<String, Json>) -> Map<String, Json> {
    entries
        .into_iter()
        .map(|(key, value)| (translate(&key).unwrap_or(key), value))
        .collect()
}
