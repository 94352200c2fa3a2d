//! Requests about names and the shape of documents.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::client::{Client, Files};

const TYPES: &str = "file:///p/types.molt";
const USES: &str = "file:///p/uses.molt";

const TYPES_TEXT: &str = r#"CREATE CONNECTOR TYPE 's' CONFIG_SCHEMA {"url": {"type": "string"}};
CREATE CONNECTOR ENTITY 's.items'
FIELDS {"id": {"type": "string"}, "status": {"type": "string"}}
QUERY_HANDLER '''
async function query(config, filters, options) {
    const found = filters.status;
    return r.map(item => ({id: item.id, status: found}));
}
''';
REGISTER CONNECTOR TYPE 's';
"#;
const USES_TEXT: &str = r#"CREATE CONNECTOR c TYPE 's' CONFIG {"url": "https://x.example"};
SELECT id FROM c.items WHERE status = UPPER('a');
DECLARE n = 1;
SELECT statu FROM c.items;
TEST CONNECTOR TYPE 's' NAME 'works'
BEGIN
    PRINT 1;
END TEST;
"#;

fn client() -> Client {
    let files = Arc::new(Files::default());
    files.write("/p/moltler.toml", "");
    files.write("/p/types.molt", TYPES_TEXT);
    files.write("/p/uses.molt", USES_TEXT);
    let mut client = Client::start(files, json!({}));
    client.open(TYPES, TYPES_TEXT);
    client.open(USES, USES_TEXT);
    client
}

fn place(uri: &str, line: u32, character: u32) -> Value {
    json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
}

/// `line:column-column` of ranges, sorted.
fn told<'a>(ranges: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut found: Vec<String> = ranges
        .into_iter()
        .map(|range| {
            let (start, end) = (&range["start"], &range["end"]);
            format!("{}:{}-{}", start["line"], start["character"], end["character"])
        })
        .collect();
    found.sort();
    found
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

#[test]
fn names_across_files_and_languages() {
    let mut client = client();
    // From SQL, from the declaration and from JavaScript: the same places.
    for (uri, line, column) in [(USES, 1, 31), (TYPES, 2, 36), (TYPES, 5, 28), (TYPES, 6, 42)] {
        let mut params = place(uri, line, column);
        params["context"] = json!({"includeDeclaration": true});
        let found = client.request("textDocument/references", params);
        let mut places: Vec<String> = list(&found)
            .iter()
            .map(|one| {
                let file = one["uri"].as_str().and_then(|uri| uri.rsplit('/').next()).expect("a URI");
                format!("{file}:{}", told([&one["range"]])[0])
            })
            .collect();
        places.sort();
        assert_eq!(
            places,
            ["types.molt:2:35-41", "types.molt:5:26-32", "types.molt:6:40-46", "uses.molt:1:29-35"],
            "{uri} {line} {column}"
        );
    }
    let found = client.request("textDocument/documentHighlight", place(TYPES, 5, 11));
    let ranges: Vec<&Value> = list(&found).iter().map(|one| &one["range"]).collect();
    assert_eq!(told(ranges), ["5:10-15", "6:48-53"]);

    let prepared = client.request("textDocument/prepareRename", place(TYPES, 5, 28));
    assert_eq!(
        (prepared["placeholder"].as_str(), told([&prepared["range"]])),
        (Some("status"), vec!["5:26-32".to_owned()])
    );
    let mut params = place(TYPES, 5, 28);
    params["newName"] = "state".into();
    let edit = client.request("textDocument/rename", params.clone());
    assert_eq!((list(&edit["changes"][TYPES]).len(), list(&edit["changes"][USES]).len()), (3, 1), "{edit}");
    params["newName"] = "id".into();
    assert_eq!(client.refused("textDocument/rename", params), -32602);
    // Names of the API's side are not ours.
    assert_eq!(client.request("textDocument/prepareRename", place(TYPES, 6, 36)), Value::Null);

    // To where a name is declared: a local one, and a field from a returned key.
    for (method, line, column, declared) in [
        ("textDocument/definition", 6, 50, "5:10-15"),
        ("textDocument/definition", 6, 42, "2:35-41"),
        ("textDocument/declaration", 5, 28, "2:35-41"),
    ] {
        let found = client.request(method, place(TYPES, line, column));
        assert_eq!(told(list(&found).iter().map(|one| &one["range"])), [declared], "{method} {line} {column}");
    }
    let linked = client.request("textDocument/linkedEditingRange", place(TYPES, 5, 11));
    assert_eq!(told(list(&linked["ranges"])), ["5:10-15", "6:48-53"]);
    let found = client.request("workspace/symbol", json!({"query": "sit"}));
    assert_eq!(list(&found).iter().map(|one| &one["name"]).collect::<Vec<_>>(), ["s.items"]);
    assert_eq!(client.finish(), 0);
}

#[test]
fn the_shape_of_a_document() {
    let mut client = client();
    let document = json!({"textDocument": {"uri": TYPES}});
    let folds = client.request("textDocument/foldingRange", document);
    let mut lines: Vec<String> =
        list(&folds).iter().map(|one| format!("{}-{}", one["startLine"], one["endLine"])).collect();
    lines.dedup();
    assert_eq!(lines, ["1-8", "3-8", "4-7"]);
    let params = json!({"textDocument": {"uri": TYPES}, "positions": [{"line": 5, "character": 28}]});
    let found = client.request("textDocument/selectionRange", params);
    let mut sizes = Vec::new();
    let mut one = &found[0];
    while one.is_object() {
        let (start, end) = (&one["range"]["start"], &one["range"]["end"]);
        sizes.push((end["line"].as_u64(), start["line"].as_u64(), start["character"].as_u64()));
        one = &one["parent"];
    }
    assert_eq!(sizes[0], (Some(5), Some(5), Some(26)), "the word first: {sizes:?}");
    assert!(sizes.len() >= 5, "{sizes:?}");

    let lenses = client.request("textDocument/codeLens", json!({"textDocument": {"uri": USES}}));
    let told: Vec<String> = list(&lenses)
        .iter()
        .map(|one| format!("{} {}", one["range"]["start"]["line"], one["command"]["title"]))
        .collect();
    assert_eq!(
        told,
        ["1 \"Run file\"", "1 \"Run query\"", "1 \"Explain\"", "3 \"Run query\"", "3 \"Explain\"", "4 \"Run test\""]
    );
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}});
    let hints = client.request("textDocument/inlayHint", json!({"textDocument": {"uri": USES}, "range": range}));
    let hint = list(&hints).iter().find(|hint| hint["label"] == "integer").expect("the type of `n`");
    assert_eq!(hint["position"]["character"], 9, "{hints}");
    let help = client.request("textDocument/signatureHelp", place(USES, 1, 44));
    assert_eq!(help["signatures"][0]["label"], "UPPER(text)", "{help}");
    assert_eq!(client.finish(), 0);
}

#[test]
fn fixes_of_diagnostics() {
    let mut client = client();
    let range = json!({"start": {"line": 3, "character": 8}, "end": {"line": 3, "character": 8}});
    let params = json!({"textDocument": {"uri": USES}, "range": range, "context": {"diagnostics": []}});
    let actions = client.request("textDocument/codeAction", params.clone());
    let action = &actions[0];
    assert_eq!((&action["title"], &action["kind"]), (&json!("Replace with `status`"), &json!("quickfix")), "{actions}");
    assert_eq!(action["edit"]["changes"][USES][0]["newText"], "status");
    let mut params = params;
    params["context"]["only"] = json!(["refactor"]);
    assert_eq!(client.request("textDocument/codeAction", params), json!([]));
    assert_eq!(client.finish(), 0);
}

/// Applies the edits of a delta.
fn patched(data: &[Value], edits: &Value) -> Vec<Value> {
    let mut data = data.to_vec();
    for edit in list(edits).iter().rev() {
        let number = |name: &str| edit[name].as_u64().expect("a number") as usize;
        let start = number("start");
        data.splice(start..start + number("deleteCount"), list(&edit["data"]).iter().cloned());
    }
    data
}

#[test]
fn semantic_tokens_and_their_differences() {
    let mut client = client();
    let document = json!({"textDocument": {"uri": USES}});
    let full = client.request("textDocument/semanticTokens/full", document.clone());
    assert_eq!(list(&full["data"])[..10], json!([0, 0, 6, 0, 0, 0, 7, 9, 0, 0]).as_array().expect("a list")[..]);
    client.edit(USES, [1, 7, 1, 9], "id, status");
    let mut params = document.clone();
    params["previousResultId"] = full["resultId"].clone();
    let delta = client.request("textDocument/semanticTokens/full/delta", params.clone());
    let size: usize = list(&delta["edits"]).iter().map(|edit| list(&edit["data"]).len()).sum();
    assert!(size <= 15, "{delta}");
    let fresh = client.request("textDocument/semanticTokens/full", document.clone());
    assert_eq!(patched(list(&full["data"]), &delta["edits"]), *list(&fresh["data"]));
    // An answer that is not the last one: all of them.
    assert!(client.request("textDocument/semanticTokens/full/delta", params)["data"].is_array());
    let mut params = document;
    params["range"] = json!({"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 5}});
    let part = client.request("textDocument/semanticTokens/range", params);
    assert_eq!(list(&part["data"])[..5], json!([1, 0, 6, 0, 0]).as_array().expect("a list")[..]);
    assert_eq!(client.finish(), 0);
}

#[test]
fn symbols_of_all_packages_of_the_workspace() {
    let files = Arc::new(Files::default());
    for (path, text) in [
        ("/w/one/moltler.toml", ""),
        ("/w/one/deep/a.molt", "CREATE CONNECTOR TYPE 'first';\n"),
        ("/w/two/b.molt", "CREATE CONNECTOR TYPE 'second';\nCREATE CONNECTOR firm TYPE 'second';\n"),
        ("/w/.git/c.molt", "CREATE CONNECTOR TYPE 'first hidden';\n"),
        ("/v/d.molt", "\nTEST CONNECTOR TYPE 'x' NAME 'a firm test' BEGIN PRINT 1; END TEST;\n"),
    ] {
        files.write(path, text);
    }
    let mut client = Client::raw(files.clone());
    let folders = json!([{"uri": "file:///w", "name": "w"}]);
    let result = client.request(
        "initialize",
        json!({"processId": null, "rootUri": null, "capabilities": {}, "workspaceFolders": folders}),
    );
    assert_eq!(result["capabilities"]["workspace"]["workspaceFolders"]["supported"], true);
    let search = |client: &mut Client| {
        let found = client.request("workspace/symbol", json!({"query": "fir"}));
        let one = |one: &Value| {
            format!("{} {}", one["name"].as_str().unwrap_or(""), one["location"]["uri"].as_str().unwrap_or(""))
        };
        list(&found).iter().map(one).collect::<Vec<String>>()
    };
    let both = ["first file:///w/one/deep/a.molt", "firm file:///w/two/b.molt"];
    assert_eq!(search(&mut client), both);
    client.open("file:///w/one/deep/a.molt", "CREATE CONNECTOR TYPE 'fir';\n");
    assert_eq!(search(&mut client), ["fir file:///w/one/deep/a.molt", both[1]]);
    client.close("file:///w/one/deep/a.molt");
    assert_eq!(search(&mut client), both);

    let folders = json!({"event": {"added": [{"uri": "file:///v", "name": "v"}], "removed": [{"uri": "file:///w", "name": "w"}]}});
    client.notify("workspace/didChangeWorkspaceFolders", folders);
    assert_eq!(search(&mut client), ["a firm test file:///v/d.molt"]);
    files.write("/v/new/e.molt", "DECLARE first = 1;\n");
    let changes = json!({"changes": [{"uri": "file:///v/new/e.molt", "type": 1}]});
    client.notify("workspace/didChangeWatchedFiles", changes);
    assert_eq!(search(&mut client), ["a firm test file:///v/d.molt", "first file:///v/new/e.molt"]);
    files.remove("/v/d.molt");
    client.notify("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": "file:///v/d.molt", "type": 3}]}));
    assert_eq!(search(&mut client), ["first file:///v/new/e.molt"]);
    assert_eq!(client.finish(), 0);
}

/// Names that a request about completion offers at a place.
fn offered(client: &mut Client, uri: &str, line: u32, character: u32) -> Vec<String> {
    let items = client.completion(uri, line, character);
    items.iter().filter_map(|item| Some(item["label"].as_str()?.to_owned())).collect()
}

#[test]
fn a_handler_that_is_being_typed_is_still_completed() {
    let mut client = client();
    // A pattern without an end, a call without an end, a string without an end.
    for broken in ["const {", "const x = fetch(filters.id, {", "const y = 'a"] {
        client.edit(TYPES, [5, 0, 5, 0], &format!("    {broken}\n"));
        for (typed, expected) in [("config.", "url"), ("filters.", "status"), ("fou", "found")] {
            let line = 7;
            client.edit(TYPES, [line, 0, line, 0], &format!("    {typed}\n"));
            let found = offered(&mut client, TYPES, line, 4 + typed.len() as u32);
            assert!(found.iter().any(|name| name == expected), "{broken} {typed}: {found:?}");
            client.edit(TYPES, [line, 0, line + 1, 0], "");
        }
        // The other file is not touched by it.
        let found = offered(&mut client, USES, 1, 29);
        assert!(found.iter().any(|name| name == "status"), "{broken}: {found:?}");
        client.edit(TYPES, [5, 0, 6, 0], "");
    }
    assert_eq!(client.finish(), 0);
}

#[test]
fn an_open_raw_block_does_not_swallow_what_follows() {
    let mut client = client();
    // The closing fence goes.
    client.edit(TYPES, [8, 0, 8, 4], "");
    let found = client.request("textDocument/documentSymbol", json!({"textDocument": {"uri": TYPES}}));
    let names: Vec<&str> = list(&found).iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["s", "s.items"]);
    client.edit(TYPES, [9, 0, 9, 0], "CREATE CONNECTOR TYPE 't';\nCREATE CONNECTOR d TYPE 't';\n");
    let found = client.request("textDocument/documentSymbol", json!({"textDocument": {"uri": TYPES}}));
    let names: Vec<&str> = list(&found).iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["s", "s.items", "t", "d"]);
    // What is registered behind it is known, and so are the fields before it.
    let published = client.published(USES);
    assert!(published.iter().all(|one| one["code"] != "unknown-connector-type"), "{published:?}");
    let found = offered(&mut client, USES, 1, 29);
    assert!(found.iter().any(|name| name == "status"), "{found:?}");
    assert_eq!(client.finish(), 0);
}
