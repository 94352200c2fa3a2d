//! An HTTP server on loopback: answers by a function, remembers what it was asked, stops with its value.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`
    pub method: String,
    /// `/items`
    pub path: String,
    /// What stands behind `?`, encoded as it came.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Call {
    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The pairs of the query, decoded, in their order.
    pub fn parameters(&self) -> Parameters {
        Parameters::parse(&self.query)
    }

    /// `GET /items?limit=100`
    pub fn line(&self) -> String {
        match &*self.query {
            "" => format!("{} {}", self.method, self.path),
            query => format!("{} {}?{query}", self.method, self.path),
        }
    }

    /// `http://127.0.0.1:PORT`, as the client called this server.
    pub fn origin(&self) -> String {
        format!("http://{}", self.header("host"))
    }
}

/// The pairs of a query or a form, decoded, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(pub Vec<(String, String)>);

impl Parameters {
    /// Reads `a=1&b=2`.
    pub fn parse(text: &str) -> Parameters {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Parameters(pairs.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    /// A value by its name; of one given twice the last.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A whole number by its name; `Err` is the text that is none.
    pub fn number(&self, name: &str) -> Result<Option<i64>, String> {
        self.get(name).map(|text| text.parse().map_err(|_| text.to_owned())).transpose()
    }
}

/// What is answered: JSON, unless the headers say otherwise.
#[derive(Clone, Debug)]
pub struct Reply {
    /// `200`
    pub status: u16,
    /// The body.
    pub body: String,
    /// Headers besides `Content-Type: application/json`, which one of that name replaces.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// An answer with this status and body.
    pub fn new(status: u16, body: impl ToString) -> Reply {
        Reply { status, body: body.to_string(), headers: Vec::new() }
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl ToString) -> Reply {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared<F> {
    answer: F,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts it on a free port.
    pub fn start(answer: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> std::io::Result<Server> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::new(Shared { answer, log: Arc::clone(&log) });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Server { port, log, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far, as `GET /items?limit=100`.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.log).clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        lock(&self.log).clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A lock that a panicking test does not take away from the others.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve<F: Fn(&Call) -> Reply + Send + Sync + 'static>(listener: std::net::TcpListener, shared: Arc<Shared<F>>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(|request| respond(request, &shared));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.await; // a client that goes away is no error of ours
        });
    }
}

async fn respond<F: Fn(&Call) -> Reply>(
    request: Request<Incoming>,
    shared: &Shared<F>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let call = Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
    };
    lock(&shared.log).push(call.line());
    let reply = (shared.answer)(&call);
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    Ok(response)
}

/// Text as it was before percent-encoding; `+` is a space.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: &u8| (*byte as char).to_digit(16).unwrap_or_default() as u8;
                bytes.push(digit(high) << 4 | digit(low));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
