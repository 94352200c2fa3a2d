use std::sync::PoisonError;

use moltler_ide::completion::{Completion, CompletionKind, complete};
use moltler_ide::inline_completion::inline_completion;
use moltler_syntax::{Document, TextRange};
use serde_json::{Value, json};
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::snapshot::Snapshot;
use crate::state::Moved;
use crate::{from_proto, to_proto};

/// The documentation of the last suggestions, for editors that ask for it one by one.
#[derive(Default)]
pub(crate) struct Suggested {
    /// Which answer it is.
    number: u64,
    documentation: Vec<Option<String>>,
}

impl Server {
    pub(super) async fn completion(&self, params: lsp::CompletionParams) -> Result<Option<lsp::CompletionResponse>> {
        let place = params.text_document_position_params;
        let position = from_proto::position(place.position);
        let editor = self.editor();
        let shape = Shape {
            snippets: editor.snippets && self.settings().snippets,
            insert_replace: editor.insert_replace,
            is_lazy: editor.resolves_documentation,
        };
        let suggested = self.suggested.clone();
        self.writer
            .read(place.text_document.uri.0, Moved::Refuse, move |snapshot| {
                let document = snapshot.document()?;
                let offset = document.offset(position, snapshot.encoding);
                let mut found = complete(&snapshot.db, &snapshot.package, snapshot.file, offset);
                let number = shape.is_lazy.then(|| {
                    let mut suggested = suggested.lock().unwrap_or_else(PoisonError::into_inner);
                    suggested.documentation = found.iter_mut().map(|one| one.documentation.take()).collect();
                    suggested.number += 1;
                    suggested.number
                });
                let items = found
                    .iter()
                    .enumerate()
                    .map(|(rank, one)| item(snapshot, document, offset, &shape, number, rank, one));
                let items = items.collect();
                Some(lsp::CompletionList { is_incomplete: false, item_defaults: None, apply_kind: None, items }.into())
            })
            .await
    }

    /// Adds the documentation to one of the last suggestions; an older one stays as it is.
    pub(super) async fn resolve_completion(&self, mut item: Value) -> Result<Option<Value>> {
        let suggested = self.suggested.lock().unwrap_or_else(PoisonError::into_inner);
        let index = item["data"]["index"].as_u64().and_then(|index| usize::try_from(index).ok());
        if item["data"]["answer"].as_u64() == Some(suggested.number)
            && let Some(Some(text)) = index.and_then(|index| suggested.documentation.get(index))
        {
            item["documentation"] = json!({"kind": "markdown", "value": text});
        }
        Ok(Some(item))
    }

    /// LSP 3.18: what ends a block or a raw block.
    pub(super) async fn inline_completion(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let found = inline_completion(&snapshot.db, &snapshot.package, snapshot.file, offset);
            let items = found.iter().filter_map(|one| {
                let range = to_proto::range(snapshot.document()?, one.range, snapshot.encoding);
                Some(json!({"insertText": one.text, "filterText": one.text, "range": range}))
            });
            Some(json!({"items": items.collect::<Vec<_>>()}))
        })
        .await
    }
}

/// What suggestions look like for an editor.
struct Shape {
    /// It fills in places of a text.
    snippets: bool,
    /// It can either insert at the cursor or replace the word around it.
    insert_replace: bool,
    /// It asks for documentation later.
    is_lazy: bool,
}

fn item(
    snapshot: &Snapshot,
    document: &Document,
    cursor: u32,
    shape: &Shape,
    answer: Option<u64>,
    rank: usize,
    completion: &Completion,
) -> lsp::CompletionItem {
    let place = |range| to_proto::range(document, range, snapshot.encoding);
    let range = completion.replace;
    let snippet = completion.snippet.as_ref().filter(|_| shape.snippets);
    let new_text = snippet.unwrap_or(&completion.insert).clone();
    let text_edit = if shape.insert_replace && range.touches(cursor) && cursor < range.end() {
        let insert = place(TextRange::new(range.start(), cursor));
        lsp::InsertReplaceEdit { new_text, insert, replace: place(range) }.into()
    } else {
        lsp::TextEdit { range: place(range), new_text }.into()
    };
    lsp::CompletionItem {
        label: completion.label.clone(),
        kind: Some(kind(completion.kind)),
        detail: completion.detail.clone(),
        documentation: completion.documentation.clone().map(to_proto::documentation),
        sort_text: Some(format!("{rank:04}")),
        filter_text: completion.filter.clone(),
        insert_text_format: snippet.map(|_| lsp::InsertTextFormat::Snippet),
        text_edit: Some(text_edit),
        data: answer.map(|answer| json!({"answer": answer, "index": rank})),
        ..lsp::CompletionItem::default()
    }
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
