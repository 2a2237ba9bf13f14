//! Mappings of a file that a user wrote, read by key, with the place of every mistake.
//!
//! In: nodes. Out: texts, flags, numbers, lists. Refused: unknown keys, values of another type.

use crate::diag::{self, Diagnostic};
use crate::yaml::{Kind, Node, Style, resolve};

/// A file that messages point into.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'d> {
    /// Its path in the repository.
    pub(super) name: &'d str,
    /// Its text.
    pub(super) text: &'d str,
}

impl File<'_> {
    /// Makes an error that points at `node`.
    pub(super) fn error(self, node: Node<'_>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.name, node.line(), node.column(), self.text)
    }
}

/// A mapping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'d> {
    /// The file it is in.
    pub(super) file: File<'d>,
    /// The mapping itself.
    pub(super) node: Node<'d>,
}

impl<'d> Fields<'d> {
    /// Takes a node that has to be a mapping of `known` keys.
    pub(super) fn new(
        file: File<'d>,
        node: Node<'d>,
        known: &[&str],
    ) -> Result<Fields<'d>, Box<Diagnostic>> {
        let fields = Fields::any(file, node)?;
        for (key, _) in fields.node.entries() {
            let name = String::from_utf8_lossy(key.text());
            if known.contains(&&*name) {
                continue;
            }
            let problem = file.error(key, format!("unknown key `{name}`"));
            return Err(Box::new(match diag::nearest(&name, known) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint(format!("known here: {}", known.join(", "))),
            }));
        }
        Ok(fields)
    }

    /// Takes a node that has to be a mapping, of any keys.
    pub(super) fn any(file: File<'d>, node: Node<'d>) -> Result<Fields<'d>, Box<Diagnostic>> {
        let resolved = node.resolved();
        if resolved.kind() != Kind::Mapping {
            return Err(Box::new(file.error(node, "a mapping is needed here")));
        }
        let node = resolved;
        Ok(Fields { file, node })
    }

    /// The value under `key`.
    pub(super) fn value(&self, key: &str) -> Option<Node<'d>> {
        self.node.get(key).map(|(_, value)| value)
    }

    /// The text under `key`.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Box<Diagnostic>> {
        self.value(key)
            .map(|node| text(self.file, node))
            .transpose()
    }

    /// The text under `key`, which has to be there.
    pub(super) fn needed(&self, key: &str) -> Result<String, Box<Diagnostic>> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    /// The mapping of `known` keys under `key`.
    pub(super) fn map(
        &self,
        key: &str,
        known: &[&str],
    ) -> Result<Option<Fields<'d>>, Box<Diagnostic>> {
        self.value(key)
            .map(|node| Fields::new(self.file, node, known))
            .transpose()
    }

    /// The items of the list under `key`.
    pub(super) fn list(&self, key: &str) -> Result<Vec<Node<'d>>, Box<Diagnostic>> {
        let Some(node) = self.value(key) else {
            return Ok(Vec::new());
        };
        let resolved = node.resolved();
        if resolved.kind() != Kind::Sequence {
            return Err(Box::new(self.file.error(node, "a list is needed here")));
        }
        Ok(resolved.items().collect())
    }

    /// The texts of the list under `key`.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Box<Diagnostic>> {
        let items = self.list(key)?;
        items
            .into_iter()
            .map(|node| text(self.file, node))
            .collect()
    }

    /// The flag under `key`.
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, Box<Diagnostic>> {
        let Some(node) = self.value(key) else {
            return Ok(None);
        };
        match plain(node) {
            Some(resolve::Scalar::Bool(flag)) => Ok(Some(flag)),
            _ => Err(Box::new(
                self.file.error(node, "`true` or `false` is needed here"),
            )),
        }
    }

    /// The count under `key`.
    pub(super) fn count(&self, key: &str) -> Result<Option<i32>, Box<Diagnostic>> {
        let Some(node) = self.value(key) else {
            return Ok(None);
        };
        let count = match plain(node) {
            Some(resolve::Scalar::Int(n)) => i32::try_from(n).ok().filter(|n| *n >= 0),
            _ => None,
        };
        let problem = || self.file.error(node, "a number from 0 on is needed here");
        count.map(Some).ok_or_else(|| Box::new(problem()))
    }

    /// Says that `key` has to be there.
    pub(super) fn missing(&self, key: &str) -> Box<Diagnostic> {
        let problem = format!("the key `{key}` is missing");
        Box::new(self.file.error(self.node, problem))
    }
}

/// The text of a scalar; numbers count as they are written.
pub(super) fn text(file: File<'_>, node: Node<'_>) -> Result<String, Box<Diagnostic>> {
    let resolved = node.resolved();
    let problem = match (resolved.kind(), plain(node)) {
        (Kind::Scalar(_), Some(resolve::Scalar::Bool(_))) => "write it in quotes",
        (Kind::Scalar(_), Some(resolve::Scalar::Null)) => "write '' for an empty text",
        (Kind::Scalar(_), _) => {
            let text = String::from_utf8_lossy(resolved.text()).into_owned();
            if text.contains('\0') {
                return Err(Box::new(file.error(node, "the text holds a NUL")));
            }
            return Ok(text);
        }
        _ => return Err(Box::new(file.error(node, "a text is needed here"))),
    };
    Err(Box::new(
        file.error(node, "a text is needed here").hint(problem),
    ))
}

/// What a scalar without quotes means.
fn plain(node: Node<'_>) -> Option<resolve::Scalar> {
    let node = node.resolved();
    (node.kind() == Kind::Scalar(Style::Plain)).then(|| resolve::plain(node.text()))
}
