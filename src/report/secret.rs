//! Secrets as fingerprints.
//!
//! In: keys, values and texts. Out: whether a key names a secret, and texts in which whatever looks
//! like one is a short keyed fingerprint: equal secrets have equal fingerprints within a report,
//! and without the key nobody can try passwords against them.

use std::sync::LazyLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use regex::{Captures, Regex};
use sha2::Sha256;

/// Makes fingerprints with one key.
#[derive(Clone)]
pub struct Fingerprints {
    key: Vec<u8>,
}

impl std::fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprints")
    }
}

/// Words that make a key the name of a secret, without `-` and `_`.
const WORDS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "privatekey",
    "apikey",
    "accesskey",
    "pwd",
    "bearer",
];

/// Keys with such a word that name a place, not a secret.
const REFERENCES: [&str; 8] = [
    "secretname",
    "secretref",
    "secretkeyref",
    "secretnamespace",
    "imagepullsecrets",
    "existingsecret",
    "automountserviceaccounttoken",
    "secretsource",
];

const NAME: &str = r#"[\w.-]*(?:password|passwd|passphrase|secret|token|private[-_]?key|api[-_]?key|access[-_]?key|pwd|bearer)[\w.-]*"#;

static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = format!(r#"(?i)(?P<name>{NAME})["']?\s*(?P<sign>[:=(>]|\s)\s*"#);
    Regex::new(&pattern).expect("a fixed pattern")
});

static TELLING: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?P<url>://[^/\s:@]*:)[^/\s@]+@",
        r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}",
        r#"|(?i:authorization:\s*\w+|bearer)\s+[^\s'"]+"#,
        r"|AKIA[0-9A-Z]{16}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    );
    Regex::new(pattern).expect("a fixed pattern")
});

impl Fingerprints {
    /// Makes fingerprints with `key`, which should be random.
    pub fn new(key: impl Into<Vec<u8>>) -> Fingerprints {
        Fingerprints { key: key.into() }
    }

    /// The fingerprint of a secret.
    pub(super) fn of(&self, secret: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(secret);
        let digest = mac.finalize().into_bytes();
        let hex: String = digest[..4].iter().map(|b| format!("{b:02x}")).collect();
        format!("‹secret {hex}›")
    }

    /// One line of text with whatever looks like a secret replaced.
    pub(super) fn mask_line(&self, line: &str) -> String {
        let line = TELLING.replace_all(line, |found: &Captures<'_>| match found.name("url") {
            Some(start) => {
                let whole = &found[0];
                let secret = &whole[start.len()..whole.len() - 1];
                format!("{}{}@", start.as_str(), self.of(secret.as_bytes()))
            }
            None => self.of(found[0].as_bytes()),
        });
        let mut out = String::with_capacity(line.len());
        let mut rest = &*line;
        while let Some(found) = ASSIGNED.captures(rest) {
            let (name, end) = (&found["name"], found.get_match().end());
            let is_flag = name.starts_with('-');
            // A blank alone separates only the words of a command line.
            let is_assigned = !found["sign"].trim().is_empty() || is_flag;
            let value = value_at(&rest[end..], is_flag);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            if is_assigned && !value.is_empty() && !is_reference(name) && !is_harmless(value) {
                out.push_str(&self.of(value.as_bytes()));
                rest = &rest[value.len()..];
            }
        }
        out.push_str(rest);
        out
    }

    /// The lines of a text with whatever looks like a secret replaced, blocks of keys included.
    pub(super) fn mask_lines(&self, text: &str) -> Vec<String> {
        let mut inside_key = false;
        // The indent of a key of a secret whose value stands in the lines below.
        let mut below: Option<usize> = None;
        let mut lines = Vec::new();
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            let opens = line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
            let deeper = below.is_some_and(|of| line.trim().is_empty() || indent > of);
            if !deeper {
                below = opens_block(line).then_some(indent);
            }
            let masked = if inside_key || opens || deeper {
                format!("{}{}", &line[..indent], self.of(line.trim().as_bytes()))
            } else {
                self.mask_line(line)
            };
            inside_key = (inside_key || opens) && !line.contains("-----END ");
            lines.push(super::visible::visible(&masked));
        }
        lines
    }
}

/// Says whether a key of this name holds a secret.
pub(super) fn is_secret_key(key: &str) -> bool {
    let plain = normal(key);
    WORDS.iter().any(|word| plain.contains(word)) && !is_reference(key)
}

/// Says whether a key only tells where a secret is.
pub(super) fn is_reference(key: &str) -> bool {
    let plain = normal(key);
    REFERENCES.contains(&plain.as_str())
}

/// The value at the start of `text`: a string in quotes, the rest of the line, or of the word.
fn value_at(text: &str, is_word: bool) -> &str {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = match quote {
            Some(quote) => *c == quote && !escaped,
            None => is_word && c.is_whitespace(),
        };
        escaped = *c == '\\' && !escaped;
        ends
    });
    match end {
        Some((at, _)) if quote.is_some() => &text[..=at],
        Some((at, _)) => &text[..at],
        None => text,
    }
}

/// Says whether a value under such a key gives nothing away: `${NAME}`, `$(NAME)`, a boolean, nothing.
pub(super) fn is_harmless(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    let inside = |open: &str, close: &str| value.strip_prefix(open)?.strip_suffix(close);
    let variable = inside("${", "}").or_else(|| inside("$(", ")"));
    let is_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    variable.is_some_and(|name| name.chars().all(is_name))
        || matches!(
            value,
            "" | "true" | "false" | "null" | "~" | "|" | "|-" | ">" | ">-" | "{" | "["
        )
        || value.starts_with("‹secret ")
}

/// Says whether a line is a key of a secret with its value in the lines below.
fn opens_block(line: &str) -> bool {
    let line = line.trim().trim_start_matches("- ");
    let Some((key, value)) = line.split_once(':') else {
        return false;
    };
    let key = key.trim_matches(['"', '\'', ' ']);
    let value = value.trim();
    is_secret_key(key) && !key.contains(' ') && (value.is_empty() || value.starts_with(['|', '>']))
}

fn normal(key: &str) -> String {
    key.chars()
        .filter(|c| !matches!(c, '-' | '_' | '.' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_references() {
        for (key, expected) in [
            ("password", true),
            ("ADMIN_PASSWORD", true),
            ("private-key", true),
            ("secretId", true),
            ("apiToken", true),
            ("secretName", false),
            ("secretKeyRef", false),
            ("numExecutors", false),
            ("credentialsId", false),
        ] {
            assert_eq!(is_secret_key(key), expected, "{key}");
        }
    }

    #[test]
    fn lines_lose_their_secrets() {
        let prints = Fingerprints::new("test");
        for line in [
            "password: hunter2",
            "  - passWord: \"hunter2\"",
            "-Djenkins.password=hunter2 -Xmx1g",
            "password('hunter2')",
            "<apiToken>hunter2</apiToken>",
            "https://user:hunter2@example.com/",
            "token = \"hunter2\"",
            "export DB_PASSWORD=hunter2",
            "mysql --password hunter2",
            "passphrase: two hunter2 words",
            "{\"clientSecret\":\"hunter2\"}",
            "'password': 'hunter2'",
            "curl -H 'Authorization: Basic hunter2'",
            "Bearer hunter2",
            "the token for password: hunter2",
            "password: ${A}, token: hunter2",
        ] {
            let masked = prints.mask_line(line);
            assert!(!masked.contains("hunter2"), "{line}: {masked}");
            assert!(masked.contains("‹secret "), "{line}: {masked}");
        }
        assert_eq!(
            prints.mask_line("-Da.token=hunter2 -Xmx1g"),
            format!("-Da.token={} -Xmx1g", prints.of(b"hunter2"))
        );
        for line in [
            "password: ${ADMIN_PASSWORD}",
            "secretName: tls",
            "numExecutors: 2",
            "-Dcasc.reload.token=$(POD_NAME) -XX:MaxRAMPercentage=70",
        ] {
            assert_eq!(prints.mask_line(line), line);
        }
    }

    #[test]
    fn blocks_lose_their_secrets() {
        let text = "a: 1\nkey: |\n  -----BEGIN RSA PRIVATE KEY-----\n  hunter2\n  -----END RSA \
                    PRIVATE KEY-----\npassword: |\n  hunter2\n\n  hunter2\nb: 2\n";
        let masked = Fingerprints::new("test").mask_lines(text);
        assert!(!masked.join("\n").contains("hunter2"), "{masked:#?}");
        assert_eq!(masked.first().map(String::as_str), Some("a: 1"));
        assert_eq!(masked.last().map(String::as_str), Some("b: 2"));
    }

    #[test]
    fn fingerprints_depend_on_the_key() {
        let of = |key: &str| Fingerprints::new(key).of(b"x");
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
    }
}
