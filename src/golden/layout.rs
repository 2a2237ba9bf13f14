//! Which golden files an overlay has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

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
    let documents = manifest::split(stream, "the output")?;
    let names: Vec<Name> = documents.iter().map(Name::of).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in &names {
        *counts.entry(name.folded()).or_default() += 1;
    }
    let mut files = Files::new();
    for (document, name) in documents.iter().zip(&names) {
        let is_own = counts.get(&name.folded()) == Some(&1);
        let name = match name.is_exact && is_own {
            true => name.plain.clone(),
            false => format!("{}-{}", name.plain, name.digest),
        };
        let mut path = format!("{stem}/{name}{EXTENSION}");
        let mut n = 1;
        // Only documents that are no objects, or twice the same one, are still alike.
        while files.contains_key(&path) {
            n += 1;
            path = format!("{stem}/{name}-{n}{EXTENSION}");
        }
        files.insert(path, document.text().to_owned());
    }
    Ok(files)
}

/// The overlay that the golden file `name` belongs to, among those called `stems`.
pub fn owner<'s>(name: &str, stems: &'s BTreeSet<String>) -> Option<&'s str> {
    let whole = name.strip_suffix(EXTENSION).unwrap_or(name);
    let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
    let stem = stems.get(whole).or_else(|| stems.get(directory));
    stem.map(String::as_str)
}

/// The overlay that the golden file `name` with the content `text` is of: the file is either all that
/// it renders to, or called as one of its resources is.
pub(super) fn stem_of(name: &str, text: &str) -> String {
    let whole = name.strip_suffix(EXTENSION).unwrap_or(name);
    let Some((directory, file)) = whole.rsplit_once('/') else {
        return whole.to_owned();
    };
    let documents = manifest::split(text, name).unwrap_or_default();
    match documents.as_slice() {
        [only] if file.starts_with(&Name::of(only).plain) => directory.to_owned(),
        _ => whole.to_owned(),
    }
}

/// What a resource's file can be called.
struct Name {
    /// The kind with its group and the name, as far as every file system takes them.
    plain: String,
    /// Whether nothing had to be replaced or left out.
    is_exact: bool,
    /// What tells the resource from others of that name, wherever it stands in the stream.
    digest: String,
}

impl Name {
    fn of(document: &Document) -> Name {
        let Some(identity) = Identity::of(document.object(), "") else {
            return Name {
                plain: "other".to_owned(),
                is_exact: true,
                digest: digest(document.text()),
            };
        };
        let Identity {
            group,
            kind,
            namespace,
            name,
        } = &identity;
        let mut wanted = kind.to_lowercase();
        if !group.is_empty() {
            let _ = write!(wanted, ".{group}");
        }
        let _ = write!(wanted, "-{name}");
        let fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        let plain = wanted.chars().map(|c| if fits(c) { c } else { '_' });
        let plain: String = plain.take(MAX_NAME_CHARS).collect();
        // A name without a kind could hide its file, or be that of a directory.
        let plain = match plain.starts_with('.') {
            true => format!("_{plain}"),
            false => plain,
        };
        Name {
            is_exact: plain == wanted,
            plain,
            digest: digest(&format!("{group}\n{kind}\n{namespace}\n{name}")),
        }
    }

    /// The name on a file system that does not tell capitals from small letters.
    fn folded(&self) -> String {
        self.plain.to_lowercase()
    }
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest[..4].iter().map(|b| format!("{b:02x}")).collect()
}

/// The longest name of a file, without its digest and extension.
const MAX_NAME_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: x}\n\
                          ---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: y}\n\
                          ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n\
                          metadata: {name: \"system:../a\"}\n";

    fn names(stream: &str) -> Vec<String> {
        files(stream, "prod", true).unwrap().into_keys().collect()
    }

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
                "prod/role.rbac.authorization.k8s.io-system_.._a-680ce670.yaml",
                "prod/secret-a-066ee163.yaml",
                "prod/secret-a-2de3eebf.yaml",
            ]
        );
        let length: usize = files.values().map(String::len).sum();
        assert_eq!(length, STREAM.len());
    }

    #[test]
    fn names_do_not_depend_on_the_order() {
        let documents: Vec<&str> = STREAM.split_inclusive("}\n").collect();
        let reversed: String = documents.iter().rev().copied().collect();
        assert_eq!(names(STREAM), names(&reversed));
    }

    #[test]
    fn names_differ_on_every_file_system_and_lead_nowhere() {
        let object = |kind: &str, name: &str| {
            format!("---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: \"{name}\"}}\n")
        };
        let long = "x".repeat(300);
        let stream = [
            object("Role", "Admin"),
            object("Role", "admin"),
            object("../../Role", "../../../etc/passwd"),
            object("Role", &format!("{long}1")),
            object("Role", &format!("{long}2")),
            object("Role", "a\\tb"),
        ]
        .concat();
        let names = names(&stream);
        let folded: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(folded.len(), 6, "{names:#?}");
        for name in &names {
            let file = name.strip_prefix("prod/").unwrap();
            let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            assert!(file.len() <= 255 && file.chars().all(fits), "{file}");
            assert!(!file.starts_with('.'), "{file}");
        }
    }

    #[test]
    fn files_belong_to_overlays() {
        let stems = ["team/a", "b"].map(str::to_owned).into();
        assert_eq!(owner("team/a.yaml", &stems), Some("team/a"));
        assert_eq!(owner("team/a/service-x.yaml", &stems), Some("team/a"));
        assert_eq!(owner("b/c/d.yaml", &stems), None);
        assert_eq!(owner("team/b.yaml", &stems), None);
    }
}
