//! One request over the network, without redirects or second tries.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::credentials::take_user;
use super::http::{Exchange, Reply, Trouble};
use super::{FetchError, forward};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends a request and reads the answer, up to one byte more than its bound.
pub(super) fn exchange(exchange: &Exchange<'_>) -> Result<Reply, Trouble> {
    let agent = agent(exchange).map_err(Trouble::Final)?;
    // A tunnel's own request carries this; a plain one has to.
    let for_proxy = exchange.proxy.filter(|_| exchange.url.scheme() == "http");
    let for_proxy = for_proxy.and_then(|proxy| take_user(&mut proxy.clone()));
    let mut headers = exchange.headers.to_vec();
    headers.extend(for_proxy.map(|value| ("proxy-authorization", value)));
    let sent = match exchange.form {
        None => {
            let mut request = agent.get(exchange.url.as_str());
            for (name, value) in &headers {
                request = request.header(*name, value);
            }
            request.call()
        }
        Some(form) => {
            let mut request = agent.post(exchange.url.as_str());
            for (name, value) in &headers {
                request = request.header(*name, value);
            }
            let form_type = "application/x-www-form-urlencoded";
            request.content_type(form_type).send(form)
        }
    };
    let mut response = sent.map_err(|e| trouble(&e))?;
    let headers = response.headers();
    let header = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let challenges = headers.get_all("www-authenticate").iter();
    let mut reply = Reply {
        status: response.status().as_u16(),
        challenges: challenges
            .filter_map(|value| value.to_str().ok().map(str::to_owned))
            .collect(),
        location: header("location"),
        link: header("link"),
        content_digest: header("docker-content-digest"),
        etag: header("etag"),
        last_modified: header("last-modified"),
        is_gzip: header("content-encoding").is_some_and(|value| value == "gzip"),
        body: Vec::new(),
    };
    let length = header("content-length").and_then(|value| value.parse::<u64>().ok());
    if length.is_some_and(|length| length > exchange.max_bytes) {
        return Err(Trouble::TooLarge);
    }
    let reader = response.body_mut().as_reader();
    reader
        .take(exchange.max_bytes.saturating_add(1))
        .read_to_end(&mut reply.body)
        .map_err(|e| match e.get_ref().and_then(|e| e.downcast_ref()) {
            Some(inner) => trouble(inner),
            None => Trouble::Passing(format!("the answer breaks off: {e}")),
        })?;
    let read = reply.body.len() as u64;
    if read > exchange.max_bytes {
        return Err(Trouble::TooLarge);
    }
    match length {
        Some(length) if length != read => Err(Trouble::Passing(format!(
            "the answer breaks off after {read} of {length} bytes"
        ))),
        _ => Ok(reply),
    }
}

fn agent(exchange: &Exchange<'_>) -> Result<Agent, FetchError> {
    let identity = exchange.identity;
    let mut tls = TlsConfig::builder().disable_verification(identity.skip_tls_verify);
    if let Some(pem) = &identity.ca {
        tls = tls.root_certs(RootCerts::new_with_certs(&certificates(pem, "CA file")?));
    }
    if let Some((chain, key)) = &identity.client {
        let chain = certificates(chain, "client certificate")?;
        let key = PrivateKey::from_pem(key)
            .map_err(|_| FetchError::input("the client key holds no private key in PEM form"))?;
        tls = tls.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
    }
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .tls_config(tls.build())
        .timeout_global(Some(exchange.timeout))
        .timeout_connect(Some(CONNECT_TIMEOUT.min(exchange.timeout)))
        .user_agent(concat!("jenkins-cmp/", env!("CARGO_PKG_VERSION")));
    let wrong = || FetchError::input("the proxy's address is wrong");
    let Some(proxy) = exchange.proxy else {
        return Ok(config.proxy(None).build().new_agent());
    };
    if exchange.url.scheme() == "http" && proxy.scheme() == "http" {
        let mut address = proxy.clone();
        take_user(&mut address);
        let address = address.as_str().parse().map_err(|_| wrong())?;
        let origin = exchange.url.origin().ascii_serialization();
        return Ok(forward::agent(config.proxy(None).build(), address, origin));
    }
    let proxy = ureq::Proxy::new(proxy.as_str()).map_err(|_| wrong())?;
    Ok(config.proxy(Some(proxy)).build().new_agent())
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<Certificate<'static>>, FetchError> {
    let certificates: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(FetchError::input(format!(
            "the {what} holds no certificate in PEM form"
        )));
    }
    Ok(certificates)
}

fn trouble(error: &ureq::Error) -> Trouble {
    match error {
        ureq::Error::Timeout(_) => Trouble::Passing("timed out".to_owned()),
        ureq::Error::HostNotFound => Trouble::Passing("the host name is not known".to_owned()),
        ureq::Error::ConnectProxyFailed(_) => {
            Trouble::Passing("the proxy refuses the connection".to_owned())
        }
        // So a failed handshake arrives.
        ureq::Error::Io(e) if e.kind() == ErrorKind::InvalidData => untrusted(&e.to_string()),
        ureq::Error::Rustls(e) => untrusted(&e.to_string()),
        ureq::Error::Io(e) => Trouble::Passing(e.to_string()),
        other => Trouble::Passing(other.to_string()),
    }
}

fn untrusted(why: &str) -> Trouble {
    // So rustls calls an answer that begins like no encrypted one.
    if why.contains("InvalidContentType") {
        let error = FetchError::world("the server speaks without encryption");
        return Trouble::Final(error.hint(
            "if it is meant to, the address begins with `http://`; for registries there is \
             `--plain-http`",
        ));
    }
    Trouble::Final(
        FetchError::world(why)
            .hint("`--ca-file` names the certificates to trust instead of the built-in ones"),
    )
}
