//! Parses pipelines: declarations, commands, operands and terms.

use super::super::ast::{Callee, Id, Kind, Span, Special, Symbol};
use super::super::builtins;
use super::super::literal;
use super::super::nest;
use super::super::print;
use super::super::token::{Token, TokenKind};
use super::{Context, Declared, Parsed, Parser, index, span};
use crate::limits::MAX_EXPRESSION_DEPTH;
use crate::value::Str;
use crate::value::quote::quote;

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: Context) -> Parsed<Id> {
        let position = self.peek_word().start;
        let first = self.program.declared.len();
        let assigns = self.declarations(context)?;
        let declared = span(first, self.program.declared.len());
        let mark = self.scratch.len();
        loop {
            let token = self.next_word();
            if token.kind == context.end() {
                break;
            }
            if !starts_operand(token.kind) {
                return Err(self.unexpected(token, context.name()));
            }
            self.put_back();
            let command = self.command()?;
            self.scratch.push(command);
        }
        self.check_commands(&self.scratch[mark..], context)?;
        let commands = self.take_links(mark);
        let kind = Kind::Pipe {
            assigns,
            declared,
            commands,
        };
        Ok(self.add(position, kind))
    }

    /// The variables before `:=` or `=`; says whether they are assigned, not declared.
    fn declarations(&mut self, context: Context) -> Parsed<bool> {
        let mut n_declared = 0;
        loop {
            let variable = self.peek_word();
            if variable.kind != TokenKind::Variable {
                return Ok(false);
            }
            self.next();
            let after = self.peek();
            let next = self.peek_word();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    self.next_word();
                    self.declare(variable);
                    return Ok(next.kind == TokenKind::Assign);
                }
                TokenKind::Char if self.lexer.slice(next) == b"," => {
                    self.next_word();
                    self.declare(variable);
                    n_declared += 1;
                    if context != Context::Range || n_declared == 2 {
                        let context = context.name();
                        return Err(self.error(format!("too many declarations in {context}")));
                    }
                    let next = self.peek_word().kind;
                    if !matches!(
                        next,
                        TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen
                    ) {
                        return Err(self.error("range can only initialize variables"));
                    }
                }
                _ if after.kind == TokenKind::Space => {
                    self.put_back_three(variable, after);
                    return Ok(false);
                }
                _ => {
                    self.put_back_two(variable);
                    return Ok(false);
                }
            }
        }
    }

    fn declare(&mut self, variable: Token) {
        let symbol = self.symbol(variable);
        self.program.declared.push(symbol);
        let at = symbol.0 as usize;
        let shadowed = self.innermost[at].replace(self.variables.len());
        self.variables.push(Declared { symbol, shadowed });
    }

    pub(super) fn pop_variables(&mut self, mark: usize) {
        for declared in self.variables.drain(mark..).rev() {
            self.innermost[declared.symbol.0 as usize] = declared.shadowed;
        }
    }

    /// Numbers the name of a variable.
    fn symbol(&mut self, variable: Token) -> Symbol {
        let next = Symbol(self.innermost.len() as u32);
        let symbol = *self
            .symbols
            .entry(self.lexer.slice(variable))
            .or_insert(next);
        if symbol == next {
            self.innermost.push(None);
            self.program.symbols.push((variable.start, variable.end));
        }
        symbol
    }

    fn check_commands(&self, commands: &[Id], context: Context) -> Parsed<()> {
        if commands.is_empty() {
            return Err(self.error(format!("missing value for {}", context.name())));
        }
        for (i, &command) in commands.iter().enumerate().skip(1) {
            let Kind::Command { words } = *self.program.kind(command) else {
                continue;
            };
            let first = self.program.links(words)[0];
            if is_literal(self.program.kind(first)) {
                let message = format!("non executable command in pipeline stage {}", i + 1);
                return Err(self.error(message));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Id> {
        let position = self.peek_word().start;
        let mark = self.scratch.len();
        loop {
            self.peek_word();
            if let Some(operand) = self.operand()? {
                self.scratch.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => {}
                TokenKind::RightDelim | TokenKind::RightParen => {
                    self.put_back();
                    break;
                }
                TokenKind::Pipe => break,
                _ => return Err(self.unexpected(token, "operand")),
            }
        }
        if self.scratch.len() == mark {
            return Err(self.error("empty command"));
        }
        let words = self.take_links(mark);
        Ok(self.add(position, Kind::Command { words }))
    }

    /// A term and the fields that touch it.
    fn operand(&mut self) -> Parsed<Option<Id>> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        let first = self.peek();
        if first.kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let start = self.program.names.len();
        while self.peek().kind == TokenKind::Field {
            let field = self.next();
            self.program.names.push((field.start + 1, field.end));
        }
        let names = span(start, self.program.names.len());
        // Go moves a chain of fields to where its second link begins.
        let node = &mut self.program.nodes[term.0 as usize];
        match &mut node.kind {
            Kind::Field { names: first_name } => {
                first_name.len += names.len;
                node.position = first.start;
                Ok(Some(term))
            }
            Kind::Variable { names: fields, .. } => {
                *fields = names;
                node.position = first.start;
                Ok(Some(term))
            }
            kind if is_literal(kind) => {
                let text = print::node(&self.program, term, usize::MAX);
                Err(self.error(format!("unexpected . after term {}", quote(&text))))
            }
            _ => Ok(Some(self.add(first.start, Kind::Chain { term, names }))),
        }
    }

    fn term(&mut self) -> Parsed<Option<Id>> {
        let token = self.next_word();
        let text = self.lexer.slice(token);
        let kind = match token.kind {
            TokenKind::Identifier => Kind::Function(self.callee(text)?),
            TokenKind::Dot => Kind::Dot,
            TokenKind::Nil => Kind::Nil,
            TokenKind::Variable => self.variable(token)?,
            TokenKind::Field => {
                let start = self.program.names.len();
                self.program.names.push((token.start + 1, token.end));
                Kind::Field {
                    names: span(start, start + 1),
                }
            }
            TokenKind::Bool => Kind::Bool(text == b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                let number = match token.kind {
                    TokenKind::CharConstant => literal::character(text),
                    TokenKind::Complex => literal::complex_number(text),
                    _ => literal::number(text),
                };
                let number = number.map_err(|message| self.error(message))?;
                Kind::Number {
                    end: token.end,
                    number: index(&mut self.program.numbers, number),
                }
            }
            TokenKind::LeftParen => return self.parenthesized().map(Some),
            TokenKind::String | TokenKind::RawString => {
                let string = self.string(token)?;
                Kind::String {
                    end: token.end,
                    string: index(&mut self.program.strings, string),
                }
            }
            _ => {
                self.put_back();
                return Ok(None);
            }
        };
        Ok(Some(self.add(token.start, kind)))
    }

    fn parenthesized(&mut self) -> Parsed<Id> {
        if self.tree.paren_depth >= MAX_EXPRESSION_DEPTH {
            return Err(self.error("max expression depth exceeded"));
        }
        self.tree.paren_depth += 1;
        let pipe = nest::grow(|| self.pipeline(Context::Parenthesized))?;
        self.tree.paren_depth -= 1;
        Ok(pipe)
    }

    fn callee(&self, name: &[u8]) -> Parsed<Callee> {
        let known = std::str::from_utf8(name).ok();
        if let Some(function) = known.and_then(|name| self.functions.get(name)) {
            let special = Special::No;
            return Ok(Callee { function, special });
        }
        known
            .and_then(builtins::get)
            .ok_or_else(|| self.error(format!("function {} not defined", quote(name))))
    }

    fn variable(&mut self, token: Token) -> Parsed<Kind> {
        let symbol = self.symbol(token);
        let in_scope = symbol == Symbol::DOLLAR
            || self.innermost[symbol.0 as usize]
                .is_some_and(|index| index >= self.tree.first_variable);
        if !in_scope {
            let name = quote(self.lexer.slice(token));
            return Err(self.error(format!("undefined variable {name}")));
        }
        let names = Span::default();
        Ok(Kind::Variable { symbol, names })
    }

    pub(super) fn string(&self, token: Token) -> Parsed<Str> {
        literal::string(self.lexer.slice(token))
            .map(|text| Str::from(&*text))
            .map_err(|message| self.error(message))
    }
}

fn starts_operand(kind: TokenKind) -> bool {
    use TokenKind as K;
    matches!(
        kind,
        K::Bool
            | K::CharConstant
            | K::Complex
            | K::Dot
            | K::Field
            | K::Identifier
            | K::Number
            | K::Nil
            | K::RawString
            | K::String
            | K::Variable
            | K::LeftParen
    )
}

fn is_literal(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Bool(_) | Kind::Dot | Kind::Nil | Kind::Number { .. } | Kind::String { .. }
    )
}
