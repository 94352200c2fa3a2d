//! Half-typed text at any place: every request is answered, without an error.

use serde_json::{Value, json};

use crate::client::Client;
use crate::sample::{ACTIONS_TEXT, TYPES_TEXT, USES_TEXT, capabilities, files};

const URI: &str = "file:///p/open.molt";

/// Requests about a place.
const AT_PLACES: &[&str] = &[
    "textDocument/completion",
    "textDocument/hover",
    "textDocument/signatureHelp",
    "textDocument/definition",
    "textDocument/declaration",
    "textDocument/typeDefinition",
    "textDocument/references",
    "textDocument/documentHighlight",
    "textDocument/linkedEditingRange",
    "textDocument/prepareRename",
    "textDocument/prepareCallHierarchy",
    "textDocument/inlineCompletion",
    "textDocument/onTypeFormatting",
    "textDocument/rename",
    "moltler/statement",
];

/// Requests about a document or a range of it.
const OF_DOCUMENTS: &[&str] = &[
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/selectionRange",
    "textDocument/codeAction",
    "textDocument/codeLens",
    "textDocument/inlayHint",
    "textDocument/documentLink",
    "textDocument/formatting",
    "textDocument/rangeFormatting",
    "textDocument/semanticTokens/full",
    "textDocument/semanticTokens/range",
    "textDocument/diagnostic",
    "moltler/package",
];

/// Everything that is asked at the end of a text, and at a place of it.
fn ask_everything(client: &mut Client, text: &str, offset: usize) {
    let place = |offset: usize| {
        let place = moltler_syntax::position(text, offset as u32, moltler_syntax::Encoding::Utf16);
        json!({"line": place.line, "character": place.column})
    };
    let here = place(offset);
    let end = place(text.len());
    let mut waiting: Vec<(&str, i64)> = Vec::new();
    for method in AT_PLACES.iter().chain(OF_DOCUMENTS) {
        let params = json!({
            "textDocument": {"uri": URI},
            "position": here,
            "positions": [here, end],
            "range": {"start": here, "end": end},
            "context": {"diagnostics": [], "includeDeclaration": true, "triggerKind": 1},
            "newName": "other",
            "ch": "\n",
            "options": {"tabSize": 4, "insertSpaces": true},
        });
        waiting.push((method, client.ask(method, params)));
    }
    for (method, id) in waiting {
        let answer = client.answer(id);
        let error = &answer["error"];
        // A name that cannot be changed is the one reason to refuse.
        let is_refused = method == "textDocument/rename" && error["code"] == -32602;
        assert!(error.is_null() || is_refused, "{method} at {offset} of {text:?}: {answer}");
        if method == "textDocument/prepareCallHierarchy"
            && let Some(item) = answer["result"].get(0)
        {
            for method in ["callHierarchy/incomingCalls", "callHierarchy/outgoingCalls"] {
                client.request(method, json!({"item": item}));
            }
        }
    }
}

/// Prefixes of a text, and the same text without pieces.
fn check(text: &str, seed: u64, rounds: usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut client = Client::start(files(), capabilities("vscode"));
    let boundary = |text: &str, at: usize| moltler_syntax::floor_char_boundary(text, at);
    for round in 0..rounds {
        let mut half = text[..boundary(text, text.len() * (round + 1) / rounds)].to_owned();
        if round % 2 == 1 {
            let start = boundary(&half, random.usize(0..=half.len()));
            let end = boundary(&half, (start + random.usize(0..40)).min(half.len())).max(start);
            half.replace_range(start..end, ["", "'", "'''", "{", "(", ";", "."][random.usize(0..7)]);
        }
        client.open(URI, &half);
        ask_everything(&mut client, &half, half.len());
        let somewhere = boundary(&half, random.usize(0..=half.len()));
        ask_everything(&mut client, &half, somewhere);
        client.close(URI);
    }
    client.alive();
    assert_eq!(client.finish(), 0);
}

#[test]
fn definitions_while_they_are_typed() {
    check(TYPES_TEXT, 1, 60);
    check(ACTIONS_TEXT, 2, 30);
}

#[test]
fn statements_while_they_are_typed() {
    check(USES_TEXT, 3, 60);
}

#[test]
fn what_is_not_open_is_answered() {
    let mut client = Client::start(files(), capabilities("neovim"));
    let place = json!({"line": 0, "character": 0});
    for method in AT_PLACES.iter().chain(OF_DOCUMENTS) {
        let params = json!({
            "textDocument": {"uri": "file:///nowhere.molt"}, "position": place, "positions": [place],
            "range": {"start": place, "end": place}, "context": {"diagnostics": [], "includeDeclaration": true, "triggerKind": 1}, "newName": "x", "ch": ";",
            "options": {"tabSize": 4, "insertSpaces": true},
        });
        let id = client.ask(method, params);
        let answer = client.answer(id);
        assert_eq!(answer["error"], Value::Null, "{method}");
    }
    let found = client.request("workspace/symbol", json!({"query": "x"}));
    assert!(found.is_null() || found == json!([]), "{found}");
    assert_eq!(client.finish(), 0);
}
