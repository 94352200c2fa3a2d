//! Requests of our own, for views and commands of editors:
//!
//! - `moltler/package` `{textDocument}` → what the package of an open document declares:
//!   `{root, types, entities, actions, instances, tests}`.
//! - `moltler/statement` `{textDocument, position}` → the statement at a place: `{kind, text, range, name?}`; `kind` is
//!   `query`, `test`, `definition` or `other`.

use moltler_db::FileRange;
use moltler_ide::outline::{Declared, StatementKind, outline, statement_at};
use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use crate::snapshot::Snapshot;
use crate::to_proto;

impl Server {
    pub(super) async fn package(&self, params: Value) -> Result<Option<Value>> {
        self.whole(&params, |snapshot| {
            let found = outline(&snapshot.db, &snapshot.package);
            let location = |place: FileRange| to_proto::location(snapshot, place);
            let instances = found.instances.iter().map(|instance| {
                json!({"name": instance.name, "type": instance.type_name, "location": location(instance.place)})
            });
            let tests = found.tests.iter().map(|test| {
                json!({"name": test.name, "type": test.type_name, "tags": test.tags, "location": location(test.place)})
            });
            Some(json!({
                "root": snapshot.package.root(),
                "types": declared(snapshot, &found.types),
                "entities": declared(snapshot, &found.entities),
                "actions": declared(snapshot, &found.actions),
                "instances": instances.collect::<Vec<_>>(),
                "tests": tests.collect::<Vec<_>>(),
            }))
        })
        .await
    }

    pub(super) async fn statement(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let document = snapshot.document()?;
            let found = statement_at(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
            let (kind, name) = match found.kind {
                StatementKind::Query => ("query", None),
                StatementKind::Test(name) => ("test", Some(name)),
                StatementKind::Definition => ("definition", None),
                StatementKind::Other => ("other", None),
            };
            let text = snapshot.package.text(snapshot.file);
            let range = to_proto::range(document, found.range, snapshot.encoding);
            Some(json!({"kind": kind, "text": found.range.of(&text), "range": range, "name": name}))
        })
        .await
    }
}

fn declared(snapshot: &Snapshot, all: &[Declared]) -> Vec<Value> {
    let one = |item: &Declared| {
        let members = item.members.iter().map(|member| {
            json!({
                "name": member.name,
                "type": member.data_type,
                "description": member.description,
                "primaryKey": member.primary_key,
                "required": member.required,
                "secret": member.secret,
            })
        });
        json!({
            "name": item.name,
            "description": item.description,
            "location": to_proto::location(snapshot, item.place),
            "fields": members.collect::<Vec<_>>(),
        })
    };
    all.iter().map(one).collect()
}
