use moltler_ide::completion::{Completion, CompletionKind, complete};
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::snapshot::Snapshot;
use crate::state::Moved;
use crate::{from_proto, to_proto};

impl Server {
    pub(super) async fn completion(&self, params: lsp::CompletionParams) -> Result<Option<lsp::CompletionResponse>> {
        let place = params.text_document_position_params;
        let position = from_proto::position(place.position);
        self.writer
            .read(place.text_document.uri.0, Moved::Refuse, move |snapshot| {
                let offset = snapshot.document()?.offset(position, snapshot.encoding);
                let found = complete(&snapshot.db, &snapshot.package, snapshot.file, offset);
                let items = found.iter().enumerate().filter_map(|(rank, one)| item(snapshot, rank, one)).collect();
                Some(lsp::CompletionList { is_incomplete: false, item_defaults: None, apply_kind: None, items }.into())
            })
            .await
    }
}

fn item(snapshot: &Snapshot, rank: usize, completion: &Completion) -> Option<lsp::CompletionItem> {
    let range = to_proto::range(snapshot.document()?, completion.replace, snapshot.encoding);
    Some(lsp::CompletionItem {
        label: completion.label.clone(),
        kind: Some(kind(completion.kind)),
        detail: completion.detail.clone(),
        documentation: completion.documentation.clone().map(to_proto::documentation),
        sort_text: Some(format!("{rank:04}")),
        text_edit: Some(lsp::TextEdit { range, new_text: completion.insert.clone() }.into()),
        ..lsp::CompletionItem::default()
    })
}

fn kind(kind: CompletionKind) -> lsp::CompletionItemKind {
    match kind {
        CompletionKind::Field => lsp::CompletionItemKind::Field,
        CompletionKind::Variable => lsp::CompletionItemKind::Variable,
        CompletionKind::Key => lsp::CompletionItemKind::Property,
        CompletionKind::Entity => lsp::CompletionItemKind::Class,
        CompletionKind::Action => lsp::CompletionItemKind::Method,
        CompletionKind::Instance => lsp::CompletionItemKind::Module,
        CompletionKind::Type => lsp::CompletionItemKind::Interface,
        CompletionKind::Function => lsp::CompletionItemKind::Function,
        CompletionKind::Value => lsp::CompletionItemKind::EnumMember,
        CompletionKind::Keyword => lsp::CompletionItemKind::Keyword,
    }
}
