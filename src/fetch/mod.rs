//! Charts from HTTP repositories and OCI registries, by digest.
//!
//! In: a chart's name, version or range, and repository. Out: the archive, checked against the
//! digest of the lock file, or a new entry for the lock file. Refused: archives with another
//! digest, encrypted connections that fall back to plain ones, answers beyond their bounds in size
//! and time, everything when the network is switched off.
//!
//! Nothing here reads the environment: what it says comes in [`Options`].

mod credentials;
mod error;
#[cfg(feature = "remote")]
mod forward;
mod http;
mod index;
mod known;
mod oci;
mod proxy;
mod repository;
#[cfg(not(feature = "remote"))]
mod unwired;
#[cfg(feature = "remote")]
mod wire;

use std::io::Cursor;
use std::time::Duration;

pub use error::FetchError;
use http::{Downloads, Identity};
use known::Indexes;
pub use proxy::Proxies;

use crate::chart;
use crate::funcs::semver::{Constraint, Version};
use crate::helm::HelmCompat;
use crate::store::{Digest, Store};

/// What settings or a `Chart.yaml` ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wanted {
    /// The chart's name.
    pub name: String,
    /// The address of a chart repository, or `oci://` and the place in a registry.
    pub repository: String,
    /// A version, or a range by Helm's rules.
    pub version: String,
}

/// One archive, as the lock file names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin {
    /// The chart's name.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// The SHA-256 of the archive.
    pub sha256: Digest,
}

/// How the outside world is reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// The longest time for one chart, with everything it takes.
    pub timeout: Duration,
    /// How often a request is tried.
    pub attempts: u32,
    /// The pause before the second try; it doubles from try to try.
    pub pause: Duration,
    /// Whether the network is switched off.
    pub offline: bool,
    /// Whether registries are spoken to without encryption.
    pub plain_http: bool,
    /// PEM of the certificates to trust instead of the built-in ones.
    pub ca: Option<Vec<u8>>,
    /// The proxies on the way.
    pub proxies: Proxies,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            timeout: Duration::from_secs(60),
            attempts: 4,
            pause: Duration::from_millis(250),
            offline: false,
            plain_http: false,
            ca: None,
            proxies: Proxies::default(),
        }
    }
}

/// Fetches charts.
pub struct Client {
    options: Options,
    repositories: Vec<credentials::Repository>,
    registries: Vec<credentials::Registry>,
    indexes: Indexes,
}

impl Client {
    /// Makes a client without credentials.
    pub fn new(options: Options) -> Client {
        Client {
            options,
            repositories: Vec::new(),
            registries: Vec::new(),
            indexes: Indexes::default(),
        }
    }

    /// Adds what Helm's `repositories.yaml` says.
    ///
    /// # Errors
    ///
    /// The text is not YAML.
    pub fn add_repositories(&mut self, file: &str, text: &[u8]) -> Result<(), FetchError> {
        self.repositories
            .extend(credentials::repositories(file, text)?);
        Ok(())
    }

    /// Adds the registries of a configuration file of Docker's form; earlier files win.
    ///
    /// # Errors
    ///
    /// The text is not JSON.
    pub fn add_registries(&mut self, file: &str, text: &[u8]) -> Result<(), FetchError> {
        self.registries.extend(credentials::registries(file, text)?);
        Ok(())
    }

    /// Finds and downloads what is wanted: its exact version and the archive.
    fn find(&self, wanted: &Wanted, store: &Store) -> Result<(String, Vec<u8>), FetchError> {
        let downloads = Downloads::new(&self.options);
        match wanted.repository.strip_prefix(OCI) {
            Some(place) => {
                let registry = oci::Repository::new(self, &downloads, place, &wanted.name)?;
                let version = registry.resolve(wanted)?;
                let archive = registry.archive(&version)?;
                Ok((version, archive))
            }
            None => {
                let repository = repository::Repository::new(self, &downloads, &wanted.repository)?;
                let entry = repository.resolve(wanted, store)?;
                let archive = repository.archive(&entry, wanted)?;
                Ok((entry.version, archive))
            }
        }
    }

    /// Downloads an archive that is known by its digest.
    fn download(&self, pin: &Pin, store: &Store) -> Result<Vec<u8>, FetchError> {
        let archive = match pin.repository.strip_prefix(OCI) {
            Some(place) => {
                let downloads = Downloads::new(&self.options);
                let registry = oci::Repository::new(self, &downloads, place, &pin.name)?;
                registry.blob(&pin.sha256.to_string())?
            }
            None => self.find(&pin.wanted(), store)?.1,
        };
        let found = Digest::of(&archive);
        if found == pin.sha256 {
            return Ok(archive);
        }
        Err(FetchError::world(format!(
            "{} {} from {} has the digest sha256:{found}, but the lock file says sha256:{}",
            pin.name,
            pin.version,
            error::shown_text(&pin.repository),
            pin.sha256
        ))
        .hint("the archive was replaced after it was locked, or something on the way changed it"))
    }
}

impl Pin {
    /// The name of the archive's file.
    pub fn file(&self) -> String {
        format!("{}-{}.tgz", self.name, self.version)
    }

    /// The same as a wish for exactly this version.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            name: self.name.clone(),
            repository: self.repository.clone(),
            version: self.version.clone(),
        }
    }
}

/// How the address of a registry begins.
const OCI: &str = "oci://";

/// Gives the archive of a pin: from the store, else from the network, which is then asked once for
/// all processes that share the store.
///
/// # Errors
///
/// The archive is not there and cannot be fetched, or the server has another one.
pub fn acquire(pin: &Pin, store: &Store, client: &Client) -> Result<Vec<u8>, FetchError> {
    if let Some(archive) = store.get(&pin.sha256) {
        return Ok(archive);
    }
    if client.options.offline {
        return Err(FetchError::world(format!(
            "{} {} is not in the store, and the network is switched off",
            pin.name, pin.version
        ))
        .hint("run `jenkins-cmp chart pull` where the network may be used"));
    }
    store.get_or(&pin.sha256, client.options.timeout, || {
        client.download(pin, store)
    })
}

/// Finds what is wanted, puts its archive into the store and gives its entry for the lock file.
///
/// # Errors
///
/// There is no such chart or version, the network fails, or the archive is not that chart.
pub fn lock(wanted: &Wanted, store: &Store, client: &Client) -> Result<Pin, FetchError> {
    let (version, archive) = client.find(wanted, store)?;
    let file = format!("{}-{version}.tgz", wanted.name);
    let from = error::shown_text(&wanted.repository);
    let loaded = chart::load_archive(&file, Cursor::new(&archive), HelmCompat::default());
    let loaded = loaded.map_err(|e| FetchError::world(format!("{file} from {from}: {e}")))?;
    let metadata = &loaded.chart.metadata;
    if metadata.name != wanted.name || metadata.version != version {
        return Err(FetchError::world(format!(
            "the archive of {} {version} from {from} holds {} {}",
            wanted.name, metadata.name, metadata.version
        )));
    }
    Ok(Pin {
        name: wanted.name.clone(),
        version,
        repository: wanted.repository.clone(),
        sha256: store.put(&archive)?,
    })
}

/// Chooses as Helm does: the version with this very text, else the newest that fits the range.
fn choose<'v>(
    versions: impl Iterator<Item = &'v str> + Clone,
    range: &str,
) -> Result<Option<&'v str>, FetchError> {
    let range = if range.is_empty() { "*" } else { range };
    let constraint = Constraint::parse(range)
        .map_err(|e| FetchError::input(format!("`{range}` is no version and no range: {e}")))?;
    let mut versions_again = versions.clone();
    if let Some(same) = versions_again.find(|version| *version == range) {
        return Ok(Some(same));
    }
    let parsed = versions.filter_map(|text| Some((Version::parse(text).ok()?, text)));
    let fitting = parsed.filter(|(version, _)| constraint.check(version));
    // Which of two equal ones Helm takes is left to chance; here it is the greater text.
    Ok(fitting.max().map(|(_, text)| text))
}

/// Whom to trust and what to show where nothing else is said.
fn default_identity(options: &Options) -> Identity {
    Identity {
        ca: options.ca.clone(),
        client: None,
        skip_tls_verify: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_chosen_as_helm_does() {
        let list = ["1.0.0", "1.0.1", "2.0.0+b1", "1.1.0-rc.1", "v1.0.9", "odd"];
        for (range, expected) in [
            ("", Some("2.0.0+b1")),
            ("1.0.0", Some("1.0.0")),
            ("1.0", Some("v1.0.9")),
            ("2.0.0", Some("2.0.0+b1")),
            ("^1.0.0", Some("v1.0.9")),
            ("^1.1.0-0", Some("1.1.0-rc.1")),
            ("1.1.0-rc.1", Some("1.1.0-rc.1")),
            (">3", None),
        ] {
            let chosen = choose(list.iter().copied(), range).unwrap();
            assert_eq!(chosen, expected, "{range}");
        }
        assert!(choose(list.iter().copied(), "a b").is_err());
    }
}
