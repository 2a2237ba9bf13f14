//! Regular expressions in the dialect of Go's `regexp`.
//!
//! In: patterns, texts and replacement templates, any bytes. Out: matches and replaced texts.
//! Refused: patterns that Go refuses, with Go's words, and patterns whose program would be larger
//! than [`MAX_REGEX_BYTES`].

mod class;
mod expand;
mod matcher;
mod meter;
mod syntax;
mod unicode;

use std::ops::Range;
use std::rc::Rc;

use crate::funcs::strings::check_size;
use crate::limits::{MAX_REGEX_BYTES, MAX_REGEX_WORK, MAX_STRING_BYTES};
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::quote::back_quote;
use crate::value::{List, ListType, Str, Value};

use matcher::{CompileError, Matcher, SearchError};

const PATTERN_AND_TEXT: &[Param] = &[Param::String, Param::String];
const THREE_STRINGS: &[Param] = &[Param::String, Param::String, Param::String];
const WITH_COUNT: &[Param] = &[Param::String, Param::String, Param::Int];

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::run("regexMatch", PATTERN_AND_TEXT, regex_match),
    Function::run("mustRegexMatch", PATTERN_AND_TEXT, must_regex_match),
    Function::run("regexFind", PATTERN_AND_TEXT, |run, args| {
        let matcher = compile(run, args)?;
        find(run, &matcher, args)
    }),
    Function::run("mustRegexFind", PATTERN_AND_TEXT, |run, args| {
        let matcher = must_compile(run, args)?;
        find(run, &matcher, args)
    }),
    Function::run("regexFindAll", WITH_COUNT, |run, args| {
        let matcher = compile(run, args)?;
        find_all(run, &matcher, args)
    }),
    Function::run("mustRegexFindAll", WITH_COUNT, |run, args| {
        let matcher = must_compile(run, args)?;
        find_all(run, &matcher, args)
    }),
    Function::run("regexReplaceAll", THREE_STRINGS, |run, args| {
        let matcher = compile(run, args)?;
        replace_all(run, &matcher, args)
    }),
    Function::run("mustRegexReplaceAll", THREE_STRINGS, |run, args| {
        let matcher = must_compile(run, args)?;
        replace_all(run, &matcher, args)
    }),
    Function::run("regexReplaceAllLiteral", THREE_STRINGS, |run, args| {
        let matcher = compile(run, args)?;
        replace_all_literal(run, &matcher, args)
    }),
    Function::run("mustRegexReplaceAllLiteral", THREE_STRINGS, |run, args| {
        let matcher = must_compile(run, args)?;
        replace_all_literal(run, &matcher, args)
    }),
    Function::run("regexSplit", WITH_COUNT, |run, args| {
        let matcher = compile(run, args)?;
        split(run, &matcher, args)
    }),
    Function::run("mustRegexSplit", WITH_COUNT, |run, args| {
        let matcher = must_compile(run, args)?;
        split(run, &matcher, args)
    }),
    Function::pure("regexQuoteMeta", &[Param::String], regex_quote_meta),
];

/// Translates a pattern of Go's dialect to the `regex` package's.
///
/// # Errors
///
/// Go's text.
pub(crate) fn translate(pattern: &str) -> Result<String, String> {
    match syntax::translate(pattern.as_bytes()) {
        Ok(translation) => Ok(translation.pattern),
        Err(error) => Err(error.to_string()),
    }
}

/// The bytes that are enough for the program of a translated pattern, at most about eight times too
/// many; `None` if `most` are not enough.
pub(crate) fn program_bytes(translated: &str, most: usize) -> Option<usize> {
    matcher::program_bytes(translated, most)
}

/// The pattern of a `must…` function: its errors are ordinary ones.
fn must_compile(run: &mut dyn Runtime, args: Args<'_>) -> Result<Rc<Matcher>, FuncError> {
    matcher::compile(run, args.str(0)).map_err(|error| match error {
        CompileError::Syntax(error) => error.to_string().into(),
        CompileError::TooLarge => too_large(args),
        CompileError::Steps(error) => error,
    })
}

/// The pattern of a function without `must`: sprig lets Go panic, whose text names the pattern.
fn compile(run: &mut dyn Runtime, args: Args<'_>) -> Result<Rc<Matcher>, FuncError> {
    matcher::compile(run, args.str(0)).map_err(|error| match error {
        CompileError::Syntax(error) => {
            let pattern = back_quote(args.str(0));
            format!("regexp: Compile({pattern}): {error}").into()
        }
        CompileError::TooLarge => too_large(args),
        CompileError::Steps(error) => error,
    })
}

fn too_large(args: Args<'_>) -> FuncError {
    let pattern = back_quote(args.str(0));
    FuncError::Limit(format!(
        "the regular expression {pattern} is too large: its program takes more than \
         {MAX_REGEX_BYTES} bytes"
    ))
}

fn refused(args: Args<'_>, error: SearchError) -> FuncError {
    if let SearchError::Steps(error) = error {
        return error;
    }
    let (pattern, n_bytes) = (back_quote(args.str(0)), args.str(1).len());
    FuncError::Limit(format!(
        "searching a text of {n_bytes} bytes with the regular expression {pattern} could take too \
         long: the bytes of its program times those of the text may be {MAX_REGEX_WORK} at most"
    ))
}

/// Takes a pattern that does not compile for one that does not match.
fn regex_match(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    match matcher::compile(run, args.str(0)) {
        Ok(matcher) => is_match(run, &matcher, args),
        Err(CompileError::Syntax(_)) => Ok(Value::Bool(false)),
        Err(CompileError::TooLarge) => Err(too_large(args)),
        Err(CompileError::Steps(error)) => Err(error),
    }
}

fn must_regex_match(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let matcher = must_compile(run, args)?;
    is_match(run, &matcher, args)
}

fn is_match(run: &mut dyn Runtime, matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let found = matcher.is_match(run, args.str(1));
    Ok(Value::Bool(found.map_err(|e| refused(args, e))?))
}

fn find(run: &mut dyn Runtime, matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(1);
    let found = matcher.find(run, text).map_err(|e| refused(args, e))?;
    Ok(Value::str(found.map_or(&b""[..], |m| &text[m])))
}

fn find_all(run: &mut dyn Runtime, matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(1);
    let found = matches(run, matcher, args)?;
    if found.is_empty() {
        return Ok(Value::List(List::nil(ListType::Str)));
    }
    Ok(Value::strings(
        found.into_iter().map(|m| Str::from(&text[m])),
    ))
}

fn replace_all(
    run: &mut dyn Runtime,
    matcher: &Matcher,
    args: Args<'_>,
) -> Result<Value, FuncError> {
    let (text, template) = (args.str(1), args.str(2));
    if !template.contains(&b'$') {
        return replace_all_literal(run, matcher, args);
    }
    let replaced = matcher.replace_all(run, text, MAX_STRING_BYTES, |groups, out| {
        expand::expand(template, out, MAX_STRING_BYTES, |group| {
            let group = match group {
                expand::Group::Number(n) => groups.get(n).cloned().flatten(),
                expand::Group::Name(name) => matcher
                    .groups_named(name)
                    .find_map(|n| groups.get(n).cloned().flatten()),
            };
            group.map(|range| &text[range])
        });
    });
    checked(args, replaced)
}

fn replace_all_literal(
    run: &mut dyn Runtime,
    matcher: &Matcher,
    args: Args<'_>,
) -> Result<Value, FuncError> {
    let replacement = args.str(2);
    let replaced = matcher.replace_all(run, args.str(1), MAX_STRING_BYTES, |_, out| {
        out.extend_from_slice(replacement);
    });
    checked(args, replaced)
}

fn checked(args: Args<'_>, replaced: Result<Vec<u8>, SearchError>) -> Result<Value, FuncError> {
    let replaced = replaced.map_err(|e| refused(args, e))?;
    check_size("regexReplaceAll", Some(replaced.len()))?;
    Ok(Value::str(replaced))
}

/// As many matches as are wanted.
fn matches(
    run: &mut dyn Runtime,
    matcher: &Matcher,
    args: Args<'_>,
) -> Result<Vec<Range<usize>>, FuncError> {
    let found = matcher.find_all(run, args.str(1), limit(args.int(2)));
    found.map_err(|e| refused(args, e))
}

fn split(run: &mut dyn Runtime, matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let (pattern, text, n) = (args.str(0), args.str(1), limit(args.int(2)));
    if n == Some(0) {
        return Ok(Value::List(List::nil(ListType::Str)));
    }
    if text.is_empty() && !pattern.is_empty() {
        return Ok(Value::strings([Str::default()]));
    }
    let mut parts = Vec::new();
    let (mut start, mut last) = (0, 0);
    for found in matches(run, matcher, args)? {
        if n.is_some_and(|n| parts.len() + 1 >= n) {
            break;
        }
        last = found.start;
        if found.end != 0 {
            parts.push(Str::from(&text[start..found.start]));
        }
        start = found.end;
    }
    if last != text.len() {
        parts.push(Str::from(&text[start..]));
    }
    Ok(Value::strings(parts))
}

/// Go's count: negative for all.
fn limit(n: i64) -> Option<usize> {
    usize::try_from(n).ok()
}

fn regex_quote_meta(args: Args<'_>) -> Result<Value, FuncError> {
    let mut out = Vec::new();
    for &byte in args.str(0).as_bytes() {
        if br"\.+*?()|[]{}^$".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    Ok(Value::str(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::replay::{self, FixedHost};

    #[test]
    fn replay_results() {
        replay::check("regex");
    }

    fn is_match(pattern: &str) -> Result<Value, String> {
        let args = [Value::from(pattern), Value::from("a")];
        replay::call(&mut FixedHost::default(), "mustRegexMatch", &args)
    }

    #[test]
    fn programs_are_bounded() {
        assert!(is_match(r"\pL{100}").is_ok());
        let error = is_match(r"(?:\PL\pL){1000}").expect_err("a program beyond the bound");
        let bound = format!("is too large: its program takes more than {MAX_REGEX_BYTES} bytes");
        assert!(error.ends_with(&bound), "{error}");
    }

    #[test]
    fn results_are_bounded() {
        let call = |name: &str, args: &[Value]| {
            replay::call(&mut FixedHost::default(), name, args).map(drop)
        };
        let text = |n: usize| Value::str(vec![b'x'; n]);
        let half = MAX_STRING_BYTES / 2;
        let twice = |n: usize| [Value::from("x"), Value::from("xx"), text(n)];
        for name in ["regexReplaceAll", "regexReplaceAllLiteral"] {
            assert_eq!(call(name, &twice(half)), Ok(()));
            let error = call(name, &twice(half + 1)).expect_err("a long string");
            let bound = format!("a string of more than {MAX_STRING_BYTES} bytes");
            assert!(error.contains(&bound), "{error}");
        }
        // The references alone would give far more.
        let references = Value::str(b"$0".repeat(100_000));
        let args = [Value::from("x+"), text(100_000), references];
        assert!(call("regexReplaceAll", &args).is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |open: &str, n: usize| format!("{}a{}", open.repeat(n), ")".repeat(n));
        assert!(is_match(&nested("(", 999)).is_ok());
        let error = is_match(&nested("(", 1000)).expect_err("too many captures");
        assert!(error.starts_with("error parsing regexp: expression nests too deeply"));
        assert!(is_match(&nested("(?:", 1500)).is_ok());
        let error = is_match(&nested("(?:", 100_000)).expect_err("too many groups");
        assert!(error.contains("is too large"));
        let error = is_match(&"(".repeat(100_000)).expect_err("open groups");
        assert!(error.starts_with("error parsing regexp: missing closing )"));
    }
}
