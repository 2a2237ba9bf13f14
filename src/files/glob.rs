//! The glob of `.Files.Glob`: the dialect of gobwas/glob with `/` as separator.
//!
//! `*` is any run without `/`, `**` any run, `?` one character but `/`, `[abc]`, `[a-z]` and
//! `[!a]` classes that may match `/`, `{a,b}` alternatives, `\` takes the next character as it is.
//! An unclosed `{` counts as closed at the end.

use std::fmt;

/// Deepest nesting of `{…}`.
const MAX_DEPTH: usize = 200;

/// A compiled glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Char(char),
    Single,
    Any,
    Super,
    List { negated: bool, chars: Vec<char> },
    Range { negated: bool, lo: char, hi: char },
    AnyOf(Vec<Vec<Item>>),
}

/// The glob is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadGlob(&'static str);

impl fmt::Display for BadGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadGlob {}

impl Glob {
    /// Compiles a glob.
    ///
    /// # Errors
    ///
    /// [`BadGlob`] for a malformed class; `.Files.Glob` then uses `**`.
    pub fn new(pattern: &str) -> Result<Glob, BadGlob> {
        if pattern.contains('\u{FFFD}') {
            return Err(BadGlob("could not read rune"));
        }
        // The reference takes NUL for the end of the pattern.
        let text: Vec<char> = pattern.chars().take_while(|c| *c != '\0').collect();
        let mut rest = text.as_slice();
        let items = parse(&mut rest, 0)?;
        Ok(Glob { items })
    }

    /// The glob that matches every path.
    pub fn everything() -> Glob {
        Glob {
            items: vec![Item::Super],
        }
    }

    /// Says whether the whole of `path` matches.
    pub fn matches(&self, path: &str) -> bool {
        let text: Vec<char> = path.chars().collect();
        let mut at = vec![false; text.len() + 1];
        at[0] = true;
        advance(&self.items, at, &text)[text.len()]
    }
}

/// From the positions reachable before `items`, the positions reachable behind them.
fn advance(items: &[Item], mut at: Vec<bool>, text: &[char]) -> Vec<bool> {
    for item in items {
        at = match item {
            Item::Any => run(at, text, |c| c != '/'),
            Item::Super => run(at, text, |_| true),
            Item::Single => step(&at, text, |c| c != '/'),
            Item::Char(want) => step(&at, text, |c| c == *want),
            Item::List { negated, chars } => step(&at, text, |c| chars.contains(&c) != *negated),
            Item::Range { negated, lo, hi } => {
                step(&at, text, |c| (*lo <= c && c <= *hi) != *negated)
            }
            Item::AnyOf(alternatives) => {
                let mut union = vec![false; at.len()];
                for alternative in alternatives {
                    for (all, one) in union.iter_mut().zip(advance(alternative, at.clone(), text)) {
                        *all |= one;
                    }
                }
                union
            }
        };
    }
    at
}

fn step(at: &[bool], text: &[char], matches: impl Fn(char) -> bool) -> Vec<bool> {
    let moved = at.iter().zip(text).map(|(from, c)| *from && matches(*c));
    std::iter::once(false).chain(moved).collect()
}

fn run(mut at: Vec<bool>, text: &[char], matches: impl Fn(char) -> bool) -> Vec<bool> {
    for (i, c) in text.iter().enumerate() {
        if at[i] && matches(*c) {
            at[i + 1] = true;
        }
    }
    at
}

/// Reads items up to the end, or inside braces (`depth` above 0) up to `,` or `}`.
fn parse(rest: &mut &[char], depth: usize) -> Result<Vec<Item>, BadGlob> {
    let mut items = Vec::new();
    while let [first, after @ ..] = *rest {
        if depth > 0 && matches!(first, ',' | '}') {
            break;
        }
        *rest = after;
        match first {
            '*' if after.first() == Some(&'*') => {
                *rest = &after[1..];
                items.push(Item::Super);
            }
            '*' => items.push(Item::Any),
            '?' => items.push(Item::Single),
            '[' => items.push(parse_class(rest)?),
            '{' if depth == MAX_DEPTH => return Err(BadGlob("alternatives are nested too deeply")),
            '{' => items.push(Item::AnyOf(parse_alternatives(rest, depth + 1)?)),
            '\\' => {
                if let [c, after @ ..] = after {
                    *rest = after;
                    items.push(Item::Char(*c));
                }
            }
            c => items.push(Item::Char(*c)),
        }
    }
    Ok(items)
}

fn parse_alternatives(rest: &mut &[char], depth: usize) -> Result<Vec<Vec<Item>>, BadGlob> {
    let mut alternatives = Vec::new();
    loop {
        alternatives.push(parse(rest, depth)?);
        let Some((closer, after)) = rest.split_first() else {
            return Ok(alternatives);
        };
        *rest = after;
        if *closer == '}' {
            return Ok(alternatives);
        }
    }
}

/// Reads a class behind its `[`. It is a range only if `-` is the second character; else every
/// character up to `]` stands for itself, `-` included.
fn parse_class(rest: &mut &[char]) -> Result<Item, BadGlob> {
    let negated = rest.first() == Some(&'!');
    if negated {
        *rest = &rest[1..];
    }
    if let [lo, '-', after @ ..] = *rest {
        let [hi, ']', after @ ..] = after else {
            return Err(BadGlob("expected close range character"));
        };
        if hi < lo {
            return Err(BadGlob("hi character should be greater than lo"));
        }
        *rest = after;
        return Ok(Item::Range {
            negated,
            lo: *lo,
            hi: *hi,
        });
    }
    let mut chars = Vec::new();
    loop {
        let [c, after @ ..] = *rest else {
            return Err(BadGlob("unexpected end of input"));
        };
        *rest = after;
        match (c, after) {
            (']', _) if chars.is_empty() => return Err(BadGlob("could not parse range")),
            (']', _) => return Ok(Item::List { negated, chars }),
            ('\\', [escaped, after @ ..]) => {
                *rest = after;
                chars.push(*escaped);
            }
            ('\\', []) => {}
            (c, _) => chars.push(*c),
        }
    }
}
