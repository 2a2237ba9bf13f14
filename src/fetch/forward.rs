//! Plain requests through a proxy.
//!
//! The proxy is connected to in place of the server and asked for the whole address, as by curl and
//! Go: many proxies open tunnels to encrypted ports only. The parts of `ureq` that this needs may
//! change with any of its versions.

use std::io::{self, ErrorKind};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};
use ureq::{Agent, Error};

/// Makes an agent for plain requests to `origin`, as in `http://r.example:8080`, through `proxy`.
pub(super) fn agent(config: Config, proxy: Uri, origin: String) -> Agent {
    let connector = ().chain(TcpConnector::default()).chain(WholeAddress { origin });
    let resolver = ProxyResolver {
        proxy,
        resolver: DefaultResolver::default(),
    };
    Agent::with_parts(config, connector, resolver)
}

/// Finds the proxy, whatever is asked for.
#[derive(Debug)]
struct ProxyResolver {
    proxy: Uri,
    resolver: DefaultResolver,
}

impl Resolver for ProxyResolver {
    fn resolve(
        &self,
        _: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        self.resolver.resolve(&self.proxy, config, timeout)
    }
}

/// Makes the first line of each request name the whole address.
#[derive(Debug)]
struct WholeAddress {
    origin: String,
}

impl<In: Transport> Connector<In> for WholeAddress {
    type Out = Forwarded<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Forwarded<In>>, Error> {
        let forwarded = |inner| Forwarded {
            inner,
            origin: Some(self.origin.clone()),
        };
        Ok(chained.map(forwarded))
    }
}

/// A connection whose first output is the head of a request.
#[derive(Debug)]
struct Forwarded<T> {
    inner: T,
    origin: Option<String>,
}

impl<T: Transport> Transport for Forwarded<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let Some(origin) = self.origin.take() else {
            return self.inner.transmit_output(amount, timeout);
        };
        let output = self.inner.buffers().output();
        let start = output[..amount].iter().position(|byte| *byte == b' ');
        let start = start.map_or(amount, |at| at + 1);
        let end = amount + origin.len();
        if end > output.len() {
            let problem = io::Error::new(ErrorKind::InvalidInput, "the address is too long");
            return Err(Error::Io(problem));
        }
        output.copy_within(start..amount, start + origin.len());
        output[start..start + origin.len()].copy_from_slice(origin.as_bytes());
        self.inner.transmit_output(end, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        // The next request would need the address again.
        false
    }
}
