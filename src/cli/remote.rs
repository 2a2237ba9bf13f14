//! Where charts come from that a repository does not hold: the flags, the environment and the
//! configuration files of Helm and Docker.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::exit::Error;
use crate::diag::Diagnostic;
use crate::fetch::{self, Client, FetchError, Options, Pin, Proxies};
use crate::render::Archives;
use crate::store::Store;

/// Flags of everything that may need a chart from elsewhere.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Charts from elsewhere")]
pub(super) struct RemoteArgs {
    /// Directory of downloaded archives, shared by all processes
    #[arg(long, value_name = "DIR", env = "JENKINS_CMP_STORE")]
    store: Option<PathBuf>,

    /// Never use the network
    #[arg(long, env = "JENKINS_CMP_OFFLINE", value_parser = FalseyValueParser::new())]
    offline: bool,

    /// Longest time to find and download one chart
    #[arg(
        long,
        value_name = "SECONDS",
        env = "JENKINS_CMP_FETCH_TIMEOUT",
        default_value = "60",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    fetch_timeout: u64,

    /// Certificates to trust instead of the built-in ones (PEM); else SSL_CERT_FILE
    #[arg(long, value_name = "FILE", env = "JENKINS_CMP_CA_FILE")]
    ca_file: Option<PathBuf>,

    /// Speak to registries without encryption
    #[arg(long, env = "JENKINS_CMP_PLAIN_HTTP", value_parser = FalseyValueParser::new())]
    plain_http: bool,
}

/// A store, and the network behind it.
#[derive(Debug)]
pub(super) struct Remote {
    /// The archives that are there.
    pub(super) store: Store,
    args: RemoteArgs,
}

impl Remote {
    /// Takes the flags; nothing is read before it is needed.
    pub(super) fn new(args: &RemoteArgs) -> Remote {
        let store = args.store.clone().unwrap_or_else(default_store);
        Remote {
            store: Store::new(store),
            args: args.clone(),
        }
    }

    /// Makes the client, with the credentials that this user has.
    ///
    /// # Errors
    ///
    /// A configuration file is wrong or cannot be read.
    pub(super) fn client(&self) -> Result<Client, FetchError> {
        let ca_file = self
            .args
            .ca_file
            .clone()
            .or_else(|| variable("SSL_CERT_FILE"));
        let mut client = Client::new(Options {
            timeout: Duration::from_secs(self.args.fetch_timeout),
            offline: self.args.offline,
            plain_http: self.args.plain_http,
            ca: ca_file.map(|file| read(&file)).transpose()?,
            proxies: proxies(),
            ..Options::default()
        });
        let helm = variable("HELM_CONFIG_HOME")
            .or_else(|| Some(variable("XDG_CONFIG_HOME")?.join("helm")))
            .or_else(|| Some(variable("HOME")?.join(".config/helm")));
        let in_helm = |name: &str| Some(helm.as_ref()?.join(name));
        let repositories =
            variable("HELM_REPOSITORY_CONFIG").or_else(|| in_helm("repositories.yaml"));
        if let Some((file, text)) = read_if_there(repositories)? {
            client.add_repositories(&file, &text)?;
        }
        let docker = variable("DOCKER_CONFIG").or_else(|| Some(variable("HOME")?.join(".docker")));
        let registries = [
            variable("HELM_REGISTRY_CONFIG").or_else(|| in_helm("registry/config.json")),
            docker.map(|directory| directory.join("config.json")),
        ];
        for file in registries {
            if let Some((file, text)) = read_if_there(file)? {
                client.add_registries(&file, &text)?;
            }
        }
        Ok(client)
    }
}

impl Archives for Remote {
    fn archive(&self, pin: &Pin) -> Result<Vec<u8>, Box<Diagnostic>> {
        if let Some(archive) = self.store.get(&pin.sha256) {
            return Ok(archive);
        }
        let fetched = self
            .client()
            .and_then(|client| fetch::acquire(pin, &self.store, &client));
        fetched.map_err(|e| Box::new(e.to_diagnostic()))
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Error {
        Error::from(error.to_diagnostic())
    }
}

/// The user's cache directory; in a container without one, the directory for temporary files.
fn default_store() -> PathBuf {
    let home = variable("HOME").filter(|home| home.parent().is_some());
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(home?.join(".cache")));
    let cache = cache.unwrap_or_else(env::temp_dir);
    cache.join("jenkins-cmp").join("store")
}

fn proxies() -> Proxies {
    let text = |names: [&str; 2]| {
        let mut values = names.iter().filter_map(|name| env::var(name).ok());
        values.find(|value| !value.is_empty())
    };
    Proxies {
        http: text(["HTTP_PROXY", "http_proxy"]),
        https: text(["HTTPS_PROXY", "https_proxy"]),
        no_proxy: text(["NO_PROXY", "no_proxy"]).unwrap_or_default(),
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    Some(PathBuf::from(value))
}

fn read(file: &Path) -> Result<Vec<u8>, FetchError> {
    fs::read(file).map_err(|e| unreadable(file, &e))
}

fn read_if_there(file: Option<PathBuf>) -> Result<Option<(String, Vec<u8>)>, FetchError> {
    let Some(file) = file else {
        return Ok(None);
    };
    match fs::read(&file) {
        Ok(text) => Ok(Some((file.display().to_string(), text))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unreadable(&file, &e)),
    }
}

fn unreadable(file: &Path, error: &io::Error) -> FetchError {
    FetchError::Input {
        message: format!("failed to read `{}`: {error}", file.display()),
        hint: None,
    }
}
