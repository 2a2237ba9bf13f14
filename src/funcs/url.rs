//! URLs as Go's `net/url` takes them apart and puts them together.
//!
//! In: the bytes of a URL or its parts. Out: the parts, decoded, or the URL, its parts encoded.
//! Refused with Go's texts: control characters, bad escapes, ports, hosts and user information.

use crate::funcs::address::{Address, parse_address};
use crate::value::printf::quote;

/// The parts of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Url {
    /// The scheme, in lower case when it was parsed.
    pub(crate) scheme: Vec<u8>,
    /// What follows the scheme when that is no `/`.
    pub(crate) opaque: Vec<u8>,
    /// User name and password.
    pub(crate) user: Option<User>,
    /// Host and port, decoded.
    pub(crate) host: Vec<u8>,
    /// The path, decoded.
    pub(crate) path: Vec<u8>,
    /// The path as written, if it would be written otherwise (`URL.RawPath`).
    pub(crate) raw_path: Option<Vec<u8>>,
    /// The query, as written.
    pub(crate) query: Vec<u8>,
    /// The fragment, decoded.
    pub(crate) fragment: Vec<u8>,
}

/// The user information of a URL, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl Url {
    /// Takes `text` apart (`url.Parse`).
    ///
    /// # Errors
    ///
    /// Go's text, beginning with `parse "…": `.
    pub(crate) fn parse(text: &[u8]) -> Result<Url, String> {
        let (main, fragment) = cut(text, b'#');
        let mut url = parse_main(main).map_err(|e| format!("parse {}: {e}", quote(main)))?;
        if let Some(fragment) = fragment {
            url.fragment = unescape(fragment, Part::Fragment)
                .map_err(|e| format!("parse {}: {e}", quote(text)))?;
        }
        Ok(url)
    }

    /// The host without port and brackets.
    pub(crate) fn hostname(&self) -> &[u8] {
        let host = match memchr::memrchr(b':', &self.host) {
            Some(colon) if is_optional_port(&self.host[colon..]) => &self.host[..colon],
            _ => &self.host,
        };
        let inner = host
            .strip_prefix(b"[")
            .and_then(|rest| rest.strip_suffix(b"]"));
        inner.unwrap_or(host)
    }

    /// Puts the parts together (`URL.String`).
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            escape(&mut out, &self.fragment, Part::Fragment);
        }
        out
    }

    fn write_hierarchy(&self, out: &mut Vec<u8>) {
        let has_authority = !self.host.is_empty() || self.user.is_some();
        if has_authority || (!self.scheme.is_empty() && !self.path.is_empty()) {
            out.extend_from_slice(b"//");
        }
        if let Some(user) = &self.user {
            out.extend_from_slice(&user.to_bytes());
            out.push(b'@');
        }
        escape(out, &self.host, Part::Host);
        if !self.host.is_empty() && self.path.first().is_some_and(|first| *first != b'/') {
            out.push(b'/');
        }
        if out.is_empty() && cut(&self.path, b'/').0.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        if self.path == b"*" {
            out.push(b'*');
        } else {
            escape(out, &self.path, Part::Path);
        }
    }
}

impl User {
    /// The encoded form, `name` or `name:password`.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        escape(&mut out, &self.name, Part::User);
        if let Some(password) = &self.password {
            out.push(b':');
            escape(&mut out, password, Part::User);
        }
        out
    }
}

/// A part of a URL; each leaves other characters unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

impl Part {
    fn allows(self, byte: u8) -> bool {
        let marks: &[u8] = match self {
            Part::Path => b"$&+,-./:;=@_~",
            Part::Host | Part::Zone => b"!\"$&'()*+,-.:;<=>[]_~",
            Part::User => b"$&+,-.;=_~",
            Part::Fragment => b"!$&()*+,-./:;=?@_~",
        };
        byte.is_ascii_alphanumeric() || marks.contains(&byte)
    }
}

/// The text before the first `at`, and what follows it.
fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(at, text) {
        Some(i) => (&text[..i], Some(&text[i + 1..])),
        None => (text, None),
    }
}

/// Parses a URL without its fragment.
fn parse_main(text: &[u8]) -> Result<Url, String> {
    if text.iter().any(u8::is_ascii_control) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut url = Url::default();
    if text == b"*" {
        url.path = b"*".to_vec();
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = cut(rest, b'?');
    url.query = query.unwrap_or_default().to_vec();
    if !rest.starts_with(b"/") {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_vec();
            return Ok(url);
        }
        if cut(rest, b'/').0.contains(&b':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let has_authority = !url.scheme.is_empty() || !rest.starts_with(b"///");
    let path = match rest.strip_prefix(b"//") {
        Some(rest) if has_authority => {
            let at = memchr::memchr(b'/', rest).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(at);
            (url.user, url.host) = parse_authority(&url.scheme, authority)?;
            path
        }
        _ => rest,
    };
    url.path = unescape(path, Part::Path)?;
    let mut written = Vec::new();
    escape(&mut written, &url.path, Part::Path);
    url.raw_path = (written != path).then(|| path.to_vec());
    Ok(url)
}

/// Splits the scheme off; it is empty when the text begins otherwise.
fn split_scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let in_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let end = text
        .iter()
        .position(|byte| !in_scheme(byte))
        .unwrap_or(text.len());
    match text.get(end) {
        Some(b':') if end == 0 => Err("missing protocol scheme".to_owned()),
        Some(b':') if text[0].is_ascii_alphabetic() => Ok((&text[..end], &text[end + 1..])),
        _ => Ok((b"", text)),
    }
}

fn parse_authority(scheme: &[u8], text: &[u8]) -> Result<(Option<User>, Vec<u8>), String> {
    let Some(at) = memchr::memrchr(b'@', text) else {
        return Ok((None, parse_host(scheme, text)?));
    };
    let host = parse_host(scheme, &text[at + 1..])?;
    let user = &text[..at];
    let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
    if !user.iter().all(is_valid) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = cut(user, b':');
    let user = User {
        name: unescape(name, Part::User)?,
        password: password
            .map(|text| unescape(text, Part::User))
            .transpose()?,
    };
    Ok((Some(user), host))
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, String> {
    match memchr::memrchr(b'[', host) {
        Some(0) => return parse_literal(host),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    // Only web addresses may not have further colons before the port.
    let colon = match scheme {
        b"http" | b"https" => memchr::memchr(b':', host),
        _ => memchr::memrchr(b':', host),
    };
    if let Some(colon) = colon {
        check_port(&host[colon..])?;
    }
    unescape(host, Part::Host)
}

/// Parses `[address]:port`.
fn parse_literal(host: &[u8]) -> Result<Vec<u8>, String> {
    let Some(close) = memchr::memrchr(b']', host) else {
        return Err("missing ']' in host".to_owned());
    };
    let port = &host[close + 1..];
    check_port(port)?;
    let port = unescape(port, Part::Host)?;
    let name = &host[1..close];
    let name = match memchr::memmem::find(name, b"%25") {
        Some(zone) => {
            let mut address = unescape(&name[..zone], Part::Host)?;
            address.extend(unescape(&name[zone..], Part::Zone)?);
            address
        }
        None => unescape(name, Part::Host)?,
    };
    match parse_address(&name).map_err(|e| format!("invalid host: {e}"))? {
        Address::V4 => Err("invalid IP-literal".to_owned()),
        Address::V6 => Ok([b"[", &*name, b"]", &port].concat()),
    }
}

fn check_port(port: &[u8]) -> Result<(), String> {
    if is_optional_port(port) {
        return Ok(());
    }
    Err(format!("invalid port {} after host", quote(port)))
}

fn is_optional_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((colon, digits)) => *colon == b':' && digits.iter().all(u8::is_ascii_digit),
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let bad = |escape: &[u8]| Err(format!("invalid URL escape {}", quote(escape)));
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            let is_host = matches!(part, Part::Host | Part::Zone);
            if is_host && byte.is_ascii() && !part.allows(byte) {
                return Err(format!("invalid character {} in host name", quote(&[byte])));
            }
            out.push(byte);
            rest = after;
            continue;
        }
        let digits = match *after {
            [high, low, ..] => hex_digit(high).zip(hex_digit(low)),
            _ => None,
        };
        let Some((high, low)) = digits else {
            return bad(&rest[..rest.len().min(3)]);
        };
        let decoded = high << 4 | low;
        // Hosts may escape only what is not ASCII; zones also what a host may hold, and spaces.
        let is_allowed = match part {
            Part::Host => high >= 8 || decoded == b'%',
            Part::Zone => decoded == b'%' || decoded == b' ' || Part::Host.allows(decoded),
            _ => true,
        };
        if !is_allowed {
            return bad(&rest[..3]);
        }
        out.push(decoded);
        rest = &rest[3..];
    }
    Ok(out)
}

fn escape(out: &mut Vec<u8>, text: &[u8], part: Part) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if part.allows(byte) {
            out.push(byte);
        } else {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
        }
    }
}
