//! Texts. These handlers never wait: the state applies changes in the order in which they come.

use serde_json::Value;
use tower_lsp_server::gen_lsp_types::{
    DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, WorkspaceFolder,
};

use super::Server;
use crate::from_proto;
use crate::state::Task;

impl Server {
    pub(super) async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.writer.send(Task::Open { uri: document.uri.0, version: document.version, text: document.text });
    }

    /// Reads the parameters by hand: a change that is none must not be taken for another one.
    pub(super) async fn did_change(&self, params: Value) {
        let document = params.get("textDocument");
        let uri = document.and_then(|document| document.get("uri")).and_then(Value::as_str);
        let (Some(uri), Some(changes)) = (uri, from_proto::content_changes(&params)) else {
            self.complain("a `textDocument/didChange` without a document or changes is passed over");
            return;
        };
        let version = document.and_then(|document| document.get("version")).and_then(Value::as_i64);
        if changes.iter().any(Option::is_none) {
            self.complain("a change without a valid range and text is passed over: the text is no longer the editor's");
        }
        self.writer.send(Task::Change {
            uri: uri.to_owned(),
            version: version.and_then(|version| i32::try_from(version).ok()).unwrap_or_default(),
            changes: changes.into_iter().flatten().collect(),
        });
    }

    pub(super) async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.writer.send(Task::Close { uri: params.text_document.uri.0 });
    }

    /// The text is the one that was last changed to.
    pub(super) async fn did_save(&self, _: Value) {}

    pub(super) async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        self.writer.send(Task::Files(params.changes.into_iter().map(|change| change.uri.0).collect()));
    }

    pub(super) async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let uris = |folders: Vec<WorkspaceFolder>| folders.into_iter().map(|folder| folder.uri.0).collect();
        let event = params.event;
        self.writer.send(Task::Folders { opened: uris(event.added), closed: uris(event.removed) });
    }

    fn complain(&self, message: &str) {
        self.outgoing.notify("window/logMessage", serde_json::json!({"type": 2, "message": message}));
    }
}
