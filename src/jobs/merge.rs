//! What JCasC does before it looks at any meaning: it merges all files of the folder into one.
//!
//! In: the fragments, and what else the sidecar loads. Out: nothing. Refused: a scalar that two
//! files set, even to the same, and a key that is of two kinds; one such file would keep Jenkins
//! from starting.

use std::collections::{BTreeMap, BTreeSet};

use super::config_map::YAML_ENDINGS;
use super::sidecar::{Sidecar, loaded, text};
use super::sources::Sources;
use crate::diag::Diagnostic;
use crate::limits::MAX_CASC_NODES;
use crate::manifest::Document;
use crate::value::Tree;
use crate::yaml::{self, Kind, Node};

/// Checks that the merge of all JCasC files of the sidecar's folder succeeds.
///
/// # Errors
///
/// Points at the later of two places, and names the other one and the path of keys.
pub fn check_merge(
    documents: &[Document],
    sidecar: &Sidecar,
    release_namespace: &str,
    casc: &Sources,
) -> Result<(), Box<Diagnostic>> {
    let own: BTreeSet<&str> = casc.values().map(|source| source.text.as_str()).collect();
    let mut merge = Merge {
        overrides: sidecar.overrides,
        ..Merge::default()
    };
    // The chart's files come first, so that messages point into files of the repository.
    for document in loaded(documents, sidecar, release_namespace) {
        let object = document.object();
        let name = text(object.at(["metadata", "name"]));
        let data = object.get("data").and_then(Tree::as_map);
        for (key, content) in data.into_iter().flatten() {
            let key = key.to_str_lossy();
            let is_yaml = YAML_ENDINGS.iter().any(|ending| key.ends_with(ending));
            let content = content.as_str().unwrap_or_default();
            if is_yaml && !own.contains(content) {
                merge.add(&format!("`{key}` of the ConfigMap `{name}`"), content)?;
            }
        }
    }
    for source in casc.values() {
        merge.add(&source.file, &source.text)?;
    }
    Ok(())
}

/// What the files so far have.
#[derive(Default)]
struct Merge {
    overrides: bool,
    files: Vec<String>,
    /// The top mapping, then everything below it.
    seen: Vec<Seen>,
    n_visited: usize,
}

/// A key that some file has.
struct Seen {
    shape: Shape,
    /// Which file had it first, and where.
    file: usize,
    line: usize,
    children: BTreeMap<Vec<u8>, usize>,
}

/// The kinds that the merge tells apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Map,
    List,
    Scalar,
}

impl Shape {
    fn of(node: Node<'_>) -> Shape {
        match node.kind() {
            Kind::Mapping => Shape::Map,
            Kind::Sequence => Shape::List,
            Kind::Scalar(_) | Kind::Alias => Shape::Scalar,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Shape::Map => "a mapping",
            Shape::List => "a list",
            Shape::Scalar => "a single value",
        }
    }
}

impl Merge {
    /// Merges another file.
    fn add(&mut self, file: &str, text: &str) -> Result<(), Box<Diagnostic>> {
        let document = yaml::parse(text.as_bytes());
        let document = document.map_err(|e| Box::new(e.diagnostic(file, text)))?;
        let number = self.files.len();
        self.files.push(file.to_owned());
        let Some(root) = document.root().filter(|root| root.kind() == Kind::Mapping) else {
            return Ok(());
        };
        if self.seen.is_empty() {
            self.seen.push(Seen {
                shape: Shape::Map,
                file: number,
                line: 1,
                children: BTreeMap::new(),
            });
        }
        let mut open = vec![(root, 0)];
        while let Some((mapping, at)) = open.pop() {
            for (key, value) in mapping.entries() {
                self.n_visited += 1;
                if self.n_visited > MAX_CASC_NODES {
                    let problem =
                        format!("the files of JCasC hold more than {MAX_CASC_NODES} keys");
                    return Err(Box::new(Diagnostic::error(problem).in_file(file)));
                }
                let value = value.resolved();
                let shape = Shape::of(value);
                let name = key.resolved().text().to_vec();
                let child = match self.seen[at].children.get(&name) {
                    Some(child) => {
                        let child = *child;
                        let first = &self.seen[child];
                        let is_fine = first.file == number
                            || first.shape == shape && (shape != Shape::Scalar || self.overrides);
                        if !is_fine {
                            let problem = self.conflict(child, shape);
                            let place = problem.at(file, key.line(), key.column(), text);
                            return Err(Box::new(place));
                        }
                        child
                    }
                    None => {
                        let child = self.seen.len();
                        self.seen.push(Seen {
                            shape,
                            file: number,
                            line: key.line(),
                            children: BTreeMap::new(),
                        });
                        self.seen[at].children.insert(name, child);
                        child
                    }
                };
                if shape == Shape::Map {
                    open.push((value, child));
                }
            }
        }
        Ok(())
    }

    fn conflict(&self, at: usize, shape: Shape) -> Diagnostic {
        let first = &self.seen[at];
        let path = self.path(at);
        let problem = if first.shape == shape {
            Diagnostic::error(format!("`{path}` is set twice")).hint(
                "JCasC refuses a value that two files set, even to the same; keep one of them",
            )
        } else {
            let (one, other) = (shape.name(), first.shape.name());
            Diagnostic::error(format!("`{path}` is {one} here and {other} elsewhere"))
        };
        let (file, line) = (&self.files[first.file], first.line);
        problem.context(format!("also in {file}, line {line}"))
    }

    /// The keys that lead to an entry; looked for only once, for a message.
    fn path(&self, wanted: usize) -> String {
        let mut parents = BTreeMap::new();
        for (parent, seen) in self.seen.iter().enumerate() {
            for (key, child) in &seen.children {
                parents.insert(*child, (parent, String::from_utf8_lossy(key)));
            }
        }
        let mut keys = Vec::new();
        let mut at = wanted;
        while let Some((parent, key)) = parents.get(&at) {
            keys.push(key.as_ref());
            at = *parent;
        }
        keys.reverse();
        keys.join(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_keys_is_bounded() {
        let mut merge = Merge {
            n_visited: MAX_CASC_NODES - 1,
            ..Merge::default()
        };
        assert!(merge.add("a.yaml", "a: 1").is_ok());
        assert!(merge.add("b.yaml", "b: 1").is_err());
    }
}
