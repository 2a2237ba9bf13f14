//! `.Files`: the files of a chart that are neither templates nor metadata.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::files::glob::Glob;
use crate::helm::HelmCompat;
use crate::value::arguments::{wrong_count, wrong_type};
use crate::value::{Kind, List, ListType, Object, Str, Tree, Value};
use crate::yaml;

/// The files of one chart by path (`engine.files`).
#[derive(Debug)]
pub(super) struct Files {
    helm: HelmCompat,
    files: BTreeMap<Str, Str>,
}

impl Files {
    /// Joins `files`, pairs of path and content; of equal paths the last one stays.
    pub(super) fn new(helm: HelmCompat, files: impl IntoIterator<Item = (Str, Str)>) -> Files {
        Files {
            helm,
            files: files.into_iter().collect(),
        }
    }

    fn get(&self, path: &Str) -> Str {
        self.files.get(path.as_bytes()).cloned().unwrap_or_default()
    }

    /// An existing empty file is an error in Helm 4 only, whose own check looks before the start.
    fn lines(&self, path: &Str) -> Result<Value, String> {
        let Some(text) = self.files.get(path.as_bytes()) else {
            return Ok(Value::strings([]));
        };
        if text.is_empty() {
            return match self.helm {
                HelmCompat::V3 => Ok(Value::strings([])),
                HelmCompat::V4 => Err("runtime error: index out of range [-1]".to_owned()),
            };
        }
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        Ok(Value::strings(text.split(|b| *b == b'\n').map(Str::from)))
    }

    /// An invalid pattern matches everything.
    fn glob(&self, pattern: &Str) -> Value {
        let pattern = pattern.to_str_lossy();
        let glob = Glob::new(&pattern).unwrap_or_else(|_| Glob::everything());
        let matching = self
            .files
            .iter()
            .filter(|(path, _)| glob.matches(&path.to_str_lossy()));
        let files = matching.map(|(path, data)| (path.clone(), data.clone()));
        Rc::new(Files::new(self.helm, files)).into()
    }

    /// The files as a YAML map of base name to what `encode` makes of the content.
    fn yaml_map(&self, encode: impl Fn(&Str) -> Str) -> Value {
        let entry = |(path, data): (&Str, &Str)| (base(path), Value::Str(encode(data)));
        let map = Value::Map(self.files.iter().map(entry).collect());
        let text = yaml::marshal_value(&map).unwrap_or_default();
        Value::str(text.strip_suffix('\n').unwrap_or(&text))
    }
}

/// The last element of a cleaned slash-separated path (`path.Base`).
fn base(path: &[u8]) -> Str {
    let end = path.len() - path.iter().rev().take_while(|b| **b == b'/').count();
    let path = &path[..end];
    let start = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    match &path[start..] {
        b"" => ".".into(),
        name => name.into(),
    }
}

fn bytes(data: &Str) -> Value {
    Value::List(List::bytes(data.clone()))
}

impl Object for Files {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn type_name(&self) -> &str {
        "engine.files"
    }

    /// A missing file is a nil `[]uint8`, as for any Go map of byte slices.
    fn field(&self, name: &str) -> Option<Value> {
        let missing = || Value::List(List::nil(ListType::Bytes));
        let file = self.files.get(name.as_bytes());
        Some(file.map_or_else(missing, bytes))
    }

    fn method(&self, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        let wanted = match name {
            "Get" | "GetBytes" | "Lines" | "Glob" => 1,
            "AsConfig" | "AsSecrets" => 0,
            _ => return None,
        };
        Some(match (name, args) {
            ("Get", [Value::Str(path)]) => Ok(Value::Str(self.get(path))),
            ("GetBytes", [Value::Str(path)]) => Ok(bytes(&self.get(path))),
            ("Lines", [Value::Str(path)]) => self.lines(path),
            ("Glob", [Value::Str(pattern)]) => Ok(self.glob(pattern)),
            ("AsConfig", []) => Ok(self.yaml_map(Str::clone)),
            ("AsSecrets", []) => Ok(self.yaml_map(|data| STANDARD.encode(data).into())),
            (_, args) if args.len() == wanted => Err(wrong_type("string", &args[0])),
            (_, args) => Err(wrong_count(name, wanted, args.len())),
        })
    }

    /// A pattern is tried on every path, and every file is written.
    fn method_steps(&self, name: &str) -> usize {
        match name {
            "Glob" | "AsConfig" | "AsSecrets" => self.files.len(),
            _ => 0,
        }
    }

    fn entries(&self) -> Option<Vec<(Str, Value)>> {
        Some(
            self.files
                .iter()
                .map(|(path, data)| (path.clone(), bytes(data)))
                .collect(),
        )
    }

    fn is_true(&self) -> bool {
        !self.files.is_empty()
    }

    fn json(&self) -> Result<Tree, String> {
        let entry = |(path, data): (&Str, &Str)| (path.clone(), STANDARD.encode(data).into());
        Ok(Tree::map(self.files.iter().map(entry).collect()))
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Files>();
        other.is_some_and(|other| self.files == other.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(helm: HelmCompat) -> Files {
        let entries = [
            ("a/x.txt", "1\n2\n"),
            ("a/b/y", "two\n"),
            ("empty", ""),
            ("z", "\u{e9}"),
        ];
        Files::new(helm, entries.map(|(path, data)| (path.into(), data.into())))
    }

    fn call(files: &Files, name: &str, args: &[Value]) -> Value {
        files
            .method(name, args)
            .expect("a method")
            .expect("a result")
    }

    #[test]
    fn reads_files() {
        let files = files(HelmCompat::V4);
        let text = |name: &str, arg: &str| {
            String::from_utf8(crate::value::format::display(&call(
                &files,
                name,
                &[arg.into()],
            )))
            .expect("text")
        };
        assert_eq!(text("Get", "a/x.txt"), "1\n2\n");
        assert_eq!(text("Get", "none"), "");
        assert_eq!(text("GetBytes", "z"), "[195 169]");
        assert_eq!(text("Lines", "a/x.txt"), "[1 2]");
        assert_eq!(text("Lines", "none"), "[]");
    }

    #[test]
    fn lines_of_an_empty_file_differ_between_the_releases() {
        let lines = |helm| {
            files(helm)
                .method("Lines", &["empty".into()])
                .expect("a method")
        };
        assert!(lines(HelmCompat::V3).is_ok());
        assert_eq!(
            lines(HelmCompat::V4).expect_err("an error"),
            "runtime error: index out of range [-1]"
        );
    }

    #[test]
    fn becomes_the_data_of_a_config_map_or_secret() {
        let files = files(HelmCompat::V4);
        let text = |name| call(&files, name, &[]).as_str().expect("text").to_string();
        assert_eq!(
            text("AsConfig"),
            "empty: \"\"\nx.txt: |\n  1\n  2\n\"y\": |\n  two\nz: é"
        );
        assert_eq!(
            text("AsSecrets"),
            "empty: \"\"\nx.txt: MQoyCg==\n\"y\": dHdvCg==\nz: w6k="
        );
    }

    #[test]
    fn base_is_the_last_element() {
        for (path, want) in [("a/b", "b"), ("a/", "a"), ("", "."), ("a", "a")] {
            assert_eq!(base(path.as_bytes()), want, "{path}");
        }
    }
}
