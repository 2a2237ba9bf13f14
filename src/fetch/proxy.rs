//! Which proxy stands before which host, by the usual variables.

use std::net::IpAddr;

use url::Url;

use super::FetchError;

/// The values of the usual variables, read by whoever may read the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// `HTTP_PROXY`: for plain connections.
    pub http: Option<String>,
    /// `HTTPS_PROXY`: for encrypted ones.
    pub https: Option<String>,
    /// `NO_PROXY`: hosts, domains, addresses and networks to go to directly.
    pub no_proxy: String,
}

impl Proxies {
    /// The proxy on the way to `url`; none to this machine itself, as in Go.
    ///
    /// # Errors
    ///
    /// The proxy's address is none.
    pub(super) fn find(&self, url: &Url) -> Result<Option<Url>, FetchError> {
        let Some(proxy) = self.address(url) else {
            return Ok(None);
        };
        // As in Go, a host and a port without a scheme mean a plain proxy.
        let address = match proxy.contains("://") {
            true => Url::parse(proxy),
            false => Url::parse(&format!("http://{proxy}")),
        };
        let known = |url: &Url| url.has_host() && matches!(url.scheme(), "http" | "https");
        let address = address.ok().filter(known).ok_or_else(|| {
            // It may hold a password, so the message does not quote it.
            FetchError::input("the proxy's address is wrong or of an unknown kind")
                .hint("HTTP_PROXY and HTTPS_PROXY look like `http://proxy.example.com:3128`")
        })?;
        Ok(Some(address))
    }

    fn address(&self, url: &Url) -> Option<&str> {
        let proxy = match url.scheme() {
            "https" => self.https.as_deref(),
            _ => self.http.as_deref(),
        };
        let proxy = proxy.filter(|proxy| !proxy.is_empty())?;
        let host = url.host_str()?.trim_matches(['[', ']']);
        let address: Option<IpAddr> = host.parse().ok();
        if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return None;
        }
        let mut exceptions = self.no_proxy.split(',').map(str::trim);
        let port = url.port_or_known_default();
        match exceptions.any(|rule| excepts(rule, host, address, port)) {
            true => None,
            false => Some(proxy),
        }
    }
}

fn excepts(rule: &str, host: &str, address: Option<IpAddr>, port: Option<u16>) -> bool {
    if rule.is_empty() {
        return false;
    }
    if rule == "*" {
        return true;
    }
    if let (Some(address), Some((network, bits))) = (address, rule.split_once('/')) {
        return contains(network, bits, address);
    }
    let (name, wanted_port) = match rule.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') => (name, digits.parse::<u16>().ok()),
        _ => (rule, None),
    };
    if wanted_port.is_some() && wanted_port != port {
        return false;
    }
    if let Some(address) = address {
        return name.parse() == Ok(address);
    }
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    let name = name.strip_prefix('*').unwrap_or(&name);
    let domain = name.trim_start_matches('.');
    let below = host
        .strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'));
    // `.example.com` means what is below, `example.com` also itself.
    !domain.is_empty() && (below || (!name.starts_with('.') && host == domain))
}

/// Says whether a network such as `10.0.0.0/8` contains an address.
fn contains(network: &str, bits: &str, address: IpAddr) -> bool {
    let wide = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else {
        return false;
    };
    let ((left, width), (right, other)) = (wide(network), wide(address));
    let mask = |bits: u32| u128::MAX.checked_shl(128 - bits).unwrap_or(0);
    width == other && bits <= width && left & mask(bits) == right & mask(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_gos() {
        let through = |no_proxy: &str, url: &str| {
            let proxies = Proxies {
                http: Some("http://proxy:1".to_owned()),
                https: None,
                no_proxy: no_proxy.to_owned(),
            };
            proxies.find(&Url::parse(url).unwrap()).unwrap().is_some()
        };
        for (no_proxy, url, expected) in [
            ("", "http://a.example/", true),
            ("", "https://a.example/", false),
            ("", "http://localhost/", false),
            ("", "http://127.0.0.2:99/", false),
            ("", "http://[::1]/", false),
            ("*", "http://a.example/", false),
            ("b.example, a.example", "http://A.example/", false),
            ("example", "http://a.example/", false),
            (".example", "http://a.example/", false),
            (".a.example", "http://a.example/", true),
            ("*.example", "http://a.example/", false),
            ("xample", "http://a.example/", true),
            ("a.example:81", "http://a.example/", true),
            ("a.example:80", "http://a.example/", false),
            ("10.0.0.0/8", "http://10.2.3.4/", false),
            ("10.0.0.0/8", "http://11.2.3.4/", true),
            ("0.0.0.0/0", "http://11.2.3.4/", false),
            ("10.0.0.0/99", "http://10.2.3.4/", true),
            ("10.2.3.4", "http://10.2.3.4/", false),
            ("fd00::/8", "http://[fd00::1]/", false),
        ] {
            assert_eq!(through(no_proxy, url), expected, "{no_proxy} {url}");
        }
    }
}
