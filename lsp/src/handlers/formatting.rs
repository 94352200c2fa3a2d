use moltler_ide::format::{FormatEdit, format_document};
use moltler_ide::typing::on_type;
use moltler_syntax::TextRange;
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::snapshot::Snapshot;
use crate::state::Moved;
use crate::{from_proto, to_proto};

/// The layout is one; what an editor says about tabs and their width is not asked for.
impl Server {
    pub(super) async fn formatting(&self, params: lsp::DocumentFormattingParams) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.writer
            .read(params.text_document.uri.0, Moved::Refuse, |snapshot| {
                edits(snapshot, format_document(snapshot.document()?, None))
            })
            .await
    }

    pub(super) async fn range_formatting(
        &self,
        params: lsp::DocumentRangeFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        let (start, end) = (from_proto::position(params.range.start), from_proto::position(params.range.end));
        self.writer
            .read(params.text_document.uri.0, Moved::Refuse, move |snapshot| {
                let document = snapshot.document()?;
                let offset = |position| document.offset(position, snapshot.encoding);
                edits(snapshot, format_document(document, Some(TextRange::new(offset(start), offset(end)))))
            })
            .await
    }

    /// Behind the `;` of a statement: that statement. Behind other characters: where their line begins.
    pub(super) async fn on_type_formatting(
        &self,
        params: lsp::DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        let place = from_proto::position(params.position);
        let typed = params.ch.chars().next().unwrap_or('\n');
        self.writer
            .read(params.text_document.uri.0, Moved::Refuse, move |snapshot| {
                let document = snapshot.document()?;
                let end = document.offset(place, snapshot.encoding);
                if typed != ';' {
                    let statement =
                        document.statement_at(end).or_else(|| document.statement_at(end.checked_sub(1)?))?;
                    let edit = on_type(statement.text, end.checked_sub(statement.offset)?, typed);
                    let edit = edit.map(|edit| FormatEdit { range: edit.range.shift(statement.offset), ..edit });
                    return edits(snapshot, edit.into_iter().collect());
                }
                let statement = document.statement_at(end.checked_sub(1)?)?;
                let is_end = statement.offset + statement.text.len() as u32 == end && statement.text.ends_with(';');
                let range = TextRange::new(statement.offset, end);
                edits(snapshot, if is_end { format_document(document, Some(range)) } else { Vec::new() })
            })
            .await
    }
}

fn edits(snapshot: &Snapshot, edits: Vec<FormatEdit>) -> Option<Vec<lsp::TextEdit>> {
    let document = snapshot.document()?;
    let edit = |edit: FormatEdit| lsp::TextEdit {
        range: to_proto::range(document, edit.range, snapshot.encoding),
        new_text: edit.text,
    };
    Some(edits.into_iter().map(edit).collect())
}
