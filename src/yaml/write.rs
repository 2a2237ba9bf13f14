//! Writes YAML as go-yaml v2 does (`toYaml`).
//!
//! In: a tree. Out: its text with a line feed at the end. Numbers are written as they are held:
//! [`crate::value::json::to_tree`] first makes integers of integral floats, as Helm does.

use super::emit::{Emitter, Engine};
use super::order::sort;
use crate::limits::MAX_ENCODED_BYTES;
use crate::value::format::float;
use crate::value::json::{EncodeError, detour, to_tree};
use crate::value::{Str, Tree, Value};

/// A collection whose rest is still to be written.
enum Rest<'t> {
    Items(std::slice::Iter<'t, Tree>),
    Entries(std::vec::IntoIter<(Str, &'t Tree)>),
}

/// Writes `tree` as the go-yaml v2 emitter does, with a line feed at the end.
///
/// Indentation makes the text of deep trees far longer than the tree: [`marshal`] is for data from
/// outside.
///
/// ```
/// use jenkins_cmp::value::Tree;
/// use jenkins_cmp::yaml;
///
/// let list = Tree::list(vec![Tree::str("on"), Tree::Int(1)]);
/// assert_eq!(yaml::write(&list), "- \"on\"\n- 1\n");
/// ```
pub fn write(tree: &Tree) -> String {
    let mut emitter = Emitter::new(Engine::V2);
    let complete = emit(&mut emitter, tree, usize::MAX);
    debug_assert!(complete, "there is no bound to meet");
    emitter.finish()
}

/// Writes data as `sigs.k8s.io/yaml` marshals it: through JSON, then as [`write()`].
///
/// # Errors
///
/// As [`crate::value::json::detour`].
pub fn marshal(tree: &Tree) -> Result<String, EncodeError> {
    write_within(detour(tree)?, MAX_ENCODED_BYTES)
}

/// Writes a value as `sigs.k8s.io/yaml` marshals it (`toYaml`).
///
/// # Errors
///
/// As [`crate::value::json::to_tree`].
pub fn marshal_value(value: &Value) -> Result<String, EncodeError> {
    write_within(to_tree(value)?, MAX_ENCODED_BYTES)
}

fn write_within(tree: Tree, limit: usize) -> Result<String, EncodeError> {
    let mut emitter = Emitter::new(Engine::V2);
    let complete = emit(&mut emitter, &tree, limit);
    tree.dismantle();
    if complete {
        Ok(emitter.finish())
    } else {
        Err(EncodeError::too_big(limit))
    }
}

/// Emits `tree`; false when that was given up beyond `limit` bytes.
fn emit(emitter: &mut Emitter, tree: &Tree, limit: usize) -> bool {
    let mut open: Vec<Rest<'_>> = Vec::new();
    let mut next = Some(tree);
    loop {
        if let Some(tree) = next.take() {
            write_node(emitter, tree, &mut open);
        }
        if emitter.len() > limit {
            return false;
        }
        match open.last_mut() {
            None => return true,
            Some(Rest::Items(items)) => next = items.next(),
            Some(Rest::Entries(entries)) => {
                if let Some((key, tree)) = entries.next() {
                    emitter.key(&key);
                    next = Some(tree);
                }
            }
        }
        if next.is_none() {
            open.pop();
            emitter.end();
        }
    }
}

fn write_node<'t>(emitter: &mut Emitter, tree: &'t Tree, open: &mut Vec<Rest<'t>>) {
    match tree {
        Tree::Null => emitter.plain("null"),
        Tree::Bool(b) => emitter.plain(if *b { "true" } else { "false" }),
        Tree::Int(n) => emitter.plain(&n.to_string()),
        Tree::Uint(n) => emitter.plain(&n.to_string()),
        Tree::Float(f) => emitter.plain(&yaml_float(*f)),
        Tree::Str(s) => emitter.string(s),
        Tree::List(items) => {
            emitter.begin_list(items.len());
            if !items.is_empty() {
                open.push(Rest::Items(items.iter()));
            }
        }
        Tree::Map(entries) => {
            emitter.begin_map(entries.len());
            if !entries.is_empty() {
                let entries = entries.iter().map(|(k, v)| (k.clone(), v)).collect();
                open.push(Rest::Entries(sort(entries, Engine::V2).into_iter()));
            }
        }
    }
}

/// A float as go-yaml writes it.
pub(super) fn yaml_float(f: f64) -> String {
    if f.is_nan() {
        ".nan".to_owned()
    } else if f.is_infinite() {
        if f > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        float(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{marshal, marshal_value, write, write_within};
    use crate::value::json::{EncodeError, rows};
    use crate::value::{Int, Tree, Value};

    #[test]
    fn recorded_texts() {
        let files = [
            "detour",
            "fold",
            "layout",
            "literal",
            "numbers",
            "order",
            "style",
            "timestamps",
            "words",
        ];
        for file in files {
            for row in rows::read(&format!("yaml/write/{file}.txt")) {
                let got = marshal(&row.value).map_err(String::from);
                assert_eq!(got, row.expected(), "{}", row.place);
            }
        }
    }

    #[test]
    fn exact_integers() {
        let text = |value: Value| marshal_value(&value).unwrap();
        assert_eq!(
            text(Value::int64(9_007_199_254_740_993)),
            "9007199254740993\n"
        );
        assert_eq!(text(Value::int(i64::MIN)), "-9223372036854775808\n");
        assert_eq!(
            text(Value::Int(Int::Uint64(u64::MAX))),
            "18446744073709551615\n"
        );
    }

    #[test]
    fn text_without_the_detour() {
        assert_eq!(write(&Tree::Float(1e6)), "1e+06\n");
        assert_eq!(write(&Tree::str("a\u{85}b")), "\"a\\Nb\"\n");
        assert_eq!(write(&Tree::str(&b"\x80\x81"[..])), "!!binary gIE=\n");
    }

    #[test]
    fn size_is_bounded() {
        assert!(write_within(Tree::str("abc"), 3).is_ok());
        assert!(matches!(
            write_within(Tree::str("abc"), 2),
            Err(EncodeError::Limit(_))
        ));
    }
}
