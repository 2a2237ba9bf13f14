//! Go's `filepath.Match`, the glob of `.helmignore` and `--show-only`.
//!
//! `*` and `?` stop at `/`; classes are `[a-z]` and `[^a-z]` and may match `/`, as Go's do; `\`
//! takes the next character as it is.

use std::fmt;

/// A compiled pattern.
///
/// Go notices a malformed part only when the match gets there; so does this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    chunks: Vec<Chunk>,
}

/// A run of single-character items, possibly behind a star.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chunk {
    star: bool,
    items: Result<Vec<Item>, BadPattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Char(char),
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// The pattern is malformed (Go's `filepath.ErrBadPattern`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPattern;

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("syntax error in pattern")
    }
}

impl std::error::Error for BadPattern {}

impl Pattern {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Pattern {
        let text: Vec<char> = pattern.chars().collect();
        let mut chunks = Vec::new();
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            let stars = rest.iter().take_while(|c| **c == '*').count();
            let (chunk, after) = rest[stars..].split_at(chunk_len(&rest[stars..]));
            chunks.push(Chunk {
                star: stars > 0,
                items: parse_items(chunk),
            });
            rest = after;
        }
        Pattern { chunks }
    }

    /// Says whether the whole of `name` matches.
    ///
    /// # Errors
    ///
    /// [`BadPattern`] if the match gets to an unclosed or empty class or to a trailing backslash.
    ///
    /// ```
    /// use jenkins_cmp::files::Pattern;
    ///
    /// assert_eq!(Pattern::new("*.y?ml").matches("a.yaml"), Ok(true));
    /// assert_eq!(Pattern::new("*").matches("a/b"), Ok(false));
    /// ```
    pub fn matches(&self, name: &str) -> Result<bool, BadPattern> {
        let text: Vec<char> = name.chars().collect();
        let mut rest = text.as_slice();
        for (i, chunk) in self.chunks.iter().enumerate() {
            let last = i + 1 == self.chunks.len();
            let items = chunk.items.as_ref().map_err(|bad| *bad)?;
            if chunk.star && items.is_empty() {
                return Ok(!rest.contains(&'/'));
            }
            match find(items, chunk.star, rest, last) {
                Some(after) => rest = after,
                None => return Ok(false),
            }
        }
        Ok(rest.is_empty())
    }
}

/// What follows the leftmost place where the items match; leftmost suffices because a star comes
/// next.
fn find<'t>(items: &[Item], star: bool, text: &'t [char], last: bool) -> Option<&'t [char]> {
    let reach = if star {
        text.iter().take_while(|c| **c != '/').count()
    } else {
        0
    };
    (0..=reach)
        .filter_map(|start| match_here(items, &text[start..]))
        .find(|after| after.is_empty() || !last)
}

fn match_here<'t>(items: &[Item], text: &'t [char]) -> Option<&'t [char]> {
    let (head, after) = text.split_at_checked(items.len())?;
    let matches = items.iter().zip(head).all(|(item, c)| item.matches(*c));
    matches.then_some(after)
}

impl Item {
    fn matches(&self, c: char) -> bool {
        match self {
            Item::Char(want) => c == *want,
            Item::Any => c != '/',
            Item::Class { negated, ranges } => {
                ranges.iter().any(|(lo, hi)| *lo <= c && c <= *hi) != *negated
            }
        }
    }
}

/// Where the next star outside a class begins. Go looks at brackets only, not at their contents,
/// so `[]*]` ends at its star.
fn chunk_len(text: &[char]) -> usize {
    let mut in_class = false;
    let mut i = 0;
    while i < text.len() {
        match text[i] {
            '\\' => i += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '*' if !in_class => return i,
            _ => {}
        }
        i += 1;
    }
    text.len()
}

fn parse_items(mut chunk: &[char]) -> Result<Vec<Item>, BadPattern> {
    let mut items = Vec::new();
    while let [first, rest @ ..] = chunk {
        chunk = rest;
        items.push(match first {
            '?' => Item::Any,
            '[' => parse_class(&mut chunk)?,
            '\\' => {
                let [c, rest @ ..] = chunk else {
                    return Err(BadPattern);
                };
                chunk = rest;
                Item::Char(*c)
            }
            c => Item::Char(*c),
        });
    }
    Ok(items)
}

fn parse_class(chunk: &mut &[char]) -> Result<Item, BadPattern> {
    let negated = chunk.first() == Some(&'^');
    if negated {
        *chunk = &chunk[1..];
    }
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && chunk.first() == Some(&']') {
            *chunk = &chunk[1..];
            return Ok(Item::Class { negated, ranges });
        }
        let lo = class_char(chunk)?;
        let hi = if chunk.first() == Some(&'-') {
            *chunk = &chunk[1..];
            class_char(chunk)?
        } else {
            lo
        };
        ranges.push((lo, hi));
    }
}

/// One end of a range; something must follow it.
fn class_char(chunk: &mut &[char]) -> Result<char, BadPattern> {
    let (c, rest) = match chunk {
        ['\\', c, rest @ ..] => (*c, rest),
        [] | ['-' | ']' | '\\', ..] => return Err(BadPattern),
        [c, rest @ ..] => (*c, rest),
    };
    if rest.is_empty() {
        return Err(BadPattern);
    }
    *chunk = rest;
    Ok(c)
}
