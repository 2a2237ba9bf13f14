//! Reads tokens ahead and puts them back, adds nodes, and words errors.

use super::super::ast::{Id, Kind, Node, Span};
use super::super::error::ParseError;
use super::super::nest;
use super::super::token::{Token, TokenKind};
use super::{Parsed, Parser, index, span};
use crate::limits::MAX_PARSE_DEPTH;
use crate::value::Value;
use crate::value::printf::sprintf;
use crate::value::quote::quote;

impl Parser<'_> {
    pub(super) fn next(&mut self) -> Token {
        if self.tree.n_peeked > 0 {
            self.tree.n_peeked -= 1;
        } else {
            self.tree.tokens[0] = self.lexer.next();
        }
        self.tree.tokens[self.tree.n_peeked]
    }

    pub(super) fn peek(&mut self) -> Token {
        let token = self.next();
        self.put_back();
        token
    }

    /// The next token that is no space.
    pub(super) fn next_word(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_word(&mut self) -> Token {
        let token = self.next_word();
        self.put_back();
        token
    }

    /// Puts back the token that was read last.
    pub(super) fn put_back(&mut self) {
        self.tree.n_peeked += 1;
    }

    /// Puts back `before` in front of the token that was read last.
    pub(super) fn put_back_two(&mut self, before: Token) {
        self.tree.tokens[1] = before;
        self.tree.n_peeked = 2;
    }

    /// Puts back `first` and `second` in front of the token that was read last.
    pub(super) fn put_back_three(&mut self, first: Token, second: Token) {
        self.tree.tokens[1] = second;
        self.tree.tokens[2] = first;
        self.tree.n_peeked = 3;
    }

    pub(super) fn expect(&mut self, kind: TokenKind, context: &str) -> Parsed<()> {
        let token = self.next_word();
        if token.kind == kind {
            Ok(())
        } else {
            Err(self.unexpected(token, context))
        }
    }

    pub(super) fn add(&mut self, position: u32, kind: Kind) -> Id {
        Id(index(&mut self.program.nodes, Node { position, kind }))
    }

    /// Makes links of what was put on the scratch pad since `mark`.
    pub(super) fn take_links(&mut self, mark: usize) -> Span {
        let links = &mut self.program.links;
        let start = links.len();
        links.extend(self.scratch.drain(mark..));
        span(start, links.len())
    }

    pub(super) fn nested<T>(&mut self, body: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_PARSE_DEPTH {
            let message = format!("actions are nested more than {MAX_PARSE_DEPTH} deep");
            return Err(self.error(message));
        }
        self.depth += 1;
        let parsed = nest::grow(|| body(self));
        self.depth -= 1;
        parsed
    }

    /// An error at the token that was read last.
    pub(super) fn error(&self, message: impl Into<String>) -> ParseError {
        self.error_at(self.tree.tokens[0], message)
    }

    pub(super) fn error_at(&self, token: Token, message: impl Into<String>) -> ParseError {
        let (line, column) = self.program.line_and_column(token.start);
        ParseError::new(&self.program.name, line, column, message.into())
    }

    pub(super) fn unexpected(&self, token: Token, context: &str) -> ParseError {
        if token.kind != TokenKind::Error {
            let token = self.describe(token);
            return self.error(format!("unexpected {token} in {context}"));
        }
        let mut message = self.lexer.message().to_owned();
        if let Some(action) = self.tree.action {
            let (line, _) = self.program.line_and_column(action.start);
            if line != self.program.line_and_column(token.start).0 {
                // Go will not say "action in action".
                let what = if message.ends_with(" action") {
                    ""
                } else {
                    " in action"
                };
                let name = self.program.name.to_str_lossy();
                message.push_str(&format!("{what} started at {name}:{line}"));
            }
        }
        self.error(message)
    }

    fn describe(&self, token: Token) -> String {
        let text = self.lexer.slice(token);
        match token.kind {
            TokenKind::Eof => "EOF".to_owned(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(text)),
            _ if text.len() > 10 => {
                let start = sprintf(b"%.10q...", &[Value::str(text)]);
                String::from_utf8_lossy(&start).into_owned()
            }
            _ => quote(text),
        }
    }
}
