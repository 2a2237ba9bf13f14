//! Tokens, and where they and their texts lie.

/// A place in the text, both counts from zero; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) line: usize,
    pub(super) column: usize,
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
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) built: bool,
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
