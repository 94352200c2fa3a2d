//! Links of documents.

use moltler_hir::diagnostics::Code;
use moltler_ide::document_links::{LinkTarget, document_links};
use moltler_syntax::TextRange;
use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::capabilities::HOST_SCHEME;
use crate::{to_proto, uri};

impl Server {
    pub(super) async fn document_link(&self, params: Value) -> Result<Option<Value>> {
        let pages = self.editor().pages.clone();
        self.whole(&params, move |snapshot| {
            let document = snapshot.document()?;
            let all = TextRange::new(0, document.len());
            let found = document_links(&snapshot.db, &snapshot.package, snapshot.file, all);
            let links = found.into_iter().filter_map(|link| {
                let target = match link.target {
                    LinkTarget::Url(url) => url,
                    LinkTarget::File(path) => uri::from_path(&path),
                    LinkTarget::Explanation(code) => {
                        let code = Code::from_name(&code)?;
                        format!("{}{}.md", pages.as_ref()?, code.name())
                    }
                };
                Some(json!({"range": to_proto::range(document, link.range, snapshot.encoding), "target": target}))
            });
            Some(links.collect())
        })
        .await
    }
}

/// The URI of declarations of the host.
pub(crate) fn host_file(name: &str) -> String {
    format!("{HOST_SCHEME}:/host/{name}")
}
