//! Documents that are on no disk: the pages that explain diagnostics, declarations of what handlers find.

use moltler_hir::diagnostics::Code;
use moltler_ide::host_files::HOST_FILES;
use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::{Error, Result};

use super::Server;
use crate::capabilities::{HOST_SCHEME, PAGE_SCHEME};

impl Server {
    /// LSP 3.18: the text of `moltler-explain:CODE.md` or `moltler:/host/NAME`.
    pub(super) async fn document_content(&self, params: Value) -> Result<Value> {
        match params["uri"].as_str().and_then(content) {
            Some(text) => Ok(json!({"text": text})),
            None => Err(Error::invalid_params("there is no such document")),
        }
    }
}

fn content(uri: &str) -> Option<&'static str> {
    let (scheme, path) = uri.split_once(':')?;
    let path = path.trim_start_matches('/');
    match scheme {
        PAGE_SCHEME => Some(Code::from_name(path.trim_end_matches(".md"))?.page()),
        HOST_SCHEME => {
            let name = path.strip_prefix("host/")?;
            HOST_FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
        }
        _ => None,
    }
}
