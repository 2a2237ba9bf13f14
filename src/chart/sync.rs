//! Whether `Chart.lock` was made for what `Chart.yaml` declares: Helm's `resolver.HashReq`.

use super::metadata::{Dependency, Import, Lock};
use crate::store::Digest;
use crate::value::Tree;
use crate::value::json::{self, EncodeError, Options};

impl Lock {
    /// Says whether the lock was made for the dependencies `declared`, whose repositories are
    /// addresses and no names.
    pub fn fits(&self, declared: &[Dependency]) -> bool {
        let digest = || {
            let mut text = b"[".to_vec();
            list(&mut text, declared)?;
            text.push(b',');
            list(&mut text, &self.dependencies)?;
            text.push(b']');
            Ok::<_, EncodeError>(digest(&text))
        };
        digest().is_ok_and(|digest| digest == self.digest)
    }

    /// Says whether Helm 2 made the lock for the dependencies `declared`, as they are written.
    pub fn fits_helm_2(&self, declared: &[Dependency]) -> bool {
        let mut text = b"{\"dependencies\":".to_vec();
        let listed = list(&mut text, declared);
        text.push(b'}');
        listed.is_ok() && digest(&text) == self.digest
    }
}

fn digest(text: &[u8]) -> String {
    format!("sha256:{}", Digest::of(text))
}

/// Writes dependencies as Go's `encoding/json` does: fields in their order, empty ones left out.
fn list(out: &mut Vec<u8>, dependencies: &[Dependency]) -> Result<(), EncodeError> {
    out.push(b'[');
    for (at, dependency) in dependencies.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, dependency)?;
    }
    out.push(b']');
    Ok(())
}

fn write(out: &mut Vec<u8>, dependency: &Dependency) -> Result<(), EncodeError> {
    let text = |text: &String| Tree::str(text.as_str());
    let some = |text: &String| (!text.is_empty()).then(|| Tree::str(text.as_str()));
    let all = |items: Vec<Tree>| (!items.is_empty()).then(|| Tree::list(items));
    let imports = dependency
        .import_values
        .iter()
        .filter_map(|import| match import {
            Import::Declared(tree) => Some(tree.clone()),
            Import::Resolved { .. } => None,
        });
    let fields = [
        ("name", Some(text(&dependency.name))),
        ("version", some(&dependency.version)),
        ("repository", Some(text(&dependency.repository))),
        ("condition", some(&dependency.condition)),
        ("tags", all(dependency.tags.iter().map(text).collect())),
        ("enabled", dependency.enabled.then_some(Tree::Bool(true))),
        ("import-values", all(imports.collect())),
        ("alias", some(&dependency.alias)),
    ];
    let options = Options {
        escape_html: true,
        indent: false,
    };
    let mut separator = b'{';
    for (name, value) in fields {
        let Some(value) = value else { continue };
        out.push(separator);
        out.extend_from_slice(format!("\"{name}\":").as_bytes());
        out.extend(json::encode_tree(&value, options)?);
        separator = b',';
    }
    out.push(b'}');
    Ok(())
}
