//! The items that Job DSL scripts describe.
//!
//! In: the text of a script. Out: the literal names in calls such as `pipelineJob('x')`, and the lines
//! of each. Names that a script computes are not found; comments and strings are not mistaken for
//! calls.

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
    let calls = calls(script);
    calls.into_iter().map(|call| call.item).collect()
}

/// A script cut into the items that it describes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// Each item with the lines of its call, as they follow one another.
    pub(super) items: Vec<(String, String)>,
    /// The lines of no item.
    pub(super) rest: String,
}

impl Script {
    /// The lines of an item.
    pub(super) fn get(&self, item: &str) -> Option<&str> {
        let found = self.items.iter().find(|(name, _)| name == item);
        found.map(|(_, text)| text.as_str())
    }
}

/// Cuts a script into its items; nothing where that cannot be told: a call without an end, two items
/// of one name, or one inside of another.
pub(super) fn split(script: &str) -> Option<Script> {
    let mut items: Vec<(String, String)> = Vec::new();
    let mut rest = String::new();
    let mut at = 0;
    for call in calls(script) {
        let start = script[..call.start].rfind('\n').map_or(0, |at| at + 1);
        let end = end_of_call(&script[call.arguments..])? + call.arguments;
        let end = script[end..]
            .find('\n')
            .map_or(script.len(), |n| end + n + 1);
        if start < at || items.iter().any(|(name, _)| *name == call.item) {
            return None;
        }
        rest.push_str(&script[at..start]);
        items.push((call.item, script[start..end].to_owned()));
        at = end;
    }
    rest.push_str(&script[at..]);
    Some(Script { items, rest })
}

/// A call that makes an item.
struct Call {
    item: String,
    start: usize,
    /// Where the arguments begin.
    arguments: usize,
}

fn calls(script: &str) -> Vec<Call> {
    let mut found = Vec::new();
    let mut rest = script;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let start = script.len() - rest.len();
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
                found.push(Call {
                    item: format!("{word} {}", super::visible::visible(name)),
                    start,
                    arguments: start + end,
                });
            }
            (rest, before) = (after, 'a');
        } else {
            before = first;
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// The length of the arguments of a call with its closure: brackets with what is in them, up to the
/// end of the line on which none is open.
fn end_of_call(text: &str) -> Option<usize> {
    let mut open: Vec<char> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = comment(rest) {
            rest = after;
            continue;
        }
        if matches!(first, '\'' | '"') {
            rest = literal(rest).1;
            continue;
        }
        match first {
            '(' => open.push(')'),
            '{' => open.push('}'),
            '[' => open.push(']'),
            ')' | '}' | ']' if open.pop() != Some(first) => return None,
            '\n' if open.is_empty() => break,
            _ => {}
        }
        rest = &rest[first.len_utf8()..];
    }
    open.is_empty().then_some(text.len() - rest.len())
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
    fn scripts_are_cut_into_their_items() {
        let script = "// all\nfolder('a')\ndef j = pipelineJob('a/b') {\n  x('}') // )\n}\n\
                      \njob 'c', {\n}\nlast()\n";
        let Script { items, rest } = split(script).unwrap();
        let items: Vec<(&str, &str)> = items.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(
            items,
            [
                ("folder a", "folder('a')\n"),
                (
                    "pipelineJob a/b",
                    "def j = pipelineJob('a/b') {\n  x('}') // )\n}\n"
                ),
                ("job c", "job 'c', {\n}\n"),
            ]
        );
        assert_eq!(rest, "// all\n\nlast()\n");
        for odd in [
            "job('a') {",
            "job('a') {}; job('b') {}",
            "job('a')\njob('a')",
            "job('a') {]}",
            "folder('a') {\n  job('b') {\n  }\n}",
        ] {
            assert_eq!(split(odd), None, "{odd}");
        }
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
            let whole = split(script).expect("no item");
            assert_eq!(whole.rest, script);
        }
    }
}
