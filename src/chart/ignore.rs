//! `.helmignore`: which files of a chart directory are left out.
//!
//! A negated rule ignores everything that it does *not* match and then leaves the decision to the
//! rules after it; this is Helm's reading of `!`, not Git's.

use crate::files::Pattern;

/// The rules of one `.helmignore`, with Helm's built-in one behind them.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    negated: bool,
    only_directories: bool,
    whole_path: bool,
}

impl Rules {
    /// Reads the rules of `text`.
    ///
    /// # Errors
    ///
    /// Helm's text for `**` and for a malformed pattern.
    pub(super) fn parse(text: &str) -> Result<Rules, String> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut rules = Vec::new();
        for line in text.split('\n').chain(["templates/.?*"]) {
            rules.extend(parse_rule(line.trim())?);
        }
        Ok(Rules(rules))
    }

    /// Says whether the file or directory at `path`, relative to the chart, is left out.
    pub(super) fn ignore(&self, path: &str, is_dir: bool) -> bool {
        for rule in &self.0 {
            let applies = is_dir || !rule.only_directories;
            if rule.negated && !(applies && rule.matches(path)) {
                return true;
            }
            if !rule.negated && applies && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn matches(&self, path: &str) -> bool {
        let subject = if self.whole_path {
            path
        } else {
            path.rsplit('/').next().unwrap_or(path)
        };
        // Helm logs a pattern that turns out to be malformed here, and goes on.
        self.pattern.matches(subject).unwrap_or(false)
    }
}

fn parse_rule(line: &str) -> Result<Option<Rule>, String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.contains("**") {
        return Err("double-star (**) syntax is not supported".to_owned());
    }
    // Helm tries it on a name to see whether it is well-formed.
    Pattern::new(line)
        .matches("abc")
        .map_err(|e| e.to_string())?;
    let (negated, rule) = match line.strip_prefix('!') {
        Some(rule) => (true, rule),
        None => (false, line),
    };
    let (only_directories, rule) = match rule.strip_suffix('/') {
        Some(rule) => (true, rule),
        None => (false, rule),
    };
    let (rooted, rule) = match rule.strip_prefix('/') {
        Some(rule) => (true, rule),
        None => (false, rule),
    };
    Ok(Some(Rule {
        pattern: Pattern::new(rule),
        negated,
        only_directories,
        whole_path: rooted || rule.contains('/'),
    }))
}
