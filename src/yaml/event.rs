//! Tokens to events: the grammar.
//!
//! In: the tokens of a stream. Out: starts and ends of its nodes. Nesting lives on an explicit
//! stack. Go counts the lines of grammar errors from zero, so the texts name the line before.

use std::collections::HashMap;

use super::error::Error;
use super::input::Input;
use super::scanner::Scanner;
use super::token::{Mark, Span, Style, Token, TokenKind};

/// A step through the document tree.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(Span, Mark),
    Scalar(Properties, Span, Style),
    SequenceStart(Properties),
    MappingStart(Properties),
    CollectionEnd,
}

/// What stands before a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Properties {
    pub(super) mark: Mark,
    pub(super) anchor: Option<Span>,
    pub(super) tag: Tag,
}

/// A tag, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tag {
    #[default]
    None,
    /// The lone `!`.
    Bang,
    Str,
    Int,
    Float,
    Bool,
    Null,
    Timestamp,
    Binary,
    Merge,
    Other,
}

/// What the schema's tags start with.
const SCHEMA: &str = "tag:yaml.org,2002:";

/// Longer tags are none of those that matter.
const MAX_TAG_LENGTH: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirstEntry,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirstKey,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    FlowSequencePairKey,
    FlowSequencePairValue,
    FlowSequencePairEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
}

/// The places where a node may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// Also a block sequence at the indentation of its key.
    BlockOrIndentless,
    Flow,
}

/// Makes events.
pub(super) struct Parser<'t> {
    scanner: Scanner<'t>,
    state: State,
    states: Vec<State>,
    /// The prefixes of tag handles that directives give.
    tags: HashMap<Vec<u8>, Vec<u8>>,
}

impl<'t> Parser<'t> {
    /// Starts at the beginning of `input`.
    pub(super) fn new(input: &'t Input<'t>) -> Parser<'t> {
        Parser {
            scanner: Scanner::new(input),
            state: State::StreamStart,
            states: Vec::new(),
            tags: HashMap::new(),
        }
    }

    /// The text of a span.
    pub(super) fn text(&self, span: Span) -> &[u8] {
        self.scanner.text(span)
    }

    /// The texts that had to be built.
    pub(super) fn into_built(self) -> Vec<u8> {
        self.scanner.into_built()
    }

    /// The next event.
    pub(super) fn next(&mut self) -> Result<Event, Error> {
        match self.state {
            State::StreamStart => {
                self.scanner.peek()?;
                self.scanner.skip();
                self.state = State::ImplicitDocumentStart;
                Ok(Event::StreamStart)
            }
            State::ImplicitDocumentStart | State::DocumentStart => self.document_start(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(Place::Block),
            State::BlockSequenceFirstEntry => {
                self.scanner.skip();
                self.block_sequence_entry()
            }
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirstKey => {
                self.scanner.skip();
                self.block_mapping_key()
            }
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry | State::FlowSequenceEntry => self.flow_sequence_entry(),
            State::FlowSequencePairKey => self.flow_sequence_pair_key(),
            State::FlowSequencePairValue => self.flow_sequence_pair_value(),
            State::FlowSequencePairEnd => {
                self.scanner.peek()?;
                self.state = State::FlowSequenceEntry;
                Ok(Event::CollectionEnd)
            }
            State::FlowMappingFirstKey | State::FlowMappingKey => self.flow_mapping_key(),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let token = self.scanner.peek()?;
                Ok(self.empty_scalar(State::FlowMappingKey, token.mark))
            }
        }
    }

    fn document_start(&mut self) -> Result<Event, Error> {
        let mut token = self.scanner.peek()?;
        let implicit = self.state == State::ImplicitDocumentStart;
        while !implicit && matches!(token.kind, TokenKind::DocumentEnd) {
            token = self.skip_peek()?;
        }
        match token.kind {
            TokenKind::StreamEnd => return Ok(Event::StreamEnd),
            TokenKind::Version { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart => {}
            _ if implicit => {
                self.directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                return Ok(Event::DocumentStart);
            }
            _ => {}
        }
        self.directives()?;
        let token = self.scanner.peek()?;
        if !matches!(token.kind, TokenKind::DocumentStart) {
            return Err(self.error("did not find expected <document start>", token.mark));
        }
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        self.scanner.skip();
        Ok(Event::DocumentStart)
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut versioned = false;
        let mut token = self.scanner.peek()?;
        loop {
            match token.kind {
                TokenKind::Version { .. } if versioned => {
                    return Err(self.error("found duplicate %YAML directive", token.mark));
                }
                TokenKind::Version { major: 1, minor: 1 } => versioned = true,
                TokenKind::Version { .. } => {
                    return Err(self.error("found incompatible YAML document", token.mark));
                }
                TokenKind::TagDirective { handle, prefix } => {
                    let handle = self.text(handle).to_vec();
                    let prefix = self.text(prefix).to_vec();
                    if self.tags.insert(handle, prefix).is_some() {
                        return Err(self.error("found duplicate %TAG directive", token.mark));
                    }
                }
                _ => break,
            }
            token = self.skip_peek()?;
        }
        Ok(())
    }

    fn document_content(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Version { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let state = self.pop();
                Ok(self.empty_scalar(state, token.mark))
            }
            _ => self.node(Place::Block),
        }
    }

    fn document_end(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        if matches!(token.kind, TokenKind::DocumentEnd) {
            self.scanner.skip();
        }
        self.tags.clear();
        self.state = State::DocumentStart;
        Ok(Event::DocumentEnd)
    }

    fn node(&mut self, place: Place) -> Result<Event, Error> {
        let mut token = self.scanner.peek()?;
        if let TokenKind::Alias(name) = token.kind {
            self.state = self.pop();
            self.scanner.skip();
            return Ok(Event::Alias(name, token.mark));
        }
        let mut properties = Properties {
            mark: token.mark,
            ..Properties::default()
        };
        let mut tag = None;
        loop {
            match token.kind {
                TokenKind::Anchor(name) if properties.anchor.is_none() => {
                    properties.anchor = Some(name);
                }
                TokenKind::Tag { handle, suffix } if tag.is_none() => {
                    tag = Some((handle, suffix, token.mark));
                }
                _ => break,
            }
            token = self.skip_peek()?;
        }
        if let Some((handle, suffix, mark)) = tag {
            properties.tag = self.tag(handle, suffix, mark)?;
        }
        self.content(place, token, properties, tag.is_some())
    }

    fn content(
        &mut self,
        place: Place,
        token: Token,
        properties: Properties,
        tagged: bool,
    ) -> Result<Event, Error> {
        let in_block = place != Place::Flow;
        let (state, event) = match token.kind {
            TokenKind::BlockEntry if place == Place::BlockOrIndentless => (
                State::IndentlessSequenceEntry,
                Event::SequenceStart(properties),
            ),
            TokenKind::Scalar(span, style) => {
                let state = self.pop();
                self.scanner.skip();
                (state, Event::Scalar(properties, span, style))
            }
            TokenKind::FlowSequenceStart => (
                State::FlowSequenceFirstEntry,
                Event::SequenceStart(properties),
            ),
            TokenKind::FlowMappingStart => {
                (State::FlowMappingFirstKey, Event::MappingStart(properties))
            }
            TokenKind::BlockSequenceStart if in_block => (
                State::BlockSequenceFirstEntry,
                Event::SequenceStart(properties),
            ),
            TokenKind::BlockMappingStart if in_block => {
                (State::BlockMappingFirstKey, Event::MappingStart(properties))
            }
            _ if tagged || properties.anchor.is_some() => (
                self.pop(),
                Event::Scalar(properties, Span::default(), Style::Plain),
            ),
            _ => return Err(self.error("did not find expected node content", token.mark)),
        };
        self.state = state;
        Ok(event)
    }

    fn block_sequence_entry(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::BlockEntry => {
                let next = self.skip_peek()?;
                match next.kind {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => {
                        Ok(self.empty_scalar(State::BlockSequenceEntry, token.mark.next()))
                    }
                    _ => self.node_then(State::BlockSequenceEntry, Place::Block),
                }
            }
            TokenKind::BlockEnd => self.end_collection(),
            _ => Err(self.error("did not find expected '-' indicator", token.mark)),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        if !matches!(token.kind, TokenKind::BlockEntry) {
            self.state = self.pop();
            return Ok(Event::CollectionEnd);
        }
        let next = self.skip_peek()?;
        match next.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty_scalar(State::IndentlessSequenceEntry, token.mark.next()))
            }
            _ => self.node_then(State::IndentlessSequenceEntry, Place::Block),
        }
    }

    fn block_mapping_key(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Key => self.block_mapping_node(token, State::BlockMappingValue),
            TokenKind::BlockEnd => self.end_collection(),
            _ => Err(self.error("did not find expected key", token.mark)),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Value => self.block_mapping_node(token, State::BlockMappingKey),
            _ => Ok(self.empty_scalar(State::BlockMappingKey, token.mark)),
        }
    }

    /// Parses the node after the indicator of a key or value.
    fn block_mapping_node(&mut self, indicator: Token, then: State) -> Result<Event, Error> {
        let next = self.skip_peek()?;
        match next.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty_scalar(then, indicator.mark.next()))
            }
            _ => self.node_then(then, Place::BlockOrIndentless),
        }
    }

    fn flow_sequence_entry(&mut self) -> Result<Event, Error> {
        let first = self.state == State::FlowSequenceFirstEntry;
        let mut token = self.flow_first(first)?;
        if !first && !matches!(token.kind, TokenKind::FlowSequenceEnd) {
            if !matches!(token.kind, TokenKind::FlowEntry) {
                return Err(self.error("did not find expected ',' or ']'", token.mark));
            }
            token = self.skip_peek()?;
        }
        match token.kind {
            TokenKind::FlowSequenceEnd => self.end_collection(),
            TokenKind::Key => {
                self.scanner.skip();
                self.state = State::FlowSequencePairKey;
                Ok(Event::MappingStart(Properties {
                    mark: token.mark,
                    ..Properties::default()
                }))
            }
            _ => self.node_then(State::FlowSequenceEntry, Place::Flow),
        }
    }

    /// Parses the key of a pair that stands in a sequence. A missing one takes the token after it
    /// along, so `[? , a]` is refused.
    fn flow_sequence_pair_key(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                self.scanner.skip();
                Ok(self.empty_scalar(State::FlowSequencePairValue, token.mark.next()))
            }
            _ => self.node_then(State::FlowSequencePairValue, Place::Flow),
        }
    }

    fn flow_sequence_pair_value(&mut self) -> Result<Event, Error> {
        let mut token = self.scanner.peek()?;
        if matches!(token.kind, TokenKind::Value) {
            token = self.skip_peek()?;
            if !matches!(
                token.kind,
                TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
            ) {
                return self.node_then(State::FlowSequencePairEnd, Place::Flow);
            }
        }
        Ok(self.empty_scalar(State::FlowSequencePairEnd, token.mark))
    }

    fn flow_mapping_key(&mut self) -> Result<Event, Error> {
        let first = self.state == State::FlowMappingFirstKey;
        let mut token = self.flow_first(first)?;
        if !first && !matches!(token.kind, TokenKind::FlowMappingEnd) {
            if !matches!(token.kind, TokenKind::FlowEntry) {
                return Err(self.error("did not find expected ',' or '}'", token.mark));
            }
            token = self.skip_peek()?;
        }
        match token.kind {
            TokenKind::FlowMappingEnd => self.end_collection(),
            TokenKind::Key => {
                let next = self.skip_peek()?;
                self.flow_mapping_node(next, State::FlowMappingValue)
            }
            _ => self.node_then(State::FlowMappingEmptyValue, Place::Flow),
        }
    }

    fn flow_mapping_value(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        if !matches!(token.kind, TokenKind::Value) {
            return Ok(self.empty_scalar(State::FlowMappingKey, token.mark));
        }
        let next = self.skip_peek()?;
        match next.kind {
            TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                Ok(self.empty_scalar(State::FlowMappingKey, next.mark))
            }
            _ => self.node_then(State::FlowMappingKey, Place::Flow),
        }
    }

    fn flow_mapping_node(&mut self, next: Token, then: State) -> Result<Event, Error> {
        match next.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                Ok(self.empty_scalar(then, next.mark))
            }
            _ => self.node_then(then, Place::Flow),
        }
    }

    /// Passes the opening bracket, if it is still there, and gives the next token.
    fn flow_first(&mut self, first: bool) -> Result<Token, Error> {
        if first {
            self.scanner.skip();
        }
        self.scanner.peek()
    }

    fn node_then(&mut self, then: State, place: Place) -> Result<Event, Error> {
        self.states.push(then);
        self.node(place)
    }

    fn end_collection(&mut self) -> Result<Event, Error> {
        self.state = self.pop();
        self.scanner.skip();
        Ok(Event::CollectionEnd)
    }

    fn empty_scalar(&mut self, then: State, mark: Mark) -> Event {
        self.state = then;
        let properties = Properties {
            mark,
            ..Properties::default()
        };
        Event::Scalar(properties, Span::default(), Style::Plain)
    }

    fn skip_peek(&mut self) -> Result<Token, Error> {
        self.scanner.skip();
        self.scanner.peek()
    }

    fn pop(&mut self) -> State {
        self.states.pop().expect("each open node left its follower")
    }

    fn tag(&self, handle: Span, suffix: Span, mark: Mark) -> Result<Tag, Error> {
        let (handle, suffix) = (self.text(handle), self.text(suffix));
        let prefix = match self.tags.get(handle) {
            Some(prefix) => prefix.as_slice(),
            None if handle == b"!!" => SCHEMA.as_bytes(),
            None if matches!(handle, b"" | b"!") => handle,
            None => return Err(self.error("found undefined tag handle", mark)),
        };
        if prefix.len() + suffix.len() > MAX_TAG_LENGTH {
            return Ok(Tag::Other);
        }
        let tag = [prefix, suffix].concat();
        if tag == b"!" {
            return Ok(Tag::Bang);
        }
        Ok(match tag.strip_prefix(SCHEMA.as_bytes()) {
            Some(b"str") => Tag::Str,
            Some(b"int") => Tag::Int,
            Some(b"float") => Tag::Float,
            Some(b"bool") => Tag::Bool,
            Some(b"null") => Tag::Null,
            Some(b"timestamp") => Tag::Timestamp,
            Some(b"binary") => Tag::Binary,
            Some(b"merge") => Tag::Merge,
            _ => Tag::Other,
        })
    }

    fn error(&self, problem: &str, mark: Mark) -> Error {
        let message = match mark.line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {line}: {problem}"),
        };
        Error::convert(message).at(self.scanner.real(mark))
    }
}
