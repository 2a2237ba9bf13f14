//! A parsed text: nodes in one flat table, names resolved as far as the text alone allows.
//!
//! Functions are looked up, literals converted and variables numbered while parsing, so that
//! execution walks the tree without looking at the text again, except for its plain parts. Nodes
//! refer to each other and to the text by number: however deep a template is nested, the table is
//! built, shared between threads and dropped without recursion.

use std::sync::OnceLock;

use super::func::Function;
use super::literal::Number;
use crate::value::Str;

/// The number of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) u32);

/// The number of a variable's name; names are numbered for each text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Symbol(pub(super) u32);

/// A run of entries of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// A node and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// The offset that Go reports for the node.
    pub(super) position: u32,
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text outside actions, up to `end`.
    Text {
        end: u32,
    },
    /// A pipeline whose value is printed unless it declares variables.
    Action {
        pipe: Id,
    },
    If(Branch),
    With(Branch),
    Range(Branch),
    /// `{{template}}`, or what `{{block}}` leaves in its place.
    Template {
        name: u32,
        pipe: Option<Id>,
    },
    Break,
    Continue,
    /// Commands, their value given to variables.
    Pipe {
        assigns: bool,
        declared: Span,
        commands: Span,
    },
    Command {
        words: Span,
    },
    Dot,
    Nil,
    Bool(bool),
    Number {
        end: u32,
        number: u32,
    },
    String {
        end: u32,
        string: u32,
    },
    /// `.a.b`
    Field {
        names: Span,
    },
    /// `$x.a.b`
    Variable {
        symbol: Symbol,
        names: Span,
    },
    /// `(…).a.b`, or a function followed by fields.
    Chain {
        term: Id,
        names: Span,
    },
    Function(Callee),
}

/// The parts of an `if`, `with` or `range`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    pub(super) pipe: Id,
    pub(super) body: Span,
    pub(super) otherwise: Option<Span>,
}

/// A function, and how it is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Callee {
    pub(super) function: &'static Function,
    pub(super) special: Special,
}

/// The built-in functions that are not called like others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    /// Called like others.
    No,
    /// `and` stops at the first false argument.
    And,
    /// `or` stops at the first true argument.
    Or,
    /// `call` names its first argument in errors.
    Call,
}

/// One parsed text with all templates it defines.
#[derive(Debug)]
pub(super) struct Program {
    /// The name for messages.
    pub(super) name: Str,
    pub(super) text: Str,
    pub(super) nodes: Vec<Node>,
    /// The children of nodes.
    pub(super) links: Vec<Id>,
    /// Names of fields as ranges of the text.
    pub(super) names: Vec<(u32, u32)>,
    /// Names of variables as ranges of the text, `$` first.
    pub(super) symbols: Vec<(u32, u32)>,
    /// The variables that pipelines declare.
    pub(super) declared: Vec<Symbol>,
    pub(super) strings: Vec<Str>,
    pub(super) numbers: Vec<Number>,
    pub(super) definitions: Vec<Definition>,
    line_starts: OnceLock<Vec<u32>>,
}

/// A template that a text defines.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) name: Str,
    pub(super) body: Span,
    /// Nothing but white space and comments, so it replaces no other definition.
    pub(super) is_empty: bool,
}

impl Symbol {
    /// `$`
    pub(super) const DOLLAR: Symbol = Symbol(0);
}

impl Span {
    fn of<T>(self, table: &[T]) -> &[T] {
        let start = self.start as usize;
        &table[start..start + self.len as usize]
    }
}

impl Program {
    /// How much memory the program takes, in nodes: a definition takes that of sixteen.
    pub(super) fn size(&self) -> usize {
        self.nodes.len() + 16 * self.definitions.len()
    }

    /// Starts with room for what a usual text of that length takes.
    pub(super) fn new(name: Str, text: Str) -> Program {
        let room = text.len() / 16;
        Program {
            name,
            text,
            nodes: Vec::with_capacity(room),
            links: Vec::with_capacity(room),
            names: Vec::with_capacity(room / 2),
            symbols: Vec::new(),
            declared: Vec::new(),
            strings: Vec::new(),
            numbers: Vec::new(),
            definitions: Vec::new(),
            line_starts: OnceLock::new(),
        }
    }

    /// Gives back the room that is not used: programs live long.
    pub(super) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.links.shrink_to_fit();
        self.names.shrink_to_fit();
    }

    pub(super) fn node(&self, id: Id) -> Node {
        self.nodes[id.0 as usize]
    }

    pub(super) fn kind(&self, id: Id) -> &Kind {
        &self.nodes[id.0 as usize].kind
    }

    pub(super) fn links(&self, span: Span) -> &[Id] {
        span.of(&self.links)
    }

    pub(super) fn declared(&self, span: Span) -> &[Symbol] {
        span.of(&self.declared)
    }

    /// The names of fields.
    pub(super) fn names(&self, span: Span) -> impl DoubleEndedIterator<Item = &[u8]> {
        span.of(&self.names).iter().map(|&range| self.slice(range))
    }

    /// The name of a variable with its `$`.
    pub(super) fn symbol(&self, symbol: Symbol) -> &[u8] {
        match self.symbols[symbol.0 as usize] {
            (0, 0) => b"$",
            range => self.slice(range),
        }
    }

    /// The text between two offsets.
    pub(super) fn slice(&self, (start, end): (u32, u32)) -> &[u8] {
        &self.text[start as usize..end as usize]
    }

    /// The one-based line and zero-based column, in bytes, of an offset.
    pub(super) fn line_and_column(&self, offset: u32) -> (usize, usize) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset);
        (line, (offset - starts[line - 1]) as usize)
    }

    /// A line by its one-based number, without its end.
    pub(super) fn line(&self, number: usize) -> &[u8] {
        let starts = self.line_starts();
        let start = number
            .checked_sub(1)
            .and_then(|index| starts.get(index))
            .map_or(self.text.len(), |&start| start as usize);
        let line = self.text[start..].split(|&b| b == b'\n').next();
        line.unwrap_or_default()
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', &self.text);
            std::iter::once(0)
                .chain(ends.map(|end| end as u32 + 1))
                .collect()
        })
    }
}
