//! The real client.

use std::cell::OnceCell;
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;

use super::redirect;
use super::transport::{Request, Response, ResponseFuture, Transport, TransportError, status_text};

/// The largest body that is read, decoded.
const MAX_BODY: usize = 256 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// HTTP/1.1 and HTTP/2 over TCP, with TLS by rustls and the certificate authorities that are part of the program.
///
/// Connections are kept and used again, so one client serves all instances of a run. It belongs to the thread and to the
/// tokio runtime on which its first request is sent.
#[derive(Clone, Default)]
pub struct HttpClient {
    client: Rc<OnceCell<reqwest::Client>>,
}

impl HttpClient {
    /// A client; nothing is set up before the first request.
    pub fn new() -> HttpClient {
        HttpClient::default()
    }

    fn client(&self) -> Result<reqwest::Client, TransportError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = build().map_err(|error| TransportError::Failed {
            code: "ERR_TLS".to_owned(),
            message: "the HTTP client cannot be set up".to_owned(),
            causes: chain(error.as_ref()),
        })?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

fn build() -> Result<reqwest::Client, Box<dyn Error>> {
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
        .user_agent(concat!("moltler/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(client)
}

impl Transport for HttpClient {
    fn send(&self, request: Request) -> ResponseFuture {
        match self.client() {
            Ok(client) => {
                Box::pin(async move { redirect::follow(request, |hop| Box::pin(send_once(client.clone(), hop))).await })
            }
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

async fn send_once(client: reqwest::Client, request: Request) -> Result<Response, TransportError> {
    match request.url.scheme() {
        "http" | "https" => {}
        "mock" => {
            return Err(TransportError::failed("ERR_MOCK_URL", "`mock:` URLs work only in a TEST with MOCK_API"));
        }
        scheme => {
            return Err(TransportError::failed("ERR_SCHEME", format!("`{scheme}:` is not http: or https:")));
        }
    }
    let method = reqwest::Method::from_bytes(request.method.as_bytes())
        .map_err(|_| TransportError::failed("ERR_METHOD", format!("`{}` is not an HTTP method", request.method)))?;
    let mut builder = client.request(method, request.url.clone());
    for (name, value) in &request.headers {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(&latin1(value)))
        else {
            return Err(TransportError::failed("ERR_HEADER", format!("the header `{name}` has an invalid value")));
        };
        builder = builder.header(name, value);
    }
    if let Some(body) = request.body {
        builder = builder.body(body);
    }
    let mut response = builder.send().await.map_err(|error| failure(&error))?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), value.as_bytes().iter().map(|byte| char::from(*byte)).collect())
        })
        .collect();
    let url = response.url().clone();
    let mut body = Vec::with_capacity(response.content_length().map_or(0, |length| length.min(1 << 20) as usize));
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(TransportError::failed(
                "ERR_BODY_TOO_LARGE",
                format!("the response is larger than {} MB", MAX_BODY >> 20),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, status_text: status_text(status).to_owned(), headers, body, url, redirected: false })
}

/// Header values are bytes; JavaScript holds each as one character.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

fn failure(error: &reqwest::Error) -> TransportError {
    let causes = error.source().map(chain).unwrap_or_default();
    let (code, message) = classify(error, &causes);
    TransportError::Failed { code: code.to_owned(), message: message.to_owned(), causes }
}

fn classify(error: &reqwest::Error, causes: &[String]) -> (&'static str, &'static str) {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => return ("ECONNREFUSED", "connection refused"),
                std::io::ErrorKind::ConnectionReset => return ("ECONNRESET", "connection reset"),
                std::io::ErrorKind::ConnectionAborted => return ("ECONNABORTED", "connection aborted"),
                std::io::ErrorKind::TimedOut => return ("ETIMEDOUT", "timed out"),
                std::io::ErrorKind::HostUnreachable => return ("EHOSTUNREACH", "host unreachable"),
                std::io::ErrorKind::NetworkUnreachable => return ("ENETUNREACH", "network unreachable"),
                _ => {}
            }
        }
        if cause.downcast_ref::<rustls::Error>().is_some() {
            return ("ERR_TLS", "no secure connection");
        }
        source = cause.source();
    }
    if causes.iter().any(|cause| cause.starts_with("dns error")) {
        ("ENOTFOUND", "host not found")
    } else if error.is_timeout() {
        ("ETIMEDOUT", "timed out")
    } else if causes.iter().any(|cause| cause.contains("invalid peer certificate")) {
        ("ERR_TLS", "no secure connection")
    } else if causes.iter().any(|cause| cause.contains("closed before message completed")) {
        ("ECONNRESET", "the connection was closed before the answer was complete")
    } else if error.is_connect() {
        ("ECONNFAILED", "no connection")
    } else if error.is_body() || error.is_decode() {
        ("ERR_BODY", "the response could not be read")
    } else {
        ("ERR_HTTP", "the exchange failed")
    }
}

/// The messages of an error and of what is behind it, outermost first.
fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut messages = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        messages.push(error.to_string());
        next = error.source();
    }
    messages
}
