//! Differences to read.

use std::fmt::Write as _;

use similar::TextDiff;

use crate::limits::{MAX_DIFF_OUTPUT_LINES, MAX_GOLDEN_DIFF_LINES};

/// The unified difference between the golden file `file` and the output, without end for the first
/// lines of a large one; empty if there is none.
///
/// ```
/// let text = jenkins_cmp::golden::unified("golden/a.yaml", "a: 1\n", "a: 2\n");
/// assert_eq!(text, "--- golden/a.yaml\n+++ rendered\n@@ -1 +1 @@\n-a: 1\n+a: 2\n");
/// ```
pub fn unified(file: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let n_differing = differing(old, new);
    if n_differing > MAX_GOLDEN_DIFF_LINES {
        return format!(
            "--- {file}\n+++ rendered\n{n_differing} lines differ, too many to compare one by one\n"
        );
    }
    let diff = TextDiff::from_lines(old, new);
    let text = diff
        .unified_diff()
        .context_radius(3)
        .header(file, "rendered")
        .to_string();
    match text.match_indices('\n').nth(MAX_DIFF_OUTPUT_LINES - 1) {
        Some((end, _)) if end + 1 < text.len() => {
            let n_more = text[end + 1..].lines().count();
            let mut text = text[..=end].to_owned();
            let _ = writeln!(text, "... {n_more} more lines");
            text
        }
        _ => text,
    }
}

/// The number of lines, old and new, between the equal ones at both ends.
fn differing(old: &str, new: &str) -> usize {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let equal = |(a, b): &(&&str, &&str)| a == b;
    let n_first = old.iter().zip(&new).take_while(equal).count();
    let (old, new) = (&old[n_first..], &new[n_first..]);
    let backwards = old.iter().rev().zip(new.iter().rev());
    let n_last = backwards.take_while(equal).count();
    old.len() + new.len() - 2 * n_last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(prefix: &str, n: usize) -> String {
        (0..n).fold(String::new(), |mut text, i| {
            let _ = writeln!(text, "{prefix}{i}");
            text
        })
    }

    #[test]
    fn large_differences_are_cut() {
        let old = lines("a", MAX_DIFF_OUTPUT_LINES);
        let text = unified("f", &old, "");
        assert_eq!(text.lines().count(), MAX_DIFF_OUTPUT_LINES + 1);
        assert!(text.ends_with("... 3 more lines\n"), "{text}");
        // Two lines of heading and one of the place fill the rest.
        let old = lines("a", MAX_DIFF_OUTPUT_LINES - 3);
        let text = unified("f", &old, "");
        assert_eq!(text.lines().count(), MAX_DIFF_OUTPUT_LINES);
        assert!(!text.contains("..."), "{text}");
    }

    #[test]
    fn differences_beyond_the_bound_are_only_counted() {
        let half = MAX_GOLDEN_DIFF_LINES / 2;
        let at_edge = unified("f", &lines("a", half), &lines("b", half));
        assert!(at_edge.contains("-a0"), "compared");
        let beyond = unified("f", &lines("a", half), &lines("b", half + 1));
        assert!(beyond.contains("too many"), "{beyond}");
        let same = lines("same", MAX_GOLDEN_DIFF_LINES);
        let text = unified(
            "f",
            &format!("{same}a\n{same}"),
            &format!("{same}b\n{same}"),
        );
        assert!(text.contains("-a\n+b\n"), "{text}");
    }
}
