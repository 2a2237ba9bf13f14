//! Private keys: making them, reading and writing them as PEM, signing with them.

use dsa::{Components, KeySize};
use rsa::pkcs1v15;
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, RsaPrivateKey};
use sha2::Sha256;

use crate::funcs::random::Generator;

use super::der::{self, Reader};
use super::pem;

const RSA_ENCRYPTION: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01";
const SHA256_WITH_RSA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B";
const EC_PUBLIC_KEY: &[u8] = b"\x2A\x86\x48\xCE\x3D\x02\x01";
const ECDSA_WITH_SHA256: &[u8] = b"\x2A\x86\x48\xCE\x3D\x04\x03\x02";
const ECDSA_WITH_SHA384: &[u8] = b"\x2A\x86\x48\xCE\x3D\x04\x03\x03";
const P256: &[u8] = b"\x2A\x86\x48\xCE\x3D\x03\x01\x07";
const P384: &[u8] = b"\x2B\x81\x04\x00\x22";
const P224: &[u8] = b"\x2B\x81\x04\x00\x21";
const P521: &[u8] = b"\x2B\x81\x04\x00\x23";
const ED25519: &[u8] = b"\x2B\x65\x70";

/// The longest number of an RSA key that is worth computing with, in bytes: 16384 bits.
const MAX_RSA_BYTES: usize = 2048;

/// A private key of a kind that sprig knows.
pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    /// The numbers p, q, g, y and x; certificates cannot be made with them.
    Dsa([Vec<u8>; 5]),
}

/// A public key as a certificate has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    /// The algorithm, encoded.
    pub(super) algorithm: Vec<u8>,
    /// The content of the bit string.
    pub(super) bits: Vec<u8>,
}

impl PrivateKey {
    /// Makes a key of a kind named as `genPrivateKey` names them; `None` for unknown ones.
    pub(super) fn generate(kind: &[u8], random: &mut Generator) -> Option<PrivateKey> {
        Some(match kind {
            b"" | b"rsa" => PrivateKey::rsa(random, 4096),
            b"dsa" => PrivateKey::generate_dsa(random),
            b"ecdsa" => loop {
                let mut bytes = [0; 32];
                random.fill(&mut bytes);
                // The rare number that is not below the order of the curve.
                if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&bytes) {
                    break PrivateKey::P256(key);
                }
            },
            b"ed25519" => {
                let mut seed = [0; 32];
                random.fill(&mut seed);
                PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
            }
            _ => return None,
        })
    }

    /// Makes a key as the certificate functions use it.
    pub(super) fn generate_rsa(random: &mut Generator) -> PrivateKey {
        PrivateKey::rsa(random, 2048)
    }

    fn rsa(random: &mut Generator, n_bits: usize) -> PrivateKey {
        let key = RsaPrivateKey::new(random.rng(), n_bits).expect("the size is an allowed one");
        PrivateKey::Rsa(Box::new(key))
    }

    fn generate_dsa(random: &mut Generator) -> PrivateKey {
        let Ok(components) =
            Components::try_generate_from_rng_with_key_size(random.rng(), KeySize::DSA_2048_256);
        let Ok(key) =
            dsa::SigningKey::try_generate_from_rng_with_components(random.rng(), components);
        let public = key.verifying_key();
        let components = public.components();
        PrivateKey::Dsa([
            components.p().to_be_bytes().into(),
            components.q().to_be_bytes().into(),
            components.g().to_be_bytes().into(),
            public.y().to_be_bytes().into(),
            key.x().to_be_bytes().into(),
        ])
    }

    /// Reads the first PEM block of `text`.
    ///
    /// # Errors
    ///
    /// The text is no PEM, or the block no key of a known kind.
    pub(super) fn from_pem(text: &[u8]) -> Result<PrivateKey, String> {
        let block = pem::decode(text).ok_or("no PEM data in input")?;
        let label = String::from_utf8_lossy(&block.label);
        if label == "PRIVATE KEY" {
            return from_pkcs8(&block.bytes).map_err(|e| format!("decoding PEM as PKCS#8: {e}"));
        }
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        let key = match kind {
            "RSA" => from_pkcs1(&block.bytes),
            "EC" => from_sec1(&block.bytes, None),
            "DSA" => from_dsa(&block.bytes),
            _ => return Err(format!("invalid private key type {label}")),
        };
        key.map_err(|e| format!("parsing {kind} private key from PEM: {e}"))
    }

    /// Writes the key as Go does: PKCS#1 for RSA, SEC 1 for curves, PKCS#8 for Ed25519.
    pub(super) fn to_pem(&self) -> String {
        match self {
            PrivateKey::Rsa(key) => pem::encode("RSA PRIVATE KEY", &pkcs1(key)),
            PrivateKey::P256(key) => {
                let secret = key.to_bytes();
                pem::encode("EC PRIVATE KEY", &sec1(P256, &secret, &self.point()))
            }
            PrivateKey::P384(key) => {
                let secret = key.to_bytes();
                pem::encode("EC PRIVATE KEY", &sec1(P384, &secret, &self.point()))
            }
            PrivateKey::Ed25519(key) => {
                let secret = der::element(der::OCTET_STRING, &[key.as_bytes()]);
                let key = der::sequence(&[
                    &der::integer(&[]),
                    &der::sequence(&[&der::oid(ED25519)]),
                    &der::element(der::OCTET_STRING, &[&secret]),
                ]);
                pem::encode("PRIVATE KEY", &key)
            }
            PrivateKey::Dsa(numbers) => {
                let [p, q, g, y, x] = numbers.each_ref().map(|n| der::integer(n));
                let key = der::sequence(&[&der::integer(&[]), &p, &q, &g, &y, &x]);
                pem::encode("DSA PRIVATE KEY", &key)
            }
        }
    }

    /// The public key, or Go's text on the kinds that a certificate cannot hold.
    pub(super) fn public(&self) -> Result<PublicKey, String> {
        Ok(match self {
            PrivateKey::Rsa(key) => {
                let (n, e) = (key.n().to_be_bytes(), key.e().to_be_bytes());
                PublicKey {
                    algorithm: algorithm_with_null(RSA_ENCRYPTION),
                    bits: der::sequence(&[&der::integer(&n), &der::integer(&e)]),
                }
            }
            PrivateKey::P256(_) => PublicKey {
                algorithm: der::sequence(&[&der::oid(EC_PUBLIC_KEY), &der::oid(P256)]),
                bits: self.point(),
            },
            PrivateKey::P384(_) => PublicKey {
                algorithm: der::sequence(&[&der::oid(EC_PUBLIC_KEY), &der::oid(P384)]),
                bits: self.point(),
            },
            PrivateKey::Ed25519(_) => PublicKey {
                algorithm: der::sequence(&[&der::oid(ED25519)]),
                bits: self.point(),
            },
            PrivateKey::Dsa(_) => {
                return Err("x509: unsupported public key type: *dsa.PublicKey".to_owned());
            }
        })
    }

    /// The point of the curve that is the public key; nothing for keys without a curve.
    fn point(&self) -> Vec<u8> {
        match self {
            PrivateKey::P256(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            PrivateKey::P384(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            PrivateKey::Ed25519(key) => key.verifying_key().as_bytes().to_vec(),
            PrivateKey::Rsa(_) | PrivateKey::Dsa(_) => Vec::new(),
        }
    }

    /// The encoded algorithm of this key's signatures; `None` for keys that cannot sign.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        match self {
            PrivateKey::Rsa(_) => Some(algorithm_with_null(SHA256_WITH_RSA)),
            PrivateKey::P256(_) => Some(der::sequence(&[&der::oid(ECDSA_WITH_SHA256)])),
            PrivateKey::P384(_) => Some(der::sequence(&[&der::oid(ECDSA_WITH_SHA384)])),
            PrivateKey::Ed25519(_) => Some(der::sequence(&[&der::oid(ED25519)])),
            PrivateKey::Dsa(_) => None,
        }
    }

    /// Signs `message`.
    ///
    /// # Errors
    ///
    /// The key cannot sign: it is of the kind DSA, or too short for the padding.
    pub(super) fn sign(&self, message: &[u8], random: &mut Generator) -> Result<Vec<u8>, String> {
        Ok(match self {
            PrivateKey::Rsa(key) => {
                let key = pkcs1v15::SigningKey::<Sha256>::new(key.as_ref().clone());
                // Randomness blinds the arithmetic; it does not show in the signature.
                let signature = key.try_sign_with_rng(random.rng(), message);
                signature.map_err(|e| format!("crypto/rsa: {e}"))?.to_vec()
            }
            PrivateKey::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                ecdsa_signature(&signature.to_bytes())
            }
            PrivateKey::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                ecdsa_signature(&signature.to_bytes())
            }
            PrivateKey::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            PrivateKey::Dsa(_) => return Err("x509: DSA keys cannot sign".to_owned()),
        })
    }
}

fn algorithm_with_null(oid: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(oid), &der::element(der::NULL, &[])])
}

/// Two numbers of the same length as a sequence.
fn ecdsa_signature(bytes: &[u8]) -> Vec<u8> {
    let (r, s) = bytes.split_at(bytes.len() / 2);
    der::sequence(&[&der::integer(r), &der::integer(s)])
}

fn pkcs1(key: &RsaPrivateKey) -> Vec<u8> {
    let number = |n: Option<&BoxedUint>| n.map(|n| n.to_be_bytes()).unwrap_or_default();
    let coefficient = key.crt_coefficient();
    let primes = key.primes();
    let numbers = [
        number(Some(key.n().as_ref())),
        number(Some(key.e())),
        number(Some(key.d())),
        number(primes.first().map(AsRef::as_ref)),
        number(primes.get(1).map(AsRef::as_ref)),
        number(key.dp()),
        number(key.dq()),
        number(coefficient.as_ref()),
    ];
    let numbers: Vec<u8> = numbers.iter().flat_map(|n| der::integer(n)).collect();
    der::sequence(&[&der::integer(&[]), &numbers])
}

fn sec1(curve: &[u8], secret: &[u8], point: &[u8]) -> Vec<u8> {
    der::sequence(&[
        &der::integer(&[1]),
        &der::element(der::OCTET_STRING, &[secret]),
        &der::element(der::explicit(0), &[&der::oid(curve)]),
        &der::element(der::explicit(1), &[&der::bit_string(point)]),
    ])
}

/// What to say about bytes that are no key of the expected form: Go names the form that they have.
fn wrong_form(bytes: &[u8]) -> String {
    let parsers = [
        ("ParseECPrivateKey", is_sec1 as fn(&[u8]) -> bool),
        ("ParsePKCS8PrivateKey", is_pkcs8),
        ("ParsePKCS1PrivateKey", is_pkcs1),
    ];
    if let Some((name, _)) = parsers.iter().find(|(_, fits)| fits(bytes)) {
        return format!(
            "x509: failed to parse private key (use {name} instead for this key format)"
        );
    }
    if bytes.is_empty() {
        "asn1: syntax error: sequence truncated".to_owned()
    } else if Reader(bytes).any().is_none() {
        "asn1: syntax error: data truncated".to_owned()
    } else {
        "asn1: structure error: not a private key".to_owned()
    }
}

fn is_sec1(bytes: &[u8]) -> bool {
    let inside = Reader(bytes).sequence();
    inside.is_some_and(|mut r| r.unsigned().is_some() && r.content(der::OCTET_STRING).is_some())
}

fn is_pkcs8(bytes: &[u8]) -> bool {
    pkcs8_parts(bytes).is_some()
}

fn is_pkcs1(bytes: &[u8]) -> bool {
    pkcs1_numbers(bytes).is_some()
}

/// The version and the numbers n, e, d, p and q.
fn pkcs1_numbers(bytes: &[u8]) -> Option<[&[u8]; 6]> {
    let mut outer = Reader(bytes);
    let mut inside = outer.sequence()?;
    let mut numbers: [&[u8]; 6] = [&[]; 6];
    for number in &mut numbers {
        *number = inside.unsigned()?;
    }
    for _crt in 0..3 {
        inside.unsigned()?;
    }
    outer.is_empty().then_some(numbers)
}

fn from_pkcs1(bytes: &[u8]) -> Result<PrivateKey, String> {
    let Some([version, n, e, d, p, q]) = pkcs1_numbers(bytes) else {
        return Err(wrong_form(bytes));
    };
    if !version.is_empty() {
        return Err("x509: unsupported private key version".to_owned());
    }
    if [n, e, d, p, q].iter().any(|n| n.len() > MAX_RSA_BYTES) {
        return Err("crypto/rsa: the key is too large".to_owned());
    }
    let number = BoxedUint::from_be_slice_vartime;
    let primes = vec![number(p), number(q)];
    let key = RsaPrivateKey::from_components(number(n), number(e), number(d), primes);
    key.map(|key| PrivateKey::Rsa(Box::new(key)))
        .map_err(|e| format!("crypto/rsa: {e}"))
}

/// The content of the algorithm and of the key.
fn pkcs8_parts(bytes: &[u8]) -> Option<(Reader<'_>, &[u8])> {
    let mut inside = Reader(bytes).sequence()?;
    inside.unsigned()?;
    Some((inside.sequence()?, inside.content(der::OCTET_STRING)?))
}

fn from_pkcs8(bytes: &[u8]) -> Result<PrivateKey, String> {
    let parts = pkcs8_parts(bytes).and_then(|(mut algorithm, key)| {
        let oid = algorithm.content(der::OBJECT_IDENTIFIER)?;
        Some((oid, algorithm, key))
    });
    let Some((oid, mut parameters, key)) = parts else {
        return Err(wrong_form(bytes));
    };
    let embedded = |kind: &str, e: String| {
        format!("x509: failed to parse {kind} private key embedded in PKCS#8: {e}")
    };
    match oid {
        RSA_ENCRYPTION => from_pkcs1(key).map_err(|e| embedded("RSA", e)),
        EC_PUBLIC_KEY => {
            let curve = parameters.content(der::OBJECT_IDENTIFIER);
            from_sec1(key, curve).map_err(|e| embedded("EC", e))
        }
        ED25519 if !parameters.is_empty() => {
            Err("x509: invalid Ed25519 private key parameters".to_owned())
        }
        ED25519 => {
            let Some(seed) = Reader(key).content(der::OCTET_STRING) else {
                return Err("x509: invalid Ed25519 private key: malformed ASN.1".to_owned());
            };
            let seed: &[u8; 32] = seed.try_into().map_err(|_| {
                let length = seed.len();
                format!("x509: invalid Ed25519 private key length: {length}")
            })?;
            Ok(PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(
                seed,
            )))
        }
        _ => {
            let oid = der::oid_text(oid);
            Err(format!(
                "x509: PKCS#8 wrapping contained private key with unknown algorithm: {oid}"
            ))
        }
    }
}

/// Reads a key on a curve; `curve` is the one named outside, which goes before the one inside.
fn from_sec1(bytes: &[u8], curve: Option<&[u8]>) -> Result<PrivateKey, String> {
    let parts = Reader(bytes).sequence().and_then(|mut inside| {
        let version = inside.unsigned()?;
        let secret = inside.content(der::OCTET_STRING)?;
        let named = inside
            .content(der::explicit(0))
            .and_then(|named| Reader(named).content(der::OBJECT_IDENTIFIER));
        Some((version, secret, named))
    });
    let Some((version, secret, named)) = parts.filter(|_| !is_pkcs8(bytes)) else {
        let error = wrong_form(bytes);
        return Err(if error.starts_with("asn1") {
            format!("x509: failed to parse EC private key: {error}")
        } else {
            error
        });
    };
    if version != [1] {
        let version = version.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        return Err(format!("x509: unknown EC private key version {version}"));
    }
    let invalid = |_| "crypto/ecdsa: invalid private key".to_owned();
    match curve.or(named).unwrap_or_default() {
        P256 => p256::ecdsa::SigningKey::from_slice(&padded::<32>(secret)?)
            .map(PrivateKey::P256)
            .map_err(invalid),
        P384 => p384::ecdsa::SigningKey::from_slice(&padded::<48>(secret)?)
            .map(PrivateKey::P384)
            .map_err(invalid),
        P224 | P521 => Err("x509: unsupported elliptic curve".to_owned()),
        _ => Err("x509: unknown elliptic curve".to_owned()),
    }
}

/// A big-endian number in exactly `N` bytes, whatever zeros stood before it.
fn padded<const N: usize>(number: &[u8]) -> Result<[u8; N], String> {
    let significant = der::trim(number);
    let start = N
        .checked_sub(significant.len())
        .ok_or("x509: invalid private key length")?;
    let mut out = [0; N];
    out[start..].copy_from_slice(significant);
    Ok(out)
}

fn from_dsa(bytes: &[u8]) -> Result<PrivateKey, String> {
    let numbers = Reader(bytes).sequence().and_then(|mut inside| {
        inside.unsigned()?;
        let mut numbers: [Vec<u8>; 5] = Default::default();
        for number in &mut numbers {
            *number = inside.unsigned()?.to_vec();
        }
        Some(numbers)
    });
    numbers
        .map(PrivateKey::Dsa)
        .ok_or_else(|| "asn1: structure error: malformed DSA key".to_owned())
}
