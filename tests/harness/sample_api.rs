//! An HTTP API on loopback, as a connector would find it: pages, filters, a bearer key.
//!
//! ```text
//! GET    /items?limit=100&cursor=…&id=…&name=…&status=…   {"items": [item, …], "next_cursor": "…" or null}, newest first
//! POST   /items          {"name": "…", "status": "…"}      201 and the item
//! GET    /items/:id                                        the item, or 404
//! DELETE /items/:id                                        204, or 404
//! any    /fail/:status/…                                   that status, and `Retry-After: 7`
//! ```
//!
//! An item is `{"id", "name", "status", "created_at", "extra"}`. Without `Authorization: Bearer KEY` every answer is 401.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

/// The key that it accepts.
pub const KEY: &str = "sample-key-0123456789";
/// How many items there are at first.
pub const ITEMS: usize = 250;
/// How many items a page has when `limit` does not say, and at most.
pub const PAGE: usize = 100;

const STATUSES: [&str; 3] = ["active", "pending", "closed"];

/// A running API; it stops with its value.
#[derive(Debug)]
pub struct SampleApi {
    port: u16,
    shop: Arc<Mutex<Shop>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<std::thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shop {
    /// By number; an id is `item-N`.
    items: BTreeMap<u64, Value>,
    next: u64,
    log: Vec<String>,
}

impl SampleApi {
    /// Starts it on a free port, with [`ITEMS`] items.
    pub fn start() -> std::io::Result<SampleApi> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let items: BTreeMap<u64, Value> = (1..=ITEMS as u64).map(|number| (number, first_item(number))).collect();
        let shop = Arc::new(Mutex::new(Shop { items, next: ITEMS as u64 + 1, log: Vec::new() }));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = Arc::clone(&shop);
        let server = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(SampleApi { port, shop, stop: Some(stop), server: Some(server) })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far, as `GET /items?limit=100`.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shop).log.clone()
    }

    /// How many items there are now.
    pub fn len(&self) -> usize {
        lock(&self.shop).items.len()
    }

    /// Whether all items were deleted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for SampleApi {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn lock(shop: &Mutex<Shop>) -> MutexGuard<'_, Shop> {
    shop.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The items that are there at first: three statuses in turn, an hour and a minute between two of them.
fn first_item(number: u64) -> Value {
    let minutes = number * 61;
    let (day, hour, minute) = (1 + minutes / 1440, minutes / 60 % 24, minutes % 60);
    json!({
        "id": format!("item-{number}"),
        "name": format!("Item {number}"),
        "status": STATUSES[(number % 3) as usize],
        "created_at": format!("2026-01-{day:02}T{hour:02}:{minute:02}:00Z"),
        "extra": {"shelf": number % 7, "tags": ["sample"]},
    })
}

async fn serve(listener: std::net::TcpListener, shop: Arc<Mutex<Shop>>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(|request| answer(request, &shop));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.await; // a client that goes away is no error of ours
        });
    }
}

async fn answer(request: Request<Incoming>, shop: &Mutex<Shop>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let authorised = parts.headers.get(AUTHORIZATION).is_some_and(|value| *value == *format!("Bearer {KEY}"));
    let mut shop = lock(shop);
    let shown = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
    shop.log.push(format!("{} {shown}", parts.method));
    let (status, body) = if authorised {
        shop.answer(&parts.method, &path, &parameters(&query), &body)
    } else {
        (StatusCode::UNAUTHORIZED, json!({"error": "a valid bearer key is needed"}))
    };
    let text = if status == StatusCode::NO_CONTENT { String::new() } else { body.to_string() };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if path.starts_with("/fail/") {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("7"));
    }
    Ok(response)
}

impl Shop {
    fn answer(
        &mut self,
        method: &Method,
        path: &str,
        query: &BTreeMap<String, String>,
        body: &[u8],
    ) -> (StatusCode, Value) {
        let not_found = (StatusCode::NOT_FOUND, json!({"error": "no such item"}));
        if let Some(status) = path.strip_prefix("/fail/").and_then(|rest| rest.split('/').next()) {
            let status = status.parse().unwrap_or(StatusCode::BAD_REQUEST);
            return (status, json!({"error": "as you wished"}));
        }
        let number = path.strip_prefix("/items/item-").and_then(|number| number.parse::<u64>().ok());
        match (method.as_str(), path, number) {
            ("GET", "/items", _) => self.page(query),
            ("POST", "/items", _) => self.create(body),
            ("GET", _, Some(number)) => match self.items.get(&number) {
                Some(item) => (StatusCode::OK, item.clone()),
                None => not_found,
            },
            ("DELETE", _, Some(number)) => match self.items.remove(&number) {
                Some(_) => (StatusCode::NO_CONTENT, Value::Null),
                None => not_found,
            },
            (_, "/items", _) | (_, _, Some(_)) => {
                (StatusCode::METHOD_NOT_ALLOWED, json!({"error": format!("{method} is not for {path}")}))
            }
            _ => (StatusCode::NOT_FOUND, json!({"error": format!("there is nothing at {path}")})),
        }
    }

    /// The cursor is the number of the last item of the page before.
    fn page(&self, query: &BTreeMap<String, String>) -> (StatusCode, Value) {
        let number = |name: &str| query.get(name).map(|text| text.parse::<u64>());
        let (limit, cursor) = match (number("limit").transpose(), number("cursor").transpose()) {
            (Ok(limit), Ok(cursor)) => (limit.map_or(PAGE, |limit| (limit as usize).clamp(1, PAGE)), cursor),
            _ => return (StatusCode::BAD_REQUEST, json!({"error": "limit and cursor are numbers"})),
        };
        let wanted = |item: &&Value| {
            let matches = |name: &str| query.get(name).is_none_or(|value| item[name] == value.as_str());
            ["id", "name", "status"].into_iter().all(matches)
        };
        let below = self.items.range(..cursor.unwrap_or(u64::MAX)).rev();
        let mut items: Vec<(&u64, &Value)> = below.filter(|(_, item)| wanted(item)).take(limit + 1).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|(number, _)| number.to_string());
        let items: Vec<&Value> = items.into_iter().map(|(_, item)| item).collect();
        (StatusCode::OK, json!({"items": items, "next_cursor": next_cursor}))
    }

    fn create(&mut self, body: &[u8]) -> (StatusCode, Value) {
        let Ok(Value::Object(given)) = serde_json::from_slice(body) else {
            return (StatusCode::BAD_REQUEST, json!({"error": "the body is a JSON object"}));
        };
        let Some(name) = given.get("name").and_then(Value::as_str) else {
            return (StatusCode::UNPROCESSABLE_ENTITY, json!({"error": "name is missing"}));
        };
        let number = self.next;
        self.next += 1;
        let item = json!({
            "id": format!("item-{number}"),
            "name": name,
            "status": given.get("status").and_then(Value::as_str).unwrap_or("active"),
            "created_at": "2026-02-01T12:00:00Z",
            "extra": given.get("extra").cloned().unwrap_or_else(|| json!({})),
        });
        self.items.insert(number, item.clone());
        (StatusCode::CREATED, item)
    }
}

/// The pairs of a query, percent-decoded; of a name given twice the last.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (decode(name), decode(value))).collect()
}

fn decode(text: &str) -> String {
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
