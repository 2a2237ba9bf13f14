//! Semantic versions and constraints, as Masterminds/semver 3.5 reads them.
//!
//! In: version and constraint texts. Out: [`Version`]s, which templates can ask for their parts,
//! and [`Constraint`] checks. Refused: what the loose grammars do not cover, with that library's
//! words.

mod constraint;
mod object;
mod version;

use crate::template::{Args, FuncError, Function, Param};
use crate::value::Value;

pub use constraint::{Constraint, ConstraintError};
pub use version::{Version, VersionError};

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("semver", &[Param::String], semver).heavy(),
    Function::pure(
        "semverCompare",
        &[Param::String, Param::String],
        semver_compare,
    )
    .heavy(),
];

fn semver(args: Args<'_>) -> Result<Value, FuncError> {
    let version = Version::parse(args.str(0)).map_err(|e| e.to_string())?;
    Ok(object::pointer(version))
}

fn semver_compare(args: Args<'_>) -> Result<Value, FuncError> {
    let constraint = Constraint::parse(args.str(0)).map_err(|e| e.to_string())?;
    let version = Version::parse(args.str(1)).map_err(|e| e.to_string())?;
    Ok(Value::Bool(constraint.check(&version)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::replay::{self, FixedHost};

    #[test]
    fn replay_results() {
        replay::check_with("semver", |name, args| {
            let text = |at: usize| {
                args[at]
                    .as_str()
                    .map(|s| s.to_str_lossy().into_owned())
                    .expect("a string")
            };
            let parse = |at: usize| Version::parse(text(at)).map_err(|e| e.to_string());
            match name {
                "semver.strict" => Version::parse_strict(&text(0))
                    .map(|v| v.to_string().into())
                    .map_err(|e| e.to_string()),
                "semver.compare" => Ok((parse(0)?.cmp(&parse(1)?) as i8).to_string().into()),
                "semver.next" => {
                    let version = parse(0)?;
                    let overflow =
                        |part: &str| format!("{part} version increment would overflow uint64");
                    let patch = version.inc_patch().ok_or_else(|| overflow("patch"))?;
                    let minor = version.inc_minor().ok_or_else(|| overflow("minor"))?;
                    let major = version.inc_major().ok_or_else(|| overflow("major"))?;
                    let parts = [
                        version.original().to_owned(),
                        patch.to_string(),
                        minor.to_string(),
                        major.to_string(),
                        patch.original().to_owned(),
                        version.prerelease().to_owned(),
                        version.metadata().to_owned(),
                    ];
                    Ok(parts.join(" ").into())
                }
                _ => replay::call(&mut FixedHost::default(), name, args),
            }
        });
    }

    #[test]
    fn methods_follow_go_s_method_sets() {
        let Value::Object(pointer) = object::pointer(Version::parse("v1.2").expect("a version"))
        else {
            panic!("a version is an object");
        };
        let Some(Ok(Value::Object(next))) = pointer.method("IncMinor", &[]) else {
            panic!("IncMinor gives a version");
        };
        assert_eq!(pointer.type_name(), "*semver.Version");
        assert_eq!(next.type_name(), "semver.Version");
        assert_eq!(next.string().as_deref(), Some(&b"1.3.0"[..]));
        assert!(next.method("Original", &[]).is_none());
        assert!(pointer.method("Original", &[]).is_some());
        let less = pointer.method("LessThan", &[Value::Object(next.clone())]);
        assert_eq!(
            less.and_then(Result::err).as_deref(),
            Some("wrong type for value; expected *semver.Version; got semver.Version")
        );
    }
}
