//! Documents that are on no disk: the pages that explain diagnostics.

use moltler_hir::diagnostics::Code;
use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::{Error, Result};

use super::Server;
use crate::capabilities::PAGE_SCHEME;

impl Server {
    /// The text of `moltler-explain:CODE.md`.
    pub(super) async fn document_content(&self, params: Value) -> Result<Value> {
        let name = params["uri"].as_str().and_then(|uri| {
            let path = uri.strip_prefix(PAGE_SCHEME)?.strip_prefix(':')?;
            Some(path.trim_start_matches('/').trim_end_matches(".md").to_owned())
        });
        match name.as_deref().and_then(Code::from_name) {
            Some(code) => Ok(json!({"text": code.page()})),
            None => Err(Error::invalid_params("there is no such document")),
        }
    }
}
