//! A stream of random numbers that grows from a few random bytes of the host.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use crate::funcs::encoding::hexadecimal;
use crate::template::Host;

/// A cryptographic generator, seeded by the host for one purpose.
pub(crate) struct Generator(ChaCha20Rng);

impl Generator {
    /// Seeds a generator for `purpose`, which must not spell out secrets: see [`Self::digest`].
    pub(crate) fn new(host: &dyn Host, purpose: &str) -> Generator {
        let mut seed = [0; 32];
        host.random(purpose, &mut seed);
        Generator(ChaCha20Rng::from_seed(seed))
    }

    /// What stands for secret or long `arguments` in a purpose.
    pub(crate) fn digest(arguments: &[&[u8]]) -> String {
        let mut hash = Sha256::new();
        for argument in arguments {
            hash.update((argument.len() as u64).to_be_bytes());
            hash.update(argument);
        }
        hexadecimal(&hash.finalize())
    }

    /// Fills `out`.
    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }

    /// The generator in the form that key generation takes.
    pub(crate) fn rng(&mut self) -> &mut ChaCha20Rng {
        &mut self.0
    }

    /// A number below `bound`, which is not 0; each is as likely as any other.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The numbers from the last multiple of the bound on would favour small results.
        let n_extra = (u64::MAX % bound + 1) % bound;
        loop {
            let number = self.0.next_u64();
            if number <= u64::MAX - n_extra {
                return number % bound;
            }
        }
    }

    /// An index into a list of `length` items, which is not 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }
}
