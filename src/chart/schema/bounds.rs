//! What checking values against a schema may take.
//!
//! In: a schema and values that the validator has not seen. Out: how deep it is going to recurse.
//! Refused: what could take it too long or too much memory, which it does not watch itself.
//!
//! The walk goes where the validator may go and takes every branch: all parts of an `anyOf`, `then`
//! as well as `else`, every place that a reference may mean. So it counts too much, never too little.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use boon::Draft;
use serde_json::{Map, Value as Json};

use super::patterns::Patterns;
use super::text::{escape_token, percent_decoded};
use crate::limits::{
    MAX_SCHEMA_ADDRESS_BYTES, MAX_SCHEMA_BYTES, MAX_SCHEMA_NESTING, MAX_SCHEMA_NODES,
    MAX_SCHEMA_STEPS, MAX_SUBSCHEMAS,
};
use crate::value::Tree;
use crate::values::deep;

/// Steps of an evaluation before its keywords count.
const EVALUATION: usize = 4;

/// Steps of validating a part of a schema once more, for each JSON value in it: the validator does
/// so with what is no subschema until a reference takes it for one.
const REVALIDATION: usize = 32;

/// Steps of an evaluation of a metaschema, and how many evaluations it has inside each other.
const METASCHEMA: usize = 64;
const METASCHEMA_NESTING: usize = 8;

/// The address of a metaschema in the graph; those of subschemas begin with a slash.
const METASCHEMA_ADDRESS: &str = "metaschema";

/// What an identifier counts in [`MAX_SCHEMA_ADDRESS_BYTES`]: the validator looks through all of them
/// for each subschema.
const IDENTIFIER_BYTES: usize = 2048;

/// Where the subschemas of a keyword are: its value, or the items or entries of that.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    One,
    List,
    Map,
    OneOrList,
}

/// The keywords with subschemas, and the first draft that has them.
const SUBSCHEMAS: &[(&str, u16, Shape)] = &[
    ("additionalItems", 4, Shape::One),
    ("additionalProperties", 4, Shape::One),
    ("allOf", 4, Shape::List),
    ("anyOf", 4, Shape::List),
    ("definitions", 4, Shape::Map),
    ("dependencies", 4, Shape::Map),
    ("items", 4, Shape::OneOrList),
    ("not", 4, Shape::One),
    ("oneOf", 4, Shape::List),
    ("patternProperties", 4, Shape::Map),
    ("properties", 4, Shape::Map),
    ("contains", 6, Shape::One),
    ("propertyNames", 6, Shape::One),
    ("else", 7, Shape::One),
    ("if", 7, Shape::One),
    ("then", 7, Shape::One),
    ("$defs", 2019, Shape::Map),
    ("contentSchema", 2019, Shape::One),
    ("dependentSchemas", 2019, Shape::Map),
    ("unevaluatedItems", 2019, Shape::One),
    ("unevaluatedProperties", 2019, Shape::One),
    ("prefixItems", 2020, Shape::List),
];

/// The keywords that fail by themselves never, or at most once together with others.
const NO_ERROR: &[&str] = &[
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "default",
    "definitions",
    "description",
    "else",
    "examples",
    "items",
    "properties",
    "then",
    "title",
    "type",
];

pub(super) fn refusal(what: &str) -> String {
    format!("the schema is refused: {what}\n")
}

/// How many steps are left for a schema and the values.
pub(super) struct Budget(u64);

impl Budget {
    pub(super) fn new() -> Budget {
        Budget(MAX_SCHEMA_STEPS)
    }

    pub(super) fn spend(&mut self, n_steps: usize) -> Result<(), String> {
        match self.0.checked_sub(n_steps as u64) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err(refusal(&format!(
                "checking the values could take more than {MAX_SCHEMA_STEPS} steps"
            ))),
        }
    }
}

/// Checks how long the text of a schema is.
pub(super) fn check_text(text: &[u8]) -> Result<(), String> {
    match text.len() {
        ..=MAX_SCHEMA_BYTES => Ok(()),
        _ => Err(refusal(&format!(
            "it is larger than {MAX_SCHEMA_BYTES} bytes"
        ))),
    }
}

/// Checks how much there is in a schema.
pub(super) fn check_size(schema: &Tree) -> Result<(), String> {
    let mut size = Size::default();
    size.add(schema, 0, 0, 0)
}

#[derive(Default)]
struct Size {
    n_nodes: usize,
    address_bytes: usize,
}

impl Size {
    /// Adds a value, to which an address of `address` bytes leads, below identifiers of `base` bytes.
    fn add(
        &mut self,
        tree: &Tree,
        depth: usize,
        address: usize,
        mut base: usize,
    ) -> Result<(), String> {
        self.n_nodes += 1 + depth / 8;
        self.address_bytes += address;
        if let Tree::Map(entries) = tree {
            for (key, value) in entries.iter() {
                match (key.as_bytes(), value) {
                    (b"$id" | b"id", Tree::Str(id)) if !id.is_empty() && id[0] != b'#' => {
                        base += id.len();
                        self.address_bytes += base + IDENTIFIER_BYTES;
                    }
                    (b"$ref" | b"$dynamicRef" | b"$recursiveRef", Tree::Str(reference)) => {
                        self.address_bytes += base + reference.len();
                    }
                    _ => {}
                }
            }
        }
        if self.n_nodes > MAX_SCHEMA_NODES {
            return Err(refusal(&format!(
                "it has more than {MAX_SCHEMA_NODES} JSON values, those nested deep counted several times"
            )));
        }
        if self.address_bytes > MAX_SCHEMA_ADDRESS_BYTES {
            return Err(refusal(&format!(
                "the JSON pointers to its parts have more than {MAX_SCHEMA_ADDRESS_BYTES} bytes"
            )));
        }
        deep(|| match tree {
            Tree::List(items) => items
                .iter()
                .try_for_each(|item| self.add(item, depth + 1, address + 4, base)),
            Tree::Map(entries) => entries.iter().try_for_each(|(key, value)| {
                self.add(value, depth + 1, address + 1 + key.len(), base)
            }),
            _ => Ok(()),
        })
    }
}

/// Counts what checking `values` may take; returns how many evaluations it has inside each other.
pub(super) fn check_work(
    schema: &Json,
    patterns: &Patterns,
    values: &Json,
    budget: &mut Budget,
) -> Result<usize, String> {
    let graph = Graph::new(schema, patterns, budget)?;
    let mut walk = Walk {
        nodes: &graph.nodes,
        metaschema: graph.found.get(METASCHEMA_ADDRESS).copied(),
        is_unevaluated_known: graph.is_unevaluated_known,
        budget,
        scopes: Vec::new(),
        start: 0,
        nesting: 0,
        most: 0,
    };
    walk.apply(0, values, 0)?;
    Ok(walk.most)
}

/// The subschemas that the validator compiles, and what each of them applies to what.
struct Graph<'s, 'b> {
    root: &'s Json,
    patterns: &'s Patterns,
    budget: &'b mut Budget,
    draft: u16,
    is_typed: bool,
    is_unevaluated_known: bool,
    names: Names<'s>,
    schemas: Vec<(String, &'s Json)>,
    nodes: Vec<Node<'s>>,
    found: HashMap<String, usize>,
}

/// What references may name, by the JSON pointers of the schemas that have the names.
#[derive(Default)]
struct Names<'s> {
    ids: BTreeMap<String, &'s str>,
    anchors: BTreeMap<&'s str, BTreeSet<String>>,
    recursive: Vec<String>,
}

impl<'s> Names<'s> {
    fn collect(&mut self, part: &'s Json, pointer: &mut String) {
        let length = pointer.len();
        match part {
            Json::Object(entries) => {
                for (key, value) in entries {
                    match (key.as_str(), value) {
                        ("$id" | "id", Json::String(id)) => {
                            let (id, anchor) = id.split_once('#').unwrap_or((id, ""));
                            if !id.is_empty() {
                                self.ids.insert(pointer.clone(), id);
                            }
                            if !anchor.is_empty() {
                                self.add_anchor(anchor, pointer);
                            }
                        }
                        ("$anchor" | "$dynamicAnchor", Json::String(anchor)) => {
                            self.add_anchor(anchor, pointer);
                        }
                        ("$recursiveAnchor", Json::Bool(true)) => {
                            self.recursive.push(pointer.clone());
                        }
                        _ => {}
                    }
                    if value.is_array() || value.is_object() {
                        pointer.push('/');
                        pointer.push_str(&escape_token(key));
                        self.collect(value, pointer);
                        pointer.truncate(length);
                    }
                }
            }
            Json::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    if item.is_array() || item.is_object() {
                        pointer.push('/');
                        pointer.push_str(&i.to_string());
                        self.collect(item, pointer);
                        pointer.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }

    fn add_anchor(&mut self, anchor: &'s str, pointer: &str) {
        let places = self.anchors.entry(anchor).or_default();
        places.insert(pointer.to_owned());
    }
}

/// One subschema.
#[derive(Default)]
struct Node<'s> {
    boolean: Option<bool>,
    /// The names of the types it wants; empty for any.
    types: Vec<&'s str>,
    /// Steps of each evaluation.
    weight: usize,
    /// How many errors an evaluation may find, apart from those of its subschemas.
    n_errors: usize,
    /// Subschemas for the same value.
    in_place: Vec<usize>,
    properties: BTreeMap<&'s str, usize>,
    /// The steps of matching each byte of a name, and the subschema of what has such a name.
    patterns: Vec<(usize, usize)>,
    additional: Vec<usize>,
    names: Option<usize>,
    prefix: Vec<usize>,
    items: Vec<usize>,
    /// The steps of matching each byte of a string.
    pattern: Option<usize>,
    is_regex: bool,
    is_unique: bool,
}

impl<'s, 'b> Graph<'s, 'b> {
    fn new(
        root: &'s Json,
        patterns: &'s Patterns,
        budget: &'b mut Budget,
    ) -> Result<Graph<'s, 'b>, String> {
        let draft = match root.get("$schema").and_then(Json::as_str) {
            None => Some(Draft::V2020_12),
            Some(url) => Draft::from_url(url),
        };
        let mut names = Names::default();
        names.collect(root, &mut String::new());
        let mut graph = Graph {
            root,
            patterns,
            budget,
            draft: match draft {
                Some(Draft::V4) => 4,
                Some(Draft::V6) => 6,
                Some(Draft::V7) => 7,
                Some(Draft::V2019_09) => 2019,
                _ => 2020,
            },
            // A metaschema of one's own may leave keywords without a meaning.
            is_typed: draft.is_some(),
            is_unevaluated_known: false,
            names,
            schemas: Vec::new(),
            nodes: Vec::new(),
            found: HashMap::new(),
        };
        graph.add(String::new(), root)?;
        while let Some((pointer, schema)) = graph.schemas.get(graph.nodes.len()) {
            let (pointer, schema) = (pointer.clone(), *schema);
            let node = graph.node(&pointer, schema)?;
            graph.nodes.push(node);
        }
        Ok(graph)
    }

    /// The number of the subschema at `pointer`, which is new or known.
    fn add(&mut self, pointer: String, schema: &'s Json) -> Result<usize, String> {
        if let Some(index) = self.found.get(&pointer) {
            return Ok(*index);
        }
        let index = self.schemas.len();
        if index == MAX_SUBSCHEMAS {
            return Err(refusal(&format!(
                "it has more than {MAX_SUBSCHEMAS} subschemas"
            )));
        }
        let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
        if pointer != METASCHEMA_ADDRESS && !self.is_subschema(&tokens) {
            self.budget.spend(REVALIDATION * n_nodes(schema))?;
        }
        self.found.insert(pointer.clone(), index);
        self.schemas.push((pointer, schema));
        Ok(index)
    }

    /// Says whether the draft knows a place as one of a subschema.
    fn is_subschema(&self, tokens: &[&str]) -> bool {
        let [keyword, rest @ ..] = tokens else {
            return true;
        };
        let known = SUBSCHEMAS.iter().find(|known| known.0 == *keyword);
        let Some((_, _, shape)) = known.filter(|known| known.1 <= self.draft) else {
            return false;
        };
        let below = || rest.split_first().map(|(token, rest)| (*token, rest));
        let is_item = || {
            below().is_some_and(|(i, rest)| i.parse::<usize>().is_ok() && self.is_subschema(rest))
        };
        match shape {
            Shape::One => self.is_subschema(rest),
            Shape::Map => below().is_some_and(|(_, rest)| self.is_subschema(rest)),
            Shape::List => is_item(),
            Shape::OneOrList => self.is_subschema(rest) || is_item(),
        }
    }

    fn node(&mut self, pointer: &str, schema: &'s Json) -> Result<Node<'s>, String> {
        let mut node = Node {
            weight: EVALUATION + pointer.len() / 64,
            ..Node::default()
        };
        if pointer == METASCHEMA_ADDRESS {
            return self.metaschema(node);
        }
        let keywords = match schema {
            Json::Object(keywords) => keywords,
            Json::Bool(boolean) => {
                node.boolean = Some(*boolean);
                return Ok(node);
            }
            _ => return Ok(node),
        };
        for (keyword, value) in keywords {
            node.weight += 1;
            node.n_errors += usize::from(!NO_ERROR.contains(&keyword.as_str()));
            self.keyword(&mut node, pointer, keyword, value)?;
        }
        node.types = self.types(keywords);
        Ok(node)
    }

    /// The types that the validator checks before anything else.
    fn types(&self, keywords: &'s Map<String, Json>) -> Vec<&'s str> {
        // Beside `$ref` old drafts ignore all other keywords.
        if !self.is_typed || keywords.contains_key("$ref") {
            return Vec::new();
        }
        match keywords.get("type") {
            Some(Json::String(name)) => vec![name],
            Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn keyword(
        &mut self,
        node: &mut Node<'s>,
        pointer: &str,
        keyword: &'s str,
        value: &'s Json,
    ) -> Result<(), String> {
        match (keyword, value) {
            ("$ref" | "$dynamicRef" | "$recursiveRef", Json::String(reference)) => {
                let mut places = self.places(pointer, reference);
                if keyword == "$recursiveRef" {
                    places.extend(self.names.recursive.iter().cloned());
                }
                self.budget.spend(places.len())?;
                for place in places {
                    if let Some(schema) = self.lookup(&place) {
                        node.in_place.push(self.add(place, schema)?);
                    }
                }
            }
            ("properties", Json::Object(entries)) => {
                for (name, schema) in entries {
                    let index = self.add(below(pointer, &[keyword, name]), schema)?;
                    node.properties.insert(name, index);
                }
            }
            ("patternProperties", Json::Object(entries)) => {
                for (pattern, schema) in entries {
                    let index = self.add(below(pointer, &[keyword, pattern]), schema)?;
                    let steps = self.patterns.steps(pattern);
                    node.patterns.push((steps, index));
                }
            }
            ("items" | "prefixItems", Json::Array(items)) => {
                node.prefix = self.list(pointer, keyword, items)?;
            }
            ("allOf" | "anyOf" | "oneOf", Json::Array(items)) => {
                let list = self.list(pointer, keyword, items)?;
                node.in_place.extend(list);
            }
            ("dependencies" | "dependentSchemas", Json::Object(entries)) => {
                for (name, schema) in entries {
                    node.n_errors += 1;
                    node.weight += n_nodes_of_list(schema);
                    if !schema.is_array() {
                        let index = self.add(below(pointer, &[keyword, name]), schema)?;
                        node.in_place.push(index);
                    }
                }
            }
            ("pattern", Json::String(pattern)) => node.pattern = Some(self.patterns.steps(pattern)),
            ("format", Json::String(format)) => node.is_regex = format == "regex",
            ("uniqueItems", Json::Bool(is_unique)) => node.is_unique = *is_unique,
            ("enum" | "const" | "required" | "dependentRequired", _) => {
                node.weight += n_nodes(value);
                if let ("dependentRequired", Json::Object(entries)) = (keyword, value) {
                    node.n_errors += entries.len();
                }
            }
            (
                "not"
                | "if"
                | "then"
                | "else"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "propertyNames"
                | "items"
                | "additionalItems"
                | "contains"
                | "unevaluatedItems",
                _,
            ) => {
                self.is_unevaluated_known |= keyword.starts_with("unevaluated");
                let index = self.add(below(pointer, &[keyword]), value)?;
                match keyword {
                    "not" | "if" | "then" | "else" => node.in_place.push(index),
                    "additionalProperties" | "unevaluatedProperties" => node.additional.push(index),
                    "propertyNames" => node.names = Some(index),
                    _ => node.items.push(index),
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn list(
        &mut self,
        pointer: &str,
        keyword: &str,
        items: &'s [Json],
    ) -> Result<Vec<usize>, String> {
        let items = items.iter().enumerate();
        items
            .map(|(i, schema)| self.add(below(pointer, &[keyword, &i.to_string()]), schema))
            .collect()
    }

    /// A metaschema, which applies itself to all parts of a value, and what replaces it by a dynamic
    /// reference.
    fn metaschema(&mut self, mut node: Node<'s>) -> Result<Node<'s>, String> {
        let this = self.nodes.len();
        node.weight = METASCHEMA;
        node.n_errors = METASCHEMA_NESTING;
        node.is_regex = true;
        node.additional.push(this);
        node.items.push(this);
        let anchors = self.names.anchors.get("meta").into_iter().flatten();
        let places: Vec<String> = anchors.chain(&self.names.recursive).cloned().collect();
        for place in places {
            if let Some(schema) = self.lookup(&place) {
                node.in_place.push(self.add(place, schema)?);
            }
        }
        Ok(node)
    }

    /// The places that a reference at `pointer` may mean.
    fn places(&self, pointer: &str, reference: &str) -> Vec<String> {
        let (url, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let fragment = percent_decoded(fragment);
        let ids = &self.names.ids;
        let mut resources: Vec<&str> = Vec::new();
        let mut places = Vec::new();
        if url.is_empty() {
            resources.push("");
            if !ids.is_empty() {
                let ends = pointer.match_indices('/').map(|(i, _)| i).skip(1);
                let above = ends.chain([pointer.len()]).map(|end| &pointer[..end]);
                resources
                    .extend(above.filter(|above| !above.is_empty() && ids.contains_key(*above)));
            }
        } else {
            let name = last_segment(url);
            let is_same =
                |id: &str| is_odd(name) || is_odd(last_segment(id)) || name == last_segment(id);
            resources.extend(
                ids.iter()
                    .filter(|(_, id)| is_same(id))
                    .map(|(place, _)| &**place),
            );
            if is_same("values.schema.json") && !resources.contains(&"") {
                resources.push("");
            }
            let is_meta = |url: &str| is_odd(url) || url.to_lowercase().contains("json-schema");
            let is_urn = url.starts_with("urn:");
            if !is_urn
                && (resources.is_empty() || is_meta(url) || ids.values().any(|id| is_meta(id)))
            {
                places.push(METASCHEMA_ADDRESS.to_owned());
            }
        }
        if fragment.is_empty() || fragment.starts_with('/') {
            places.extend(resources.iter().map(|place| format!("{place}{fragment}")));
        } else {
            places.extend(
                self.names
                    .anchors
                    .get(&*fragment)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
        }
        places
    }

    /// The part of the schema at `pointer`, read as the validator reads it.
    fn lookup(&self, pointer: &str) -> Option<&'s Json> {
        if pointer == METASCHEMA_ADDRESS {
            return Some(&Json::Null);
        }
        let mut part = self.root;
        for token in pointer.split('/').skip(1) {
            part = match part {
                Json::Object(entries) => {
                    entries.get(&token.replace("~1", "/").replace("~0", "~"))?
                }
                Json::Array(items) => items.get(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(part)
    }
}

fn below(pointer: &str, tokens: &[&str]) -> String {
    let mut out = pointer.to_owned();
    for token in tokens {
        out.push('/');
        out.push_str(&escape_token(token));
    }
    out
}

/// What remains the same when an address is made absolute.
fn last_segment(url: &str) -> &str {
    let path = url.split(['#', '?']).next().unwrap_or_default();
    path.rsplit(['/', ':', '\\']).next().unwrap_or_default()
}

/// Says whether making an address absolute may change a part of it.
fn is_odd(part: &str) -> bool {
    part.chars().all(|c| c == '.') || !part.chars().all(|c| c.is_ascii_graphic() && c != '%')
}

/// The JSON values in `part`, and what long texts are compared like.
fn n_nodes(part: &Json) -> usize {
    match part {
        Json::Array(items) => 1 + items.iter().map(n_nodes).sum::<usize>(),
        Json::Object(entries) => {
            let entries = entries.iter();
            1 + entries
                .map(|(k, v)| 1 + k.len() / 64 + n_nodes(v))
                .sum::<usize>()
        }
        Json::String(text) => 1 + text.len() / 64,
        _ => 1,
    }
}

fn n_nodes_of_list(part: &Json) -> usize {
    if part.is_array() { n_nodes(part) } else { 1 }
}

/// The way of the validator through the values.
struct Walk<'g, 's, 'b> {
    nodes: &'g [Node<'s>],
    metaschema: Option<usize>,
    is_unevaluated_known: bool,
    budget: &'b mut Budget,
    /// The subschemas that are being applied, those to the present value from `start` on.
    scopes: Vec<usize>,
    start: usize,
    nesting: usize,
    most: usize,
}

impl Walk<'_, '_, '_> {
    /// Applies a subschema to a value that is `depth` levels down.
    fn apply(&mut self, index: usize, value: &Json, depth: usize) -> Result<(), String> {
        let Some(node) = self.nodes.get(index) else {
            return Ok(());
        };
        let chain = self.scopes.get(self.start..).unwrap_or_default();
        self.budget.spend(chain.len() / 8)?;
        if chain.contains(&index) {
            // The text of this error has all references of the way.
            let n_scopes = self.scopes.len();
            return self.budget.spend(n_scopes * (8 + n_scopes / 4));
        }
        let nesting = if self.metaschema == Some(index) {
            METASCHEMA_NESTING
        } else {
            1
        };
        self.nesting += nesting;
        self.most = self.most.max(self.nesting);
        if self.nesting > MAX_SCHEMA_NESTING {
            return Err(refusal(&format!(
                "checking the values needs more than {MAX_SCHEMA_NESTING} evaluations of subschemas \
                 inside each other"
            )));
        }
        self.scopes.push(index);
        deep(|| self.evaluate(node, value, depth))?;
        self.scopes.pop();
        self.nesting -= nesting;
        Ok(())
    }

    /// Applies a subschema to a part of the present value.
    fn descend(&mut self, index: usize, value: &Json, depth: usize) -> Result<(), String> {
        let start = std::mem::replace(&mut self.start, self.scopes.len());
        self.apply(index, value, depth + 1)?;
        self.start = start;
        Ok(())
    }

    fn evaluate(&mut self, node: &Node<'_>, value: &Json, depth: usize) -> Result<(), String> {
        let error = 8 + 2 * depth;
        self.budget.spend(node.weight)?;
        match node.boolean {
            Some(true) => return Ok(()),
            Some(false) => return self.budget.spend(error),
            None => {}
        }
        if !node.types.is_empty() && !node.types.iter().any(|name| is_type(name, value)) {
            return self.budget.spend(error);
        }
        self.budget.spend(node.n_errors * error)?;
        for &index in &node.in_place {
            self.apply(index, value, depth)?;
        }
        match value {
            Json::Object(entries) => self.object(node, entries, depth),
            Json::Array(items) => self.array(node, items, depth),
            Json::String(text) => {
                self.budget.spend(text.len() / 16)?;
                if let Some(steps) = node.pattern {
                    self.budget.spend(EVALUATION + text.len() * steps)?;
                }
                if node.is_regex {
                    self.budget.spend(text.len() * (1 + text.len() / 32))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn object(
        &mut self,
        node: &Node<'_>,
        entries: &Map<String, Json>,
        depth: usize,
    ) -> Result<(), String> {
        let set = if self.is_unevaluated_known { 2 } else { 0 };
        self.budget.spend(entries.len() * (1 + set))?;
        for (name, value) in entries {
            let known = node.properties.get(name.as_str());
            if let Some(&index) = known {
                self.descend(index, value, depth)?;
            }
            for &(steps, index) in &node.patterns {
                self.budget.spend(EVALUATION + name.len() * steps)?;
                self.descend(index, value, depth)?;
            }
            for &index in &node.additional {
                if known.is_none() || self.is_unevaluated_known {
                    self.descend(index, value, depth)?;
                }
            }
            if let Some(index) = node.names {
                self.budget.spend(EVALUATION + name.len() / 16)?;
                self.descend(index, &Json::String(name.clone()), depth)?;
            }
        }
        Ok(())
    }

    fn array(&mut self, node: &Node<'_>, items: &[Json], depth: usize) -> Result<(), String> {
        if self.is_unevaluated_known {
            self.budget.spend(2 * items.len())?;
        }
        if node.is_unique {
            // Containers may have one hash value however much they differ.
            let is_container = |item: &&Json| item.is_array() || item.is_object();
            let n_containers = items.iter().filter(is_container).count();
            self.budget.spend(n_containers * n_containers / 4)?;
            for item in items {
                self.budget.spend(n_nodes(item))?;
            }
        }
        for (i, item) in items.iter().enumerate() {
            if let Some(&index) = node.prefix.get(i) {
                self.descend(index, item, depth)?;
            }
            for &index in &node.items {
                self.descend(index, item, depth)?;
            }
        }
        Ok(())
    }
}

fn is_type(name: &str, value: &Json) -> bool {
    match value {
        Json::Null => name == "null",
        Json::Bool(_) => name == "boolean",
        Json::Number(n) => {
            let is_integer = || n.as_f64().is_some_and(|n| n.fract() == 0.0);
            name == "number" || name == "integer" && is_integer()
        }
        Json::String(_) => name == "string",
        Json::Array(_) => name == "array",
        Json::Object(_) => name == "object",
    }
}
