//! Slash-separated and operating-system paths.
//!
//! In: a path as text; nothing is looked up on disk. Out: a path or a part of it. Nothing is
//! refused. Helm runs on Unix here, so the `os…` functions are the same as the others.

use crate::template::{Args, FuncError, Function, Param};
use crate::value::Value;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("base", &[Param::String], base),
    Function::pure("clean", &[Param::String], clean),
    Function::pure("dir", &[Param::String], dir),
    Function::pure("ext", &[Param::String], ext),
    Function::pure("isAbs", &[Param::String], is_abs),
    Function::pure("osBase", &[Param::String], base),
    Function::pure("osClean", &[Param::String], clean),
    Function::pure("osDir", &[Param::String], dir),
    Function::pure("osExt", &[Param::String], ext),
    Function::pure("osIsAbs", &[Param::String], is_abs),
];

fn base(args: Args<'_>) -> Result<Value, FuncError> {
    let path = args.str(0).as_bytes();
    let kept = path.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
    let name = match (path, &path[..kept]) {
        ([], _) => b".",
        (_, []) => b"/",
        (_, stripped) => after_slash(stripped),
    };
    Ok(Value::str(name))
}

fn clean(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(cleaned(args.str(0))))
}

fn dir(args: Args<'_>) -> Result<Value, FuncError> {
    let path = args.str(0).as_bytes();
    let parent = &path[..path.len() - after_slash(path).len()];
    Ok(Value::str(cleaned(parent)))
}

fn ext(args: Args<'_>) -> Result<Value, FuncError> {
    let name = after_slash(args.str(0));
    let dot = name.iter().rposition(|&b| b == b'.').unwrap_or(name.len());
    Ok(Value::str(&name[dot..]))
}

fn is_abs(args: Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Bool(args.str(0).starts_with(b"/")))
}

/// What follows the last slash.
fn after_slash(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|&b| b == b'/').map_or(0, |at| at + 1);
    &path[start..]
}

/// The shortest path that is lexically the same: no empty elements, no `.`, and `..` only at the
/// start of a relative path.
pub(crate) fn cleaned(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut elements: Vec<&[u8]> = Vec::new();
    for element in path.split(|&b| b == b'/') {
        match element {
            b"" | b"." => {}
            b".." if elements.last().is_some_and(|last| *last != b"..") => {
                elements.pop();
            }
            b".." if rooted => {}
            _ => elements.push(element),
        }
    }
    let joined = elements.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use crate::funcs::replay;

    #[test]
    fn gives_what_was_recorded() {
        replay::check("paths");
    }
}
