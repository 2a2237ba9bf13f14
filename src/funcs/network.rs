//! Names and addresses: `getHostByName`, `urlParse`, `urlJoin`.
//!
//! In: host names, URLs, or the parts of one. Out: an address, the parts, or the URL. Refused with
//! Go's texts: what Go's `net/url` cannot parse, and parts that are no strings. Host names are
//! resolved by the [`Host`](crate::template::Host), which may give nothing.

use crate::funcs::lists::NIL_DEREFERENCE;
use crate::funcs::url::{Url, User};
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::{Kind, Map, Str, Value};

type Result<T = Value> = std::result::Result<T, FuncError>;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::run("getHostByName", &[Param::String], get_host_by_name),
    Function::pure("urlJoin", &[Param::Map], url_join),
    Function::pure("urlParse", &[Param::String], url_parse),
];

fn get_host_by_name(run: &mut dyn Runtime, args: Args<'_>) -> Result {
    let name = args.str(0).to_str_lossy();
    Ok(run.host().resolve(&name).into())
}

fn url_parse(args: Args<'_>) -> Result {
    let url = Url::parse(args.str(0)).map_err(|e| format!("unable to parse url: {e}"))?;
    let hostname = url.hostname().to_vec();
    let userinfo = url.user.as_ref().map(User::to_bytes);
    let parts = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", userinfo.unwrap_or_default()),
    ];
    let entries = parts.map(|(key, part)| (Str::from(key), Value::str(part)));
    Ok(Value::Map(entries.into_iter().collect()))
}

fn url_join(args: Args<'_>) -> Result {
    let map = args.map(0);
    let mut url = Url {
        scheme: part(map, "scheme")?,
        host: part(map, "host")?,
        path: part(map, "path")?,
        query: part(map, "query")?,
        opaque: part(map, "opaque")?,
        fragment: part(map, "fragment")?,
        ..Url::default()
    };
    let userinfo = part(map, "userinfo")?;
    if !userinfo.is_empty() {
        let around = [b"proto://", &*userinfo, b"@host"].concat();
        let parsed =
            Url::parse(&around).map_err(|e| format!("unable to parse userinfo in dict: {e}"))?;
        url.user = parsed.user;
    }
    Ok(Value::str(url.to_bytes()))
}

/// The string under `key`, empty when there is none.
fn part(map: &Map, key: &str) -> Result<Vec<u8>> {
    match map.get(key.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.to_vec()),
        Some(other) => Err(match other.kind() {
            Kind::Invalid => NIL_DEREFERENCE.into(),
            kind => format!(
                "unable to parse {key} key, must be of type string, but {} found",
                kind.name()
            )
            .into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Host;

    struct Fixed;

    impl Runtime for Fixed {
        fn include(&mut self, _: &Str, _: Value) -> Result<Str> {
            unreachable!("no template is called")
        }

        fn tpl(&mut self, _: &Str, _: Value) -> Result<Str> {
            unreachable!("no template is called")
        }

        fn spend(&mut self, _steps: usize) -> Result<()> {
            Ok(())
        }

        fn number(&self) -> u64 {
            0
        }

        fn host(&self) -> &dyn Host {
            self
        }
    }

    impl Host for Fixed {
        fn now(&self) -> (i64, u32) {
            (0, 0)
        }

        fn random(&self, _: &str, _: &mut [u8]) {}

        fn time_zone(&self) -> String {
            "UTC".to_owned()
        }

        fn resolve(&self, name: &str) -> String {
            format!("address of {name}")
        }

        fn helm(&self) -> u8 {
            4
        }
    }

    #[test]
    fn host_names_are_left_to_the_host() {
        let address = get_host_by_name(&mut Fixed, Args(&["db.example".into()])).unwrap();
        assert_eq!(address.as_str().unwrap(), &"address of db.example");
    }
}
