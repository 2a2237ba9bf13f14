//! Text that cannot act on the place where it is shown.
//!
//! In: any text. Out: the same with control characters, line and direction marks and invisible
//! characters as escapes, so that no terminal, page or reviewer is misled.

use crate::secret::Fingerprints;

/// The lines of a text without secrets, each as it can be shown.
pub(super) fn visible_lines(prints: &Fingerprints, text: &str) -> Vec<String> {
    let lines = prints.mask_lines(text);
    lines.iter().map(|line| visible(line)).collect()
}

/// A stream of manifests as it can be shown: without secrets, control characters as escapes, and
/// otherwise the same lines.
pub fn visible_stream(prints: &Fingerprints, stream: &str) -> String {
    let lines = prints.mask_stream(stream);
    let mut shown = String::with_capacity(stream.len());
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            shown.push('\n');
        }
        shown.push_str(&visible(line));
    }
    if stream.ends_with('\n') {
        shown.push('\n');
    }
    shown
}

/// Escapes what would not be seen as it is; tabs stay.
pub(super) fn visible(text: &str) -> String {
    if !text.contains(is_hidden) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if is_hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_a_terminal() {
        assert_eq!(visible("a\tb"), "a\tb");
        assert_eq!(visible("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(visible("\u{202e}x\u{200b}"), "\\u{202e}x\\u{200b}");
    }
}
