//! Random strings, numbers and orders.
//!
//! In: lengths and bounds. Out: values drawn without bias from the random bytes of the
//! [`Host`](crate::template::Host), so that a fixed host gives fixed values. Refused: lengths beyond
//! [`MAX_RANDOM_CHARS`].

mod generator;

use crate::funcs::encoding::encode_base64;
use crate::limits::MAX_RANDOM_CHARS;
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::Value;

pub(crate) use generator::Generator;

const COUNT: &[Param] = &[Param::Int];

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const DIGITS: &[u8] = b"0123456789";
const PRINTABLE: &[u8] = b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`\
    abcdefghijklmnopqrstuvwxyz{|}~";

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::run("randAlpha", COUNT, |run, args| {
        chars(run, "randAlpha", LETTERS, args)
    }),
    Function::run("randAlphaNum", COUNT, |run, args| {
        chars(run, "randAlphaNum", LETTERS_AND_DIGITS, args)
    }),
    Function::run("randAscii", COUNT, |run, args| {
        chars(run, "randAscii", PRINTABLE, args)
    }),
    Function::run("randNumeric", COUNT, |run, args| {
        chars(run, "randNumeric", DIGITS, args)
    }),
    Function::run("randBytes", COUNT, rand_bytes),
    Function::run("randInt", &[Param::Int, Param::Int], rand_int),
    Function::run("shuffle", &[Param::String], shuffle),
    Function::run("uuidv4", &[], uuidv4),
];

fn chars(
    run: &mut dyn Runtime,
    name: &str,
    alphabet: &[u8],
    args: Args<'_>,
) -> Result<Value, FuncError> {
    let count = args.int(0);
    // sprig drops the error about a negative length.
    let Some(n_chars) = usize::try_from(count).ok().filter(|n| *n > 0) else {
        return Ok(Value::from(""));
    };
    check_length(name, n_chars)?;
    let mut random = Generator::new(run.host(), &format!("{name} {count}"));
    let text: String = (0..n_chars)
        .map(|_| char::from(alphabet[random.index(alphabet.len())]))
        .collect();
    Ok(text.into())
}

fn rand_bytes(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let count = args.int(0);
    let Ok(n_bytes) = usize::try_from(count) else {
        return Err("runtime error: makeslice: len out of range".into());
    };
    check_length("randBytes", n_bytes)?;
    let mut bytes = vec![0; n_bytes];
    Generator::new(run.host(), &format!("randBytes {count}")).fill(&mut bytes);
    Ok(encode_base64(&bytes).into())
}

fn check_length(name: &str, length: usize) -> Result<(), FuncError> {
    if length <= MAX_RANDOM_CHARS {
        return Ok(());
    }
    Err(FuncError::Limit(format!(
        "{name}: a length of {length} is beyond {MAX_RANDOM_CHARS}"
    )))
}

fn rand_int(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let (min, max) = (args.int(0), args.int(1));
    // Go's subtraction wraps.
    let span = max.wrapping_sub(min);
    if span <= 0 {
        return Err("invalid argument to Intn".into());
    }
    let mut random = Generator::new(run.host(), &format!("randInt {min} {max}"));
    let offset = random.below(span.unsigned_abs());
    Ok(Value::int(min.wrapping_add_unsigned(offset)))
}

/// Puts the characters in another order; bytes that are part of none become U+FFFD.
/// Bytes of a text that take about as long to shuffle as one evaluation step.
const SHUFFLED_PER_STEP: usize = 8;

fn shuffle(run: &mut dyn Runtime, args: Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(0);
    run.spend(text.len() / SHUFFLED_PER_STEP)?;
    let mut chars: Vec<char> = Vec::new();
    for chunk in text.utf8_chunks() {
        chars.extend(chunk.valid().chars());
        chars.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    let mut random = Generator::new(
        run.host(),
        &format!("shuffle {}", Generator::digest(&[text])),
    );
    for last in (1..chars.len()).rev() {
        chars.swap(last, random.index(last + 1));
    }
    Ok(chars.into_iter().collect::<String>().into())
}

fn uuidv4(run: &mut dyn Runtime, _: Args<'_>) -> Result<Value, FuncError> {
    let mut bytes = [0; 16];
    Generator::new(run.host(), "uuidv4").fill(&mut bytes);
    let version = 4 << 76;
    let variant = 2 << 62;
    let number = u128::from_be_bytes(bytes) & !(0xF << 76) & !(3 << 62) | version | variant;
    let hex = format!("{number:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Ok(parts.join("-").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::replay::{self, FixedHost};

    fn call(name: &str, args: &[i64]) -> Result<String, String> {
        let args: Vec<Value> = args.iter().map(|n| Value::int(*n)).collect();
        let value = replay::call(&mut FixedHost::default(), name, &args)?;
        Ok(value.as_str().expect("a string").to_string())
    }

    #[test]
    fn replay_results() {
        replay::check("random");
    }

    #[test]
    fn alphabets_are_complete_and_exact() {
        for (name, alphabet) in [
            ("randAlpha", LETTERS),
            ("randAlphaNum", LETTERS_AND_DIGITS),
            ("randAscii", PRINTABLE),
            ("randNumeric", DIGITS),
        ] {
            let mut seen: Vec<u8> = call(name, &[10_000]).expect("text").into_bytes();
            assert_eq!(seen.len(), 10_000);
            seen.sort_unstable();
            seen.dedup();
            let mut expected = alphabet.to_vec();
            expected.sort_unstable();
            assert_eq!(seen, expected, "{name}");
        }
    }

    #[test]
    fn the_host_decides() {
        let first = call("randAlphaNum", &[16]);
        assert_eq!(first, call("randAlphaNum", &[16]));
        assert_ne!(first, call("randAlpha", &[16]));
    }

    #[test]
    fn lengths_are_bounded() {
        let max = i64::try_from(MAX_RANDOM_CHARS).expect("a small bound");
        assert!(call("randAlpha", &[max]).is_ok());
        assert!(call("randAlpha", &[max + 1]).is_err());
        assert!(call("randBytes", &[max + 1]).is_err());
    }

    #[test]
    fn integers_stay_between_their_bounds() {
        let mut host = FixedHost::default();
        for (min, max) in [(0, 1), (-3, 3), (5, 7), (0, i64::MAX), (i64::MIN, -1)] {
            let args = [Value::int(min), Value::int(max)];
            let Ok(Value::Int(n)) = replay::call(&mut host, "randInt", &args) else {
                panic!("an integer");
            };
            assert!((min..max).contains(&n.to_i64()), "{min} {max} {n:?}");
        }
    }

    #[test]
    fn a_shuffle_keeps_the_characters() {
        let args = [Value::from("hällo wörld")];
        let shuffled = replay::call(&mut FixedHost::default(), "shuffle", &args);
        let text = shuffled.expect("text");
        let mut chars: Vec<char> = text
            .as_str()
            .expect("a string")
            .to_string()
            .chars()
            .collect();
        let mut expected: Vec<char> = "hällo wörld".chars().collect();
        chars.sort_unstable();
        expected.sort_unstable();
        assert_eq!(chars, expected);
    }

    #[test]
    fn uuids_have_version_and_variant() {
        let uuid = call("uuidv4", &[]).expect("a uuid");
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]));
    }
}
