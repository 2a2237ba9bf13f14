//! Helm's own functions: `include`, `tpl`, `required`, `fail`, `lookup`.
//!
//! In: names and texts of templates with their data, messages. Out: rendered text, or the value
//! that was required. No cluster is ever asked: `lookup` gives an empty map.

use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::{Map, Value};

type Result = std::result::Result<Value, FuncError>;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("fail", &[Param::String], |args| Err(failure(args))),
    Function::run("include", &[Param::String, Param::Any], include),
    Function::pure("lookup", &[Param::String; 4], |_| {
        Ok(Value::Map(Map::new()))
    }),
    Function::pure("required", &[Param::String, Param::Any], required),
    Function::run("tpl", &[Param::String, Param::Any], tpl),
];

fn include(run: &mut dyn Runtime, args: Args<'_>) -> Result {
    run.include(args.str(0), args.any(1).clone())
        .map(Value::Str)
}

fn tpl(run: &mut dyn Runtime, args: Args<'_>) -> Result {
    run.tpl(args.str(0), args.any(1).clone()).map(Value::Str)
}

/// Only nil and the empty string are missing; `false`, 0 and empty containers pass.
fn required(args: Args<'_>) -> Result {
    match args.any(1) {
        Value::Nil => Err(failure(args)),
        Value::Str(text) if text.is_empty() => Err(failure(args)),
        present => Ok(present.clone()),
    }
}

/// The message that the chart's author wrote as the first argument.
fn failure(args: Args<'_>) -> FuncError {
    FuncError::Fail(args.str(0).to_str_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(message: &str, value: Value) -> std::result::Result<Value, String> {
        match required(Args(&[message.into(), value])) {
            Ok(value) => Ok(value),
            Err(FuncError::Fail(message)) => Err(message),
            Err(other) => panic!("not a failure: {other:?}"),
        }
    }

    #[test]
    fn required_refuses_nil_and_the_empty_string_only() {
        assert_eq!(call("no host", Value::Nil).unwrap_err(), "no host");
        assert_eq!(call("no host", "".into()).unwrap_err(), "no host");
        for present in [
            Value::Bool(false),
            Value::int(0),
            Value::list(Vec::new()),
            Value::Map(Map::nil(crate::value::MapType::Any)),
            " ".into(),
        ] {
            assert!(
                call("no host", present.clone())
                    .unwrap()
                    .deep_equal(&present)
            );
        }
    }
}
