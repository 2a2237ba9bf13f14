//! Tokens to trees, as `text/template/parse` does it.
//!
//! In: the text of one file. Out: the templates it defines, the file's own one last. Texts and
//! lines of errors are Go's.

use std::sync::Arc;

use super::ast::*;
use super::builtins;
use super::func::{Function, Functions};
use super::lexer::{Kind, Lexer, Token};
use super::literal;
use crate::limits::{MAX_BLOCK_DEPTH, MAX_EXPRESSION_DEPTH};
use crate::value::quote::quote;
use crate::value::{Str, unicode::trim_space};

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The name of the text.
    pub name: String,
    /// The one-based line at which the parser stood.
    pub line: u32,
    /// What is wrong, in Go's words.
    pub message: String,
}

impl std::fmt::Display for ParseError {
    /// Writes the error as Go does: `template: NAME:LINE: MESSAGE`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "template: {}:{}: {}", self.name, self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Parses `text` as the template `name`; gives every template that it defines, by name.
///
/// # Errors
///
/// The first problem in the text.
pub(super) fn parse(name: &str, text: &Str, functions: Functions) -> Result<Vec<(Str, Template)>> {
    let source = Arc::new(Source {
        name: name.to_owned(),
        text: text.clone(),
    });
    let mut parser = Parser {
        lexer: Lexer::new(text),
        text,
        source: &source,
        functions,
        // As in Go, the line of an error is that of the last token read.
        tokens: [Token {
            kind: Kind::Eof,
            start: 0,
            end: 0,
            line: 0,
        }; 3],
        peeked: 0,
        variables: vec!["$".into()],
        action_line: 0,
        range_depth: 0,
        expression_depth: 0,
        block_depth: 0,
        deepest: 0,
        ids: 0,
        defined: Vec::new(),
    };
    let root = parser.file()?;
    parser.define(Str::from(name), root)?;
    Ok(parser.defined)
}

/// Says whether a list prints nothing but white space.
pub(super) fn is_empty(root: &List, text: &[u8]) -> bool {
    root.iter().all(|stmt| match stmt {
        Stmt::Text(start, end) => trim_space(&text[*start as usize..*end as usize]).is_empty(),
        _ => false,
    })
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    text: &'t [u8],
    source: &'t Arc<Source>,
    functions: Functions,
    tokens: [Token; 3],
    peeked: usize,
    variables: Vec<Name>,
    action_line: u32,
    range_depth: u32,
    expression_depth: u32,
    block_depth: u32,
    deepest: u32,
    ids: NodeId,
    defined: Vec<(Str, Template)>,
}

/// What ended a list of statements.
enum Ending {
    End,
    Else,
}

/// A statement, or the `end` or `else` that stands in its place.
enum Parsed {
    Stmt(Stmt),
    Ending(Ending),
}

impl Ending {
    fn text(&self) -> &'static str {
        match self {
            Ending::End => "{{end}}",
            Ending::Else => "{{else}}",
        }
    }
}

type Result<T> = std::result::Result<T, ParseError>;

impl Parser<'_> {
    fn id(&mut self) -> NodeId {
        self.ids += 1;
        self.ids
    }

    fn next(&mut self) -> Token {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.lexer.next();
        }
        self.tokens[self.peeked]
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    fn backup2(&mut self, first: Token) {
        self.tokens[1] = first;
        self.peeked = 2;
    }

    fn backup3(&mut self, first: Token, second: Token) {
        self.tokens[1] = second;
        self.tokens[2] = first;
        self.peeked = 3;
    }

    fn peek(&mut self) -> Token {
        if self.peeked == 0 {
            self.peeked = 1;
            self.tokens[0] = self.lexer.next();
        }
        self.tokens[self.peeked - 1]
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn bytes(&self, token: Token) -> &[u8] {
        &self.text[token.start as usize..token.end as usize]
    }

    fn str(&self, token: Token) -> String {
        String::from_utf8_lossy(self.bytes(token)).into_owned()
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(ParseError {
            name: self.source.name.clone(),
            line: self.tokens[0].line,
            message: message.into(),
        })
    }

    /// A token as messages show it.
    fn shown(&self, token: Token) -> String {
        match token.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.lexer.error.clone(),
            kind if kind.is_keyword() => format!("<{}>", self.str(token)),
            _ if self.bytes(token).len() > 10 => {
                let start: String = self.str(token).chars().take(10).collect();
                format!("{}...", quote(start.as_bytes()))
            }
            _ => quote(self.bytes(token)),
        }
    }

    fn unexpected<T>(&self, token: Token, context: &str) -> Result<T> {
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {} in {context}", self.shown(token)));
        }
        let message = &self.lexer.error;
        if self.action_line == 0 || self.action_line == token.line {
            return self.error(message.clone());
        }
        let started = format!("started at {}:{}", self.source.name, self.action_line);
        if message.ends_with(" action") {
            self.error(format!("{message} {started}"))
        } else {
            self.error(format!("{message} in action {started}"))
        }
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind != kind {
            return self.unexpected(token, context);
        }
        Ok(token)
    }

    /// Adds a definition by Go's rules: an empty one yields to any other of the same text.
    fn define(&mut self, name: Str, root: List) -> Result<()> {
        let template = Template {
            name: name.clone(),
            source: self.source.clone(),
            root,
            depth: self.deepest,
        };
        let known = self.defined.iter().position(|(known, _)| *known == name);
        match known {
            None => self.defined.push((name, template)),
            Some(at) if is_empty(&self.defined[at].1.root, self.text) => {
                self.defined[at].1 = template;
            }
            Some(_) if is_empty(&template.root, self.text) => {}
            Some(_) => {
                let message = "template: multiple definition of template";
                return self.error(format!("{message} {}", quote(&name)));
            }
        }
        Ok(())
    }

    fn file(&mut self) -> Result<List> {
        let mut root = List::new();
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.backup2(delim);
            }
            match self.text_or_action()? {
                Parsed::Stmt(stmt) => root.push(stmt),
                Parsed::Ending(ending) => {
                    return self.error(format!("unexpected {}", ending.text()));
                }
            }
        }
        Ok(root)
    }

    /// Parses with a fresh set of variables, as every template has its own.
    fn own_scope<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let (action_line, range_depth) = (self.action_line, self.range_depth);
        (self.action_line, self.range_depth) = (0, 0);
        let parsed = parse(self)?;
        (self.action_line, self.range_depth) = (action_line, range_depth);
        self.variables = outer;
        Ok(parsed)
    }

    fn definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.own_scope(|parser| parser.unexpected(token, CONTEXT));
        }
        let name = self.unquote(token)?;
        let root = self.own_scope(|parser| {
            parser.expect(Kind::RightDelim, CONTEXT)?;
            parser.body(CONTEXT)
        })?;
        self.define(name, root)
    }

    /// The statements of a definition or block, up to its end.
    fn body(&mut self, context: &str) -> Result<List> {
        match self.item_list()? {
            (list, Ending::End) => Ok(list),
            (_, ending) => self.error(format!("unexpected {} in {context}", ending.text())),
        }
    }

    fn unquote(&self, token: Token) -> Result<Str> {
        match literal::unquote(self.bytes(token)) {
            Ok(text) => Ok(text.into()),
            Err(message) => self.error(message),
        }
    }

    fn item_list(&mut self) -> Result<(List, Ending)> {
        let mut list = List::new();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Parsed::Stmt(stmt) => list.push(stmt),
                Parsed::Ending(ending) => return Ok((list, ending)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Parsed> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Parsed::Stmt(Stmt::Text(token.start, token.end))),
            Kind::LeftDelim => {
                self.action_line = token.line;
                let parsed = self.action();
                self.action_line = 0;
                parsed
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self) -> Result<Parsed> {
        let token = self.next_non_space();
        let stmt = match token.kind {
            Kind::Block => self.block_control()?,
            Kind::Break => self.loop_control("{{break}}", Stmt::Break)?,
            Kind::Continue => self.loop_control("{{continue}}", Stmt::Continue)?,
            Kind::Else => {
                let peeked = self.peek_non_space();
                if !matches!(peeked.kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Parsed::Ending(Ending::Else));
            }
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Parsed::Ending(Ending::End));
            }
            Kind::If => Stmt::If(self.control("if")?),
            Kind::Range => Stmt::Range(self.control("range")?),
            Kind::With => Stmt::With(self.control("with")?),
            Kind::Template => self.template_control()?,
            _ => {
                self.backup();
                self.peek();
                Stmt::Action(self.pipeline("command", Kind::RightDelim)?)
            }
        };
        Ok(Parsed::Stmt(stmt))
    }

    fn loop_control(&mut self, name: &str, stmt: Stmt) -> Result<Stmt> {
        let token = self.next_non_space();
        if token.kind != Kind::RightDelim {
            return self.unexpected(token, name);
        }
        if self.range_depth == 0 {
            return self.error(format!("{name} outside {{{{range}}}}"));
        }
        Ok(stmt)
    }

    /// `if`, `range` or `with`, from its pipeline to its end.
    fn control(&mut self, context: &'static str) -> Result<Box<Branch>> {
        if self.block_depth >= MAX_BLOCK_DEPTH {
            return self.error(format!("blocks nest deeper than {MAX_BLOCK_DEPTH}"));
        }
        self.block_depth += 1;
        self.note_depth();
        let branch = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.control_inner(context));
        self.block_depth -= 1;
        branch
    }

    fn control_inner(&mut self, context: &'static str) -> Result<Box<Branch>> {
        let id = self.id();
        let known = self.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.range_depth += u32::from(context == "range");
        let (list, ending) = self.item_list()?;
        self.range_depth -= u32::from(context == "range");
        let mut otherwise = None;
        if let Ending::Else = ending {
            let peeked = self.peek().kind;
            if context == "if" && peeked == Kind::If {
                self.next();
                otherwise = Some(vec![Stmt::If(self.control("if")?)]);
            } else if context == "with" && peeked == Kind::With {
                self.next();
                otherwise = Some(vec![Stmt::With(self.control("with")?)]);
            } else {
                let (list, ending) = self.item_list()?;
                if let Ending::Else = ending {
                    return self.error(format!("expected end; found {}", ending.text()));
                }
                otherwise = Some(list);
            }
        }
        self.variables.truncate(known);
        Ok(Box::new(Branch {
            id,
            pipe,
            list,
            otherwise,
        }))
    }

    fn note_depth(&mut self) {
        self.deepest = self.deepest.max(self.block_depth + self.expression_depth);
    }

    fn block_control(&mut self) -> Result<Stmt> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        if self.block_depth >= MAX_BLOCK_DEPTH {
            return self.error(format!("blocks nest deeper than {MAX_BLOCK_DEPTH}"));
        }
        self.block_depth += 1;
        self.note_depth();
        let root = stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            self.own_scope(|parser| parser.body(CONTEXT))
        });
        self.block_depth -= 1;
        self.define(name.clone(), root?)?;
        let id = self.id();
        Ok(Stmt::Template(Box::new(Call {
            id,
            pos: token.start,
            name,
            pipe: Some(pipe),
        })))
    }

    fn template_control(&mut self) -> Result<Stmt> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        let id = self.id();
        Ok(Stmt::Template(Box::new(Call {
            id,
            pos: token.start,
            name,
            pipe,
        })))
    }

    fn template_name(&mut self, token: Token, context: &str) -> Result<Str> {
        match token.kind {
            Kind::String | Kind::RawString => self.unquote(token),
            _ => self.unexpected(token, context),
        }
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe> {
        let pos = self.peek_non_space().start;
        let mut pipe = Pipe {
            id: self.id(),
            pos,
            is_assign: false,
            declared: vec![],
            commands: vec![],
        };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
    }

    /// The variables before `:=` or `=`, if the pipeline starts with some.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<()> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            // A space decides whether a variable and what follows are one word.
            let after = self.peek();
            let next = self.peek_non_space();
            let name: Name = self.str(variable).into();
            if matches!(next.kind, Kind::Assign | Kind::Declare) {
                pipe.is_assign = next.kind == Kind::Assign;
                self.next_non_space();
                pipe.declared.push(name.clone());
                self.variables.push(name);
                return Ok(());
            }
            if next.kind == Kind::Char && self.bytes(next) == b"," {
                self.next_non_space();
                pipe.declared.push(name.clone());
                self.variables.push(name);
                if context == "range" && pipe.declared.len() < 2 {
                    match self.peek_non_space().kind {
                        Kind::Variable | Kind::RightDelim | Kind::RightParen => continue,
                        _ => return self.error("range can only initialize variables"),
                    }
                }
                return self.error(format!("too many declarations in {context}"));
            }
            if after.kind == Kind::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            return Ok(());
        }
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<()> {
        if pipe.commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (i, command) in pipe.commands.iter().enumerate().skip(1) {
            let constant = matches!(
                command.args[0].kind,
                ExprKind::Bool(_)
                    | ExprKind::Dot
                    | ExprKind::Nil
                    | ExprKind::Number(_)
                    | ExprKind::Str(_)
            );
            if constant {
                return self.error(format!(
                    "non executable command in pipeline stage {}",
                    i + 1
                ));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let pos = self.peek_non_space().start;
        let mut command = Command {
            id: self.id(),
            pos,
            args: Vec::new(),
        };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.args.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(token, "operand"),
            }
            break;
        }
        if command.args.is_empty() {
            return self.error("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Result<Option<Expr>> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != Kind::Field {
            return Ok(Some(term));
        }
        let pos = self.peek().start;
        let mut names = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            names.push(Name::from(&self.str(token)[1..]));
        }
        let id = self.id();
        let kind = match term.kind {
            ExprKind::Field(mut first) => {
                first.extend(names);
                ExprKind::Field(first)
            }
            ExprKind::Variable(name, mut first) => {
                first.extend(names);
                ExprKind::Variable(name, first)
            }
            ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::Number(_)
            | ExprKind::Nil
            | ExprKind::Dot => {
                let term = quote(term.text().as_bytes());
                return self.error(format!("unexpected . after term {term}"));
            }
            _ => ExprKind::Chain(Box::new(term), names),
        };
        Ok(Some(Expr { id, pos, kind }))
    }

    fn term(&mut self) -> Result<Option<Expr>> {
        let token = self.next_non_space();
        let kind = match token.kind {
            Kind::Identifier => {
                let name = self.str(token);
                match self.callee(&name) {
                    Some(callee) => ExprKind::Function(callee),
                    None => {
                        return self
                            .error(format!("function {} not defined", quote(name.as_bytes())));
                    }
                }
            }
            Kind::Dot => ExprKind::Dot,
            Kind::Nil => ExprKind::Nil,
            Kind::Variable => {
                let name = self.str(token);
                if !self.variables.iter().any(|known| **known == *name) {
                    return self.error(format!("undefined variable {}", quote(name.as_bytes())));
                }
                ExprKind::Variable(name.into(), Vec::new())
            }
            Kind::Field => ExprKind::Field(vec![Name::from(&self.str(token)[1..])]),
            Kind::Bool => ExprKind::Bool(self.bytes(token) == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                match literal::number(self.bytes(token), token.kind) {
                    Ok(number) => ExprKind::Number(Box::new(number)),
                    Err(message) => return self.error(message),
                }
            }
            Kind::LeftParen => {
                if self.expression_depth >= MAX_EXPRESSION_DEPTH {
                    return self.error("max expression depth exceeded");
                }
                self.expression_depth += 1;
                self.note_depth();
                let pipe = stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    self.pipeline("parenthesized pipeline", Kind::RightParen)
                });
                self.expression_depth -= 1;
                let pipe = pipe?;
                return Ok(Some(Expr {
                    id: self.id(),
                    pos: pipe.pos,
                    kind: ExprKind::Pipe(Box::new(pipe)),
                }));
            }
            Kind::String | Kind::RawString => {
                let text = self.unquote(token)?;
                ExprKind::Str(Box::new((self.str(token), text)))
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Expr {
            id: self.id(),
            pos: token.start,
            kind,
        }))
    }

    fn callee(&self, name: &str) -> Option<Callee> {
        if let Some(function) = self.functions.get(name) {
            return Some(Callee::Function(function));
        }
        match name {
            "and" => Some(Callee::And),
            "or" => Some(Callee::Or),
            "call" => Some(Callee::Call),
            _ => builtins::get(name).map(|f: &'static Function| Callee::Function(f)),
        }
    }
}
