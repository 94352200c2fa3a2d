//! An HTTP server on loopback: answers by a function, remembers what it was asked, stops with its value.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
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
    /// The header `Authorization`.
    pub authorization: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What is answered, as JSON.
#[derive(Clone, Debug)]
pub struct Reply {
    /// `200`
    pub status: u16,
    /// The body.
    pub body: String,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
}

impl Reply {
    /// An answer with this status and body.
    pub fn new(status: u16, body: impl ToString) -> Reply {
        Reply { status, body: body.to_string(), retry_after: None }
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
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let call = Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        authorization: authorization.to_owned(),
        body: body.to_vec(),
    };
    let shown = if call.query.is_empty() { call.path.clone() } else { format!("{}?{}", call.path, call.query) };
    lock(&shared.log).push(format!("{} {shown}", call.method));
    let reply = (shared.answer)(&call);
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = reply.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
