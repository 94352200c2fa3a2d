//! What the editor can say, one file for each kind of it.

mod call_hierarchy;
mod completion;
mod definition;
mod document_content;
mod document_symbol;
mod files;
mod formatting;
mod hover;
mod lifecycle;
mod links;
mod names;
mod package;
mod prepared;
mod structure;
mod text_sync;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use completion::Suggested;
pub(crate) use files::CONFIGURATION;
pub(crate) use prepared::PreparedRequests;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp_server::{ClientSocket, LspService};

use crate::capabilities::Editor;
use crate::connection::Event;
use crate::settings::Settings;
use crate::state::Writer;
use crate::system::SharedSystem;
use crate::transport::Outgoing;

/// What handlers need. It holds no text: that is the state's.
pub(crate) struct Server {
    writer: Writer,
    outgoing: Outgoing,
    events: UnboundedSender<Event>,
    system: Arc<SharedSystem>,
    /// Known from `initialize` on.
    editor: OnceLock<Editor>,
    settings: Arc<Mutex<Settings>>,
    /// What the last suggestions leave for later.
    suggested: Arc<Mutex<Suggested>>,
}

impl Server {
    pub(crate) fn new(
        writer: Writer,
        outgoing: Outgoing,
        events: UnboundedSender<Event>,
        system: Arc<SharedSystem>,
        settings: Arc<Mutex<Settings>>,
    ) -> Server {
        let (editor, suggested) = (OnceLock::new(), Arc::default());
        Server { writer, outgoing, events, system, editor, settings, suggested }
    }

    /// What the editor can do.
    fn editor(&self) -> &Editor {
        self.editor.get_or_init(Editor::default)
    }

    /// What the user has set.
    fn settings(&self) -> Settings {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over the section of settings.
    fn set(&self, section: &Value) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = Settings::new(section);
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
        .custom_method("workspace/willRenameFiles", Server::will_rename_files)
        .custom_method("workspace/didRenameFiles", Server::did_rename_files)
        .custom_method("workspace/didCreateFiles", Server::did_change_files)
        .custom_method("workspace/didDeleteFiles", Server::did_change_files)
        .custom_method("textDocument/completion", Server::completion)
        .custom_method("completionItem/resolve", Server::resolve_completion)
        .custom_method("textDocument/inlineCompletion", Server::inline_completion)
        .custom_method("textDocument/typeDefinition", Server::type_definition)
        .custom_method("textDocument/documentLink", Server::document_link)
        .custom_method("textDocument/prepareCallHierarchy", Server::prepare_call_hierarchy)
        .custom_method("callHierarchy/incomingCalls", Server::incoming_calls)
        .custom_method("callHierarchy/outgoingCalls", Server::outgoing_calls)
        .custom_method("codeAction/resolve", Server::resolve_code_action)
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
        .custom_method("codeLens/resolve", Server::resolve_code_lens)
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
