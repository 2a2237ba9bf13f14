//! Constraints such as `>=1.2, <3 || ~4.1`.
//!
//! A constraint is a list of groups, one of which must hold; a group is a list of terms, all of
//! which must hold. The splitting into terms follows the library's regular expressions, since
//! their leftmost matches decide what odd texts mean. It is written out because compiling the
//! expressions takes longer than a small chart.

use std::fmt;

use super::Version;
use crate::value::quote::quote;

/// Longest text that is read as a constraint, in bytes (the library: `MaxConstraintLen`).
const MAX_CONSTRAINT_BYTES: usize = 512;

/// Most groups in a constraint (the library: `MaxConstraintGroups`).
const MAX_CONSTRAINT_GROUPS: usize = 32;

/// A condition on versions.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
}

/// Why a text is no constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConstraintError {
    /// A group does not follow the grammar; holds the group, quoted.
    Improper(String),
    /// A term's version is none, such as `1x`.
    Version,
    /// The text is longer than any sensible constraint.
    TooLong,
    /// The text has more `||` than any sensible constraint.
    TooManyGroups,
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConstraintError::Improper(quoted) => write!(f, "improper constraint: {quoted}"),
            ConstraintError::Version => f.write_str("constraint parser error"),
            ConstraintError::TooLong => write!(
                f,
                "constraint string is too long (max {MAX_CONSTRAINT_BYTES} bytes)"
            ),
            ConstraintError::TooManyGroups => {
                write!(
                    f,
                    "too many constraint groups (max {MAX_CONSTRAINT_GROUPS})"
                )
            }
        }
    }
}

impl std::error::Error for ConstraintError {}

impl Constraint {
    /// Reads a constraint.
    ///
    /// ```
    /// use jenkins_cmp::funcs::semver::{Constraint, Version};
    ///
    /// let constraint = Constraint::parse(">=1.20-0").expect("a constraint");
    /// let version = Version::parse("v1.27.3-gke.1").expect("a version");
    /// assert!(constraint.check(&version));
    /// ```
    ///
    /// # Errors
    ///
    /// The text is too long, or one of its groups does not follow the grammar.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Constraint, ConstraintError> {
        let text = text.as_ref();
        if text.len() > MAX_CONSTRAINT_BYTES {
            return Err(ConstraintError::TooLong);
        }
        let text = rewrite_ranges(text);
        let groups = split_groups(&text);
        if groups.len() > MAX_CONSTRAINT_GROUPS {
            return Err(ConstraintError::TooManyGroups);
        }
        let groups = groups.into_iter().map(Group::parse);
        Ok(Constraint {
            groups: groups.collect::<Result<_, _>>()?,
        })
    }

    /// Says whether `version` fulfils the constraint.
    ///
    /// A pre-release fulfils only groups in which some term names a pre-release.
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| group.check(version))
    }
}

/// Terms that must all hold.
#[derive(Clone, Debug)]
struct Group {
    terms: Vec<Term>,
    allows_prerelease: bool,
}

impl Group {
    fn parse(text: &[u8]) -> Result<Group, ConstraintError> {
        let words = words(text).ok_or_else(|| ConstraintError::Improper(quote(text)))?;
        let terms: Vec<Term> = words.iter().map(Term::parse).collect::<Result<_, _>>()?;
        Ok(Group {
            allows_prerelease: terms.iter().any(|t| !t.version.prerelease().is_empty()),
            terms,
        })
    }

    fn check(&self, version: &Version) -> bool {
        (version.prerelease().is_empty() || self.allows_prerelease)
            && self.terms.iter().all(|term| term.check(version))
    }
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// How many numbers of a term's version are given; the others are absent or `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    None,
    Major,
    Minor,
    Full,
}

#[derive(Clone, Debug)]
struct Term {
    operator: Operator,
    version: Version,
    precision: Precision,
}

impl Term {
    fn parse(word: &Word<'_>) -> Result<Term, ConstraintError> {
        let operator = match word.operator {
            b"!=" => Operator::NotEqual,
            b">" => Operator::Greater,
            b"<" => Operator::Less,
            b">=" | b"=>" => Operator::GreaterEqual,
            b"<=" | b"=<" => Operator::LessEqual,
            b"~" | b"~>" => Operator::Tilde,
            b"^" => Operator::Caret,
            _ => Operator::Equal,
        };
        let Scanned { numbers, pre, text } = word.version;
        let [major, minor, patch] = numbers;
        let (precision, text) = if is_open(major) {
            (Precision::None, [b"0.0.0", pre].concat())
        } else if is_open(minor) {
            (Precision::Major, [major, b".0.0", pre].concat())
        } else if is_open(patch) {
            (Precision::Minor, [major, b".", minor, b".0", pre].concat())
        } else {
            (Precision::Full, text.to_vec())
        };
        Ok(Term {
            operator,
            version: Version::parse(text).map_err(|_| ConstraintError::Version)?,
            precision,
        })
    }

    fn check(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let majors = (version.major(), wanted.major());
        let minors = (
            (version.major(), version.minor()),
            (wanted.major(), wanted.minor()),
        );
        match (self.operator, self.precision) {
            (Operator::Equal, Precision::Full) => version == wanted,
            (Operator::Equal | Operator::Tilde, _) => self.check_tilde(version),
            (Operator::NotEqual, Precision::Major) => majors.0 != majors.1,
            (Operator::NotEqual, Precision::Minor) => {
                minors.0 != minors.1 || version.prerelease() != wanted.prerelease()
            }
            (Operator::NotEqual, _) => version != wanted,
            (Operator::Greater, Precision::Major) => majors.0 > majors.1,
            (Operator::Greater, Precision::Minor) => minors.0 > minors.1,
            (Operator::Greater, _) => version > wanted,
            (Operator::Less, _) => version < wanted,
            (Operator::GreaterEqual, _) => version >= wanted,
            (Operator::LessEqual, Precision::Full) => version <= wanted,
            (Operator::LessEqual, Precision::Major) => majors.0 <= majors.1,
            (Operator::LessEqual, _) => minors.0 <= minors.1,
            (Operator::Caret, _) => self.check_caret(version),
        }
    }

    /// `~`: at least this version, and only its last number may grow.
    ///
    /// The library takes `~0.0.0` and `~*` for "anything".
    fn check_tilde(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version < wanted {
            return false;
        }
        let zero = (wanted.major(), wanted.minor(), wanted.patch()) == (0, 0, 0);
        match self.precision {
            Precision::None | Precision::Full if zero => true,
            Precision::Major => version.major() == wanted.major(),
            _ => (version.major(), version.minor()) == (wanted.major(), wanted.minor()),
        }
    }

    /// `^`: at least this version, and its first non-zero number stays.
    fn check_caret(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version < wanted || version.major() != wanted.major() {
            return false;
        }
        if wanted.major() > 0 || self.precision == Precision::Major {
            return true;
        }
        version.minor() == wanted.minor()
            && (wanted.minor() > 0
                || self.precision == Precision::Minor
                || version.patch() == wanted.patch())
    }
}

fn is_open(number: &[u8]) -> bool {
    matches!(number, b"" | b"x" | b"X" | b"*")
}

/// Texts between `||`, as Go's `strings.Split` gives them.
fn split_groups(text: &[u8]) -> Vec<&[u8]> {
    let mut groups = Vec::new();
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, b"||") {
        groups.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    groups.push(rest);
    groups
}

/// Writes `A - B` as `>= A, <= B `.
///
/// Like the library, replaces the first occurrence of each matched text, which need not be the
/// match itself.
fn rewrite_ranges(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    let mut at = 0;
    while at < text.len() {
        let Some((low, high, rest)) = range(&text[at..]) else {
            at += 1;
            continue;
        };
        let end = text.len() - rest.len();
        let whole = &text[at..end];
        if let Some(found) = memchr::memmem::find(&out, whole) {
            let comparison = [b">= ", low, b", <= ", high, b" "].concat();
            out.splice(found..found + whole.len(), comparison);
        }
        at = end;
    }
    out
}

/// An operator, which may be empty, and the version after it.
struct Word<'t> {
    operator: &'t [u8],
    version: Scanned<'t>,
}

/// A version as it is written; missing numbers are empty.
#[derive(Clone, Copy)]
struct Scanned<'t> {
    /// All of it.
    text: &'t [u8],
    numbers: [&'t [u8]; 3],
    /// The pre-release with its `-`.
    pre: &'t [u8],
}

/// The words of a group, which blanks or commas part; `None` if it is not made of such.
fn words(text: &[u8]) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        let (word, after) = word(skip_blanks(rest))?;
        words.push(word);
        rest = skip_blanks(after);
        if rest.is_empty() {
            return Some(words);
        }
        match rest.strip_prefix(b",") {
            Some(next) => rest = next,
            None if rest.len() == after.len() => return None,
            None => {}
        }
    }
}

/// The word at the start of `text`, and what follows it.
fn word(text: &[u8]) -> Option<(Word<'_>, &[u8])> {
    let len = match text {
        [b'!' | b'>' | b'<', b'=', ..] | [b'=', b'>' | b'<', ..] | [b'~', b'>', ..] => 2,
        [b'=' | b'>' | b'<' | b'~' | b'^', ..] => 1,
        _ => 0,
    };
    let (operator, rest) = text.split_at(len);
    let (version, rest) = version(skip_blanks(rest))?;
    Some((Word { operator, version }, rest))
}

/// The versions of `A - B` with the blanks around it, and what follows.
fn range(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (low, rest) = version(skip_blanks(text))?;
    let rest = skip_some_blanks(rest)?.strip_prefix(b"-")?;
    let (high, rest) = version(skip_some_blanks(rest)?)?;
    Some((low.text, high.text, skip_blanks(rest)))
}

/// The version at the start of `text`, and what follows it.
fn version(text: &[u8]) -> Option<(Scanned<'_>, &[u8])> {
    let (major, mut rest) = run(text.strip_prefix(b"v").unwrap_or(text), is_digit)?;
    let mut numbers = [major, b"", b""];
    for number in &mut numbers[1..] {
        let Some((found, after)) = rest.strip_prefix(b".").and_then(|rest| run(rest, is_digit))
        else {
            break;
        };
        (*number, rest) = (found, after);
    }
    let (pre, rest) = extra(rest, b"-");
    let (_, rest) = extra(rest, b"+");
    let text = &text[..text.len() - rest.len()];
    Some((Scanned { text, numbers, pre }, rest))
}

/// What follows `mark` at the start of `text`: names between dots. Empty where there is none.
fn extra<'t>(text: &'t [u8], mark: &[u8]) -> (&'t [u8], &'t [u8]) {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let mut rest = text;
    let mut next = text.strip_prefix(mark);
    while let Some((_, after)) = next.and_then(|text| run(text, is_name)) {
        rest = after;
        next = after.strip_prefix(b".");
    }
    text.split_at(text.len() - rest.len())
}

/// The bytes at the start of `text` that are `wanted`, at least one, and what follows them.
fn run(text: &[u8], wanted: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    let len = text.iter().take_while(|b| wanted(**b)).count();
    (len > 0).then(|| text.split_at(len))
}

/// What numbers are made of; `|` is the library's slip, which lets `1|2` reach the version parser.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || b"xX*|".contains(&byte)
}

fn is_blank(byte: u8) -> bool {
    b"\t\n\x0C\r ".contains(&byte)
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    skip_some_blanks(text).unwrap_or(text)
}

fn skip_some_blanks(text: &[u8]) -> Option<&[u8]> {
    run(text, is_blank).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use regex::bytes::Regex;

    use super::*;

    /// The library's grammar.
    struct Grammar {
        group: Regex,
        term: Regex,
        range: Regex,
    }

    impl Grammar {
        fn new() -> Grammar {
            const OPERATOR: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
            const NUMBER: &str = r"[0-9xX*|]+";
            const EXTRA: &str = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";
            const BLANK: &str = r"[\t\n\f\r ]";
            let named = format!(
                r"(v?({NUMBER})(?:\.({NUMBER}))?(?:\.({NUMBER}))?(-{EXTRA})?(?:\+{EXTRA})?)"
            );
            let plain = named.replace('(', "(?:").replace("?:?:", "?:");
            let term = format!("(?:{OPERATOR}){BLANK}*{plain}{BLANK}*");
            let build = |pattern: String| Regex::new(&pattern).unwrap();
            Grammar {
                group: build(format!(
                    r"^{BLANK}*{term}(?:(?:{BLANK}+|,{BLANK}*){term})*$"
                )),
                term: build(format!("({OPERATOR}){BLANK}*{named}")),
                range: build(format!(
                    "{BLANK}*({plain}){BLANK}+-{BLANK}+({plain}){BLANK}*"
                )),
            }
        }

        /// The parts of each word: operator, version, numbers, pre-release.
        fn words(&self, text: &[u8]) -> Option<Vec<Vec<Vec<u8>>>> {
            let parts = |captures: regex::bytes::Captures<'_>| {
                let parts = captures.iter().skip(1);
                let parts = parts.map(|part| part.map_or(Vec::new(), |m| m.as_bytes().to_vec()));
                parts.collect()
            };
            let words = self.term.captures_iter(text).map(parts);
            self.group.is_match(text).then(|| words.collect())
        }

        fn ranges(&self, text: &[u8]) -> Vec<Vec<u8>> {
            let found = self.range.captures_iter(text);
            found
                .flat_map(|captures| [0, 1, 2].map(|i| captures[i].to_vec()))
                .collect()
        }
    }

    fn scanned_words(text: &[u8]) -> Option<Vec<Vec<Vec<u8>>>> {
        let parts = |word: Word<'_>| {
            let Scanned { text, numbers, pre } = word.version;
            let [major, minor, patch] = numbers;
            let parts = [word.operator, text, major, minor, patch, pre];
            parts.map(<[u8]>::to_vec).to_vec()
        };
        Some(words(text)?.into_iter().map(parts).collect())
    }

    fn scanned_ranges(text: &[u8]) -> Vec<Vec<u8>> {
        let (mut found, mut at) = (Vec::new(), 0);
        while at < text.len() {
            match range(&text[at..]) {
                Some((low, high, rest)) => {
                    let whole = &text[at..text.len() - rest.len()];
                    found.extend([whole, low, high].map(<[u8]>::to_vec));
                    at += whole.len();
                }
                None => at += 1,
            }
        }
        found
    }

    #[test]
    fn agrees_with_the_regular_expressions() {
        const CHARACTERS: &[u8] = b"   ,|=!><~^v10xX*..--+a\t";
        let grammar = Grammar::new();
        let mut state: u64 = 1;
        let mut next = |n: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let mut n_matches = 0;
        for _ in 0..30_000 {
            let text: Vec<u8> = (0..next(12))
                .map(|_| CHARACTERS[next(CHARACTERS.len())])
                .collect();
            let shown = String::from_utf8_lossy(&text);
            let wanted = grammar.words(&text);
            n_matches += usize::from(wanted.is_some());
            assert_eq!(scanned_words(&text), wanted, "{shown:?}");
            assert_eq!(scanned_ranges(&text), grammar.ranges(&text), "{shown:?}");
        }
        assert!(n_matches > 300, "{n_matches}");
        let text = b"1.2 - 1.4.5 || >=2-0, <3 ";
        assert_eq!(scanned_ranges(text).len(), 3);
    }
}
