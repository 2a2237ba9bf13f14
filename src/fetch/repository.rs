//! Chart repositories: an `index.yaml` and archives over HTTP.

use std::fs;

use url::Url;

use super::credentials::{self, basic, take_user};
use super::error::{shown, shown_text};
use super::http::{Downloads, Get, Identity, success};
use super::index::{self, Entry};
use super::known::{Indexes, Known};
use super::{Client, FetchError, Wanted, choose, default_identity};
use crate::diag;
use crate::limits::{MAX_ARCHIVE_BYTES, MAX_INDEX_BYTES};
use crate::store::{Digest, Store};

/// A chart repository, and who we are there.
pub(super) struct Repository<'c> {
    downloads: &'c Downloads<'c>,
    url: Url,
    authorization: Option<String>,
    identity: Identity,
    default_identity: Identity,
    everywhere: bool,
    indexes: &'c Indexes,
}

impl<'c> Repository<'c> {
    pub(super) fn new(
        client: &'c Client,
        downloads: &'c Downloads<'c>,
        address: &str,
    ) -> Result<Repository<'c>, FetchError> {
        let mut url = Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                let shown = shown_text(address);
                FetchError::input(format!("{shown} is no address of a chart repository"))
                    .hint("it begins with `https://`, `http://` or `oci://`")
            })?;
        let default_identity = default_identity(&client.options);
        let mut repository = Repository {
            downloads,
            authorization: take_user(&mut url),
            identity: default_identity.clone(),
            default_identity,
            everywhere: false,
            indexes: &client.indexes,
            url,
        };
        if let Some(known) = credentials::repository(&client.repositories, address) {
            repository.introduce(known)?;
        }
        Ok(repository)
    }

    /// Takes over what Helm's file says.
    fn introduce(&mut self, known: &credentials::Repository) -> Result<(), FetchError> {
        let read = |file: &str| {
            fs::read(file).map_err(|e| FetchError::input(format!("failed to read `{file}`: {e}")))
        };
        if !known.username.is_empty() && !known.password.is_empty() {
            self.authorization = Some(basic(&known.username, &known.password));
        }
        if !known.ca_file.is_empty() {
            self.identity.ca = Some(read(&known.ca_file)?);
        }
        if !known.cert_file.is_empty() && !known.key_file.is_empty() {
            self.identity.client = Some((read(&known.cert_file)?, read(&known.key_file)?));
        }
        self.identity.skip_tls_verify = known.skip_tls_verify;
        self.everywhere = known.pass_credentials;
        Ok(())
    }

    /// Finds the entry that is wanted.
    pub(super) fn resolve(&self, wanted: &Wanted, store: &Store) -> Result<Entry, FetchError> {
        let place = shown(&self.url);
        let Some(entries) = self.entries(&wanted.name, store)? else {
            let message = format!("there is no chart `{}` in {place}", wanted.name);
            let error = FetchError::input(message);
            return Err(match self.similar(&wanted.name) {
                Some(name) => error.hint(format!("did you mean `{name}`?")),
                None => error,
            });
        };
        let versions = entries.iter().map(|entry| entry.version.as_str());
        let chosen = choose(versions, &wanted.version)?.map(str::to_owned);
        let newest: Vec<String> = entries.iter().take(3).map(|e| e.version.clone()).collect();
        let entry = entries
            .into_iter()
            .find(|entry| Some(&entry.version) == chosen.as_ref());
        entry.ok_or_else(|| {
            FetchError::input(format!(
                "no version of `{}` in {place} fits `{}`",
                wanted.name, wanted.version
            ))
            .hint(match newest.is_empty() {
                true => "the index has none".to_owned(),
                false => format!("the first in the index are {}", newest.join(", ")),
            })
        })
    }

    /// The name in the index that is most like `name`.
    fn similar(&self, name: &str) -> Option<String> {
        let authorization = self.authorization.as_deref();
        let key = Known::key(self.index_url().as_str(), authorization, "");
        let body = self.indexes.find(&key)?;
        diag::nearest(name, &index::names(&body)).map(str::to_owned)
    }

    /// The entries of a chart: from this run's index, from the store if the index has not changed,
    /// or else from the index anew.
    fn entries(&self, name: &str, store: &Store) -> Result<Option<Vec<Entry>>, FetchError> {
        let url = self.index_url();
        let authorization = self.authorization.as_deref();
        let read = |body: &[u8]| {
            index::entries(body, name).map_err(|why| {
                FetchError::world(format!("{} is no index of charts: {why}", shown(&url)))
            })
        };
        let same = Known::key(url.as_str(), authorization, "");
        if let Some(body) = self.indexes.find(&same) {
            return read(&body);
        }
        let key = Known::key(url.as_str(), authorization, name);
        let known = Known::read(store, &key);
        let reply = self.downloads.get(&Get {
            url: &url,
            accept: "*/*",
            authorization,
            identity: &self.identity,
            max_bytes: MAX_INDEX_BYTES,
            compressed: true,
            form: None,
            conditions: known.as_ref().map(Known::conditions).unwrap_or_default(),
        })?;
        let known = match known {
            Some(known) if reply.status == 304 => return Ok(Some(known.entries)),
            known => known,
        };
        if reply.status == 404 {
            let error = FetchError::world(format!("there is no {}", shown(&url)));
            let hint =
                "the address of a chart repository is that of its `index.yaml` without this name";
            return Err(error.hint(hint));
        }
        let reply = success(&url, reply)?;
        let digest = Digest::of(&reply.body);
        let entries = match known.filter(|known| known.is_of(&digest)) {
            Some(known) => Some(known.entries),
            None => read(&reply.body)?,
        };
        // A name that is not there is looked for anew each time, and gets its hint.
        if let Some(entries) = &entries {
            Known::new(&reply, &digest, entries.clone()).write(store, &key);
        }
        self.indexes.add(same, reply.body);
        Ok(entries)
    }

    /// Downloads the archive of an entry.
    pub(super) fn archive(&self, entry: &Entry, wanted: &Wanted) -> Result<Vec<u8>, FetchError> {
        let address = entry.url.as_deref().ok_or_else(|| {
            FetchError::world(format!(
                "`{}` {} in {} has no downloadable URLs",
                wanted.name,
                entry.version,
                shown(&self.url)
            ))
        })?;
        let url = self.archive_url(address)?;
        let home = url.origin() == self.url.origin();
        let known = home || self.everywhere;
        let reply = self.downloads.get(&Get {
            url: &url,
            accept: "application/gzip,application/octet-stream",
            authorization: self.authorization.as_deref().filter(|_| known),
            identity: if known {
                &self.identity
            } else {
                &self.default_identity
            },
            max_bytes: MAX_ARCHIVE_BYTES,
            compressed: false,
            form: None,
            conditions: Vec::new(),
        })?;
        Ok(success(&url, reply)?.body)
    }

    fn index_url(&self) -> Url {
        let mut url = self.url.clone();
        let path = format!("{}/index.yaml", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }

    /// The address in an entry, which may be relative to the repository's and then keeps its query.
    fn archive_url(&self, address: &str) -> Result<Url, FetchError> {
        let mut base = self.url.clone();
        let path = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        let wrong = || {
            FetchError::world(format!(
                "the index of {} names an archive at an address that is none",
                shown(&self.url)
            ))
        };
        let mut url = base.join(address).map_err(|_| wrong())?;
        let is_relative = matches!(
            Url::parse(address),
            Err(url::ParseError::RelativeUrlWithoutBase)
        );
        if is_relative {
            url.set_query(self.url.query());
        }
        match url.scheme() {
            "https" => {}
            "http" if self.url.scheme() == "http" => {}
            "http" => {
                return Err(FetchError::world(format!(
                    "the index of {} names an archive that would come without encryption",
                    shown(&self.url)
                )));
            }
            _ => return Err(wrong()),
        }
        Ok(url)
    }
}
