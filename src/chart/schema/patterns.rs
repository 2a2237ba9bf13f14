//! The regular expressions of a schema: Go's dialect in, the validator's out.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::bounds::refusal;
use super::references::References;
use super::text::escape_token;
use crate::funcs::regex::{program_bytes, translate};
use crate::limits::MAX_SCHEMA_REGEX_BYTES;

/// Matches nothing and is refused by the validator, as the original is by Go.
const INVALID: &str = "(";

/// How many bytes of a program are one step of matching a byte of a text, in the worst case.
const BYTES_PER_STEP: usize = 512;

/// The most that a byte of a pattern grows by in translation, and more: `\pL` becomes all letters.
const MAX_GROWTH: usize = 1024;

/// What the author of a schema wrote, by the JSON pointer of each translated pattern.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    originals: BTreeMap<String, Original>,
    /// How large the programs of the translated patterns are.
    programs: BTreeMap<String, usize>,
    /// The bytes of all programs together.
    n_bytes: usize,
    /// The keys of `patternProperties` that Go refuses, by what stands for them.
    keys: BTreeMap<String, Original>,
    pub(super) references: References,
}

#[derive(Debug)]
pub(super) struct Original {
    pub(super) pattern: String,
    /// Go's text, if Go refuses the pattern.
    pub(super) error: Option<String>,
}

impl Patterns {
    /// Translates the patterns of `schema` where they are.
    ///
    /// # Errors
    ///
    /// They are larger than [`MAX_SCHEMA_REGEX_BYTES`].
    pub(super) fn translate(schema: &mut Json) -> Result<Patterns, String> {
        let mut patterns = Patterns {
            references: References::of(schema),
            ..Patterns::default()
        };
        patterns.schema(schema, &mut String::new())?;
        Ok(patterns)
    }

    /// What stood at `pointer`.
    pub(super) fn original(&self, pointer: &str) -> Option<&Original> {
        let original = self.originals.get(pointer);
        original.or_else(|| self.references.original(pointer))
    }

    /// The key of `patternProperties` for which `key` stands.
    pub(super) fn refused_key(&self, key: &str) -> Option<&Original> {
        self.keys.get(key)
    }

    /// The steps of matching one byte with a translated pattern.
    pub(super) fn steps(&self, translated: &str) -> usize {
        self.programs
            .get(translated)
            .map_or(0, |bytes| bytes / BYTES_PER_STEP)
    }

    /// Goes over a schema; the recursion is bounded by the parser's.
    fn schema(&mut self, schema: &mut Json, pointer: &mut String) -> Result<(), String> {
        let Json::Object(keywords) = schema else {
            return Ok(());
        };
        if let Some(Json::Object(entries)) = keywords.get_mut("patternProperties") {
            *entries = self.keys(std::mem::take(entries))?;
        }
        for (keyword, value) in keywords {
            let length = push(pointer, keyword);
            match (keyword.as_str(), value) {
                ("enum" | "const" | "default" | "examples", _) => {}
                ("pattern", Json::String(pattern)) => self.pattern(pattern, pointer)?,
                ("$id" | "id" | "$ref" | "$dynamicRef" | "$recursiveRef", Json::String(text)) => {
                    self.references.escape(keyword, text, pointer);
                }
                (
                    "properties" | "patternProperties" | "$defs" | "definitions"
                    | "dependentSchemas" | "dependencies",
                    Json::Object(entries),
                ) => {
                    for (key, value) in entries {
                        let length = push(pointer, key);
                        self.schema(value, pointer)?;
                        pointer.truncate(length);
                    }
                }
                (_, Json::Array(items)) => {
                    for (i, item) in items.iter_mut().enumerate() {
                        let length = push(pointer, &i.to_string());
                        self.schema(item, pointer)?;
                        pointer.truncate(length);
                    }
                }
                (_, value) => self.schema(value, pointer)?,
            }
            pointer.truncate(length);
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &mut String, pointer: &str) -> Result<(), String> {
        let (translated, error) = match self.checked(pattern)? {
            Ok(translated) => (translated, None),
            Err(error) => (INVALID.to_owned(), Some(error)),
        };
        let original = std::mem::replace(pattern, translated);
        self.originals.insert(
            pointer.to_owned(),
            Original {
                pattern: original,
                error,
            },
        );
        Ok(())
    }

    fn keys(&mut self, entries: Map<String, Json>) -> Result<Map<String, Json>, String> {
        let mut translated = Map::new();
        for (key, value) in entries {
            let mut name = match self.checked(&key)? {
                Ok(name) => name,
                Err(error) => {
                    let name = INVALID.repeat(self.keys.len() + 1);
                    let error = Some(error);
                    let pattern = key;
                    self.keys.insert(name.clone(), Original { pattern, error });
                    name
                }
            };
            // Two keys may mean the same; a group changes nothing.
            while translated.contains_key(&name) {
                let group = format!("(?:{name})");
                let n_bytes = self.programs.get(&name).copied().unwrap_or_default();
                self.programs.insert(group.clone(), n_bytes);
                name = group;
            }
            translated.insert(name, value);
        }
        Ok(translated)
    }

    /// Translates a pattern, or says what Go says, and adds to the bytes of all programs.
    fn checked(&mut self, pattern: &str) -> Result<Result<String, String>, String> {
        let too_large = || {
            Err(refusal(&format!(
                "its regular expressions take more than {MAX_SCHEMA_REGEX_BYTES} bytes"
            )))
        };
        if pattern.len() > MAX_SCHEMA_REGEX_BYTES / MAX_GROWTH {
            return too_large();
        }
        let translated = match translate(pattern) {
            Ok(translated) => translated,
            Err(error) => return Ok(Err(error)),
        };
        let n_bytes = match self.programs.get(&translated) {
            Some(n_bytes) => *n_bytes,
            None => match program_bytes(&translated, MAX_SCHEMA_REGEX_BYTES) {
                Some(n_bytes) => n_bytes.max(translated.len()),
                None => return too_large(),
            },
        };
        self.n_bytes += n_bytes;
        if self.n_bytes > MAX_SCHEMA_REGEX_BYTES {
            return too_large();
        }
        self.programs.insert(translated.clone(), n_bytes);
        Ok(Ok(translated))
    }
}

/// Adds a token to a JSON pointer; returns the length to cut it to again.
fn push(pointer: &mut String, token: &str) -> usize {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&escape_token(token));
    length
}
