use moltler_ide::goto_definition::goto_definition;
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::state::Moved;
use crate::{from_proto, to_proto};

impl Server {
    pub(super) async fn definition(&self, params: lsp::DefinitionParams) -> Result<Option<lsp::DefinitionResponse>> {
        let place = params.text_document_position_params;
        let position = from_proto::position(place.position);
        self.writer
            .read(place.text_document.uri.0, Moved::Refuse, move |snapshot| {
                let offset = snapshot.document()?.offset(position, snapshot.encoding);
                let places = goto_definition(&snapshot.db, &snapshot.package, snapshot.file, offset);
                let locations: Vec<lsp::Location> =
                    places.into_iter().filter_map(|place| to_proto::location(snapshot, place)).collect();
                Some(lsp::Definition::from(locations).into())
            })
            .await
    }
}
