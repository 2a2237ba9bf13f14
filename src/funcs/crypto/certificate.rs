//! X.509 certificates with the structure that sprig and Go's `crypto/x509` give them.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::funcs::dates::{Time, Zone};
use crate::funcs::random::Generator;
use crate::value::quote::quote;

use super::der::{self, Reader};
use super::key::{PrivateKey, PublicKey};

const COMMON_NAME: &[u8] = b"\x55\x04\x03";
const SUBJECT_KEY_ID: &[u8] = b"\x55\x1D\x0E";
const KEY_USAGE: &[u8] = b"\x55\x1D\x0F";
const SUBJECT_ALT_NAME: &[u8] = b"\x55\x1D\x11";
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1D\x13";
const AUTHORITY_KEY_ID: &[u8] = b"\x55\x1D\x23";
const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1D\x25";
const SERVER_AUTH: &[u8] = b"\x2B\x06\x01\x05\x05\x07\x03\x01";
const CLIENT_AUTH: &[u8] = b"\x2B\x06\x01\x05\x05\x07\x03\x02";

/// Digital signatures and encryption of keys: bits 0 and 2 of three.
const LEAF_USAGE: &[u8] = &[5, 0b1010_0000];

/// The same and signing certificates: bit 5.
const CA_USAGE: &[u8] = &[2, 0b1010_0100];

const NANOSECONDS_PER_DAY: i64 = 24 * 3600 * 1_000_000_000;

/// What a certificate shall say.
pub(super) struct Request<'a> {
    pub(super) common_name: &'a [u8],
    /// Each of 4 or 16 bytes.
    pub(super) ips: Vec<Vec<u8>>,
    pub(super) dns_names: Vec<Vec<u8>>,
    pub(super) days: i64,
    pub(super) is_ca: bool,
}

/// What is needed of an existing certificate to sign others.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The subject, encoded.
    subject: Vec<u8>,
    public_key: PublicKey,
    /// The subject's key identifier; empty when there is none.
    key_id: Vec<u8>,
}

/// Makes a certificate of `key`, signed by the issuer or else by itself, valid from `now` on.
///
/// # Errors
///
/// Go's text: a name that cannot be encoded, a key that cannot sign or belongs to another
/// certificate.
pub(super) fn create(
    request: &Request<'_>,
    key: &PrivateKey,
    issuer: Option<(&Parsed, &PrivateKey)>,
    now: (i64, u32),
    random: &mut Generator,
) -> Result<Vec<u8>, String> {
    let signer = issuer.map_or(key, |(_, key)| key);
    let algorithm = signer
        .signature_algorithm()
        .ok_or("x509: certificate private key does not implement crypto.Signer")?;
    let public = key.public()?;
    let subject = name(request.common_name)?;
    let issuer_name = issuer.map_or(&subject, |(parsed, _)| &parsed.subject);
    if let Some((parsed, key)) = issuer
        && key.public()? != parsed.public_key
    {
        return Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned());
    }
    let authority = issuer
        .filter(|(parsed, _)| parsed.subject != subject)
        .map(|(parsed, _)| parsed.key_id.as_slice())
        .unwrap_or_default();
    let extensions = extensions(request, &public, authority)?;
    let mut serial = [0; 16];
    random.fill(&mut serial);
    let from = Time::new(now.0, now.1, Zone::Utc);
    let until = from.add(request.days.wrapping_mul(NANOSECONDS_PER_DAY));
    let version = der::element(der::explicit(0), &[&der::integer(&[2])]);
    let body = der::sequence(&[
        &version,
        &der::integer(&serial),
        &algorithm,
        issuer_name,
        &der::sequence(&[&time(&from), &time(&until)]),
        &subject,
        &der::sequence(&[&public.algorithm, &der::bit_string(&public.bits)]),
        &der::element(der::explicit(3), &[&extensions]),
    ]);
    let signature = signer.sign(&body, random)?;
    Ok(der::sequence(&[
        &body,
        &algorithm,
        &der::bit_string(&signature),
    ]))
}

/// A name of one part or, when that is empty, of none.
fn name(common_name: &[u8]) -> Result<Vec<u8>, String> {
    if common_name.is_empty() {
        return Ok(der::sequence(&[]));
    }
    let is_printable = |b: &u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(b);
    let tag = if common_name.iter().all(is_printable) {
        der::PRINTABLE_STRING
    } else if std::str::from_utf8(common_name).is_ok() {
        der::UTF8_STRING
    } else {
        return Err("asn1: string not valid UTF-8".to_owned());
    };
    let part = der::sequence(&[&der::oid(COMMON_NAME), &der::element(tag, &[common_name])]);
    Ok(der::sequence(&[&der::element(der::SET, &[&part])]))
}

/// A time to the second: two digits for the years 1950 to 2049, else four.
fn time(time: &Time) -> Vec<u8> {
    let year = time.format(b"2006");
    if (b"1950".as_slice()..b"2050").contains(&year.as_slice()) {
        der::element(der::UTC_TIME, &[&time.format(b"060102150405Z")])
    } else {
        der::element(der::GENERALIZED_TIME, &[&time.format(b"20060102150405Z")])
    }
}

/// The extensions in Go's order.
fn extensions(
    request: &Request<'_>,
    public: &PublicKey,
    authority: &[u8],
) -> Result<Vec<u8>, String> {
    let usage = if request.is_ca { CA_USAGE } else { LEAF_USAGE };
    let mut all = vec![
        extension(KEY_USAGE, true, &der::element(der::BIT_STRING, &[usage])),
        extension(
            EXTENDED_KEY_USAGE,
            false,
            &der::sequence(&[&der::oid(SERVER_AUTH), &der::oid(CLIENT_AUTH)]),
        ),
    ];
    if request.is_ca {
        let is_ca = der::element(der::BOOLEAN, &[&[0xFF]]);
        all.push(extension(
            BASIC_CONSTRAINTS,
            true,
            &der::sequence(&[&is_ca]),
        ));
        let hash = Sha256::digest(&public.bits);
        let id = der::element(der::OCTET_STRING, &[&hash[..20]]);
        all.push(extension(SUBJECT_KEY_ID, false, &id));
    } else {
        all.push(extension(BASIC_CONSTRAINTS, true, &der::sequence(&[])));
    }
    if !authority.is_empty() {
        let id = der::element(der::implicit(0), &[authority]);
        all.push(extension(AUTHORITY_KEY_ID, false, &der::sequence(&[&id])));
    }
    let mut names = Vec::new();
    for name in &request.dns_names {
        if !name.is_ascii() {
            let name = quote(name);
            return Err(format!("x509: {name} cannot be encoded as an IA5String"));
        }
        names.extend(der::element(der::implicit(2), &[name]));
    }
    for ip in &request.ips {
        names.extend(der::element(der::implicit(7), &[ip]));
    }
    if !names.is_empty() {
        let is_critical = request.common_name.is_empty();
        let names = der::sequence(&[&names]);
        all.push(extension(SUBJECT_ALT_NAME, is_critical, &names));
    }
    Ok(der::sequence(&[&all.concat()]))
}

fn extension(oid: &[u8], is_critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if is_critical {
        der::element(der::BOOLEAN, &[&[0xFF]])
    } else {
        Vec::new()
    };
    der::sequence(&[
        &der::oid(oid),
        &critical,
        &der::element(der::OCTET_STRING, &[value]),
    ])
}

/// Reads a certificate.
///
/// # Errors
///
/// Go's text on the first part that is malformed; what Go checks deep inside names and extensions
/// is not looked at.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, String> {
    let mut outer = Reader(bytes);
    let malformed = |what: &str| format!("x509: malformed {what}");
    let mut certificate = outer.sequence().ok_or_else(|| malformed("certificate"))?;
    let mut body = certificate
        .sequence()
        .ok_or_else(|| malformed("tbs certificate"))?;
    let version = match body.content(der::explicit(0)) {
        None => 0,
        Some(version) => match Reader(version).unsigned() {
            Some([]) => 0,
            Some([version]) => *version,
            _ => return Err(malformed("version")),
        },
    };
    if version > 2 {
        return Err("x509: invalid version".to_owned());
    }
    body.content(der::INTEGER)
        .ok_or_else(|| malformed("serial number"))?;
    let algorithm = body
        .content(der::SEQUENCE)
        .ok_or_else(|| malformed("signature algorithm identifier"))?;
    let outer_algorithm = certificate
        .content(der::SEQUENCE)
        .ok_or_else(|| malformed("algorithm identifier"))?;
    if algorithm != outer_algorithm {
        return Err("x509: inner and outer signature algorithm identifiers don't match".to_owned());
    }
    body.sequence().ok_or_else(|| malformed("issuer"))?;
    body.sequence().ok_or_else(|| malformed("validity"))?;
    let subject = body
        .any()
        .filter(|e| e.tag == der::SEQUENCE)
        .ok_or_else(|| malformed("issuer"))?;
    let mut spki = body.sequence().ok_or_else(|| malformed("spki"))?;
    let key_algorithm = spki
        .any()
        .filter(|e| e.tag == der::SEQUENCE)
        .ok_or_else(|| malformed("public key algorithm identifier"))?;
    let bits = spki.bits().ok_or_else(|| malformed("subjectPublicKey"))?;
    let mut key_id = Vec::new();
    if version == 2 {
        body.content(der::implicit(1));
        body.content(der::implicit(2));
        if let Some(list) = body.content(der::explicit(3)) {
            let list = Reader(list)
                .sequence()
                .ok_or_else(|| malformed("extensions"))?;
            key_id = find_key_id(list).ok_or_else(|| malformed("extension"))?;
        }
    }
    certificate.bits().ok_or_else(|| malformed("signature"))?;
    if !outer.is_empty() {
        return Err("x509: trailing data".to_owned());
    }
    Ok(Parsed {
        subject: subject.whole.to_vec(),
        public_key: PublicKey {
            algorithm: key_algorithm.whole.to_vec(),
            bits: bits.to_vec(),
        },
        key_id,
    })
}

/// The subject's key identifier among extensions, empty when there is none; `None` when they are
/// malformed.
fn find_key_id(mut list: Reader<'_>) -> Option<Vec<u8>> {
    let mut key_id = Vec::new();
    while !list.is_empty() {
        let mut extension = list.sequence()?;
        let oid = extension.content(der::OBJECT_IDENTIFIER)?;
        extension.content(der::BOOLEAN);
        let value = extension.content(der::OCTET_STRING)?;
        if oid == SUBJECT_KEY_ID {
            key_id = Reader(value).content(der::OCTET_STRING)?.to_vec();
        }
    }
    Some(key_id)
}

/// The bytes of an IP address as certificates hold them.
pub(super) fn parse_ip(text: &[u8]) -> Option<Vec<u8>> {
    let address: IpAddr = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    })
}
