//! Who calls what: entities, actions and functions of SHARED, over both languages.

use moltler_ide::call_hierarchy::{Call, CallItem, CallKind, incoming, outgoing, prepare};
use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::{Error, Result};

use super::Server;
use crate::snapshot::Snapshot;
use crate::to_proto;

impl Server {
    pub(super) async fn prepare_call_hierarchy(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let found = prepare(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
            Some(json!([item(snapshot, &found)?]))
        })
        .await
    }

    pub(super) async fn incoming_calls(&self, params: Value) -> Result<Option<Value>> {
        self.at_item(&params, |snapshot, offset| {
            let calls = incoming(&snapshot.db, &snapshot.package, snapshot.file, offset);
            let one = |call: &Call| {
                let ranges = ranges(snapshot, &call.item, call)?;
                Some(json!({"from": item(snapshot, &call.item)?, "fromRanges": ranges}))
            };
            Some(calls.iter().filter_map(one).collect())
        })
        .await
    }

    pub(super) async fn outgoing_calls(&self, params: Value) -> Result<Option<Value>> {
        self.at_item(&params, |snapshot, offset| {
            let caller = prepare(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
            let calls = outgoing(&snapshot.db, &snapshot.package, snapshot.file, offset);
            let one = |call: &Call| {
                let ranges = ranges(snapshot, &caller, call)?;
                Some(json!({"to": item(snapshot, &call.item)?, "fromRanges": ranges}))
            };
            Some(calls.iter().filter_map(one).collect())
        })
        .await
    }

    /// Reads the document of an item at its name. It may be a document that is not open: its package is that of `data`.
    async fn at_item(
        &self,
        params: &Value,
        read: impl Fn(&Snapshot, u32) -> Option<Value> + Send + 'static,
    ) -> Result<Option<Value>> {
        let item = &params["item"];
        let open = item["data"]["document"].as_str();
        let place = crate::from_proto::json_position(&item["selectionRange"]["start"]);
        let (Some(open), Some(uri), Some(place)) = (open, item["uri"].as_str(), place) else {
            return Err(Error::invalid_params("`item` is none of this server's"));
        };
        let uri = uri.to_owned();
        self.writer
            .read(open.to_owned(), crate::state::Moved::Refuse, move |snapshot| {
                let other = snapshot.other(&uri)?;
                let offset = other.document()?.offset(place, other.encoding);
                read(&other, offset)
            })
            .await
    }
}

fn item(snapshot: &Snapshot, item: &CallItem) -> Option<Value> {
    let (whole, name) = (to_proto::location(snapshot, item.range)?, to_proto::location(snapshot, item.name_range)?);
    let kind = match item.kind {
        CallKind::Type => 11,
        CallKind::Entity => 5,
        CallKind::Action => 6,
        CallKind::Function => 12,
        CallKind::Test => 24,
        CallKind::Statement => 2,
    };
    Some(json!({
        "name": item.name,
        "kind": kind,
        "uri": whole.uri,
        "range": whole.range,
        "selectionRange": name.range,
        "data": {"document": snapshot.opened},
    }))
}

/// The places of calls, which are in the caller's file.
fn ranges(snapshot: &Snapshot, caller: &CallItem, call: &Call) -> Option<Vec<Value>> {
    let document = snapshot.package.document(caller.range.file)?;
    let one = |range| serde_json::to_value(to_proto::range(document, range, snapshot.encoding)).ok();
    Some(call.ranges.iter().filter_map(|range| one(*range)).collect())
}
