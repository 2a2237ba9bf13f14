//! Characters to tokens.
//!
//! In: the text of a stream. Out: its tokens, with structure that only indentation shows made
//! explicit. What makes a YAML key is known only at its `:`, so a token waits in the queue while it
//! may still start a key; go-yaml's book-keeping of that is followed closely because it decides
//! which error wins and how odd texts come out.

mod cursor;
mod quoted;
mod scalar;
mod tag;

use std::collections::VecDeque;

use crate::limits::MAX_YAML_DEPTH;

use super::error::Error;
use super::input::Input;
use super::token::{Mark, Span, Style, Token, TokenKind};
use cursor::Cursor;

/// Most characters between the start of a key and its `:`.
const MAX_KEY_LENGTH: u32 = 1024;

/// Makes tokens.
pub(super) struct Scanner<'t> {
    cursor: Cursor<'t>,
    /// The texts that had to be built.
    built: Vec<u8>,
    queue: VecDeque<Token>,
    /// How many tokens have left the queue; the number of its first one.
    taken: usize,
    /// Whether the first token of the queue is known to be final.
    ready: bool,
    started: bool,
    indent: isize,
    indents: Vec<isize>,
    flow_level: usize,
    simple_key_allowed: bool,
    /// The possible key of each flow level.
    keys: Vec<SimpleKey>,
    /// Token number and flow level of possible keys, by rising number.
    key_tokens: VecDeque<(usize, usize)>,
}

/// A token that may turn out to start a key.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// Whether the text is wrong if it is no key.
    required: bool,
    token: usize,
    mark: Mark,
}

impl<'t> Scanner<'t> {
    /// Starts at the beginning of `input`.
    pub(super) fn new(input: &'t Input<'t>) -> Scanner<'t> {
        Scanner {
            cursor: Cursor::new(input),
            built: Vec::new(),
            queue: VecDeque::new(),
            taken: 0,
            ready: false,
            started: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            keys: vec![SimpleKey::default()],
            key_tokens: VecDeque::new(),
        }
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Result<Token, Error> {
        if !self.ready {
            self.fetch_enough()?;
            self.ready = true;
        }
        Ok(*self.queue.front().expect("fetching leaves a token"))
    }

    /// Removes the token that was seen by [`Scanner::peek`].
    pub(super) fn skip(&mut self) {
        self.ready = false;
        self.taken += 1;
        self.queue.pop_front();
    }

    /// The place a reader of the text would point at for `mark`.
    pub(super) fn real(&self, mark: Mark) -> Mark {
        self.cursor.real(mark)
    }

    /// The text of a span.
    pub(super) fn text(&self, span: Span) -> &[u8] {
        let from = if span.built {
            &self.built
        } else {
            self.cursor.text()
        };
        &from[span.range()]
    }

    /// The texts that had to be built.
    pub(super) fn into_built(self) -> Vec<u8> {
        self.built
    }

    fn fetch_enough(&mut self) -> Result<(), Error> {
        loop {
            if !self.queue.is_empty() {
                let Some(level) = self.key_level(self.taken) else {
                    return Ok(());
                };
                if !self.key_is_valid(level)? {
                    return Ok(());
                }
            }
            self.fetch()?;
        }
    }

    /// Adds the next token to the queue, and those that its indentation implies.
    fn fetch(&mut self) -> Result<(), Error> {
        self.cursor.need(1)?;
        if !self.started {
            self.started = true;
            return self.push(TokenKind::StreamStart, Mark::default());
        }
        self.skip_to_token()?;
        let column = self.cursor.column() as isize;
        self.unroll_indent(column);
        self.cursor.need(4)?;
        if self.cursor.at_end() {
            return self.fetch_stream_end();
        }
        if column == 0 {
            if self.cursor.at(0) == b'%' {
                return self.fetch_directive();
            }
            if self.cursor.at_document_indicator() {
                return self.fetch_document_indicator();
            }
        }
        let in_block = self.flow_level == 0;
        let blank_follows = self.cursor.at_blankz(1);
        match self.cursor.at(0) {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if blank_follows => self.fetch_block_entry(),
            b'?' if !in_block || blank_follows => self.fetch_key(),
            b':' if !in_block || blank_follows => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(),
            b'!' => self.fetch_tag(),
            b'|' if in_block => self.fetch_block_scalar(Style::Literal),
            b'>' if in_block => self.fetch_block_scalar(Style::Folded),
            b'\'' => self.fetch_quoted(Style::SingleQuoted),
            b'"' => self.fetch_quoted(Style::DoubleQuoted),
            b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => {
                Err(self.error("found character that cannot start any token"))
            }
            _ => self.fetch_plain(),
        }
    }

    /// Passes white space, comments and line breaks. Tabs do not count as white space where
    /// indentation is expected.
    fn skip_to_token(&mut self) -> Result<(), Error> {
        loop {
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.cursor.at(0) == b' ' || (tabs && self.cursor.at(0) == b'\t') {
                self.cursor.skip_ascii(1);
            }
            self.cursor.need(1)?;
            self.cursor.skip_comment()?;
            if !self.cursor.at_break(0) {
                return Ok(());
            }
            self.cursor.need(2)?;
            self.cursor.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn fetch_stream_end(&mut self) -> Result<(), Error> {
        self.cursor.force_new_line();
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let mark = self.cursor.mark();
        self.push(TokenKind::StreamEnd, mark)
    }

    fn fetch_directive(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_directive()?;
        self.queue.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let kind = match self.cursor.at(0) {
            b'-' => TokenKind::DocumentStart,
            _ => TokenKind::DocumentEnd,
        };
        let mark = self.cursor.mark();
        self.cursor.skip_ascii(3);
        self.push(kind, mark)
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.save_simple_key()?;
        let mark = self.cursor.mark();
        self.keys.push(SimpleKey {
            possible: false,
            required: false,
            token: self.next_number(),
            mark,
        });
        self.flow_level += 1;
        if self.flow_level > MAX_YAML_DEPTH {
            return Err(self.error(&format!("exceeded max depth of {MAX_YAML_DEPTH}")));
        }
        self.simple_key_allowed = true;
        self.push_indicator(kind)
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let key = self.keys.pop().expect("each flow level has a key");
            self.forget_key_token(key.token);
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind)
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Error> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry)
    }

    fn fetch_block_entry(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context"));
            }
            let mark = self.cursor.mark();
            self.roll_indent(mark, None, TokenKind::BlockSequenceStart)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry)
    }

    fn fetch_key(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error("mapping keys are not allowed in this context"));
            }
            let mark = self.cursor.mark();
            self.roll_indent(mark, None, TokenKind::BlockMappingStart)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key)
    }

    fn fetch_value(&mut self) -> Result<(), Error> {
        let level = self.keys.len() - 1;
        if self.key_is_valid(level)? {
            let key = self.keys[level];
            let kind = TokenKind::Key;
            self.insert(
                Some(key.token),
                Token {
                    kind,
                    mark: key.mark,
                },
            );
            self.roll_indent(key.mark, Some(key.token), TokenKind::BlockMappingStart)?;
            self.keys[level].possible = false;
            self.forget_key_token(key.token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.error("mapping values are not allowed in this context"));
                }
                let mark = self.cursor.mark();
                self.roll_indent(mark, None, TokenKind::BlockMappingStart)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value)
    }

    fn fetch_anchor(&mut self) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_anchor()?;
        self.queue.push_back(token);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_tag()?;
        self.queue.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, style: Style) -> Result<(), Error> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let mark = self.cursor.mark();
        let span = self.scan_block(style)?;
        self.push(TokenKind::Scalar(span, style), mark)
    }

    fn fetch_quoted(&mut self, style: Style) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let mark = self.cursor.mark();
        let span = self.scan_quoted(style)?;
        self.push(TokenKind::Scalar(span, style), mark)
    }

    fn fetch_plain(&mut self) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let mark = self.cursor.mark();
        let span = self.scan_plain()?;
        self.push(TokenKind::Scalar(span, Style::Plain), mark)
    }

    /// Says whether the possible key of `level` can still be one.
    ///
    /// # Errors
    ///
    /// If it cannot, but had to be one.
    fn key_is_valid(&mut self, level: usize) -> Result<bool, Error> {
        let Some(&key) = self.keys.get(level) else {
            return Ok(false);
        };
        if !key.possible {
            return Ok(false);
        }
        let here = self.cursor.mark();
        if key.mark.line == here.line && key.mark.column + MAX_KEY_LENGTH >= here.column {
            return Ok(true);
        }
        if key.required {
            return Err(self.error("could not find expected ':'"));
        }
        self.keys[level].possible = false;
        Ok(false)
    }

    /// Notes that the next token may start a key.
    fn save_simple_key(&mut self) -> Result<(), Error> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let mark = self.cursor.mark();
        self.remove_simple_key()?;
        let level = self.keys.len() - 1;
        let token = self.next_number();
        self.keys[level] = SimpleKey {
            possible: true,
            required: self.flow_level == 0 && self.indent == mark.column as isize,
            token,
            mark,
        };
        self.key_tokens.push_back((token, level));
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), Error> {
        let level = self.keys.len() - 1;
        let key = self.keys[level];
        if key.possible {
            if key.required {
                return Err(self.error("could not find expected ':'"));
            }
            self.keys[level].possible = false;
            self.forget_key_token(key.token);
        }
        Ok(())
    }

    /// The flow level of the possible key that starts with token `number`.
    fn key_level(&mut self, number: usize) -> Option<usize> {
        while self.key_tokens.front().is_some_and(|(n, _)| *n < number) {
            self.key_tokens.pop_front();
        }
        match self.key_tokens.front() {
            Some((n, level)) if *n == number => Some(*level),
            _ => None,
        }
    }

    fn forget_key_token(&mut self, number: usize) {
        let found = self.key_tokens.iter().rposition(|(n, _)| *n <= number);
        if let Some(at) = found
            && self.key_tokens[at].0 == number
        {
            self.key_tokens.remove(at);
        }
    }

    /// Starts a block collection if the indentation grows.
    fn roll_indent(
        &mut self,
        mark: Mark,
        number: Option<usize>,
        kind: TokenKind,
    ) -> Result<(), Error> {
        let column = mark.column as isize;
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_YAML_DEPTH {
            return Err(self.error(&format!("exceeded max depth of {MAX_YAML_DEPTH}")));
        }
        self.insert(number, Token { kind, mark });
        Ok(())
    }

    /// Ends the block collections that are indented deeper than `column`.
    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.cursor.mark();
            self.queue.push_back(Token {
                kind: TokenKind::BlockEnd,
                mark,
            });
            self.indent = self.indents.pop().expect("the outermost indent is -1");
        }
    }

    /// The number that the next token gets.
    fn next_number(&self) -> usize {
        self.taken + self.queue.len()
    }

    /// Inserts a token before the one with `number`, or at the end when that has left the queue
    /// already: so go-yaml does, which makes it miss `{}: a`.
    fn insert(&mut self, number: Option<usize>, token: Token) {
        let at = number.and_then(|n| n.checked_sub(self.taken));
        match at {
            Some(at) if at < self.queue.len() => self.queue.insert(at, token),
            _ => self.queue.push_back(token),
        }
    }

    fn push(&mut self, kind: TokenKind, mark: Mark) -> Result<(), Error> {
        self.queue.push_back(Token { kind, mark });
        Ok(())
    }

    fn push_indicator(&mut self, kind: TokenKind) -> Result<(), Error> {
        let mark = self.cursor.mark();
        self.cursor.skip_ascii(1);
        self.push(kind, mark)
    }

    /// Makes the error for a problem noticed here.
    fn error(&mut self, problem: &str) -> Error {
        let mark = self.cursor.mark();
        let message = match mark.line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {}: {problem}", line + 1),
        };
        Error::convert(message).at(self.cursor.real(mark))
    }
}
