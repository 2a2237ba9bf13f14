//! Versions as template values: `*semver.Version` from `semver`, `semver.Version` from the
//! increments.

use std::any::Any;
use std::rc::Rc;

use crate::value::arguments::{check_count, wrong_type};
use crate::value::{Field, Int, Kind, List, Object, Str, Tree, Value};

use super::Version;

const NIL_DEREFERENCE: &str = "runtime error: invalid memory address or nil pointer dereference";

/// The value that `semver` gives.
pub(super) fn pointer(version: Version) -> Value {
    Value::from(Rc::new(VersionObject {
        version,
        is_pointer: true,
    }))
}

#[derive(Debug)]
struct VersionObject {
    version: Version,
    is_pointer: bool,
}

impl Object for VersionObject {
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
            "*semver.Version"
        } else {
            "semver.Version"
        }
    }

    fn method(&self, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        value_method(&self.version, name, args).or_else(|| {
            // Go's method set of a struct lacks what is declared on its pointer.
            self.is_pointer
                .then(|| pointer_method(&self.version, name, args))
                .flatten()
        })
    }

    fn fields(&self) -> Option<Vec<Field>> {
        let v = &self.version;
        let number = |n: u64| Value::Int(Int::Uint64(n));
        Some(vec![
            ("major", number(v.major())),
            ("minor", number(v.minor())),
            ("patch", number(v.patch())),
            ("pre", v.prerelease().into()),
            ("metadata", v.metadata().into()),
            ("original", v.original().into()),
        ])
    }

    fn string(&self) -> Option<Vec<u8>> {
        Some(self.version.to_string().into_bytes())
    }

    /// Go's copy has none of the fields, which are unexported.
    fn deep_copied(&self) -> Option<Value> {
        Some(Value::from(Rc::new(VersionObject {
            version: Version::zero(),
            is_pointer: self.is_pointer,
        })))
    }

    fn json(&self) -> Result<Tree, String> {
        Ok(Tree::Str(self.version.to_string().into()))
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<VersionObject>()
            .is_some_and(|o| {
                self.is_pointer == o.is_pointer
                    && self.version == o.version
                    && self.version.metadata() == o.version.metadata()
                    && self.version.original() == o.version.original()
            })
    }
}

fn value_method(version: &Version, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
    let plain = |value: Value| Some(no_args(name, args).map(|()| value));
    let next = |next: Option<Version>, part: &str| {
        Some(no_args(name, args).and_then(|()| {
            next.map(struct_value)
                .ok_or_else(|| format!("{part} version increment would overflow uint64"))
        }))
    };
    let number = |n: u64| plain(Value::Int(Int::Uint64(n)));
    match name {
        "Major" => number(version.major()),
        "Minor" => number(version.minor()),
        "Patch" => number(version.patch()),
        "Prerelease" => plain(version.prerelease().into()),
        "Metadata" => plain(version.metadata().into()),
        "String" | "Value" => plain(version.to_string().into()),
        "MarshalText" => plain(bytes(version.to_string())),
        "MarshalJSON" => plain(bytes(format!("\"{version}\""))),
        "IncPatch" => next(version.inc_patch(), "patch"),
        "IncMinor" => next(version.inc_minor(), "minor"),
        "IncMajor" => next(version.inc_major(), "major"),
        "SetPrerelease" => Some(one_string(name, args).and_then(|text| {
            let next = version.with_prerelease(&text.to_str_lossy());
            next.map(struct_value).map_err(|e| e.to_string())
        })),
        "SetMetadata" => Some(one_string(name, args).and_then(|text| {
            let next = version.with_metadata(&text.to_str_lossy());
            next.map(struct_value).map_err(|e| e.to_string())
        })),
        _ => None,
    }
}

fn pointer_method(version: &Version, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
    let compare = |test: fn(&Version, &Version) -> bool| {
        Some(one_version(name, args).and_then(|other| match other {
            Some(other) => Ok(Value::Bool(test(version, &other.version))),
            None => Err(NIL_DEREFERENCE.to_owned()),
        }))
    };
    match name {
        "Original" => Some(no_args(name, args).map(|()| version.original().into())),
        "LessThan" => compare(|a, b| a < b),
        "LessThanEqual" => compare(|a, b| a <= b),
        "GreaterThan" => compare(|a, b| a > b),
        "GreaterThanEqual" => compare(|a, b| a >= b),
        "Equal" => Some(one_version(name, args).map(|other| {
            let equal = other.is_some_and(|other| *version == other.version);
            Value::Bool(equal)
        })),
        "Compare" => Some(one_version(name, args).and_then(|other| match other {
            Some(other) => Ok(Value::int(version.cmp(&other.version) as i64)),
            None => Err(NIL_DEREFERENCE.to_owned()),
        })),
        _ => None,
    }
}

fn struct_value(version: Version) -> Value {
    Value::from(Rc::new(VersionObject {
        version,
        is_pointer: false,
    }))
}

fn bytes(text: String) -> Value {
    Value::List(List::bytes(text.into()))
}

fn no_args(name: &str, args: &[Value]) -> Result<(), String> {
    check_count(name, args, 0)
}

fn one_string<'a>(name: &str, args: &'a [Value]) -> Result<&'a Str, String> {
    check_count(name, args, 1)?;
    args[0]
        .as_str()
        .ok_or_else(|| wrong_type("string", &args[0]))
}

/// The version that a method gets; `None` for nil.
fn one_version<'a>(name: &str, args: &'a [Value]) -> Result<Option<&'a VersionObject>, String> {
    check_count(name, args, 1)?;
    match &args[0] {
        Value::Nil => Ok(None),
        Value::Object(object) => object
            .as_any()
            .downcast_ref::<VersionObject>()
            .filter(|o| o.is_pointer)
            .map(Some)
            .ok_or_else(|| wrong_type("*semver.Version", &args[0])),
        other => Err(wrong_type("*semver.Version", other)),
    }
}
