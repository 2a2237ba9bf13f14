//! Documents as trees of nodes that know their places.
//!
//! In: a stream. Out: the nodes of its first document, without meaning: aliases stay aliases, merge
//! keys stay keys, duplicates stay. The rest of the stream is not looked at.

use std::borrow::Cow;
use std::collections::HashMap;
use std::iter::successors;

use crate::limits::MAX_YAML_NODES;

use super::error::Error;
use super::event::{Event, Parser, Properties, Tag};
use super::input::Input;
use super::resolve::{self, Scalar};
use super::token::{Mark, Span, Style};

/// Largest text that is parsed: places in it and in what escapes make of it fit 32 bits.
const MAX_BYTES: usize = 1 << 31;

/// How many nodes a mapping counts for beside itself: so much more memory does a map take.
const NODES_OF_MAPPING: usize = 15;

/// What a node counts for besides its text, in bytes.
pub const NODE_BYTES: usize = 32;

/// The first document of a stream.
#[derive(Debug)]
pub struct Document<'t> {
    text: Cow<'t, [u8]>,
    built: Vec<u8>,
    /// Each collection is followed by its children.
    nodes: Vec<Data>,
    is_plain: bool,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text with a style.
    Scalar(Style),
    /// A list.
    Sequence,
    /// Keys with values.
    Mapping,
    /// A reference to an anchor.
    Alias,
}

/// One step from a node down to another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// To the value under a key.
    Key(String),
    /// To an item.
    Index(usize),
}

#[derive(Clone, Copy, Debug)]
struct Data {
    kind: Kind,
    tag: Tag,
    mark: Mark,
    text: Span,
    /// For a collection where its children end, for an alias the node it stands for.
    link: usize,
}

/// A node of a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    document: &'d Document<'d>,
    index: usize,
}

impl<'t> Document<'t> {
    /// Parses the first document of a stream; a stream without one has no root.
    ///
    /// # Errors
    ///
    /// If the text is not YAML, or an alias has no anchor.
    pub(super) fn parse(bytes: &'t [u8]) -> Result<Document<'t>, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(Error::convert("yaml: the text is larger than 2 GiB"));
        }
        let input = Input::new(bytes);
        let mut parser = Parser::new(&input);
        let mut composer = Composer::default();
        loop {
            match parser.next()? {
                Event::StreamEnd | Event::DocumentEnd => break,
                event => composer.add(event, &parser)?,
            }
            if composer.nodes.len() + NODES_OF_MAPPING * composer.n_mappings > MAX_YAML_NODES {
                return Err(Error::limit(format!(
                    "yaml: the document has more than {MAX_YAML_NODES} nodes, each mapping \
                     counting as {}",
                    1 + NODES_OF_MAPPING
                )));
            }
        }
        Ok(Document {
            built: parser.into_built(),
            text: input.text,
            nodes: composer.nodes,
            is_plain: composer.is_plain,
        })
    }

    /// Says whether reading the document cannot fail: it has no tags and aliases, every key is a
    /// string, every number is finite.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The top node; `None` if the stream is empty.
    pub fn root(&self) -> Option<Node<'_>> {
        (!self.nodes.is_empty()).then_some(Node {
            document: self,
            index: 0,
        })
    }

    /// The node at the end of `path`; merge keys are not followed.
    pub fn at(&self, path: &[Step]) -> Option<Node<'_>> {
        path.iter().try_fold(self.root()?, |node, step| {
            let node = node.resolved();
            match step {
                Step::Key(key) => node.get(key).map(|(_, value)| value),
                Step::Index(index) => node.items().nth(*index),
            }
        })
    }

    /// What the document takes once each alias is replaced by what it stands for: the bytes of all
    /// texts, and [`NODE_BYTES`] for each node.
    pub fn expanded_bytes(&self) -> usize {
        // The sums before each node; an alias stands for nodes before it, unless it is inside.
        let mut sums = vec![0_usize];
        for (index, data) in self.nodes.iter().enumerate() {
            let target = Node {
                document: self,
                index: data.link,
            };
            let size = match data.kind {
                Kind::Alias => match sums.get(target.after()) {
                    Some(end) => end.saturating_sub(sums[data.link]),
                    None => usize::MAX,
                },
                _ => NODE_BYTES + data.text.range().len(),
            };
            sums.push(sums[index].saturating_add(size));
        }
        sums.pop().unwrap_or_default()
    }

    /// The keys that an earlier key of the same mapping equals as text.
    pub fn duplicate_keys(&self) -> Vec<Node<'_>> {
        let nodes = (0..self.nodes.len()).map(|index| Node {
            document: self,
            index,
        });
        let mut duplicates = Vec::new();
        for mapping in nodes.filter(|node| node.kind() == Kind::Mapping) {
            let mut seen = std::collections::HashSet::new();
            let keys = mapping.entries().map(|(key, _)| key);
            let scalars = keys.filter(|key| matches!(key.kind(), Kind::Scalar(_)));
            duplicates.extend(scalars.filter(|key| !key.is_merge() && !seen.insert(key.text())));
        }
        duplicates
    }
}

impl<'d> Node<'d> {
    /// What the node is.
    pub fn kind(self) -> Kind {
        self.data().kind
    }

    /// The one-based line.
    pub fn line(self) -> usize {
        self.data().mark.line as usize + 1
    }

    /// The one-based column in characters.
    pub fn column(self) -> usize {
        self.data().mark.column as usize + 1
    }

    /// The text of a scalar without quotes and escapes, or the name of an alias.
    pub fn text(self) -> &'d [u8] {
        let span = self.data().text;
        let from: &[u8] = if span.built {
            &self.document.built
        } else {
            &self.document.text
        };
        &from[span.range()]
    }

    /// The items of a sequence.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        self.children(Kind::Sequence)
    }

    /// The keys and values of a mapping, as they are written.
    pub fn entries(self) -> impl Iterator<Item = (Node<'d>, Node<'d>)> {
        let mut children = self.children(Kind::Mapping);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The last key of a mapping that reads `key`, and its value.
    pub fn get(self, key: &str) -> Option<(Node<'d>, Node<'d>)> {
        let reads = |node: &Node<'_>| {
            matches!(node.kind(), Kind::Scalar(_)) && node.text() == key.as_bytes()
        };
        self.entries().filter(|(node, _)| reads(node)).last()
    }

    /// The node that an alias stands for, else the node itself.
    pub fn resolved(self) -> Node<'d> {
        match self.kind() {
            Kind::Alias => self.sibling(self.data().link),
            _ => self,
        }
    }

    /// The number that tells the node from the others of its document.
    pub(super) fn index(self) -> usize {
        self.index
    }

    /// The place.
    pub(super) fn mark(self) -> Mark {
        self.data().mark
    }

    /// The tag.
    pub(super) fn tag(self) -> Tag {
        self.data().tag
    }

    /// Says whether the node is a key that merges its value into the mapping.
    pub(super) fn is_merge(self) -> bool {
        let Data { kind, tag, .. } = self.data();
        let implicit = match kind {
            Kind::Scalar(style) => {
                tag == Tag::Bang || tag == Tag::Merge || (tag == Tag::None && style == Style::Plain)
            }
            _ => false,
        };
        implicit && self.text() == b"<<"
    }

    /// The first child of a collection and where its children end.
    pub(super) fn span(self) -> (usize, usize) {
        (self.index + 1, self.data().link)
    }

    /// The node with another number.
    pub(super) fn sibling(self, index: usize) -> Node<'d> {
        Node { index, ..self }
    }

    /// The number of the node after this one and its children.
    pub(super) fn after(self) -> usize {
        match self.kind() {
            Kind::Sequence | Kind::Mapping => self.data().link,
            Kind::Scalar(_) | Kind::Alias => self.index + 1,
        }
    }

    fn data(self) -> Data {
        self.document.nodes[self.index]
    }

    fn children(self, of: Kind) -> impl Iterator<Item = Node<'d>> {
        let (first, end) = self.span();
        let first = (self.kind() == of && first < end).then(|| self.sibling(first));
        successors(first, move |node| {
            let next = node.after();
            (next < end).then(|| node.sibling(next))
        })
    }
}

/// Builds the nodes of a document.
struct Composer {
    nodes: Vec<Data>,
    open: Vec<Open>,
    anchors: HashMap<Vec<u8>, usize>,
    n_mappings: usize,
    is_plain: bool,
}

/// A collection whose end is still to come.
struct Open {
    index: usize,
    is_mapping: bool,
    n_children: usize,
}

/// Deeper documents do not count as plain; whoever reads them knows the real bound.
const MAX_PLAIN_DEPTH: usize = 1_000;

impl Default for Composer {
    fn default() -> Composer {
        Composer {
            nodes: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            n_mappings: 0,
            is_plain: true,
        }
    }
}

impl Composer {
    fn add(&mut self, event: Event, parser: &Parser<'_>) -> Result<(), Error> {
        match event {
            Event::StreamStart | Event::DocumentStart => {}
            Event::StreamEnd | Event::DocumentEnd => {}
            Event::Alias(name, mark) => {
                self.is_key();
                self.is_plain = false;
                let target = self.anchors.get(parser.text(name)).copied();
                self.nodes.push(Data {
                    kind: Kind::Alias,
                    tag: Tag::None,
                    mark,
                    text: name,
                    link: target.ok_or_else(|| unknown_anchor(parser.text(name), mark))?,
                });
            }
            Event::CollectionEnd => {
                let open = self.open.pop().expect("ends match starts");
                self.nodes[open.index].link = self.nodes.len();
            }
            Event::Scalar(properties, span, style) => {
                let text = parser.text(span);
                let is_plain = match style {
                    Style::Plain if self.is_key() => is_plain_key(text),
                    Style::Plain => is_plain_value(text),
                    _ => {
                        self.is_key();
                        true
                    }
                };
                self.is_plain &= is_plain;
                self.push(
                    data(Kind::Scalar(style), properties, span),
                    properties,
                    parser,
                );
            }
            Event::SequenceStart(properties) => self.start(Kind::Sequence, properties, parser),
            Event::MappingStart(properties) => {
                self.n_mappings += 1;
                self.start(Kind::Mapping, properties, parser);
            }
        }
        Ok(())
    }

    fn start(&mut self, kind: Kind, properties: Properties, parser: &Parser<'_>) {
        self.is_plain &= !self.is_key() && self.open.len() < MAX_PLAIN_DEPTH;
        self.open.push(Open {
            index: self.nodes.len(),
            is_mapping: kind == Kind::Mapping,
            n_children: 0,
        });
        self.push(data(kind, properties, Span::default()), properties, parser);
    }

    /// Adds a node and notes its anchor.
    fn push(&mut self, data: Data, properties: Properties, parser: &Parser<'_>) {
        self.is_plain &= properties.tag == Tag::None;
        if let Some(name) = properties.anchor {
            let name = parser.text(name).to_vec();
            self.anchors.insert(name, self.nodes.len());
        }
        self.nodes.push(data);
    }

    /// Counts a child of the innermost collection and says whether it is a key.
    fn is_key(&mut self) -> bool {
        let Some(open) = self.open.last_mut() else {
            return false;
        };
        open.n_children += 1;
        open.is_mapping && open.n_children % 2 == 1
    }
}

fn is_plain_key(text: &[u8]) -> bool {
    text != b"<<" && resolve::plain(text) == Scalar::Str
}

fn is_plain_value(text: &[u8]) -> bool {
    let may_be_infinite = matches!(text.first(), Some(b'.' | b'+' | b'-'));
    !may_be_infinite || !matches!(resolve::plain(text), Scalar::Float(f) if !f.is_finite())
}

fn data(kind: Kind, properties: Properties, text: Span) -> Data {
    Data {
        kind,
        tag: properties.tag,
        mark: properties.mark,
        text,
        link: 0,
    }
}

fn unknown_anchor(name: &[u8], mark: Mark) -> Error {
    let name = String::from_utf8_lossy(name);
    Error::convert(format!("yaml: unknown anchor '{name}' referenced")).at(mark)
}
