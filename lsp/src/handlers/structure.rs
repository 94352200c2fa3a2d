//! Requests about the shape of a document, and what can be done with parts of it.

use moltler_ide::code_action::quick_fixes;
use moltler_ide::inlay_hints::inlay_hints;
use moltler_ide::runnables::{Runnable, runnables};
use moltler_ide::signature_help::signature_help;
use moltler_ide::structure::{FoldKind, folding_ranges, selection_ranges};
use moltler_ide::symbols::package_symbols;
use moltler_syntax::TextRange;
use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use super::document_symbol::kind;
use crate::snapshot::Snapshot;
use crate::{from_proto, to_proto};

/// More symbols than this are not shown for one search.
const MAX_SYMBOLS: usize = 500;

impl Server {
    pub(super) async fn folding_range(&self, params: Value) -> Result<Option<Value>> {
        self.whole(&params, |snapshot| {
            let document = snapshot.document()?;
            let found = folding_ranges(&snapshot.db, &snapshot.package, snapshot.file);
            let one = |(range, kind)| {
                let range = to_proto::range(document, range, snapshot.encoding);
                json!({
                    "startLine": range.start.line,
                    "endLine": range.end.line,
                    "kind": if kind == FoldKind::Comment { "comment" } else { "region" },
                })
            };
            Some(found.into_iter().map(one).collect())
        })
        .await
    }

    pub(super) async fn selection_range(&self, params: Value) -> Result<Option<Value>> {
        let places: Vec<_> =
            params["positions"].as_array().into_iter().flatten().filter_map(from_proto::json_position).collect();
        self.whole(&params, move |snapshot| {
            let document = snapshot.document()?;
            let one = |place: &moltler_syntax::Position| {
                let offset = document.offset(*place, snapshot.encoding);
                let ranges = selection_ranges(&snapshot.db, &snapshot.package, snapshot.file, offset);
                ranges.into_iter().rev().fold(Value::Null, |parent, range| {
                    let range = to_proto::range(document, range, snapshot.encoding);
                    if parent.is_null() { json!({"range": range}) } else { json!({"range": range, "parent": parent}) }
                })
            };
            Some(places.iter().map(one).collect())
        })
        .await
    }

    /// Fixes of the diagnostics at a range.
    pub(super) async fn code_action(&self, params: Value) -> Result<Option<Value>> {
        let range = json_range(&params["range"]);
        let only: Option<Vec<String>> = params["context"]["only"]
            .as_array()
            .map(|kinds| kinds.iter().filter_map(|kind| Some(kind.as_str()?.to_owned())).collect());
        let wants_fixes = only.is_none_or(|only| only.iter().any(|kind| kind.is_empty() || kind == "quickfix"));
        self.whole(&params, move |snapshot| {
            let document = snapshot.document()?;
            let (start, end) = range?;
            let offset = |place| document.offset(place, snapshot.encoding);
            let range = TextRange::new(offset(start), offset(end));
            let mut before = None;
            let found = quick_fixes(&snapshot.db, &snapshot.package, snapshot.file, range).into_iter();
            let actions = found.filter(|_| wants_fixes).filter_map(|(diagnostic, fix)| {
                let place = Some((diagnostic.code, diagnostic.range));
                let is_best = before != place;
                before = place;
                Some(json!({
                    "title": fix.title,
                    "kind": "quickfix",
                    "isPreferred": is_best,
                    "diagnostics": [to_proto::diagnostic(snapshot, &diagnostic)?],
                    "edit": to_proto::workspace_edit(snapshot, &fix.edits),
                }))
            });
            Some(actions.collect())
        })
        .await
    }

    /// The commands are the editor's: it has a terminal, the server has none.
    pub(super) async fn code_lens(&self, params: Value) -> Result<Option<Value>> {
        self.whole(&params, |snapshot| {
            let document = snapshot.document()?;
            let mut lenses = Vec::new();
            for (range, runnable) in runnables(&snapshot.db, &snapshot.package, snapshot.file) {
                let range = to_proto::range(document, range, snapshot.encoding);
                let mut add = |title: &str, command: &str, argument: &str| {
                    let command = json!({"title": title, "command": command, "arguments": [snapshot.uri, argument]});
                    lenses.push(json!({"range": range, "command": command}));
                };
                match &runnable {
                    Runnable::Test(name) => add("Run test", "moltler.runTest", name),
                    Runnable::Query(text) => {
                        add("Run query", "moltler.runQuery", text);
                        add("Explain", "moltler.explainQuery", text);
                    }
                    Runnable::Sync(text, summary) => add(summary, "moltler.explainQuery", text),
                }
            }
            Some(lenses.into())
        })
        .await
    }

    pub(super) async fn inlay_hint(&self, params: Value) -> Result<Option<Value>> {
        let range = json_range(&params["range"]);
        self.whole(&params, move |snapshot| {
            let document = snapshot.document()?;
            let (start, end) = range?;
            let offset = |place| document.offset(place, snapshot.encoding);
            let found =
                inlay_hints(&snapshot.db, &snapshot.package, snapshot.file, TextRange::new(offset(start), offset(end)));
            let one = |(offset, name): (u32, String)| {
                let place = to_proto::range(document, TextRange::empty(offset), snapshot.encoding).start;
                json!({"position": place, "label": name, "kind": 1, "paddingLeft": true})
            };
            Some(found.into_iter().map(one).collect())
        })
        .await
    }

    pub(super) async fn signature_help(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let found = signature_help(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
            let parameters: Vec<Value> =
                found.parameters.iter().map(|(start, end)| json!({"label": [start, end]})).collect();
            let signature = json!({
                "label": found.label,
                "documentation": to_proto::markdown(found.documentation),
                "parameters": parameters,
            });
            Some(json!({"signatures": [signature], "activeSignature": 0, "activeParameter": found.active}))
        })
        .await
    }

    /// The definitions of the workspace whose names have the letters of the query in their order.
    pub(super) async fn workspace_symbol(&self, params: Value) -> Result<Option<Value>> {
        let query = params["query"].as_str().unwrap_or_default().to_lowercase();
        let search = move |snapshots: &[Snapshot]| {
            let mut found = Vec::new();
            for snapshot in snapshots {
                let left = MAX_SYMBOLS - found.len();
                let asked = |name: &str| matches(name, &query);
                for (file, symbol) in package_symbols(&snapshot.db, &snapshot.package, left, asked) {
                    let place = moltler_db::FileRange { file, range: symbol.name_range };
                    let location = to_proto::location(snapshot, place)?;
                    found.push(json!({"name": symbol.name, "kind": kind(symbol.kind), "location": location}));
                }
            }
            Some(Value::Array(found))
        };
        self.writer.read_workspace(search).await
    }
}

fn json_range(range: &Value) -> Option<(moltler_syntax::Position, moltler_syntax::Position)> {
    Some((from_proto::json_position(&range["start"])?, from_proto::json_position(&range["end"])?))
}

/// Whether a name has the letters of a query, which is in lower case, in their order.
fn matches(name: &str, query: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    query.chars().all(|wanted| letters.any(|letter| letter == wanted))
}
