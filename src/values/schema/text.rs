//! The words and the layout of santhosh-tekuri/jsonschema v6 for a tree of violations.

use boon::{ErrorKind, InstanceToken, ValidationError};
use serde_json::Value as Json;

use crate::value::format;
use crate::value::quote::quote;

/// The whole text of a failed validation against `schema`.
pub(super) fn validation(error: &ValidationError<'_, '_>, schema: &Json) -> String {
    let mut writer = Writer {
        out: String::new(),
        schema,
    };
    writer.write(error, 0);
    writer.out
}

struct Writer<'s> {
    out: String,
    schema: &'s Json,
}

impl Writer<'_> {
    fn write(&mut self, error: &ValidationError<'_, '_>, indent: usize) {
        let error = shown(error);
        if let ErrorKind::Reference { .. } = error.kind
            && let [cause] = error.causes.as_slice()
        {
            return self.write(cause, indent);
        }
        if indent > 0 {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(indent - 1));
            self.out.push_str("- ");
        }
        let message = self.message(error);
        if !matches!(error.kind, ErrorKind::Schema { .. }) {
            let pointer = pointer(&error.instance_location.tokens);
            self.out
                .push_str(&format!("at {}: ", single_quote(&pointer)));
        }
        self.out.push_str(&message);
        for cause in &error.causes {
            self.write(cause, indent + 1);
        }
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
            ErrorKind::Format { got, want, err } => {
                format!("{} is not valid {want}: {err}", scalar(got))
            }
            ErrorKind::Pattern { got, want } => format!(
                "{} does not match pattern {}",
                single_quote(got),
                single_quote(self.pattern(error.schema_url).unwrap_or(want))
            ),
            ErrorKind::ContentEncoding { want, err } => {
                format!("value is not {} encoded: {err}", single_quote(want))
            }
            ErrorKind::ContentMediaType { want, err, .. } => {
                format!("value if not of mediatype {}: {err}", single_quote(want))
            }
            ErrorKind::ContentSchema => "'contentSchema' failed".to_owned(),
            other => object_or_array(other).unwrap_or_else(|| bound(other)),
        }
    }

    /// The pattern as the schema's author wrote it; the validator only has its translation.
    fn pattern(&self, schema_url: &str) -> Option<&str> {
        let (_, fragment) = schema_url.split_once('#')?;
        let pointer = format!("{}/pattern", percent_decoded(fragment));
        self.schema.pointer(&pointer)?.as_str()
    }
}

/// The error that Go has in the place of `error`: it stops at a wrong format, and it puts no
/// level around a single cause of `contains`.
fn shown<'e, 's, 'v>(error: &'e ValidationError<'s, 'v>) -> &'e ValidationError<'s, 'v> {
    match error.kind {
        ErrorKind::Group => error
            .causes
            .iter()
            .find(|cause| {
                matches!(cause.kind, ErrorKind::Format { .. })
                    && cause.schema_url == error.schema_url
            })
            .unwrap_or(error),
        ErrorKind::Contains | ErrorKind::MinContains { .. } => match error.causes.as_slice() {
            [cause] => shown(cause),
            _ => error,
        },
        _ => error,
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
        ErrorKind::PropertyName { prop } => {
            format!("invalid propertyName {}", single_quote(prop))
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

fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => single_quote(text),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        Json::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

/// Go's `%q` turned inside out: single quotes around, double quotes plain.
fn single_quote(text: &str) -> String {
    let quoted = quote(text.as_bytes());
    let inner = quoted[1..quoted.len() - 1]
        .replace("\\\"", "\"")
        .replace('\'', "\\'");
    format!("'{inner}'")
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
                out.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            InstanceToken::Item(index) => out.push_str(&index.to_string()),
        }
    }
    out
}

fn percent_decoded(text: &str) -> String {
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
fn number(n: &serde_json::Number) -> String {
    let text = format::float(n.as_f64().unwrap_or(f64::NAN));
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
