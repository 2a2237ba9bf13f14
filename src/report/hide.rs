//! Secrets in values.
//!
//! In: trees and objects. Out: the same with secrets as fingerprints, and the texts that are secrets
//! wherever they stand, because a Secret holds them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secret::{
    Fingerprints, MIN_KNOWN_BYTES, is_harmless, is_plain_below, is_reference, is_secret_key,
};
use crate::value::{Tree, TreeMap};

/// What `kubectl apply` keeps of an object, in whole.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The parts of a Secret that hold secrets.
const SECRET_PARTS: [&str; 2] = ["data", "stringData"];

/// Ends of keys of a Secret whose values are none.
const OPEN_ENDS: [&str; 8] = [
    "user",
    "username",
    "name",
    "host",
    "url",
    "email",
    "id",
    "namespace",
];

impl Fingerprints {
    /// A value with secrets as fingerprints: those below telling keys, and those in texts.
    pub fn mask_tree(&self, tree: &Tree) -> Tree {
        self.masked(tree, false)
    }

    /// The value at `path` with secrets as fingerprints.
    pub fn mask_at(&self, path: &[&str], tree: &Tree) -> Tree {
        let mut secret = false;
        for key in path {
            secret = is_secret_below(key, secret);
        }
        self.masked(tree, secret)
    }

    fn masked(&self, tree: &Tree, secret: bool) -> Tree {
        match tree {
            Tree::Map(entries) => {
                let named = names_secret(entries);
                let masked = entries.iter().map(|(key, value)| {
                    let text = key.to_str_lossy();
                    let secret = is_secret_below(&text, secret) || (named && is_value(&text));
                    (key.clone(), self.masked(value, secret))
                });
                Tree::map(masked.collect())
            }
            Tree::List(items) => {
                let mut flag = false;
                let masked = items.iter().map(|item| {
                    let masked = self.masked(item, secret || flag);
                    flag = item.as_str().is_some_and(is_secret_flag);
                    masked
                });
                Tree::list(masked.collect())
            }
            Tree::Str(text) => {
                let text = text.to_str_lossy();
                if secret && !is_harmless(&text) {
                    return Tree::from(self.of(text.as_bytes()));
                }
                let mut masked = self.mask_lines(&text).join("\n");
                if text.ends_with('\n') {
                    masked.push('\n');
                }
                Tree::from(masked)
            }
            Tree::Int(_) | Tree::Uint(_) | Tree::Float(_) if secret => {
                Tree::from(self.of(format!("{tree:?}").as_bytes()))
            }
            other => other.clone(),
        }
    }
}

/// Says whether what stands under `key` is a secret, below something that is one or not.
pub(super) fn is_secret_below(key: &str, secret: bool) -> bool {
    if is_reference(key) || (secret && is_plain_below(key)) {
        return false;
    }
    secret || is_secret_key(key) || key == LAST_APPLIED
}

/// Says whether a map such as a container's variable has the name of a secret.
pub(super) fn names_secret(map: &TreeMap) -> bool {
    let name = map.get("name".as_bytes()).and_then(Tree::as_str);
    name.is_some_and(is_secret_key)
}

/// Says whether a key beside such a name holds the value.
pub(super) fn is_value(key: &str) -> bool {
    matches!(key, "value" | "defaultValue")
}

/// Says whether the next argument of a command line is a secret.
pub(super) fn is_secret_flag(argument: &str) -> bool {
    argument.starts_with('-') && !argument.contains('=') && is_secret_key(argument)
}

/// The texts that Secrets among `objects` hold and that may stand elsewhere, too.
pub(super) fn known<'o>(objects: impl Iterator<Item = &'o Tree> + Clone) -> Vec<String> {
    let mut known = BTreeSet::new();
    for object in objects.clone() {
        if object.get("kind").and_then(Tree::as_str) != Some("Secret") {
            continue;
        }
        for part in SECRET_PARTS {
            let entries = object.get(part).and_then(Tree::as_map);
            for (key, value) in entries.into_iter().flatten() {
                let key = key.to_str_lossy().to_lowercase();
                let is_open = OPEN_ENDS.iter().any(|end| key.ends_with(end));
                if let Some(text) = value.as_str().filter(|_| !is_open || is_secret_key(&key)) {
                    note(text, part == "data", &mut known);
                }
            }
        }
    }
    // A password that is also a name hides nothing.
    for object in objects {
        for key in ["name", "namespace"] {
            let name = object.at(["metadata", key]).and_then(Tree::as_str);
            known.remove(name.unwrap_or_default());
        }
    }
    known.into_iter().collect()
}

fn note(text: &str, is_encoded: bool, known: &mut BTreeSet<String>) {
    let mut add = |text: &str| {
        let text = text.trim();
        if text.len() >= MIN_KNOWN_BYTES && !is_harmless(text) {
            known.insert(text.to_owned());
        }
    };
    let decoded = is_encoded
        .then(|| STANDARD.decode(text.trim()).ok())
        .flatten();
    let plain = match &decoded {
        Some(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        None if is_encoded => "",
        None => text,
    };
    plain.lines().for_each(&mut add);
    if plain.trim().len() >= MIN_KNOWN_BYTES {
        add(&STANDARD.encode(plain));
    }
    if is_encoded {
        add(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn values_lose_their_secrets_and_keep_their_names() {
        let tree = yaml::to_tree(
            b"admin: {username: admin, password: hunter2, existingSecret: mine}\n\
              additionalSecrets: [{name: db, value: hunter2}]\n\
              containerEnv: [{name: DB_PASSWORD, value: hunter2}, {name: A, value: b}]\n\
              args: [--token, hunter2, --port, '80']\npin: {pinPassword: 1234}\n\
              JCasC: {x: \"password: hunter2\\nok: 1\\n\"}\n",
        );
        let masked = yaml::write(&Fingerprints::hidden().mask_tree(&tree.unwrap()));
        assert!(
            !masked.contains("hunter2") && !masked.contains("1234"),
            "{masked}"
        );
        for text in [
            "username: admin",
            "existingSecret: mine",
            "name: db",
            "value: b",
            "ok: 1",
        ] {
            assert!(masked.contains(text), "{text} in {masked}");
        }
    }

    #[test]
    fn secrets_are_known_in_every_form() {
        let secret = yaml::to_tree(
            b"kind: Secret\nmetadata: {name: hunter-a, namespace: ci}\ndata: {p: aHVudGVyMi1i, user: am9obi1kb2U=}\n\
              stringData: {s: \"hunter2-c\\n\", t: hunter-a, u: short}\n",
        )
        .unwrap();
        let known = known([&secret].into_iter());
        assert_eq!(
            known,
            [
                "aHVudGVyLWE=",
                "aHVudGVyMi1i",
                "aHVudGVyMi1jCg==",
                "hunter2-b",
                "hunter2-c"
            ]
        );
    }
}
