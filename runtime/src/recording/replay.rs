//! Answering from a recording.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{Exchange, MASK, RecordedRequest, Recording, stand_in};
use crate::assertion::differences_of;
use crate::coerce::value_from_json;
use crate::context::Environment;
use crate::error::{ErrorKind, RequestInfo, RuntimeError};
use crate::http::{FailureKind, Request, Response, ResponseFuture, Transport, TransportError};

/// Answers requests from a recording: each exchange once, to a request of the same method, URL and body.
#[derive(Clone)]
pub struct Replay {
    state: Rc<State>,
}

struct State {
    recording: Recording,
    used: RefCell<Vec<bool>>,
    /// The command that records again.
    again: String,
}

impl Replay {
    /// `again` is the command that records anew.
    pub fn new(recording: Recording, again: String) -> Replay {
        let used = RefCell::new(vec![false; recording.exchanges.len()]);
        Replay { state: Rc::new(State { recording, used, again }) }
    }
}

impl Transport for Replay {
    fn send(&self, request: Request) -> ResponseFuture {
        let state = Rc::clone(&self.state);
        Box::pin(async move {
            let Some(exchange) = state.choose(&request) else { return Err(state.unknown(&request)) };
            tokio::time::sleep(Duration::from_millis(exchange.milliseconds)).await;
            if let Some(response) = &exchange.response {
                return Ok(Response {
                    status: response.status,
                    status_text: response.status_text.clone(),
                    headers: response.headers.clone(),
                    body: response.body.bytes().into(),
                    url: request.url,
                    redirected: false,
                });
            }
            let (code, message) = match &exchange.error {
                Some(error) => (error.code.as_str(), error.message.as_str()),
                None => ("ERR_NO_ANSWER", "the recording has no answer"),
            };
            Err(TransportError::failed(FailureKind::of_code(code), code, message))
        })
    }
}

impl State {
    fn choose(&self, request: &Request) -> Option<&Exchange> {
        let mut used = self.used.borrow_mut();
        let exchanges = &self.recording.exchanges;
        let index = (0..exchanges.len()).find(|index| !used[*index] && matches(&exchanges[*index].request, request))?;
        used[index] = true;
        Some(&exchanges[index])
    }

    /// The test fails: says what was recorded instead.
    fn unknown(&self, request: &Request) -> TransportError {
        let used = self.used.borrow();
        let mut unused = self.recording.exchanges.iter().zip(used.iter()).filter(|(_, used)| !**used);
        let same = |exchange: &Exchange| {
            let url = Url::parse(&exchange.request.url).ok();
            exchange.request.method == request.method && url.is_some_and(|url| url.path() == request.url.path())
        };
        let nearest = unused.clone().find(|(exchange, _)| same(exchange)).or_else(|| unused.next());
        let message = format!("the recording has no answer for {} {}", request.method, request.url);
        let mut error = RuntimeError { kind: ErrorKind::Fatal, ..RuntimeError::new("RecordingError", message) };
        error.request =
            Some(RequestInfo { method: request.method.clone(), url: request.url.to_string(), status: None });
        match nearest {
            Some((exchange, _)) => {
                let recorded = &exchange.request;
                error.notes.push(format!("the next recorded request is {} {}", recorded.method, recorded.url));
                error.notes.extend(differences(recorded, request));
            }
            None => error.notes.push(match used.len() {
                0 => "nothing was recorded".to_owned(),
                1 => "the one recorded request was answered before".to_owned(),
                count => format!("all {count} recorded requests were answered before"),
            }),
        }
        error.notes.push(format!("record again with `{}`", self.again));
        TransportError::Fatal(Box::new(error))
    }
}

fn matches(recorded: &RecordedRequest, request: &Request) -> bool {
    let body = match (&recorded.body, &request.body) {
        (None, None) => true,
        (Some(recorded), Some(body)) => match (recorded, std::str::from_utf8(body)) {
            (super::Body::Text(recorded), Ok(text)) => is_like(recorded, text),
            (recorded, _) => recorded.bytes() == *body,
        },
        // A body without a byte is as good as none.
        (Some(recorded), None) => recorded.bytes().is_empty(),
        (None, Some(body)) => body.is_empty(),
    };
    recorded.method == request.method && is_like(&recorded.url, request.url.as_str()) && body
}

/// Whether the text is what was recorded, with anything in the place of secrets.
fn is_like(recorded: &str, text: &str) -> bool {
    let mut pieces = recorded.split(MASK);
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(found) = rest.find(piece) else { return false };
        rest = &rest[found + piece.len()..];
    }
    rest.ends_with(last)
}

/// How a request differs from the recorded one.
fn differences(recorded: &RecordedRequest, request: &Request) -> Vec<String> {
    let mut told = Vec::new();
    let differ = |what: &str, recorded: &str, now: &str| {
        (!is_like(recorded, now)).then(|| format!("{what} was {}, and is {}", shown(recorded), shown(now)))
    };
    told.extend(differ("the method", &recorded.method, &request.method));
    if let Ok(url) = Url::parse(&recorded.url) {
        told.extend(differ("the host", &url[..url::Position::BeforePath], &request.url[..url::Position::BeforePath]));
        told.extend(differ("the path", url.path(), request.url.path()));
        let (before, now): (Vec<_>, Vec<_>) = (url.query_pairs().collect(), request.url.query_pairs().collect());
        let value = |pairs: &[(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)], name: &str| {
            let values: Vec<&str> =
                pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in before.iter().chain(&now) {
            if !names.contains(&&**name) {
                names.push(name);
            }
        }
        for name in names {
            match (value(&before, name), value(&now, name)) {
                (Some(before), Some(now)) => told.extend(differ(&format!("`{name}` in the query"), &before, &now)),
                (Some(before), None) => told.push(format!("`{name}` in the query was {}, and is gone", shown(&before))),
                (None, Some(now)) => told.push(format!("`{name}` in the query is new: {}", shown(&now))),
                (None, None) => {}
            }
        }
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match (recorded.body.as_ref().map(super::Body::bytes), &request.body) {
        (Some(before), Some(now)) if before != *now => {
            let (before, now) = (text(&before), text(now));
            match (value_from_json(&before), value_from_json(&now)) {
                (Ok(before), Ok(now)) => {
                    let found = differences_of(&before, &now);
                    told.extend(found.into_iter().map(|difference| format!("the body (recorded, now) {difference}")));
                }
                _ if is_like(&before, &now) => {}
                _ => told.push(format!("the body was {}, and is {}", shown(&before), shown(&now))),
            }
        }
        (Some(before), None) if !before.is_empty() => {
            told.push(format!("the body was {}, and is gone", shown(&text(&before))));
        }
        (None, Some(now)) if !now.is_empty() => told.push(format!("the body is new: {}", shown(&text(now)))),
        _ => {}
    }
    told
}

fn shown(text: &str) -> String {
    let end = text.floor_char_boundary(200);
    let more = if end < text.len() { "…" } else { "" };
    format!("`{}{more}`", &text[..end])
}

/// The environment of a replay: the variables as they were recorded, others as they are. Secrets are not kept: a text that says so
/// stands for each.
pub(crate) fn environment(recording: &Recording, environment: &Environment) -> Environment {
    let (recorded, inner) = (recording.environment.clone(), Arc::clone(environment));
    Arc::new(move |name| match recorded.get(name) {
        Some(value) if value == MASK => Some(stand_in(name)),
        Some(value) => Some(value.clone()),
        None => inner(name),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Body, RecordedResponse};
    use super::*;
    use crate::http::{RedirectMode, Terms};

    fn exchange(method: &str, url: &str, body: Option<&str>, answer: &str) -> Exchange {
        Exchange {
            request: RecordedRequest {
                method: method.to_owned(),
                url: url.to_owned(),
                headers: Vec::new(),
                body: body.map(|body| Body::Text(body.to_owned())),
            },
            milliseconds: 5,
            response: Some(RecordedResponse {
                status: 200,
                body: Body::Text(answer.to_owned()),
                ..RecordedResponse::default()
            }),
            error: None,
        }
    }

    fn send(replay: &Replay, line: &str, body: Option<&str>) -> String {
        let (method, url) = line.split_once(' ').expect("method and URL");
        let request = Request {
            method: method.to_owned(),
            url: Url::parse(url).expect("a valid URL"),
            headers: Vec::new(),
            body: body.map(|body| body.as_bytes().to_vec()),
            redirect: RedirectMode::Follow,
            terms: Terms::default(),
            seal: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        match runtime.expect("an event loop").block_on(replay.send(request)) {
            Ok(response) => String::from_utf8(response.body.bytes().to_vec()).expect("text"),
            Err(TransportError::Fatal(error)) => format!("{error}\n{}", error.notes.join("\n")),
            Err(error) => format!("{error:?}"),
        }
    }

    fn replay(exchanges: Vec<Exchange>) -> Replay {
        let recording = Recording { exchanges, ..Recording::default() };
        Replay::new(recording, "moltlerc test --record".to_owned())
    }

    #[test]
    fn each_exchange_answers_once_and_in_any_order() {
        let replay = replay(vec![
            exchange("GET", "https://h/a?page=1", None, "one"),
            exchange("GET", "https://h/a?page=2", None, "two"),
            exchange("GET", "https://h/a?page=1", None, "again"),
            exchange("POST", "https://h/b?key=***&n=1", Some("x=***&y=2"), "posted"),
        ]);
        assert_eq!(send(&replay, "GET https://h/a?page=2", None), "two");
        assert_eq!(send(&replay, "GET https://h/a?page=1", None), "one");
        assert_eq!(send(&replay, "POST https://h/b?key=secret&n=1", Some("x=secret&y=2")), "posted");
        assert_eq!(send(&replay, "GET https://h/a?page=1", None), "again");
        assert_eq!(
            send(&replay, "GET https://h/a?page=1", None),
            "RecordingError: the recording has no answer for GET https://h/a?page=1\nall 4 recorded requests were answered before\nrecord again with `moltlerc test --record`"
        );
    }

    #[test]
    fn what_changed_is_told() {
        let replay = replay(vec![
            exchange("GET", "https://h/other", None, ""),
            exchange("POST", "https://h/a?limit=10&old=1&key=***", Some(r#"{"n": 1, "m": [1]}"#), ""),
        ]);
        assert_eq!(
            send(&replay, "POST https://h/a?limit=20&key=k&new=2", Some(r#"{"n": 1, "m": [2]}"#)),
            "RecordingError: the recording has no answer for POST https://h/a?limit=20&key=k&new=2\n\
             the next recorded request is POST https://h/a?limit=10&old=1&key=***\n\
             `limit` in the query was `10`, and is `20`\n\
             `old` in the query was `1`, and is gone\n\
             `new` in the query is new: `2`\n\
             the body (recorded, now) at `.m[0]`: 1 is not 2\n\
             record again with `moltlerc test --record`"
        );
    }

    #[test]
    fn secrets_may_be_anything() {
        assert!(is_like("a***b***c", "axxbyyc") && is_like("***", "") && is_like("plain", "plain"));
        assert!(!is_like("a***b", "axc") && !is_like("plain", "plainer") && !is_like("a***", "b"));
    }
}
