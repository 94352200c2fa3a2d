//! Diagnostics that the editor asks for. Their answer is made as text, past the router.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tower_lsp_server::jsonrpc::{Error, Id, Result};

use crate::diagnostics::{NO_REPORT, report};
use crate::state::{Moved, Token, Writer};
use crate::transport::Outgoing;

/// A request that is answered once, whatever happens.
struct Answer {
    id: Value,
    outgoing: Outgoing,
    is_given: AtomicBool,
}

impl Answer {
    fn give(&self, result: Result<&str>) {
        if self.is_given.swap(true, Ordering::Relaxed) {
            return;
        }
        match result {
            Ok(result) => self.outgoing.result_text(&self.id, result),
            Err(error) => self.outgoing.error(&self.id, error.code.code(), &error.message),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.give(Err(Error::internal_error()));
    }
}

/// The requests for diagnostics that are not answered yet.
#[derive(Default)]
pub(crate) struct DiagnosticRequests {
    waiting: Vec<(Id, Arc<Answer>, Arc<Token>)>,
}

impl DiagnosticRequests {
    /// Hands a request to the state.
    pub(crate) fn ask(&mut self, writer: &Writer, outgoing: &Outgoing, id: Id, params: Option<&Value>) {
        self.waiting.retain(|(_, answer, _)| !answer.is_given.load(Ordering::Relaxed));
        let answer = Arc::new(Answer {
            id: serde_json::to_value(&id).unwrap_or_default(),
            outgoing: outgoing.clone(),
            is_given: AtomicBool::new(false),
        });
        let uri = params.and_then(|params| params["textDocument"]["uri"].as_str());
        let Some(uri) = uri else {
            answer.give(Err(Error::invalid_params("`textDocument.uri` is missing")));
            return;
        };
        let previous = params.and_then(|params| params["previousResultId"].as_str()).map(str::to_owned);
        let reply = answer.clone();
        let token = writer.ask(
            uri.to_owned(),
            Moved::Again,
            move |snapshot| report(snapshot, previous.as_deref()),
            move |result| {
                reply.give(result.as_ref().map(|report| report.as_deref().unwrap_or(NO_REPORT)).map_err(Clone::clone));
            },
        );
        self.waiting.push((id, answer, token));
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
