//! The parsed form of a template: owned, immutable, shared between threads.
//!
//! Every node that an error can point at has an id, unique within its source, by which its
//! position and Go's canonical text are found again.

use std::fmt::Write as _;
use std::sync::Arc;

use super::func::Function;
use crate::value::{Str, quote::quote};

/// The text that templates were parsed from, under the name that errors show.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: Str,
}

/// One named template.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) name: Str,
    pub(super) source: Arc<Source>,
    pub(super) root: List,
    /// The deepest nesting of the tree, which decides how it is dropped.
    pub(super) depth: u32,
}

/// Nesting beyond which a tree is dropped on a stack of its own.
const DEEP: u32 = 200;

impl Drop for Template {
    fn drop(&mut self) {
        if self.depth > DEEP {
            let root = std::mem::take(&mut self.root);
            stacker::grow(self.depth as usize * 2048, || drop(root));
        }
    }
}

pub(super) type NodeId = u32;

pub(super) type List = Vec<Stmt>;

#[derive(Debug)]
pub(super) enum Stmt {
    /// A range of the source's text.
    Text(u32, u32),
    Action(Pipe),
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template(Box<Call>),
    Break,
    Continue,
}

#[derive(Debug)]
pub(super) struct Branch {
    pub(super) id: NodeId,
    pub(super) pipe: Pipe,
    pub(super) list: List,
    pub(super) otherwise: Option<List>,
}

/// `{{ template "name" pipe }}`
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: NodeId,
    pub(super) pos: u32,
    pub(super) name: Str,
    pub(super) pipe: Option<Pipe>,
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) id: NodeId,
    pub(super) pos: u32,
    pub(super) is_assign: bool,
    pub(super) declared: Vec<Name>,
    pub(super) commands: Vec<Command>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) id: NodeId,
    pub(super) pos: u32,
    pub(super) args: Vec<Expr>,
}

#[derive(Debug)]
pub(super) struct Expr {
    pub(super) id: NodeId,
    pub(super) pos: u32,
    pub(super) kind: ExprKind,
}

pub(super) type Name = Arc<str>;

#[derive(Debug)]
pub(super) enum ExprKind {
    Bool(bool),
    Dot,
    Nil,
    Number(Box<Number>),
    /// The text as written with its quotes, and its value.
    Str(Box<(String, Str)>),
    Field(Vec<Name>),
    /// The variable with its dollar, and fields.
    Variable(Name, Vec<Name>),
    Function(Callee),
    Chain(Box<Expr>, Vec<Name>),
    Pipe(Box<Pipe>),
}

/// A function as the parser found it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callee {
    /// `and` or `or`, which evaluate only what they need.
    And,
    Or,
    /// `call`, whose error names its first argument.
    Call,
    Function(&'static Function),
}

impl Callee {
    pub(super) fn name(self) -> &'static str {
        match self {
            Callee::And => "and",
            Callee::Or => "or",
            Callee::Call => "call",
            Callee::Function(f) => f.name,
        }
    }
}

/// A numeric constant in every type it fits.
#[derive(Clone, Debug, Default)]
pub(super) struct Number {
    pub(super) text: String,
    pub(super) int: Option<i64>,
    pub(super) uint: Option<u64>,
    pub(super) float: Option<f64>,
    pub(super) complex: Option<(f64, f64)>,
}

impl Template {
    /// The position and canonical text of the node `id`.
    pub(super) fn find(&self, id: NodeId) -> Option<(u32, String)> {
        find_in_list(&self.root, id)
    }
}

fn find_in_list(list: &[Stmt], id: NodeId) -> Option<(u32, String)> {
    list.iter()
        .find_map(|stmt| stacker::maybe_grow(32 * 1024, 1024 * 1024, || find_in_stmt(stmt, id)))
}

fn find_in_stmt(stmt: &Stmt, id: NodeId) -> Option<(u32, String)> {
    match stmt {
        Stmt::Text(..) | Stmt::Break | Stmt::Continue => None,
        Stmt::Action(pipe) => find_in_pipe(pipe, id),
        Stmt::If(b) | Stmt::With(b) | Stmt::Range(b) => find_in_pipe(&b.pipe, id)
            .or_else(|| find_in_list(&b.list, id))
            .or_else(|| find_in_list(b.otherwise.as_deref()?, id)),
        Stmt::Template(call) if call.id == id => Some((call.pos, call.text())),
        Stmt::Template(call) => find_in_pipe(call.pipe.as_ref()?, id),
    }
}

fn find_in_pipe(pipe: &Pipe, id: NodeId) -> Option<(u32, String)> {
    if pipe.id == id {
        return Some((pipe.pos, pipe.text()));
    }
    pipe.commands.iter().find_map(|command| {
        if command.id == id {
            return Some((command.pos, command.text()));
        }
        command.args.iter().find_map(|arg| find_in_expr(arg, id))
    })
}

fn find_in_expr(expr: &Expr, id: NodeId) -> Option<(u32, String)> {
    if expr.id == id {
        return Some((expr.pos, expr.text()));
    }
    stacker::maybe_grow(32 * 1024, 1024 * 1024, || match &expr.kind {
        ExprKind::Chain(inner, _) => find_in_expr(inner, id),
        ExprKind::Pipe(pipe) => find_in_pipe(pipe, id),
        _ => None,
    })
}

impl Call {
    fn text(&self) -> String {
        let mut out = format!("{{{{template {}", quote(&self.name));
        if let Some(pipe) = &self.pipe {
            out.push(' ');
            pipe.write(&mut out);
        }
        out.push_str("}}");
        out
    }
}

impl Pipe {
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        if !self.declared.is_empty() {
            out.push_str(&self.declared.join(", "));
            out.push_str(if self.is_assign { " = " } else { " := " });
        }
        for (i, command) in self.commands.iter().enumerate() {
            if i > 0 {
                out.push_str(" | ");
            }
            command.write(out);
        }
    }
}

impl Command {
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        for (i, arg) in self.args.iter().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            arg.write(out);
        }
    }
}

impl Expr {
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        let fields = |out: &mut String, names: &[Name]| {
            for name in names {
                out.push('.');
                out.push_str(name);
            }
        };
        stacker::maybe_grow(32 * 1024, 1024 * 1024, || match &self.kind {
            ExprKind::Bool(b) => write!(out, "{b}").expect("a string takes text"),
            ExprKind::Dot => out.push('.'),
            ExprKind::Nil => out.push_str("nil"),
            ExprKind::Number(n) => out.push_str(&n.text),
            ExprKind::Str(s) => out.push_str(&s.0),
            ExprKind::Field(names) => fields(out, names),
            ExprKind::Variable(name, names) => {
                out.push_str(name);
                fields(out, names);
            }
            ExprKind::Function(callee) => out.push_str(callee.name()),
            ExprKind::Chain(inner, names) => {
                inner.write(out);
                fields(out, names);
            }
            ExprKind::Pipe(pipe) => {
                out.push('(');
                pipe.write(out);
                out.push(')');
            }
        });
    }
}
