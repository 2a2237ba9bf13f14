//! Compiled patterns and Go's ways of walking over matches.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use ::regex::{Regex, RegexBuilder};

use crate::limits::MAX_REGEX_BYTES;

use super::syntax::{self, SyntaxError};

/// The number of compiled patterns that each thread keeps: charts use few, often in loops.
const N_CACHED: usize = 16;

/// Deepest nesting of groups in a translated pattern.
///
/// Go does not count groups that do not capture, so its own bound does not cover them.
const MAX_NESTING: u32 = 4000;

/// Native stack that compiling a pattern may need: the compiler recurses once for each level.
const COMPILE_STACK_BYTES: usize = 16 * 1024 * 1024;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Matcher {
    regex: Regex,
    names: Vec<String>,
}

/// Why a pattern cannot be used.
#[derive(Debug)]
pub(super) enum CompileError {
    /// Go refuses it.
    Syntax(SyntaxError),
    /// Its program would be too large.
    TooLarge,
}

/// The capturing groups of a match, the whole match first; `None` for those that took no part.
pub(super) type Groups = Vec<Option<Range<usize>>>;

/// Compiles `pattern`, or finds it among the last ones of this thread.
///
/// # Errors
///
/// The pattern is invalid or too large.
pub(super) fn compile(pattern: &[u8]) -> Result<Rc<Matcher>, CompileError> {
    thread_local! {
        static CACHE: RefCell<Vec<(Vec<u8>, Rc<Matcher>)>> = const { RefCell::new(Vec::new()) };
    }
    CACHE.with_borrow_mut(|cache| {
        if let Some(at) = cache.iter().position(|(key, _)| key == pattern) {
            let entry = cache.remove(at);
            let matcher = Rc::clone(&entry.1);
            cache.push(entry);
            return Ok(matcher);
        }
        let matcher = Rc::new(Matcher::new(pattern)?);
        if cache.len() == N_CACHED {
            cache.remove(0);
        }
        cache.push((pattern.to_vec(), Rc::clone(&matcher)));
        Ok(matcher)
    })
}

impl Matcher {
    fn new(pattern: &[u8]) -> Result<Matcher, CompileError> {
        let translation = syntax::translate(pattern).map_err(CompileError::Syntax)?;
        let regex = stacker::maybe_grow(COMPILE_STACK_BYTES / 2, COMPILE_STACK_BYTES, || {
            RegexBuilder::new(&translation.pattern)
                .size_limit(MAX_REGEX_BYTES)
                .nest_limit(MAX_NESTING)
                .build()
        });
        // The translation is valid by construction, so only the bounds can be in the way.
        let regex = regex.map_err(|_| CompileError::TooLarge)?;
        Ok(Matcher {
            regex,
            names: translation.names,
        })
    }

    /// Says whether the pattern matches anywhere in `text`.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(&Haystack::new(text).text)
    }

    /// The leftmost match.
    pub(super) fn find(&self, text: &[u8]) -> Option<Range<usize>> {
        let haystack = Haystack::new(text);
        let found = self.regex.find(&haystack.text)?;
        Some(haystack.original(found.range()))
    }

    /// The first `limit` matches, or all of them.
    ///
    /// An empty match directly after another match does not count.
    pub(super) fn find_all(&self, text: &[u8], limit: Option<usize>) -> Vec<Range<usize>> {
        let haystack = Haystack::new(text);
        let mut all = Vec::new();
        let mut at = 0;
        let mut last_end = None;
        while at <= haystack.text.len() && limit.is_none_or(|limit| all.len() < limit) {
            let Some(found) = self.regex.find_at(&haystack.text, at) else {
                break;
            };
            let follows = found.end() == at && last_end == Some(found.start());
            at = if found.end() == at {
                haystack.after(at)
            } else {
                found.end()
            };
            last_end = Some(found.end());
            if !follows {
                all.push(haystack.original(found.range()));
            }
        }
        all
    }

    /// Replaces every match by what `replace` appends for its groups.
    pub(super) fn replace_all(
        &self,
        text: &[u8],
        replace: impl Fn(&Groups, &mut Vec<u8>),
    ) -> Vec<u8> {
        let haystack = Haystack::new(text);
        let mut out = Vec::new();
        let (mut at, mut last_end) = (0, 0);
        while at <= haystack.text.len() {
            let Some(groups) = self.regex.captures_at(&haystack.text, at) else {
                break;
            };
            let groups: Groups = groups
                .iter()
                .map(|group| group.map(|g| haystack.original(g.range())))
                .collect();
            let Some(Some(found)) = groups.first() else {
                break;
            };
            out.extend_from_slice(&text[last_end..found.start]);
            // An empty match directly after another one is no second match.
            if found.end > last_end || found.start == 0 {
                replace(&groups, &mut out);
            }
            last_end = found.end;
            at = haystack.lossy(found.end).max(haystack.after(at));
        }
        out.extend_from_slice(&text[last_end..]);
        out
    }

    /// The numbers of the groups called `name`.
    pub(super) fn groups_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        let named = self.names.iter().enumerate();
        named
            .filter(move |(_, n)| n.as_str() == name)
            .map(|(at, _)| at + 1)
    }
}

/// A text to search in.
///
/// Go takes each byte that is not part of a character for U+FFFD; so does this, and it remembers
/// where things were.
struct Haystack<'a> {
    text: Cow<'a, str>,
    /// For each byte of a changed text, and its end, the place in the original.
    offsets: Option<Vec<usize>>,
}

impl<'a> Haystack<'a> {
    fn new(bytes: &'a [u8]) -> Haystack<'a> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Haystack {
                text: Cow::Borrowed(text),
                offsets: None,
            };
        }
        let mut text = String::with_capacity(bytes.len());
        let mut offsets = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            offsets.extend(at..at + chunk.valid().len());
            at += chunk.valid().len();
            for _ in chunk.invalid() {
                text.push(char::REPLACEMENT_CHARACTER);
                offsets.extend([at; char::REPLACEMENT_CHARACTER.len_utf8()]);
                at += 1;
            }
        }
        offsets.push(at);
        Haystack {
            text: Cow::Owned(text),
            offsets: Some(offsets),
        }
    }

    fn original(&self, range: Range<usize>) -> Range<usize> {
        match &self.offsets {
            None => range,
            Some(offsets) => offsets[range.start]..offsets[range.end],
        }
    }

    /// The place in the changed text of a place in the original.
    fn lossy(&self, original: usize) -> usize {
        match &self.offsets {
            None => original,
            Some(offsets) => offsets.partition_point(|at| *at < original),
        }
    }

    /// The place one character after `at`; beyond the end of the text at its end.
    fn after(&self, at: usize) -> usize {
        let next = self.text[at..].chars().next();
        at + next.map_or(1, char::len_utf8)
    }
}
