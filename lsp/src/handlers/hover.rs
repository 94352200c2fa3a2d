use moltler_ide::hover::hover;
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::state::Moved;
use crate::{from_proto, to_proto};

impl Server {
    pub(super) async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        let place = params.text_document_position_params;
        let position = from_proto::position(place.position);
        self.writer
            .read(place.text_document.uri.0, Moved::Refuse, move |snapshot| {
                let document = snapshot.document()?;
                let offset = document.offset(position, snapshot.encoding);
                let found = hover(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
                let range = Some(to_proto::range(document, found.range, snapshot.encoding));
                Some(lsp::Hover { contents: to_proto::markdown(found.text).into(), range })
            })
            .await
    }
}
