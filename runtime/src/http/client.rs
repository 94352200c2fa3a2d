//! The real client.

use std::cell::OnceCell;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use url::Url;

use super::body::{Body, Source};
use super::failure::{chain, failure};
use super::resolve::{Lookup, SystemLookup, VettedResolver};
use super::transport::{FailureKind, Request, Response, ResponseFuture, Transport, TransportError, status_text};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// HTTP/1.1 and HTTP/2 over TCP, with TLS by rustls and the certificate authorities that are part of the program.
///
/// Connections are kept and used again, so one client serves all instances of a run; but those to hosts that the user named,
/// which may be on private networks, are kept apart from all others. It belongs to the thread and to the tokio runtime on
/// which its first request is sent.
///
/// Proxies are those of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`). Behind a proxy it is the proxy
/// that resolves names: its owner's rules decide which addresses they may have.
#[derive(Clone)]
pub struct HttpClient {
    lookup: Arc<dyn Lookup>,
    /// To public addresses only.
    public: Rc<OnceCell<reqwest::Client>>,
    /// To private ones too.
    private: Rc<OnceCell<reqwest::Client>>,
}

impl Default for HttpClient {
    fn default() -> HttpClient {
        HttpClient::new()
    }
}

impl HttpClient {
    /// A client; nothing is set up before the first request.
    pub fn new() -> HttpClient {
        HttpClient::with_lookup(Arc::new(SystemLookup))
    }

    /// A client that finds addresses in its own way.
    pub fn with_lookup(lookup: Arc<dyn Lookup>) -> HttpClient {
        HttpClient { lookup, public: Rc::default(), private: Rc::default() }
    }

    fn client(&self, allow_private: bool) -> Result<reqwest::Client, TransportError> {
        let cell = if allow_private { &self.private } else { &self.public };
        if let Some(client) = cell.get() {
            return Ok(client.clone());
        }
        let client = build(Arc::clone(&self.lookup), allow_private).map_err(|error| TransportError::Failed {
            kind: FailureKind::Tls,
            code: "ERR_TLS".to_owned(),
            message: "the HTTP client cannot be set up".to_owned(),
            causes: chain(error.as_ref()),
        })?;
        Ok(cell.get_or_init(|| client).clone())
    }
}

fn build(lookup: Arc<dyn Lookup>, allow_private: bool) -> Result<reqwest::Client, Box<dyn Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .dns_resolver(Arc::new(VettedResolver { lookup, allow_private, proxies: proxy_names() }))
        // A retry is decided where it is known what may be sent twice.
        .retry(reqwest::retry::never())
        .user_agent(concat!("moltler/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(client)
}

/// The names of the proxies that the environment names.
fn proxy_names() -> Arc<[String]> {
    let variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let values = variables.iter().filter_map(|name| std::env::var(name).ok());
    values
        .filter_map(|value| {
            let url = if value.contains("://") { Url::parse(&value) } else { Url::parse(&format!("http://{value}")) };
            Some(url.ok()?.host_str()?.to_ascii_lowercase())
        })
        .collect()
}

impl Transport for HttpClient {
    fn send(&self, request: Request) -> ResponseFuture {
        match self.client(request.terms.allow_private) {
            Ok(client) => Box::pin(send_once(client, request)),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

async fn send_once(client: reqwest::Client, request: Request) -> Result<Response, TransportError> {
    let invalid = |code: &str, message: String| Err(TransportError::failed(FailureKind::Invalid, code, message));
    match request.url.scheme() {
        "http" | "https" => {}
        "mock" => return invalid("ERR_MOCK_URL", "`mock:` URLs work only in a TEST with MOCK_API".to_owned()),
        scheme => return invalid("ERR_SCHEME", format!("`{scheme}:` is not http: or https:")),
    }
    let Ok(method) = reqwest::Method::from_bytes(request.method.as_bytes()) else {
        return invalid("ERR_METHOD", format!("`{}` is not an HTTP method", request.method));
    };
    let mut builder = client.request(method, request.url.clone());
    for (name, value) in &request.headers {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(&latin1(value)))
        else {
            return invalid("ERR_HEADER", format!("the header `{name}` has an invalid value"));
        };
        builder = builder.header(name, value);
    }
    if let Some(body) = request.body {
        builder = builder.body(body);
    }
    let response = builder.send().await.map_err(|error| failure(&error))?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), value.as_bytes().iter().map(|byte| char::from(*byte)).collect())
        })
        .collect();
    let url = response.url().clone();
    let body = Body::stream(Box::new(Incoming::Idle(response)), request.terms.max_response);
    Ok(Response { status, status_text: status_text(status).to_owned(), headers, body, url, redirected: false })
}

/// A body on its way. Its pieces are decoded ones: what a small compressed body unfolds to counts.
enum Incoming {
    Idle(reqwest::Response),
    Reading(Pin<Box<dyn Future<Output = (reqwest::Response, Piece)>>>),
    Ended,
}

/// The next piece, in the client's own buffer.
type Piece = reqwest::Result<Option<Box<dyn AsRef<[u8]>>>>;

impl Source for Incoming {
    fn poll_next(&mut self, context: &mut Context<'_>, into: &mut Vec<u8>) -> Poll<Result<bool, TransportError>> {
        if let Incoming::Idle(_) = self
            && let Incoming::Idle(mut response) = std::mem::replace(self, Incoming::Ended)
        {
            *self = Incoming::Reading(Box::pin(async move {
                let piece = response.chunk().await;
                (response, piece.map(|piece| piece.map(|piece| Box::new(piece) as Box<dyn AsRef<[u8]>>)))
            }));
        }
        let Incoming::Reading(reading) = self else { return Poll::Ready(Ok(false)) };
        let (response, piece) = ready!(reading.as_mut().poll(context));
        *self = Incoming::Ended;
        let Some(piece) = piece.map_err(|error| failure(&error))? else { return Poll::Ready(Ok(false)) };
        let piece = (*piece).as_ref();
        if into.is_empty() {
            // As it is announced, but no more than a server may claim for nothing.
            into.reserve(response.content_length().map_or(0, |length| length.min(1 << 20) as usize).max(piece.len()));
        }
        into.extend_from_slice(piece);
        *self = Incoming::Idle(response);
        Poll::Ready(Ok(true))
    }
}

/// Header values are bytes; JavaScript holds each as one character.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests;
