//! The conventions of Helm's flags (Go's `pflag`) on top of clap's.
//!
//! A boolean takes `=true` or `=false`, the last of repeated flags counts, and a flag that needs
//! a value takes the next argument whatever it begins with. Lists are records of CSV.

use std::any::TypeId;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::cli::exit::Error;

/// Arguments whose flags all behave as `pflag`'s do.
#[derive(Debug)]
pub(in crate::cli) struct Conventional<A>(pub(in crate::cli) A);

impl<A: Args> Args for Conventional<A> {
    fn augment_args(command: Command) -> Command {
        conventions(A::augment_args(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        conventions(A::augment_args_for_update(command))
    }
}

impl<A: FromArgMatches> FromArgMatches for Conventional<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        A::from_arg_matches(matches).map(Conventional)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

fn conventions(command: Command) -> Command {
    command.args_override_self(true).mut_args(|arg| {
        if arg.is_positional() || arg.is_require_equals_set() {
            return arg;
        }
        let is_bool = arg.get_value_parser().type_id() == TypeId::of::<bool>();
        match arg.get_action() {
            ArgAction::SetTrue => boolean(arg).default_value("false").hide_default_value(true),
            ArgAction::Set if is_bool => boolean(arg),
            ArgAction::Set | ArgAction::Append => arg.allow_hyphen_values(true),
            _ => arg,
        }
    })
}

/// A flag that is true when it is given, or what follows its `=`.
fn boolean(arg: Arg) -> Arg {
    arg.action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_name("BOOL")
        .value_parser(ValueParser::new(parse_bool))
}

/// Go's `strconv.ParseBool`.
///
/// # Errors
///
/// Go's text.
pub(super) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!(
            "strconv.ParseBool: parsing {text:?}: invalid syntax"
        )),
    }
}

/// What `pflag` says of a value that a flag refuses.
pub(super) fn invalid(value: &str, name: &str, reason: &str) -> Error {
    Error::usage(format!(
        "invalid argument {value:?} for \"{name}\" flag: {reason}"
    ))
}

/// The fields of the list flag `name`, each of whose values is one record of CSV.
///
/// # Errors
///
/// `pflag`'s text of a value that is none.
pub(super) fn csv_list(name: &str, values: &[String]) -> Result<Vec<String>, Error> {
    let mut fields = Vec::new();
    for value in values.iter().filter(|value| !value.is_empty()) {
        let record = record(value).map_err(|reason| invalid(value, name, &reason))?;
        fields.extend(record);
    }
    Ok(fields)
}

/// The first record of a CSV text, as Go's `encoding/csv` reads it: empty lines before it are
/// skipped, and what follows it is left alone.
fn record(text: &str) -> Result<Vec<String>, String> {
    let text = text.replace("\r\n", "\n");
    let text = text.strip_suffix('\r').unwrap_or(&text);
    let start = text.len() - text.trim_start_matches('\n').len();
    if start == text.len() {
        return Err("EOF".to_owned());
    }
    let mut fields = Vec::new();
    let mut at = start;
    loop {
        let (field, end) = match text[at..].starts_with('"') {
            true => quoted_field(text, at),
            false => bare_field(text, at),
        }
        .map_err(|(at, reason)| place(text, start, at) + reason)?;
        fields.push(field);
        if !text[end..].starts_with(',') {
            return Ok(fields);
        }
        at = end + 1;
    }
}

/// A field without quotes that starts at `at`, and its end.
fn bare_field(text: &str, at: usize) -> Result<(String, usize), (usize, &'static str)> {
    let end = text[at..].find([',', '\n']);
    let end = end.map_or(text.len(), |length| at + length);
    match text[at..end].find('"') {
        Some(quote) => Err((at + quote, "bare \" in non-quoted-field")),
        None => Ok((text[at..end].to_owned(), end)),
    }
}

/// A field whose opening quote is at `at`, and its end; `""` is a quote.
fn quoted_field(text: &str, at: usize) -> Result<(String, usize), (usize, &'static str)> {
    const REASON: &str = "extraneous or missing \" in quoted-field";
    let mut field = String::new();
    let mut at = at + 1;
    loop {
        let length = text[at..].find('"').ok_or((text.len(), REASON))?;
        field.push_str(&text[at..at + length]);
        at += length + 1;
        match text.as_bytes().get(at) {
            Some(b'"') => {
                field.push('"');
                at += 1;
            }
            None | Some(b',' | b'\n') => return Ok((field, at)),
            Some(_) => return Err((at - 1, REASON)),
        }
    }
}

/// Where Go says that the record that starts at `start` is wrong at `at`.
fn place(text: &str, start: usize, at: usize) -> String {
    let line_of = |at: usize| 1 + text[..at].matches('\n').count();
    // A line end that ends the text starts no line.
    let before = if at == text.len() { at - 1 } else { at };
    let column = at - text[..before].rfind('\n').map_or(0, |end| end + 1) + 1;
    let (first, line) = (line_of(start), line_of(before));
    let record = match first == line {
        true => String::new(),
        false => format!("record on line {first}; "),
    };
    format!("{record}parse error on line {line}, column {column}: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_records_of_csv() {
        let list = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
            csv_list("-f, --values", &values).map_err(|error| error.message)
        };
        let fields = |values: &[&str]| list(values).expect("a list");
        assert_eq!(fields(&["a,b", "c"]), ["a", "b", "c"]);
        assert_eq!(fields(&["\"a,b\",c", ""]), ["a,b", "c"]);
        assert_eq!(fields(&["\"a\"\"b\"", ","]), ["a\"b", "", ""]);
        assert_eq!(fields(&["\na\nb", "\"c\nd\"\r\n"]), ["a", "c\nd"]);
        let refused = [
            (
                "a\"b",
                "parse error on line 1, column 2: bare \" in non-quoted-field",
            ),
            (
                "\"a\"b",
                "parse error on line 1, column 3: extraneous or missing \" in quoted-field",
            ),
            (
                "\"a\n",
                "parse error on line 1, column 4: extraneous or missing \" in quoted-field",
            ),
            ("\n", "EOF"),
        ];
        for (value, reason) in refused {
            let message = format!("invalid argument {value:?} for \"-f, --values\" flag: {reason}");
            assert_eq!(list(&[value]), Err(message));
        }
    }

    #[test]
    fn booleans_are_go_s() {
        assert_eq!(parse_bool("T"), Ok(true));
        assert_eq!(parse_bool("False"), Ok(false));
        assert!(parse_bool("yes").is_err());
    }
}
