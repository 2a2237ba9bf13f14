//! Base 64, base 32 and checksums.
//!
//! In: strings of any bytes. Out: their encoding, decoding or digest. Refuses nothing: sprig
//! returns the text of a decoding error as the result.

mod base32;
mod base64;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::template::{Args, FuncError, Function, Param};
use crate::value::{Str, Value};

pub(crate) use base64::{decode as decode_base64, encode as encode_base64};

const TEXT: &[Param] = &[Param::String];

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("b64enc", TEXT, |args| Ok(encode_base64(args.str(0)).into())),
    Function::pure("b64dec", TEXT, |args| {
        Ok(text_or_error(decode_base64(args.str(0))))
    }),
    Function::pure(
        "b32enc",
        TEXT,
        |args| Ok(base32::encode(args.str(0)).into()),
    ),
    Function::pure("b32dec", TEXT, |args| {
        Ok(text_or_error(base32::decode(args.str(0))))
    }),
    Function::pure("sha1sum", TEXT, digest::<Sha1>),
    Function::pure("sha256sum", TEXT, digest::<Sha256>),
    Function::pure("sha512sum", TEXT, digest::<Sha512>),
    Function::pure("adler32sum", TEXT, |args| {
        Ok(adler32(args.str(0)).to_string().into())
    }),
];

fn text_or_error(decoded: Result<Vec<u8>, String>) -> Value {
    match decoded {
        Ok(bytes) => Value::Str(Str::from(bytes)),
        Err(error) => error.into(),
    }
}

fn digest<D: Digest>(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(hexadecimal(&D::digest(args.str(0))).into())
}

/// The bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    // The longest run whose sums stay below 2^32.
    const RUN: usize = 5552;
    let (mut a, mut b) = (1, 0);
    for run in bytes.chunks(RUN) {
        for byte in run {
            a += u32::from(*byte);
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use crate::funcs::replay;

    #[test]
    fn replay_results() {
        replay::check("encoding");
    }
}
