//! The `key=value` grammar of `--set`, `--set-string`, `--set-file`, `--set-json` and
//! `--set-literal`.
//!
//! In: one argument and the values so far. Out: those values with the argument's assignments.
//! Refused, in Helm's words: keys without a value, wrong indices, paths through scalars; in our
//! own words what would only eat memory.

use std::str::Chars;

use super::json;
use crate::helm::HelmCompat;
use crate::limits::{MAX_SET_DEPTH, MAX_SET_INDEX, MAX_SET_NESTING, MAX_SET_SLOTS};
use crate::value::quote::{quote, quote_char};
use crate::value::{Tree, TreeMap};

/// Reads the file that a `--set-file` value names, or says in Go's words why it cannot.
pub type ReadFile<'r> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'r;

/// How the text behind `=` becomes a value.
pub(super) enum Mode<'r, 'f> {
    /// `--set`: booleans, null and integers are typed.
    Typed,
    /// `--set-string`: always a string.
    Text,
    /// `--set-file`: the content of the file of that name.
    File(&'r mut ReadFile<'f>),
    /// `--set-json`: a JSON value.
    Json,
    /// `--set-literal`: the rest of the argument as it is.
    Literal,
}

/// What all assignments of one release may still make.
pub(crate) struct Room {
    /// Items of lists.
    slots: usize,
}

impl Default for Room {
    fn default() -> Room {
        Room {
            slots: MAX_SET_SLOTS,
        }
    }
}

/// Applies the assignments of `text` to `base`.
///
/// # Errors
///
/// Helm's text without its `failed parsing --set data: `.
pub(super) fn apply(
    base: &mut TreeMap,
    text: &str,
    mode: Mode<'_, '_>,
    helm: HelmCompat,
    room: &mut Room,
) -> Result<(), String> {
    let mut parser = Parser {
        rest: text.chars(),
        mode,
        helm,
        nesting: 0,
        room,
    };
    loop {
        match parser.key(base, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Error(text)) => return Err(text),
        }
    }
}

/// Why a part of the grammar ended early.
enum Stop {
    /// The argument is used up; what was assigned so far stands, as in Helm.
    End,
    Error(String),
}

impl From<String> for Stop {
    fn from(text: String) -> Stop {
        Stop::Error(text)
    }
}

struct Parser<'t, 'r, 'f> {
    rest: Chars<'t>,
    mode: Mode<'r, 'f>,
    helm: HelmCompat,
    nesting: usize,
    room: &'t mut Room,
}

impl Parser<'_, '_, '_> {
    /// Reads one assignment into `map`; `dots` is the number of dots before it.
    fn key(&mut self, map: &mut TreeMap, dots: usize) -> Result<(), Stop> {
        let (key, last) = self.until(self.key_ends());
        match last {
            None if key.is_empty() => Err(Stop::End),
            None => Err(Stop::Error(format!(
                "key {} has no value",
                quote(key.as_bytes())
            ))),
            Some('[') => self.key_index(map, &key, dots),
            Some('=') => self.value(map, &key),
            Some('.') => self.inner_key(map, &key, dots + 1),
            Some(_) => Err(Stop::Error(format!(
                "key {} has no value (cannot end with ,)",
                quote(key.as_bytes())
            ))),
        }
    }

    fn key_ends(&self) -> &'static [char] {
        match self.mode {
            Mode::Literal => &['=', '[', '.'],
            _ => &['=', '[', ',', '.'],
        }
    }

    fn key_index(&mut self, map: &mut TreeMap, key: &str, dots: usize) -> Result<(), Stop> {
        let index = self.index()?;
        let mut list = match map.get_mut(key.as_bytes()) {
            None => Vec::new(),
            Some(found) => take_list(found)?,
        };
        let result = self.list_item(&mut list, index, dots);
        if !key.is_empty() || map.contains_key(key.as_bytes()) {
            map.insert(key.into(), Tree::list(list));
        }
        result
    }

    fn inner_key(&mut self, map: &mut TreeMap, key: &str, dots: usize) -> Result<(), Stop> {
        if dots > MAX_SET_DEPTH {
            return Err(Stop::Error(format!(
                "value name nested level is greater than maximum supported nested level of \
                 {MAX_SET_DEPTH}"
            )));
        }
        let existing = map.get_mut(key.as_bytes());
        let exists = existing.is_some();
        let mut inner = match existing {
            None => Tree::empty_map(),
            Some(found @ Tree::Map(_)) => std::mem::take(found),
            Some(other) => return Err(clash(other, "map[string]interface {}").into()),
        };
        let entries = inner.as_map_mut().expect("just made or seen as a map");
        let result = self.nested(|parser| parser.key(entries, dots));
        let empty = entries.is_empty();
        if exists || (!empty && !key.is_empty()) {
            map.insert(key.into(), inner);
        }
        if result.is_ok() && empty {
            return Err(Stop::Error(format!(
                "key map {} has no value",
                quote(key.as_bytes())
            )));
        }
        result
    }

    /// Reads what follows `key=`.
    fn value(&mut self, map: &mut TreeMap, key: &str) -> Result<(), Stop> {
        let (value, result) = match self.read_value() {
            Ok(value) => (value, Ok(())),
            // The argument ends behind the `=`.
            Err(Stop::End) => (Tree::str(""), Err(Stop::End)),
            Err(error) => return Err(error),
        };
        if !key.is_empty() {
            map.insert(key.into(), value);
        }
        result
    }

    fn read_value(&mut self) -> Result<Tree, Stop> {
        match self.mode {
            Mode::Json => self.json_value(),
            Mode::Literal => {
                let text = self.rest.as_str().to_owned();
                self.rest = "".chars();
                Ok(Tree::str(text))
            }
            _ => match self.rest.clone().next() {
                None => Err(Stop::End),
                Some('{') => self.list_value(),
                Some(_) => {
                    let (text, _) = self.until(&[',']);
                    Ok(self.scalar(text)?)
                }
            },
        }
    }

    /// Reads `{a,b}`.
    fn list_value(&mut self) -> Result<Tree, Stop> {
        self.rest.next();
        let mut items = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            let Some(last) = last else {
                return Err(Stop::Error("list must terminate with '}'".to_owned()));
            };
            if last == '}' && self.rest.as_str().starts_with(',') {
                self.rest.next();
            }
            items.push(self.scalar(text)?);
            if last == '}' {
                return Ok(Tree::list(items));
            }
        }
    }

    fn json_value(&mut self) -> Result<Tree, Stop> {
        if self.skip_blank() {
            return Ok(Tree::Null);
        }
        let text = self.rest.as_str();
        let (value, len) = json::decode_prefix(text.as_bytes())?;
        self.rest = text[len..].chars();
        self.skip_blank();
        Ok(value)
    }

    /// Skips white space and one comma; says whether that comma or the end was met.
    fn skip_blank(&mut self) -> bool {
        let text = self.rest.as_str().trim_start();
        let after = text.strip_prefix(',');
        self.rest = after.unwrap_or(text).chars();
        after.is_some() || text.is_empty()
    }

    fn scalar(&mut self, text: String) -> Result<Tree, String> {
        match &mut self.mode {
            Mode::Typed => Ok(typed(text)),
            Mode::File(read) => Ok(Tree::str(read(&text)?)),
            Mode::Text | Mode::Json | Mode::Literal => Ok(Tree::str(text)),
        }
    }

    /// Reads `0]` and what else an index may be.
    fn index(&mut self) -> Result<i64, Stop> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            // Helm 4 takes the wrapped end of input for a regular end.
            return Err(match self.helm {
                HelmCompat::V3 => Stop::Error("error parsing index: EOF".to_owned()),
                HelmCompat::V4 => Stop::End,
            });
        }
        let reason = match text.parse::<i64>() {
            Ok(index) => return Ok(index),
            Err(_) if is_overflow(&text) => "value out of range",
            Err(_) => "invalid syntax",
        };
        Err(Stop::Error(format!(
            "error parsing index: strconv.Atoi: parsing {}: {reason}",
            quote(text.as_bytes())
        )))
    }

    /// Reads what follows `[index]`.
    fn list_item(&mut self, list: &mut Vec<Tree>, index: i64, dots: usize) -> Result<(), Stop> {
        if index < 0 {
            return Err(Stop::Error(format!("negative {index} index not allowed")));
        }
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let (extra, last) = self.until(&['[', '.', '=']);
        if !extra.is_empty() {
            let extra: Vec<String> = extra.chars().map(quote_char).collect();
            return Err(Stop::Error(format!(
                "unexpected data at end of array index: [{}]",
                extra.join(" ")
            )));
        }
        match last {
            None => Err(Stop::End),
            Some('=') => {
                let value = match self.read_value() {
                    Err(Stop::End) => Tree::str(""),
                    other => other?,
                };
                self.set_index(list, index, value)
            }
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get_mut(index) {
                    None | Some(Tree::Null) => Vec::new(),
                    Some(found) => take_list(found)?,
                };
                self.nested(|parser| parser.list_item(&mut inner, next, dots))?;
                self.set_index(list, index, Tree::list(inner))
            }
            Some(_) => {
                let mut inner = match list.get_mut(index) {
                    Some(found @ Tree::Map(_)) => std::mem::take(found),
                    _ => Tree::empty_map(),
                };
                let entries = inner.as_map_mut().expect("just made or seen as a map");
                let result = self.nested(|parser| parser.key(entries, dots));
                match result {
                    Ok(()) => self.set_index(list, index, inner),
                    // Helm changes an existing item in place before it notices the end.
                    Err(Stop::End) if index < list.len() => {
                        list[index] = inner;
                        Err(Stop::End)
                    }
                    other => other,
                }
            }
        }
    }

    fn set_index(&mut self, list: &mut Vec<Tree>, index: usize, value: Tree) -> Result<(), Stop> {
        if index > MAX_SET_INDEX {
            return Err(Stop::Error(format!(
                "index of {index} is greater than maximum supported index of {MAX_SET_INDEX}"
            )));
        }
        if list.len() <= index {
            let n_new = index + 1 - list.len();
            self.room.slots = self
                .room
                .slots
                .checked_sub(n_new)
                .ok_or_else(|| format!("lists need more than {MAX_SET_SLOTS} items"))?;
            list.resize(index + 1, Tree::Null);
        }
        list[index] = value;
        Ok(())
    }

    /// Goes one level deeper; Helm bounds dots but not brackets.
    fn nested(&mut self, inner: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        if self.nesting == MAX_SET_NESTING {
            return Err(Stop::Error(format!(
                "value name is nested deeper than {MAX_SET_NESTING} levels"
            )));
        }
        self.nesting += 1;
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    /// Reads up to one of `ends`, which is used up and returned; a backslash takes the next
    /// character as it is, except in literal mode.
    fn until(&mut self, ends: &[char]) -> (String, Option<char>) {
        let escapes = !matches!(self.mode, Mode::Literal);
        let mut text = String::new();
        while let Some(c) = self.rest.next() {
            if ends.contains(&c) {
                return (text, Some(c));
            }
            if c == '\\' && escapes {
                match self.rest.next() {
                    Some(escaped) => text.push(escaped),
                    None => break,
                }
            } else {
                text.push(c);
            }
        }
        (text, None)
    }
}

/// The type of a `--set` scalar: an integer has no leading zero; fractions stay text.
fn typed(text: String) -> Tree {
    if fold_equal(&text, "true") {
        return Tree::Bool(true);
    }
    if fold_equal(&text, "false") {
        return Tree::Bool(false);
    }
    if fold_equal(&text, "null") {
        return Tree::Null;
    }
    if text == "0" {
        return Tree::Int(0);
    }
    match text.parse::<i64>() {
        Ok(n) if !text.starts_with('0') => Tree::Int(n),
        _ => Tree::str(text),
    }
}

/// Go's `strings.EqualFold` against an ASCII word: `ſ` (long s) folds to `s`.
fn fold_equal(text: &str, word: &str) -> bool {
    text.chars()
        .map(|c| {
            if c == 'ſ' {
                's'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .eq(word.chars())
}

/// Says whether Go runs out of 64 bits before it meets anything but a digit.
fn is_overflow(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let n_digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = unsigned.split_at(n_digits);
    n_digits > 0 && (rest.is_empty() || digits.parse::<u64>().is_err())
}

fn take_list(tree: &mut Tree) -> Result<Vec<Tree>, String> {
    match tree {
        Tree::List(items) => Ok(std::mem::take(std::sync::Arc::make_mut(items))),
        other => Err(clash(other, "[]interface {}")),
    }
}

/// Go's panic text for a value of another type than `want`.
fn clash(found: &Tree, want: &str) -> String {
    let found = match found {
        Tree::Null => "nil",
        Tree::Bool(_) => "bool",
        Tree::Int(_) => "int64",
        Tree::Uint(_) => "uint64",
        Tree::Float(_) => "float64",
        Tree::Str(_) => "string",
        Tree::List(_) => "[]interface {}",
        Tree::Map(_) => "map[string]interface {}",
    };
    format!("unable to parse key: interface conversion: interface {{}} is {found}, not {want}")
}
