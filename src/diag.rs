//! Messages for the person who wrote the YAML: what, where, what to do.
//!
//! In: positions and texts from every other module. Out: a one-line form for logs and an
//! annotated form with an excerpt of the source.

use std::fmt;

/// A place in a text that a user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as the user names it.
    pub file: String,
    /// One-based line; 0 when only the file is known.
    pub line: usize,
    /// One-based column in characters; 0 when only the line is known.
    pub column: usize,
    /// The text of the line, when it may be shown.
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
        let excerpt = line
            .checked_sub(1)
            .and_then(|n| source.lines().nth(n))
            .map(str::to_owned);
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
            write!(f, "{}:", at.file)?;
            if at.line > 0 {
                write!(f, "{}:", at.line)?;
            }
            if at.column > 0 {
                write!(f, "{}:", at.column)?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)?;
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
            write!(f, "\n {gutter} | {}", text.replace('\t', " "))?;
            if *column > 0 {
                let pad = " ".repeat(gutter.len());
                write!(f, "\n {pad} | {}^", " ".repeat(column - 1))?;
            }
        }
        for line in &self.trace {
            write!(f, "\n  {line}")?;
        }
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}
