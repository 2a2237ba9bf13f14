//! RFC 6902 lists that name the failing operation.

use json_patch::jsonptr::Pointer;
use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::Value;

use crate::diag::Diagnostic;
use crate::limits::{MAX_PATCH_COPIED, MAX_PATCH_DEPTH, MAX_PATCH_OPERATIONS};

/// A list of RFC 6902 operations.
#[derive(Debug, Clone, PartialEq)]
pub struct Operations {
    file: String,
    /// Each with the one-based line that it stands on, 0 if unknown.
    list: Vec<(usize, PatchOperation)>,
}

impl Operations {
    /// Reads the list, whose items stand on `lines` of `file`.
    ///
    /// # Errors
    ///
    /// Points at the first operation that is none.
    pub fn parse(list: &Value, file: &str, lines: &[usize]) -> Result<Operations, Box<Diagnostic>> {
        let Value::Array(items) = list else {
            return Err(Box::new(
                Diagnostic::error("a JSON patch is a list of operations")
                    .hint("each one is `{op: add|remove|replace|move|copy|test, path: /a/b, …}`"),
            ));
        };
        if items.len() > MAX_PATCH_OPERATIONS {
            let problem = format!("more than {MAX_PATCH_OPERATIONS} operations in one patch");
            return Err(Box::new(Diagnostic::error(problem)));
        }
        let lines = lines.iter().copied().chain(std::iter::repeat(0));
        let list: Result<_, Box<Diagnostic>> = items
            .iter()
            .zip(lines)
            .enumerate()
            .map(|(index, (item, line))| {
                let operation = operation(index, item).map_err(|e| place(*e, file, line))?;
                Ok((line, operation))
            })
            .collect();
        Ok(Operations {
            file: file.to_owned(),
            list: list?,
        })
    }

    /// Applies the operations in order to `document`, which is left half changed by a failure.
    ///
    /// # Errors
    ///
    /// Names the operation that fails and its path.
    pub fn apply(&self, document: &mut Value) -> Result<(), Box<Diagnostic>> {
        let mut budget = MAX_PATCH_COPIED;
        for (index, (line, operation)) in self.list.iter().enumerate() {
            let failure = |problem: &str| {
                let problem = failure(index, operation, problem);
                place(problem, &self.file, *line)
            };
            check_growth(document, operation, &mut budget).map_err(|e| failure(&e))?;
            json_patch::patch_unsafe(document, std::slice::from_ref(operation))
                .map_err(|e| failure(&explain(document, operation, &e.kind)))?;
        }
        Ok(())
    }
}

fn operation(index: usize, item: &Value) -> Result<PatchOperation, Box<Diagnostic>> {
    let problem = |text: String| Box::new(Diagnostic::error(format!("operation {index}: {text}")));
    let Value::Object(entries) = item else {
        return Err(problem("is not a mapping".to_owned()));
    };
    let op = entries
        .get("op")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let takes: &[&str] = match op {
        "add" | "replace" | "test" => &["op", "path", "value"],
        "move" | "copy" => &["op", "from", "path"],
        "remove" => &["op", "path"],
        _ => {
            let ops = "`op` must be one of add, remove, replace, move, copy, test";
            return Err(problem(ops.to_owned()));
        }
    };
    if let Some(unknown) = entries.keys().find(|key| !takes.contains(&key.as_str())) {
        return Err(problem(format!("`{op}` takes no `{unknown}`")));
    }
    serde_json::from_value(item.clone()).map_err(|e| {
        let mut problem = problem(e.to_string());
        if ["path", "from"]
            .iter()
            .filter_map(|key| entries.get(*key)?.as_str())
            .any(|path| !path.is_empty() && !path.starts_with('/'))
        {
            problem.hints.push(
                "paths are JSON pointers: `/controller/image/tag`, with `~1` for a slash and `~0` \
                 for a tilde in a key"
                    .to_owned(),
            );
        }
        problem
    })
}

fn failure(index: usize, operation: &PatchOperation, problem: &str) -> Diagnostic {
    let (name, path) = (name(operation), operation.path());
    Diagnostic::error(format!("operation {index} ({name} `{path}`): {problem}"))
}

/// Points at a line; a caller that knows more fills in what is unknown here.
fn place(problem: Diagnostic, file: &str, line: usize) -> Box<Diagnostic> {
    Box::new(match line {
        0 => problem,
        line => problem.at(file, line, 0, ""),
    })
}

fn name(operation: &PatchOperation) -> &'static str {
    match operation {
        PatchOperation::Add(_) => "add",
        PatchOperation::Remove(_) => "remove",
        PatchOperation::Replace(_) => "replace",
        PatchOperation::Move(_) => "move",
        PatchOperation::Copy(_) => "copy",
        PatchOperation::Test(_) => "test",
    }
}

fn explain(document: &Value, operation: &PatchOperation, kind: &PatchErrorKind) -> String {
    let missing = |path: &Pointer| match first_missing(document, path) {
        Some(place) => format!("`{place}` does not exist"),
        None => "the path does not fit".to_owned(),
    };
    match (kind, operation) {
        (PatchErrorKind::TestFailed, _) => "the value is another one".to_owned(),
        (PatchErrorKind::InvalidFromPointer, PatchOperation::Move(op)) => missing(&op.from),
        (PatchErrorKind::InvalidFromPointer, PatchOperation::Copy(op)) => missing(&op.from),
        (PatchErrorKind::InvalidPointer, _) => missing(operation.path()),
        (kind, _) => kind.to_string(),
    }
}

/// The shortest beginning of `path` that leads nowhere.
fn first_missing(document: &Value, path: &Pointer) -> Option<String> {
    let mut at = document;
    let mut place = String::new();
    for token in path.tokens() {
        place.push('/');
        place.push_str(token.encoded());
        let next = match at {
            Value::Object(entries) => entries.get(token.decoded().as_ref()),
            Value::Array(items) => token
                .encoded()
                .parse()
                .ok()
                .and_then(|i: usize| items.get(i)),
            _ => None,
        };
        match next {
            Some(value) => at = value,
            None => return Some(place),
        }
    }
    None
}

/// Refuses an operation that would nest too deeply, or copies that double again and again.
fn check_growth(
    document: &Value,
    operation: &PatchOperation,
    budget: &mut usize,
) -> Result<(), String> {
    let (value, is_copied) = match operation {
        PatchOperation::Add(op) => (Some(&op.value), false),
        PatchOperation::Replace(op) => (Some(&op.value), false),
        PatchOperation::Move(op) => (op.from.resolve(document).ok(), true),
        PatchOperation::Copy(op) => (op.from.resolve(document).ok(), true),
        PatchOperation::Remove(_) | PatchOperation::Test(_) => (None, false),
    };
    let Some(value) = value else {
        return Ok(());
    };
    let room = MAX_PATCH_DEPTH.saturating_sub(operation.path().count());
    let weight = weigh(value, room)
        .ok_or_else(|| format!("the result is nested more than {MAX_PATCH_DEPTH} deep"))?;
    if is_copied {
        *budget = budget
            .checked_sub(weight)
            .ok_or_else(|| format!("the patch copies more than {MAX_PATCH_COPIED} bytes"))?;
    }
    Ok(())
}

/// Bytes of text and one for each node; nothing if `value` is deeper than `room`.
fn weigh(value: &Value, room: usize) -> Option<usize> {
    let children = |mut items: Box<dyn Iterator<Item = (usize, &Value)> + '_>| {
        let room = room.checked_sub(1)?;
        items.try_fold(1, |sum: usize, (extra, item)| {
            Some(sum + extra + weigh(item, room)?)
        })
    };
    match value {
        Value::String(text) => Some(1 + text.len()),
        Value::Array(items) => children(Box::new(items.iter().map(|item| (0, item)))),
        Value::Object(entries) => children(Box::new(
            entries.iter().map(|(key, item)| (key.len(), item)),
        )),
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn apply(document: Value, patch: Value) -> Result<Value, String> {
        let mut document = document;
        Operations::parse(&patch, "", &[])
            .and_then(|operations| operations.apply(&mut document))
            .map_err(|problem| problem.to_string())?;
        Ok(document)
    }

    #[test]
    fn operations_apply_in_order() {
        let patch = json!([
            {"op": "add", "path": "/a/-", "value": 3},
            {"op": "move", "from": "/b", "path": "/c~1d"},
            {"op": "test", "path": "/a/0", "value": 1},
        ]);
        let result = apply(json!({"a": [1], "b": true}), patch);
        assert_eq!(result, Ok(json!({"a": [1, 3], "c/d": true})));
    }

    #[test]
    fn failures_name_the_operation_and_the_place() {
        let cases = [
            (json!({}), "a JSON patch is a list of operations"),
            (json!([1]), "operation 0: is not a mapping"),
            (
                json!([{"op": "set", "path": "/a"}]),
                "operation 0: `op` must be one of add, remove, replace, move, copy, test",
            ),
            (
                json!([{"op": "remove", "path": "/a", "value": 1}]),
                "operation 0: `remove` takes no `value`",
            ),
            (
                json!([{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/a"}]),
                "operation 1 (remove `/a`): `/a` does not exist",
            ),
            (
                json!([{"op": "add", "path": "/a/b/c", "value": 1}]),
                "operation 0 (add `/a/b/c`): `/a/b` does not exist",
            ),
            (
                json!([{"op": "copy", "from": "/x", "path": "/y"}]),
                "operation 0 (copy `/y`): `/x` does not exist",
            ),
            (
                json!([{"op": "test", "path": "/a", "value": 7}]),
                "operation 0 (test `/a`): the value is another one",
            ),
        ];
        for (patch, problem) in cases {
            assert_eq!(apply(json!({"a": {}}), patch), Err(problem.to_owned()));
        }
        let problem =
            Operations::parse(&json!([{"op": "remove", "path": "a.b"}]), "", &[]).unwrap_err();
        assert!(problem.hints[0].contains("JSON pointers"), "{problem:#}");
    }

    #[test]
    fn growth_is_bounded() {
        let doubling = json!({"op": "copy", "from": "", "path": "/a"});
        let result = apply(json!({"a": 1}), Value::Array(vec![doubling; 600]));
        assert!(result.unwrap_err().contains("nested more than 500 deep"));

        let wide = json!({"op": "copy", "from": "/a", "path": "/b/-"});
        let document = json!({"a": "x".repeat(100_000), "b": []});
        let result = apply(document, Value::Array(vec![wide; 200]));
        assert!(
            result
                .unwrap_err()
                .contains("copies more than 16777216 bytes")
        );

        // A string weighs its bytes and one.
        let copied = |n_bytes| {
            let copy = json!([{"op": "copy", "from": "/a", "path": "/b"}]);
            apply(json!({"a": "x".repeat(n_bytes)}), copy)
        };
        assert!(copied(MAX_PATCH_COPIED - 1).is_ok());
        assert!(
            copied(MAX_PATCH_COPIED)
                .unwrap_err()
                .contains("copies more than 16777216 bytes")
        );

        let path = "/a".repeat(MAX_PATCH_DEPTH);
        let nest = |n| (0..n).fold(json!({}), |inner, _| json!({ "a": inner }));
        let add = |value| json!([{"op": "add", "path": path, "value": value}]);
        assert!(apply(nest(MAX_PATCH_DEPTH), add(json!(1))).is_ok());
        assert!(apply(nest(MAX_PATCH_DEPTH), add(json!([1]))).is_err());

        let many = |n| Value::Array(vec![json!({"op": "test", "path": "", "value": {}}); n]);
        assert!(apply(json!({}), many(MAX_PATCH_OPERATIONS)).is_ok());
        assert!(apply(json!({}), many(MAX_PATCH_OPERATIONS + 1)).is_err());
    }
}
