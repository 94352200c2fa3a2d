//! Requests whose answers are large and made as text, past the router: diagnostics and semantic tokens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use moltler_syntax::TextRange;
use serde_json::Value;
use tower_lsp_server::jsonrpc::{Error, Id, Result};

use crate::diagnostics::{NO_REPORT, report};
use crate::from_proto;
use crate::snapshot::Snapshot;
use crate::state::{Moved, Token, Writer};
use crate::tokens;
use crate::transport::{Outgoing, Piece};

/// A request that is answered once, whatever happens.
struct Answer {
    id: Value,
    outgoing: Outgoing,
    is_given: AtomicBool,
}

impl Answer {
    fn give(&self, result: Result<Vec<Piece>>) {
        if self.is_given.swap(true, Ordering::Relaxed) {
            return;
        }
        match result {
            Ok(result) => self.outgoing.result_pieces(&self.id, result),
            Err(error) => self.outgoing.error(&self.id, error.code.code(), &error.message),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.give(Err(Error::internal_error()));
    }
}

/// Makes the result of a request.
type Read = Box<dyn Fn(&Snapshot) -> Vec<Piece> + Send>;

/// What a request of these asks for, and the result where there is no such document; `None` for other methods.
fn read(method: &str, params: Option<&Value>) -> Option<(Read, &'static str)> {
    let text = |name: &str| params.and_then(|params| params[name].as_str()).map(str::to_owned);
    Some(match method {
        "textDocument/diagnostic" => {
            let previous = text("previousResultId");
            (Box::new(move |snapshot| report(snapshot, previous.as_deref())), NO_REPORT)
        }
        "textDocument/semanticTokens/full" => {
            (Box::new(|snapshot| snapshot.tokens.lock().unwrap_or_else(PoisonError::into_inner).full(snapshot)), "null")
        }
        "textDocument/semanticTokens/full/delta" => {
            let previous = text("previousResultId").unwrap_or_default();
            let delta = move |snapshot: &Snapshot| {
                snapshot.tokens.lock().unwrap_or_else(PoisonError::into_inner).delta(snapshot, &previous)
            };
            (Box::new(delta), "null")
        }
        "textDocument/semanticTokens/range" => {
            let place = |end: &str| from_proto::json_position(&params?["range"][end]);
            let (start, end) = (place("start"), place("end"));
            let range = move |snapshot: &Snapshot| {
                let offset = |place| Some(snapshot.document()?.offset(place?, snapshot.encoding));
                match (offset(start), offset(end)) {
                    (Some(start), Some(end)) => tokens::range(snapshot, TextRange::new(start.min(end), end.max(start))),
                    _ => vec!["null".into()],
                }
            };
            (Box::new(range), "null")
        }
        _ => return None,
    })
}

/// The requests of this sort that are not answered yet.
#[derive(Default)]
pub(crate) struct PreparedRequests {
    waiting: Vec<(Id, Arc<Answer>, Arc<Token>)>,
}

impl PreparedRequests {
    /// Hands a request to the state; false when it is none of these.
    pub(crate) fn ask(
        &mut self,
        writer: &Writer,
        outgoing: &Outgoing,
        method: &str,
        id: &Id,
        params: Option<&Value>,
    ) -> bool {
        let Some((read, nothing)) = read(method, params) else { return false };
        self.waiting.retain(|(_, answer, _)| !answer.is_given.load(Ordering::Relaxed));
        let answer = Arc::new(Answer {
            id: serde_json::to_value(id).unwrap_or_default(),
            outgoing: outgoing.clone(),
            is_given: AtomicBool::new(false),
        });
        let Some(uri) = params.and_then(|params| params["textDocument"]["uri"].as_str()) else {
            answer.give(Err(Error::invalid_params("`textDocument.uri` is missing")));
            return true;
        };
        let reply = answer.clone();
        let token = writer.ask(uri.to_owned(), Moved::Again, read, move |result| {
            reply.give(result.map(|result| result.unwrap_or_else(|| vec![nothing.into()])));
        });
        self.waiting.push((id.clone(), answer, token));
        true
    }

    /// Cancels a request; false when it is none of these.
    pub(crate) fn cancel(&mut self, params: Option<&Value>) -> bool {
        let id = match params.map(|params| &params["id"]) {
            Some(Value::Number(number)) => number.as_i64().map(Id::Number),
            Some(Value::String(text)) => Some(Id::String(text.clone())),
            _ => None,
        };
        let Some(position) = self.waiting.iter().position(|(waiting, _, _)| Some(waiting) == id.as_ref()) else {
            return false;
        };
        let (_, answer, token) = self.waiting.swap_remove(position);
        token.cancel();
        answer.give(Err(Error::request_cancelled()));
        true
    }
}
