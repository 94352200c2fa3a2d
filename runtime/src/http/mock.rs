//! MOCK_API: answers requests from a document; no packet leaves the process.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use moltler_abi::manifest::Span;

use super::route::Route;
use super::transport::{FailureKind, Request, Response, ResponseFuture, Transport, TransportError, status_text};
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
    /// Key and response that were chosen for each request that has one.
    chosen: RefCell<Vec<(usize, usize)>>,
}

/// One response of a key.
#[derive(Clone, Debug)]
struct Entry {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    error: Option<(FailureKind, &'static str, &'static str)>,
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
        Ok(MockApi {
            state: Rc::new(State {
                routes,
                used: RefCell::new(used),
                calls: RefCell::default(),
                chosen: RefCell::default(),
            }),
        })
    }

    /// Begins anew: responses that are given in turn start with the first, and no request was sent.
    pub fn rewind(&self) {
        for used in &mut *self.state.used.borrow_mut() {
            used.fill(0);
        }
        self.state.calls.borrow_mut().clear();
        self.state.chosen.borrow_mut().clear();
    }

    /// Method, URL and body of each request so far, and key and response, by index, that answered those that have one.
    pub fn answered(&self) -> (Vec<String>, Vec<(usize, usize)>) {
        let calls = self.state.calls.borrow();
        let requests = calls.iter().map(|request| {
            let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
            format!("{} {} {body}", request.method, request.url).trim_end().to_owned()
        });
        (requests.collect(), self.state.chosen.borrow().clone())
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
        Box::pin(async move { state.answer(request).await })
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
        if let Some((kind, code, message)) = entry.error {
            return Err(TransportError::failed(kind, code, message));
        }
        Ok(Response {
            status: entry.status,
            status_text: status_text(entry.status).to_owned(),
            headers: entry.headers,
            body: entry.body.into(),
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
            self.chosen.borrow_mut().push((route, index));
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
            "refused" => (FailureKind::Refused, "ECONNREFUSED", "connection refused"),
            "timeout" => (FailureKind::Timeout, "ETIMEDOUT", "timed out"),
            "reset" => (FailureKind::Reset, "ECONNRESET", "connection reset"),
            "dns" => (FailureKind::Dns, "ENOTFOUND", "host not found"),
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
        (Rc::from("attempt"), Value::Integer(i64::from(request.terms.attempt))),
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

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::http::{RedirectMode, Terms};

    fn mock(text: &str) -> MockApi {
        MockApi::new(&value_from_json(text).expect("JSON"), Span::default()).expect("valid mocks")
    }

    fn request(line: &str) -> Request {
        let (method, url) = line.split_once(' ').expect("method and URL");
        Request {
            method: method.to_owned(),
            url: Url::parse(url).expect("a valid URL"),
            headers: vec![("x-key".to_owned(), "k".to_owned())],
            body: (method == "POST").then(|| br#"{"a": {"b": 1, "c": [1, 2]}}"#.to_vec()),
            redirect: RedirectMode::Follow,
            seal: None,
            terms: Terms::default(),
        }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(future)
    }

    /// Status and body, or the error.
    fn answer(mock: &MockApi, line: &str) -> String {
        match run(mock.send(request(line))) {
            Ok(response) => format!("{} {}", response.status, String::from_utf8_lossy(response.body.bytes())),
            Err(TransportError::Failed { code, .. }) => code,
            Err(TransportError::RateLimited { message, .. }) => message,
            Err(TransportError::Fatal(error)) => error.to_string(),
        }
    }

    #[test]
    fn responses_come_in_turn_and_the_last_repeats() {
        let mock = mock(
            r#"{"GET /a": [{"status": 429, "headers": {"Retry-After": 1}}, {"body": "x"}, {"body": [1, {"k": null}]}]}"#,
        );
        let answers: Vec<String> = (0..4).map(|_| answer(&mock, "GET mock:///a")).collect();
        assert_eq!(answers, ["429 ", "200 x", r#"200 [1,{"k":null}]"#, r#"200 [1,{"k":null}]"#]);
    }

    #[test]
    fn the_more_exact_key_answers() {
        let mock = mock(
            r#"{"GET /*": {"body": "star"}, "GET /items/:id": {"body": "id"}, "GET /items/7": {"body": "seven"},
                "GET /items/7?a=b": {"body": "query"}, "GET https://h.test/items/7": {"body": "host"}}"#,
        );
        assert_eq!(answer(&mock, "GET mock:///x/y"), "200 star");
        assert_eq!(answer(&mock, "GET mock:///items/8"), "200 id");
        assert_eq!(answer(&mock, "GET mock:///items/7"), "200 seven");
        assert_eq!(answer(&mock, "GET mock:///items/7?z=1&a=b"), "200 query");
        assert_eq!(answer(&mock, "GET https://h.test/items/7?a=b"), "200 host");
    }

    #[test]
    fn conditions_choose_among_responses() {
        let mock = mock(
            r#"{"GET /a": [{"when": {"query": {"cursor": "b"}}, "body": "b"}, {"body": "first"}],
                "POST /a": [{"when": {"body": {"a": {"c": [1, 2]}}, "headers": {"X-Key": "k"}}, "body": "yes"}],
                "POST /b": {"when": {"body": {"a": 1}}}}"#,
        );
        for _ in 0..2 {
            assert_eq!(answer(&mock, "GET mock:///a?cursor=b"), "200 b");
            assert_eq!(answer(&mock, "GET mock:///a"), "200 first");
        }
        assert_eq!(answer(&mock, "POST mock:///a"), "200 yes");
        assert_eq!(
            answer(&mock, "POST mock:///b"),
            "MockError: MOCK_API has no answer for POST mock:///b (path `/b`); a key matches, but no `when` of its \
             responses does. Its keys: `GET /a`, `POST /a`, `POST /b`"
        );
    }

    #[test]
    fn failures_and_delays() {
        let mock = mock(r#"{"GET /a": {"error": "dns"}, "GET /b": {"delay_ms": 5000, "body": "late"}}"#);
        assert_eq!(answer(&mock, "GET mock:///a"), "ENOTFOUND");
        assert_eq!(answer(&mock, "GET mock:///b"), "200 late");
        assert_eq!(
            answer(&mock, "GET mock://items?x=1"),
            "MockError: MOCK_API has no answer for GET mock://items?x=1 (path `/?x=1`). Its keys: `GET /a`, `GET /b`"
        );
        assert!(answer(&super::tests::mock("{}"), "GET mock:///a").ends_with("Its keys: none"));
    }

    #[test]
    fn calls_are_recorded() {
        let mock = mock(r#"{"POST /*": {}, "GET /*": {}}"#);
        answer(&mock, "POST mock:///a?q=x+y");
        answer(&mock, "GET mock:///b");
        let calls = value_to_json(&mock.calls("POST /:any").expect("a valid key"));
        assert_eq!(
            calls,
            r#"[{"method":"POST","url":"mock:///a?q=x+y","path":"/a","query":{"q":"x y"},"headers":{"x-key":"k"},"body":{"a":{"b":1,"c":[1,2]}},"attempt":1}]"#
        );
        assert_eq!(mock.calls("GET /nope"), Ok(Value::Array(Rc::new(Vec::new()))));
        assert!(mock.calls("nonsense").is_err());
    }

    #[test]
    fn wrong_documents_are_told() {
        let wrong = |text: &str| {
            MockApi::new(&value_from_json(text).expect("JSON"), Span::default()).expect_err("wrong").message
        };
        assert_eq!(wrong("[]"), "MOCK_API is a document with keys such as `GET /items`");
        assert_eq!(wrong(r#"{"/items": {}}"#), "`/items` is not a key of MOCK_API: it reads `GET /path`");
        assert!(wrong(r#"{"GET /a": {"items": []}}"#).starts_with("MOCK_API `GET /a`: a response has no key `items`"));
        assert_eq!(wrong(r#"{"GET /a": []}"#), "MOCK_API `GET /a`: the array has no response");
        assert_eq!(
            wrong(r#"{"GET /a": 7}"#),
            r#"MOCK_API `GET /a`: a response is a document such as {"status": 200, "body": …}"#
        );
        assert!(wrong(r#"{"GET /a": {"status": "x"}}"#).ends_with("`status` is a number from 200 to 599"));
        assert!(
            wrong(r#"{"GET /a": {"error": "oops"}}"#).ends_with("`error` is 'refused', 'timeout', 'reset' or 'dns'")
        );
        assert!(wrong(r#"{"GET /a": {"when": {"x": 1}}}"#).contains("`when` has no key `x`"));
        assert!(wrong(r#"{"GET /a": {"headers": {"x": {}}}}"#).contains("`headers.x` is text"));
        assert!(wrong(r#"{"GET /a": {"delay_ms": -1}}"#).contains("`delay_ms`"));
    }
}
