//! The outside world that a release may see, made repeatable.
//!
//! Random template functions would change a release on every render. Here each use derives its
//! bytes from a key by HMAC-SHA-256: with a secret key they are stable and unguessable, with the
//! public stand-in key they are stable only, for printing and comparing.

use std::cell::RefCell;
use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::helm::HelmCompat;
use crate::template::Host;

/// The key of stand-ins: whoever sees one knows that it is none.
const STAND_IN_KEY: &[u8] = b"jenkins-cmp stand-in";

/// A world in which the same release always sees the same.
#[derive(Debug)]
pub struct Derived {
    helm: HelmCompat,
    key: Vec<u8>,
    identity: String,
    now: (i64, u32),
    /// How often each purpose has drawn in this render.
    drawn: RefCell<HashMap<String, u64>>,
}

impl Derived {
    /// Derives every random byte from the secret `key` and what `identity` names: the release and
    /// its namespace, so that two releases with one key share nothing.
    pub fn keyed(helm: HelmCompat, key: Vec<u8>, identity: String, now: (i64, u32)) -> Derived {
        Derived {
            helm,
            key,
            identity,
            now,
            drawn: RefCell::default(),
        }
    }

    /// Gives fixed stand-ins and the time 2000-01-01T00:00:00Z.
    pub fn stand_ins(helm: HelmCompat, identity: String) -> Derived {
        Derived::keyed(helm, STAND_IN_KEY.to_vec(), identity, (946_684_800, 0))
    }
}

impl Host for Derived {
    fn now(&self) -> (i64, u32) {
        self.now
    }

    /// The n-th use of one purpose is the same in every render, whatever else is drawn.
    fn random(&self, purpose: &str, out: &mut [u8]) {
        let mut drawn = self.drawn.borrow_mut();
        let count = drawn.entry(purpose.to_owned()).or_default();
        for (block, chunk) in (0_u64..).zip(out.chunks_mut(32)) {
            let mut mac =
                Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
            for part in [self.identity.as_bytes(), purpose.as_bytes()] {
                mac.update(&(part.len() as u64).to_be_bytes());
                mac.update(part);
            }
            mac.update(&count.to_be_bytes());
            mac.update(&block.to_be_bytes());
            let bytes = mac.finalize().into_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        *count += 1;
    }

    fn time_zone(&self) -> String {
        "UTC".to_owned()
    }

    fn resolve(&self, _name: &str) -> String {
        String::new()
    }

    fn helm(&self) -> u8 {
        self.helm.major()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(host: &Derived, purpose: &str) -> [u8; 40] {
        let mut out = [0; 40];
        host.random(purpose, &mut out);
        out
    }

    #[test]
    fn is_stable_between_renders_and_differs_between_uses() {
        let host = |id: &str| Derived::keyed(HelmCompat::V4, b"key".to_vec(), id.into(), (0, 0));
        let (a, b) = (host("a"), host("a"));
        let first = draw(&a, "randAlphaNum 22");
        assert_eq!(first, draw(&b, "randAlphaNum 22"));
        assert_ne!(first, draw(&a, "randAlphaNum 22"), "the second use");
        assert_ne!(first, draw(&host("a"), "randAlpha 22"), "another purpose");
        assert_ne!(
            first,
            draw(&host("b"), "randAlphaNum 22"),
            "another release"
        );
        let other = Derived::keyed(HelmCompat::V4, b"other".to_vec(), "a".into(), (0, 0));
        assert_ne!(first, draw(&other, "randAlphaNum 22"), "another key");
    }

    #[test]
    fn other_draws_do_not_shift_a_use() {
        let (a, b) = (
            Derived::stand_ins(HelmCompat::V4, "a".into()),
            Derived::stand_ins(HelmCompat::V4, "a".into()),
        );
        draw(&b, "uuidv4");
        assert_eq!(draw(&a, "randAlphaNum 8"), draw(&b, "randAlphaNum 8"));
    }
}
