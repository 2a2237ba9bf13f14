//! OCI registries: manifests, blobs and lists of tags, with the tokens they ask for.

use std::cell::RefCell;

use serde_json::Value;
use url::{Url, form_urlencoded};

use super::credentials::{self, Registry};
use super::error::{shown, shown_text};
use super::http::{Downloads, Get, Identity, Reply, success};
use super::{Client, FetchError, OCI, Wanted, choose, default_identity};
use crate::funcs::semver::Version;
use crate::limits::{MAX_ARCHIVE_BYTES, MAX_REGISTRY_BYTES, MAX_TAG_PAGES};
use crate::store::Digest;

/// The media types of a chart's layer.
const CHART_LAYERS: &[&str] = &[
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];

/// The media type of a chart's manifest.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A repository of a registry, and who we are there.
pub(super) struct Repository<'c> {
    downloads: &'c Downloads<'c>,
    base: Url,
    path: String,
    known: Option<&'c Registry>,
    identity: Identity,
    /// The `Authorization` that the registry asked for last.
    authorization: RefCell<Option<String>>,
}

impl<'c> Repository<'c> {
    /// Takes `place/name`, where `place` is what follows `oci://` in the settings.
    pub(super) fn new(
        client: &'c Client,
        downloads: &'c Downloads<'c>,
        place: &str,
        name: &str,
    ) -> Result<Repository<'c>, FetchError> {
        let place = place.trim_end_matches('/');
        let (host, above) = place.split_once('/').unwrap_or((place, ""));
        let path = match above {
            "" => name.to_owned(),
            above => format!("{above}/{name}"),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let parts_fit = path
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.'));
        let wrong = || {
            FetchError::input(format!(
                "{} is no place in a registry",
                shown_text(&format!("{OCI}{place}"))
            ))
            .hint(match host.contains('@') {
                true => "user and password belong into Helm's registry/config.json or Docker's config.json",
                false => "it looks like `oci://registry.example.com/charts`",
            })
        };
        if !path.chars().all(fits) || !parts_fit || host.contains('@') {
            return Err(wrong());
        }
        let scheme = if client.options.plain_http {
            "http"
        } else {
            "https"
        };
        let server = if host == "docker.io" {
            "registry-1.docker.io"
        } else {
            host
        };
        let base = Url::parse(&format!("{scheme}://{server}/v2/{path}/"));
        let base = base.ok().filter(Url::has_host).ok_or_else(wrong)?;
        Ok(Repository {
            downloads,
            known: credentials::registry(&client.registries, host, &path),
            identity: default_identity(&client.options),
            authorization: RefCell::new(None),
            base,
            path,
        })
    }

    /// Finds the exact version: the wanted one itself, else the newest tag in the range.
    pub(super) fn resolve(&self, wanted: &Wanted) -> Result<String, FetchError> {
        if Version::parse(&wanted.version).is_ok() {
            return Ok(wanted.version.clone());
        }
        let tags = self.tags()?;
        let versions: Vec<String> = tags
            .iter()
            .map(|tag| tag.replace('_', "+"))
            .filter(|version| Version::parse_strict(version).is_ok())
            .collect();
        let chosen = choose(versions.iter().map(String::as_str), &wanted.version)?;
        chosen.map(str::to_owned).ok_or_else(|| {
            FetchError::input(format!(
                "no tag of {} fits `{}`",
                self.shown(),
                wanted.version
            ))
        })
    }

    /// Downloads the chart with the tag of `version`.
    pub(super) fn archive(&self, version: &str) -> Result<Vec<u8>, FetchError> {
        // A tag must not have a `+`.
        let tag = version.replace('+', "_");
        let url = self.url(&format!("manifests/{tag}"))?;
        let reply = self.get(&url, MANIFEST, MAX_REGISTRY_BYTES)?;
        if reply.status == 404 {
            let message = format!("there is no tag `{tag}` in {}", self.shown());
            return Err(FetchError::input(message));
        }
        let reply = success(&url, reply)?;
        let promised = reply.content_digest.as_deref().and_then(Digest::parse);
        if promised.is_some_and(|promised| promised != Digest::of(&reply.body)) {
            return Err(FetchError::world(format!(
                "the manifest {} is another one than the registry says",
                shown(&url)
            )));
        }
        let manifest: Value = serde_json::from_slice(&reply.body)
            .map_err(|e| FetchError::world(format!("the manifest {}: {e}", shown(&url))))?;
        let layers = manifest.get("layers").and_then(Value::as_array);
        let layer = layers.into_iter().flatten().find(|layer| {
            let kind = layer.get("mediaType").and_then(Value::as_str);
            kind.is_some_and(|kind| CHART_LAYERS.contains(&kind))
        });
        let digest = layer.and_then(|layer| layer.get("digest")?.as_str());
        let digest = digest
            .and_then(Digest::parse)
            .ok_or_else(|| FetchError::input(format!("{}:{tag} is no Helm chart", self.shown())))?;
        let blob = self.blob(&digest.to_string())?;
        if Digest::of(&blob) != digest {
            return Err(FetchError::world(format!(
                "the registry gives other bytes for {}:{tag} than its manifest says",
                self.shown()
            )));
        }
        Ok(blob)
    }

    /// Downloads the blob with the SHA-256 `hex`; the caller compares.
    pub(super) fn blob(&self, hex: &str) -> Result<Vec<u8>, FetchError> {
        let url = self.url(&format!("blobs/sha256:{hex}"))?;
        let reply = self.get(&url, "application/octet-stream", MAX_ARCHIVE_BYTES)?;
        Ok(success(&url, reply)?.body)
    }

    fn tags(&self) -> Result<Vec<String>, FetchError> {
        let mut tags = Vec::new();
        let mut url = self.url("tags/list")?;
        for _ in 0..MAX_TAG_PAGES {
            let reply = self.get(&url, "application/json", MAX_REGISTRY_BYTES)?;
            if reply.status == 404 {
                let message = format!("there is no chart at {}", self.shown());
                return Err(FetchError::input(message)
                    .hint("the repository's address goes without the chart's name"));
            }
            let reply = success(&url, reply)?;
            let page: Value = serde_json::from_slice(&reply.body)
                .map_err(|e| FetchError::world(format!("the tags {}: {e}", shown(&url))))?;
            let list = page.get("tags").and_then(Value::as_array);
            let texts = list.into_iter().flatten().filter_map(Value::as_str);
            tags.extend(texts.map(str::to_owned));
            let next = reply.link.as_deref().and_then(next_page);
            let Some(next) = next.and_then(|next| url.join(next).ok()) else {
                return Ok(tags);
            };
            if next.origin() != self.base.origin() {
                return Err(FetchError::world(
                    "the list of tags goes on at another server",
                ));
            }
            url = next;
        }
        Err(FetchError::world(format!(
            "the list of tags has more than {MAX_TAG_PAGES} pages"
        )))
    }

    /// Gets an answer; where the registry asks who we are, once more with what it asks for.
    fn get(&self, url: &Url, accept: &str, max_bytes: u64) -> Result<Reply, FetchError> {
        let send = || {
            let authorization = self.authorization.borrow().clone();
            self.downloads.get(&Get {
                url,
                accept,
                authorization: authorization.as_deref(),
                identity: &self.identity,
                max_bytes,
                compressed: false,
                form: None,
                conditions: Vec::new(),
            })
        };
        let reply = send()?;
        if reply.status != 401 {
            return Ok(reply);
        }
        match self.answer(&reply.challenges)? {
            Some(authorization) => {
                self.authorization.replace(Some(authorization));
                send()
            }
            None => Ok(reply),
        }
    }

    /// What to answer to the registry's challenges; nothing if we have nothing.
    fn answer(&self, challenges: &[String]) -> Result<Option<String>, FetchError> {
        let basic = self.known.and_then(|known| known.basic.clone());
        for challenge in challenges {
            let (scheme, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
            if scheme.eq_ignore_ascii_case("bearer") {
                return self.token(&parse_parameters(parameters)).map(Some);
            }
            if scheme.eq_ignore_ascii_case("basic") && basic.is_some() {
                return Ok(basic);
            }
        }
        Ok(None)
    }

    /// Asks the server that the registry names for a token.
    fn token(&self, parameters: &[(String, String)]) -> Result<String, FetchError> {
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        let realm = parameter("realm").and_then(|realm| Url::parse(realm).ok());
        let mut realm = realm
            .filter(|realm| realm.has_host())
            .filter(|realm| realm.scheme() == "https" || realm.scheme() == self.base.scheme())
            .ok_or_else(|| FetchError::world("the registry names no safe place for tokens"))?;
        let scope = match parameter("scope") {
            Some(scope) => scope.to_owned(),
            None => format!("repository:{}:pull", self.path),
        };
        let identity_token = self.known.and_then(|known| known.identity_token.as_deref());
        let mut form = None;
        if let Some(token) = identity_token {
            let mut pairs = form_urlencoded::Serializer::new(String::new());
            pairs.append_pair("grant_type", "refresh_token");
            pairs.append_pair("refresh_token", token);
            pairs.append_pair("client_id", "jenkins-cmp");
            pairs.append_pair("service", parameter("service").unwrap_or_default());
            pairs.append_pair("scope", &scope);
            form = Some(pairs.finish());
        } else {
            let mut pairs = realm.query_pairs_mut();
            if let Some(service) = parameter("service") {
                pairs.append_pair("service", service);
            }
            pairs.append_pair("scope", &scope);
        }
        let basic = self.known.and_then(|known| known.basic.as_deref());
        let reply = self.downloads.get(&Get {
            url: &realm,
            accept: "application/json",
            authorization: basic.filter(|_| form.is_none()),
            identity: &self.identity,
            max_bytes: MAX_REGISTRY_BYTES,
            compressed: false,
            form: form.as_deref(),
            conditions: Vec::new(),
        })?;
        let reply = success(&realm, reply)?;
        let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let token = answer.as_ref().and_then(|answer| {
            let token = answer.get("token").or_else(|| answer.get("access_token"))?;
            token.as_str()
        });
        // A line break in it would begin another header.
        let token = token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
        let token =
            token.ok_or_else(|| FetchError::world(format!("{} gives no token", shown(&realm))))?;
        Ok(format!("Bearer {token}"))
    }

    fn url(&self, rest: &str) -> Result<Url, FetchError> {
        // Not joined: `sha256:` would be taken for a scheme.
        Url::parse(&format!("{}{rest}", self.base))
            .map_err(|e| FetchError::input(format!("`{rest}`: {e}")))
    }

    fn shown(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        let port = self.base.port().map(|port| format!(":{port}"));
        format!("oci://{host}{}/{}", port.unwrap_or_default(), self.path)
    }
}

/// The address in `Link: </v2/…>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    parameters.contains("next").then_some(address)
}

/// Takes `key="value",key=value` apart.
fn parse_parameters(text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while let Some((key, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        parameters.push((key.trim().to_ascii_lowercase(), value.to_owned()));
        rest = after.trim_start_matches([' ', ',']);
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_and_links_are_taken_apart() {
        let parameters = parse_parameters(r#"realm="https://a/t?x=1,2", service=s,scope="a b""#);
        let expected = [
            ("realm", "https://a/t?x=1,2"),
            ("service", "s"),
            ("scope", "a b"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(parameters, expected);
        assert_eq!(parse_parameters("nothing"), []);
        assert_eq!(
            parse_parameters("a=\"open"),
            [("a".to_owned(), "open".to_owned())]
        );
        let link = r#"</v2/a/tags/list?n=2&last=b>; rel="next""#;
        assert_eq!(next_page(link), Some("/v2/a/tags/list?n=2&last=b"));
        assert_eq!(next_page("junk"), None);
    }
}
