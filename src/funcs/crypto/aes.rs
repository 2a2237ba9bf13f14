//! AES-256 in CBC mode, as `encryptAES` and `decryptAES` use it.

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::funcs::encoding::{decode_base64, encode_base64};
use crate::funcs::random::Generator;
use crate::template::Host;

const BLOCK: usize = 16;

type Block = [u8; BLOCK];

/// Encrypts `text`: base 64 of a random block and the padded text in chained blocks.
///
/// Nothing gives nothing.
pub(super) fn encrypt(host: &dyn Host, password: &[u8], text: &[u8]) -> String {
    if text.is_empty() {
        return String::new();
    }
    let cipher = cipher(password);
    let purpose = format!("encryptAES {}", Generator::digest(&[password, text]));
    let mut previous: Block = [0; BLOCK];
    Generator::new(host, &purpose).fill(&mut previous);
    let mut out = previous.to_vec();
    let n_padding = BLOCK - text.len() % BLOCK;
    let mut padded = text.to_vec();
    padded.resize(text.len() + n_padding, n_padding as u8);
    for block in padded.as_chunks::<BLOCK>().0 {
        let mut mixed = xor(block, &previous).into();
        cipher.encrypt_block(&mut mixed);
        previous = mixed.into();
        out.extend_from_slice(&previous);
    }
    encode_base64(&out)
}

/// Decrypts what [`encrypt`] gives; a wrong password gives wrong text or an error.
///
/// # Errors
///
/// The texts of the errors and panics that sprig lets happen.
pub(super) fn decrypt(password: &[u8], text: &[u8]) -> Result<Vec<u8>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = decode_base64(text)?;
    let Some((first, rest)) = bytes.split_first_chunk::<BLOCK>() else {
        // Go slices beyond the length, up to what it had reserved for the decoded text.
        let reserved = text.len() / 4 * 3;
        let (length, panic) = (bytes.len(), "runtime error: slice bounds out of range");
        return Err(if reserved < BLOCK {
            format!("{panic} [:{BLOCK}] with capacity {reserved}")
        } else {
            format!("{panic} [{BLOCK}:{length}]")
        });
    };
    let (blocks, partial) = rest.as_chunks::<BLOCK>();
    if !partial.is_empty() {
        return Err("crypto/cipher: input not full blocks".to_owned());
    }
    let cipher = cipher(password);
    let mut out = Vec::with_capacity(rest.len());
    let mut previous = first;
    for block in blocks {
        let mut mixed = (*block).into();
        cipher.decrypt_block(&mut mixed);
        out.extend_from_slice(&xor(&mixed.into(), previous));
        previous = block;
    }
    let Some(n_padding) = out.last().map(|b| usize::from(*b)) else {
        return Err("runtime error: index out of range [-1]".to_owned());
    };
    match out.len().checked_sub(n_padding) {
        Some(length) => out.truncate(length),
        None => {
            let beyond = n_padding - out.len();
            return Err(format!(
                "runtime error: slice bounds out of range [:-{beyond}]"
            ));
        }
    }
    Ok(out)
}

/// The cipher whose key is the password, cut or filled with zeros to 32 bytes.
fn cipher(password: &[u8]) -> Aes256 {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    Aes256::new(&key.into())
}

fn xor(a: &Block, b: &Block) -> Block {
    std::array::from_fn(|at| a[at] ^ b[at])
}
