//! Repeats the calls that were recorded from sprig under `testdata/funcs/`.

use serde_json::Value as Json;

use crate::funcs;
use crate::funcs::crypto::CertificateObject;
use crate::funcs::dates::{Time, Zone};
use crate::template::{Args, Call, FuncError, Function, Host, Runtime};
use crate::value::{Str, Value, recorded};

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

    fn number(&self) -> u64 {
        0
    }

    fn host(&self) -> &dyn Host {
        self
    }
}

/// Calls the function `name`; its error as text.
pub(crate) fn call(host: &mut FixedHost, name: &str, args: &[Value]) -> Result<Value, String> {
    let function = funcs::table(4).get(name).expect("a known function");
    run(host, function, args).map_err(|error| match error {
        FuncError::Message(text) | FuncError::Fail(text) | FuncError::Limit(text) => text,
        FuncError::Nested { .. } => panic!("{name} runs no templates"),
    })
}

/// Calls `function`.
pub(crate) fn run(
    host: &mut FixedHost,
    function: &Function,
    args: &[Value],
) -> Result<Value, FuncError> {
    match function.call {
        Call::Pure(body) => body(Args(args)),
        Call::Run(body) => body(host, Args(args)),
        Call::Reflect(_) => panic!("{} is a built-in", function.name),
    }
}

/// Repeats every recorded call of `group`; `call` runs one.
pub(crate) fn check_with(group: &str, call: impl Fn(&str, &[Value]) -> Result<Value, String>) {
    let mut failed = Vec::new();
    for case in recorded::cases(&format!("funcs/{group}"), extra) {
        let got = call(&case.name, &case.args);
        if !case.result.is(&got) {
            let (place, name, args, want) = (case.place, case.name, case.args, case.result);
            failed.push(format!(
                "{place} {name} {args:?}\n  got  {got:?}\n  want {want:?}"
            ));
        }
    }
    let n = failed.len();
    failed.truncate(40);
    assert!(failed.is_empty(), "{n} differ:\n{}", failed.join("\n"));
}

/// Repeats every recorded call of `group` in the default world.
pub(crate) fn check(group: &str) {
    check_with(group, |name, args| {
        call(&mut FixedHost::default(), name, args)
    });
}

/// Times as `[seconds, nanoseconds, zone]`, certificates as `[certificate, key]`.
fn extra(go_type: &str, of: &Json) -> Value {
    let text = |at: usize| of[at].as_str().expect("a text");
    match go_type {
        "time" => {
            let part = |at: usize| of[at].as_i64().expect("a 64-bit number");
            let zone = Zone::load(text(2), &FixedHost::default()).expect("a known zone");
            let nanoseconds = u32::try_from(part(1)).expect("less than a second");
            Time::new(part(0), nanoseconds, zone).into()
        }
        "certificate" => {
            let bytes = |at: usize| text(at).as_bytes().to_vec();
            CertificateObject::value(bytes(0), bytes(1))
        }
        other => panic!("no recorded value: {other}"),
    }
}
