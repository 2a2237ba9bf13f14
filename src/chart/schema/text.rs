//! The words and the layout of santhosh-tekuri/jsonschema v6 for a tree of violations.

use boon::{ErrorKind, InstanceToken, ValidationError};
use serde_json::Value as Json;

use super::assertions::{Message, is_multiple_of};
use super::formats::FORMATS;
use super::levels::{Place, Way, branch, common_way};
use super::patterns::{Original, Patterns};
use crate::limits::MAX_ERROR_BYTES;
use crate::template;
use crate::value::format;
use crate::value::quote::quote;

/// The whole text of a failed validation.
pub(super) fn validation(error: &ValidationError<'_, '_>, patterns: &Patterns) -> String {
    let mut writer = Writer {
        out: String::new(),
        patterns,
    };
    let base = Place {
        url: error.schema_url,
        tokens: &[],
    };
    writer.write(error, base, 0);
    cut(writer.out)
}

/// Shortens a text beyond the bound.
fn cut(text: String) -> String {
    let is_long = text.len() > MAX_ERROR_BYTES;
    let mut text = template::cut(text);
    if is_long {
        text.push_str(&format!(
            "\n- there is more: the text has more than {MAX_ERROR_BYTES} bytes"
        ));
    }
    text
}

struct Writer<'p> {
    out: String,
    patterns: &'p Patterns,
}

impl Writer<'_> {
    /// Writes an error that was found while the schema at `base` was applied.
    fn write(&mut self, error: &ValidationError<'_, '_>, base: Place<'_>, mut indent: usize) {
        if self.out.len() > MAX_ERROR_BYTES {
            return;
        }
        let error = shown(error);
        for (tokens, message) in Way::new(error, base).levels() {
            self.line(tokens, message, indent);
            indent += 1;
        }
        let tokens = &error.instance_location.tokens;
        let causes = causes(error);
        let property_names;
        let mut inner = Place {
            url: error.schema_url,
            tokens,
        };
        match &error.kind {
            ErrorKind::Reference { url, .. } => inner.url = url,
            ErrorKind::PropertyName { .. } => {
                property_names = format!("{}/propertyNames", error.schema_url);
                inner.url = &property_names;
            }
            _ => {}
        }
        let common = common_way(error, &causes, inner);
        // A reference to a single cause is no level of its own.
        let is_single = causes.len() == 1 || common.is_some();
        if !(matches!(error.kind, ErrorKind::Reference { .. }) && is_single) {
            let message = self.message(error);
            if let ErrorKind::Schema { .. } = error.kind {
                self.out.push_str(&message);
            } else {
                self.line(tokens, &message, indent);
            }
            indent += 1;
        }
        let common = common.as_ref().and_then(|way| Some((way, way.end()?)));
        if let Some((way, end)) = common {
            for (tokens, message) in way.levels() {
                self.line(tokens, message, indent);
                indent += 1;
            }
            self.line(end.tokens, "validation failed", indent);
            indent += 1;
            inner = end;
        }
        for cause in causes {
            match branch(error, cause.schema_url) {
                Some(url) => self.write(cause, Place { url, ..inner }, indent),
                None => self.write(cause, inner, indent),
            }
        }
    }

    fn line(&mut self, tokens: &[InstanceToken<'_>], message: &str, indent: usize) {
        if indent > 0 {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(indent - 1));
            self.out.push_str("- ");
        }
        let place = single_quote(&pointer(tokens));
        self.out.push_str(&format!("at {place}: {message}"));
    }

    fn message(&self, error: &ValidationError<'_, '_>) -> String {
        match &error.kind {
            ErrorKind::Schema { url } => {
                format!("jsonschema validation failed with {}", single_quote(url))
            }
            ErrorKind::Group | ErrorKind::Reference { .. } => "validation failed".to_owned(),
            ErrorKind::Not => "'not' failed".to_owned(),
            ErrorKind::AllOf => "'allOf' failed".to_owned(),
            ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
            ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
            ErrorKind::OneOf(Some((i, j))) => format!(
                "'oneOf' failed, subschemas {}, {} matched",
                count(*i),
                count(*j)
            ),
            ErrorKind::FalseSchema => "false schema".to_owned(),
            ErrorKind::RefCycle {
                url,
                kw_loc1,
                kw_loc2,
            } => format!(
                "both {kw_loc1} and {kw_loc2} resolve to {} causing reference cycle",
                quote(url.as_bytes())
            ),
            ErrorKind::Type { got, want } => {
                let want: Vec<String> = want.iter().map(|t| t.to_string()).collect();
                format!("got {got}, want {}", want.join(" or "))
            }
            ErrorKind::Enum { want } => one_of(want),
            ErrorKind::Const { want } if is_container(want) => "'const' failed".to_owned(),
            ErrorKind::Const { want } => format!("value must be {}", scalar(want)),
            ErrorKind::Format { err, .. } if err.is::<Message>() => err.to_string(),
            ErrorKind::Format { got, want, err } => {
                let key = got.as_str().and_then(|key| self.patterns.refused_key(key));
                match key.or_else(|| self.original(&pointer(&error.instance_location.tokens))) {
                    Some(Original {
                        pattern,
                        error: Some(err),
                    }) => format!("{} is not valid {want}: {err}", single_quote(pattern)),
                    _ => {
                        let error = in_go(want, got).unwrap_or_else(|| err.to_string());
                        format!("{} is not valid {want}: {error}", scalar(got))
                    }
                }
            }
            ErrorKind::Pattern { got, want } => {
                let want = match self.pattern(error.schema_url) {
                    Some(original) => &original.pattern,
                    None => *want,
                };
                let place = pointer(&error.instance_location.tokens);
                format!(
                    "{} does not match pattern {}",
                    single_quote(self.patterns.references.written(&place, got)),
                    single_quote(want)
                )
            }
            ErrorKind::ContentEncoding { want, err } => {
                format!("value is not {} encoded: {err}", single_quote(want))
            }
            ErrorKind::ContentMediaType { want, err, .. } => {
                format!("value if not of mediatype {}: {err}", single_quote(want))
            }
            ErrorKind::ContentSchema => "'contentSchema' failed".to_owned(),
            ErrorKind::PropertyName { prop } => {
                let original = self.patterns.refused_key(prop);
                let name = original.map_or(prop, |original| &original.pattern);
                format!("invalid propertyName {}", single_quote(name))
            }
            other => object_or_array(other).unwrap_or_else(|| bound(other)),
        }
    }

    /// The pattern that a schema's author wrote; the validator only has its translation.
    fn pattern(&self, schema_url: &str) -> Option<&Original> {
        let (_, fragment) = schema_url.split_once('#')?;
        self.original(&format!("{}/pattern", percent_decoded(fragment)))
    }

    fn original(&self, pointer: &str) -> Option<&Original> {
        self.patterns.original(pointer)
    }
}

/// What Go says about a value that a metaschema gives a format.
fn in_go(format: &str, value: &Json) -> Option<String> {
    let (_, check) = FORMATS.iter().find(|(name, _)| *name == format)?;
    check(value.as_str()?).err()
}

/// The error that Go has in the place of `error`: without a level around what is single.
fn shown<'e, 's, 'v>(error: &'e ValidationError<'s, 'v>) -> &'e ValidationError<'s, 'v> {
    match (&error.kind, causes(error).as_slice()) {
        (ErrorKind::Group, [cause]) => cause,
        _ => error,
    }
}

/// The causes that Go has, in an order that is always the same.
///
/// Of a schema whose own `format` fails Go checks nothing else. The validator finds that first, and
/// all other causes in the same schema and the same value.
fn causes<'e, 's, 'v>(error: &'e ValidationError<'s, 'v>) -> Vec<&'e ValidationError<'s, 'v>> {
    if let [first, second, ..] = error.causes.as_slice() {
        let is_format = matches!(first.kind, ErrorKind::Format { .. }) && !is_multiple_of(first);
        if is_format && is_within(second, first) {
            return vec![first];
        }
    }
    let mut causes: Vec<_> = error.causes.iter().collect();
    // The validator goes over what is unevaluated in the order of a hash table.
    let base = match &error.kind {
        ErrorKind::Reference { url, .. } => *url,
        _ => error.schema_url,
    };
    let unevaluated = |cause: &ValidationError<'s, 'v>| unevaluated(cause.schema_url, base);
    for run in causes.chunk_by_mut(|a, b| unevaluated(a) == unevaluated(b)) {
        if run
            .first()
            .is_some_and(|cause| unevaluated(cause).is_some())
        {
            run.sort_by(|a, b| ranks(a).cmp(ranks(b)));
        }
    }
    put_multiples_last(&mut causes);
    causes
}

/// Says whether an error is of the schema and of the value of another one, or of parts of them.
fn is_within(error: &ValidationError<'_, '_>, other: &ValidationError<'_, '_>) -> bool {
    let below = error.schema_url.strip_prefix(other.schema_url);
    let n_tokens = other.instance_location.tokens.len();
    below.is_some_and(|way| way.is_empty() || way.starts_with('/'))
        && ranks(error).take(n_tokens).eq(ranks(other))
}

/// How far the address of a schema leads to what its schema at `base` leaves unevaluated.
fn unevaluated(url: &str, base: &str) -> Option<usize> {
    let way = url.strip_prefix(base)?;
    Some(base.len() + way.find("/unevaluated")?)
}

fn ranks<'e>(error: &'e ValidationError<'_, '_>) -> impl Iterator<Item = (usize, &'e str)> {
    error.instance_location.tokens.iter().map(rank)
}

/// Orders the parts of a path as they stand in the values.
fn rank<'e>(token: &'e InstanceToken<'_>) -> (usize, &'e str) {
    match token {
        InstanceToken::Prop(name) => (0, name),
        InstanceToken::Item(index) => (*index, ""),
    }
}

/// Moves errors of `multipleOf` behind those of the bounds of the same schema, as Go has them.
fn put_multiples_last(causes: &mut [&ValidationError<'_, '_>]) {
    for i in 0..causes.len() {
        if !is_multiple_of(causes[i]) {
            continue;
        }
        let url = causes[i].schema_url;
        let place = pointer(&causes[i].instance_location.tokens);
        let is_bound = |cause: &&&ValidationError<'_, '_>| {
            let is_bound = matches!(
                cause.kind,
                ErrorKind::Minimum { .. }
                    | ErrorKind::Maximum { .. }
                    | ErrorKind::ExclusiveMinimum { .. }
                    | ErrorKind::ExclusiveMaximum { .. }
            );
            let is_same_place = || pointer(&cause.instance_location.tokens) == place;
            is_bound && cause.schema_url == url && is_same_place()
        };
        let n_bounds = causes[i + 1..].iter().take_while(is_bound).count();
        causes[i..=i + n_bounds].rotate_left(1);
    }
}

fn object_or_array(kind: &ErrorKind<'_, '_>) -> Option<String> {
    Some(match kind {
        ErrorKind::Required { want } => match want.as_slice() {
            [one] => format!("missing property {}", single_quote(one)),
            all => format!("missing properties {}", quoted_list(all)),
        },
        ErrorKind::Dependency { prop, missing }
        | ErrorKind::DependentRequired { prop, missing } => {
            format!(
                "properties {} required, if {} exists",
                quoted_list(missing),
                single_quote(prop)
            )
        }
        ErrorKind::AdditionalProperties { got } => {
            format!("additional properties {} not allowed", quoted_list(got))
        }
        ErrorKind::AdditionalItems { got } => {
            format!("last {} additionalItem(s) not allowed", count(*got))
        }
        ErrorKind::UniqueItems { got: [i, j] } => {
            format!("items at {} and {} are equal", count(*i), count(*j))
        }
        ErrorKind::Contains => "no items match contains schema".to_owned(),
        ErrorKind::MinContains { got, want } if got.is_empty() => format!(
            "min {} items required to match contains schema, but none matched",
            count(*want)
        ),
        ErrorKind::MinContains { got, want } => matched("min", got, *want),
        ErrorKind::MaxContains { got, want } => matched("max", got, *want),
        _ => return None,
    })
}

fn matched(bound: &str, got: &[usize], want: usize) -> String {
    let places: Vec<String> = got.iter().map(usize::to_string).collect();
    format!(
        "{bound} {} items required to match contains schema, but matched {} items at {}",
        count(want),
        count(got.len()),
        places.join(" ")
    )
}

/// The texts of the form `minimum: got 1, want 2`.
fn bound(kind: &ErrorKind<'_, '_>) -> String {
    let (name, got, want) = match kind {
        ErrorKind::MinProperties { got, want } => ("minProperties", count(*got), count(*want)),
        ErrorKind::MaxProperties { got, want } => ("maxProperties", count(*got), count(*want)),
        ErrorKind::MinItems { got, want } => ("minItems", count(*got), count(*want)),
        ErrorKind::MaxItems { got, want } => ("maxItems", count(*got), count(*want)),
        ErrorKind::MinLength { got, want } => ("minLength", count(*got), count(*want)),
        ErrorKind::MaxLength { got, want } => ("maxLength", count(*got), count(*want)),
        ErrorKind::Minimum { got, want } => ("minimum", number(got), number(want)),
        ErrorKind::Maximum { got, want } => ("maximum", number(got), number(want)),
        ErrorKind::ExclusiveMinimum { got, want } => {
            ("exclusiveMinimum", number(got), number(want))
        }
        ErrorKind::ExclusiveMaximum { got, want } => {
            ("exclusiveMaximum", number(got), number(want))
        }
        ErrorKind::MultipleOf { got, want } => ("multipleOf", number(got), number(want)),
        _ => return "validation failed".to_owned(),
    };
    format!("{name}: got {got}, want {want}")
}

fn one_of(want: &[Json]) -> String {
    if want.iter().any(is_container) {
        return "'enum' failed".to_owned();
    }
    let all: Vec<String> = want.iter().map(scalar).collect();
    match all.as_slice() {
        [one] => format!("value must be {one}"),
        all => format!("value must be one of {}", all.join(", ")),
    }
}

fn is_container(value: &Json) -> bool {
    value.is_array() || value.is_object()
}

pub(super) fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => single_quote(text),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        Json::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

/// Go's `%q` turned inside out: single quotes around, double quotes plain.
fn single_quote(text: &str) -> String {
    // Go replaces before it cuts off the outer quotes, so a backslash at the end is plain.
    let quoted = quote(text.as_bytes())
        .replace("\\\"", "\"")
        .replace('\'', "\\'");
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

fn quoted_list(items: &[impl AsRef<str>]) -> String {
    let items: Vec<String> = items.iter().map(|i| single_quote(i.as_ref())).collect();
    items.join(", ")
}

fn pointer(tokens: &[InstanceToken<'_>]) -> String {
    let mut out = String::new();
    for token in tokens {
        out.push('/');
        match token {
            InstanceToken::Prop(name) => {
                out.push_str(&escape_token(name));
            }
            InstanceToken::Item(index) => out.push_str(&index.to_string()),
        }
    }
    out
}

/// A part of a JSON pointer.
pub(super) fn escape_token(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// What `escape_token` made of a text, undone.
pub(super) fn unescape_token(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

pub(super) fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A whole number as English writes it.
fn count(n: usize) -> String {
    grouped(&n.to_string())
}

/// A number as golang.org/x/text prints a float64 in English: `2,500`, `1×10⁰⁶`.
pub(super) fn number(n: &serde_json::Number) -> String {
    let number = n.as_f64().unwrap_or(f64::NAN);
    // `source` has the largest number in place of larger ones.
    if number.abs() >= f64::MAX {
        return if number > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    let text = format::float(number);
    let Some((mantissa, exponent)) = text.split_once('e') else {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.as_str()),
        };
        let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
        return format!("{sign}{}{fraction}", grouped(whole));
    };
    let exponent: String = exponent.chars().filter_map(superscript).collect();
    format!("{mantissa}×10{exponent}")
}

fn superscript(c: char) -> Option<char> {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    match c {
        '-' => Some('⁻'),
        digit => DIGITS.get(digit.to_digit(10)? as usize).copied(),
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_beyond_the_bound() {
        let most = "é".repeat(MAX_ERROR_BYTES / 2);
        assert_eq!(cut(most.clone()), most);
        let more = cut(format!("{most}x"));
        let says = "…\n- there is more: the text has more than 1048576 bytes";
        assert_eq!(more, format!("{most}{says}"));
    }
}
