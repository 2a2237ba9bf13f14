//! `docs/functions.md` lists the functions that there are.

use std::fmt::Write as _;
use std::fs;

use jenkins_cmp::funcs::GROUPS;
use jenkins_cmp::template::{Function, Param};

use crate::support;

const HEAD: &str = "\
# Template functions

Every function of sprig 3.3.0 and Helm, by group, in the form `name(parameters)`; `...` marks a parameter that takes any number of arguments.
Parameters have Go's types: `int` takes a literal or an `int`, not the `float64` of a values file, exactly as in Helm.
The language's own `and`, `or`, `not`, `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `index`, `len`, `print`, `printf`, `println`, `html`, `js`, `urlquery` and `call` come on top; its `slice` is hidden by sprig's.
`env` and `expandenv` are absent, as in Helm; `lookup` finds nothing; `getHostByName` gives the empty string unless `--enable-dns` is set.

This page is checked against the table of functions; `UPDATE_DOCS=1 cargo test functions` writes it anew.
";

fn go_type(param: Param) -> &'static str {
    match param {
        Param::Any => "any",
        Param::String => "string",
        Param::Int => "int",
        Param::Int64 => "int64",
        Param::Uint32 => "uint32",
        Param::Float64 => "float64",
        Param::Bool => "bool",
        Param::List => "[]any",
        Param::Map => "map[string]any",
        Param::Object(name) => name,
        Param::Reflect => "reflect.Value",
    }
}

fn signature(function: &Function) -> String {
    let last = function.params.len().saturating_sub(1);
    let params = function.params.iter().enumerate().map(|(i, param)| {
        let dots = if function.variadic && i == last {
            "..."
        } else {
            ""
        };
        format!("{dots}{}", go_type(*param))
    });
    format!(
        "{}({})",
        function.name,
        params.collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn functions_are_documented() {
    let mut page = HEAD.to_owned();
    for (name, functions) in GROUPS {
        write!(page, "\n## {name}\n\n").expect("a string");
        let mut signatures: Vec<String> = functions.iter().map(signature).collect();
        signatures.sort();
        for signature in signatures {
            writeln!(page, "- `{signature}`").expect("a string");
        }
    }
    let path = support::root().join("docs/functions.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).expect("docs/functions.md");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/functions.md is out of date: run with UPDATE_DOCS=1"
    );
}
