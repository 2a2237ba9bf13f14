//! Password hashes, and passwords derived from a master password.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use scrypt::Params;
use sha2::Sha256;

use crate::funcs::random::Generator;
use crate::template::Host;

/// Go's default cost: 2^10 rounds.
const COST: u32 = 10;

/// The longest password that bcrypt tells apart, in bytes.
const MAX_PASSWORD_BYTES: usize = 72;

/// Hashes a password; the text of an error is the result.
pub(super) fn bcrypt(host: &dyn Host, password: &[u8]) -> String {
    if password.len() > MAX_PASSWORD_BYTES {
        return format!(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds \
             {MAX_PASSWORD_BYTES} bytes"
        );
    }
    let purpose = format!("bcrypt {}", Generator::digest(&[password]));
    let mut salt = [0; 16];
    Generator::new(host, &purpose).fill(&mut salt);
    hash(password, salt)
}

fn hash(password: &[u8], salt: [u8; 16]) -> String {
    // The C heritage: the zero byte at the end is part of the password where it fits.
    let mut key = password.to_vec();
    key.push(0);
    key.truncate(MAX_PASSWORD_BYTES);
    let digest = bcrypt::bcrypt(COST, salt, &key);
    let base64 = GeneralPurpose::new(&BCRYPT, NO_PAD);
    let (salt, digest) = (base64.encode(salt), base64.encode(&digest[..23]));
    format!("$2a${COST}${salt}{digest}")
}

/// A line of a password file for Apache's server.
pub(super) fn htpasswd(host: &dyn Host, user: &[u8], password: &[u8]) -> Vec<u8> {
    if user.contains(&b':') {
        return [b"invalid username: ", user].concat();
    }
    [user, b":", bcrypt(host, password).as_bytes()].concat()
}

/// The site password of the Master Password algorithm, version 0 of its templates.
pub(super) fn derive(
    counter: u32,
    kind: &[u8],
    password: &[u8],
    user: &[u8],
    site: &[u8],
) -> Vec<u8> {
    const SEED: &[u8] = b"com.lyndir.masterpassword";
    let Some(templates) = templates(kind) else {
        return [b"cannot find password template ", kind].concat();
    };
    let length = |text: &[u8]| (text.len() as u32).to_be_bytes();
    let salt = [SEED, &length(user), user].concat();
    let params = Params::new(15, 8, 2).expect("the algorithm's parameters are valid");
    let mut key = [0; 64];
    scrypt::scrypt(password, &salt, &params, &mut key).expect("64 bytes are a valid length");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    for part in [SEED, &length(site), site, &counter.to_be_bytes()] {
        mac.update(part);
    }
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    template
        .bytes()
        .zip(&seed[1..])
        .map(|(class, byte)| {
            let chars = characters(class);
            chars[usize::from(*byte) % chars.len()]
        })
        .collect()
}

/// The templates of a kind of password; each letter names a class of characters.
fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_go() {
        // Recorded from golang.org/x/crypto/bcrypt 0.54.0 with its random source fixed.
        let salt: [u8; 16] = std::array::from_fn(|at| at as u8);
        assert_eq!(
            hash(b"secret", salt),
            "$2a$10$..CA.uOD/eaGAOmJB.yMBu0jSOqyoKcaQ/YvzjM283iifHYPhsi9y"
        );
        assert_eq!(
            hash(b"", salt),
            "$2a$10$..CA.uOD/eaGAOmJB.yMBu9m/VIwgxxGiBBCE9BoV3i2KCQRk0xNy"
        );
        assert_eq!(
            hash(&[b'x'; 72], salt),
            "$2a$10$..CA.uOD/eaGAOmJB.yMBufym8C3T/RJYiZEUYYKqZqu3xLyzE5XW"
        );
        assert_eq!(
            hash(b"a\0b", salt),
            "$2a$10$..CA.uOD/eaGAOmJB.yMBuGTiQcYtvzCs8vi1YWfpDpmKcfNFwqB6"
        );
    }
}
