//! Requests about a name: where it is used, what it is called.

use moltler_ide::occurrences::Role;
use moltler_ide::references::{highlights, prepare_rename, references, rename};
use moltler_syntax::Encoding;
use serde_json::{Value, json};
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::{Error, Result};

use super::Server;
use crate::snapshot::Snapshot;
use crate::state::Moved;
use crate::{from_proto, to_proto};

impl Server {
    pub(super) async fn references(&self, params: Value) -> Result<Option<Value>> {
        let with_declarations = params["context"]["includeDeclaration"].as_bool().unwrap_or(true);
        self.at(&params, move |snapshot, offset| {
            let places = references(&snapshot.db, &snapshot.package, snapshot.file, offset, with_declarations);
            let locations: Vec<lsp::Location> =
                places.into_iter().filter_map(|place| to_proto::location(snapshot, place)).collect();
            serde_json::to_value(locations).ok()
        })
        .await
    }

    pub(super) async fn document_highlight(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let document = snapshot.document()?;
            let found = highlights(&snapshot.db, &snapshot.package, snapshot.file, offset);
            let one = |(range, role)| {
                let kind = if role == Role::Read { 2 } else { 3 };
                json!({"range": to_proto::range(document, range, snapshot.encoding), "kind": kind})
            };
            Some(found.into_iter().map(one).collect())
        })
        .await
    }

    /// The names that are typed as one: of a definition of this file with its uses in it.
    pub(super) async fn linked_editing(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let document = snapshot.document()?;
            let (_, name) = prepare_rename(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
            let found = highlights(&snapshot.db, &snapshot.package, snapshot.file, offset);
            let everywhere = references(&snapshot.db, &snapshot.package, snapshot.file, offset, true);
            // A name that other files use is renamed by the request for that.
            if found.len() < 2 || everywhere.len() != found.len() {
                return None;
            }
            let ranges: Vec<_> =
                found.into_iter().map(|(range, _)| to_proto::range(document, range, snapshot.encoding)).collect();
            let is_word = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
            is_word.then(|| json!({"ranges": ranges, "wordPattern": "[\\p{L}_][\\p{L}\\p{N}_]*"}))
        })
        .await
    }

    pub(super) async fn prepare_rename(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let (range, name) = prepare_rename(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
            let range = to_proto::range(snapshot.document()?, range, snapshot.encoding);
            Some(json!({"range": range, "placeholder": name}))
        })
        .await
    }

    pub(super) async fn rename(&self, params: Value) -> Result<Option<Value>> {
        let new = params["newName"].as_str().unwrap_or_default().to_owned();
        let answer = self
            .at(&params, move |snapshot, offset| {
                Some(match rename(&snapshot.db, &snapshot.package, snapshot.file, offset, &new) {
                    Ok(edits) => json!({"edit": to_proto::workspace_edit(snapshot, &edits)}),
                    Err(reason) => json!({"refused": reason}),
                })
            })
            .await?;
        match answer {
            Some(mut answer) => match answer["refused"].as_str() {
                Some(reason) => Err(Error::invalid_params(reason.to_owned())),
                None => Ok(Some(answer["edit"].take())),
            },
            None => Ok(None),
        }
    }

    /// Reads a document at the position of a request.
    pub(super) async fn at(
        &self,
        params: &Value,
        read: impl Fn(&Snapshot, u32) -> Option<Value> + Send + 'static,
    ) -> Result<Option<Value>> {
        let uri = params["textDocument"]["uri"].as_str();
        let place = from_proto::json_position(&params["position"]);
        let (Some(uri), Some(place)) = (uri, place) else {
            return Err(Error::invalid_params("`textDocument.uri` or `position` is missing"));
        };
        self.writer
            .read(uri.to_owned(), Moved::Refuse, move |snapshot| {
                let encoding: Encoding = snapshot.encoding;
                let offset = snapshot.document()?.offset(place, encoding);
                read(snapshot, offset)
            })
            .await
    }

    /// Reads a document as a whole, or a range of it.
    pub(super) async fn whole(
        &self,
        params: &Value,
        read: impl Fn(&Snapshot) -> Option<Value> + Send + 'static,
    ) -> Result<Option<Value>> {
        let Some(uri) = params["textDocument"]["uri"].as_str() else {
            return Err(Error::invalid_params("`textDocument.uri` is missing"));
        };
        self.writer.read(uri.to_owned(), Moved::Again, read).await
    }
}
