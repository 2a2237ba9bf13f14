//! Keywords that the validator does not check as Go does, made formats that do.
//!
//! In: a schema. Out: one whose formats are Go's and in which `multipleOf` is a `format`, too. The
//! functions of formats are plain, so there is a fixed number of them and a table per thread of what
//! each checks. From draft 2019-09 on a format is only checked if the metaschema says so: with
//! `multipleOf` in a schema its metaschema is one of `METASCHEMAS`, without formats of its own.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use boon::{Compiler, Draft, ErrorKind, Format, ValidationError};
use serde_json::{Map, Value as Json, json};

use super::formats::FORMATS;
use super::multiple::Decimal;
use super::text::{number, scalar};

/// The addresses of metaschemas that are the drafts' own but for the formats, which they assert.
const METASCHEMAS: [(Draft, &str); 2] = [
    (Draft::V2019_09, "schema:draft/2019-09"),
    (Draft::V2020_12, "schema:draft/2020-12"),
];

/// A text that is the whole message of a violation.
#[derive(Debug)]
pub(super) struct Message(String);

impl Error for Message {}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a format of `SLOTS` checks.
#[derive(Clone, Debug, PartialEq)]
struct Slot {
    divisor: Decimal,
    number: serde_json::Number,
    /// The format of texts, in `FORMATS`.
    format: Option<usize>,
}

thread_local! {
    /// What the formats of `SLOTS` check in the schema at hand.
    static CHECKED: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

/// Replaces the keywords of `schema`.
pub(super) fn replace(schema: &mut Json) {
    let draft = match schema.get("$schema").and_then(Json::as_str) {
        Some(url) => Draft::from_url(url),
        None => Some(Draft::default()),
    };
    let mut rewriter = Rewriter {
        asserts_format: draft.is_some_and(|draft| draft < Draft::V2019_09),
        slots: Vec::new(),
    };
    let metaschema = METASCHEMAS.iter().find(|(of, _)| Some(*of) == draft);
    if metaschema.is_some() || rewriter.asserts_format {
        walk(schema, &mut |keywords| rewriter.rewrite(keywords));
    }
    if let (Json::Object(keywords), Some((_, address)), false) =
        (&mut *schema, metaschema, rewriter.slots.is_empty())
    {
        keywords.insert("$schema".to_owned(), (*address).into());
        walk(schema, &mut Rewriter::unassert);
    }
    CHECKED.set(rewriter.slots);
}

/// Makes the formats known to `compiler`.
pub(super) fn register(compiler: &mut Compiler) {
    let formats = FORMATS.iter().zip(FORMAT_CHECKS);
    let formats = formats.map(|((name, _), func)| (alias(name), func));
    for (name, func) in formats.chain(SLOTS) {
        compiler.register_format(Format { name, func });
    }
}

/// The metaschema at `url`, if it is one of here.
pub(super) fn metaschema(url: &str) -> Option<Json> {
    let (draft, _) = METASCHEMAS.iter().find(|(_, address)| *address == url)?;
    let (base, vocabularies): (_, &[&str]) = match draft {
        Draft::V2019_09 => (
            "https://json-schema.org/draft/2019-09/",
            &["core", "applicator", "validation", "format"],
        ),
        _ => (
            "https://json-schema.org/draft/2020-12/",
            &[
                "core",
                "applicator",
                "unevaluated",
                "validation",
                "format-assertion",
            ],
        ),
    };
    let vocabularies = vocabularies
        .iter()
        .map(|name| (format!("{base}vocab/{name}"), Json::Bool(true)));
    Some(json!({
        "$schema": format!("{base}schema"),
        "$vocabulary": vocabularies.collect::<Map<_, _>>(),
    }))
}

/// Whether an error is of `multipleOf`, which is a format only here.
pub(super) fn is_multiple_of(error: &ValidationError<'_, '_>) -> bool {
    matches!(&error.kind, ErrorKind::Format { got, .. } if got.is_number())
}

/// The name under which the validator knows a format; its own `regex` cannot be replaced.
fn alias(name: &'static str) -> &'static str {
    match name {
        "regex" => "go-regex",
        name => name,
    }
}

struct Rewriter {
    /// Whether the draft checks formats.
    asserts_format: bool,
    slots: Vec<Slot>,
}

impl Rewriter {
    fn rewrite(&mut self, keywords: &mut Map<String, Json>) {
        let mut format = None;
        if let (Some(Json::String(name)), true) = (keywords.get_mut("format"), self.asserts_format)
        {
            format = FORMATS.iter().position(|(known, _)| known == name);
            // Go ignores what it does not know.
            *name = format.map_or("", |i| alias(FORMATS[i].0)).to_owned();
        }
        let Some(Json::Number(number)) = keywords.get("multipleOf") else {
            return;
        };
        let divisor = Decimal::of(number).filter(|divisor| !divisor.is_zero());
        let is_positive = number.as_f64().is_some_and(|number| number > 0.0);
        let (Some(divisor), true) = (divisor, is_positive) else {
            return;
        };
        let slot = Slot {
            divisor,
            number: number.clone(),
            format,
        };
        // What is no text is an error that has to stay.
        if !keywords.get("format").is_none_or(Json::is_string) {
            return;
        }
        if let Some(name) = self.slot(slot) {
            keywords.remove("multipleOf");
            keywords.insert("format".to_owned(), name.into());
        }
    }

    /// The name of the format that checks `slot`, as long as there are any.
    fn slot(&mut self, slot: Slot) -> Option<&'static str> {
        let known = self.slots.iter().position(|known| *known == slot);
        let index = known.unwrap_or(self.slots.len());
        let (name, _) = SLOTS.get(index)?;
        if known.is_none() {
            self.slots.push(slot);
        }
        Some(name)
    }

    /// Drops the formats that are none of here.
    fn unassert(keywords: &mut Map<String, Json>) {
        let is_slot = |name: &str| SLOTS.iter().any(|(slot, _)| *slot == name);
        if let Some(Json::String(name)) = keywords.get("format")
            && !is_slot(name)
        {
            keywords.remove("format");
        }
    }
}

/// Calls `visit` for the keywords of each schema; the recursion is bounded by the parser's.
fn walk(schema: &mut Json, visit: &mut dyn FnMut(&mut Map<String, Json>)) {
    let Json::Object(keywords) = schema else {
        return;
    };
    visit(keywords);
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("enum" | "const" | "default" | "examples", _) => {}
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas"
                | "dependencies",
                Json::Object(entries),
            ) => entries.values_mut().for_each(|entry| walk(entry, visit)),
            (_, Json::Array(items)) => items.iter_mut().for_each(|item| walk(item, visit)),
            (_, value) => walk(value, visit),
        }
    }
}

type Check = fn(&Json) -> Result<(), Box<dyn Error>>;

fn check_format<const FORMAT: usize>(value: &Json) -> Result<(), Box<dyn Error>> {
    let (name, check) = FORMATS[FORMAT];
    match value {
        Json::String(text) => check(text).map_err(|e| {
            let value = scalar(value);
            Message(format!("{value} is not valid {name}: {e}")).into()
        }),
        _ => Ok(()),
    }
}

fn check_slot<const SLOT: usize>(value: &Json) -> Result<(), Box<dyn Error>> {
    let slot = CHECKED.with_borrow(|slots| slots.get(SLOT).cloned());
    let Some(slot) = slot else {
        return Ok(());
    };
    match value {
        Json::Number(got) => match Decimal::of(got) {
            Some(exact) if !exact.is_multiple_of(slot.divisor) => {
                let (got, want) = (number(got), number(&slot.number));
                Err(Message(format!("multipleOf: got {got}, want {want}")).into())
            }
            _ => Ok(()),
        },
        value => slot.format.map_or(Ok(()), |i| FORMAT_CHECKS[i](value)),
    }
}

macro_rules! functions {
    ($function:ident: $($n:literal)*) => {
        [$($function::<$n>),*]
    };
}

const FORMAT_CHECKS: [Check; FORMATS.len()] =
    functions!(check_format: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18);

macro_rules! slots {
    ($($n:literal)*) => {
        [$((concat!("multiple-", $n), check_slot::<$n>)),*]
    };
}

/// The formats that stand for `multipleOf`; schemas with more divisors leave some to the validator.
const SLOTS: [(&str, Check); 32] = slots!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
);
