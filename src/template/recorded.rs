//! Templates and their results as the reference recorded them, for tests.
//!
//! A file under `testdata/template/` has a block for each case: a line `=== NAME`, the text of the
//! template, texts that are parsed before it (`--- file NAME`), and the recorded sections: `out`,
//! or `parse` and `helm`, or `go`, `helm3` and `helm4`. `context.json` is the data of all.

use std::any::Any;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{Args, FuncError, Function, Functions, Host, Param, TemplateSet};
use super::{ExecError, Limits, ParseError, Run};
use crate::value::arguments::{check_count, wrong_type};
use crate::value::{Field, Kind, Map, MapType, Named, Object, Str, Tree, Value};

/// The name of the template under test.
const MAIN: &str = "dir/t.yaml";

/// One recorded case.
pub(crate) struct Case {
    /// File and name, for messages.
    pub(crate) place: String,
    files: Vec<(String, String)>,
    sections: Vec<(String, String)>,
}

/// Why a case failed.
pub(crate) enum Failure {
    Parse(ParseError),
    Exec(ExecError),
}

impl Case {
    /// A recorded section.
    pub(crate) fn section(&self, name: &str) -> Option<&str> {
        let found = self.sections.iter().find(|(of, _)| of == name);
        found.map(|(_, text)| text.as_str())
    }

    /// Renders the case.
    pub(crate) fn render(&self) -> Result<Vec<u8>, Failure> {
        let mut set = TemplateSet::new("gotpl", Functions(FUNCTIONS));
        for (name, text) in &self.files {
            set.add(name.as_str(), text.as_str())
                .map_err(Failure::Parse)?;
        }
        let mut run = Run::new(&set, &NoHost, Limits::default());
        run.execute(MAIN, context()).map_err(Failure::Exec)
    }
}

/// The cases of all files.
pub(crate) fn cases() -> Vec<Case> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    let cases: Vec<Case> = files.iter().flat_map(|file| read(file)).collect();
    assert!(!cases.is_empty());
    cases
}

/// The data of all cases.
pub(crate) fn context() -> Value {
    let text = fs::read(dir().join("context.json")).unwrap();
    thaw(&serde_json::from_slice(&text).unwrap())
}

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/template")
}

fn thaw(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Float(n.as_f64().unwrap()),
        Json::String(s) => Value::str(s.as_str()),
        Json::Array(items) => Value::list(items.iter().map(thaw).collect()),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(k, v)| (k.as_str().into(), thaw(v)));
            Value::Map(entries.collect())
        }
    }
}

fn read(file: &Path) -> Vec<Case> {
    let text = format!("\n{}", fs::read_to_string(file).unwrap());
    let text = text.strip_suffix('\n').unwrap();
    let mut cases = Vec::new();
    for block in text.split("\n=== ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let rest = format!("\n{rest}");
        let mut parts = rest.split("\n--- ");
        let main = parts.next().unwrap().strip_prefix('\n').unwrap();
        let mut case = Case {
            place: format!("{}: {name}", file.display()),
            files: Vec::new(),
            sections: Vec::new(),
        };
        for part in parts {
            let (head, text) = part.split_once('\n').unwrap();
            match head.strip_prefix("file ") {
                Some(name) => case.files.push((name.to_owned(), text.to_owned())),
                None => case.sections.push((head.to_owned(), text.to_owned())),
            }
        }
        case.files.push((MAIN.to_owned(), main.to_owned()));
        cases.push(case);
    }
    cases
}

/// A host that knows nothing.
pub(crate) struct NoHost;

impl Host for NoHost {
    fn now(&self) -> (i64, u32) {
        (0, 0)
    }

    fn random(&self, _purpose: &str, out: &mut [u8]) {
        out.fill(0);
    }

    fn time_zone(&self) -> String {
        "UTC".to_owned()
    }

    fn resolve(&self, _name: &str) -> String {
        String::new()
    }

    fn helm(&self) -> u8 {
        4
    }
}

/// The functions that the reference had, one for each kind of signature.
pub(crate) const FUNCTIONS: &[Function] = &[
    Function::pure("anyv", &[Param::Any], |args| {
        Ok(args.any(0).type_name().into())
    }),
    Function::pure("dict", &[Param::Any], dict).variadic(),
    Function::pure("errf", &[Param::String], |args| {
        Err(FuncError::Message(args.str(0).to_string()))
    }),
    Function::pure("f64", &[Param::Float64], |args| Ok(args.float(0).into())),
    Function::pure("fail", &[Param::String], |args| {
        Err(FuncError::Fail(args.str(0).to_string()))
    }),
    Function::pure("first", &[Param::Any], |args| {
        let mut args = args.0.iter();
        Ok(args
            .find(|arg| !matches!(arg, Value::Nil))
            .cloned()
            .unwrap_or_default())
    })
    .variadic(),
    Function::pure("flag", &[Param::Bool], |args| Ok((!args.bool(0)).into())),
    Function::pure("i64", &[Param::Int64], |args| Ok(Value::int64(args.int(0)))),
    Function::run("include", &[Param::String, Param::Any], |run, args| {
        run.include(args.str(0), args.any(1).clone())
            .map(Value::Str)
    }),
    Function::pure("join", &[Param::String, Param::String], |args| {
        let parts: Vec<&[u8]> = (1..args.len()).map(|i| args.str(i).as_bytes()).collect();
        Ok(Value::str(parts.join(args.str(0).as_bytes())))
    })
    .variadic(),
    Function::pure("list", &[Param::Any], |args| {
        Ok(Value::list(args.0.to_vec()))
    })
    .variadic(),
    Function::pure("lst", &[Param::List], |args| {
        Ok(Value::int(args.list(0).len() as i64))
    }),
    Function::pure("mp", &[Param::Map], |args| {
        Ok(Value::int(args.map(0).len() as i64))
    }),
    Function::pure("none", &[], |_| Ok(Value::Nil)),
    Function::pure("obj", &[], |_| Ok(obj("o", Some("i"), false))),
    Function::pure("pobj", &[], |_| Ok(obj("p", None, true))),
    Function::pure(
        "required",
        &[Param::String, Param::Any],
        |args| match args.any(1) {
            Value::Nil => Err(FuncError::Fail(args.str(0).to_string())),
            Value::Str(s) if s.is_empty() => Err(FuncError::Fail(args.str(0).to_string())),
            value => Ok(value.clone()),
        },
    ),
    Function::pure("set", &[Param::Map, Param::String, Param::String], |args| {
        args.map(0)
            .insert(args.str(1).clone(), args.any(2).clone())?;
        Ok(args.any(0).clone())
    }),
    Function::pure("smap", &[], |_| {
        let entries = [(Str::from("k"), Value::from("v"))].into();
        Ok(Map::with_type(MapType::Str, entries).into())
    }),
    Function::pure("strs", &[], |_| {
        Ok(Value::strings(["x".into(), "y".into()]))
    }),
    Function::pure("takeobj", &[Param::Object("main.Obj")], |args| {
        match args.any(0) {
            Value::Object(object) => Ok(object.field("Name").unwrap()),
            _ => Ok(Value::Nil),
        }
    }),
    Function::pure("toI64", &[Param::Any], |args| {
        Ok(match args.any(0) {
            Value::Int(n @ crate::value::Int::Int(_)) => Value::int64(n.to_i64()),
            _ => Value::int64(0),
        })
    }),
    Function::run("tpl", &[Param::String, Param::Any], |run, args| {
        run.tpl(args.str(0), args.any(1).clone()).map(Value::Str)
    }),
    Function::pure("trunc", &[Param::Int, Param::String], |args| {
        let text = args.str(1);
        let n = usize::try_from(args.int(0)).unwrap_or(usize::MAX);
        Ok(Value::str(&text[..text.len().min(n)]))
    }),
    Function::pure("upper", &[Param::String], |args| {
        Ok(Value::str(args.str(0).to_ascii_uppercase()))
    }),
    Function::pure("vals", &[], |_| {
        let inner: Map = [("b".into(), "c".into())].into_iter().collect();
        let entries = [("a".into(), inner.into()), ("s".into(), "t".into())].into();
        Ok(Map::with_type(MapType::Named(&VALUES), entries).into())
    }),
];

fn dict(args: Args<'_>) -> Result<Value, FuncError> {
    let pairs = args.0.chunks_exact(2);
    let entries = pairs.map(|pair| (pair[0].clone(), pair[1].clone()));
    let entries = entries.map(|(k, v)| (Str::from(crate::value::format::display(&k)), v));
    Ok(Value::Map(entries.collect()))
}

static VALUES: Named = Named {
    name: "main.Values",
    method: |map, name, args| {
        if name != "Table" {
            return None;
        }
        let key = match arguments(name, args, 1) {
            Ok(args) => match &args[0] {
                Value::Str(key) => key.clone(),
                other => return Some(Err(wrong_type("string", other))),
            },
            Err(text) => return Some(Err(text)),
        };
        Some(match map.get(&key) {
            Some(Value::Map(table)) => {
                let entries = table.entries().clone();
                Ok(Map::with_type(MapType::Named(&VALUES), entries).into())
            }
            _ => Err(format!(
                "{} is not a table",
                crate::value::quote::quote(&key)
            )),
        })
    },
};

fn arguments<'a>(name: &str, args: &'a [Value], want: usize) -> Result<&'a [Value], String> {
    check_count(name, args, want).map(|()| args)
}

#[derive(Debug)]
struct Obj {
    name: &'static str,
    inner: Option<&'static str>,
    is_pointer: bool,
}

fn obj(name: &'static str, inner: Option<&'static str>, is_pointer: bool) -> Value {
    Value::from(Rc::new(Obj {
        name,
        inner,
        is_pointer,
    }))
}

impl Object for Obj {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        if self.is_pointer {
            Kind::Ptr
        } else {
            Kind::Struct
        }
    }

    fn type_name(&self) -> &str {
        if self.is_pointer {
            "*main.Obj"
        } else {
            "main.Obj"
        }
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Name" => Some(self.name.into()),
            "Inner" => self.inner.map(|inner| obj(inner, None, true)),
            "Any" => Some(Value::Nil),
            _ => None,
        }
    }

    fn method(&self, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        match name {
            "Hello" => Some(arguments(name, args, 1).and_then(|args| match &args[0] {
                Value::Str(who) if who.is_empty() => Err("who?".to_owned()),
                Value::Str(who) => Ok(format!("hello {who} from {}", self.name).into()),
                other => Err(wrong_type("string", other)),
            })),
            "Ptr" if self.is_pointer => {
                Some(arguments(name, args, 0).map(|_| format!("ptr {}", self.name).into()))
            }
            _ => None,
        }
    }

    fn fields(&self) -> Option<Vec<Field>> {
        let nil = |name| (name, Value::Nil);
        Some(vec![("Name", self.name.into()), nil("Inner"), nil("Other")])
    }

    fn json(&self) -> Result<Tree, String> {
        Ok(Tree::Null)
    }

    fn deep_equal(&self, _other: &dyn Object) -> bool {
        false
    }
}

#[test]
fn outputs_and_texts_are_as_recorded() {
    let mut wrong = Vec::new();
    for case in cases() {
        let got = match case.render() {
            Ok(out) => ("out", String::from_utf8_lossy(&out).into_owned()),
            Err(Failure::Parse(error)) => ("parse", error.to_string()),
            Err(Failure::Exec(error)) => ("go", error.go_text()),
        };
        if case.section(got.0) != Some(&got.1) {
            wrong.push(format!("{}\n got {}: {}", case.place, got.0, got.1));
        }
    }
    let n = wrong.len();
    wrong.truncate(10);
    assert!(wrong.is_empty(), "{n} wrong:\n{}", wrong.join("\n"));
}
