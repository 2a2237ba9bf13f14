//! Regular expressions in the dialect of Go's `regexp`.
//!
//! In: patterns, texts and replacement templates, any bytes. Out: matches and replaced texts.
//! Refused: patterns that Go refuses, with Go's words, and patterns whose program would be larger
//! than [`MAX_REGEX_BYTES`](crate::limits::MAX_REGEX_BYTES).

mod class;
mod expand;
mod matcher;
mod syntax;
mod unicode;

use std::rc::Rc;

use crate::template::{Args, FuncError, Function, Param};
use crate::value::quote::back_quote;
use crate::value::{List, ListType, Str, Value};

use matcher::{CompileError, Matcher};

const PATTERN_AND_TEXT: &[Param] = &[Param::String, Param::String];
const THREE_STRINGS: &[Param] = &[Param::String, Param::String, Param::String];
const WITH_COUNT: &[Param] = &[Param::String, Param::String, Param::Int];

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("regexMatch", PATTERN_AND_TEXT, regex_match),
    Function::pure("mustRegexMatch", PATTERN_AND_TEXT, must_regex_match),
    Function::pure("regexFind", PATTERN_AND_TEXT, |args| {
        find(&*compile(args)?, args)
    }),
    Function::pure("mustRegexFind", PATTERN_AND_TEXT, |args| {
        find(&*must_compile(args)?, args)
    }),
    Function::pure("regexFindAll", WITH_COUNT, |args| {
        find_all(&*compile(args)?, args)
    }),
    Function::pure("mustRegexFindAll", WITH_COUNT, |args| {
        find_all(&*must_compile(args)?, args)
    }),
    Function::pure("regexReplaceAll", THREE_STRINGS, |args| {
        replace_all(&*compile(args)?, args)
    }),
    Function::pure("mustRegexReplaceAll", THREE_STRINGS, |args| {
        replace_all(&*must_compile(args)?, args)
    }),
    Function::pure("regexReplaceAllLiteral", THREE_STRINGS, |args| {
        replace_all_literal(&*compile(args)?, args)
    }),
    Function::pure("mustRegexReplaceAllLiteral", THREE_STRINGS, |args| {
        replace_all_literal(&*must_compile(args)?, args)
    }),
    Function::pure("regexSplit", WITH_COUNT, |args| {
        split(&*compile(args)?, args)
    }),
    Function::pure("mustRegexSplit", WITH_COUNT, |args| {
        split(&*must_compile(args)?, args)
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

/// The pattern of a `must…` function: its errors are ordinary ones.
fn must_compile(args: Args<'_>) -> Result<Rc<Matcher>, FuncError> {
    matcher::compile(args.str(0)).map_err(|error| match error {
        CompileError::Syntax(error) => error.to_string().into(),
        CompileError::TooLarge => too_large(args),
    })
}

/// The pattern of a function without `must`: sprig lets Go panic, whose text names the pattern.
fn compile(args: Args<'_>) -> Result<Rc<Matcher>, FuncError> {
    matcher::compile(args.str(0)).map_err(|error| match error {
        CompileError::Syntax(error) => {
            let pattern = back_quote(args.str(0));
            format!("regexp: Compile({pattern}): {error}").into()
        }
        CompileError::TooLarge => too_large(args),
    })
}

fn too_large(args: Args<'_>) -> FuncError {
    let pattern = back_quote(args.str(0));
    FuncError::Limit(format!("the regular expression {pattern} is too large"))
}

/// Takes a pattern that does not compile for one that does not match.
fn regex_match(args: Args<'_>) -> Result<Value, FuncError> {
    match matcher::compile(args.str(0)) {
        Ok(matcher) => Ok(Value::Bool(matcher.is_match(args.str(1)))),
        Err(CompileError::Syntax(_)) => Ok(Value::Bool(false)),
        Err(CompileError::TooLarge) => Err(too_large(args)),
    }
}

fn must_regex_match(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Bool(must_compile(args)?.is_match(args.str(1))))
}

fn find(matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(1);
    let found = matcher.find(text).map_or(&b""[..], |m| &text[m]);
    Ok(Value::str(found))
}

fn find_all(matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(1);
    let found = matcher.find_all(text, limit(args.int(2)));
    if found.is_empty() {
        return Ok(Value::List(List::nil(ListType::Str)));
    }
    Ok(Value::strings(
        found.into_iter().map(|m| Str::from(&text[m])),
    ))
}

fn replace_all(matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let (text, template) = (args.str(1), args.str(2));
    if !template.contains(&b'$') {
        return replace_all_literal(matcher, args);
    }
    let replaced = matcher.replace_all(text, |groups, out| {
        expand::expand(template, out, |group| {
            let group = match group {
                expand::Group::Number(n) => groups.get(n).cloned().flatten(),
                expand::Group::Name(name) => matcher
                    .groups_named(name)
                    .find_map(|n| groups.get(n).cloned().flatten()),
            };
            group.map(|range| &text[range])
        });
    });
    Ok(Value::str(replaced))
}

fn replace_all_literal(matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let replacement = args.str(2);
    let replaced = matcher.replace_all(args.str(1), |_, out| out.extend_from_slice(replacement));
    Ok(Value::str(replaced))
}

fn split(matcher: &Matcher, args: Args<'_>) -> Result<Value, FuncError> {
    let (pattern, text, n) = (args.str(0), args.str(1), limit(args.int(2)));
    if n == Some(0) {
        return Ok(Value::List(List::nil(ListType::Str)));
    }
    if text.is_empty() && !pattern.is_empty() {
        return Ok(Value::strings([Str::default()]));
    }
    let mut parts = Vec::new();
    let (mut start, mut last) = (0, 0);
    for found in matcher.find_all(text, n) {
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
        assert!(error.ends_with("is too large"), "{error}");
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |open: &str, n: usize| format!("{}a{}", open.repeat(n), ")".repeat(n));
        assert!(is_match(&nested("(", 999)).is_ok());
        let error = is_match(&nested("(", 1000)).expect_err("too many captures");
        assert!(error.starts_with("error parsing regexp: expression nests too deeply"));
        assert!(is_match(&nested("(?:", 1500)).is_ok());
        let error = is_match(&nested("(?:", 100_000)).expect_err("too many groups");
        assert!(error.ends_with("is too large"));
        let error = is_match(&"(".repeat(100_000)).expect_err("open groups");
        assert!(error.starts_with("error parsing regexp: missing closing )"));
    }
}
