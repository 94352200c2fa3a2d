use std::sync::PoisonError;

use moltler_syntax::TextRange;
use serde_json::Value;
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::from_proto;

impl Server {
    pub(super) async fn semantic_tokens_full(&self, params: Value) -> Result<Option<Value>> {
        self.whole(&params, |snapshot| {
            Some(snapshot.tokens.lock().unwrap_or_else(PoisonError::into_inner).full(snapshot))
        })
        .await
    }

    pub(super) async fn semantic_tokens_delta(&self, params: Value) -> Result<Option<Value>> {
        let previous = params["previousResultId"].as_str().unwrap_or_default().to_owned();
        self.whole(&params, move |snapshot| {
            Some(snapshot.tokens.lock().unwrap_or_else(PoisonError::into_inner).delta(snapshot, &previous))
        })
        .await
    }

    pub(super) async fn semantic_tokens_range(&self, params: Value) -> Result<Option<Value>> {
        let start = from_proto::json_position(&params["range"]["start"]);
        let end = from_proto::json_position(&params["range"]["end"]);
        self.whole(&params, move |snapshot| {
            let document = snapshot.document()?;
            let offset = |place| document.offset(place, snapshot.encoding);
            let range = TextRange::new(offset(start?), offset(end?));
            Some(snapshot.tokens.lock().unwrap_or_else(PoisonError::into_inner).range(snapshot, range))
        })
        .await
    }
}
