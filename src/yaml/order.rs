//! The order in which go-yaml writes the keys of a map: numbers inside keys count as numbers.
//!
//! In: entries with string keys. Out: the same entries sorted. The comparison goes round in circles
//! for some key sets (`a10` < `a1a` < `a2` < `a10`), where Go's result changes from run to run; ours
//! is one of those that Go can give for up to twelve keys, and always the same.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::emit::Engine;
use crate::value::Str;
use crate::value::json::valid_utf8;
use crate::value::unicode::{is_digit, is_letter};

/// Up to this many entries Go's `sort.Sort` is an insertion sort.
const INSERTION_LIMIT: usize = 12;

/// Sorts `entries` by key.
pub(super) fn sort<T>(entries: Vec<(Str, T)>, engine: Engine) -> Vec<(Str, T)> {
    let mut entries = entries;
    if entries.iter().all(|(key, _)| is_simple(key)) {
        // Keys of ASCII letters only: the order is that of the bytes.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        return entries;
    }
    let texts: Vec<Cow<'_, str>> = entries.iter().map(|(key, _)| valid_utf8(key)).collect();
    let mut order: Vec<usize> = (0..entries.len()).collect();
    merge_sort(&mut order, &|a, b| {
        compare(&texts[a], &texts[b], engine) == Ordering::Less
    });
    let mut slots: Vec<Option<(Str, T)>> = entries.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|index| slots[index].take())
        .collect()
}

fn is_simple(key: &[u8]) -> bool {
    key.iter().all(u8::is_ascii_alphabetic)
}

/// Sorts stably with a comparison that need not be consistent (the standard library's sorts may
/// panic on such).
fn merge_sort(items: &mut Vec<usize>, less: &impl Fn(usize, usize) -> bool) {
    if items.len() <= INSERTION_LIMIT {
        for end in 1..items.len() {
            let mut at = end;
            while at > 0 && less(items[at], items[at - 1]) {
                items.swap(at, at - 1);
                at -= 1;
            }
        }
        return;
    }
    let mut right = items.split_off(items.len() / 2);
    merge_sort(items, less);
    merge_sort(&mut right, less);
    let left = std::mem::take(items);
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(&a), Some(&b)) = (left.peek(), right.peek()) {
        let next = if less(b, a) {
            right.next()
        } else {
            left.next()
        };
        items.extend(next);
    }
    items.extend(left);
    items.extend(right);
}

/// Compares two keys at their first difference; after a digit, v3 puts a letter before anything else.
fn compare(a: &str, b: &str, engine: Engine) -> Ordering {
    let same = common_prefix(a, b);
    let (Some(x), Some(y)) = (a[same..].chars().next(), b[same..].chars().next()) else {
        return a.len().cmp(&b.len());
    };
    match (is_letter(x), is_letter(y)) {
        (true, true) => x.cmp(&y),
        (false, false) => compare_numbers(&a[..same], &a[same..], &b[same..]),
        (x_is_letter, _) => {
            let after_digit =
                engine == Engine::V3 && a[..same].chars().next_back().is_some_and(is_digit);
            if x_is_letter == after_digit {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
    }
}

/// The length of the longest common prefix of whole characters.
fn common_prefix(a: &str, b: &str) -> usize {
    let mut same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    while !a.is_char_boundary(same) {
        same -= 1;
    }
    same
}

/// Compares two keys whose first differing characters are no letters: by the numbers that begin
/// there, which `before`, the text before the difference, makes longer if a zero is involved.
fn compare_numbers(before: &str, a: &str, b: &str) -> Ordering {
    let in_number = (a.starts_with('0') || b.starts_with('0'))
        && before
            .chars()
            .rev()
            .take_while(|&c| is_digit(c))
            .any(|c| c != '0');
    let start = i64::from(in_number);
    let (n, n_length) = number(start, a);
    let (m, m_length) = number(start, b);
    n.cmp(&m)
        .then(n_length.cmp(&m_length))
        .then_with(|| a.chars().next().cmp(&b.chars().next()))
}

/// The number that the digits at the start of `text` make after `start`, wrapping as Go's does, and
/// how many digits they are.
fn number(start: i64, text: &str) -> (i64, usize) {
    let digits = text.chars().take_while(|&c| is_digit(c));
    digits.fold((start, 0), |(n, length), c| {
        let digit = i64::from(u32::from(c)) - i64::from(b'0');
        (n.wrapping_mul(10).wrapping_add(digit), length + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::{Engine, sort};
    use crate::value::Str;

    #[test]
    fn circular_comparison_is_survived() {
        let keys: Vec<(Str, ())> = (0..2000_u32)
            .map(|n| (format!("a{:x}", n.wrapping_mul(2_654_435_761)), ()))
            .map(|(key, ())| (key.into(), ()))
            .collect();
        let once = sort(keys.clone(), Engine::V2);
        assert_eq!(once.len(), keys.len());
        assert_eq!(once, sort(keys, Engine::V2));
    }
}
