//! What the editor can say, one file for each kind of it.

mod completion;
mod definition;
mod document_content;
mod document_symbol;
mod formatting;
mod hover;
mod lifecycle;
mod names;
mod package;
mod prepared;
mod structure;
mod text_sync;

pub(crate) use prepared::PreparedRequests;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp_server::{ClientSocket, LspService};

use crate::connection::Event;
use crate::state::Writer;
use crate::transport::Outgoing;

/// What handlers need. It holds no text: that is the state's.
pub(crate) struct Server {
    writer: Writer,
    outgoing: Outgoing,
    events: UnboundedSender<Event>,
    registers_watchers: std::sync::atomic::AtomicBool,
}

impl Server {
    pub(crate) fn new(writer: Writer, outgoing: Outgoing, events: UnboundedSender<Event>) -> Server {
        Server { writer, outgoing, events, registers_watchers: std::sync::atomic::AtomicBool::new(false) }
    }
}

/// All methods but those of [`PreparedRequests`]. A handler hands its work to the state before it waits for anything.
pub(crate) fn router(server: Server) -> (LspService<Server>, ClientSocket) {
    LspService::build_with_lifecycle_methods(|_| server)
        .custom_method("textDocument/didOpen", Server::did_open)
        .custom_method("textDocument/didChange", Server::did_change)
        .custom_method("textDocument/didClose", Server::did_close)
        .custom_method("textDocument/didSave", Server::did_save)
        .custom_method("workspace/didChangeWatchedFiles", Server::did_change_watched_files)
        .custom_method("workspace/didChangeWorkspaceFolders", Server::did_change_workspace_folders)
        .custom_method("workspace/didChangeConfiguration", Server::did_change_configuration)
        .custom_method("textDocument/completion", Server::completion)
        .custom_method("textDocument/hover", Server::hover)
        .custom_method("textDocument/definition", Server::definition)
        .custom_method("textDocument/declaration", Server::definition)
        .custom_method("textDocument/documentSymbol", Server::document_symbol)
        .custom_method("textDocument/references", Server::references)
        .custom_method("textDocument/documentHighlight", Server::document_highlight)
        .custom_method("textDocument/linkedEditingRange", Server::linked_editing)
        .custom_method("textDocument/prepareRename", Server::prepare_rename)
        .custom_method("textDocument/rename", Server::rename)
        .custom_method("textDocument/foldingRange", Server::folding_range)
        .custom_method("textDocument/selectionRange", Server::selection_range)
        .custom_method("textDocument/codeAction", Server::code_action)
        .custom_method("textDocument/codeLens", Server::code_lens)
        .custom_method("textDocument/inlayHint", Server::inlay_hint)
        .custom_method("textDocument/signatureHelp", Server::signature_help)
        .custom_method("workspace/symbol", Server::workspace_symbol)
        .custom_method("moltler/package", Server::package)
        .custom_method("moltler/statement", Server::statement)
        .custom_method("workspace/textDocumentContent", Server::document_content)
        .custom_method("textDocument/formatting", Server::formatting)
        .custom_method("textDocument/rangeFormatting", Server::range_formatting)
        .custom_method("textDocument/onTypeFormatting", Server::on_type_formatting)
        .finish()
}
