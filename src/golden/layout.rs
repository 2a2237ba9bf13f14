//! Which golden files an overlay has.

use std::collections::BTreeMap;

use super::{EXTENSION, Files};
use crate::diag::Diagnostic;
use crate::manifest::{self, Document, Identity};

/// The golden files of an overlay called `stem` that renders to `stream`: one file with these bytes,
/// or one for each resource in a directory of that name.
///
/// # Errors
///
/// The stream does not split into objects.
pub fn files(stream: &str, stem: &str, per_resource: bool) -> Result<Files, Box<Diagnostic>> {
    if !per_resource {
        return Ok(BTreeMap::from([(
            format!("{stem}{EXTENSION}"),
            stream.to_owned(),
        )]));
    }
    let mut files = Files::new();
    for document in manifest::split(stream, "the output")? {
        let name = name(&document);
        let mut path = format!("{stem}/{name}{EXTENSION}");
        let mut n = 1;
        // Two objects may differ in nothing that the name shows, such as their namespaces.
        while files.contains_key(&path) {
            n += 1;
            path = format!("{stem}/{name}-{n}{EXTENSION}");
        }
        files.insert(path, document.text().to_owned());
    }
    Ok(files)
}

/// The kind with its group and the name of an object, as far as file systems take them.
fn name(document: &Document) -> String {
    let Some(identity) = Identity::of(document.object(), "") else {
        return "other".to_owned();
    };
    let mut name = identity.kind.to_lowercase();
    if !identity.group.is_empty() {
        name = format!("{name}.{}", identity.group);
    }
    let name = format!("{name}-{}", identity.name);
    let fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let name = name.chars().map(|c| if fits(c) { c } else { '_' });
    name.take(MAX_NAME_CHARS).collect()
}

/// The longest name of a file, without its number and extension.
const MAX_NAME_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: x}\n\
                          ---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: y}\n\
                          ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n\
                          metadata: {name: \"system:../a\"}\n";

    #[test]
    fn one_file_holds_the_stream() {
        let files = files(STREAM, "prod", false).unwrap();
        assert_eq!(files, BTreeMap::from([("prod.yaml".into(), STREAM.into())]));
    }

    #[test]
    fn resources_have_names_of_their_own_and_nothing_is_lost() {
        let files = files(STREAM, "prod", true).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "prod/role.rbac.authorization.k8s.io-system_.._a.yaml",
                "prod/secret-a-2.yaml",
                "prod/secret-a.yaml",
            ]
        );
        let length: usize = files.values().map(String::len).sum();
        assert_eq!(length, STREAM.len());
    }
}
