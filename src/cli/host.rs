//! The process's own clock, randomness, time zone and resolver, for template functions.

use std::env;
use std::net::ToSocketAddrs as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::exit::Error;
use crate::helm::HelmCompat;
use crate::report::Fingerprints;
use crate::template::Host;

/// The real world.
#[derive(Debug)]
pub(super) struct System {
    /// Whose behaviour is wanted.
    pub(super) helm: HelmCompat,
    /// Whether `getHostByName` resolves.
    pub(super) dns: bool,
}

/// Fingerprints of secrets with a key that nobody knows.
pub(super) fn fingerprints() -> Result<Fingerprints, Error> {
    let mut key = vec![0; 32];
    getrandom::fill(&mut key).map_err(|error| Error::world(error.to_string()))?;
    Ok(Fingerprints::new(key))
}

/// The file of this program; nothing where the system does not tell.
pub(super) fn program() -> Option<PathBuf> {
    // Linux finds it even when another version has taken its place.
    let link = PathBuf::from("/proc/self/exe");
    match link.exists() {
        true => Some(link),
        false => env::current_exe().ok(),
    }
}

/// The current time as Unix seconds and nanoseconds.
pub(super) fn now() -> (i64, u32) {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => (since.as_secs() as i64, since.subsec_nanos()),
        Err(before) => (-(before.duration().as_secs() as i64), 0),
    }
}

impl Host for System {
    fn now(&self) -> (i64, u32) {
        now()
    }

    fn random(&self, _purpose: &str, out: &mut [u8]) {
        getrandom::fill(out).expect("the system has a source of randomness");
    }

    /// `TZ`, else the zone that /etc/localtime links to, else UTC, as Go does.
    fn time_zone(&self) -> String {
        match std::env::var("TZ") {
            Ok(name) if name.is_empty() => return "UTC".to_owned(),
            Ok(name) => return name.trim_start_matches(':').to_owned(),
            Err(_) => {}
        }
        let link = std::fs::read_link("/etc/localtime").unwrap_or_default();
        let link = link.to_string_lossy();
        link.split_once("zoneinfo/")
            .map_or("UTC", |(_, name)| name)
            .to_owned()
    }

    fn resolve(&self, name: &str) -> String {
        if !self.dns {
            return String::new();
        }
        let mut addresses = (name, 0_u16).to_socket_addrs().into_iter().flatten();
        addresses
            .next()
            .map(|address| address.ip().to_string())
            .unwrap_or_default()
    }

    fn helm(&self) -> u8 {
        self.helm.major()
    }
}
