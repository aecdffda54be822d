//! The only HTTP client. Every call out goes by the same rules (`amazon-connect-chat.md` 1.8): the name is resolved
//! once and that address is dialled; what is not public is refused unless it is listed; no redirects, no proxies; 5 s
//! to connect and 10 s in all; 64 KiB of answer; four calls at a time to one target. Retries are the caller's.

pub mod address;

use address::public;
use std::collections::BTreeMap;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Seconds to connect, and in all.
const CONNECT: Duration = Duration::from_secs(5);
const IN_ALL: Duration = Duration::from_secs(10);

/// Bytes of an answer; more are an error.
const ANSWER: usize = 64 << 10;

/// Calls at a time to one target.
const AT_ONCE: usize = 4;

/// Why a call came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The address is none that may be called.
    #[error("the address may not be called")]
    Forbidden,
    /// No answer; the text names no secret and no address.
    #[error("{0}")]
    Failed(&'static str),
    /// An answer that is none of success.
    #[error("answered {0}")]
    Refused(u16),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// Calls out.
#[derive(Debug)]
pub struct Post {
    /// Dials public addresses alone.
    guarded: reqwest::Client,
    /// For hosts that are listed.
    free: reqwest::Client,
    private_hosts: Vec<String>,
    targets: Mutex<BTreeMap<String, Weak<Semaphore>>>,
}

/// Resolves names; where it guards, an answer with any address that is not public is no answer.
struct Names {
    guard: bool,
}

impl reqwest::dns::Resolve for Names {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guard = self.guard;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if guard && !found.iter().all(|address| public(address.ip())) {
                return Err(Fault::Forbidden.into());
            }
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

fn client(guard: bool) -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .dns_resolver(Arc::new(Names { guard }))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(IN_ALL)
        .pool_max_idle_per_host(AT_ONCE)
        .user_agent(concat!("sangdam/", env!("CARGO_PKG_VERSION")));
    builder.build().expect("a client with these settings can always be made")
}

impl Post {
    /// A client; `private_hosts` may be called although they are not public.
    pub fn new(private_hosts: Vec<String>) -> Self {
        Self {
            guarded: client(true),
            free: client(false),
            private_hosts,
            targets: Mutex::default(),
        }
    }

    /// Posts a body. `listed` are further hosts that may be called although they are not public.
    ///
    /// # Errors
    ///
    /// A [`Fault`], also for any answer but 2xx.
    pub async fn send(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
        listed: &[Arc<str>],
    ) -> Result<Answer, Fault> {
        self.call(url, headers, Some(body), listed).await
    }

    /// The same; without a body it asks by GET.
    ///
    /// # Errors
    ///
    /// A [`Fault`], also for any answer but 2xx.
    pub async fn call(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Option<String>,
        listed: &[Arc<str>],
    ) -> Result<Answer, Fault> {
        let url = reqwest::Url::parse(url).map_err(|_| Fault::Forbidden)?;
        let host = url.host_str().ok_or(Fault::Forbidden)?.to_owned();
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none();
        if !plain {
            return Err(Fault::Forbidden);
        }
        let named = |list: &str| {
            list.eq_ignore_ascii_case(&host)
                || list.eq_ignore_ascii_case(host.trim_matches(['[', ']']))
        };
        let free = self.private_hosts.iter().any(|list| named(list))
            || listed.iter().any(|list| named(list));
        // An address in figures is never resolved, so it is looked at here.
        let figures = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if !free && figures.is_ok_and(|address| !public(address)) {
            return Err(Fault::Forbidden);
        }
        let target = self.target(&host);
        let _turn = target.acquire().await.map_err(|_| Fault::Failed("the server stops"))?;
        let client = if free { &self.free } else { &self.guarded };
        let mut request = match body {
            Some(body) => client.post(url).body(body),
            None => client.get(url),
        };
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = read(request).await?;
        if (200..300).contains(&answer.status) {
            Ok(answer)
        } else {
            Err(Fault::Refused(answer.status))
        }
    }

    /// The turns of a target; forgotten when nobody waits.
    fn target(&self, host: &str) -> Arc<Semaphore> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = targets.get(host).and_then(Weak::upgrade) {
            return turns;
        }
        targets.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        targets.insert(host.to_owned(), Arc::downgrade(&turns));
        turns
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<Answer, Fault> {
    let mut response = request.send().await.map_err(|fault| why(&fault))?;
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|fault| why(&fault))? {
        if body.len() + piece.len() > ANSWER {
            return Err(Fault::Failed("the answer is too long"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status: response.status().as_u16(), body })
}

fn why(fault: &reqwest::Error) -> Fault {
    let mut cause: Option<&dyn Error> = Some(fault);
    while let Some(inner) = cause {
        if inner.downcast_ref::<Fault>() == Some(&Fault::Forbidden) {
            return Fault::Forbidden;
        }
        cause = inner.source();
    }
    Fault::Failed(match fault {
        fault if fault.is_timeout() => "no answer in time",
        fault if fault.is_connect() => "no connection",
        _ => "the connection broke",
    })
}

/// Calls a server's own API, for the command line: the one call that may go anywhere, because a person typed where to.
///
/// # Errors
///
/// A [`Fault`], but not for an answer of whatever status.
pub async fn call(
    method: &str,
    url: &str,
    headers: &[(&str, String)],
    body: Option<String>,
) -> Result<Answer, Fault> {
    let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|_| Fault::Forbidden)?;
    let mut request =
        client(false).request(method, reqwest::Url::parse(url).map_err(|_| Fault::Forbidden)?);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let mut response =
        request.body(body.unwrap_or_default()).send().await.map_err(|fault| why(&fault))?;
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|fault| why(&fault))? {
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status: response.status().as_u16(), body })
}

#[cfg(test)]
mod tests;
