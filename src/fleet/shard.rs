//! A share of a fleet, for one of several machines.

use std::str::FromStr;

/// The I-th of N shares: every N-th overlay, so that neighbours are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    of: usize,
}

impl Shard {
    /// The items of this share; all shares together have each item once.
    ///
    /// ```
    /// let shard: jenkins_cmp::fleet::Shard = "2/3".parse()?;
    /// assert_eq!(shard.select(vec!["a", "b", "c", "d", "e"]), ["b", "e"]);
    /// # Ok::<(), String>(())
    /// ```
    pub fn select<T>(self, items: Vec<T>) -> Vec<T> {
        let mine = items.into_iter().skip(self.index - 1);
        mine.step_by(self.of).collect()
    }

    /// Whether this is the share that speaks for what belongs to none.
    pub fn is_first(self) -> bool {
        self.index == 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let wrong = || "expected I/N, from 1/N to N/N, as in `2/4`".to_owned();
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        let (index, of) = (number(index)?, number(of)?);
        if !(1..=of).contains(&index) {
            return Err(wrong());
        }
        Ok(Shard { index, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_disjoint_and_complete() {
        let items: Vec<u32> = (0..17).collect();
        let shares = (1..=5).flat_map(|i| {
            let shard: Shard = format!("{i}/5").parse().unwrap();
            shard.select(items.clone())
        });
        let mut all: Vec<u32> = shares.collect();
        all.sort_unstable();
        assert_eq!(all, items);
    }

    #[test]
    fn wrong_shares_are_refused() {
        for text in ["", "1", "0/2", "3/2", "1/0", "0/0", "-1/2", "1/2/3", "a/b"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
