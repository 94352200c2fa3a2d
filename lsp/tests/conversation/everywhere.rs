//! Features over the border between SQL and JavaScript, in several files: each in SQL, in JavaScript, and from one to the other.

use serde_json::{Value, json};

use crate::client::Client;
use crate::sample::{ACTIONS, ACTIONS_TEXT, TYPES, TYPES_TEXT, USES, USES_TEXT, all_told, at, changed, editor, told};

/// Which side a case is about.
const SQL: &str = "SQL";
const JAVASCRIPT: &str = "JavaScript";
const ACROSS: &str = "across";

type Case = (&'static str, &'static str, fn(&mut Client));

/// Every feature of the table in `FEATURES.md`, on each side.
pub(crate) const CASES: &[Case] = &[
    ("completion", SQL, |client| suggests(client, "SELECT |size FROM c.items WHERE", "status")),
    ("completion", JAVASCRIPT, |client| suggests(client, "(await response.|json())", "json")),
    ("completion", ACROSS, |client| {
        suggests(client, "filters.|status", "size");
        suggests(client, "params.|name", "kind");
        suggests(client, "config.|api_url + '/items'", "region");
        suggests(client, "headers: |headers(config)});\n    return", "headers");
    }),
    ("hover", SQL, |client| hovers(client, "SELECT si|ze FROM", "number")),
    ("hover", JAVASCRIPT, |client| hovers(client, "response.js|on()", "Promise<any>")),
    ("hover", ACROSS, |client| {
        hovers(client, "filters.sta|tus", "Open or closed");
        hovers(client, "params.na|me", "string, required");
        hovers(client, "size: item.size}", "number");
        hovers(client, "Bearer ' + config.api|_key", "secret");
    }),
    ("definition", SQL, |client| leads(client, "PRINT ro|ws", "uses:1:8-12")),
    ("definition", JAVASCRIPT, |client| leads(client, "{id: item.id, sta|tus", "types:19:5-11")),
    ("definition", ACROSS, |client| {
        leads(client, "i.sta|tus FROM", "types:19:5-11");
        leads(client, "filters.sta|tus", "types:19:5-11");
        leads(client, "fetch(config.api|_url + '/items'", "types:4:5-12");
        leads(client, "headers: head|ers(config)});\n    return", "types:10:9-16");
    }),
    ("references", SQL, |client| refers(client, "DECLARE ro|ws", &["uses:1:8-12", "uses:2:6-10"])),
    ("references", JAVASCRIPT, |client| {
        refers(client, "function hea|ders", &["actions:8:86-93", "types:10:9-16", "types:24:91-98"]);
    }),
    ("references", ACROSS, |client| {
        let expected = [
            "types:19:5-11",
            "types:25:27-33",
            "types:26:68-74",
            "uses:11:51-57",
            "uses:12:20-26",
            "uses:15:31-37",
            "uses:1:28-34",
            "uses:1:59-65",
            "uses:2:14-20",
        ];
        refers(client, "\"sta|tus\": {\"type\"", &expected);
        refers(client, "filters.sta|tus", &expected);
        refers(client, "found[0].sta|tus", &expected);
    }),
    ("rename", SQL, |client| {
        let edit = rename(client, "DECLARE ro|ws", "all");
        assert!(changed(&edit, USES, USES_TEXT).contains("PRINT all[0].status;"), "{edit}");
    }),
    ("rename", JAVASCRIPT, |client| {
        let edit = rename(client, "function hea|ders", "heads");
        assert!(changed(&edit, TYPES, TYPES_TEXT).contains("{headers: heads(config)}"), "{edit}");
        assert!(changed(&edit, ACTIONS, ACTIONS_TEXT).contains("headers: heads(config)}"), "{edit}");
    }),
    ("rename", ACROSS, |client| {
        for place in ["\"sta|tus\": {\"type\"", "filters.sta|tus", "i.sta|tus FROM"] {
            let edit = rename(client, place, "state");
            let types = changed(&edit, TYPES, TYPES_TEXT);
            assert!(types.contains("\"state\": {\"type\": \"string\", \"description\""), "{types}");
            assert!(types.contains("const status = filters.state;"), "{types}");
            // `{status}` becomes `{state: status}`.
            assert!(types.contains("({id: item.id, state: status, size: item.size})"), "{types}");
            let uses = changed(&edit, USES, USES_TEXT);
            // Names of the API's side stay.
            assert!(uses.contains("{\"id\": \"1\", \"status\": \"a\"}"), "{uses}");
            assert!(
                uses.contains("WHERE state = UPPER('a')") && uses.contains("ASSERT found[0].state = 'a';"),
                "{uses}"
            );
            assert_eq!(changed(&edit, ACTIONS, ACTIONS_TEXT), ACTIONS_TEXT, "`response.status` is the API's");
        }
    }),
    ("document highlight", SQL, |client| highlights(client, "ro|ws[0].status", &["1:8-12", "2:6-10"])),
    ("document highlight", JAVASCRIPT, |client| highlights(client, "const sta|tus =", &["25:10-16", "26:68-74"])),
    ("document highlight", ACROSS, |client| {
        highlights(client, "filters.sta|tus", &["19:5-11", "25:27-33", "26:68-74"]);
    }),
    ("signature help", SQL, |client| signature(client, "UPPER(|'a')", "UPPER(text)")),
    ("signature help", JAVASCRIPT, |client| {
        signature(client, "fetch(|config.api_url + '/items'", "function fetch(input")
    }),
    ("signature help", ACROSS, |client| {
        signature(client, "headers(|config)});\n    return", "function headers(config)")
    }),
    ("type definition", SQL, |client| types(client, "PRINT ro|ws", "types:15:25-32")),
    ("type definition", JAVASCRIPT, |client| types(client, "base(con|fig)", "types:1:23-24")),
    ("type definition", ACROSS, |client| types(client, "const status = fil|ters", "types:15:25-32")),
    ("call hierarchy", SQL, |client| calls(client, "FROM mine.it|ems", &["DECLARE", "works", "SELECT"])),
    ("call hierarchy", JAVASCRIPT, |client| calls(client, "function hea|ders", &["s.items.create", "s.items"])),
    ("call hierarchy", ACROSS, |client| calls(client, "mine.items.cre|ate", &["CONNECTOR_EXEC", "works"])),
    ("diagnostics", SQL, |client| complains(client, "SELECT nothing FROM c.items;\n", "unknown-")),
    ("diagnostics", JAVASCRIPT, |client| {
        let text = "CREATE CONNECTOR ACTION 's.a' HANDLER '''\nfunction execute(config) { return nothing; }\n''';\n";
        complains(client, text, "undefined-name");
    }),
    ("diagnostics", ACROSS, |client| {
        let text = "CREATE CONNECTOR ENTITY 's.b' FIELDS {\"id\": {}} QUERY_HANDLER '''\n\
                    function query(config, filters) { return [{id: filters.ide}]; }\n''';\n";
        complains(client, text, "unknown-filter");
    }),
];

#[test]
fn every_feature_on_each_side() {
    let mut client = editor("vscode");
    for (feature, side, check) in CASES {
        let name = format!("{feature}, {side}");
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&mut client)));
        assert!(told.is_ok(), "{name}");
    }
    assert_eq!(client.finish(), 0);
}

#[track_caller]
fn suggests(client: &mut Client, marked: &str, expected: &str) {
    let place = at(marked);
    let found = client.request("textDocument/completion", place);
    let items = found["items"].as_array().expect("suggestions");
    assert!(items.iter().any(|item| item["label"] == expected), "`{expected}` at {marked}: {found}");
}

#[track_caller]
fn hovers(client: &mut Client, marked: &str, expected: &str) {
    // The end of a piece without a mark is not asked for.
    let marked = if marked.contains('|') { marked.to_owned() } else { marked.replacen(':', "|:", 1) };
    let found = client.request("textDocument/hover", at(&marked));
    assert!(found["contents"]["value"].as_str().is_some_and(|text| text.contains(expected)), "{marked}: {found}");
}

#[track_caller]
fn leads(client: &mut Client, marked: &str, expected: &str) {
    let found = client.request("textDocument/definition", at(marked));
    assert_eq!(told(&found[0]), expected, "{marked}: {found}");
}

#[track_caller]
fn types(client: &mut Client, marked: &str, expected: &str) {
    let found = client.request("textDocument/typeDefinition", at(marked));
    assert_eq!(told(&found[0]), expected, "{marked}: {found}");
}

#[track_caller]
fn refers(client: &mut Client, marked: &str, expected: &[&str]) {
    let mut params = at(marked);
    params["context"] = json!({"includeDeclaration": true});
    assert_eq!(all_told(&client.request("textDocument/references", params)), expected, "{marked}");
}

#[track_caller]
fn highlights(client: &mut Client, marked: &str, expected: &[&str]) {
    let found = client.request("textDocument/documentHighlight", at(marked));
    assert_eq!(all_told(&found), expected, "{marked}");
}

#[track_caller]
fn rename(client: &mut Client, marked: &str, new: &str) -> Value {
    let mut params = at(marked);
    params["newName"] = new.into();
    client.request("textDocument/rename", params)
}

#[track_caller]
fn signature(client: &mut Client, marked: &str, expected: &str) {
    let found = client.request("textDocument/signatureHelp", at(marked));
    let label = found["signatures"][0]["label"].as_str().unwrap_or_default();
    assert!(label.starts_with(expected), "{marked}: {found}");
}

#[track_caller]
fn calls(client: &mut Client, marked: &str, expected: &[&str]) {
    let items = client.request("textDocument/prepareCallHierarchy", at(marked));
    let found = client.request("callHierarchy/incomingCalls", json!({"item": items[0]}));
    let names: Vec<&str> =
        found.as_array().into_iter().flatten().filter_map(|call| call["from"]["name"].as_str()).collect();
    assert_eq!(names.len(), expected.len(), "{marked}: {found}");
    for (name, start) in names.iter().zip(expected) {
        assert!(name.starts_with(start), "{marked}: {names:?}");
    }
}

#[track_caller]
fn complains(client: &mut Client, text: &str, code: &str) {
    let uri = "file:///p/wrong.molt";
    client.open(uri, text);
    let found = client.pull(uri);
    let is_it = |one: &Value| one["code"].as_str().is_some_and(|found| found.starts_with(code));
    assert!(found.iter().any(is_it), "{found:?}");
    client.close(uri);
}
