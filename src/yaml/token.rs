//! Tokens, and where they and their texts lie.

use std::ops::Range;

/// A place in the text, both counts from zero; columns count characters.
///
/// Here and in [`Span`] short numbers, which texts beyond 2 GiB would need, keep tokens small:
/// every one is copied several times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Mark {
    /// The place one character on: the end of an indicator.
    pub(super) fn next(self) -> Mark {
        Mark {
            column: self.column + 1,
            ..self
        }
    }
}

/// A piece of the source text, or of the side buffer for texts that had to be built (escapes,
/// folded lines, block scalars).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u32,
    end: u32,
    pub(super) built: bool,
}

impl Span {
    /// A piece of the source text.
    pub(super) fn of_source(range: Range<usize>) -> Span {
        Span {
            start: range.start as u32,
            end: range.end as u32,
            built: false,
        }
    }

    /// A piece of the side buffer.
    pub(super) fn of_built(range: Range<usize>) -> Span {
        Span {
            built: true,
            ..Span::of_source(range)
        }
    }

    /// Where the piece lies in the text that it is a piece of.
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A token and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) mark: Mark,
}

/// What a token is.
#[derive(Clone, Copy, Debug)]
pub(super) enum TokenKind {
    StreamStart,
    StreamEnd,
    Version { major: u8, minor: u8 },
    TagDirective { handle: Span, prefix: Span },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(Span),
    Anchor(Span),
    Tag { handle: Span, suffix: Span },
    Scalar(Span, Style),
}
