//! Versions: the loose and the strict grammar, precedence, and the next versions.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Longest text that is read as a version, in bytes (the library: `MaxVersionLen`).
const MAX_VERSION_BYTES: usize = 256;

/// A semantic version.
///
/// Versions compare by precedence: build metadata does not count, not even for equality.
#[derive(Clone, Debug)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    pre: String,
    metadata: String,
    original: String,
}

/// Why a text is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionError {
    /// The text does not follow the grammar.
    Invalid,
    /// The strict grammar: there is no text.
    Empty,
    /// The strict grammar: a part of the core is no number.
    InvalidCharacters,
    /// A numeric part has a leading zero where none is allowed.
    LeadingZero,
    /// A pre-release identifier is empty or has a forbidden character.
    InvalidPrerelease,
    /// A metadata identifier is empty or has a forbidden character.
    InvalidMetadata,
    /// The text is longer than any sensible version.
    TooLong,
    /// A number of the loose grammar does not fit 64 bits.
    Segment(String),
    /// A number of the strict grammar does not fit 64 bits, or is empty.
    Number(String),
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionError::Invalid => f.write_str("invalid semantic version"),
            VersionError::Empty => f.write_str("version string empty"),
            VersionError::InvalidCharacters => f.write_str("invalid characters in version"),
            VersionError::LeadingZero => f.write_str("version segment starts with 0"),
            VersionError::InvalidPrerelease => f.write_str("invalid prerelease string"),
            VersionError::InvalidMetadata => f.write_str("invalid metadata string"),
            VersionError::TooLong => write!(
                f,
                "version string is too long (max {MAX_VERSION_BYTES} bytes)"
            ),
            VersionError::Segment(text) => write!(
                f,
                "error parsing version segment: {}",
                VersionError::Number(text.clone())
            ),
            VersionError::Number(text) => {
                let why = if text.is_empty() {
                    "invalid syntax"
                } else {
                    "value out of range"
                };
                write!(f, "strconv.ParseUint: parsing \"{text}\": {why}")
            }
        }
    }
}

impl std::error::Error for VersionError {}

impl Version {
    /// Go's zero value: 0.0.0, read from nothing.
    pub(super) fn zero() -> Version {
        Version {
            major: 0,
            minor: 0,
            patch: 0,
            pre: String::new(),
            metadata: String::new(),
            original: String::new(),
        }
    }

    /// Reads the loose grammar: an optional `v`, one to three numbers, leading zeros allowed.
    ///
    /// ```
    /// use jenkins_cmp::funcs::semver::Version;
    ///
    /// let version = Version::parse("v1.02-rc.1").expect("a version");
    /// assert_eq!(version.to_string(), "1.2.0-rc.1");
    /// ```
    ///
    /// # Errors
    ///
    /// The text is too long, does not follow the grammar, or holds a number beyond 64 bits.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Version, VersionError> {
        let bytes = text.as_ref();
        if bytes.len() > MAX_VERSION_BYTES {
            return Err(VersionError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| VersionError::Invalid)?;
        let (core, pre, metadata) = cut(text.strip_prefix('v').unwrap_or(text));
        let numbers: Vec<&str> = core.split('.').collect();
        let extras = [pre, metadata].into_iter().flatten();
        if numbers.len() > 3
            || !numbers.iter().all(|n| is_number(n))
            || !extras.flat_map(|e| e.split('.')).all(is_identifier)
        {
            return Err(VersionError::Invalid);
        }
        let number = |at: usize| match numbers.get(at) {
            None => Ok(0),
            Some(n) => n
                .parse()
                .map_err(|_| VersionError::Segment((*n).to_owned())),
        };
        let version = Version {
            major: number(0)?,
            minor: number(1)?,
            patch: number(2)?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        };
        if !version.pre.is_empty() {
            check_prerelease(&version.pre)?;
        }
        Ok(version)
    }

    /// Reads the grammar of the specification: exactly three numbers, no `v`, no leading zeros.
    ///
    /// # Errors
    ///
    /// The first rule that the text breaks.
    pub fn parse_strict(text: &str) -> Result<Version, VersionError> {
        if text.is_empty() {
            return Err(VersionError::Empty);
        }
        if text.len() > MAX_VERSION_BYTES {
            return Err(VersionError::TooLong);
        }
        let parts: Vec<&str> = text.splitn(3, '.').collect();
        let [major, minor, rest] = parts[..] else {
            return Err(VersionError::Invalid);
        };
        let (rest, metadata) = split_off(rest, '+');
        if let Some(metadata) = metadata {
            check_metadata(metadata)?;
        }
        let (patch, pre) = split_off(rest, '-');
        if let Some(pre) = pre {
            check_prerelease(pre)?;
        }
        for part in [major, minor, patch] {
            if !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(VersionError::InvalidCharacters);
            }
            if has_leading_zero(part) {
                return Err(VersionError::LeadingZero);
            }
        }
        let number = |n: &str| n.parse().map_err(|_| VersionError::Number(n.to_owned()));
        Ok(Version {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number.
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// The pre-release identifiers; empty for a release.
    pub fn prerelease(&self) -> &str {
        &self.pre
    }

    /// The build metadata, or nothing.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text that was parsed.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The next patch version: a pre-release becomes its release, all else one patch more.
    ///
    /// Like the other increments, gives `None` when the number would not fit 64 bits.
    pub fn inc_patch(&self) -> Option<Version> {
        let patch = if self.pre.is_empty() {
            self.patch.checked_add(1)?
        } else {
            self.patch
        };
        Some(self.successor(self.major, self.minor, patch))
    }

    /// The next minor version.
    pub fn inc_minor(&self) -> Option<Version> {
        Some(self.successor(self.major, self.minor.checked_add(1)?, 0))
    }

    /// The next major version.
    pub fn inc_major(&self) -> Option<Version> {
        Some(self.successor(self.major.checked_add(1)?, 0, 0))
    }

    /// The same version with other pre-release identifiers.
    ///
    /// # Errors
    ///
    /// An identifier is empty, has a forbidden character, or is a number with a leading zero.
    pub fn with_prerelease(&self, pre: &str) -> Result<Version, VersionError> {
        if !pre.is_empty() {
            check_prerelease(pre)?;
        }
        Ok(self.renamed(Version {
            pre: pre.to_owned(),
            ..self.clone()
        }))
    }

    /// The same version with other metadata.
    ///
    /// # Errors
    ///
    /// An identifier is empty or has a forbidden character.
    pub fn with_metadata(&self, metadata: &str) -> Result<Version, VersionError> {
        if !metadata.is_empty() {
            check_metadata(metadata)?;
        }
        Ok(self.renamed(Version {
            metadata: metadata.to_owned(),
            ..self.clone()
        }))
    }

    fn successor(&self, major: u64, minor: u64, patch: u64) -> Version {
        self.renamed(Version {
            major,
            minor,
            patch,
            pre: String::new(),
            metadata: String::new(),
            original: String::new(),
        })
    }

    /// Gives `next`, which was made from this version, its canonical text, after a `v` if this one
    /// had it.
    fn renamed(&self, next: Version) -> Version {
        let v = if self.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        Version {
            original: format!("{v}{next}"),
            ..next
        }
    }
}

impl fmt::Display for Version {
    /// Writes the canonical form: three numbers, no `v`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        let numbers = |v: &Version| (v.major, v.minor, v.patch);
        numbers(self)
            .cmp(&numbers(other))
            .then_with(|| compare_prerelease(&self.pre, &other.pre))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.major, self.minor, self.patch, &self.pre).hash(state);
    }
}

/// Orders pre-releases; a release (the empty text) is above all of them.
fn compare_prerelease(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(l), Some(r)) => compare_identifier(l, r),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Numbers come before words; a number beyond 64 bits counts as a word.
fn compare_identifier(a: &str, b: &str) -> Ordering {
    match (parse_number(a), parse_number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

fn parse_number(text: &str) -> Option<u64> {
    is_number(text).then(|| text.parse().ok()).flatten()
}

/// Cuts a version without its `v` into numbers, pre-release and metadata.
fn cut(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, metadata) = split_off(text, '+');
    let (core, pre) = split_off(rest, '-');
    (core, pre, metadata)
}

fn split_off(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn has_leading_zero(number: &str) -> bool {
    number.len() > 1 && number.starts_with('0')
}

fn check_prerelease(pre: &str) -> Result<(), VersionError> {
    for identifier in pre.split('.') {
        if !is_identifier(identifier) {
            return Err(VersionError::InvalidPrerelease);
        }
        if is_number(identifier) && has_leading_zero(identifier) {
            return Err(VersionError::LeadingZero);
        }
    }
    Ok(())
}

fn check_metadata(metadata: &str) -> Result<(), VersionError> {
    if metadata.split('.').all(is_identifier) {
        Ok(())
    } else {
        Err(VersionError::InvalidMetadata)
    }
}
