//! A small HTTP/1.1 server on the loopback, plain or encrypted, that answers as a test tells it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// What a client asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The path with its query.
    pub(crate) path: String,
    /// The header lines, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What to answer: the status, further header lines, the body.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<String>,
    body: Vec<u8>,
    /// Bytes of the body after which the connection breaks.
    cut: Option<usize>,
    /// The pause before each tenth of the body.
    pause: Duration,
}

impl Answer {
    /// An answer with a body.
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
            cut: None,
            pause: Duration::ZERO,
        }
    }

    /// Adds a header line.
    pub(crate) fn with(mut self, line: impl Into<String>) -> Answer {
        self.headers.push(line.into());
        self
    }

    /// Sends the body in ten pieces, each after `pause`.
    pub(crate) fn slowly(mut self, pause: Duration) -> Answer {
        self.pause = pause;
        self
    }

    /// Breaks the connection after `bytes` of the body.
    pub(crate) fn cut_after(mut self, bytes: usize) -> Answer {
        self.cut = Some(bytes);
        self
    }
}

type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

/// A running server; it ends with the process.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a plain server.
    pub(crate) fn start(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Server {
        Server::spawn(None, Arc::new(handler))
    }

    /// Starts an encrypted server with a chain and a key in PEM form; with `client_ca` it wants
    /// certificates of its clients.
    pub(crate) fn start_tls(
        chain: &str,
        key: &str,
        client_ca: Option<&str>,
        handler: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Server {
        let certificates = |pem: &str| {
            let list = CertificateDer::pem_slice_iter(pem.as_bytes());
            list.collect::<Result<Vec<_>, _>>().expect("certificates")
        };
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let config = ServerConfig::builder();
        let config = match client_ca {
            None => config.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(ca));
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
                config.with_client_cert_verifier(verifier.expect("an authority"))
            }
        };
        let config = config.with_single_cert(certificates(chain), key);
        let config = config.expect("a chain and its key");
        Server::spawn(Some(Arc::new(config)), Arc::new(handler))
    }

    fn spawn(tls: Option<Arc<ServerConfig>>, handler: Arc<Handler>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let server = Server {
            address: listener.local_addr().expect("an address"),
            scheme: if tls.is_some() { "https" } else { "http" },
            seen: Arc::clone(&seen),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, handler, seen) = (tls.clone(), Arc::clone(&handler), Arc::clone(&seen));
                thread::spawn(move || match tls {
                    None => serve(stream, &*handler, &seen),
                    Some(config) => {
                        let connection = ServerConnection::new(config).expect("a connection");
                        serve(StreamOwned::new(connection, stream), &*handler, &seen);
                    }
                });
            }
        });
        server
    }

    /// Its address with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("no panic in the server").clone()
    }
}

fn serve(stream: impl Read + Write, handler: &Handler, seen: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream);
    let Some(request) = read(&mut reader) else {
        return;
    };
    seen.lock()
        .expect("no panic in the server")
        .push(request.clone());
    let answer = handler(&request);
    let mut head = format!("HTTP/1.1 {} Answer\r\nconnection: close\r\n", answer.status);
    head.push_str(&format!("content-length: {}\r\n", answer.body.len()));
    for line in &answer.headers {
        head.push_str(&format!("{line}\r\n"));
    }
    head.push_str("\r\n");
    let cut = answer.cut.unwrap_or(answer.body.len());
    let stream = reader.get_mut();
    // A client that has gone away is part of some tests.
    let _ = stream.write_all(head.as_bytes());
    let body = &answer.body[..cut];
    if answer.pause.is_zero() {
        let _ = stream.write_all(body);
    } else {
        for piece in body.chunks(body.len() / 10 + 1) {
            thread::sleep(answer.pause);
            let _ = stream.write_all(piece);
            let _ = stream.flush();
        }
    }
    let _ = stream.flush();
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    read_after(&first, reader)
}

/// Reads what follows the first line of a request.
fn read_after(first: &str, reader: &mut impl BufRead) -> Option<Request> {
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Some(Request { path, headers })
}

/// A server that takes connections and never answers, and its address.
pub(crate) fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// A proxy that leads every host to `target`, whatever its name.
pub(crate) struct Proxy {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<(String, Request)>>>,
}

impl Proxy {
    /// Starts a proxy before the server at `target`.
    pub(crate) fn start(target: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let proxy = Proxy {
            address: listener.local_addr().expect("an address"),
            seen: Arc::clone(&seen),
        };
        let target = target.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (target, seen) = (target.clone(), Arc::clone(&seen));
                thread::spawn(move || forward(stream, &target, &seen));
            }
        });
        proxy
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The first lines of the requests so far, and the requests.
    pub(crate) fn seen(&self) -> Vec<(String, Request)> {
        self.seen.lock().expect("no panic in the proxy").clone()
    }
}

/// Opens a tunnel for `CONNECT`, and passes any other request on without the address's host.
fn forward(client: TcpStream, target: &str, seen: &Mutex<Vec<(String, Request)>>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let request = read_after(&first, &mut reader)?;
    let line = first.trim_end().to_owned();
    let entry = (line, request.clone());
    seen.lock().expect("no panic in the proxy").push(entry);
    let mut server = TcpStream::connect(target).ok()?;
    let mut client = client;
    if first.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
        let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    } else {
        let (_, path) = request.path.split_once("://")?.1.split_once('/')?;
        let mut head = format!("GET /{path} HTTP/1.1\r\n");
        for (name, value) in &request.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        server.write_all(head.as_bytes()).ok()?;
    }
    std::io::copy(&mut server, &mut client).ok()?;
    client.shutdown(std::net::Shutdown::Write).ok()
}
