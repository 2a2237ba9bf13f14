//! The addresses in a schema: checked as Go's `net/url` does, written as the validator takes them.

use std::collections::BTreeMap;

use boon::Draft;
use serde_json::Value as Json;

use super::ADDRESS;
use super::formats::uri_reference;
use super::patterns::Original;
use crate::funcs::url::Url;
use crate::value::quote::quote;

/// No address, for the validator either, but one that it can join with another.
const INVALID: &str = "\\";

/// What the validator cannot join with another address.
const UNPARSABLE: &str = "http://[";

/// What stood where the validator gets something else, by JSON pointer.
#[derive(Debug, Default)]
pub(super) struct References {
    originals: BTreeMap<String, Original>,
    /// Go's texts about references that it cannot parse, by what stands for them.
    unparsable: BTreeMap<String, String>,
    /// The metaschema of draft 4 says nothing about addresses.
    is_draft_4: bool,
}

impl References {
    pub(super) fn of(schema: &Json) -> References {
        let draft = schema.get("$schema").and_then(Json::as_str);
        References {
            is_draft_4: draft.and_then(Draft::from_url) == Some(Draft::V4),
            ..References::default()
        }
    }

    /// What stood at `pointer`.
    pub(super) fn original(&self, pointer: &str) -> Option<&Original> {
        self.originals.get(pointer)
    }

    /// The text in place of `shown`, which stands at `pointer`.
    pub(super) fn written<'a>(&'a self, pointer: &str, shown: &'a str) -> &'a str {
        match self.original(pointer) {
            Some(original) if escaped(&original.pattern) == shown => &original.pattern,
            _ => shown,
        }
    }

    /// Go's text about a reference that it cannot parse.
    pub(super) fn parse_error(&self, shown: &str) -> Option<&str> {
        self.unparsable.get(shown).map(String::as_str)
    }

    /// Escapes what only Go lets stand in the identifier or the reference at `pointer`.
    pub(super) fn escape(&mut self, keyword: &str, text: &mut String, pointer: &str) {
        let is_id = keyword == if self.is_draft_4 { "id" } else { "$id" };
        if matches!(keyword, "id" | "$id") && !is_id {
            return;
        }
        let main = text.split('#').next().unwrap_or_default();
        let problem = Url::parse(main.as_bytes()).err();
        let (shown, error) = match (uri_reference(text).err(), problem) {
            (_, Some(_)) if is_id => (UNPARSABLE.to_owned(), None),
            (Some(_), problem) if self.is_draft_4 => match problem {
                Some(problem) => {
                    let problem = format!("error in parsing {}: {problem}", quote(main.as_bytes()));
                    (self.unparsable(problem), None)
                }
                None => match bad_escape(text) {
                    Some(escape) => {
                        let (text, escape) = (quote(text.as_bytes()), quote(escape.as_bytes()));
                        let problem =
                            format!("error in parsing {text}: invalid URL escape {escape}");
                        (self.unparsable(problem), None)
                    }
                    None => (escaped(text), None),
                },
            },
            (Some(error), _) => (INVALID.to_owned(), Some(error)),
            (None, _) => (escaped(text), None),
        };
        if shown != *text {
            let pattern = std::mem::replace(text, shown);
            let original = Original { pattern, error };
            self.originals.insert(pointer.to_owned(), original);
        }
    }

    /// What stands for a reference that Go cannot parse.
    fn unparsable(&mut self, problem: String) -> String {
        let shown = format!("{UNPARSABLE}{}", self.unparsable.len());
        self.unparsable.insert(shown.clone(), problem);
        shown
    }
}

/// The first `%` in the fragment that no two digits follow, with what follows.
fn bad_escape(text: &str) -> Option<String> {
    let (_, fragment) = text.split_once('#')?;
    fragment.match_indices('%').find_map(|(at, _)| {
        let escape = &fragment.as_bytes()[at..fragment.len().min(at + 3)];
        let is_good = escape.len() == 3 && escape[1..].iter().all(u8::is_ascii_hexdigit);
        (!is_good).then(|| String::from_utf8_lossy(escape).into_owned())
    })
}

/// Escapes the characters that RFC 3986 does not allow.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_fragment = false;
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || b"-._~:/?@!$&'()*+,;=%".contains(&byte)
            || (b"[]".contains(&byte) && !in_fragment);
        if is_plain || (byte == b'#' && !in_fragment) {
            in_fragment |= byte == b'#';
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Checks the `$schema` of a schema: drafts are known by their texts.
///
/// # Errors
///
/// Go's text of why it cannot load a metaschema.
pub(super) fn check_metaschema(schema: &mut Json) -> Result<(), String> {
    let Some(Json::String(text)) = schema.get_mut("$schema") else {
        return Ok(());
    };
    if Draft::from_url(text).is_some() {
        return Ok(());
    }
    let address = text.split('#').next().unwrap_or_default();
    let quoted = quote(address.as_bytes());
    let url = Url::parse(address.as_bytes()).map_err(|e| {
        format!(
            "invalid $schema in {}: {e}",
            quote(format!("{ADDRESS}#").as_bytes())
        )
    })?;
    if address == ADDRESS {
        return Err(format!("draft {quoted} is not supported"));
    }
    match &*url.scheme {
        b"http" | b"https" if is_known(address) => *text = address.to_owned(),
        b"http" | b"https" => {
            return Err(format!("failing loading {quoted}: {}", super::NO_NETWORK));
        }
        b"file" => return Err(format!("failing loading {quoted}: {}", super::NO_FILES)),
        b"urn" => {}
        _ => {
            let url = quote(&url.to_bytes());
            return Err(format!(
                "failing loading {quoted}: no URLLoader registered for {url}"
            ));
        }
    }
    Ok(())
}

/// Whether the validator has the metaschema at `address` with it.
fn is_known(address: &str) -> bool {
    let path = ["http://json-schema.org/", "https://json-schema.org/"]
        .iter()
        .find_map(|prefix| address.strip_prefix(prefix));
    let Some(path) = path else {
        return false;
    };
    let vocabulary = ["draft/2019-09/meta/", "draft/2020-12/meta/"]
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix));
    match vocabulary {
        Some(name) => !name.is_empty() && !name.contains(['/', '.', '%']),
        None => Draft::from_url(address).is_some(),
    }
}
