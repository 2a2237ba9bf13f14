//! The shortest way from one sequence to another, and texts shown by it.
//!
//! In: two sequences or texts. Out: which items stay, go and come. Beyond a bound on the length of
//! the way the differing middle is replaced as a whole, so that time and memory stay linear.

use std::collections::HashMap;
use std::hash::Hash;

use super::model::Line;
use crate::limits::{MAX_DIFF_EDITS, MAX_DIFF_LINES};

/// One step; the numbers are places in the sequence before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    Same(usize, usize),
    Removed(usize),
    Added(usize),
}

/// How many equal lines are shown around a change.
const CONTEXT: usize = 2;

/// Finds the steps from `before` to `after`.
pub(super) fn edits<T: Eq + Hash>(before: &[T], after: &[T]) -> Vec<Edit> {
    let mut numbers: HashMap<&T, usize> = HashMap::new();
    let mut number = |item| {
        let next = numbers.len();
        *numbers.entry(item).or_insert(next)
    };
    let a: Vec<usize> = before.iter().map(&mut number).collect();
    let b: Vec<usize> = after.iter().map(&mut number).collect();
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = (&a[head..], &b[head..]);
    let tail = rest.0.iter().rev().zip(rest.1.iter().rev());
    let tail = tail.take_while(|(x, y)| x == y).count();
    let middle = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let mut steps: Vec<Edit> = (0..head).map(|i| Edit::Same(i, i)).collect();
    steps.extend(
        shortest(middle.0, middle.1)
            .into_iter()
            .map(|step| match step {
                Edit::Same(i, j) => Edit::Same(i + head, j + head),
                Edit::Removed(i) => Edit::Removed(i + head),
                Edit::Added(j) => Edit::Added(j + head),
            }),
    );
    steps.extend((0..tail).map(|i| Edit::Same(a.len() - tail + i, b.len() - tail + i)));
    steps
}

/// Shows the way from one text to another with a little of what stays.
pub(super) fn diff(before: &[String], after: &[String]) -> Vec<Line> {
    let steps = edits(before, after);
    let mut near = vec![false; steps.len()];
    for (at, step) in steps.iter().enumerate() {
        if !matches!(step, Edit::Same(..)) {
            let end = (at + CONTEXT + 1).min(near.len());
            near[at.saturating_sub(CONTEXT)..end].fill(true);
        }
    }
    let mut shown: Vec<Line> = Vec::new();
    for (step, near) in steps.iter().zip(near) {
        let line = match *step {
            Edit::Same(i, _) if near => Line::Same(before[i].clone()),
            Edit::Same(..) => match shown.last_mut() {
                Some(Line::Skip(n)) => {
                    *n += 1;
                    continue;
                }
                _ => Line::Skip(1),
            },
            Edit::Removed(i) => Line::Removed(before[i].clone()),
            Edit::Added(j) => Line::Added(after[j].clone()),
        };
        shown.push(line);
    }
    if shown.len() > MAX_DIFF_LINES {
        let rest = super::fields::digest(format!("{:?}", &shown[MAX_DIFF_LINES..]).as_bytes());
        let more = shown.len() - MAX_DIFF_LINES;
        shown.truncate(MAX_DIFF_LINES);
        shown.push(Line::Same(format!("… {more} more lines (sha256 {rest})")));
    }
    shown
}

/// Myers' greedy algorithm; replaces everything where it would take too many steps.
fn shortest(a: &[usize], b: &[usize]) -> Vec<Edit> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let most = (a.len() + b.len()).min(MAX_DIFF_EDITS);
    let offset = most as isize + 1;
    let mut reach = vec![0_isize; 2 * most + 3];
    let mut trace: Vec<Vec<isize>> = Vec::new();
    for d in 0..=most as isize {
        // Only the diagonals that this round can read matter for the way back.
        trace.push(reach[(offset - d - 1) as usize..=(offset + d + 1) as usize].to_vec());
        for k in (-d..=d).step_by(2) {
            let at = (offset + k) as usize;
            let down = k == -d || (k != d && reach[at - 1] < reach[at + 1]);
            let mut x = if down {
                reach[at + 1]
            } else {
                reach[at - 1] + 1
            };
            while x < n && x - k < m && a[x as usize] == b[(x - k) as usize] {
                x += 1;
            }
            reach[at] = x;
            if x >= n && x - k >= m {
                return way_back(&trace, n, m);
            }
        }
    }
    let removed = (0..a.len()).map(Edit::Removed);
    removed.chain((0..b.len()).map(Edit::Added)).collect()
}

fn way_back(trace: &[Vec<isize>], n: isize, m: isize) -> Vec<Edit> {
    let (mut x, mut y) = (n, m);
    let mut steps = Vec::new();
    for (d, reach) in trace.iter().enumerate().rev() {
        let d = d as isize;
        let at = |k: isize| reach[(k + d + 1) as usize];
        let k = x - y;
        let down = k == -d || (k != d && at(k - 1) < at(k + 1));
        let from = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = if d == 0 {
            (0, 0)
        } else {
            (at(from), at(from) - from)
        };
        while x > from_x && y > from_y {
            (x, y) = (x - 1, y - 1);
            steps.push(Edit::Same(x as usize, y as usize));
        }
        if d > 0 {
            steps.push(if down {
                Edit::Added(from_y as usize)
            } else {
                Edit::Removed(from_x as usize)
            });
        }
        (x, y) = (from_x, from_y);
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(before: &[u32], after: &[u32]) -> usize {
        let steps = edits(before, after);
        let (mut i, mut j, mut changes) = (0, 0, 0);
        for step in steps {
            match step {
                Edit::Same(x, y) => {
                    assert_eq!((x, y), (i, j));
                    assert_eq!(before[x], after[y]);
                    (i, j) = (i + 1, j + 1);
                }
                Edit::Removed(x) => {
                    assert_eq!(x, i);
                    (i, changes) = (i + 1, changes + 1);
                }
                Edit::Added(y) => {
                    assert_eq!(y, j);
                    (j, changes) = (j + 1, changes + 1);
                }
            }
        }
        assert_eq!((i, j), (before.len(), after.len()));
        changes
    }

    #[test]
    fn the_way_is_the_shortest() {
        for (before, after, expected) in [
            (&[][..], &[][..], 0),
            (&[1], &[], 1),
            (&[], &[1, 2], 2),
            (&[1, 2, 3], &[1, 2, 3], 0),
            (&[1, 2, 3, 1, 2, 2, 1], &[3, 2, 1, 2, 1, 3], 5),
            (&[1, 9, 2, 8, 3], &[1, 2, 3], 2),
        ] {
            assert_eq!(applied(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn every_small_pair_leads_from_one_side_to_the_other() {
        let all = |n: u32| (0..n).map(|i| [i % 3, i / 3 % 3, i / 9 % 3, i / 27 % 3]);
        for a in all(81) {
            for b in all(81) {
                applied(&a, &b[..3]);
            }
        }
    }

    #[test]
    fn a_way_beyond_the_bound_replaces_the_middle() {
        let of = |start: u32, n: usize| -> Vec<u32> { (start..).take(n).collect() };
        let half = MAX_DIFF_EDITS / 2;
        assert_eq!(applied(&of(0, half), &of(9_000_000, half)), 2 * half);
        assert_eq!(applied(&of(0, 50_000), &of(9_000_000, 50_000)), 100_000);
    }
}
