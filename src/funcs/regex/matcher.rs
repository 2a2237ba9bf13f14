//! Compiled patterns and Go's ways of walking over matches.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use ::regex::{Regex, RegexBuilder};

use crate::limits::{MAX_REGEX_BYTES, MAX_REGEX_WORK};
use crate::template::{FuncError, Runtime};

use super::meter::Meter;
use super::syntax::{self, SyntaxError};

/// The number of compiled patterns that each thread keeps: charts use few, often in loops.
const N_CACHED: usize = 16;

/// Deepest nesting of groups in a translated pattern.
///
/// Go does not count groups that do not capture, so its own bound does not cover them.
const MAX_NESTING: u32 = 4000;

/// Native stack that compiling a pattern may need: the compiler recurses once for each level.
const COMPILE_STACK_BYTES: usize = 16 * 1024 * 1024;

/// The sizes of programs that are tried, in bytes: compiling takes as long as its result is large, so
/// it is known beforehand what the next try may take.
const PROGRAM_BYTES: [usize; 5] = [8 << 10, 64 << 10, 512 << 10, 4 << 20, MAX_REGEX_BYTES];

/// How many bytes of a program are compiled in the time of one evaluation step.
const BYTES_PER_STEP: usize = 16;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Matcher {
    regex: Regex,
    names: Vec<String>,
    /// The one of [`PROGRAM_BYTES`] that was enough.
    program_bytes: usize,
}

/// Why a pattern cannot be used.
#[derive(Debug)]
pub(super) enum CompileError {
    /// Go refuses it.
    Syntax(SyntaxError),
    /// Its program would be too large.
    TooLarge,
    /// The run may not take so many steps.
    Steps(FuncError),
}

impl From<FuncError> for CompileError {
    fn from(error: FuncError) -> CompileError {
        CompileError::Steps(error)
    }
}

/// Why a text is not searched, or not to its end.
#[derive(Debug)]
pub(super) enum SearchError {
    /// One search could take longer than [`MAX_REGEX_WORK`] allows.
    TooMuchWork,
    /// The run may not take so many steps.
    Steps(FuncError),
}

impl From<FuncError> for SearchError {
    fn from(error: FuncError) -> SearchError {
        SearchError::Steps(error)
    }
}

/// The capturing groups of a match, the whole match first; `None` for those that took no part.
pub(super) type Groups = Vec<Option<Range<usize>>>;

/// Compiles `pattern`, or finds it among the last ones of this thread.
///
/// Compiling counts for as many steps as it takes, and so does the first use in a run of what another
/// run has left: nobody knows what that is.
///
/// # Errors
///
/// The pattern is invalid or too large, or the run may not take so many steps.
pub(super) fn compile(run: &mut dyn Runtime, pattern: &[u8]) -> Result<Rc<Matcher>, CompileError> {
    thread_local! {
        static CACHE: RefCell<Vec<Cached>> = const { RefCell::new(Vec::new()) };
    }
    CACHE.with_borrow_mut(|cache| {
        if let Some(at) = cache.iter().position(|cached| *cached.pattern == *pattern) {
            let mut cached = cache.remove(at);
            let matcher = Rc::clone(&cached.matcher);
            if cached.run != run.number() {
                cached.run = run.number();
                for bytes in PROGRAM_BYTES {
                    run.spend(bytes / BYTES_PER_STEP)?;
                    if bytes == matcher.program_bytes {
                        break;
                    }
                }
            }
            cache.push(cached);
            return Ok(matcher);
        }
        let matcher = Rc::new(Matcher::new(run, pattern)?);
        if cache.len() == N_CACHED {
            cache.remove(0);
        }
        cache.push(Cached {
            pattern: pattern.into(),
            matcher: Rc::clone(&matcher),
            run: run.number(),
        });
        Ok(matcher)
    })
}

/// A compiled pattern and the last run that it counted in.
struct Cached {
    pattern: Box<[u8]>,
    matcher: Rc<Matcher>,
    run: u64,
}

/// Compiles a translated pattern to a program of so many bytes at most.
fn build(translated: &str, n_bytes: usize) -> Result<Regex, ::regex::Error> {
    stacker::maybe_grow(COMPILE_STACK_BYTES / 2, COMPILE_STACK_BYTES, || {
        RegexBuilder::new(translated)
            .size_limit(n_bytes)
            .nest_limit(MAX_NESTING)
            .build()
    })
}

/// The first of [`PROGRAM_BYTES`] that is enough for a translated pattern, if it is not over `most`.
pub(super) fn program_bytes(translated: &str, most: usize) -> Option<usize> {
    let mut sizes = PROGRAM_BYTES
        .into_iter()
        .take_while(|n_bytes| *n_bytes <= most);
    sizes.find(|n_bytes| {
        let built = build(translated, *n_bytes);
        !matches!(built, Err(::regex::Error::CompiledTooBig(_)))
    })
}

impl Matcher {
    fn new(run: &mut dyn Runtime, pattern: &[u8]) -> Result<Matcher, CompileError> {
        let translation = syntax::translate(pattern).map_err(CompileError::Syntax)?;
        for program_bytes in PROGRAM_BYTES {
            run.spend(program_bytes / BYTES_PER_STEP)?;
            match build(&translation.pattern, program_bytes) {
                Ok(regex) => {
                    return Ok(Matcher {
                        regex,
                        names: translation.names,
                        program_bytes,
                    });
                }
                Err(::regex::Error::CompiledTooBig(_)) => {}
                // The translation is valid by construction, so only the nesting is in the way.
                Err(_) => break,
            }
        }
        Err(CompileError::TooLarge)
    }

    /// Takes a text to search in, unless that could take too long: at worst every byte of it meets
    /// every byte of the program.
    fn haystack<'t>(&self, text: &'t [u8]) -> Result<Haystack<'t>, SearchError> {
        if self.work(text.len()) > MAX_REGEX_WORK {
            return Err(SearchError::TooMuchWork);
        }
        Ok(Haystack::new(text))
    }

    /// The most work of one search in so many bytes.
    fn work(&self, n_bytes: usize) -> u64 {
        (self.program_bytes as u64).saturating_mul(n_bytes as u64)
    }

    /// Says whether the pattern matches anywhere in `text`.
    pub(super) fn is_match(&self, run: &mut dyn Runtime, text: &[u8]) -> Result<bool, SearchError> {
        let haystack = self.haystack(text)?;
        let mut meter = Meter::new(run);
        let is_match = meter.measure(self.work(text.len()), || {
            self.regex.is_match(&haystack.text)
        });
        meter.finish()?;
        Ok(is_match?)
    }

    /// The leftmost match.
    pub(super) fn find(
        &self,
        run: &mut dyn Runtime,
        text: &[u8],
    ) -> Result<Option<Range<usize>>, SearchError> {
        let haystack = self.haystack(text)?;
        let mut meter = Meter::new(run);
        let found = meter.measure(self.work(text.len()), || self.regex.find(&haystack.text));
        meter.finish()?;
        Ok(found?.map(|found| haystack.original(found.range())))
    }

    /// The first `limit` matches, or all of them.
    ///
    /// An empty match directly after another match does not count.
    pub(super) fn find_all(
        &self,
        run: &mut dyn Runtime,
        text: &[u8],
        limit: Option<usize>,
    ) -> Result<Vec<Range<usize>>, SearchError> {
        let haystack = self.haystack(text)?;
        let mut meter = Meter::new(run);
        let mut all = Vec::new();
        let mut at = 0;
        let mut last_end = None;
        while at <= haystack.text.len() && limit.is_none_or(|limit| all.len() < limit) {
            let found = meter.measure(self.work(haystack.text.len() - at), || {
                self.regex.find_at(&haystack.text, at)
            });
            let Some(found) = found? else {
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
        meter.finish()?;
        Ok(all)
    }

    /// Replaces every match by what `replace` appends for its groups; ends early beyond `max` bytes.
    pub(super) fn replace_all(
        &self,
        run: &mut dyn Runtime,
        text: &[u8],
        max: usize,
        replace: impl Fn(&Groups, &mut Vec<u8>),
    ) -> Result<Vec<u8>, SearchError> {
        let haystack = self.haystack(text)?;
        let mut meter = Meter::new(run);
        let mut out = Vec::new();
        let (mut at, mut last_end) = (0, 0);
        while at <= haystack.text.len() && out.len() <= max {
            let groups = meter.measure(self.work(haystack.text.len() - at), || {
                self.regex.captures_at(&haystack.text, at)
            });
            let Some(groups) = groups? else {
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
        meter.finish()?;
        Ok(out)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::replay::FixedHost;

    #[test]
    fn work_is_bounded() {
        let matcher = Matcher::new(&mut FixedHost::default(), b"a").expect("a pattern");
        assert_eq!(matcher.program_bytes, PROGRAM_BYTES[0]);
        let most = MAX_REGEX_WORK / matcher.program_bytes as u64;
        let text = vec![b'x'; most as usize + 1];
        assert!(matcher.haystack(&text[1..]).is_ok());
        assert!(matcher.haystack(&text).is_err());
    }
}
