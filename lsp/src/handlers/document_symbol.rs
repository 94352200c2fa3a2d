use moltler_ide::symbols::{SymbolKind, symbols};
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::state::Moved;
use crate::to_proto;

impl Server {
    pub(super) async fn document_symbol(
        &self,
        params: lsp::DocumentSymbolParams,
    ) -> Result<Option<lsp::DocumentSymbolResponse>> {
        self.writer
            .read(params.text_document.uri.0, Moved::Again, |snapshot| {
                let document = snapshot.document()?;
                let range = |range| to_proto::range(document, range, snapshot.encoding);
                let found = symbols(&snapshot.db, &snapshot.package, snapshot.file);
                let symbols = found.into_iter().map(|symbol| {
                    let (whole, name) = (range(symbol.range), range(symbol.name_range));
                    lsp::DocumentSymbol::new(symbol.name, None, kind(symbol.kind), None, None, whole, name, None)
                });
                Some(symbols.collect::<Vec<_>>().into())
            })
            .await
    }
}

pub(super) fn kind(kind: SymbolKind) -> lsp::SymbolKind {
    match kind {
        SymbolKind::Type => lsp::SymbolKind::Interface,
        SymbolKind::Entity => lsp::SymbolKind::Class,
        SymbolKind::Action => lsp::SymbolKind::Method,
        SymbolKind::Instance => lsp::SymbolKind::Module,
        SymbolKind::Test => lsp::SymbolKind::Event,
        SymbolKind::Variable => lsp::SymbolKind::Variable,
    }
}
