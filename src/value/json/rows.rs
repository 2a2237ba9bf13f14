//! Recorded cases: lines of `value => result`, the value as JSON.

use std::fs;
use std::path::Path;

use super::decode;
use crate::value::Tree;

/// One recorded case.
pub(crate) struct Row {
    /// The value on the left.
    pub(crate) value: Tree,
    /// The text after the arrow.
    pub(crate) result: String,
    /// File and line, for the message of a failed test.
    pub(crate) place: String,
}

impl Row {
    /// The result as the text that its JSON string stands for, or the error after `ERR`.
    pub(crate) fn expected(&self) -> Result<String, String> {
        if let Some(error) = self.result.strip_prefix("ERR ") {
            return Err(error.to_owned());
        }
        let text = decode(self.result.as_bytes()).expect("the result is JSON");
        Ok(text.as_str().expect("the result is a string").to_owned())
    }
}

/// Reads the file `name` under `testdata/`.
pub(crate) fn read(name: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name);
    let text = fs::read_to_string(&path).expect("the file of recorded cases is there");
    let rows: Vec<Row> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'))
        .map(|(i, line)| {
            let (value, result) = line.split_once(" => ").expect("a row has an arrow");
            Row {
                value: decode(value.as_bytes()).expect("the value is JSON"),
                result: result.to_owned(),
                place: format!("{name}:{}", i + 1),
            }
        })
        .collect();
    assert!(!rows.is_empty(), "{name} has no rows");
    rows
}
