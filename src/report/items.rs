//! The items that Job DSL scripts describe.
//!
//! In: the text of a script. Out: the literal names in calls such as `pipelineJob('x')`. Names that
//! a script computes are not found; comments and strings are not mistaken for calls.

use std::collections::BTreeSet;

/// The calls of Job DSL that make an item.
const CALLS: [&str; 14] = [
    "buildFlowJob",
    "folder",
    "freeStyleJob",
    "ivyJob",
    "job",
    "matrixJob",
    "mavenJob",
    "multiJob",
    "multibranchPipelineJob",
    "multibranchWorkflowJob",
    "organizationFolder",
    "pipelineJob",
    "workflowJob",
    "externalJob",
];

/// Finds the items of a script, as `kind name`.
pub(super) fn items(script: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = script;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        if let Some(after) = comment(rest) {
            (rest, before) = (after, ' ');
        } else if matches!(first, '\'' | '"') {
            let (_, after) = literal(rest);
            (rest, before) = (after, '"');
        } else if is_name(first) {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let inside = matches!(before, '.' | '$' | '@');
            if !inside
                && CALLS.contains(&word)
                && let Some(name) = argument(after)
            {
                found.insert(format!("{word} {}", super::visible::visible(name)));
            }
            (rest, before) = (after, 'a');
        } else {
            before = first;
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// What follows the comment at the start, if there is one.
fn comment(text: &str) -> Option<&str> {
    let end = if text.starts_with("//") {
        text.find('\n')
    } else if text.starts_with("/*") {
        text.find("*/").map(|at| at + 2)
    } else {
        return None;
    };
    Some(end.map_or("", |end| &text[end..]))
}

/// The content of the string at the start, if it is the same at every run, and what follows.
fn literal(text: &str) -> (Option<&str>, &str) {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let quote = if text.starts_with(&triple) {
        &triple
    } else {
        quote
    };
    let start = quote.len();
    let mut at = start;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(after) = rest.strip_prefix(quote) {
            let content = &text[start..at];
            let computed =
                content.contains('\\') || (quote.starts_with('"') && content.contains('$'));
            return ((!computed).then_some(content), after);
        }
        // A string of one line ends there at the latest: the script does not compile.
        if quote.len() == 1 && rest.starts_with('\n') {
            return (None, rest);
        }
        let skip = rest.chars().next().map_or(1, char::len_utf8);
        let escaped = rest.starts_with('\\');
        at += skip;
        if escaped {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (None, "")
}

/// The first argument of a call, if it is a literal name.
fn argument(after: &str) -> Option<&str> {
    let rest = after.trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix('(').unwrap_or(rest).trim_start();
    if !rest.starts_with(['\'', '"']) {
        return None;
    }
    let (name, after) = literal(rest);
    let after = after.trim_start();
    name.filter(|name| !name.is_empty() && !after.starts_with(['+', '.']))
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_names_are_found() {
        let script = "// job('no')\n/* job('no') */\nfolder('a') { displayName('job(\"no\")') }\n\
                      pipelineJob(\"a/b\") {}\nmultibranchPipelineJob 'a/c', {}\n\
                      job(\"a/${x}\")\njob('a' + x)\nqueue.job('no')\nfreeStyleJob('''t''')\n";
        let found: Vec<String> = items(script).into_iter().collect();
        assert_eq!(
            found,
            [
                "folder a",
                "freeStyleJob t",
                "multibranchPipelineJob a/c",
                "pipelineJob a/b"
            ]
        );
    }

    #[test]
    fn broken_scripts_end() {
        for script in [
            "'",
            "'\\",
            "\"\"\"",
            "/*",
            "//",
            "job('",
            "job(\"\\é",
            "job",
        ] {
            assert!(items(script).is_empty(), "{script}");
        }
    }
}
