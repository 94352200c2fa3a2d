//! Requests about the shape of a document, and what can be done with parts of it.

use moltler_ide::code_action::{fix_all, quick_fixes};
use moltler_ide::inlay_hints::{InlayHint, InlayHintKind, inlay_hints};
use moltler_ide::references::references;
use moltler_ide::runnables::{Runnable, runnables};
use moltler_ide::signature_help::signature_help;
use moltler_ide::structure::{FoldKind, folding_ranges, selection_ranges};
use moltler_ide::symbols::{SymbolKind, package_symbols, symbols};
use moltler_syntax::TextRange;
use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::Result;

use super::Server;
use super::document_symbol::kind;
use crate::snapshot::Snapshot;
use crate::state::Moved;
use crate::{from_proto, to_proto};

/// The command of editors that shows a list of places.
const SHOW_REFERENCES: &str = "moltler.showReferences";

/// The kind of the action that fixes a whole file.
const FIX_ALL: &str = "source.fixAll.moltler";

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

    /// Fixes of the diagnostics at a range, and of the whole file where those are asked for.
    pub(super) async fn code_action(&self, params: Value) -> Result<Option<Value>> {
        let is_lazy = self.editor().resolves_edits;
        let asked = params["range"].clone();
        let range = json_range(&params["range"]);
        let only: Option<Vec<String>> = params["context"]["only"]
            .as_array()
            .map(|kinds| kinds.iter().filter_map(|kind| Some(kind.as_str()?.to_owned())).collect());
        let wants_all = only
            .as_ref()
            .is_some_and(|only| only.iter().any(|kind| FIX_ALL == kind || FIX_ALL.starts_with(&format!("{kind}."))));
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
                let mut action = json!({
                    "title": fix.title,
                    "kind": "quickfix",
                    "isPreferred": is_best,
                    "diagnostics": [to_proto::diagnostic(snapshot, &diagnostic)?],
                });
                if is_lazy {
                    action["data"] = json!({"uri": snapshot.uri, "range": asked, "code": diagnostic.code});
                } else {
                    action["edit"] = to_proto::workspace_edit(snapshot, &fix.edits);
                }
                Some(action)
            });
            let mut actions: Vec<Value> = actions.collect();
            if wants_all {
                let edits = fix_all(&snapshot.db, &snapshot.package, snapshot.file);
                if !edits.is_empty() {
                    let edit = to_proto::workspace_edit(snapshot, &edits);
                    actions.push(json!({"title": "Fix all problems that have a fix", "kind": FIX_ALL, "edit": edit}));
                }
            }
            Some(actions.into())
        })
        .await
    }

    /// The changes of an action that was offered without them.
    pub(super) async fn resolve_code_action(&self, action: Value) -> Result<Option<Value>> {
        let data = &action["data"];
        let (Some(uri), Some((start, end))) = (data["uri"].as_str(), json_range(&data["range"])) else {
            return Ok(Some(action));
        };
        let (title, code) = (action["title"].clone(), data["code"].clone());
        let edit = self
            .writer
            .read(uri.to_owned(), Moved::Refuse, move |snapshot| {
                let document = snapshot.document()?;
                let offset = |place| document.offset(place, snapshot.encoding);
                let range = TextRange::new(offset(start), offset(end));
                let found = quick_fixes(&snapshot.db, &snapshot.package, snapshot.file, range);
                let (_, fix) =
                    found.into_iter().find(|(diagnostic, fix)| json!(diagnostic.code) == code && fix.title == title)?;
                Some(to_proto::workspace_edit(snapshot, &fix.edits))
            })
            .await?;
        let mut action = action;
        if let Some(edit) = edit {
            action["edit"] = edit;
        }
        Ok(Some(action))
    }

    /// The commands are the editor's: it has a terminal, the server has none.
    pub(super) async fn code_lens(&self, params: Value) -> Result<Option<Value>> {
        let settings = self.settings();
        let commands = self.editor().commands.clone();
        self.whole(&params, move |snapshot| {
            let document = snapshot.document()?;
            let mut lenses = Vec::new();
            // How often something is used is counted when it is seen.
            let counts = settings.reference_lenses
                && commands.as_ref().is_none_or(|known| known.iter().any(|name| name == SHOW_REFERENCES));
            for symbol in symbols(&snapshot.db, &snapshot.package, snapshot.file) {
                if counts && !matches!(symbol.kind, SymbolKind::Test | SymbolKind::Variable) {
                    let range = to_proto::range(document, symbol.name_range, snapshot.encoding);
                    let place = range.end;
                    lenses.push(json!({"range": range, "data": {"uri": snapshot.uri, "position": place}}));
                }
            }
            let wanted = runnables(&snapshot.db, &snapshot.package, snapshot.file);
            for (range, runnable) in wanted.into_iter().filter(|_| settings.run_lenses) {
                let range = to_proto::range(document, range, snapshot.encoding);
                let mut add = |title: &str, command: &str, argument: &str| {
                    if commands.as_ref().is_some_and(|known| !known.iter().any(|name| name == command)) {
                        return;
                    }
                    let arguments =
                        if argument.is_empty() { json!([snapshot.uri]) } else { json!([snapshot.uri, argument]) };
                    let command = json!({"title": title, "command": command, "arguments": arguments});
                    lenses.push(json!({"range": range, "command": command}));
                };
                match &runnable {
                    Runnable::Test(name) => add("Run test", "moltler.runTest", name),
                    Runnable::Query(text) => {
                        add("Run query", "moltler.runQuery", text);
                        add("Explain", "moltler.explain", text);
                    }
                    Runnable::Sync(text, summary) => add(summary, "moltler.explain", text),
                    Runnable::File => add("Run file", "moltler.runFile", ""),
                }
            }
            Some(lenses.into())
        })
        .await
    }

    /// Counts the uses of the definition that a lens is about.
    pub(super) async fn resolve_code_lens(&self, lens: Value) -> Result<Option<Value>> {
        let params = json!({"textDocument": {"uri": lens["data"]["uri"]}, "position": lens["data"]["position"]});
        let (uri, place) = (lens["data"]["uri"].clone(), lens["range"]["start"].clone());
        if !lens["data"].is_object() {
            return Ok(Some(lens));
        }
        let command = self
            .at(&params, move |snapshot, offset| {
                let places = references(&snapshot.db, &snapshot.package, snapshot.file, offset, false);
                let found: Vec<_> = places.into_iter().filter_map(|one| to_proto::location(snapshot, one)).collect();
                let title = if found.len() == 1 { "1 use".to_owned() } else { format!("{} uses", found.len()) };
                Some(json!({"title": title, "command": SHOW_REFERENCES, "arguments": [uri, place, found]}))
            })
            .await?;
        let mut lens = lens;
        lens["command"] = command.unwrap_or_default();
        Ok(Some(lens))
    }

    pub(super) async fn inlay_hint(&self, params: Value) -> Result<Option<Value>> {
        let range = json_range(&params["range"]);
        let settings = self.settings();
        self.whole(&params, move |snapshot| {
            let document = snapshot.document()?;
            let (start, end) = range?;
            let offset = |place| document.offset(place, snapshot.encoding);
            let (start, end) = (offset(start), offset(end));
            let range = TextRange::new(start.min(end), end.max(start));
            let found = inlay_hints(&snapshot.db, &snapshot.package, snapshot.file, range);
            let is_wanted = |hint: &InlayHint| match hint.kind {
                InlayHintKind::Type => settings.type_hints,
                InlayHintKind::Parameter => settings.parameter_hints,
                InlayHintKind::Condition(_) => settings.pushdown_hints,
            };
            let one = |hint: InlayHint| {
                let place = to_proto::range(document, TextRange::empty(hint.offset), snapshot.encoding).start;
                match hint.kind {
                    InlayHintKind::Type => {
                        json!({"position": place, "label": hint.label, "kind": 1, "paddingLeft": true})
                    }
                    InlayHintKind::Parameter => {
                        json!({"position": place, "label": format!("{}:", hint.label), "kind": 2, "paddingRight": true})
                    }
                    InlayHintKind::Condition(how) => {
                        json!({"position": place, "label": hint.label, "tooltip": how, "paddingLeft": true})
                    }
                }
            };
            Some(found.into_iter().filter(is_wanted).map(one).collect())
        })
        .await
    }

    pub(super) async fn signature_help(&self, params: Value) -> Result<Option<Value>> {
        self.at(&params, |snapshot, offset| {
            let found = signature_help(&snapshot.db, &snapshot.package, snapshot.file, offset)?;
            let units = |end: &u32| moltler_syntax::Width::of(&found.label[..*end as usize]).units(snapshot.encoding);
            let parameters: Vec<Value> =
                found.parameters.iter().map(|(start, end)| json!({"label": [units(start), units(end)]})).collect();
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
