use moltler_ide::goto_definition::goto_definition;
use moltler_ide::goto_type_definition::goto_type_definition;
use moltler_ide::host_files::{HOST_FILES, host_definition};
use serde_json::Value;
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::snapshot::Snapshot;
use crate::state::Moved;
use crate::{from_proto, to_proto};

impl Server {
    pub(super) async fn definition(&self, params: lsp::DefinitionParams) -> Result<Option<lsp::DefinitionResponse>> {
        let place = params.text_document_position_params;
        let position = from_proto::position(place.position);
        let has_pages = self.editor().text_document_content;
        self.writer
            .read(place.text_document.uri.0, Moved::Refuse, move |snapshot| {
                let offset = snapshot.document()?.offset(position, snapshot.encoding);
                let places = goto_definition(&snapshot.db, &snapshot.package, snapshot.file, offset);
                let mut locations: Vec<lsp::Location> =
                    places.into_iter().filter_map(|place| to_proto::location(snapshot, place)).collect();
                if locations.is_empty() && has_pages {
                    locations.extend(host(snapshot, offset));
                }
                Some(lsp::Definition::from(locations).into())
            })
            .await
    }

    pub(super) async fn type_definition(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let places = goto_type_definition(&snapshot.db, &snapshot.package, snapshot.file, offset);
            let locations: Vec<lsp::Location> =
                places.into_iter().filter_map(|place| to_proto::location(snapshot, place)).collect();
            serde_json::to_value(locations).ok()
        })
        .await
    }
}

/// Where the host declares a name of JavaScript.
fn host(snapshot: &Snapshot, offset: u32) -> Option<lsp::Location> {
    let (index, range) = host_definition(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
    let (name, text) = HOST_FILES.get(index)?;
    let place = |offset| {
        let place = moltler_syntax::position(text, offset, snapshot.encoding);
        lsp::Position { line: place.line, character: place.column }
    };
    let range = lsp::Range { start: place(range.start()), end: place(range.end()) };
    Some(lsp::Location { uri: lsp::Uri(super::links::host_file(name)), range })
}
