//! Who we are to which server, from the configuration files of Helm and Docker.
//!
//! Every credential is bound to the place that its file names: a repository's settings are written
//! by others, and must not be able to send it elsewhere.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use url::Url;

use super::FetchError;
use crate::value::Tree;
use crate::yaml;

/// What Helm's `repositories.yaml` says about one chart repository.
#[derive(Clone, Default)]
pub(super) struct Repository {
    pub(super) url: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) cert_file: String,
    pub(super) key_file: String,
    pub(super) ca_file: String,
    pub(super) skip_tls_verify: bool,
    pub(super) pass_credentials: bool,
}

/// What is known about a registry.
#[derive(Clone, Default)]
pub(super) struct Registry {
    place: String,
    /// The value of a `Basic` header.
    pub(super) basic: Option<String>,
    /// A token that buys other tokens.
    pub(super) identity_token: Option<String>,
}

/// The value of an `Authorization` header for a user and a password.
pub(super) fn basic(username: &str, password: &str) -> String {
    let pair = BASE64_STANDARD.encode(format!("{username}:{password}"));
    format!("Basic {pair}")
}

/// Reads Helm's `repositories.yaml`.
pub(super) fn repositories(file: &str, text: &[u8]) -> Result<Vec<Repository>, FetchError> {
    let tree = yaml::to_tree(text)
        .map_err(|e| FetchError::input(format!("`{file}` is not YAML: {}", e.message)))?;
    let list = tree.get("repositories").and_then(Tree::as_list);
    let entry = |entry: &Tree| {
        let text = |key: &str| {
            let value = entry.get(key).and_then(Tree::as_str);
            value.unwrap_or_default().to_owned()
        };
        let flag = |key: &str| matches!(entry.get(key), Some(Tree::Bool(true)));
        Repository {
            url: text("url"),
            username: text("username"),
            password: text("password"),
            cert_file: text("certFile"),
            key_file: text("keyFile"),
            ca_file: text("caFile"),
            skip_tls_verify: flag("insecure_skip_tls_verify"),
            pass_credentials: flag("pass_credentials_all"),
        }
    };
    Ok(list.unwrap_or_default().iter().map(entry).collect())
}

/// Finds the entry of the repository at `url`.
pub(super) fn repository<'r>(list: &'r [Repository], url: &str) -> Option<&'r Repository> {
    let same = |other: &str| other.trim_end_matches('/') == url.trim_end_matches('/');
    list.iter().find(|repository| same(&repository.url))
}

/// Reads a configuration file of Docker's form.
pub(super) fn registries(file: &str, text: &[u8]) -> Result<Vec<Registry>, FetchError> {
    // The parser's own message could quote a secret.
    let wrong = |_| FetchError::input(format!("`{file}` is not JSON"));
    let config: Value = serde_json::from_slice(text).map_err(wrong)?;
    let Some(auths) = config.get("auths").and_then(Value::as_object) else {
        return Ok(Vec::new());
    };
    let registry = |(place, entry): (&String, &Value)| {
        let text = |key: &str| {
            let value = entry.get(key).and_then(Value::as_str);
            value.filter(|text| !text.is_empty())
        };
        let encoded = text("auth").map(|pair| format!("Basic {pair}"));
        let plain = || Some(basic(text("username")?, text("password")?));
        let place = place.split_once("://").map_or(&**place, |(_, rest)| rest);
        Registry {
            place: place.trim_end_matches('/').to_owned(),
            basic: encoded.or_else(plain),
            identity_token: text("identitytoken").map(str::to_owned),
        }
    };
    Ok(auths.iter().map(registry).collect())
}

/// Finds the entry for a repository of a registry; the one that says most about its path wins.
pub(super) fn registry<'r>(list: &'r [Registry], host: &str, path: &str) -> Option<&'r Registry> {
    // Docker keeps its own registry under an old address.
    let host = match host {
        "docker.io" | "registry-1.docker.io" => "index.docker.io/v1",
        host => host,
    };
    let full = format!("{host}/{path}");
    let covers = |place: &str| {
        let rest = full.strip_prefix(place);
        !place.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let fitting = list.iter().filter(|registry| covers(&registry.place));
    // The first file wins among equals, and `max_by_key` takes the last.
    fitting.rev().max_by_key(|registry| registry.place.len())
}

/// Takes user and password out of an address.
pub(super) fn take_user(url: &mut Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let header = basic(
        &percent_decoded(url.username()),
        &percent_decoded(url.password().unwrap_or_default()),
    );
    // These fail for addresses without a host, which have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(header)
}

fn percent_decoded(text: &str) -> String {
    // A form's value differs from this in `+` only.
    let form = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let mut pairs = url::form_urlencoded::parse(form.as_bytes());
    pairs
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_place_of_a_registry_wins() {
        let text = br#"{"auths": {"r.example": {"auth": "YQ=="}, "https://r.example/team/": {"username": "u", "password": "p"},
            "index.docker.io/v1/": {"identitytoken": "t"}, "": {"auth": "eA=="}}}"#;
        let list = registries("config.json", text).unwrap();
        let found = |host, path| registry(&list, host, path).and_then(|r| r.basic.clone());
        assert_eq!(found("r.example", "other/c").as_deref(), Some("Basic YQ=="));
        assert_eq!(found("r.example", "team/c").as_deref(), Some("Basic dTpw"));
        assert_eq!(found("r.example", "teams/c").as_deref(), Some("Basic YQ=="));
        assert_eq!(found("r.example.evil", "team/c"), None);
        let docker = registry(&list, "registry-1.docker.io", "library/c").unwrap();
        assert_eq!(docker.identity_token.as_deref(), Some("t"));
    }

    #[test]
    fn users_are_taken_out_of_addresses() {
        let mut url = Url::parse("https://a%40b:p+w%26@h.example/x").unwrap();
        let header = take_user(&mut url).unwrap();
        assert_eq!(header, basic("a@b", "p+w&"));
        assert_eq!(url.as_str(), "https://h.example/x");
        assert_eq!(take_user(&mut url), None);
    }

    #[test]
    fn a_wrong_file_is_named_without_its_content() {
        let error = registries("config.json", b"{\"auths\": secret}")
            .err()
            .unwrap();
        assert_eq!(error.to_string(), "`config.json` is not JSON");
        assert!(repositories("r.yaml", b"a: [").is_err());
        assert!(repositories("r.yaml", b"").unwrap().is_empty());
    }
}
