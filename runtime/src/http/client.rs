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
                _ if is_tls(io) => return ("ERR_TLS", "no secure connection"),
                _ => {}
            }
        }
        source = cause.source();
    }
    if causes.iter().any(|cause| cause.starts_with("dns error")) {
        ("ENOTFOUND", "host not found")
    } else if error.is_timeout() {
        ("ETIMEDOUT", "timed out")
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

/// Errors of TLS are wrapped in I/O errors, perhaps in several.
fn is_tls(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<rustls::Error>() || inner.downcast_ref::<std::io::Error>().is_some_and(is_tls))
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use url::Url;

    use super::*;
    use crate::http::RedirectMode;

    /// Reads one request up to the end of its body.
    async fn read_request(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.expect("the request can be read");
            bytes.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if count == 0 || end.is_some_and(|end| bytes.len() >= end + 4 + length.unwrap_or(0)) {
                return text;
            }
        }
    }

    /// A server that gives these answers, each on its own connection, and the requests it saw.
    async fn exchange(
        answers: Vec<Vec<u8>>,
        request: impl FnOnce(u16) -> Request,
    ) -> (Result<Response, TransportError>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        let serve = async {
            let mut seen = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                seen.push(read_request(&mut stream).await);
                stream.write_all(&answer).await.expect("the answer can be sent");
                stream.shutdown().await.ok();
            }
            seen
        };
        tokio::join!(HttpClient::new().send(request(port)), serve)
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let limited = async { tokio::time::timeout(Duration::from_secs(60), future).await };
        runtime.expect("a runtime").block_on(limited).expect("the test does not hang")
    }

    fn get(url: &str) -> Request {
        Request {
            method: "GET".to_owned(),
            url: Url::parse(url).expect("a valid URL"),
            headers: vec![("authorization".to_owned(), "Bearer k".to_owned())],
            body: None,
            redirect: RedirectMode::Follow,
            seal: None,
        }
    }

    fn answer(head: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    fn code(result: Result<Response, TransportError>) -> String {
        match result {
            Err(TransportError::Failed { code, .. }) => code,
            other => panic!("a failure is expected: {other:?}"),
        }
    }

    #[test]
    fn a_request_and_its_response() {
        let (result, seen) = run(exchange(
            vec![answer("201 Whatever\r\nX-A: \u{e9}\r\nSet-Cookie: a\r\nSet-Cookie: b", b"hi")],
            |port| Request {
                method: "POST".to_owned(),
                body: Some(b"body".to_vec()),
                headers: vec![("x-b".to_owned(), "\u{e9}".to_owned())],
                ..get(&format!("http://127.0.0.1:{port}/p?q=1"))
            },
        ));
        let response = result.expect("it answers");
        assert_eq!(
            (response.status, response.status_text.as_str(), response.body.as_slice()),
            (201, "Created", &b"hi"[..])
        );
        assert_eq!(response.headers.iter().filter(|(name, _)| name == "set-cookie").count(), 2);
        assert!(!response.redirected);
        assert!(seen[0].starts_with("post /p?q=1 http/1.1\r\n") && seen[0].ends_with("\r\n\r\nbody"), "{}", seen[0]);
        assert!(seen[0].contains(concat!("user-agent: moltler/", env!("CARGO_PKG_VERSION"), "\r\n")), "{}", seen[0]);
        assert!(seen[0].contains("accept-encoding: gzip\r\n"), "{}", seen[0]);
    }

    #[test]
    fn compressed_bodies_are_decoded() {
        // `hello` as gzip, stored without compression.
        let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 5, 0, 0xfa, 0xff];
        body.extend_from_slice(b"hello");
        body.extend_from_slice(&[0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0]);
        let (result, _) = run(exchange(vec![answer("200 OK\r\ncontent-encoding: gzip", &body)], |port| {
            get(&format!("http://127.0.0.1:{port}/"))
        }));
        assert_eq!(result.expect("it answers").body, b"hello");
    }

    #[test]
    fn redirects_to_another_origin_lose_credentials() {
        run(async {
            let other = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
            let target = format!("http://127.0.0.1:{}/there", other.local_addr().expect("an address").port());
            let head = format!("302 Found\r\nlocation: {target}");
            let serve = async {
                let (mut stream, _) = other.accept().await.expect("a connection");
                let seen = read_request(&mut stream).await;
                stream.write_all(&answer("200 OK", b"there")).await.expect("the answer can be sent");
                seen
            };
            let first = exchange(vec![answer(&head, b"")], |port| get(&format!("http://127.0.0.1:{port}/here")));
            let ((result, seen), second) = tokio::join!(first, serve);
            let response = result.expect("it answers");
            assert_eq!((response.url.as_str(), response.redirected), (target.as_str(), true));
            assert!(seen[0].contains("authorization: bearer k"), "{}", seen[0]);
            assert!(!second.contains("authorization"), "{second}");
        });
    }

    #[test]
    fn failures_have_codes() {
        let (result, _) = run(exchange(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort".to_vec()], |port| {
            get(&format!("http://127.0.0.1:{port}/"))
        }));
        assert!(matches!(code(result).as_str(), "ERR_BODY" | "ECONNRESET"));
        let (result, _) =
            run(exchange(vec![b"nonsense\r\n\r\n".to_vec()], |port| get(&format!("http://127.0.0.1:{port}/"))));
        assert_eq!(code(result), "ERR_HTTP");
        let no_tls = run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
            let port = listener.local_addr().expect("an address").port();
            let serve = async {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                // Whether the client still listens does not matter.
                stream.write_all(b"this is no TLS\r\n\r\n").await.ok();
                let _ = stream.read(&mut [0; 4096]).await;
            };
            tokio::join!(HttpClient::new().send(get(&format!("https://127.0.0.1:{port}/"))), serve).0
        });
        assert_eq!(code(no_tls), "ERR_TLS");
        let refused = run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
            let port = listener.local_addr().expect("an address").port();
            drop(listener);
            HttpClient::new().send(get(&format!("http://127.0.0.1:{port}/"))).await
        });
        assert_eq!(code(refused), "ECONNREFUSED");
        assert_eq!(code(run(HttpClient::new().send(get("mock:///items")))), "ERR_MOCK_URL");
        assert_eq!(code(run(HttpClient::new().send(get("file:///etc/passwd")))), "ERR_SCHEME");
        let request = Request { headers: vec![("a".to_owned(), "b\nc".to_owned())], ..get("http://127.0.0.1:1/") };
        assert_eq!(code(run(HttpClient::new().send(request))), "ERR_HEADER");
        let request = Request { method: "A B".to_owned(), ..get("http://127.0.0.1:1/") };
        assert_eq!(code(run(HttpClient::new().send(request))), "ERR_METHOD");
    }

    #[test]
    fn a_name_that_nobody_has() {
        let result = run(HttpClient::new().send(get("http://name.invalid/")));
        assert_eq!(code(result), "ENOTFOUND");
    }
}
