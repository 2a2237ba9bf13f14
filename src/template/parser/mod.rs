//! Parses a template text into a [`Program`].
//!
//! In: a name, a text, the functions that the text may use. Out: every template that the text
//! defines, the text itself included. Refused, with Go's messages: what Go refuses, and nesting
//! beyond [`MAX_PARSE_DEPTH`](crate::limits::MAX_PARSE_DEPTH), for which Go has no bound.

mod cursor;
mod pipeline;

use std::collections::HashMap;

use super::ast::{Branch, Definition, Id, Kind, Program, Span, Symbol};
use super::error::ParseError;
use super::func::Functions;
use super::lexer::{self, Lexer};
use super::token::{Token, TokenKind};
use crate::limits::MAX_TEMPLATE_NODES;
use crate::value::Str;
use crate::value::quote::quote;

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
    parser.program.shrink();
    Ok(parser.program)
}

/// The message about texts of more nodes than [`MAX_TEMPLATE_NODES`].
pub(super) fn too_many_nodes() -> String {
    format!("the templates have more than {MAX_TEMPLATE_NODES} nodes")
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
        self.body_of(name, None)?;
        self.tree = outer;
        Ok(())
    }

    /// A template body up to its `{{end}}`: that of a `{{block` whose own tag ended with `block`,
    /// or of a `{{define`.
    fn body_of(&mut self, name: Str, block: Option<Token>) -> Parsed<()> {
        let mark = self.variables.len();
        let (body, end) = self.items()?;
        if !matches!(end, Item::End) {
            let unexpected = format!("unexpected {} in", end.text());
            // Go tells the wrong end of a block from the tree around it, which stopped at its tag.
            return Err(match block {
                Some(tag) => self.error_at(tag, format!("{unexpected} block clause")),
                None => self.error(format!("{unexpected} define clause")),
            });
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
        if self.program.size() > MAX_TEMPLATE_NODES {
            return Err(self.error(too_many_nodes()));
        }
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
        self.body_of(name.clone(), Some(outer.tokens[0]))?;
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
