//! Checks functions against the calls that the reference recorded.

use crate::template::{Args, Call, FuncError, Function};
use crate::value::recorded;

/// Repeats every call in the files of `testdata/` + `dir` with `functions`.
pub(crate) fn check(functions: &[Function], dir: &str) {
    let mut failed = Vec::new();
    for case in recorded::cases(dir) {
        let function = functions.iter().find(|f| f.name == case.name);
        let function = function.unwrap_or_else(|| panic!("{}: no function", case.place));
        let Call::Pure(call) = function.call else {
            panic!("{} is not pure", case.name);
        };
        let ours = call(Args(&case.args)).map_err(|error| match error {
            FuncError::Message(text) => text,
            other => format!("{other:?}"),
        });
        let alike = match (&ours, &case.result) {
            (Ok(ours), Ok(theirs)) => recorded::same(ours, theirs),
            (ours, theirs) => ours.as_ref().err() == theirs.as_ref().err(),
        };
        if !alike {
            let (place, name, args) = (case.place, case.name, case.args);
            failed.push(format!(
                "{place} {name} {args:?}\n  ours   {ours:?}\n  theirs {:?}",
                case.result
            ));
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed\n{}",
        failed.len(),
        failed.join("\n")
    );
}
