//! Helm's own functions: `include`, `tpl`, `required`, `fail`, `lookup`.
//!
//! In: names and texts of templates with their data, messages. Out: rendered text, or the value
//! that was required. No cluster is ever asked: `lookup` gives an empty map.

use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::{Map, Value};

type Result = std::result::Result<Value, FuncError>;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("fail", &[Param::String], |args| Err(failure(args))).constant(),
    Function::run("include", &[Param::String, Param::Any], include).constant(),
    Function::pure("lookup", &[Param::String; 4], |_| {
        Ok(Value::Map(Map::new()))
    })
    .constant(),
    Function::pure("required", &[Param::String, Param::Any], required).constant(),
    Function::run("tpl", &[Param::String, Param::Any], tpl).constant(),
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
    use crate::template::{Call, Host};
    use crate::value::{MapType, Str};

    /// A run whose templates say what they were called with.
    struct Echo;

    impl Runtime for Echo {
        fn include(&mut self, name: &Str, data: Value) -> std::result::Result<Str, FuncError> {
            Ok(format!("include {name} {data:?}").into())
        }

        fn tpl(&mut self, text: &Str, data: Value) -> std::result::Result<Str, FuncError> {
            Ok(format!("tpl {text} {data:?}").into())
        }

        fn spend(&mut self, _steps: usize) -> std::result::Result<(), FuncError> {
            Ok(())
        }

        fn number(&self) -> u64 {
            0
        }

        fn host(&self) -> &dyn Host {
            unreachable!("templates are rendered without a look outside")
        }
    }

    fn call(name: &str, args: &[Value]) -> Result {
        match FUNCTIONS.iter().find(|f| f.name == name).unwrap().call {
            Call::Pure(body) => body(Args(args)),
            Call::Run(body) => body(&mut Echo, Args(args)),
            Call::Reflect(_) => panic!("{name} is no built-in of the language"),
        }
    }

    fn failure_of(name: &str, args: &[Value]) -> String {
        match call(name, args) {
            Err(FuncError::Fail(message)) => message,
            other => panic!("not a failure: {other:?}"),
        }
    }

    #[test]
    fn templates_are_left_to_the_run() {
        let args = ["a.name".into(), Value::Bool(true)];
        let text = |name| call(name, &args).unwrap().as_str().unwrap().to_string();
        assert_eq!(text("include"), "include a.name Bool(true)");
        assert_eq!(text("tpl"), "tpl a.name Bool(true)");
    }

    #[test]
    fn required_refuses_nil_and_the_empty_string_only() {
        assert_eq!(
            failure_of("required", &["no host".into(), Value::Nil]),
            "no host"
        );
        assert_eq!(
            failure_of("required", &["no host".into(), "".into()]),
            "no host"
        );
        for present in [
            Value::Bool(false),
            Value::int(0),
            Value::list(Vec::new()),
            Value::Map(Map::nil(MapType::Any)),
            " ".into(),
        ] {
            let result = call("required", &["no host".into(), present.clone()]);
            assert!(result.unwrap().deep_equal(&present));
        }
    }

    #[test]
    fn fail_always_fails() {
        assert_eq!(failure_of("fail", &["use port 80".into()]), "use port 80");
    }

    #[test]
    fn lookup_finds_nothing() {
        let found = call("lookup", &["v1".into(), "Pod".into(), "".into(), "".into()]).unwrap();
        assert!(
            found
                .as_map()
                .is_some_and(|map| map.is_empty() && !map.is_nil())
        );
    }
}
