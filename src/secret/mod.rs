//! Secrets as fingerprints, wherever something is shown to people.
//!
//! In: keys, values and texts. Out: whether a key names a secret, and texts in which whatever looks
//! like one is a short keyed fingerprint: equal secrets have equal fingerprints within a report,
//! and without the key nobody can try passwords against them.

mod lines;

use std::sync::LazyLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use regex::{Captures, Regex};
use sha2::Sha256;

pub(crate) use lines::shown_line;

/// Makes fingerprints with one key.
#[derive(Clone)]
pub struct Fingerprints {
    /// Without a key secrets are hidden and cannot be told apart.
    key: Option<Vec<u8>>,
    /// Texts that are secrets wherever they stand.
    known: Vec<String>,
}

impl std::fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprints")
    }
}

/// Words that make a key the name of a secret, without `-` and `_`.
const WORDS: [&str; 14] = [
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
    "signingkey",
    "encryptionkey",
    "masterkey",
    "sshkey",
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

/// Keys that hold no secret, even below the key of one.
const PLAIN_BELOW: [&str; 13] = [
    "credentialsid",
    "description",
    "id",
    "keyname",
    "kind",
    "name",
    "namespace",
    "optional",
    "path",
    "scope",
    "type",
    "user",
    "username",
];

const NAME: &str = r"(?:[\w.-]*(?:password|passwd|passphrase|secret|token|(?:private|api|access|signing|encryption|master|ssh)[-_]?key|pwd|bearer)[\w.-]*|[\w.-]*pass)";

static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    // Scripts give a value its name as `('NAME', 'value')`, too.
    let sign = r#"(?:["']\s*(?P<comma>,)|["']?\s*(?P<sign>[:=(>]|\s))"#;
    let pattern = format!(r"(?i)(?P<name>{NAME}){sign}\s*");
    Regex::new(&pattern).expect("a fixed pattern")
});

static TELLING: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?P<url>://[^/\s:@]*:)[^/\s@]+@",
        r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}",
        r#"|(?i:authorization:\s*\w+|bearer)\s+[^\s'"]+|"auth"\s*:\s*"[^"]+""#,
        r"|(?i:\blogin\s+\S+\s+password\s+\S+)",
        r"|AKIA[0-9A-Z]{16}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    );
    Regex::new(pattern).expect("a fixed pattern")
});

/// The shortest text that is looked for outside of its place: shorter ones are found everywhere.
pub(crate) const MIN_KNOWN_BYTES: usize = 6;

impl Fingerprints {
    /// Makes fingerprints with `key`, which should be random.
    pub fn new(key: impl Into<Vec<u8>>) -> Fingerprints {
        Fingerprints {
            key: Some(key.into()),
            known: Vec::new(),
        }
    }

    /// Hides secrets behind one and the same word.
    pub fn hidden() -> Fingerprints {
        Fingerprints {
            key: None,
            known: Vec::new(),
        }
    }

    /// The same with texts that are secrets wherever they stand; longer ones come first.
    pub(crate) fn knowing(&self, mut known: Vec<String>) -> Fingerprints {
        known.sort_by_key(|text| std::cmp::Reverse(text.len()));
        known.dedup();
        Fingerprints {
            key: self.key.clone(),
            known,
        }
    }

    /// The fingerprint of a secret.
    pub(crate) fn of(&self, secret: &[u8]) -> String {
        match &self.key {
            Some(key) => format!("‹secret {}›", digest(key, secret)),
            None => "‹secret›".to_owned(),
        }
    }

    /// What stands for binary data: its length and its fingerprint.
    pub(crate) fn of_binary(&self, data: &[u8]) -> String {
        let n = data.len();
        match &self.key {
            Some(key) => format!("‹binary, {n} bytes, {}›", digest(key, data)),
            None => format!("‹binary, {n} bytes›"),
        }
    }

    /// One line of text with whatever looks like a secret replaced.
    pub(crate) fn mask_line(&self, line: &str) -> String {
        let line = TELLING.replace_all(line, |found: &Captures<'_>| match found.name("url") {
            Some(start) => {
                let whole = &found[0];
                let secret = &whole[start.len()..whole.len() - 1];
                match is_harmless(secret) {
                    true => whole.to_owned(),
                    false => format!("{}{}@", start.as_str(), self.of(secret.as_bytes())),
                }
            }
            None => self.of(found[0].as_bytes()),
        });
        let mut out = String::with_capacity(line.len());
        let mut rest = &*line;
        while let Some(found) = ASSIGNED.captures(rest) {
            let (name, end) = (&found["name"], found.get_match().end());
            let is_flag = name.starts_with('-');
            let sign = found.name("sign").map(|sign| sign.as_str());
            let is_assigned = match sign {
                // A comma stands in prose, too.
                None => rest[end..].starts_with(['"', '\'']),
                // A blank alone separates only the words of a command line.
                Some(sign) => !sign.trim().is_empty() || is_flag,
            };
            let value = match sign {
                Some("(") => arguments_at(&rest[end..]),
                _ => value_at(&rest[end..], is_flag),
            };
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            if is_assigned && !value.is_empty() && !is_reference(name) && !is_harmless(value) {
                out.push_str(&self.of(value.as_bytes()));
                rest = &rest[value.len()..];
            }
        }
        out.push_str(rest);
        for known in &self.known {
            if out.contains(known) {
                out = out.replace(known, &self.of(known.as_bytes()));
            }
        }
        out
    }
}

fn digest(key: &[u8], data: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data);
    let digest = mac.finalize().into_bytes();
    digest[..4].iter().map(|b| format!("{b:02x}")).collect()
}

/// Says whether a key of this name holds a secret.
pub(crate) fn is_secret_key(key: &str) -> bool {
    let plain = normal(key);
    (WORDS.iter().any(|word| plain.contains(word)) || plain.ends_with("pass")) && !is_reference(key)
}

/// Says whether a key below that of a secret holds none itself, such as the `id` in
/// `usernamePassword`.
pub(crate) fn is_plain_below(key: &str) -> bool {
    PLAIN_BELOW.contains(&normal(key).as_str())
}

/// Says whether a key only tells where a secret is.
pub(crate) fn is_reference(key: &str) -> bool {
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

/// The arguments at the start of `text`, up to the bracket that ends them.
fn arguments_at(text: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            None if c == ')' => return &text[..at],
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if c == open && !escaped => quote = None,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    text
}

/// Says whether a value under such a key gives nothing away: `${NAME}`, `$(NAME)`, `{{ .Name }}`, a
/// boolean, nothing.
pub(crate) fn is_harmless(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    let inside = |open: &str, close: &str| value.strip_prefix(open)?.strip_suffix(close);
    let variable = inside("${", "}").or_else(|| inside("$(", ")"));
    let is_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    // An expression of a template, unless it may hold the secret itself.
    let expression = inside("{{", "}}").map(|inner| inner.trim_matches(['-', ' ']));
    let names_only = |text: &str| text.starts_with("include ") || !text.contains(['"', '`']);
    variable.is_some_and(|name| name.chars().all(is_name))
        || expression.is_some_and(names_only)
        || matches!(
            value,
            "" | "true" | "false" | "null" | "~" | "|" | "|-" | ">" | ">-" | "{" | "["
        )
        || value.starts_with("‹secret")
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
            ("SMTP_PASS", true),
            ("signing-key", true),
            ("passThrough", false),
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
            "DB_PASS: hunter2",
            r#"{"auths":{"r.example.com":{"auth":"hunter2"}}}"#,
            "mysql --password hunter2",
            "password: {{ \"hunter2\" }}",
            "stringParam('API_TOKEN', 'hunter2', 'why')",
            "password('ID', 'hunter2') // why",
            "machine a login b password hunter2",
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
            "password: {{ .Values.password | quote }}",
            "password: {{ include \"a\" . }}",
            "secretName: tls",
            "the token, which is new",
            "numExecutors: 2",
            "-Dcasc.reload.token=$(POD_NAME) -XX:MaxRAMPercentage=70",
        ] {
            assert_eq!(prints.mask_line(line), line);
        }
    }

    #[test]
    fn fingerprints_depend_on_the_key() {
        let of = |key: &str| Fingerprints::new(key).of(b"x");
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
    }
}
