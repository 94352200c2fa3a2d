//! MOCK_API: answers requests from a document; no packet leaves the process.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use moltler_abi::manifest::Span;

use super::redirect;
use super::route::Route;
use super::transport::{Request, Response, ResponseFuture, Transport, TransportError, status_text};
use crate::coerce::{value_from_json, value_to_json};
use crate::error::{ErrorKind, RequestInfo, RuntimeError};
use crate::value::{Document, Value};

/// A handler that asks more often than this in one test will never stop.
const MAX_REQUESTS: usize = 10_000;
const ENTRY_KEYS: [&str; 6] = ["status", "headers", "body", "delay_ms", "error", "when"];

/// The answers of one test. Clones share their state.
#[derive(Clone, Debug)]
pub struct MockApi {
    state: Rc<State>,
}

#[derive(Debug)]
struct State {
    routes: Vec<(Route, Vec<Entry>)>,
    /// How often each entry was given.
    used: RefCell<Vec<Vec<usize>>>,
    calls: RefCell<Vec<Request>>,
}

/// One response of a key.
#[derive(Clone, Debug)]
struct Entry {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    error: Option<(&'static str, &'static str)>,
    when: Option<When>,
}

#[derive(Clone, Debug, Default)]
struct When {
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Option<Value>,
}

impl MockApi {
    /// Reads the document of MOCK_API. `span` is where errors are reported.
    pub fn new(mock_api: &Value, span: Span) -> Result<MockApi, RuntimeError> {
        let wrong = |message: String| fatal(message).at(span);
        let Value::Document(document) = mock_api else {
            return Err(wrong("MOCK_API is a document with keys such as `GET /items`".to_owned()));
        };
        let mut routes = Vec::with_capacity(document.len());
        for (key, value) in document.iter() {
            let route = Route::parse(key).map_err(wrong)?;
            let entries = match value {
                Value::Array(values) if values.is_empty() => Err("the array has no response".to_owned()),
                Value::Array(values) => values.iter().map(entry).collect(),
                value => entry(value).map(|entry| vec![entry]),
            };
            routes.push((route, entries.map_err(|reason| wrong(format!("MOCK_API `{key}`: {reason}")))?));
        }
        let used = routes.iter().map(|(_, entries)| vec![0; entries.len()]).collect();
        Ok(MockApi { state: Rc::new(State { routes, used: RefCell::new(used), calls: RefCell::default() }) })
    }

    /// The requests so far that `key` means, as MOCK_CALLS gives them: an array of
    /// `{method, url, path, query, headers, body, attempt}`.
    pub fn calls(&self, key: &str) -> Result<Value, RuntimeError> {
        let route = Route::parse(key).map_err(|reason| RuntimeError::new("Error", reason))?;
        let calls = self.state.calls.borrow();
        let matching = calls.iter().filter(|request| route.matches(&request.method, &request.url).is_some());
        Ok(Value::Array(Rc::new(matching.map(describe).collect())))
    }
}

impl Transport for MockApi {
    fn send(&self, request: Request) -> ResponseFuture {
        let state = Rc::clone(&self.state);
        Box::pin(async move {
            let hop = |request: Request| -> ResponseFuture {
                let state = Rc::clone(&state);
                Box::pin(async move { state.answer(request).await })
            };
            redirect::follow(request, hop).await
        })
    }
}

impl State {
    async fn answer(&self, request: Request) -> Result<Response, TransportError> {
        let count = self.calls.borrow().len();
        if count >= MAX_REQUESTS {
            return Err(
                self.fatal(&request, format!("the handler sent {count} requests in one test; does its loop end?"))
            );
        }
        let entry = self.choose(&request);
        self.calls.borrow_mut().push(request.clone());
        let Some(entry) = entry else { return Err(self.unmatched(&request)) };
        if !entry.delay.is_zero() {
            tokio::time::sleep(entry.delay).await;
        }
        if let Some((code, message)) = entry.error {
            return Err(TransportError::failed(code, message));
        }
        Ok(Response {
            status: entry.status,
            status_text: status_text(entry.status).to_owned(),
            headers: entry.headers,
            body: entry.body,
            url: request.url,
            redirected: false,
        })
    }

    /// The next response for this request: of the most exact key that has one.
    fn choose(&self, request: &Request) -> Option<Entry> {
        let mut candidates: Vec<_> = self
            .routes
            .iter()
            .enumerate()
            .filter_map(|(index, (route, _))| Some((route.matches(&request.method, &request.url)?, index)))
            .collect();
        // Equally exact keys: the first one written.
        candidates.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        candidates.into_iter().find_map(|(_, route)| {
            let entries = &self.routes[route].1;
            let fitting = |conditional: bool| -> Vec<usize> {
                (0..entries.len())
                    .filter(|index| match &entries[*index].when {
                        Some(when) => conditional && when.holds(request),
                        None => !conditional,
                    })
                    .collect()
            };
            let mut indices = fitting(true);
            if indices.is_empty() {
                indices = fitting(false);
            }
            let used = &mut self.used.borrow_mut()[route];
            let index = indices.iter().copied().find(|index| used[*index] == 0).or(indices.last().copied())?;
            used[index] += 1;
            Some(entries[index].clone())
        })
    }

    fn unmatched(&self, request: &Request) -> TransportError {
        let path = &request.url[url::Position::BeforePath..];
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let mut message = format!("MOCK_API has no answer for {} {} (path `{path}`)", request.method, request.url);
        if self.routes.iter().any(|(route, _)| route.matches(&request.method, &request.url).is_some()) {
            message.push_str("; a key matches, but no `when` of its responses does");
        }
        message.push_str(". Its keys: ");
        let keys: Vec<String> = self.routes.iter().map(|(route, _)| format!("`{}`", route.key)).collect();
        message.push_str(if keys.is_empty() { "none" } else { "" });
        message.push_str(&keys.join(", "));
        self.fatal(request, message)
    }

    fn fatal(&self, request: &Request, message: String) -> TransportError {
        let request = RequestInfo { method: request.method.clone(), url: request.url.to_string(), status: None };
        TransportError::Fatal(Box::new(RuntimeError { request: Some(request), ..fatal(message) }))
    }
}

impl When {
    fn holds(&self, request: &Request) -> bool {
        let headers = self
            .headers
            .iter()
            .all(|(name, value)| request.headers.iter().any(|(other, actual)| other == name && actual == value));
        let query = self.query.iter().all(|(name, value)| {
            request.url.query_pairs().any(|(other, actual)| other == name.as_str() && actual == value.as_str())
        });
        headers && query && self.body.as_ref().is_none_or(|expected| is_subset(expected, &body_value(request)))
    }
}

/// Whether all of `expected` is in `actual`: keys of documents; arrays element by element.
fn is_subset(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Document(expected), Value::Document(actual)) => {
            expected.iter().all(|(key, value)| actual.get(key).is_some_and(|actual| is_subset(value, actual)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual.iter()).all(|(expected, actual)| is_subset(expected, actual))
        }
        (Value::Integer(integer), Value::Number(number)) | (Value::Number(number), Value::Integer(integer)) => {
            *integer as f64 == *number
        }
        _ => expected == actual,
    }
}

fn fatal(message: String) -> RuntimeError {
    RuntimeError { kind: ErrorKind::Fatal, ..RuntimeError::new("MockError", message) }
}

fn entry(value: &Value) -> Result<Entry, String> {
    let Value::Document(document) = value else {
        return Err("a response is a document such as {\"status\": 200, \"body\": …}".to_owned());
    };
    if let Some(key) = document.keys().find(|key| !ENTRY_KEYS.contains(&&***key)) {
        return Err(format!(
            "a response has no key `{key}`; it has {}",
            ENTRY_KEYS.map(|key| format!("`{key}`")).join(", ")
        ));
    }
    let mut headers = match document.get("headers") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Document(headers)) => pairs(headers, "headers", str::to_ascii_lowercase)?,
        Some(_) => return Err("`headers` is a document".to_owned()),
    };
    let (body, content_type) = match document.get("body") {
        None | Some(Value::Null) => (Vec::new(), None),
        Some(Value::String(text)) => (text.as_bytes().to_vec(), Some("text/plain;charset=UTF-8")),
        Some(value) => (value_to_json(value).into_bytes(), Some("application/json")),
    };
    if let Some(content_type) = content_type
        && !headers.iter().any(|(name, _)| name == "content-type")
    {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    let status = match document.get("status") {
        None | Some(Value::Null) => 200,
        Some(value) => integer(value)
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| (200..=599).contains(status))
            .ok_or("`status` is a number from 200 to 599")?,
    };
    let delay = match document.get("delay_ms") {
        None | Some(Value::Null) => 0,
        Some(value) => integer(value)
            .and_then(|delay| u64::try_from(delay).ok())
            .ok_or("`delay_ms` is a number of milliseconds")?,
    };
    let error = match document.get("error") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(match &**name {
            "refused" => ("ECONNREFUSED", "connection refused"),
            "timeout" => ("ETIMEDOUT", "timed out"),
            "reset" => ("ECONNRESET", "connection reset"),
            "dns" => ("ENOTFOUND", "host not found"),
            _ => return Err("`error` is 'refused', 'timeout', 'reset' or 'dns'".to_owned()),
        }),
        Some(_) => return Err("`error` is 'refused', 'timeout', 'reset' or 'dns'".to_owned()),
    };
    let when = match document.get("when") {
        None | Some(Value::Null) => None,
        Some(Value::Document(when)) => Some(read_when(when)?),
        Some(_) => return Err("`when` is a document".to_owned()),
    };
    Ok(Entry { status, headers, body, delay: Duration::from_millis(delay), error, when })
}

fn read_when(document: &Document) -> Result<When, String> {
    let mut when = When::default();
    for (key, value) in document {
        match (&**key, value) {
            ("headers", Value::Document(headers)) => {
                when.headers = pairs(headers, "when.headers", str::to_ascii_lowercase)?;
            }
            ("query", Value::Document(query)) => when.query = pairs(query, "when.query", str::to_owned)?,
            ("body", value) => when.body = Some(value.clone()),
            ("headers" | "query", _) => return Err(format!("`when.{key}` is a document")),
            _ => return Err(format!("`when` has no key `{key}`; it has `headers`, `query`, `body`")),
        }
    }
    Ok(when)
}

fn pairs(document: &Document, place: &str, name: impl Fn(&str) -> String) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    for (key, value) in document {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let text = match value {
                Value::String(text) => text.to_string(),
                Value::Integer(_) | Value::Number(_) | Value::Boolean(_) => value_to_json(value),
                _ => return Err(format!("`{place}.{key}` is text, a number or a boolean")),
            };
            pairs.push((name(key), text));
        }
    }
    Ok(pairs)
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(integer) => Some(*integer),
        Value::Number(number) if number.fract() == 0.0 => Some(*number as i64),
        _ => None,
    }
}

fn text(text: &str) -> Value {
    Value::String(Rc::from(text))
}

fn describe(request: &Request) -> Value {
    let mut query = Document::new();
    for (name, value) in request.url.query_pairs() {
        query.insert(Rc::from(&*name), text(&value));
    }
    let headers = request.headers.iter().map(|(name, value)| (Rc::from(name.as_str()), text(value))).collect();
    let call = Document::from_iter([
        (Rc::from("method"), text(&request.method)),
        (Rc::from("url"), text(request.url.as_str())),
        (Rc::from("path"), text(request.url.path())),
        (Rc::from("query"), Value::Document(Rc::new(query))),
        (Rc::from("headers"), Value::Document(Rc::new(headers))),
        (Rc::from("body"), body_value(request)),
        (Rc::from("attempt"), Value::Integer(1)),
    ]);
    Value::Document(Rc::new(call))
}

/// A request's body: parsed JSON, else a form as a document, else text; NULL where there is none.
fn body_value(request: &Request) -> Value {
    let Some(body) = &request.body else { return Value::Null };
    if let Some(value) = std::str::from_utf8(body).ok().and_then(|text| value_from_json(text).ok()) {
        return value;
    }
    let is_form = request.headers.iter().any(|(name, value)| {
        name == "content-type" && value.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    });
    if is_form {
        let pairs = url::form_urlencoded::parse(body).map(|(name, value)| (Rc::from(&*name), text(&value)));
        return Value::Document(Rc::new(pairs.collect()));
    }
    text(&String::from_utf8_lossy(body))
}
