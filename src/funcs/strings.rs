//! Strings: trimming, cutting, splitting, joining, quoting.
//!
//! In: Go strings, so positions and lengths count bytes and a cut may split a character. Out:
//! strings, `[]string` lists and the `map[string]string` of `split`. Refused with Go's panic
//! texts: slice bounds out of range and negative repeat counts; with a limit: results beyond
//! [`MAX_STRING_BYTES`] or [`MAX_LIST_ITEMS`](crate::limits::MAX_LIST_ITEMS).

use std::collections::{BTreeMap, HashSet};

use memchr::memmem;

use crate::funcs::lists;
use crate::funcs::runes::{Rune, is_space, map_runes, runes, to_lower, to_upper};
use crate::funcs::types::strval;
use crate::funcs::words;
use crate::limits::MAX_STRING_BYTES;
use crate::template::{Args, FuncError, Function, Param};
use crate::value::printf::quote as go_quote;
use crate::value::{Kind, List, ListType, Map, MapType, Str, Value, format};

type Result<T = Value> = std::result::Result<T, FuncError>;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("abbrev", &[Param::Int, Param::String], |args| {
        Ok(Value::str(abbreviate(args.str(1), 0, args.int(0))))
    }),
    Function::pure(
        "abbrevboth",
        &[Param::Int, Param::Int, Param::String],
        |args| {
            Ok(Value::str(abbreviate(
                args.str(2),
                args.int(0),
                args.int(1),
            )))
        },
    ),
    Function::pure("camelcase", &[Param::String], |args| {
        Ok(Value::str(words::camelcase(args.str(0))))
    })
    .heavy(),
    Function::pure("cat", &[Param::Any], cat).variadic(),
    Function::pure("contains", &[Param::String, Param::String], |args| {
        Ok(Value::Bool(
            memmem::find(args.str(1), args.str(0)).is_some(),
        ))
    }),
    Function::pure("hasPrefix", &[Param::String, Param::String], |args| {
        Ok(Value::Bool(args.str(1).starts_with(args.str(0))))
    })
    .constant(),
    Function::pure("hasSuffix", &[Param::String, Param::String], |args| {
        Ok(Value::Bool(args.str(1).ends_with(args.str(0))))
    })
    .constant(),
    Function::pure("hello", &[], |_| Ok("Hello!".into())),
    Function::pure("indent", &[Param::Int, Param::String], |args| {
        indent(b"", args.int(0), args.str(1))
    }),
    Function::pure("initials", &[Param::String], |args| {
        Ok(Value::str(words::initials(args.str(0))))
    })
    .heavy(),
    Function::pure("join", &[Param::String, Param::Any], join),
    Function::pure("kebabcase", &[Param::String], |args| {
        Ok(Value::str(words::lower_words(args.str(0), '-')))
    })
    .heavy(),
    Function::pure("lower", &[Param::String], |args| {
        Ok(Value::str(map_runes(args.str(0), to_lower)))
    }),
    Function::pure("nindent", &[Param::Int, Param::String], |args| {
        indent(b"\n", args.int(0), args.str(1))
    }),
    Function::pure("nospace", &[Param::String], |args| {
        Ok(Value::str(words::nospace(args.str(0))))
    }),
    Function::pure(
        "plural",
        &[Param::String, Param::String, Param::Int],
        |args| Ok(args.any(if args.int(2) == 1 { 0 } else { 1 }).clone()),
    ),
    Function::pure("quote", &[Param::Any], quote).variadic(),
    Function::pure("repeat", &[Param::Int, Param::String], |args| {
        Ok(Value::str(repeat(args.str(1), args.int(0))?))
    }),
    Function::pure(
        "replace",
        &[Param::String, Param::String, Param::String],
        |args| replace(args.str(0), args.str(1), args.str(2)),
    ),
    Function::pure("snakecase", &[Param::String], |args| {
        Ok(Value::str(words::lower_words(args.str(0), '_')))
    })
    .heavy(),
    Function::pure("sortAlpha", &[Param::Any], |args| {
        Ok(Value::List(sort_alpha(args.any(0))))
    })
    .heavy(),
    Function::pure("split", &[Param::String, Param::String], |args| {
        numbered(split(args.str(1), args.str(0), -1)?)
    }),
    Function::pure("splitList", &[Param::String, Param::String], |args| {
        let parts = split(args.str(1), args.str(0), -1)?;
        Ok(Value::strings(parts.into_iter().map(Str::from)))
    }),
    Function::pure(
        "splitn",
        &[Param::String, Param::Int, Param::String],
        |args| numbered(split(args.str(2), args.str(0), args.int(1))?),
    ),
    Function::pure("squote", &[Param::Any], squote).variadic(),
    Function::pure("substr", &[Param::Int, Param::Int, Param::String], |args| {
        substr(args.int(0), args.int(1), args.str(2))
    }),
    Function::pure("swapcase", &[Param::String], |args| {
        Ok(Value::str(words::swapcase(args.str(0))))
    })
    .heavy(),
    Function::pure("title", &[Param::String], |args| {
        Ok(Value::str(words::title(args.str(0))))
    })
    .heavy(),
    Function::pure("toString", &[Param::Any], |args| {
        Ok(Value::Str(strval(args.any(0))))
    }),
    Function::pure("toStrings", &[Param::Any], |args| {
        Ok(Value::List(to_strings(args.any(0))))
    }),
    Function::pure("trim", &[Param::String], |args| {
        Ok(Value::str(trim(args.str(0), is_space)))
    }),
    Function::pure("trimAll", &[Param::String, Param::String], trim_all),
    Function::pure("trimPrefix", &[Param::String, Param::String], |args| {
        let text = args.str(1);
        Ok(Value::str(
            text.strip_prefix(&**args.str(0)).unwrap_or(text),
        ))
    }),
    Function::pure("trimSuffix", &[Param::String, Param::String], |args| {
        let text = args.str(1);
        Ok(Value::str(
            text.strip_suffix(&**args.str(0)).unwrap_or(text),
        ))
    }),
    Function::pure("trimall", &[Param::String, Param::String], trim_all),
    Function::pure("trunc", &[Param::Int, Param::String], |args| {
        Ok(Value::str(trunc(args.int(0), args.str(1))))
    }),
    Function::pure("untitle", &[Param::String], |args| {
        Ok(Value::str(words::untitle(args.str(0))))
    }),
    Function::pure("upper", &[Param::String], |args| {
        Ok(Value::str(map_runes(args.str(0), to_upper)))
    }),
    Function::pure("wrap", &[Param::Int, Param::String], |args| {
        Ok(Value::str(words::wrap(
            args.str(1),
            args.int(0),
            b"",
            false,
        )?))
    })
    .heavy(),
    Function::pure(
        "wrapWith",
        &[Param::Int, Param::String, Param::String],
        |args| {
            let (width, separator, text) = (args.int(0), args.str(1), args.str(2));
            Ok(Value::str(words::wrap(text, width, separator, true)?))
        },
    )
    .heavy(),
];

/// Checks that the function `name` may make a string of `n_bytes`, which is `None` when the number
/// itself overflows.
///
/// # Errors
///
/// The string would be longer than [`MAX_STRING_BYTES`].
pub(crate) fn check_size(name: &str, n_bytes: Option<usize>) -> Result<()> {
    match n_bytes {
        Some(n) if n <= MAX_STRING_BYTES => Ok(()),
        _ => Err(FuncError::Limit(format!(
            "`{name}` would make a string of more than {MAX_STRING_BYTES} bytes"
        ))),
    }
}

/// Refuses `text[from:to]` with `from` beyond `to`, as Go's panic does.
fn check_order(from: i64, to: i64) -> Result<()> {
    if from > to {
        return Err(FuncError::Message(format!(
            "runtime error: slice bounds out of range [{from}:{to}]"
        )));
    }
    Ok(())
}

/// Cuts `text` to at most `width` bytes, dots included; a positive `offset` asks for the part
/// around it, with dots on both sides where something is missing.
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    const DOTS: &[u8] = b"...";
    let narrowest = if offset > 0 { 7 } else { 4 };
    let width = match usize::try_from(width) {
        Ok(width) if (narrowest..text.len()).contains(&width) => width,
        _ => return text.to_vec(),
    };
    let n_shown = width - DOTS.len();
    let offset = usize::try_from(offset)
        .unwrap_or(0)
        .min(text.len() - n_shown);
    if offset <= 4 {
        return [&text[..n_shown], DOTS].concat();
    }
    if offset + n_shown < text.len() {
        return [DOTS, &text[offset..offset + n_shown - DOTS.len()], DOTS].concat();
    }
    [DOTS, &text[text.len() - n_shown..]].concat()
}

/// The parts, with a space between them and nil arguments left out.
fn spaced(name: &str, args: Args<'_>, write: fn(&mut Vec<u8>, &Value)) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let present = args.rest(0).iter().filter(|arg| !matches!(arg, Value::Nil));
    for (i, arg) in present.enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        write(&mut out, arg);
        check_size(name, Some(out.len()))?;
    }
    Ok(out)
}

fn cat(args: Args<'_>) -> Result {
    spaced("cat", args, format::write_display).map(Value::str)
}

fn quote(args: Args<'_>) -> Result {
    let write = |out: &mut Vec<u8>, arg: &Value| {
        out.extend_from_slice(go_quote(&strval(arg)).as_bytes());
    };
    spaced("quote", args, write).map(Value::str)
}

fn squote(args: Args<'_>) -> Result {
    let write = |out: &mut Vec<u8>, arg: &Value| {
        out.push(b'\'');
        format::write_display(out, arg);
        out.push(b'\'');
    };
    spaced("squote", args, write).map(Value::str)
}

fn repeat(text: &[u8], count: i64) -> Result<Vec<u8>> {
    let Ok(count) = usize::try_from(count) else {
        return Err("strings: negative Repeat count".into());
    };
    let n_bytes = text.len().checked_mul(count);
    if n_bytes.is_none_or(|n| i64::try_from(n).is_err()) {
        return Err("strings: Repeat output length overflow".into());
    }
    check_size("repeat", n_bytes)?;
    Ok(text.repeat(count))
}

fn indent(before: &[u8], n_spaces: i64, text: &[u8]) -> Result {
    let pad = repeat(b" ", n_spaces)?;
    let n_lines = memchr::memchr_iter(b'\n', text).count() + 1;
    let n_bytes = pad
        .len()
        .checked_mul(n_lines)
        .and_then(|n| n.checked_add(text.len()));
    check_size("indent", n_bytes)?;
    let mut out = Vec::with_capacity(before.len() + pad.len() * n_lines + text.len());
    out.extend_from_slice(before);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(&pad);
        out.extend_from_slice(line);
    }
    if text.last().is_none_or(|last| *last == b'\n') {
        out.extend_from_slice(&pad);
    }
    Ok(Value::str(out))
}

fn replace(old: &[u8], new: &[u8], text: &[u8]) -> Result {
    if old.is_empty() {
        let n_places = runes(text).count() + 1;
        let n_new = new.len().checked_mul(n_places);
        check_size("replace", n_new.and_then(|n| n.checked_add(text.len())))?;
        let mut out = new.to_vec();
        for rune in runes(text) {
            out.extend_from_slice(&text[rune.at..rune.end()]);
            out.extend_from_slice(new);
        }
        return Ok(Value::str(out));
    }
    let finder = memmem::Finder::new(old);
    let n_found = finder.find_iter(text).count();
    let n_kept = text.len() - n_found * old.len();
    let n_bytes = new
        .len()
        .checked_mul(n_found)
        .and_then(|n| n.checked_add(n_kept));
    check_size("replace", n_bytes)?;
    let mut out = Vec::with_capacity(n_kept + n_found * new.len());
    let mut done = 0;
    for at in finder.find_iter(text) {
        out.extend_from_slice(&text[done..at]);
        out.extend_from_slice(new);
        done = at + old.len();
    }
    out.extend_from_slice(&text[done..]);
    Ok(Value::str(out))
}

/// `strings.SplitN`: at most `limit` parts, all if it is negative; an empty separator splits runes.
fn split<'a>(text: &'a [u8], separator: &[u8], limit: i64) -> Result<Vec<&'a [u8]>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    if limit == 0 || (separator.is_empty() && text.is_empty()) {
        return Ok(parts);
    }
    let mut start = 0;
    let mut cut = |end: usize, next: usize| {
        if parts.len() + 1 == limit {
            return Ok(false);
        }
        parts.push(&text[start..end]);
        start = next;
        lists::check_len("split", parts.len() + 1).map(|()| true)
    };
    if separator.is_empty() {
        for at in runes(text).map(|rune| rune.at).skip(1) {
            if !cut(at, at)? {
                break;
            }
        }
    } else {
        for at in memmem::find_iter(text, separator) {
            if !cut(at, at + separator.len())? {
                break;
            }
        }
    }
    parts.push(&text[start..]);
    Ok(parts)
}

/// The `map[string]string` with the parts under `_0`, `_1`, ….
fn numbered(parts: Vec<&[u8]>) -> Result {
    let entries: BTreeMap<Str, Value> = parts
        .into_iter()
        .enumerate()
        .map(|(i, part)| (Str::from(format!("_{i}")), Value::str(part)))
        .collect();
    Ok(Value::Map(Map::with_type(MapType::Str, entries)))
}

/// The items of a slice as a `[]string`, nil ones left out; anything else alone. A `[]string` is
/// returned itself.
fn to_strings(value: &Value) -> List {
    if let Value::List(list) = value
        && list.list_type() == ListType::Str
    {
        return list.clone();
    }
    let string = |item: &Value| match item {
        Value::Nil => None,
        present => Some(Value::Str(strval(present))),
    };
    let strings = match lists::slice_items(value) {
        Some(items) => items.iter().filter_map(string).collect(),
        None => string(value).into_iter().collect(),
    };
    List::new(ListType::Str, strings)
}

/// Sorts in byte order; a `[]string` is sorted where it lies, as Go does.
fn sort_alpha(value: &Value) -> List {
    if value.kind() != Kind::Slice {
        return List::new(ListType::Str, vec![Value::Str(strval(value))]);
    }
    let list = to_strings(value);
    list.items_mut().sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    list
}

fn join(args: Args<'_>) -> Result {
    let separator = args.str(0);
    let list = to_strings(args.any(1));
    let items = list.items();
    let n_separators = separator.len().checked_mul(items.len().saturating_sub(1));
    let n_bytes = items
        .iter()
        .filter_map(Value::as_str)
        .try_fold(n_separators.unwrap_or(usize::MAX), |n, item| {
            n.checked_add(item.len())
        });
    check_size("join", n_bytes)?;
    let items: Vec<&[u8]> = items
        .iter()
        .filter_map(Value::as_str)
        .map(|s| &**s)
        .collect();
    Ok(Value::str(items.join(&**separator)))
}

fn substr(start: i64, end: i64, text: &[u8]) -> Result {
    let len = text.len() as i64;
    let (from, to) = if start < 0 {
        if end < 0 {
            return Err(format!("runtime error: slice bounds out of range [:{end}]").into());
        }
        if end > len {
            return Err(format!(
                "runtime error: slice bounds out of range [:{end}] with length {len}"
            )
            .into());
        }
        (0, end)
    } else if end < 0 || end > len {
        (start, len)
    } else {
        (start, end)
    };
    check_order(from, to)?;
    Ok(Value::str(&text[from as usize..to as usize]))
}

fn trunc(count: i64, text: &[u8]) -> &[u8] {
    let n = usize::try_from(count.unsigned_abs())
        .unwrap_or(usize::MAX)
        .min(text.len());
    if count < 0 {
        &text[text.len() - n..]
    } else {
        &text[..n]
    }
}

fn trim_all(args: Args<'_>) -> Result {
    let (cut, text) = (args.str(0), args.str(1));
    let cut: HashSet<char> = runes(cut).map(|rune| rune.char).collect();
    Ok(Value::str(trim(text, |c| cut.contains(&c))))
}

/// The text without the runes at both ends that `cuts` holds for.
fn trim(text: &[u8], cuts: impl Fn(char) -> bool) -> &[u8] {
    let mut kept = runes(text).filter(|rune| !cuts(rune.char));
    let Some(first) = kept.next() else {
        return b"";
    };
    let end = kept.last().map_or(first.end(), Rune::end);
    &text[first.at..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_LIST_ITEMS;

    fn is_limit<T>(result: Result<T>) -> bool {
        matches!(result, Err(FuncError::Limit(_)))
    }

    #[test]
    fn strings_end_at_the_limit() {
        let most = MAX_STRING_BYTES as i64;
        assert_eq!(repeat(b"x", most).unwrap().len(), MAX_STRING_BYTES);
        assert!(is_limit(repeat(b"x", most + 1)));
        assert!(is_limit(repeat(b"xyz", most / 2)));
        assert!(is_limit(indent(b"", most / 4, b"\n\n\n\n")));
        assert!(is_limit(indent(b"", i64::MAX, b"a\nb")));
        let text = vec![b'a'; 10_000];
        assert!(is_limit(replace(b"a", &text, &text)));
        assert!(is_limit(replace(b"", &text, &text)));
        assert!(is_limit(words::wrap(&text, 1, &text, true)));
        let text = Value::str(vec![b'a'; MAX_STRING_BYTES / 2]);
        let list = Value::list(vec![text.clone(), text.clone()]);
        assert!(is_limit(join(Args(&[",".into(), list.clone()]))));
        assert!(!is_limit(join(Args(&["".into(), list]))));
        assert!(is_limit(cat(Args(&[text.clone(), text]))));
    }

    #[test]
    fn splitting_ends_at_the_limit() {
        let text = vec![b'a'; MAX_LIST_ITEMS + 1];
        assert_eq!(split(&text[1..], b"", -1).unwrap().len(), MAX_LIST_ITEMS);
        assert!(is_limit(split(&text, b"", -1)));
        assert!(is_limit(split(&text, b"a", -1)));
        assert_eq!(split(&text, b"a", 2).unwrap().len(), 2);
    }
}
