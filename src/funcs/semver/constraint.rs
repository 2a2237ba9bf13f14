//! Constraints such as `>=1.2, <3 || ~4.1`.
//!
//! A constraint is a list of groups, one of which must hold; a group is a list of terms, all of
//! which must hold. The splitting into terms follows the library's regular expressions, since
//! their leftmost matches decide what odd texts mean.

use std::fmt;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

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
        if !GRAMMAR.group.is_match(text) {
            return Err(ConstraintError::Improper(quote(text)));
        }
        let terms: Vec<Term> = GRAMMAR
            .term
            .captures_iter(text)
            .map(|captures| Term::parse(&captures))
            .collect::<Result<_, _>>()?;
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
    fn parse(captures: &Captures<'_>) -> Result<Term, ConstraintError> {
        let part = |name: &str| captures.name(name).map_or(&b""[..], |m| m.as_bytes());
        let operator = match part("op") {
            b"!=" => Operator::NotEqual,
            b">" => Operator::Greater,
            b"<" => Operator::Less,
            b">=" | b"=>" => Operator::GreaterEqual,
            b"<=" | b"=<" => Operator::LessEqual,
            b"~" | b"~>" => Operator::Tilde,
            b"^" => Operator::Caret,
            _ => Operator::Equal,
        };
        let (major, minor, patch) = (part("major"), part("minor"), part("patch"));
        let pre = part("pre");
        let (precision, text) = if is_open(major) {
            (Precision::None, [b"0.0.0", pre].concat())
        } else if is_open(minor) {
            (Precision::Major, [major, b".0.0", pre].concat())
        } else if is_open(patch) {
            (Precision::Minor, [major, b".", minor, b".0", pre].concat())
        } else {
            (Precision::Full, part("version").to_vec())
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
    for range in GRAMMAR.range.captures_iter(text) {
        let (whole, [low, high]) = range.extract();
        if let Some(at) = memchr::memmem::find(&out, whole) {
            let comparison = [b">= ", low, b", <= ", high, b" "].concat();
            out.splice(at..at + whole.len(), comparison);
        }
    }
    out
}

struct Grammar {
    group: Regex,
    term: Regex,
    range: Regex,
}

/// The library's grammar; a `|` among the digits is its slip, which lets `1|2` reach the version
/// parser.
static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    const OPERATOR: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
    const NUMBER: &str = r"[0-9xX*|]+";
    const EXTRA: &str = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";
    const BLANK: &str = r"[\t\n\f\r ]";
    let plain = format!(r"v?{NUMBER}(?:\.{NUMBER})?(?:\.{NUMBER})?(?:-{EXTRA})?(?:\+{EXTRA})?");
    let named = format!(
        r"(?<version>v?(?<major>{NUMBER})(?:\.(?<minor>{NUMBER}))?(?:\.(?<patch>{NUMBER}))?(?<pre>-{EXTRA})?(?:\+{EXTRA})?)"
    );
    let term = format!("(?:{OPERATOR}){BLANK}*{plain}{BLANK}*");
    let build = |pattern: String| Regex::new(&pattern).expect("the grammar is fixed and valid");
    Grammar {
        group: build(format!(
            r"^{BLANK}*{term}(?:(?:{BLANK}+|,{BLANK}*){term})*$"
        )),
        term: build(format!("(?<op>{OPERATOR}){BLANK}*{named}")),
        range: build(format!(
            "{BLANK}*({plain}){BLANK}+-{BLANK}+({plain}){BLANK}*"
        )),
    }
});
