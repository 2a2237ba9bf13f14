//! Downloads: redirects, second tries, one bound on the time of everything together.

use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use url::Url;

use super::error::shown;
use super::{FetchError, Options};
use crate::limits::MAX_REDIRECTS;

#[cfg(not(feature = "remote"))]
use super::unwired as wire;
#[cfg(feature = "remote")]
use super::wire;

/// What one request needs.
#[cfg_attr(
    not(feature = "remote"),
    expect(dead_code, reason = "nothing is sent in such a build")
)]
pub(super) struct Exchange<'a> {
    pub(super) url: &'a Url,
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) identity: &'a Identity,
    pub(super) proxy: Option<&'a Url>,
    pub(super) timeout: Duration,
    pub(super) max_bytes: u64,
    /// The form to send by POST; without it the request is a GET.
    pub(super) form: Option<&'a str>,
}

/// Whom we trust and what we show on encrypted connections.
#[derive(Clone, Default)]
pub(super) struct Identity {
    /// PEM of the certificates to trust instead of the built-in ones.
    pub(super) ca: Option<Vec<u8>>,
    /// PEM of the client's chain and of its key.
    pub(super) client: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) skip_tls_verify: bool,
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) challenges: Vec<String>,
    pub(super) location: Option<String>,
    pub(super) link: Option<String>,
    pub(super) content_digest: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) is_gzip: bool,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
pub(super) enum Trouble {
    /// Another try may help.
    Passing(String),
    /// The answer is over its bound.
    TooLarge,
    /// Another try would give the same.
    Final(FetchError),
}

/// What to get.
pub(super) struct Get<'a> {
    pub(super) url: &'a Url,
    pub(super) accept: &'a str,
    /// The value of the `Authorization` header, for the origin of `url` only.
    pub(super) authorization: Option<&'a str>,
    pub(super) identity: &'a Identity,
    pub(super) max_bytes: u64,
    /// Whether the answer may be compressed on the way.
    pub(super) compressed: bool,
    pub(super) form: Option<&'a str>,
    /// Further header lines.
    pub(super) conditions: Vec<(&'static str, String)>,
}

/// The settings of all downloads of one chart, and when they have to be done.
pub(super) struct Downloads<'o> {
    options: &'o Options,
    deadline: Instant,
}

impl<'o> Downloads<'o> {
    pub(super) fn new(options: &'o Options) -> Downloads<'o> {
        Downloads {
            options,
            deadline: Instant::now() + options.timeout,
        }
    }

    /// Gets an answer that is no failure of the server; 4xx is for the caller to judge.
    pub(super) fn get(&self, get: &Get<'_>) -> Result<Reply, FetchError> {
        if self.options.offline {
            return Err(FetchError::world(format!(
                "{} is needed, but the network is switched off",
                shown(get.url)
            ))
            .hint("run without `--offline` and JENKINS_CMP_OFFLINE once"));
        }
        let mut pause = self.options.pause;
        for attempt in 1.. {
            let problem = match self.follow(get) {
                Ok(reply) if is_passing(reply.status) => {
                    format!("the server answers with status {}", reply.status)
                }
                Ok(reply) => return Ok(reply),
                Err(Trouble::Passing(problem)) => problem,
                Err(Trouble::TooLarge) => {
                    return Err(FetchError::world(format!(
                        "{} is larger than {} bytes",
                        shown(get.url),
                        get.max_bytes
                    )));
                }
                Err(Trouble::Final(e)) => return Err(about(get.url, e)),
            };
            if attempt >= self.options.attempts || self.left() <= pause {
                let message = format!("failed to fetch {}: {problem}", shown(get.url));
                return Err(FetchError::world(message));
            }
            thread::sleep(pause);
            pause *= 2;
        }
        unreachable!("the attempts are counted without end")
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn follow(&self, get: &Get<'_>) -> Result<Reply, Trouble> {
        let mut url = get.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut reply = self.send(get, &url)?;
            if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
                if reply.is_gzip {
                    reply.body = unpacked(&reply.body, get.max_bytes)?;
                }
                return Ok(reply);
            }
            let refuse = |why: &str| Trouble::Final(FetchError::world(why));
            let location = reply.location.as_deref();
            let next = location
                .and_then(|location| url.join(location).ok())
                .filter(|next| matches!(next.scheme(), "http" | "https") && next.has_host())
                .ok_or_else(|| refuse("the server redirects to nowhere"))?;
            if url.scheme() == "https" && next.scheme() == "http" {
                return Err(refuse("the server redirects from https to http"));
            }
            url = next;
        }
        Err(Trouble::Final(FetchError::world(format!(
            "the server redirects more than {MAX_REDIRECTS} times"
        ))))
    }

    fn send(&self, get: &Get<'_>, url: &Url) -> Result<Reply, Trouble> {
        let timeout = self.left();
        if timeout.is_zero() {
            return Err(Trouble::Passing("timed out".to_owned()));
        }
        let mut headers = vec![("accept", get.accept.to_owned())];
        let encoding = if get.compressed { "gzip" } else { "identity" };
        headers.push(("accept-encoding", encoding.to_owned()));
        headers.extend_from_slice(&get.conditions);
        let home = url.origin() == get.url.origin();
        if let Some(authorization) = get.authorization.filter(|_| home) {
            headers.push(("authorization", authorization.to_owned()));
        }
        let abroad = Identity {
            client: None,
            skip_tls_verify: false,
            ..get.identity.clone()
        };
        let proxy = self.options.proxies.find(url).map_err(Trouble::Final)?;
        wire::exchange(&Exchange {
            url,
            headers: &headers,
            identity: if home { get.identity } else { &abroad },
            proxy: proxy.as_ref(),
            timeout,
            max_bytes: get.max_bytes,
            form: get.form.filter(|_| home),
        })
    }
}

/// Makes an answer that is no success an error.
pub(super) fn success(url: &Url, reply: Reply) -> Result<Reply, FetchError> {
    match reply.status {
        200 => Ok(reply),
        status => {
            let message = format!("failed to fetch {}: status {status}", shown(url));
            let error = FetchError::world(message);
            Err(match status {
                401 | 403 => error.hint(
                    "credentials come from Helm's repositories.yaml and registry/config.json and \
                     from Docker's config.json; credential helpers are never run",
                ),
                _ => error,
            })
        }
    }
}

fn is_passing(status: u16) -> bool {
    status >= 500 || matches!(status, 408 | 429)
}

fn about(url: &Url, error: FetchError) -> FetchError {
    match error {
        FetchError::World { message, hint } => FetchError::World {
            message: format!("failed to fetch {}: {message}", shown(url)),
            hint,
        },
        other => other,
    }
}

fn unpacked(body: &[u8], max_bytes: u64) -> Result<Vec<u8>, Trouble> {
    let mut data = Vec::new();
    MultiGzDecoder::new(body)
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut data)
        .map_err(|e| Trouble::Passing(format!("the compressed answer is broken: {e}")))?;
    if data.len() as u64 > max_bytes {
        return Err(Trouble::TooLarge);
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn compressed_answers_are_bounded() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&[b'#'; 100]).unwrap();
        let body = gzip.finish().unwrap();
        assert_eq!(unpacked(&body, 100).ok().map(|data| data.len()), Some(100));
        assert!(matches!(unpacked(&body, 99), Err(Trouble::TooLarge)));
    }
}
