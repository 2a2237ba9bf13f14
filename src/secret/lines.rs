//! Secrets in texts of several lines, where a line above tells what a line is.
//!
//! In: texts such as YAML files, scripts and streams of manifests. Out: the same line by line, with
//! blocks below telling keys, private keys and the data of Secrets as fingerprints.

use std::sync::LazyLock;

use regex::Regex;

use super::{Fingerprints, is_harmless, is_plain_below, is_secret_key};

static SECRET_KIND: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?m)(?:^|[\s{,"'])kind["']?\s*:\s*["']?Secret\b"#;
    Regex::new(pattern).expect("a fixed pattern")
});

static SECRET_PART: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"^[\s-]*["']?(?:data|stringData)["']?\s*:"#;
    Regex::new(pattern).expect("a fixed pattern")
});

static ENTRY: LazyLock<Regex> = LazyLock::new(|| {
    let key = r##"(?:"[^"]*"|'[^']*'|[^\s:'"#-][^\s:'"]*)"##;
    let pattern = format!(r"^(?P<head>[\s-]*(?P<key>{key})\s*:)(?:\s+(?P<value>.*))?$");
    Regex::new(&pattern).expect("a fixed pattern")
});

/// How many lines around a line are looked at to tell what it is.
const MAX_CONTEXT: usize = 1_000;

/// A place where secrets stand in the lines below.
#[derive(Clone, Copy)]
struct Block {
    /// The column of its key.
    indent: usize,
    /// Whether it is one text; else its lines may have keys of their own.
    is_text: bool,
}

impl Fingerprints {
    /// The lines of a text with whatever looks like a secret replaced, blocks of keys included.
    pub(crate) fn mask_lines(&self, text: &str) -> Vec<String> {
        let mut inside_key = false;
        let mut block: Option<Block> = None;
        let mut lines = Vec::new();
        // The other way to end a line stays to be seen.
        let ends = text.strip_suffix('\n').unwrap_or(text);
        for line in ends.split('\n').filter(|_| !text.is_empty()) {
            let opens = line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
            block = block.filter(|block| block.holds(line));
            let masked = match block {
                _ if inside_key || opens => self.mask_whole(line),
                Some(Block { is_text: true, .. }) => self.mask_whole(line),
                Some(_) => self.mask_entry(line),
                None => self.mask_line(line),
            };
            let is_text = block.is_some_and(|block| block.is_text);
            if !is_text {
                block = Block::opened(line, block.is_some()).or(block);
            }
            inside_key = (inside_key || opens) && !line.contains("-----END ");
            lines.push(masked);
        }
        lines
    }

    /// A stream of manifests with secrets as fingerprints, the data of Secrets without exception; it
    /// keeps its lines.
    pub(crate) fn mask_stream(&self, stream: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut start = 0;
        let breaks = stream.match_indices("\n---").map(|(at, _)| at + 1);
        for end in breaks.chain([stream.len()]) {
            let text = &stream[start..end];
            lines.extend(match SECRET_KIND.is_match(text) {
                true => self.mask_secret(text),
                false => self.mask_lines(text),
            });
            start = end;
        }
        lines
    }

    /// The lines of a document that is a Secret or holds one.
    fn mask_secret(&self, text: &str) -> Vec<String> {
        let mut part: Option<Block> = None;
        let mut open = String::new();
        for line in text.lines() {
            part = part.filter(|part| part.holds(line));
            if part.is_some() {
                open.push_str(&self.mask_data(line));
            } else if let Some(found) = SECRET_PART.find(line) {
                part = Some(Block {
                    indent: column(line),
                    is_text: false,
                });
                let (key, value) = line.split_at(found.end());
                open.push_str(key);
                if !is_harmless(value) {
                    open.push(' ');
                    open.push_str(&self.of(value.trim().as_bytes()));
                }
            } else if SECRET_KIND.is_match(line) && line.contains(['{', ',']) {
                // The whole object in one line.
                open.push_str(&self.of(line.trim().as_bytes()));
            } else {
                open.push_str(line);
            }
            open.push('\n');
        }
        self.mask_lines(&open)
    }

    /// A line of a Secret's data: what stands behind its key, or all of it.
    fn mask_data(&self, line: &str) -> String {
        let Some(found) = ENTRY.captures(line) else {
            return self.mask_whole(line);
        };
        match found.name("value").map_or("", |value| value.as_str()) {
            value if value.is_empty() || value.starts_with(['|', '>']) => line.to_owned(),
            value => format!("{} {}", &found["head"], self.of(value.as_bytes())),
        }
    }

    /// A line below the key of a secret that may have a key of its own.
    fn mask_entry(&self, line: &str) -> String {
        match ENTRY.captures(line) {
            Some(found) if is_plain_below(&found["key"]) => self.mask_line(line),
            Some(_) => self.mask_data(line),
            None => self.mask_whole(line),
        }
    }

    fn mask_whole(&self, line: &str) -> String {
        let text = line.trim();
        let indent = &line[..line.len() - line.trim_start().len()];
        match is_harmless(text) || text == "-" {
            true => line.to_owned(),
            false => format!("{indent}{}", self.of(text.as_bytes())),
        }
    }
}

impl Block {
    /// The block that a key at the end of `line` opens; inside of another block every key does.
    fn opened(line: &str, is_inside: bool) -> Option<Block> {
        let found = ENTRY.captures(line)?;
        let value = found
            .name("value")
            .map_or("", |value| value.as_str().trim());
        let is_text = value.starts_with(['|', '>']);
        let is_secret = is_secret_key(&found["key"]) || (is_inside && is_text);
        (is_secret && (value.is_empty() || is_text)).then(|| Block {
            indent: column(line),
            is_text,
        })
    }

    /// Says whether `line` belongs to the block.
    fn holds(self, line: &str) -> bool {
        let indent = line.len() - line.trim_start().len();
        line.trim().is_empty()
            || indent > self.indent
            || (!self.is_text && indent == self.indent && line.trim_start().starts_with("- "))
            // What a mistake has moved to the left belongs to what it was part of.
            || (self.is_text && !ENTRY.is_match(line) && !line.starts_with("---"))
    }
}

/// The column where the key of a line begins.
fn column(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

/// The zero-based line `at` of a text as it may be shown, in the light of the lines around it.
pub(crate) fn shown_line(text: &str, at: usize) -> Option<String> {
    let first = at.saturating_sub(MAX_CONTEXT);
    let near: Vec<&str> = text.lines().skip(first).take(2 * MAX_CONTEXT).collect();
    let is_break = |line: &&str| line.starts_with("---");
    let at = at - first;
    let above = near.get(..at)?;
    let start = above.iter().rposition(is_break).unwrap_or(0);
    let rest = near.get(at + 1..)?;
    let end = rest
        .iter()
        .position(is_break)
        .map_or(near.len(), |n| at + 1 + n);
    let document = near.get(start..end)?.join("\n");
    let lines = Fingerprints::hidden().mask_stream(&document);
    lines.into_iter().nth(at - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        Fingerprints::hidden().mask_lines(text).join("\n")
    }

    #[test]
    fn blocks_lose_their_secrets() {
        for (text, wanted) in [
            (
                "a: 1\nkey: |\n  -----BEGIN RSA PRIVATE KEY-----\n  x\n  -----END RSA PRIVATE KEY-----\nb: 2",
                "a: 1\nkey: |\n  ‹secret›\n  ‹secret›\n  ‹secret›\nb: 2",
            ),
            (
                "password: |\n  x\n\n  name: y\nb: 2",
                "password: |\n  ‹secret›\n\n  ‹secret›\nb: 2",
            ),
            (
                "tokens:\n- x\n- y\nb: 2",
                "tokens:\n‹secret›\n‹secret›\nb: 2",
            ),
            (
                "- token:\n    x\n  b: 2\n- c: 3",
                "- token:\n    ‹secret›\n  b: 2\n- c: 3",
            ),
            (
                "usernamePassword:\n  id: a\n  username: b\n  other: x\n  text: |\n    name: x\nb: 2",
                "usernamePassword:\n  id: a\n  username: b\n  other: ‹secret›\n  text: |\n    ‹secret›\nb: 2",
            ),
            (
                "privateKey: |\n    x\n  moved\nb: 2",
                "privateKey: |\n    ‹secret›\n  ‹secret›\nb: 2",
            ),
            ("a: 1\r", "a: 1\r"),
            ("", ""),
        ] {
            assert_eq!(masked(text), wanted, "{text}");
        }
    }

    #[test]
    fn streams_lose_the_data_of_secrets_and_keep_their_lines() {
        let stream = "---\n# Source: a\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  \
                      user: aHVudGVyMg==\n  \"b c\": 'hunter2'\n  text: |\n    hunter2\n\n    hunter2\n\
                      stringData: {p: hunter2}\ntype: Opaque\n---\nkind: ConfigMap\ndata:\n  a: b\n\
                      ---\n{\"kind\":\"Secret\",\"data\":{\"a\":\"hunter2\"}}\n---\nkind: List\nitems:\n\
                      - kind: Secret\n  data:\n    x: hunter2\n";
        let lines = Fingerprints::hidden().mask_stream(stream);
        assert_eq!(lines.len(), stream.lines().count(), "{lines:#?}");
        let masked = lines.join("\n");
        assert!(
            !masked.contains("hunter2") && !masked.contains("aHVu"),
            "{masked}"
        );
        for line in [
            "  name: a\n",
            "  \"b c\": ‹secret›\n",
            "type: Opaque\n",
            "  a: b\n",
        ] {
            assert!(masked.contains(line), "{line} in {masked}");
        }
        for same in ["a: 1", "", "\n\nb"] {
            assert_eq!(Fingerprints::hidden().mask_stream(same).join("\n"), same);
        }
    }

    #[test]
    fn a_line_is_shown_in_the_light_of_those_around_it() {
        let text =
            "data: {p: x}\nkind: Secret\n---\ndata: {p: x}\nkind: ConfigMap\ntoken: |\n  x\n  y\n";
        let shown = |at| shown_line(text, at);
        assert_eq!(shown(0).as_deref(), Some("data: ‹secret›"));
        assert_eq!(shown(3).as_deref(), Some("data: {p: x}"));
        assert_eq!(shown(7).as_deref(), Some("  ‹secret›"));
        assert_eq!(shown(8), None);
    }
}
