//! Parses a template text into a [`Program`].
//!
//! In: a name, a text, the functions that the text may use. Out: every template that the text
//! defines, the text itself included. Refused, with Go's messages: what Go refuses, and nesting
//! beyond [`MAX_PARSE_DEPTH`], for which Go has no bound.

use std::collections::HashMap;

use super::ast::{Branch, Callee, Definition, Id, Kind, Node, Program, Span, Special, Symbol};
use super::builtins;
use super::error::ParseError;
use super::func::Functions;
use super::lexer::{self, Lexer};
use super::literal;
use super::nest;
use super::token::{Token, TokenKind};
use crate::limits::{MAX_EXPRESSION_DEPTH, MAX_PARSE_DEPTH};
use crate::value::printf::sprintf;
use crate::value::quote::quote;
use crate::value::{Str, Value};

/// Parses `text` as the template `name`.
pub(super) fn parse(name: &Str, text: &Str, functions: Functions) -> Result<Program, ParseError> {
    if u32::try_from(text.len()).is_err() {
        let message = "the template is larger than 4 GiB".to_owned();
        return Err(ParseError::new(name, 1, 0, message));
    }
    let mut parser = Parser {
        functions,
        lexer: Lexer::new(text),
        program: Program::new(name.clone(), text.clone()),
        tree: Tree::new(0),
        variables: Vec::new(),
        symbols: HashMap::new(),
        innermost: vec![None],
        definitions: HashMap::new(),
        scratch: Vec::new(),
        depth: 0,
    };
    parser.program.symbols.push((0, 0));
    parser.symbols.insert(b"$", Symbol::DOLLAR);
    parser.file(name)?;
    Ok(parser.program)
}

type Parsed<T> = Result<T, ParseError>;

struct Parser<'s> {
    functions: Functions,
    lexer: Lexer<'s>,
    program: Program,
    /// The template being parsed: a `define` or `block` starts one of its own.
    tree: Tree,
    /// The variables in scope, also those of the templates around this one.
    variables: Vec<Declared>,
    symbols: HashMap<&'s [u8], Symbol>,
    /// For each symbol the index of its innermost declaration.
    innermost: Vec<Option<usize>>,
    /// Where each template is among the definitions of the program.
    definitions: HashMap<Str, usize>,
    /// The children of the nodes under construction.
    scratch: Vec<Id>,
    depth: usize,
}

/// What belongs to one template only.
struct Tree {
    /// The tokens that were put back, the next one last; the first one is always the token that
    /// was read last.
    tokens: [Token; 3],
    n_peeked: usize,
    /// Where the variables of this template begin.
    first_variable: usize,
    /// The token that opened the current action.
    action: Option<Token>,
    range_depth: usize,
    paren_depth: usize,
}

struct Declared {
    symbol: Symbol,
    shadowed: Option<usize>,
}

/// What a pipeline belongs to; decides its messages and its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Command,
    If,
    Range,
    With,
    Template,
    Block,
    Parenthesized,
}

/// A piece of a template body, or what ends the body.
enum Item {
    Node(Id),
    End,
    Else,
}

impl Tree {
    fn new(first_variable: usize) -> Tree {
        let start = Token {
            kind: TokenKind::Eof,
            start: 0,
            end: 0,
        };
        Tree {
            tokens: [start; 3],
            n_peeked: 0,
            first_variable,
            action: None,
            range_depth: 0,
            paren_depth: 0,
        }
    }
}

impl Context {
    fn name(self) -> &'static str {
        match self {
            Context::Command => "command",
            Context::If => "if",
            Context::Range => "range",
            Context::With => "with",
            Context::Template => "template clause",
            Context::Block => "block clause",
            Context::Parenthesized => "parenthesized pipeline",
        }
    }

    fn end(self) -> TokenKind {
        match self {
            Context::Parenthesized => TokenKind::RightParen,
            _ => TokenKind::RightDelim,
        }
    }
}

impl Item {
    fn text(&self) -> &'static str {
        match self {
            Item::Node(_) => "node",
            Item::End => "{{end}}",
            Item::Else => "{{else}}",
        }
    }
}

/// Templates and what they consist of.
impl Parser<'_> {
    fn file(&mut self, name: &Str) -> Parsed<()> {
        let mark = self.scratch.len();
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelim {
                let delim = self.next();
                if self.next_word().kind == TokenKind::Define {
                    self.definition()?;
                    continue;
                }
                self.put_back_two(delim);
            }
            match self.text_or_action()? {
                Item::Node(id) => self.scratch.push(id),
                item => return Err(self.error(format!("unexpected {}", item.text()))),
            }
        }
        let body = self.take_links(mark);
        self.define(name.clone(), body)
    }

    /// What follows `{{define`.
    fn definition(&mut self) -> Parsed<()> {
        let outer = std::mem::replace(&mut self.tree, Tree::new(self.variables.len()));
        let token = self.next_word();
        let name = self.template_name(token, "define clause")?;
        self.expect(TokenKind::RightDelim, "define clause")?;
        self.body_of(name, "define clause")?;
        self.tree = outer;
        Ok(())
    }

    /// A template body up to its `{{end}}`.
    fn body_of(&mut self, name: Str, context: &str) -> Parsed<()> {
        let mark = self.variables.len();
        let (body, end) = self.items()?;
        if !matches!(end, Item::End) {
            return Err(self.error(format!("unexpected {} in {context}", end.text())));
        }
        self.define(name, body)?;
        self.pop_variables(mark);
        Ok(())
    }

    /// Adds a template unless it is empty and there is one already.
    fn define(&mut self, name: Str, body: Span) -> Parsed<()> {
        let program = &self.program;
        let is_empty = program.links(body).iter().all(|&id| {
            let start = program.node(id).position;
            matches!(program.kind(id), Kind::Text { end } if lexer::is_blank(program.slice((start, *end))))
        });
        let definition = Definition {
            name: name.clone(),
            body,
            is_empty,
        };
        match self.definitions.get(&name) {
            None => {
                let index = self.program.definitions.len();
                self.definitions.insert(name, index);
                self.program.definitions.push(definition);
            }
            Some(&index) if self.program.definitions[index].is_empty => {
                self.program.definitions[index] = definition;
            }
            Some(_) if is_empty => {}
            Some(_) => {
                let message = format!("template: multiple definition of template {}", quote(&name));
                return Err(self.error(message));
            }
        }
        Ok(())
    }

    /// Everything up to `{{end}}` or `{{else}}`.
    fn items(&mut self) -> Parsed<(Span, Item)> {
        let mark = self.scratch.len();
        while self.peek_word().kind != TokenKind::Eof {
            match self.text_or_action()? {
                Item::Node(id) => self.scratch.push(id),
                end => return Ok((self.take_links(mark), end)),
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_word();
        match token.kind {
            TokenKind::Text => {
                let kind = Kind::Text { end: token.end };
                Ok(Item::Node(self.add(token.start, kind)))
            }
            TokenKind::LeftDelim => {
                self.tree.action = Some(token);
                let item = self.nested(Self::action)?;
                self.tree.action = None;
                Ok(item)
            }
            _ => Err(self.unexpected(token, "input")),
        }
    }

    fn action(&mut self) -> Parsed<Item> {
        let token = self.next_word();
        let node = match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Break => self.leave_range(token, "{{break}}", Kind::Break)?,
            TokenKind::Continue => self.leave_range(token, "{{continue}}", Kind::Continue)?,
            TokenKind::Else => {
                // `{{else if` and `{{else with` leave their second word to whoever parses the
                // branch.
                if !matches!(self.peek_word().kind, TokenKind::If | TokenKind::With) {
                    self.expect(TokenKind::RightDelim, "else")?;
                }
                return Ok(Item::Else);
            }
            TokenKind::End => {
                self.expect(TokenKind::RightDelim, "end")?;
                return Ok(Item::End);
            }
            TokenKind::If => self.branch(Context::If)?,
            TokenKind::Range => self.branch(Context::Range)?,
            TokenKind::With => self.branch(Context::With)?,
            TokenKind::Template => self.template()?,
            _ => {
                self.put_back();
                let position = self.peek().start;
                let pipe = self.pipeline(Context::Command)?;
                self.add(position, Kind::Action { pipe })
            }
        };
        Ok(Item::Node(node))
    }

    fn leave_range(&mut self, word: Token, text: &str, kind: Kind) -> Parsed<Id> {
        let token = self.next_word();
        if token.kind != TokenKind::RightDelim {
            return Err(self.unexpected(token, text));
        }
        if self.tree.range_depth == 0 {
            return Err(self.error(format!("{text} outside {{{{range}}}}")));
        }
        Ok(self.add(word.start, kind))
    }

    /// What follows `{{if`, `{{range` or `{{with`.
    fn branch(&mut self, context: Context) -> Parsed<Id> {
        let mark = self.variables.len();
        let pipe = self.pipeline(context)?;
        let in_range = usize::from(context == Context::Range);
        self.tree.range_depth += in_range;
        let (body, end) = self.items()?;
        self.tree.range_depth -= in_range;
        let otherwise = match end {
            Item::Else => Some(self.otherwise(context)?),
            _ => None,
        };
        self.pop_variables(mark);
        let branch = Branch {
            pipe,
            body,
            otherwise,
        };
        let kind = match context {
            Context::If => Kind::If(branch),
            Context::Range => Kind::Range(branch),
            _ => Kind::With(branch),
        };
        Ok(self.add(self.program.node(pipe).position, kind))
    }

    /// What follows `{{else`. `{{else if}}` is `{{else}}{{if}}` with one `{{end}}` for both.
    fn otherwise(&mut self, context: Context) -> Parsed<Span> {
        let chained = match self.peek().kind {
            TokenKind::If => context == Context::If,
            TokenKind::With => context == Context::With,
            _ => false,
        };
        if chained {
            self.next();
            let mark = self.scratch.len();
            let branch = self.nested(|parser| parser.branch(context))?;
            self.scratch.push(branch);
            return Ok(self.take_links(mark));
        }
        let (body, end) = self.items()?;
        if !matches!(end, Item::End) {
            return Err(self.error(format!("expected end; found {}", end.text())));
        }
        Ok(body)
    }

    /// What follows `{{block`: a definition and a call in one.
    fn block(&mut self) -> Parsed<Id> {
        let token = self.next_word();
        let name = self.template_name(token, "block clause")?;
        let pipe = self.pipeline(Context::Block)?;
        let outer = std::mem::replace(&mut self.tree, Tree::new(self.variables.len()));
        self.body_of(name.clone(), "block clause")?;
        self.tree = outer;
        Ok(self.call_of(token, name, Some(pipe)))
    }

    /// What follows `{{template`.
    fn template(&mut self) -> Parsed<Id> {
        let token = self.next_word();
        let name = self.template_name(token, "template clause")?;
        let pipe = if self.next_word().kind == TokenKind::RightDelim {
            None
        } else {
            self.put_back();
            Some(self.pipeline(Context::Template)?)
        };
        Ok(self.call_of(token, name, pipe))
    }

    fn call_of(&mut self, token: Token, name: Str, pipe: Option<Id>) -> Id {
        let name = index(&mut self.program.strings, name);
        self.add(token.start, Kind::Template { name, pipe })
    }

    fn template_name(&mut self, token: Token, context: &str) -> Parsed<Str> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => self.string(token),
            _ => Err(self.unexpected(token, context)),
        }
    }
}

/// Pipelines and what they consist of.
impl Parser<'_> {
    fn pipeline(&mut self, context: Context) -> Parsed<Id> {
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

    fn pop_variables(&mut self, mark: usize) {
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
                let text = super::print::node(&self.program, term, usize::MAX);
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

    fn string(&self, token: Token) -> Parsed<Str> {
        literal::string(self.lexer.slice(token))
            .map(Str::from)
            .map_err(|message| self.error(message))
    }
}

/// Tokens, nodes and errors.
impl Parser<'_> {
    fn next(&mut self) -> Token {
        if self.tree.n_peeked > 0 {
            self.tree.n_peeked -= 1;
        } else {
            self.tree.tokens[0] = self.lexer.next();
        }
        self.tree.tokens[self.tree.n_peeked]
    }

    fn peek(&mut self) -> Token {
        let token = self.next();
        self.put_back();
        token
    }

    /// The next token that is no space.
    fn next_word(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_word(&mut self) -> Token {
        let token = self.next_word();
        self.put_back();
        token
    }

    /// Puts back the token that was read last.
    fn put_back(&mut self) {
        self.tree.n_peeked += 1;
    }

    /// Puts back `before` in front of the token that was read last.
    fn put_back_two(&mut self, before: Token) {
        self.tree.tokens[1] = before;
        self.tree.n_peeked = 2;
    }

    /// Puts back `first` and `second` in front of the token that was read last.
    fn put_back_three(&mut self, first: Token, second: Token) {
        self.tree.tokens[1] = second;
        self.tree.tokens[2] = first;
        self.tree.n_peeked = 3;
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Parsed<()> {
        let token = self.next_word();
        if token.kind == kind {
            Ok(())
        } else {
            Err(self.unexpected(token, context))
        }
    }

    fn add(&mut self, position: u32, kind: Kind) -> Id {
        Id(index(&mut self.program.nodes, Node { position, kind }))
    }

    /// Makes links of what was put on the scratch pad since `mark`.
    fn take_links(&mut self, mark: usize) -> Span {
        let links = &mut self.program.links;
        let start = links.len();
        links.extend(self.scratch.drain(mark..));
        span(start, links.len())
    }

    fn nested<T>(&mut self, body: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
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
    fn error(&self, message: impl Into<String>) -> ParseError {
        let (line, column) = self.program.line_and_column(self.tree.tokens[0].start);
        ParseError::new(&self.program.name, line, column, message.into())
    }

    fn unexpected(&self, token: Token, context: &str) -> ParseError {
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

fn span(start: usize, end: usize) -> Span {
    Span {
        start: start as u32,
        len: (end - start) as u32,
    }
}

/// Appends to a table; no table outgrows the text it comes from.
fn index<T>(table: &mut Vec<T>, entry: T) -> u32 {
    table.push(entry);
    (table.len() - 1) as u32
}
