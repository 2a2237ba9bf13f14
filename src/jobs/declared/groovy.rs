//! Groovy source: literals that mean exactly one string, and nested calls.
//!
//! In: any text but NUL. Out: Groovy 2.4.

use std::fmt::Write as _;

/// Writes `text` as a literal in single quotes, in which `$` means itself; a text of several lines
/// keeps them, between triple quotes.
pub(crate) fn quote(text: &str) -> String {
    if !text.trim_end_matches('\n').contains('\n') {
        return format!("'{}'", escape(text, false));
    }
    format!("'''\\\n{}'''", escape(text, true))
}

fn escape(text: &str, is_block: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push_str("\\\\"),
            // Alone between other characters it cannot end a block.
            '\'' if is_block && chars.peek().is_some_and(|next| *next != '\'') => out.push(c),
            '\'' => out.push_str("\\'"),
            '\n' if is_block => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Not to be seen in a review, so written out.
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            '\u{feff}' => out.push_str("\\ufeff"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// A script that is being written.
#[derive(Debug, Default)]
pub(super) struct Script {
    text: String,
    depth: usize,
}

impl Script {
    /// Writes a line.
    pub(super) fn line(&mut self, line: &str) {
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Writes `name('text')`.
    pub(super) fn call(&mut self, name: &str, text: &str) {
        self.line(&format!("{name}({})", quote(text)));
    }

    /// Writes `name('text')` if there is a text.
    pub(super) fn call_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.call(name, text);
        }
    }

    /// Opens the block `head {`.
    pub(super) fn open(&mut self, head: &str) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
    }

    /// Closes the innermost `n` blocks; an empty one after arguments leaves no braces.
    pub(super) fn close(&mut self, n: usize) {
        for _ in 0..n {
            self.depth = self.depth.saturating_sub(1);
            if self.text.ends_with(") {\n") {
                self.text.truncate(self.text.len() - 3);
                self.text.push('\n');
            } else {
                self.line("}");
            }
        }
    }

    /// The script.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_every_character() {
        for (text, literal) in [
            ("", "''"),
            ("it's", r"'it\'s'"),
            ("${x} $y \"", "'${x} $y \"'"),
            (r"a\u0041\", r"'a\\u0041\\'"),
            ("one\n", r"'one\n'"),
            ("a\nb\n", "'''\\\na\nb\n'''"),
            ("'''\nit's'", "'''\\\n\\'\\''\nit's\\''''"),
            ("\u{1}\u{202e}é", r"'\u0001\u202eé'"),
        ] {
            assert_eq!(quote(text), literal, "{text:?}");
        }
    }
}
