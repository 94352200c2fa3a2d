//! Files and folders that come, go and get other names, and what the user sets.

use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::state::Task;
use crate::uri;

/// The id of the request for settings.
pub(crate) const CONFIGURATION: &str = "moltler/configuration";

impl Server {
    /// The recordings of a file's tests go with it: `shop.recordings.json` beside `shop.molt`.
    pub(super) async fn will_rename_files(&self, params: Value) -> Result<Option<Value>> {
        if !self.editor().renames_files {
            return Ok(None);
        }
        let mut changes = Vec::new();
        for file in params["files"].as_array().into_iter().flatten() {
            let (Some(old), Some(new)) = (recordings(&file["oldUri"]), recordings(&file["newUri"])) else { continue };
            if self.system.is_file(&old) && !self.system.is_file(&new) {
                let (old, new) = (uri::from_path(&old), uri::from_path(&new));
                changes.push(json!({"kind": "rename", "oldUri": old, "newUri": new}));
            }
        }
        Ok((!changes.is_empty()).then(|| json!({"documentChanges": changes})))
    }

    pub(super) async fn did_rename_files(&self, params: Value) {
        self.changed(&params, &["oldUri", "newUri"]);
    }

    /// Files that were made or removed.
    pub(super) async fn did_change_files(&self, params: Value) {
        self.changed(&params, &["uri"]);
    }

    fn changed(&self, params: &Value, members: &[&str]) {
        let files = params["files"].as_array().into_iter().flatten();
        let uris = files.flat_map(|file| members.iter().filter_map(|member| Some(file[member].as_str()?.to_owned())));
        self.writer.send(Task::Files(uris.collect()));
    }

    /// Some editors send the settings, others want to be asked for them.
    pub(super) async fn did_change_configuration(&self, params: Value) {
        let settings = &params["settings"];
        match settings.get("moltler") {
            Some(section) => self.set(section),
            None if self.editor().configuration => self.ask_for_settings(),
            None => {}
        }
    }

    pub(super) fn ask_for_settings(&self) {
        let items = json!({"items": [{"section": "moltler"}]});
        self.outgoing.request(CONFIGURATION, "workspace/configuration", items);
    }
}

/// The path of the recordings of a file of tests.
fn recordings(uri: &Value) -> Option<String> {
    Some(format!("{}.recordings.json", uri::path(uri.as_str()?)?.strip_suffix(".molt")?))
}
