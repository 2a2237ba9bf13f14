//! The levels of a tree of violations that the validator leaves out and Go does not.
//!
//! `allOf`, `anyOf` and `oneOf` with one failing subschema are no errors of the validator. They
//! show in the way from the schema that was applied to the one that failed.

use std::borrow::Cow;

use boon::{ErrorKind, InstanceToken, ValidationError};

use super::text::{percent_decoded, unescape_token};

/// A schema that is applied to a value.
#[derive(Clone, Copy)]
pub(super) struct Place<'e> {
    pub(super) url: &'e str,
    /// The path to that value.
    pub(super) tokens: &'e [InstanceToken<'e>],
}

/// The way from a schema to one below it.
pub(super) struct Way<'e> {
    steps: Vec<Step<'e>>,
    /// The path to the value of the schema at its end, and on.
    tokens: Cow<'e, [InstanceToken<'e>]>,
    /// Whether `tokens` is known from the error; else it may be too short.
    is_certain: bool,
    n_tokens: usize,
}

/// A keyword on the way, with the name or the number that follows it.
struct Step<'e> {
    /// The address of the schema that the step leads to.
    url: &'e str,
    /// How long the path to its value is.
    n_tokens: usize,
    /// What Go prints for the keyword.
    message: Option<&'static str>,
}

impl<'e> Way<'e> {
    /// The way from the schema at `base` to that of `error`.
    pub(super) fn new(error: &'e ValidationError<'_, '_>, base: Place<'e>) -> Way<'e> {
        let mut way = Way {
            steps: Vec::new(),
            tokens: Cow::Borrowed(&error.instance_location.tokens),
            is_certain: !matches!(error.kind, ErrorKind::PropertyName { .. }),
            n_tokens: base.tokens.len(),
        };
        if !way.is_certain {
            way.tokens = Cow::Borrowed(base.tokens);
        }
        let url = error.schema_url;
        let mut at = base.url.len();
        if !url.starts_with(base.url) {
            return way;
        }
        while let Some(keyword) = token_at(url, at) {
            at += 1 + keyword.len();
            let next = token_at(url, at);
            let is_number = next.is_some_and(|next| next.bytes().all(|b| b.is_ascii_digit()));
            let (mut message, mut has_next) = (None, true);
            match keyword {
                "allOf" => message = Some("'allOf' failed"),
                "anyOf" => message = Some("'anyOf' failed"),
                "oneOf" => message = Some("'oneOf' failed, none matched"),
                "properties" => way.step_into(next),
                "patternProperties" | "prefixItems" => way.step_into(None),
                "dependentSchemas" | "dependencies" => {}
                "contains"
                | "additionalItems"
                | "additionalProperties"
                | "unevaluatedItems"
                | "unevaluatedProperties" => {
                    has_next = false;
                    way.step_into(None);
                }
                // Before 2020-12 `items` may be a list; no other keyword is a number.
                "items" => {
                    has_next = is_number;
                    way.step_into(None);
                }
                _ => has_next = false,
            }
            if let (Some(next), true) = (next, has_next) {
                at += 1 + next.len();
            }
            way.steps.push(Step {
                url: &url[..at],
                n_tokens: way.n_tokens,
                message,
            });
        }
        way
    }

    /// Counts a token, and adds it if the address tells it and the error does not.
    fn step_into(&mut self, name: Option<&str>) {
        if let (Some(name), false) = (name, self.is_certain)
            && self.tokens.len() == self.n_tokens
        {
            let name = unescape_token(&percent_decoded(name));
            self.tokens.to_mut().push(InstanceToken::from(name));
        }
        self.n_tokens += 1;
    }

    /// The levels on the way: the path to the value, and the message.
    pub(super) fn levels(&self) -> impl Iterator<Item = (&[InstanceToken<'e>], &'static str)> {
        self.steps
            .iter()
            .filter_map(|step| Some((self.path(step.n_tokens), step.message?)))
    }

    fn path(&self, n_tokens: usize) -> &[InstanceToken<'e>] {
        self.tokens.get(..n_tokens).unwrap_or(&self.tokens)
    }

    /// Where the way ends.
    pub(super) fn end(&self) -> Option<Place<'_>> {
        let step = self.steps.last()?;
        Some(Place {
            url: step.url,
            tokens: self.path(step.n_tokens),
        })
    }

    /// How many steps `other` has in common.
    fn n_common(&self, other: &Way<'_>) -> usize {
        let same_path = |n_tokens: usize| {
            let (ours, theirs) = (self.path(n_tokens), other.path(n_tokens));
            ours.iter().zip(theirs).all(|pair| match pair {
                (InstanceToken::Prop(a), InstanceToken::Prop(b)) => a == b,
                (InstanceToken::Item(a), InstanceToken::Item(b)) => a == b,
                _ => false,
            })
        };
        self.steps
            .iter()
            .zip(&other.steps)
            .take_while(|(a, b)| a.url == b.url && same_path(a.n_tokens))
            .count()
    }
}

/// The way that all causes of an error have in common and that has levels on it: the causes are of
/// one subschema, which the validator takes for the schema itself.
pub(super) fn common_way<'e>(
    error: &ValidationError<'_, '_>,
    causes: &[&'e ValidationError<'_, '_>],
    base: Place<'e>,
) -> Option<Way<'e>> {
    let is_flat = matches!(
        error.kind,
        ErrorKind::Schema { .. } | ErrorKind::Reference { .. } | ErrorKind::PropertyName { .. }
    );
    if !is_flat || causes.len() < 2 {
        return None;
    }
    let ways: Vec<Way<'e>> = causes.iter().map(|cause| Way::new(cause, base)).collect();
    let best = ways.iter().position(|way| way.is_certain).unwrap_or(0);
    let n_steps = ways.iter().map(|way| ways[best].n_common(way)).min()?;
    let mut way = ways.into_iter().nth(best)?;
    way.steps.truncate(n_steps);
    way.levels().next()?;
    Some(way)
}

/// The token of a JSON pointer that begins at the slash at `at`.
fn token_at(url: &str, at: usize) -> Option<&str> {
    let rest = url.get(at..)?.strip_prefix('/')?;
    rest.split('/').next()
}

/// The subschema of a level that the validator did not leave out.
pub(super) fn branch<'e>(error: &ValidationError<'_, '_>, cause_url: &'e str) -> Option<&'e str> {
    let keyword = match error.kind {
        ErrorKind::AllOf => "/allOf/",
        ErrorKind::AnyOf => "/anyOf/",
        ErrorKind::OneOf(_) => "/oneOf/",
        _ => return None,
    };
    let way = cause_url
        .strip_prefix(error.schema_url)?
        .strip_prefix(keyword)?;
    let rest = way.find('/').map_or("", |slash| &way[slash..]);
    cause_url.strip_suffix(rest)
}
