//! Which layer sets a value, and on which line.
//!
//! In: an overlay, the chart's defaults, what the Application adds, a path of keys. Out: the layers
//! that say something about the value there, lowest first. Lists are values as a whole.

use std::fmt;

use super::values::{Additions, PATCH_FILE, set_one, sources};
use super::{Overlay, join};
use crate::diag::Diagnostic;
use crate::manifest::codec;
use crate::value::{Tree, TreeMap};
use crate::values::{Room, parse_values};
use crate::yaml;

/// What one layer says about a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Say {
    /// The kind of layer.
    pub layer: Layer,
    /// The file or the parameter.
    pub place: String,
    /// The one-based line; 0 where only the place is known.
    pub line: usize,
    /// What the layer does.
    pub effect: Effect,
}

/// The kinds of layers, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The chart's own values.
    Defaults,
    /// A values file of a base.
    Base,
    /// A values file of the overlay.
    Overlay,
    /// A JSON patch.
    Patch,
    /// A parameter of the Application.
    Parameter,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layer::Defaults => "chart defaults",
            Layer::Base => "base",
            Layer::Overlay => "overlay",
            Layer::Patch => "patch",
            Layer::Parameter => "parameter",
        })
    }
}

/// What a layer does to a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// It sets or, both being maps, adds to the value.
    Sets(Tree),
    /// Its null takes away what lower layers set.
    Deletes,
    /// An operation of a JSON patch, with its path.
    Patches(String, String),
}

/// Finds the layers that say something about the value at `path`, lowest first.
///
/// # Errors
///
/// A file or a parameter that cannot be read.
pub fn explain(
    overlay: &Overlay,
    (defaults, defaults_text): (&Tree, Option<&str>),
    additions: &Additions,
    path: &[&str],
) -> Result<Vec<Say>, Box<Diagnostic>> {
    let mut says = Vec::new();
    let mut add = |layer, place: &str, text: &str, tree: &Tree| {
        if let Some((effect, depth)) = effect(tree, path) {
            says.push(Say {
                layer,
                place: place.to_owned(),
                line: line(text, &path[..depth]),
                effect,
            });
        }
    };
    let chart = format!("{}: values.yaml", overlay.chart);
    add(
        Layer::Defaults,
        &chart,
        defaults_text.unwrap_or_default(),
        defaults,
    );
    for source in sources(overlay)? {
        let layer = match source.directory == overlay.place.overlay {
            true => Layer::Overlay,
            false => Layer::Base,
        };
        let tree = parse_values(&source.file, source.text.as_bytes(), overlay.helm)?;
        add(layer, &source.file, &source.text, &tree);
    }
    for directory in overlay.directories() {
        let file = join(directory, PATCH_FILE);
        if let Some(text) = overlay.place.repository.read(&file)? {
            says.extend(operations(&file, &text, path)?);
        }
    }
    let mut add = |place: String, text: &str, tree: &Tree| {
        if let Some((effect, depth)) = effect(tree, path) {
            says.push(Say {
                layer: Layer::Parameter,
                place,
                line: line(text, &path[..depth]),
                effect,
            });
        }
    };
    if let Some(text) = &additions.values {
        let tree = parse_values("the parameter `values`", text.as_bytes(), overlay.helm)?;
        add("`values`".to_owned(), text, &tree);
    }
    for (key, value) in &additions.set {
        let mut tree = TreeMap::new();
        set_one(&mut tree, key, value, overlay.helm, &mut Room::default())?;
        add(format!("`set` {key}"), "", &Tree::map(tree));
    }
    Ok(says)
}

/// What `tree` does to the value at `path`, and how many keys of the path decide that.
fn effect(tree: &Tree, path: &[&str]) -> Option<(Effect, usize)> {
    let mut tree = tree;
    for (depth, key) in path.iter().enumerate() {
        match tree {
            Tree::Map(_) => tree = tree.get(key)?,
            // Something else than a map replaces the whole map that the path goes through.
            Tree::Null if depth > 0 => return Some((Effect::Deletes, depth)),
            other => return (depth > 0).then(|| (Effect::Sets(other.clone()), depth)),
        }
    }
    let effect = match tree {
        Tree::Null => Effect::Deletes,
        value => Effect::Sets(value.clone()),
    };
    Some((effect, path.len()))
}

/// The line of the last key of `path`; 0 where it does not stand in the text as it is, such as
/// behind a merge key.
fn line(text: &str, path: &[&str]) -> usize {
    let Ok(document) = yaml::parse(text.as_bytes()) else {
        return 0;
    };
    let mut node = document.root();
    let mut line = 0;
    for key in path {
        let Some((name, value)) = node.and_then(|node| node.resolved().get(key)) else {
            return 0;
        };
        line = name.line();
        node = Some(value);
    }
    line
}

/// The operations of a JSON patch at, above or below `path`.
fn operations(file: &str, text: &str, path: &[&str]) -> Result<Vec<Say>, Box<Diagnostic>> {
    let tree = codec::read_file(text, file)?;
    let document = yaml::parse(text.as_bytes()).ok();
    let root = document.as_ref().and_then(yaml::Document::root);
    let lines: Vec<usize> = root
        .into_iter()
        .flat_map(|root| root.items())
        .map(|item| item.line())
        .collect();
    let mut says = Vec::new();
    for (at, operation) in tree.as_list().unwrap_or_default().iter().enumerate() {
        let field = |key| operation.get(key).and_then(Tree::as_str);
        let op = field("op").unwrap_or_default();
        let touched = [field("path"), field("from").filter(|_| op == "move")];
        let touches = |pointer: &&str| {
            let keys: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
            keys.iter().zip(path).all(|(a, b)| a == b)
        };
        let Some(pointer) = touched.into_iter().flatten().find(touches) else {
            continue;
        };
        if op != "test" {
            says.push(Say {
                layer: Layer::Patch,
                place: file.to_owned(),
                line: lines.get(at).copied().unwrap_or(0),
                effect: Effect::Patches(op.to_owned(), pointer.to_owned()),
            });
        }
    }
    Ok(says)
}

/// A part of a JSON pointer as it is meant.
fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        parse_values("f", text.as_bytes(), crate::helm::HelmCompat::V4).unwrap()
    }

    #[test]
    fn values_above_a_path_decide_about_it() {
        let one = Effect::Sets(Tree::Float(1.0));
        for (text, wanted) in [
            ("a: {b: 1}", Some((one.clone(), 2))),
            ("a: 1", Some((one, 1))),
            ("a: {b: null}", Some((Effect::Deletes, 2))),
            ("a: null", Some((Effect::Deletes, 1))),
            ("a: {c: 1}", None),
            ("{}", None),
        ] {
            assert_eq!(effect(&tree(text), &["a", "b"]), wanted, "{text}");
        }
    }

    #[test]
    fn lines_are_those_of_the_keys() {
        let text = "x: &x\n  b: 1\na:\n  # why\n  b:\n    - 1\nc: *x\nd:\n  <<: *x\n";
        assert_eq!(line(text, &["a", "b"]), 5);
        assert_eq!(line(text, &["c", "b"]), 2);
        assert_eq!(line(text, &["d", "b"]), 0);
    }

    #[test]
    fn operations_above_and_below_are_found() {
        let text = "- {op: test, path: /a}\n- {op: add, path: /a/b/c, value: 1}\n\
                    - {op: remove, path: /a~1b}\n- {op: move, from: /a, path: /z}\n";
        let says = operations("f", text, &["a", "b"]).unwrap();
        let lines: Vec<usize> = says.iter().map(|say| say.line).collect();
        assert_eq!(lines, [2, 4]);
    }
}
