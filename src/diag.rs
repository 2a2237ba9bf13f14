//! Messages for the person who wrote the YAML: what, where, what to do.
//!
//! In: positions and texts from every other module. Out: a one-line form for logs and an
//! annotated form with an excerpt of the source, in which secrets are hidden.

use std::borrow::Cow;
use std::fmt;

use crate::limits::MAX_EXCERPT_CHARS;
use crate::secret::{Fingerprints, shown_line};

/// A place in a text that a user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as the user names it.
    pub file: String,
    /// One-based line; 0 when only the file is known.
    pub line: usize,
    /// One-based column in characters; 0 when only the line is known.
    pub column: usize,
    /// The text of the line, as far as it may be shown.
    pub excerpt: Option<String>,
}

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; the result stands.
    Warning,
    /// The result cannot be produced.
    Error,
}

/// One problem: severity, message, place, trace and hints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, lower case, without a final stop.
    pub message: String,
    /// Where it is wrong.
    pub location: Option<Location>,
    /// What was going on, innermost first.
    pub trace: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// Whether the outside world failed, so that another try may help.
    pub outside: bool,
}

impl Diagnostic {
    /// Makes an error from its message.
    pub fn error(message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            location: None,
            trace: Vec::new(),
            hints: Vec::new(),
            outside: false,
        }
    }

    /// Makes a warning from its message.
    pub fn warning(message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(message)
        }
    }

    /// Points at a whole file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.location = Some(Location {
            file: file.into(),
            line: 0,
            column: 0,
            excerpt: None,
        });
        self
    }

    /// Points at `line` and `column` (one-based) of `file`, whose text is `source`.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: usize, column: usize, source: &str) -> Self {
        let index = line.checked_sub(1);
        let excerpt = index.and_then(|at| shown_line(source, at));
        let raw = index.and_then(|at| source.lines().nth(at));
        if let (Some(raw), Some(shown)) = (raw, &excerpt) {
            self.message = without_hidden(self.message, raw, shown);
        }
        self.location = Some(Location {
            file: file.into(),
            line,
            column,
            excerpt,
        });
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds what was going on.
    #[must_use]
    pub fn context(mut self, what: impl Into<String>) -> Self {
        self.trace.push(what.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    /// Writes one line; the alternate form (`{:#}`) adds the excerpt, the trace and the hints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.location {
            write!(f, "{}:", printable(&at.file, &[]))?;
            if at.line > 0 {
                write!(f, "{}:", at.line)?;
            }
            if at.column > 0 {
                write!(f, "{}:", at.column)?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&printable(&self.message, &TEXT))?;
        if !f.alternate() {
            return Ok(());
        }
        if let Some(Location {
            line,
            column,
            excerpt: Some(text),
            ..
        }) = &self.location
        {
            let gutter = line.to_string();
            let text = Fingerprints::hidden().mask_line(text);
            let (text, column) = cut(&text, *column);
            write!(f, "\n {gutter} | {text}")?;
            if column > 0 {
                let pad = " ".repeat(gutter.len());
                write!(f, "\n {pad} | {}^", " ".repeat(column - 1))?;
            }
        }
        for line in &self.trace {
            write!(f, "\n  {}", printable(line, &TEXT))?;
        }
        for hint in &self.hints {
            write!(f, "\nhint: {}", printable(hint, &TEXT))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// The control characters that messages of several lines are made of.
const TEXT: [char; 2] = ['\n', '\t'];

/// A text with its control characters, other than those in `kept`, written as escapes: a terminal
/// would obey them.
fn printable<'t>(text: &'t str, kept: &[char]) -> Cow<'t, str> {
    let is_escaped = |c: char| c.is_control() && !kept.contains(&c);
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_escaped(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The part of a long line around `column`, with the column in it; control characters take their
/// one place.
fn cut(line: &str, column: usize) -> (String, usize) {
    let shown = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    let n_chars = line.chars().count();
    if n_chars <= MAX_EXCERPT_CHARS {
        // What is hidden may have made the line shorter.
        let column = column.min(MAX_EXCERPT_CHARS + 1);
        return (line.chars().map(shown).collect(), column);
    }
    let column = column.min(n_chars + 1);
    let start = column.saturating_sub(MAX_EXCERPT_CHARS / 2 + 1);
    let start = start.min(n_chars - MAX_EXCERPT_CHARS);
    let end = start + MAX_EXCERPT_CHARS;
    let part = line.chars().skip(start).take(MAX_EXCERPT_CHARS).map(shown);
    let before = (start > 0).then_some('…');
    let after = (end < n_chars).then_some('…');
    let text = before.into_iter().chain(part).chain(after).collect();
    let column = match column {
        0 => 0,
        column => column - start + usize::from(start > 0),
    };
    (text, column)
}

/// Takes what a message quotes from the line `raw` out of it where `shown`, the line as it may be
/// shown, lacks that.
fn without_hidden(mut message: String, raw: &str, shown: &str) -> String {
    if raw == shown {
        return message;
    }
    // Names in an expression of a template are no secrets.
    let plain: String = raw
        .split("{{")
        .enumerate()
        .map(|(at, part)| match (at, part.split_once("}}")) {
            (0, _) => part,
            (_, Some((_, after))) => after,
            (_, None) => "",
        })
        .collect();
    let is_hidden = |text: &&str| {
        text.len() >= MIN_QUOTED_BYTES && plain.contains(*text) && !shown.contains(*text)
    };
    for quote in ['`', '\'', '"'] {
        let quoted = message.split(quote).skip(1).step_by(2);
        let hidden: Vec<String> = quoted.filter(is_hidden).map(str::to_owned).collect();
        for text in hidden {
            message = message.replace(&text, "‹secret›");
        }
    }
    message
}

/// The shortest text that a message could give away; shorter ones are signs of the language.
const MIN_QUOTED_BYTES: usize = 3;

/// Words a typed reader's message about an unknown key as ours, with the nearest known key.
///
/// The message is serde's: "unknown field `a`, expected one of `b`, `c`".
pub(crate) fn unknown_key(message: &str) -> Diagnostic {
    let Some(start) = message.find("unknown field `") else {
        return Diagnostic::error(message);
    };
    let mut quoted = message[start..].split('`').skip(1).step_by(2);
    let unknown = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    let problem = Diagnostic::error(format!("unknown key `{unknown}`"));
    match nearest(unknown, &known) {
        Some(key) => problem.hint(format!("did you mean `{key}`?")),
        None => problem.hint(format!("known here: {}", known.join(", "))),
    }
}

/// The known name nearest to `name`, if one is near enough to be meant.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let lower = name.to_lowercase();
    known
        .iter()
        .map(|key| (distance(&lower, &key.to_lowercase()), *key))
        .filter(|(distance, key)| *distance <= 1 + key.len().min(name.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

/// The number of characters to insert, remove, replace or swap to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    const MAX_LEN: usize = 100;
    let a: Vec<char> = a.chars().take(MAX_LEN).collect();
    let b: Vec<char> = b.chars().take(MAX_LEN).collect();
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_quote_no_secret() {
        for (message, line, wanted) in [
            (
                "cannot decode `hunter2`",
                "password: !!int hunter2",
                "cannot decode `‹secret›`",
            ),
            (
                "cannot decode `hunter2`",
                "name: !!int hunter2",
                "cannot decode `hunter2`",
            ),
            (
                "`x_y` is not defined",
                "token: a {{ x_y }}",
                "`x_y` is not defined",
            ),
            (
                "did not find expected '}'",
                "p: {token: a}]",
                "did not find expected '}'",
            ),
        ] {
            let problem = Diagnostic::error(message).at("f", 1, 1, line);
            assert_eq!(problem.message, wanted, "{line}");
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_column() {
        let excerpt = |line: &str, column| {
            let problem = Diagnostic::error("m").at("f", 1, column, line);
            let text = format!("{problem:#}");
            let mut lines = text.lines().skip(1).map(|line| line[5..].to_owned());
            (lines.next().unwrap(), lines.next().unwrap().chars().count())
        };
        let whole = "x".repeat(MAX_EXCERPT_CHARS);
        assert_eq!(excerpt(&whole, 3), (whole.clone(), 3));
        let longer = format!("{whole}y");
        assert_eq!(excerpt(&longer, 3), (format!("{whole}…"), 3));
        let end = format!("…{}y", &whole[1..]);
        assert_eq!(
            excerpt(&longer, MAX_EXCERPT_CHARS + 1),
            (end, MAX_EXCERPT_CHARS + 1)
        );
        let long = format!("{}é{}", "a ".repeat(1_000), "b ".repeat(1_000));
        let (shown, column) = excerpt(&long, 2001);
        assert_eq!(shown.chars().count(), MAX_EXCERPT_CHARS + 2);
        assert_eq!(shown.chars().nth(column - 1), Some('é'));
    }

    #[test]
    fn control_characters_are_escaped() {
        let problem = Diagnostic::error("a\u{1b}[31m\nb").at("x\n\u{1b}", 1, 2, "y\tz\u{7}");
        assert_eq!(
            format!("{problem:#}"),
            "x\\n\\u{1b}:1:2: a\\u{1b}[31m\nb\n 1 | y z\u{fffd}\n   |  ^"
        );
    }

    #[test]
    fn the_nearest_key_is_meant() {
        let known = ["exclude", "configMap", "index", "keys"];
        for (name, key) in [
            ("exlcude", Some("exclude")),
            ("configmap", Some("configMap")),
            ("idx", None),
            ("key", Some("keys")),
            ("something", None),
        ] {
            assert_eq!(nearest(name, &known), key, "{name}");
        }
    }
}
