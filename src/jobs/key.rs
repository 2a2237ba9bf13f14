//! File names for ConfigMap keys: one key for each path, and never the same for two.

use crate::diag::Diagnostic;

/// Longest key of a ConfigMap.
const MAX_LEN: usize = 253;

/// Makes the key of the file at `path` (below `jobs/` or `casc/`).
///
/// A ConfigMap key is a flat name of letters, digits, `-`, `_` and `.`. A `/` becomes `..`; every
/// other byte that would not fit, or could be mistaken for that, becomes `_xHH` with its two hex
/// digits. So most names stay as they are, and `a/b_c` and `a_b/c` stay apart.
pub(super) fn from_path(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut key = String::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).map(|i| bytes[i]);
        let after = bytes.get(at + 1);
        let stays = match byte {
            b'/' => {
                key.push_str("..");
                continue;
            }
            b'.' => !matches!(before, None | Some(b'.' | b'/')) && after != Some(&b'/'),
            b'_' => !looks_escaped(&bytes[at + 1..]),
            byte => byte.is_ascii_alphanumeric() || *byte == b'-',
        };
        if stays {
            key.push(char::from(*byte));
        } else {
            key.push_str(&format!("_x{byte:02x}"));
        }
    }
    key
}

/// Makes the key of a file in one of several ConfigMaps; no path has three dots in its key.
pub(super) fn of_part(bits: &str, key: &str) -> String {
    format!("{bits}...{key}")
}

/// Refuses what Kubernetes would not take as a key.
pub(super) fn check(key: &str) -> Result<(), Box<Diagnostic>> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let problem = if key.is_empty() {
        "an empty key"
    } else if key.len() > MAX_LEN {
        "a key of more than 253 characters"
    } else if !key.chars().all(fits) {
        "a key with other characters than letters, digits, `-`, `_` and `.`"
    } else if key.starts_with('.') {
        "a key with a leading dot"
    } else {
        return Ok(());
    };
    Err(Box::new(Diagnostic::error(format!(
        "`{key}`: Kubernetes and JCasC do not take {problem}"
    ))))
}

/// Says whether what follows a `_` reads as one of our escapes.
fn looks_escaped(rest: &[u8]) -> bool {
    let is_hex = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    matches!(rest, [b'x', high, low, ..] if is_hex(high) && is_hex(low))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn most_names_stay() {
        for (path, key) in [
            ("test.groovy", "test.groovy"),
            ("team-a/my_job.groovy", "team-a..my_job.groovy"),
            ("a_b/c.groovy", "a_b..c.groovy"),
            ("a b.groovy", "a_x20b.groovy"),
            ("é.groovy", "_xc3_xa9.groovy"),
            ("_x20.groovy", "_x5fx20.groovy"),
            ("a..b.groovy", "a._x2eb.groovy"),
            ("a./b.groovy", "a_x2e..b.groovy"),
            (".a/b.groovy", "_x2ea..b.groovy"),
        ] {
            assert_eq!(from_path(path), key, "{path}");
            assert!(check(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn no_two_paths_share_a_key() {
        let alphabet = ["a", ".", "/", "_", "x", "2", "e", " "];
        let mut paths = vec![String::new()];
        let mut keys: BTreeMap<String, String> = BTreeMap::new();
        for _ in 0..5 {
            paths = paths
                .iter()
                .flat_map(|path| alphabet.iter().map(move |next| format!("{path}{next}")))
                .collect();
            for path in &paths {
                let other = keys.insert(from_path(path), path.clone());
                assert_eq!(other, None, "{path}");
            }
        }
    }

    #[test]
    fn kubernetes_limits_are_kept() {
        assert!(check(&"k".repeat(MAX_LEN)).is_ok());
        for key in ["", "..a", ".a", "a/b", "a b", "é", &"k".repeat(MAX_LEN + 1)] {
            assert!(check(key).is_err(), "{key}");
        }
    }
}
