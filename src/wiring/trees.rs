//! Small objects of Argo CD, made and read.

use crate::value::{Str, Tree};

/// A map.
pub(super) fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Tree)>) -> Tree {
    let entries = entries.into_iter();
    Tree::map(
        entries
            .map(|(key, value)| (Str::from(key), value))
            .collect(),
    )
}

/// A list.
pub(super) fn list(items: impl IntoIterator<Item = Tree>) -> Tree {
    Tree::list(items.into_iter().collect())
}

/// `inner` below a path of keys.
pub(super) fn nest(path: &[&str], inner: Tree) -> Tree {
    path.iter()
        .rev()
        .fold(inner, |inner, key| map([(*key, inner)]))
}

/// The text at a path of keys; empty if there is none.
pub(super) fn text<'t>(tree: &'t Tree, path: &[&str]) -> &'t str {
    tree.at(path.iter().copied())
        .and_then(Tree::as_str)
        .unwrap_or_default()
}

/// The items of the list at a path of keys.
pub(super) fn items<'t>(tree: &'t Tree, path: &[&str]) -> &'t [Tree] {
    tree.at(path.iter().copied())
        .and_then(Tree::as_list)
        .unwrap_or_default()
}
