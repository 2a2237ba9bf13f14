//! Nodes in Go's canonical form, as error messages show them.

use super::ast::{Id, Kind, Program, Span};
use super::nest;
use crate::value::quote::quote;

/// The text of a node, cut once it is longer than `limit` bytes.
pub(super) fn node(program: &Program, id: Id, limit: usize) -> Vec<u8> {
    let mut printer = Printer {
        program,
        limit,
        out: Vec::new(),
    };
    printer.node(id);
    let mut out = printer.out;
    out.truncate(limit);
    out
}

struct Printer<'p> {
    program: &'p Program,
    limit: usize,
    out: Vec<u8>,
}

impl<'p> Printer<'p> {
    fn node(&mut self, id: Id) {
        if self.out.len() > self.limit {
            return;
        }
        let program: &'p Program = self.program;
        let node = program.node(id);
        let position = node.position;
        match *program.kind(id) {
            Kind::Text { end } => self.push(program.slice((position, end))),
            Kind::Action { pipe } => self.between(b"{{", pipe, b"}}"),
            Kind::If(branch) => self.between(b"{{if ", branch.pipe, b"}}"),
            Kind::With(branch) => self.between(b"{{with ", branch.pipe, b"}}"),
            Kind::Range(branch) => self.between(b"{{range ", branch.pipe, b"}}"),
            Kind::Template { name, pipe } => {
                self.push(b"{{template ");
                self.push(quote(&program.strings[name as usize]).as_bytes());
                match pipe {
                    Some(pipe) => self.between(b" ", pipe, b"}}"),
                    None => self.push(b"}}"),
                }
            }
            Kind::Break => self.push(b"{{break}}"),
            Kind::Continue => self.push(b"{{continue}}"),
            Kind::Pipe {
                assigns,
                declared,
                commands,
            } => {
                for (i, &symbol) in program.declared(declared).iter().enumerate() {
                    self.push(if i > 0 { b", " } else { b"" });
                    self.push(program.symbol(symbol));
                }
                if declared.len > 0 {
                    self.push(if assigns { b" = " } else { b" := " });
                }
                for (i, &command) in program.links(commands).iter().enumerate() {
                    self.push(if i > 0 { b" | " } else { b"" });
                    self.node(command);
                }
            }
            Kind::Command { words } => {
                for (i, &word) in program.links(words).iter().enumerate() {
                    self.push(if i > 0 { b" " } else { b"" });
                    self.operand(word);
                }
            }
            Kind::Dot => self.push(b"."),
            Kind::Nil => self.push(b"nil"),
            Kind::Bool(true) => self.push(b"true"),
            Kind::Bool(false) => self.push(b"false"),
            Kind::Number { end, .. } | Kind::String { end, .. } => {
                self.push(program.slice((position, end)));
            }
            Kind::Field { names } => self.fields(names),
            Kind::Variable { symbol, names } => {
                self.push(program.symbol(symbol));
                self.fields(names);
            }
            Kind::Chain { term, names } => {
                self.operand(term);
                self.fields(names);
            }
            Kind::Function(callee) => self.push(callee.function.name.as_bytes()),
        }
    }

    /// A node, in parentheses if it is a pipeline.
    fn operand(&mut self, id: Id) {
        if matches!(self.program.kind(id), Kind::Pipe { .. }) {
            nest::grow(|| self.between(b"(", id, b")"));
        } else {
            self.node(id);
        }
    }

    fn between(&mut self, before: &[u8], id: Id, after: &[u8]) {
        self.push(before);
        self.node(id);
        self.push(after);
    }

    fn fields(&mut self, names: Span) {
        let program: &'p Program = self.program;
        for name in program.names(names) {
            self.push(b".");
            self.push(name);
        }
    }

    fn push(&mut self, text: &[u8]) {
        if self.out.len() <= self.limit {
            self.out.extend_from_slice(text);
        }
    }
}
