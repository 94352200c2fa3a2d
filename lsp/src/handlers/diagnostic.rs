use tower_lsp_server::gen_lsp_types::{
    DocumentDiagnosticParams, DocumentDiagnosticReport, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport,
};
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::state::Moved;
use crate::to_proto;

impl Server {
    pub(super) async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReport> {
        let previous = params.previous_result_id;
        let report = self
            .writer
            .read(params.text_document.uri.0, Moved::Again, move |snapshot| {
                Some(to_proto::report(snapshot, previous.as_deref()))
            })
            .await?;
        // What is not open has no diagnostics.
        Ok(report.unwrap_or_else(|| {
            let full_document_diagnostic_report = FullDocumentDiagnosticReport { result_id: None, items: Vec::new() };
            RelatedFullDocumentDiagnosticReport { related_documents: None, full_document_diagnostic_report }.into()
        }))
    }
}
