//! Passwords, keys, certificates and AES.
//!
//! In: texts, PEM blocks and lists of names; randomness and the clock come from the
//! [`Host`](crate::template::Host). Out: hashes, PEM texts and certificates with the structure that
//! Go gives them. Refused: what cannot be parsed or signed, with Go's words where it has its own.
//! Keys on the curves P-224 and P-521 are refused, though Go knows them.

mod aes;
mod certificate;
mod der;
mod key;
mod object;
mod password;
mod pem;

use crate::funcs::encoding::decode_base64;
use crate::funcs::random::Generator;
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::arguments::wrong_type;
use crate::value::format::display;
use crate::value::{List, Value};

use certificate::Request;
use key::PrivateKey;
pub(crate) use object::CertificateObject;

const TEXT: &[Param] = &[Param::String];
const TWO_TEXTS: &[Param] = &[Param::String, Param::String];
const CERTIFICATE: Param = Param::Object(object::TYPE_NAME);

/// What hashing a password counts for, in evaluation steps.
const BCRYPT_STEPS: usize = 375_000;

/// What deriving a password counts for.
const SCRYPT_STEPS: usize = 750_000;

/// What finding an RSA key of 2048 bits counts for.
const RSA_2048_STEPS: usize = 500_000;

/// What finding an RSA key of 4096 bits counts for.
const RSA_4096_STEPS: usize = 2_500_000;

/// What finding the parameters of a DSA key counts for.
const DSA_STEPS: usize = 15_000_000;

/// What a key on a curve counts for.
const CURVE_STEPS: usize = 2_000;

/// What using a given key counts for, if its text is shorter than [`KEY_BYTES`].
const KEY_STEPS: usize = 2_500;

/// The work grows with the third power of a key's length.
const KEY_BYTES: usize = 1024;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::run("bcrypt", TEXT, |run, args| {
        run.spend(BCRYPT_STEPS)?;
        Ok(password::bcrypt(run.host(), args.str(0)).into())
    }),
    Function::run("htpasswd", TWO_TEXTS, |run, args| {
        run.spend(BCRYPT_STEPS)?;
        Ok(Value::str(password::htpasswd(
            run.host(),
            args.str(0),
            args.str(1),
        )))
    }),
    Function::run(
        "derivePassword",
        &[
            Param::Uint32,
            Param::String,
            Param::String,
            Param::String,
            Param::String,
        ],
        derive_password,
    ),
    Function::run("buildCustomCert", TWO_TEXTS, build_custom_cert),
    Function::run("genPrivateKey", TEXT, gen_private_key),
    Function::run("genCA", &[Param::String, Param::Int], |run, args| {
        let random = &mut generator(run, "genCA", args);
        let key = new_key(run, random)?;
        gen_ca(run, random, args, &key)
    }),
    Function::run(
        "genCAWithKey",
        &[Param::String, Param::Int, Param::String],
        |run, args| {
            let random = &mut generator(run, "genCAWithKey", args);
            let key = given_key(run, args, 2)?;
            gen_ca(run, random, args, &key)
        },
    ),
    Function::run(
        "genSelfSignedCert",
        &[Param::String, Param::List, Param::List, Param::Int],
        |run, args| {
            let random = &mut generator(run, "genSelfSignedCert", args);
            let key = new_key(run, random)?;
            gen_self_signed(run, random, args, &key)
        },
    ),
    Function::run(
        "genSelfSignedCertWithKey",
        &[
            Param::String,
            Param::List,
            Param::List,
            Param::Int,
            Param::String,
        ],
        |run, args| {
            let random = &mut generator(run, "genSelfSignedCertWithKey", args);
            let key = given_key(run, args, 4)?;
            gen_self_signed(run, random, args, &key)
        },
    ),
    Function::run(
        "genSignedCert",
        &[
            Param::String,
            Param::List,
            Param::List,
            Param::Int,
            CERTIFICATE,
        ],
        |run, args| {
            let random = &mut generator(run, "genSignedCert", args);
            let key = new_key(run, random)?;
            gen_signed(run, random, args, &key)
        },
    ),
    Function::run(
        "genSignedCertWithKey",
        &[
            Param::String,
            Param::List,
            Param::List,
            Param::Int,
            CERTIFICATE,
            Param::String,
        ],
        |run, args| {
            let random = &mut generator(run, "genSignedCertWithKey", args);
            let key = given_key(run, args, 5)?;
            gen_signed(run, random, args, &key)
        },
    ),
    Function::run("encryptAES", TWO_TEXTS, |run, args| {
        Ok(aes::encrypt(run.host(), args.str(0), args.str(1)).into())
    }),
    Function::pure("decryptAES", TWO_TEXTS, |args| {
        Ok(Value::str(aes::decrypt(args.str(0), args.str(1))?))
    }),
];

/// The randomness of one call; the same arguments ask the host for the same purpose.
fn generator(run: &dyn Runtime, name: &str, args: Args<'_>) -> Generator {
    let args: Vec<Vec<u8>> = args.0.iter().map(display).collect();
    let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
    Generator::new(run.host(), &format!("{name} {}", Generator::digest(&args)))
}

fn derive_password(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    run.spend(SCRYPT_STEPS)?;
    let counter = match args.any(0) {
        Value::Int(n) => n.to_i64() as u32,
        other => unreachable!("the counter was checked to be a number: {other:?}"),
    };
    Ok(Value::str(password::derive(
        counter,
        args.str(1),
        args.str(2),
        args.str(3),
        args.str(4),
    )))
}

fn gen_private_key(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    run.spend(match args.str(0).as_bytes() {
        b"" | b"rsa" => RSA_4096_STEPS,
        b"dsa" => DSA_STEPS,
        _ => CURVE_STEPS,
    })?;
    let random = &mut generator(run, "genPrivateKey", args);
    Ok(match PrivateKey::generate(args.str(0), random) {
        Some(key) => key.to_pem().into(),
        None => Value::str([b"Unknown type ", args.str(0).as_bytes()].concat()),
    })
}

fn build_custom_cert(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let cert =
        decode_base64(args.str(0)).map_err(|_| "unable to decode base64 certificate".to_owned())?;
    let key =
        decode_base64(args.str(1)).map_err(|_| "unable to decode base64 private key".to_owned())?;
    let block = pem::decode(&cert).ok_or("unable to decode certificate")?;
    certificate::parse(&block.bytes)
        .map_err(|e| format!("error parsing certificate: decodedCert.Bytes: {e}"))?;
    spend_on_key(run, &key)?;
    PrivateKey::from_pem(&key).map_err(|e| format!("error parsing private key: {e}"))?;
    Ok(CertificateObject::value(cert, key))
}

/// Counts the use of a key that is given as PEM text.
fn spend_on_key(run: &mut dyn Runtime, pem: &[u8]) -> Result<(), FuncError> {
    let length = 1 + pem.len() / KEY_BYTES;
    run.spend(length.saturating_pow(3).saturating_mul(KEY_STEPS))
}

/// Finds the key of a certificate.
fn new_key(run: &mut dyn Runtime, random: &mut Generator) -> Result<PrivateKey, FuncError> {
    run.spend(RSA_2048_STEPS)?;
    Ok(PrivateKey::generate_rsa(random))
}

/// The key given as PEM text in the argument at `index`.
fn given_key(run: &mut dyn Runtime, args: Args<'_>, index: usize) -> Result<PrivateKey, FuncError> {
    spend_on_key(run, args.str(index))?;
    PrivateKey::from_pem(args.str(index)).map_err(|e| format!("parsing private key: {e}").into())
}

fn gen_ca(
    run: &dyn Runtime,
    random: &mut Generator,
    args: Args<'_>,
    key: &PrivateKey,
) -> Result<Value, FuncError> {
    let request = Request {
        common_name: args.str(0),
        ips: Vec::new(),
        dns_names: Vec::new(),
        days: args.int(1),
        is_ca: true,
    };
    finish(run, random, &request, key, None)
}

fn gen_self_signed(
    run: &dyn Runtime,
    random: &mut Generator,
    args: Args<'_>,
    key: &PrivateKey,
) -> Result<Value, FuncError> {
    finish(run, random, &leaf_request(args)?, key, None)
}

fn gen_signed(
    run: &mut dyn Runtime,
    random: &mut Generator,
    args: Args<'_>,
    key: &PrivateKey,
) -> Result<Value, FuncError> {
    let Some(ca) = CertificateObject::from_value(args.any(4)) else {
        return Err(wrong_type(object::TYPE_NAME, args.any(4)).into());
    };
    let block = pem::decode(&ca.cert).ok_or("unable to decode certificate")?;
    let issuer = certificate::parse(&block.bytes)
        .map_err(|e| format!("error parsing certificate: decodedSignerCert.Bytes: {e}"))?;
    spend_on_key(run, &ca.key)?;
    let issuer_key =
        PrivateKey::from_pem(&ca.key).map_err(|e| format!("error parsing private key: {e}"))?;
    let request = leaf_request(args)?;
    finish(run, random, &request, key, Some((&issuer, &issuer_key)))
}

fn leaf_request(args: Args<'_>) -> Result<Request<'_>, FuncError> {
    Ok(Request {
        common_name: args.str(0),
        ips: ip_addresses(args.list(1))?,
        dns_names: dns_names(args.list(2))?,
        days: args.int(3),
        is_ca: false,
    })
}

fn finish(
    run: &dyn Runtime,
    random: &mut Generator,
    request: &Request<'_>,
    key: &PrivateKey,
    issuer: Option<(&certificate::Parsed, &PrivateKey)>,
) -> Result<Value, FuncError> {
    let der = certificate::create(request, key, issuer, run.host().now(), random)
        .map_err(|e| format!("error creating certificate: {e}"))?;
    let cert = pem::encode("CERTIFICATE", &der);
    Ok(CertificateObject::value(
        cert.into_bytes(),
        key.to_pem().into_bytes(),
    ))
}

/// IP addresses as the 4 or 16 bytes of a certificate.
fn ip_addresses(list: &List) -> Result<Vec<Vec<u8>>, FuncError> {
    let parse = |item: &Value| {
        let Some(text) = item.as_str() else {
            let item = String::from_utf8_lossy(&display(item)).into_owned();
            return Err(format!("error parsing ip: {item} is not a string").into());
        };
        certificate::parse_ip(text).ok_or_else(|| format!("error parsing ip: {text}").into())
    };
    list.items().iter().map(parse).collect()
}

fn dns_names(list: &List) -> Result<Vec<Vec<u8>>, FuncError> {
    let parse = |item: &Value| {
        item.as_str().map(|name| name.to_vec()).ok_or_else(|| {
            let item = String::from_utf8_lossy(&display(item)).into_owned();
            format!("error processing alternate dns name: {item} is not a string").into()
        })
    };
    list.items().iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::encoding::encode_base64;
    use crate::funcs::replay::{self, FixedHost};

    #[test]
    fn recorded_results() {
        replay::check("crypto");
    }

    fn read(name: &str) -> Value {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/funcs/crypto");
        Value::str(std::fs::read(dir.join(name)).expect("a recorded file"))
    }

    fn call(name: &str, args: &[Value]) -> Value {
        replay::call(&mut FixedHost::default(), name, args).expect("a result")
    }

    fn list(items: &[&str]) -> Value {
        Value::list(items.iter().map(|item| Value::from(*item)).collect())
    }

    #[track_caller]
    fn assert_recorded(certificate: &Value, name: &str) {
        let object = CertificateObject::from_value(certificate).expect("a certificate");
        assert_eq!(Some(&object.cert), read(name).as_str());
    }

    #[test]
    fn certificates_are_those_of_go() {
        let (ed25519, rsa) = (read("ed25519.key"), read("rsa.key"));
        let none = || list(&[]);
        let args = ["my ca*".into(), Value::int(365), ed25519];
        let ca = call("genCAWithKey", &args);
        assert_recorded(&ca, "ca.crt");
        let args = [
            "bücher.example".into(),
            list(&["10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1"]),
            list(&["a.example", "*.b.example"]),
            Value::int(30_000),
            ca.clone(),
            rsa.clone(),
        ];
        assert_recorded(&call("genSignedCertWithKey", &args), "leaf.crt");
        // A subject equal to the issuer's leaves out the authority's key identifier.
        let args = [
            "my ca*".into(),
            none(),
            none(),
            Value::int(-1),
            ca,
            rsa.clone(),
        ];
        assert_recorded(&call("genSignedCertWithKey", &args), "same-name.crt");
        // Without a subject, the alternative names are critical.
        let args = ["".into(), none(), list(&["x"]), Value::int(1), rsa];
        assert_recorded(&call("genSelfSignedCertWithKey", &args), "no-name.crt");
    }

    #[test]
    fn keys_survive_their_pem_form() {
        for (kind, label) in [
            ("ecdsa", "EC PRIVATE KEY"),
            ("ed25519", "PRIVATE KEY"),
            ("dsa", "DSA PRIVATE KEY"),
        ] {
            let pem = call("genPrivateKey", &[kind.into()]);
            let text = pem.as_str().expect("PEM text");
            assert!(text.starts_with(format!("-----BEGIN {label}-----\n").as_bytes()));
            let key = PrivateKey::from_pem(text).expect("a key");
            assert_eq!(key.to_pem().as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn made_keys_sign() {
        let (cn, days) = (Value::from("ca"), Value::int(1));
        let ca = call("genCA", &[cn.clone(), days.clone()]);
        let args = [cn, list(&[]), list(&[]), days, ca.clone()];
        let leaf = call("genSignedCert", &args);
        for value in [ca, leaf] {
            let object = CertificateObject::from_value(&value).expect("a certificate");
            let args = [&object.cert, &object.key].map(|text| encode_base64(text).into());
            assert!(call("buildCustomCert", &args).deep_equal(&value));
        }
    }

    #[test]
    fn encryption_is_undone() {
        for text in ["x", "exactly 16 bytes", "a longer text than one block"] {
            let secret = call("encryptAES", &["password".into(), text.into()]);
            let plain = call("decryptAES", &["password".into(), secret]);
            assert!(plain.deep_equal(&text.into()));
        }
    }
}
