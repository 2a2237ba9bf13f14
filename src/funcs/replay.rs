//! Checks functions against results recorded from sprig: one JSON object on each line of
//! `testdata/funcs/<group>/*.jsonl`, with the function `f`, its arguments `a`, and its result `r`
//! or its error text `e`.
//!
//! Values are JSON strings and booleans, or one of `{"x": hex}`, `{"i": int}`, `{"i64": int64}`,
//! `{"u32": uint32}`, `{"f": float64}`, `{"l": []any}`, `{"ls": []string}`,
//! `{"t": [seconds, nanoseconds, zone]}`, `{"cert": [cert, key]}` and, as a result, `{"o": type, "v": text}`.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::funcs;
use crate::funcs::crypto::CertificateObject;
use crate::funcs::dates::{Time, Zone};
use crate::template::{Args, Call, FuncError, Host, Runtime};
use crate::value::format::display;
use crate::value::{Int, List, ListType, Str, Value};

/// A world at a fixed time whose random bytes depend on their purpose only.
pub(crate) struct FixedHost {
    pub(crate) now: (i64, u32),
    pub(crate) time_zone: &'static str,
}

impl Default for FixedHost {
    fn default() -> FixedHost {
        FixedHost {
            now: (1_714_557_600, 123_456_789),
            time_zone: "UTC",
        }
    }
}

impl Host for FixedHost {
    fn now(&self) -> (i64, u32) {
        self.now
    }

    fn random(&self, purpose: &str, out: &mut [u8]) {
        let mut state = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
        for byte in out {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = (state >> 32) as u8;
        }
    }

    fn time_zone(&self) -> String {
        self.time_zone.to_owned()
    }

    fn resolve(&self, _name: &str) -> String {
        String::new()
    }

    fn helm(&self) -> u8 {
        4
    }
}

impl Runtime for FixedHost {
    fn include(&mut self, _name: &Str, _data: Value) -> Result<Str, FuncError> {
        Err("no templates here".into())
    }

    fn tpl(&mut self, _text: &Str, _data: Value) -> Result<Str, FuncError> {
        Err("no templates here".into())
    }

    fn spend(&mut self, _steps: usize) -> Result<(), FuncError> {
        Ok(())
    }

    fn host(&self) -> &dyn Host {
        self
    }
}

/// Calls the function `name`; its error as text.
pub(crate) fn call(host: &mut FixedHost, name: &str, args: &[Value]) -> Result<Value, String> {
    let function = funcs::table(4).get(name).expect("a known function");
    let result = match function.call {
        Call::Pure(body) => body(Args(args)),
        Call::Run(body) => body(host, Args(args)),
        Call::Reflect(_) => panic!("{name} is a built-in"),
    };
    result.map_err(|error| match error {
        FuncError::Message(text) | FuncError::Fail(text) | FuncError::Limit(text) => text,
        FuncError::Nested { .. } => panic!("{name} runs no templates"),
    })
}

/// Checks every recorded line of `group`; `call` runs one.
pub(crate) fn check_with(group: &str, call: impl Fn(&str, &[Value]) -> Result<Value, String>) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/funcs")
        .join(group);
    let mut n_lines = 0;
    let mut failures = Vec::new();
    for entry in fs::read_dir(&dir).expect("the group has recorded lines") {
        let path = entry.expect("a readable directory").path();
        if path.extension().is_none_or(|e| e != "jsonl") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("readable lines");
        for line in text.lines() {
            n_lines += 1;
            if let Err(got) = check_line(line, &call) {
                failures.push(format!("{line}\n  got {got}"));
            }
        }
    }
    assert!(n_lines > 0, "no lines in {}", dir.display());
    assert!(
        failures.is_empty(),
        "{} of {n_lines} differ:\n{}",
        failures.len(),
        failures[..failures.len().min(40)].join("\n")
    );
}

/// Checks every recorded line of `group` in the default world.
pub(crate) fn check(group: &str) {
    check_with(group, |name, args| {
        call(&mut FixedHost::default(), name, args)
    });
}

fn check_line(
    line: &str,
    call: &impl Fn(&str, &[Value]) -> Result<Value, String>,
) -> Result<(), String> {
    let json: Json = serde_json::from_str(line).expect("a line is a JSON object");
    let args: Vec<Value> = json["a"]
        .as_array()
        .map(|args| args.iter().map(decode).collect())
        .unwrap_or_default();
    let name = json["f"].as_str().expect("a function name");
    match (call(name, &args), json.get("e")) {
        (Err(got), Some(expected)) => {
            let same = decode(expected)
                .as_str()
                .is_some_and(|e| *e == got.as_str() || e.to_str_lossy() == got);
            if same {
                Ok(())
            } else {
                Err(format!("error {got:?}"))
            }
        }
        (Ok(got), None) if matches(&got, &json["r"]) => Ok(()),
        (Ok(got), _) => Err(format!("{} {:?}", got.type_name(), got)),
        (Err(got), None) => Err(format!("error {got:?}")),
    }
}

fn matches(got: &Value, expected: &Json) -> bool {
    match expected.get("o") {
        Some(type_name) => {
            let text = decode(&expected["v"]);
            Some(got.type_name()) == type_name.as_str()
                && text.as_str().is_some_and(|t| **t == *display(got))
        }
        None => got.deep_equal(&decode(expected)),
    }
}

fn decode(json: &Json) -> Value {
    let object = match json {
        Json::Null => return Value::Nil,
        Json::Bool(b) => return Value::Bool(*b),
        Json::String(s) => return Value::from(s.as_str()),
        Json::Object(object) => object,
        other => panic!("no recorded value: {other}"),
    };
    let (key, inner) = object.iter().next().expect("a tagged value");
    let number = || inner.as_i64().expect("a 64-bit number");
    let items = || inner.as_array().map(|a| a.iter().map(decode).collect());
    match key.as_str() {
        "nil" => Value::Nil,
        "x" => Value::str(unhex(inner.as_str().expect("hexadecimal digits"))),
        "i" => Value::int(number()),
        "i64" => Value::int64(number()),
        "u32" => Value::Int(Int::Uint64(inner.as_u64().expect("an unsigned number"))),
        "f" => Value::Float(inner.as_f64().expect("a number")),
        "t" => {
            let part = |at: usize| inner[at].as_i64().expect("a 64-bit number");
            let zone = inner[2].as_str().expect("the name of a zone");
            let zone = Zone::load(zone, &FixedHost::default()).expect("a known zone");
            let nanoseconds = u32::try_from(part(1)).expect("less than a second");
            Time::new(part(0), nanoseconds, zone).into()
        }
        "cert" => {
            let text = |at: usize| inner[at].as_str().expect("PEM text").as_bytes().to_vec();
            CertificateObject::value(text(0), text(1))
        }
        "l" => list(ListType::Any, items()),
        "ls" => list(ListType::Str, items()),
        other => panic!("no recorded value: {other}"),
    }
}

fn list(list_type: ListType, items: Option<Vec<Value>>) -> Value {
    Value::List(match items {
        Some(items) => List::new(list_type, items),
        None => List::nil(list_type),
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}
