//! Go's regular expression syntax.
//!
//! In: a pattern as Go's `regexp` reads it. Out: a pattern of the `regex` crate that means the
//! same, with every flag and class spelled out, and the names of its groups. Refused: what Go
//! refuses, with Go's words.
//!
//! The parser keeps its own stack of open groups, so nesting costs no native stack.

use std::fmt;
use std::fmt::Write;

use super::class::{self, Class};

/// Deepest nesting of an expression (Go: `maxHeight`).
const MAX_HEIGHT: u32 = 1000;

/// Largest count of a repetition, also of nested ones multiplied (Go has the number in place).
const MAX_REPEAT: u32 = 1000;

/// A pattern for the `regex` crate.
#[derive(Debug)]
pub(super) struct Translation {
    /// The pattern; its groups have no names.
    pub(super) pattern: String,
    /// The name of each capturing group from the first on; empty when it has none.
    pub(super) names: Vec<String>,
}

/// Why Go refuses a pattern.
#[derive(Debug)]
pub(super) struct SyntaxError {
    what: &'static str,
    text: String,
}

impl SyntaxError {
    pub(super) fn new(what: &'static str, text: &[u8]) -> SyntaxError {
        SyntaxError {
            what,
            text: String::from_utf8_lossy(text).into_owned(),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.what, self.text)
    }
}

/// Reads `pattern`.
///
/// # Errors
///
/// The first thing that Go would complain about.
pub(super) fn translate(pattern: &[u8]) -> Result<Translation, SyntaxError> {
    let mut parser = Parser {
        cursor: Cursor {
            whole: pattern,
            at: 0,
        },
        flags: Flags::default(),
        out: String::new(),
        names: Vec::new(),
        open: Vec::new(),
        inner: Group::new(false, Flags::default(), 0),
        last_repeat: None,
    };
    parser.run()?;
    Ok(Translation {
        pattern: parser.out,
        names: parser.names,
    })
}

/// A place in a pattern.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) whole: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.whole[self.at..]
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.whole.get(self.at + ahead).copied()
    }

    /// The text from `start` to here.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        &self.whole[start..self.at]
    }

    /// Takes the next character, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<char>, SyntaxError> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        let first = &rest[..rest.len().min(4)];
        let chunk = first.utf8_chunks().next();
        let c = chunk.and_then(|chunk| chunk.valid().chars().next());
        let Some(c) = c else {
            return Err(SyntaxError::new("invalid UTF-8", rest));
        };
        self.at += c.len_utf8();
        Ok(Some(c))
    }
}

/// Refuses text that is not UTF-8.
pub(super) fn check_utf8(text: &[u8]) -> Result<(), SyntaxError> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(e) => Err(SyntaxError::new("invalid UTF-8", &text[e.valid_up_to()..])),
    }
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    multi_line: bool,
    dot_newline: bool,
    lazy: bool,
}

/// A group that is still open; the outermost stands for the whole pattern.
struct Group {
    captures: bool,
    /// The flags to return to after it.
    flags: Flags,
    /// Where its text starts in the output.
    start: usize,
    /// The number of finished branches.
    n_bars: usize,
    /// The number of operands in the current branch.
    n_operands: usize,
    /// What a repetition operator would repeat.
    last: Option<Operand>,
    /// The greatest height of the settled operands in the current branch.
    branch_height: u32,
    /// The greatest height of the finished branches.
    height: u32,
    /// The greatest product of nested counts in any settled operand.
    copies: u32,
}

#[derive(Clone, Copy)]
struct Operand {
    start: usize,
    height: u32,
    copies: u32,
    is_repeated: bool,
}

impl Group {
    fn new(captures: bool, flags: Flags, start: usize) -> Group {
        Group {
            captures,
            flags,
            start,
            n_bars: 0,
            n_operands: 0,
            last: None,
            branch_height: 1,
            height: 1,
            copies: 1,
        }
    }

    fn push(&mut self, operand: Operand) {
        self.settle();
        self.n_operands += 1;
        self.last = Some(operand);
    }

    /// Takes the measures of the last operand, which no operator can change any more.
    fn settle(&mut self) {
        if let Some(operand) = self.last.take() {
            self.branch_height = self.branch_height.max(operand.height);
            self.copies = self.copies.max(operand.copies);
        }
    }

    fn end_branch(&mut self) {
        self.settle();
        let concatenation = u32::from(self.n_operands > 1);
        self.height = self.height.max(self.branch_height + concatenation);
        self.branch_height = 1;
        self.n_operands = 0;
    }

    /// The whole group as an operand of the one around it.
    fn close(mut self) -> Operand {
        self.end_branch();
        Operand {
            start: self.start,
            height: self.height + u32::from(self.n_bars > 0) + u32::from(self.captures),
            copies: self.copies,
            is_repeated: false,
        }
    }
}

#[derive(Clone, Copy)]
enum Repeat {
    Star,
    Plus,
    Optional,
    /// At least so often, at most so often.
    Counts(u32, Option<u32>),
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    flags: Flags,
    out: String,
    names: Vec<String>,
    /// The groups around the innermost one.
    open: Vec<Group>,
    inner: Group,
    /// Where the repetition operator directly before the cursor starts.
    last_repeat: Option<usize>,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), SyntaxError> {
        while let Some(byte) = self.cursor.peek(0) {
            let start = self.cursor.at;
            let is_repeat = self.step(byte)?;
            self.last_repeat = is_repeat.then_some(start);
            if self.inner.last.is_some_and(|last| last.height > MAX_HEIGHT) {
                let whole = self.cursor.whole;
                return Err(SyntaxError::new("expression nests too deeply", whole));
            }
        }
        if self.open.is_empty() {
            Ok(())
        } else {
            let whole = self.cursor.whole;
            Err(SyntaxError::new("missing closing )", whole))
        }
    }

    /// Reads what starts with `byte`; says whether it was a repetition operator.
    fn step(&mut self, byte: u8) -> Result<bool, SyntaxError> {
        let start = self.cursor.at;
        match byte {
            b'(' if self.cursor.peek(1) == Some(b'?') => self.perl_group()?,
            b'(' => {
                self.cursor.at += 1;
                self.open_capture(String::new());
            }
            b'|' => {
                self.cursor.at += 1;
                self.inner.end_branch();
                self.inner.n_bars += 1;
                self.out.push('|');
            }
            b')' => self.close_group()?,
            b'^' if self.flags.multi_line => self.symbol(1, "(?m:^)"),
            b'^' => self.symbol(1, r"\A"),
            b'$' if self.flags.multi_line => self.symbol(1, "(?m:$)"),
            b'$' => self.symbol(1, r"\z"),
            b'.' if self.flags.dot_newline => self.symbol(1, "(?s:.)"),
            b'.' => self.symbol(1, r"[^\x{A}]"),
            b'[' => {
                let fold = self.flags.fold;
                let class = class::bracketed(&mut self.cursor)?;
                self.class(&class, fold);
            }
            b'*' | b'+' | b'?' => {
                let repeat = match byte {
                    b'*' => Repeat::Star,
                    b'+' => Repeat::Plus,
                    _ => Repeat::Optional,
                };
                self.cursor.at += 1;
                self.repeat(start, repeat)?;
                return Ok(true);
            }
            b'{' => match self.counts()? {
                Some(repeat) => {
                    self.repeat(start, repeat)?;
                    return Ok(true);
                }
                None => {
                    self.cursor.at += 1;
                    self.literal(u32::from(b'{'));
                }
            },
            b'\\' => self.backslash()?,
            _ => {
                if let Some(c) = self.cursor.next()? {
                    self.literal(u32::from(c));
                }
            }
        }
        Ok(false)
    }

    fn backslash(&mut self) -> Result<(), SyntaxError> {
        match self.cursor.peek(1) {
            Some(b'A') => self.symbol(2, r"\A"),
            Some(b'z') => self.symbol(2, r"\z"),
            // Go's word characters are those of ASCII.
            Some(b'b') => self.symbol(2, r"(?-u:\b)"),
            Some(b'B') => self.symbol(2, r"(?-u:\B)"),
            Some(b'C') => {
                let text = &self.cursor.rest()[..2];
                return Err(SyntaxError::new("invalid escape sequence", text));
            }
            Some(b'Q') => return self.quoted(),
            _ => {
                if let Some(class) = class::escaped(&mut self.cursor)? {
                    self.class(&class, self.flags.fold);
                } else {
                    let c = class::escape(&mut self.cursor)?;
                    self.literal(c);
                }
            }
        }
        Ok(())
    }

    /// `\Q…\E`: everything up to the `\E` or the end is literal.
    fn quoted(&mut self) -> Result<(), SyntaxError> {
        self.cursor.at += 2;
        let end = memchr::memmem::find(self.cursor.rest(), br"\E").map(|n| self.cursor.at + n);
        let mut inside = Cursor {
            whole: &self.cursor.whole[..end.unwrap_or(self.cursor.whole.len())],
            at: self.cursor.at,
        };
        while let Some(c) = inside.next()? {
            self.literal(u32::from(c));
        }
        self.cursor.at = inside.at + if end.is_some() { 2 } else { 0 };
        Ok(())
    }

    /// `(?…`: a named group, a group with flags, or flags for the rest of this group.
    fn perl_group(&mut self) -> Result<(), SyntaxError> {
        let start = self.cursor.at;
        let rest = self.cursor.rest();
        if rest.starts_with(b"(?P<") && rest.len() > 4 {
            return self.named_group(4);
        }
        if rest.starts_with(b"(?<") && rest.len() > 3 {
            return self.named_group(3);
        }
        self.cursor.at += 2;
        let mut flags = self.flags;
        let mut value = true;
        let mut saw_flag = false;
        while let Some(c) = self.cursor.next()? {
            match c {
                'i' => flags.fold = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_newline = value,
                'U' => flags.lazy = value,
                '-' if value => {
                    value = false;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if value || saw_flag => {
                    if c == ':' {
                        self.open_group(false);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            saw_flag = true;
        }
        let text = self.cursor.since(start);
        Err(SyntaxError::new("invalid or unsupported Perl syntax", text))
    }

    /// A named group whose name starts after `prefix` bytes.
    fn named_group(&mut self, prefix: usize) -> Result<(), SyntaxError> {
        let rest = self.cursor.rest();
        let Some(end) = memchr::memchr(b'>', rest) else {
            check_utf8(rest)?;
            return Err(SyntaxError::new("invalid named capture", rest));
        };
        let name = &rest[prefix..end];
        check_utf8(name)?;
        if name.is_empty() || !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
            return Err(SyntaxError::new("invalid named capture", &rest[..=end]));
        }
        self.cursor.at += end + 1;
        self.open_capture(String::from_utf8_lossy(name).into_owned());
        Ok(())
    }

    fn open_capture(&mut self, name: String) {
        self.names.push(name);
        self.open_group(true);
    }

    fn open_group(&mut self, captures: bool) {
        let group = Group::new(captures, self.flags, self.out.len());
        self.out.push_str(if captures { "(" } else { "(?:" });
        self.open.push(std::mem::replace(&mut self.inner, group));
    }

    fn close_group(&mut self) -> Result<(), SyntaxError> {
        let Some(outer) = self.open.pop() else {
            return Err(SyntaxError::new("unexpected )", self.cursor.whole));
        };
        self.cursor.at += 1;
        self.out.push(')');
        let group = std::mem::replace(&mut self.inner, outer);
        self.flags = group.flags;
        self.inner.push(group.close());
        Ok(())
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; anything else is no repetition, and the brace a literal.
    fn counts(&mut self) -> Result<Option<Repeat>, SyntaxError> {
        let start = self.cursor.at;
        let mut ahead = 1;
        let Some(min) = self.number(&mut ahead) else {
            return Ok(None);
        };
        let mut max = Some(min);
        if self.cursor.peek(ahead) == Some(b',') {
            ahead += 1;
            max = None;
            if self.cursor.peek(ahead) != Some(b'}') {
                max = self.number(&mut ahead);
                if max.is_none() {
                    return Ok(None);
                }
            }
        }
        if self.cursor.peek(ahead) != Some(b'}') {
            return Ok(None);
        }
        self.cursor.at += ahead + 1;
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || min > max) {
            let text = self.cursor.since(start);
            return Err(SyntaxError::new("invalid repeat count", text));
        }
        Ok(Some(Repeat::Counts(min, max)))
    }

    /// Reads a decimal number without leading zeros, `ahead` bytes before the cursor.
    fn number(&self, ahead: &mut usize) -> Option<u32> {
        let rest = &self.cursor.rest()[*ahead..];
        let n_digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = &rest[..n_digits];
        if digits.is_empty() || (digits.len() > 1 && digits[0] == b'0') {
            return None;
        }
        *ahead += n_digits;
        Some(digits.iter().fold(0, |n: u32, digit| {
            n.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
        }))
    }

    /// Repeats the operand before the operator, which starts at `start`.
    fn repeat(&mut self, start: usize, repeat: Repeat) -> Result<(), SyntaxError> {
        let mut lazy = self.flags.lazy;
        if self.cursor.peek(0) == Some(b'?') {
            self.cursor.at += 1;
            lazy = !lazy;
        }
        let operator = self.cursor.since(start);
        if let Some(first) = self.last_repeat {
            let text = self.cursor.since(first);
            return Err(SyntaxError::new("invalid nested repetition operator", text));
        }
        let Some(mut operand) = self.inner.last else {
            return Err(SyntaxError::new(
                "missing argument to repetition operator",
                operator,
            ));
        };
        if operand.is_repeated {
            // `a*(?i)*`: Go repeats the repetition, where two operators in a row mean otherwise.
            self.out.insert_str(operand.start, "(?:");
            self.out.push(')');
        }
        match repeat {
            Repeat::Star => self.out.push('*'),
            Repeat::Plus => self.out.push('+'),
            Repeat::Optional => self.out.push('?'),
            Repeat::Counts(min, max) => {
                operand.copies = match max {
                    Some(0) => 1,
                    _ => operand.copies.saturating_mul(max.unwrap_or(min).max(1)),
                };
                if (min >= 2 || max >= Some(2)) && operand.copies > MAX_REPEAT {
                    return Err(SyntaxError::new("invalid repeat count", operator));
                }
                self.write_counts(min, max);
            }
        }
        if lazy {
            self.out.push('?');
        }
        operand.height += 1;
        operand.is_repeated = true;
        self.inner.last = Some(operand);
        Ok(())
    }

    fn write_counts(&mut self, min: u32, max: Option<u32>) {
        let written = match max {
            Some(max) => write!(self.out, "{{{min},{max}}}"),
            None => write!(self.out, "{{{min},}}"),
        };
        written.expect("a string takes all text");
    }

    /// Takes `length` bytes that mean `text`.
    fn symbol(&mut self, length: usize, text: &str) {
        self.cursor.at += length;
        self.operand(text);
    }

    /// A code point; a surrogate never matches.
    fn literal(&mut self, c: u32) {
        let mut class = Class::default();
        class.range(c, c);
        self.class(&class, self.flags.fold);
    }

    fn class(&mut self, class: &Class, fold: bool) {
        let text = class.to_string();
        if fold {
            self.operand(&format!("(?i:{text})"));
        } else {
            self.operand(&text);
        }
    }

    fn operand(&mut self, text: &str) {
        self.inner.push(Operand {
            start: self.out.len(),
            height: 1,
            copies: 1,
            is_repeated: false,
        });
        self.out.push_str(text);
    }
}
