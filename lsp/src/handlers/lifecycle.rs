use serde_json::json;
use tower_lsp_server::LanguageServer;
use tower_lsp_server::gen_lsp_types::{
    InitializeParams, InitializeResult, InitializedParams, ServerInfo, WorkspaceFolders,
};
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::capabilities::{self, Editor};
use crate::connection::watch_editor;
use crate::state::Task;

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let editor = Editor::new(&params.capabilities, params.initialization_options.as_ref());
        if let Some(options) = &params.initialization_options {
            self.set(options);
        }
        let capabilities = capabilities::server(&editor);
        self.writer.send(Task::Editor(self.editor.get_or_init(|| editor).clone()));
        self.writer.send(Task::Folders { opened: folders(&params), closed: Vec::new() });
        if let Some(process) = params.process_id {
            watch_editor(process, self.events.clone());
        }
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        Ok(InitializeResult { capabilities, server_info: Some(ServerInfo { name: "moltler-lsp".to_owned(), version }) })
    }

    async fn initialized(&self, _: InitializedParams) {
        let editor = self.editor();
        if editor.configuration {
            self.ask_for_settings();
        }
        let mut registrations = Vec::new();
        if editor.registers_configuration {
            registrations.push(json!({
                "id": "moltler/settings",
                "method": "workspace/didChangeConfiguration",
                "registerOptions": {"section": "moltler"},
            }));
        }
        if editor.registers_watchers {
            let watchers = json!([{"globPattern": "**/*.molt"}, {"globPattern": "**/moltler.toml"}]);
            registrations.push(json!({
                "id": "moltler/watch",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": {"watchers": watchers},
            }));
        }
        if !registrations.is_empty() {
            let registrations = json!({"registrations": registrations});
            self.outgoing.request("moltler/register", "client/registerCapability", registrations);
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

/// The URIs of the folders that the editor shows: older editors have one.
#[expect(deprecated, reason = "it is what older editors tell")]
fn folders(params: &InitializeParams) -> Vec<String> {
    match &params.workspace_folders_initialize_params.workspace_folders {
        Some(WorkspaceFolders::WorkspaceFolderList(folders)) => {
            folders.iter().map(|folder| folder.uri.0.clone()).collect()
        }
        _ => params.root_uri.iter().map(|uri| uri.0.clone()).collect(),
    }
}
