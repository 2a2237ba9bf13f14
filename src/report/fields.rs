//! Two objects to the fields in which they differ.
//!
//! In: two trees. Out: paths with the change at each; texts of ConfigMaps are opened: YAML becomes
//! paths inside, everything else lines. Items of lists are matched by name where they have one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::hide;
use super::items;
use super::lines::{self, Edit};
use super::model::{Change, Field};
use super::visible::{visible, visible_lines};
use crate::limits::{MAX_DIFF_DEPTH, MAX_DIFF_FIELDS, MAX_DIFF_VALUE};
use crate::secret::{self, Fingerprints};
use crate::value::json::{Options, encode_tree};
use crate::value::{Str, Tree, TreeMap};
use crate::yaml;

/// Keys by which items of a list are known, the best first.
const ITEM_KEYS: [&str; 5] = ["name", "id", "mountPath", "file", "key"];

/// The differences of one resource.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// The fields.
    pub(super) fields: Vec<Field>,
    /// How many more there are.
    pub(super) n_more: usize,
}

/// Compares two objects; a side without the object is `None`.
pub(super) fn compare(
    before: Option<&Tree>,
    after: Option<&Tree>,
    prints: &Fingerprints,
) -> Differences {
    let kind = |tree: Option<&Tree>| {
        let kind = tree
            .and_then(|tree| tree.get("kind"))
            .and_then(Tree::as_str);
        kind.unwrap_or_default().to_owned()
    };
    let kind = kind(after.or(before));
    let mut walk = Walk {
        prints,
        is_secret: kind == "Secret",
        is_config_map: kind == "ConfigMap",
        path: Vec::new(),
        out: Differences::default(),
    };
    let empty = TreeMap::new();
    let entries = |tree: Option<&'_ Tree>| -> TreeMap {
        let map = tree.and_then(Tree::as_map).unwrap_or(&empty);
        let mut map = map.clone();
        if before.is_none() || after.is_none() {
            // The heading says these already.
            map.remove("apiVersion".as_bytes());
            map.remove("kind".as_bytes());
            if let Some(metadata) = map
                .get_mut("metadata".as_bytes())
                .and_then(Tree::as_map_mut)
            {
                metadata.remove("name".as_bytes());
                metadata.remove("namespace".as_bytes());
            }
        }
        map
    };
    walk.maps(&entries(before), &entries(after), false);
    walk.out
}

/// The first digits of a text's SHA-256.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest[..6].iter().map(|b| format!("{b:02x}")).collect()
}

struct Walk<'p> {
    prints: &'p Fingerprints,
    is_secret: bool,
    is_config_map: bool,
    /// The path as it is printed, one piece for each step.
    path: Vec<String>,
    out: Differences,
}

impl Walk<'_> {
    fn maps(&mut self, before: &TreeMap, after: &TreeMap, secret: bool) {
        let keys: BTreeSet<&Str> = before.keys().chain(after.keys()).collect();
        let named = [before, after].into_iter().any(hide::names_secret);
        for key in keys {
            let text = key.to_str_lossy();
            let secret = self.is_secret_below(&text, secret) || (named && hide::is_value(&text));
            let below = self.is_data();
            self.path.push(step(&text));
            let sides = (before.get(key), after.get(key));
            if below && self.is_config_map {
                self.open(&text, sides, secret);
            } else {
                self.pair(sides, secret);
            }
            self.path.pop();
        }
    }

    /// Says whether the path is that of a ConfigMap's or Secret's data.
    fn is_data(&self) -> bool {
        matches!(self.path.as_slice(), [only] if matches!(only.as_str(), ".data" | ".stringData" | ".binaryData"))
    }

    fn is_secret_below(&self, key: &str, secret: bool) -> bool {
        let holds = self.path.is_empty() && matches!(key, "data" | "stringData");
        if self.is_secret && (holds || self.is_data()) {
            return true;
        }
        let is_script = self.is_config_map && self.is_data() && key.ends_with(".groovy");
        if is_script {
            secret
        } else {
            hide::is_secret_below(key, secret)
        }
    }

    fn pair(&mut self, sides: (Option<&Tree>, Option<&Tree>), secret: bool) {
        let (before, after) = sides;
        if before == after {
            return;
        }
        if self.path.len() >= MAX_DIFF_DEPTH {
            return self.values(before, after, secret);
        }
        let empty_map = TreeMap::new();
        match (before, after) {
            (Some(Tree::Map(a)), Some(Tree::Map(b))) => self.maps(a, b, secret),
            (Some(Tree::Map(a)), None) if !a.is_empty() => self.maps(a, &empty_map, secret),
            (None, Some(Tree::Map(b))) if !b.is_empty() => self.maps(&empty_map, b, secret),
            (Some(Tree::List(a)), Some(Tree::List(b))) => self.lists(a, b, secret),
            (Some(Tree::List(a)), None) if !a.is_empty() => self.lists(a, &[], secret),
            (None, Some(Tree::List(b))) if !b.is_empty() => self.lists(&[], b, secret),
            // Secrets inside are found key by key, so neither side is shown as a whole.
            (Some(a), Some(b)) if is_full(a) || is_full(b) => {
                self.pair((before, None), secret);
                self.pair((None, after), secret);
            }
            _ => self.values(before, after, secret),
        }
    }

    fn lists(&mut self, before: &[Tree], after: &[Tree], secret: bool) {
        // A name inside of a secret may be one.
        let mut keys = ITEM_KEYS.into_iter().filter(|_| !secret);
        let key = keys.find_map(|key| Some((key, names(before, key)?, names(after, key)?)));
        if let Some((key, a, b)) = key {
            return self.named_lists((before, &a), (after, &b), key, secret);
        }
        let encoded = |items: &[Tree]| -> Vec<Vec<u8>> {
            let encode = |item| encode_tree(item, Options::default()).unwrap_or_default();
            items.iter().map(encode).collect()
        };
        let steps = lines::edits(&encoded(before), &encoded(after));
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        let flush = |walk: &mut Self, gone: &mut Vec<usize>, new: &mut Vec<usize>| {
            for at in 0..gone.len().max(new.len()) {
                let (i, j) = (gone.get(at).copied(), new.get(at).copied());
                let shown = j.or(i).unwrap_or_default();
                walk.path.push(format!("[{shown}]"));
                let flag = |items: &[Tree], at: Option<usize>| {
                    let before = at.and_then(|at| items.get(at.checked_sub(1)?));
                    before
                        .and_then(Tree::as_str)
                        .is_some_and(hide::is_secret_flag)
                };
                let secret = secret || flag(before, i) || flag(after, j);
                let sides = (i.and_then(|i| before.get(i)), j.and_then(|j| after.get(j)));
                walk.pair(sides, secret);
                walk.path.pop();
            }
            gone.clear();
            new.clear();
        };
        for step in steps {
            match step {
                Edit::Same(..) => flush(self, &mut gone, &mut new),
                Edit::Removed(i) => gone.push(i),
                Edit::Added(j) => new.push(j),
            }
        }
        flush(self, &mut gone, &mut new);
    }

    fn named_lists(
        &mut self,
        before: (&[Tree], &[&str]),
        after: (&[Tree], &[&str]),
        key: &str,
        secret: bool,
    ) {
        let by_name = |(items, names): (&'_ [Tree], &'_ [&str])| -> BTreeMap<String, Tree> {
            let pairs = names.iter().zip(items);
            pairs
                .map(|(name, item)| ((*name).to_owned(), item.clone()))
                .collect()
        };
        let (a, b) = (by_name(before), by_name(after));
        let new = after.1.iter().filter(|name| !a.contains_key(**name));
        for name in before.1.iter().chain(new) {
            let sides = (a.get(*name), b.get(*name));
            if sides.0 == sides.1 {
                continue;
            }
            self.path.push(format!("[{}]", quoted(name)));
            match sides {
                // The name stands in the path.
                (Some(one), None) => self.pair((Some(&without(one, key)), None), secret),
                (None, Some(one)) => self.pair((None, Some(&without(one, key))), secret),
                sides => self.pair(sides, secret),
            }
            self.path.pop();
        }
        let kept = |names: &[&str], other: &BTreeMap<String, Tree>| -> Vec<String> {
            let kept = names.iter().filter(|name| other.contains_key(**name));
            kept.map(|name| quoted(name)).collect()
        };
        let (one, other) = (kept(before.1, &b), kept(after.1, &a));
        if one != other {
            let change = Change::Changed(short(&one.join(", ")), short(&other.join(", ")));
            self.path.push(" (order)".to_owned());
            self.push(change);
            self.path.pop();
        }
    }

    /// Compares the text of a ConfigMap's key, by what it holds.
    fn open(&mut self, key: &str, sides: (Option<&Tree>, Option<&Tree>), secret: bool) {
        let (before, after) = sides;
        if before == after {
            return;
        }
        let is_yaml = key.ends_with(".yaml") || key.ends_with(".yml");
        if is_yaml
            && !secret
            && let (Some(a), Some(b)) = (opened(before), opened(after))
        {
            let n_before = self.out.fields.len() + self.out.n_more;
            self.path.push(" » ".to_owned());
            self.pair((Some(&a), Some(&b)), secret);
            self.path.pop();
            if self.out.fields.len() + self.out.n_more > n_before {
                return;
            }
        }
        self.values(before, after, secret);
    }

    fn values(&mut self, before: Option<&Tree>, after: Option<&Tree>, secret: bool) {
        let last = self.path.last().map(String::as_str).unwrap_or_default();
        if last.contains("checksum/") && before.is_some() && after.is_some() {
            return self.push(Change::Checksum);
        }
        let (a, b) = (before.and_then(Tree::as_str), after.and_then(Tree::as_str));
        let texts = (before.is_none() || a.is_some()) && (after.is_none() || b.is_some());
        if texts && !secret && !self.is_binary() {
            let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
            if self.is_script() && self.items(a, b) {
                return;
            }
            let is_long = |text: &str| text.trim_end().contains('\n');
            // A line end more or less is to be seen, too.
            let is_end = a != b && a.trim_end_matches('\n') == b.trim_end_matches('\n');
            let is_end = is_end && before.is_some() && after.is_some();
            if is_long(a) || is_long(b) || is_end {
                return self.text(a, b);
            }
        }
        let change = match (before, after) {
            (Some(a), Some(b)) => Change::Changed(self.shown(a, secret), self.shown(b, secret)),
            (Some(a), None) => Change::Removed(self.shown(a, secret)),
            (None, Some(b)) => Change::Added(self.shown(b, secret)),
            (None, None) => return,
        };
        self.push(change);
    }

    /// Says whether the path is inside the `binaryData` of an object.
    fn is_binary(&self) -> bool {
        let first = self.path.first();
        first.is_some_and(|first| first == ".binaryData")
    }

    /// Says whether the path is that of a Job DSL script: a file of its own, or one in an index.
    fn is_script(&self) -> bool {
        let last = self.path.last().map(String::as_str).unwrap_or_default();
        self.is_config_map && (last.ends_with(".groovy]") || last == ".script")
    }

    /// Compares two texts by line.
    fn text(&mut self, before: &str, after: &str) {
        let lines = |text: &str, other: &str| {
            let mut lines = visible_lines(self.prints, text);
            let is_whole = text.is_empty() || text.ends_with('\n');
            if !is_whole && other.ends_with('\n') {
                lines.push("\\ no line end here".to_owned());
            }
            lines
        };
        let (one, other) = (lines(before, after), lines(after, before));
        if one == other {
            // The difference is one in how a secret is set out.
            let print = |text: &str| self.prints.of(text.as_bytes());
            return self.push(Change::Changed(print(before), print(after)));
        }
        self.push(Change::Lines(lines::diff(&one, &other)));
    }

    /// Compares two scripts by the items that they describe, and the rest by line; tells whether
    /// that was possible.
    fn items(&mut self, before: &str, after: &str) -> bool {
        let (Some(a), Some(b)) = (items::split(before), items::split(after)) else {
            return false;
        };
        if a.items.is_empty() && b.items.is_empty() {
            return false;
        }
        let n_before = self.out.fields.len() + self.out.n_more;
        let new = b.items.iter().filter(|(name, _)| a.get(name).is_none());
        for (name, _) in a.items.iter().chain(new) {
            let (one, other) = (a.get(name), b.get(name));
            if one != other {
                self.path.push(format!(" » {name}"));
                self.text(one.unwrap_or_default(), other.unwrap_or_default());
                self.path.pop();
            }
        }
        let is_blank = |rest: &str| rest.trim().is_empty();
        if a.rest != b.rest && !(is_blank(&a.rest) && is_blank(&b.rest)) {
            self.text(&a.rest, &b.rest);
        }
        self.out.fields.len() + self.out.n_more > n_before
    }

    fn shown(&self, value: &Tree, secret: bool) -> String {
        let text = match value {
            Tree::Str(text) => text.to_str_lossy().into_owned(),
            value if is_full(value) => {
                let print = self.prints.of(json_text(value).as_bytes());
                return format!("nested too deep to show: {print}");
            }
            Tree::Int(_) | Tree::Uint(_) | Tree::Float(_) => json_text(value),
            // Neither true nor null nor nothing gives anything away.
            value => return json_text(value),
        };
        if self.is_binary() {
            let bytes = STANDARD.decode(text.trim());
            return self.prints.of_binary(&bytes.unwrap_or_default());
        }
        if secret && (self.is_secret || !secret::is_harmless(&text)) {
            return self.prints.of(text.as_bytes());
        }
        let masked = visible_lines(self.prints, &text).join("\\n");
        let is_text = matches!(value, Tree::Str(_));
        let plain = is_text
            && !masked.is_empty()
            && masked.trim() == masked
            && !text.contains('\n')
            && matches!(
                yaml::resolve::plain(text.as_bytes()),
                yaml::resolve::Scalar::Str
            );
        if plain || !is_text {
            short(&masked)
        } else {
            short(&format!("\"{masked}\""))
        }
    }

    fn push(&mut self, change: Change) {
        if self.out.fields.len() == MAX_DIFF_FIELDS {
            self.out.n_more += 1;
            return;
        }
        let mut path = String::new();
        for step in &self.path {
            let inside = path.is_empty() || path.ends_with(" » ");
            path.push_str(if inside {
                step.trim_start_matches('.')
            } else {
                step
            });
        }
        self.out.fields.push(Field { path, change });
    }
}

/// The tree in a YAML text of one document; nothing if it is not that, or only a scalar.
fn opened(side: Option<&Tree>) -> Option<Tree> {
    let Some(side) = side else {
        return Some(Tree::empty_map());
    };
    let text = side.as_str()?;
    let mut lines = text
        .lines()
        .skip_while(|line| line.trim().is_empty() || line.starts_with('#') || *line == "---");
    if lines.any(|line| line.starts_with("---") || line.starts_with("...")) {
        return None;
    }
    let tree = yaml::to_tree_strict(text.as_bytes()).ok()?;
    match tree {
        Tree::Map(_) => Some(tree),
        Tree::Null => Some(Tree::empty_map()),
        _ => None,
    }
}

/// The names of the items, if each is a map with one of its own under `key`; a map around another
/// one, as `{string: {id: a}}` in JCasC, has the name of that.
fn names<'t>(items: &'t [Tree], key: &str) -> Option<Vec<&'t str>> {
    let name = |item: &'t Tree| {
        let only = item.as_map().filter(|map| map.len() == 1);
        let inside = only.and_then(|map| map.values().next()?.get(key));
        item.get(key).or(inside).and_then(Tree::as_str)
    };
    let names: Option<Vec<&str>> = items.iter().map(name).collect();
    let names = names?;
    let distinct: BTreeSet<&&str> = names.iter().collect();
    (distinct.len() == names.len()).then_some(names)
}

fn is_full(value: &Tree) -> bool {
    match value {
        Tree::Map(entries) => !entries.is_empty(),
        Tree::List(items) => !items.is_empty(),
        _ => false,
    }
}

fn without(item: &Tree, key: &str) -> Tree {
    let mut item = item.clone();
    if let Some(map) = item.as_map_mut().filter(|map| map.len() > 1) {
        map.remove(key.as_bytes());
    }
    item
}

/// A step to a key, as it is printed.
fn step(key: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if !key.is_empty() && key.chars().all(is_plain) {
        format!(".{key}")
    } else {
        format!("[{}]", quoted(key))
    }
}

/// A name in brackets: quoted unless it cannot be misread.
fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:".contains(c);
    if !name.is_empty() && name.chars().all(is_plain) {
        return short(name);
    }
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    short(&format!("\"{escaped}\""))
}

fn json_text(value: &Tree) -> String {
    match encode_tree(value, Options::default()) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => "a value that is too large to show".to_owned(),
    }
}

/// The text, cut if it is long; the digest of the whole tells two long ones apart.
fn short(text: &str) -> String {
    let text = visible(text);
    let Some((at, _)) = text.char_indices().nth(MAX_DIFF_VALUE) else {
        return text;
    };
    let mut cut = text[..at].to_owned();
    let (bytes, digest) = (text.len(), digest(text.as_bytes()));
    let _ = write!(cut, "… ({bytes} bytes, sha256 {digest})");
    cut
}
