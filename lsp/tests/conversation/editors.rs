//! Each feature, spoken to with the capabilities of real editors.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::client::{Client, Files};
use crate::sample::{
    ACTIONS, ACTIONS_TEXT, TYPES, TYPES_TEXT, USES, USES_TEXT, all_told, apply, at, capabilities, changed, editor,
    files, list, told,
};

const EDITORS: [&str; 2] = ["vscode", "neovim"];
const URI: &str = "file:///p/open.molt";

fn document(uri: &str) -> Value {
    json!({"textDocument": {"uri": uri}})
}

fn label<'a>(items: &'a [Value], label: &str) -> &'a Value {
    items.iter().find(|item| item["label"] == label).unwrap_or_else(|| panic!("`{label}` in {items:?}"))
}

/// Suggestions at the mark of a text that is open beside the sample.
fn suggestions(client: &mut Client, marked: &str) -> Vec<Value> {
    let offset = marked.find('|').expect("a mark");
    let text = marked.replacen('|', "", 1);
    client.open(URI, &text);
    let place = moltler_syntax::position(&text, offset as u32, moltler_syntax::Encoding::Utf16);
    let found = client.completion(URI, place.line, place.column);
    client.close(URI);
    found
}

#[test]
fn suggestions_are_resolved_later_where_the_editor_can() {
    for name in EDITORS {
        let mut client = editor(name);
        let items = suggestions(&mut client, "SELECT UPP| FROM c.items;");
        let upper = label(&items, "UPPER");
        let is_lazy = name == "vscode";
        assert_eq!(upper["documentation"].is_null(), is_lazy, "{name}: {upper}");
        let resolved = client.request("completionItem/resolve", upper.clone());
        let text = resolved["documentation"]["value"].as_str().expect("documentation");
        assert!(text.contains("upper case"), "{name}: {resolved}");
        assert_eq!(resolved["label"], "UPPER");
        // One of an older answer stays as it is.
        suggestions(&mut client, "SELECT | FROM c.items;");
        let stale = client.request("completionItem/resolve", upper.clone());
        assert_eq!(stale, *upper, "{name}");
        assert_eq!(client.finish(), 0);
    }
}

#[test]
fn suggestions_with_places_to_fill_in_and_exact_ranges() {
    let mut client = editor("vscode");
    let items = suggestions(&mut client, "SELECT UP|PERX FROM c.items;");
    let upper = label(&items, "UPPER");
    assert_eq!(
        (&upper["insertTextFormat"], &upper["textEdit"]["newText"]),
        (&json!(2), &json!("UPPER($1)")),
        "{upper}"
    );
    assert_eq!(told(&upper["textEdit"]["insert"]), "0:7-9");
    assert_eq!(told(&upper["textEdit"]["replace"]), "0:7-13");
    let items = suggestions(&mut client, "CREATE CONNECTOR d TYPE 's' |;");
    assert_eq!(label(&items, "CONFIG")["textEdit"]["newText"], "CONFIG {\n    $0\n}");
    let items = suggestions(&mut client, "|");
    let test = &label(&items, "TEST CONNECTOR TYPE")["textEdit"]["newText"];
    assert!(test.as_str().is_some_and(|text| text.contains("END TEST;")), "{test}");
    assert_eq!(client.finish(), 0);
    // An editor that knows no snippets gets plain text.
    let mut client = Client::start(files(), json!({}));
    client.open(USES, USES_TEXT);
    let items = suggestions(&mut client, "SELECT UP| FROM c.items;");
    let upper = label(&items, "UPPER");
    assert_eq!((&upper["insertTextFormat"], &upper["textEdit"]["newText"]), (&Value::Null, &json!("UPPER")));
    assert_eq!(client.finish(), 0);
}

#[test]
fn suggestions_in_documents_paths_and_handlers() {
    let mut client = editor("neovim");
    let handler = |inside: &str| {
        format!(
            "CREATE CONNECTOR ENTITY 's.more' FIELDS {{\"id\": {{}}, \"when\": {{\"type\": \"timestamp\"}}}} QUERY_HANDLER '''\n\
             async function query(config, filters, options) {{\n{inside}\n}}\n''';"
        )
    };
    let mocks =
        "TEST CONNECTOR TYPE 's' NAME 't' MOCK_API {\"GET /items\": {}} BEGIN ASSERT ARRAY_LENGTH(MOCK_CALLS('|'";
    for (marked, expected) in [
        (
            "CREATE CONNECTOR d TYPE 's' CONFIG {\"api_key\": \"|\"};",
            &["{{secrets.shop_key}}", "{{secrets.s_api_key}}"][..],
        ),
        ("CREATE CONNECTOR d TYPE 's' CONFIG {\"region\": |};", &["eu", "us"]),
        ("CREATE CONNECTOR d TYPE 's' CONFIG {|};", &["api_url", "api_key", "region"]),
        ("CREATE CONNECTOR d TYPE 's' CONFIG {} OPTIONS {|};", &["rate_limit", "timeout_seconds"]),
        ("ALTER CONNECTOR c OPTIONS {\"on_type_error\": |};", &["error", "null"]),
        ("CONNECTOR_EXEC c.items.create({\"kind\": |});", &["new", "used"]),
        ("CONNECTOR_EXEC c.items.create(kind => |);", &["new", "used"]),
        ("TEST CONNECTOR TYPE 's' NAME 't' MOCK_API {|}", &["GET /items", "POST /items"]),
        ("TEST CONNECTOR TYPE 's' NAME 't' MOCK_API {\"GET /items\": {\"error\": \"|\"}}", &["refused", "timeout"]),
        (mocks, &["GET /items"]),
        ("SELECT * FROM c.|", &["items"]),
        ("DECLARE a = SELECT id, size AS much FROM c.items; PRINT a[0].|", &["id", "much"]),
        ("FOR r IN SELECT * FROM c.items LOOP PRINT r.|", &["id", "status", "size"]),
        ("ASSERT RAISES |", &["ConnectorAuthError"]),
        ("CREATE CONNECTOR ENTITY 's.x' FIELDS {\"a\": {}} PUSHDOWN {\"filters\": {\"a\": [|]}};", &["=", "in"]),
        (&handler("config.|"), &["api_url", "api_key", "region"]),
        (&handler("filters.|"), &["id", "when"]),
        (&handler("options.|"), &["limit", "orderBy", "since"]),
        (&handler("const {|} = filters;"), &["id", "when"]),
        (&handler("const response = await fetch(u);\nresponse.|"), &["ok", "status", "json", "headers"]),
        (&handler("new URL(config.api_url).searchParams.|"), &["append"]),
        (&handler("moltler.sign.|"), &["jwt", "aws4", "oauth1"]),
        (&handler("return rows.map(row => ({|}))"), &["id", "when", "headers"]),
        (&handler("hea|"), &["headers", "Headers", "fetch"]),
        (&handler("const { = 1; if (filters.|"), &["id", "when"]),
    ] {
        let items = suggestions(&mut client, marked);
        for one in expected {
            assert!(items.iter().any(|item| item["label"] == *one), "`{one}` at {marked}: {items:?}");
        }
    }
    // A template is replaced from its braces on.
    let marked = "CREATE CONNECTOR d TYPE 's' CONFIG {\"api_key\": \"Bearer {{secrets.sh|}}\"};";
    let items = suggestions(&mut client, marked);
    let text = marked.replacen('|', "", 1);
    let secret = label(&items, "{{secrets.shop_key}}");
    let taken = apply(&text, &mut [&secret["textEdit"]]);
    assert_eq!(taken, "CREATE CONNECTOR d TYPE 's' CONFIG {\"api_key\": \"Bearer {{secrets.shop_key}}\"};");
    assert_eq!(client.finish(), 0);
}

#[test]
fn hover_and_signatures() {
    for name in EDITORS {
        let mut client = editor(name);
        for (marked, expected) in [
            ("UP|PER('a')", "UPPER("),
            ("i.sta|tus FROM", "Open or closed"),
            ("filters.sta|tus", "Open or closed"),
            ("|status, size: item", "Open or closed"),
            ("options.li|mit", "limit"),
            ("response.js|on()", "json(): Promise<any>"),
            ("await fe|tch(base", "Promise<Response>"),
            ("headers: head|ers(config)}", "function headers(config)"),
            ("base(con|fig)", "interface Config"),
            ("MOCK|_API {", "Responses by"),
            ("CREATE CONN|ECTOR ENTITY", "entity of a connector type"),
            ("\"primary|_key\"", "identifies a row"),
        ] {
            let found = client.request("textDocument/hover", at(marked));
            let text = found["contents"]["value"].as_str().unwrap_or_default();
            assert!(text.contains(expected), "{name}, {marked}: {found}");
        }
        for (marked, label, active) in [
            ("UPPER(|'a')", "UPPER(text)", 0),
            ("SUBSTR('abc', |1", "SUBSTR(text, start, length?)", 1),
            ("fetch(base(config) + '/items?limit=' + options.limit, |{", "fetch", 1),
            ("headers(|config)}", "function headers(config)", 0),
        ] {
            let found = client.request("textDocument/signatureHelp", at(marked));
            let signature = &found["signatures"][0];
            assert!(signature["label"].as_str().is_some_and(|text| text.contains(label)), "{marked}: {found}");
            assert_eq!(found["activeParameter"], active, "{marked}: {found}");
        }
        assert_eq!(client.finish(), 0);
    }
}

#[test]
fn definitions_declarations_and_types() {
    for name in EDITORS {
        let mut client = editor(name);
        for (method, marked, expected) in [
            ("definition", "FROM mi|ne.items", "uses:10:21-25"),
            ("definition", "c.items.cre|ate(", "actions:0:25-39"),
            ("definition", "headers: head|ers(config)}", "types:10:9-16"),
            ("definition", "params.na|me", "actions:3:5-9"),
            ("declaration", "filters.sta|tus", "types:19:5-11"),
            ("typeDefinition", "FROM mi|ne.items", "types:1:23-24"),
            ("typeDefinition", "fil|ters.status", "types:15:25-32"),
            ("typeDefinition", "base(con|fig)", "types:1:23-24"),
            ("typeDefinition", "PRINT ro|ws", "types:15:25-32"),
            ("typeDefinition", "i.sta|tus FROM", "types:15:25-32"),
        ] {
            // Columns count UTF-16 for one editor and bytes for the other; all of this is ASCII.
            let found = client.request(&format!("textDocument/{method}"), at(marked));
            assert_eq!(all_told(&found), [expected], "{name}, {method} of {marked}");
        }
        assert_eq!(client.finish(), 0);
    }
}

#[test]
fn documents_that_the_server_makes_up() {
    let mut client = editor("vscode");
    let found = client.request("textDocument/definition", at("await fe|tch(base"));
    assert_eq!(found[0]["uri"], "moltler:/host/moltler.d.ts", "{found}");
    let content = client.request("workspace/textDocumentContent", json!({"uri": found[0]["uri"]}));
    let text = content["text"].as_str().expect("a text");
    let line = text.lines().nth(found[0]["range"]["start"]["line"].as_u64().expect("a line") as usize);
    assert!(line.is_some_and(|line| line.starts_with("declare function fetch(")), "{line:?}");
    assert_eq!(client.refused("workspace/textDocumentContent", json!({"uri": "moltler:/no"})), -32602);
    assert_eq!(client.finish(), 0);
    // Another editor could not open it.
    let mut client = editor("neovim");
    assert_eq!(client.request("textDocument/definition", at("await fe|tch(base")), json!([]));
    assert_eq!(client.finish(), 0);
}

#[test]
fn links() {
    for name in EDITORS {
        let mut client = editor(name);
        let found = client.request("textDocument/documentLink", document(TYPES));
        let targets: Vec<&Value> = list(&found).iter().map(|link| &link["target"]).collect();
        assert_eq!(targets, ["https://api.example/docs", "file:///p/moltler.toml"], "{name}");
        assert_eq!(told(&found[0]), "0:7-31");
        assert_eq!(client.finish(), 0);
    }
}

#[test]
fn who_calls_whom() {
    for name in EDITORS {
        let mut client = editor(name);
        // Files that are not open are looked through too.
        client.close(ACTIONS);
        let prepared = client.request("textDocument/prepareCallHierarchy", at("FROM mine.it|ems"));
        let item = &list(&prepared)[0];
        assert_eq!((&item["name"], &item["kind"]), (&json!("s.items"), &json!(5)), "{name}");
        let calls = client.request("callHierarchy/incomingCalls", json!({"item": item}));
        let callers: Vec<(&str, usize)> = list(&calls)
            .iter()
            .map(|call| (call["from"]["name"].as_str().expect("a name"), list(&call["fromRanges"]).len()))
            .collect();
        assert_eq!(
            callers,
            [
                ("DECLARE rows = SELECT id, i.status FROM c.items", 1),
                ("works", 1),
                ("SELECT size FROM c.items WHERE status = 'b'", 1)
            ],
            "{name}: {calls}"
        );
        let calls = client.request("callHierarchy/outgoingCalls", json!({"item": item}));
        let called: Vec<&Value> = list(&calls).iter().map(|call| &call["to"]["name"]).collect();
        assert_eq!(called, ["base", "headers"], "{name}: {calls}");

        // A function of SHARED: from handlers of several files.
        let headers = calls[1]["to"].clone();
        let calls = client.request("callHierarchy/incomingCalls", json!({"item": headers}));
        let callers: Vec<&Value> = list(&calls).iter().map(|call| &call["from"]["name"]).collect();
        assert_eq!(callers, ["s.items.create", "s.items"], "{name}: {calls}");

        // What a test does, and an action in a file that is not open.
        let prepared = client.request("textDocument/prepareCallHierarchy", at("NAME 'wor|ks'"));
        let calls = client.request("callHierarchy/outgoingCalls", json!({"item": prepared[0]}));
        let called: Vec<&Value> = list(&calls).iter().map(|call| &call["to"]["name"]).collect();
        assert_eq!(called, ["s.items", "s.items.create"], "{name}: {calls}");
        let calls = client.request("callHierarchy/outgoingCalls", json!({"item": calls[1]["to"]}));
        assert_eq!(calls[0]["to"]["name"], "headers", "{name}: {calls}");
        assert_eq!(client.finish(), 0);
    }
}

#[test]
fn ends_that_are_offered_while_typing() {
    let mut client = editor("vscode");
    for (text, line, column, expected) in [
        ("TEST CONNECTOR TYPE 's' NAME 'a'\nBEGIN\n    PRINT 1;\n", 3, 0, Some("END TEST;")),
        (
            "TEST CONNECTOR TYPE 's' NAME 'a'\nBEGIN\n    IF a THEN\n        PRINT 1;\n    \nEND TEST;",
            4,
            4,
            Some("END IF;"),
        ),
        ("IF a THEN\n    PRINT 1;\nen", 2, 2, Some("END IF;")),
        ("FOR r IN x LOOP\n    PRINT r;\n\nEND LOOP;", 2, 0, None),
        ("TRY\n    PRINT 1;\n", 2, 0, Some("END TRY;")),
        ("CREATE CONNECTOR TYPE 'x' SHARED '''\nconst a = 1;\n", 2, 0, Some("''';")),
        ("SELECT 1;\n", 1, 0, None),
        ("IF a THEN\n    PRINT\n", 2, 0, None),
    ] {
        client.open(URI, text);
        let mut params = json!({"textDocument": {"uri": URI}, "position": {"line": line, "character": column}});
        params["context"] = json!({"triggerKind": 1});
        let found = client.request("textDocument/inlineCompletion", params);
        let offered = found["items"][0]["insertText"].as_str();
        assert_eq!(offered.map(str::trim_start), expected, "{text:?}: {found}");
        client.close(URI);
    }
    assert_eq!(client.finish(), 0);
}

#[test]
fn indentation_while_typing() {
    let mut client = editor("neovim");
    for (text, line, column, typed, expected) in [
        ("IF a THEN\n\nEND IF;", 1, 0, "\n", "IF a THEN\n    \nEND IF;"),
        ("IF a THEN\n    PRINT 1;\n    END", 2, 7, "D", "IF a THEN\n    PRINT 1;\nEND"),
        (
            "CREATE CONNECTOR a TYPE 's' CONFIG {\n    \"b\": 1\n    }",
            2,
            5,
            "}",
            "CREATE CONNECTOR a TYPE 's' CONFIG {\n    \"b\": 1\n}",
        ),
        ("select  1;", 0, 10, ";", "SELECT 1;\n"),
    ] {
        client.open(URI, text);
        let params = json!({
            "textDocument": {"uri": URI}, "position": {"line": line, "character": column}, "ch": typed,
            "options": {"tabSize": 4, "insertSpaces": true},
        });
        let edits = client.request("textDocument/onTypeFormatting", params);
        let mut edits: Vec<&Value> = list(&edits).iter().collect();
        assert_eq!(apply(text, &mut edits), expected);
        client.close(URI);
    }
    assert_eq!(client.finish(), 0);
}

#[test]
fn hints_between_letters() {
    let mut client = editor("vscode");
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 20, "character": 0}});
    let mut params = document(USES);
    params["range"] = range;
    let found = client.request("textDocument/inlayHint", params.clone());
    let labels: Vec<(&Value, &Value)> = list(&found).iter().map(|hint| (&hint["label"], &hint["kind"])).collect();
    assert_eq!(
        labels.iter().filter(|(_, kind)| !kind.is_null()).take(4).collect::<Vec<_>>(),
        [
            &(&json!("array"), &json!(1)),
            &(&json!("text:"), &json!(2)),
            &(&json!("start:"), &json!(2)),
            &(&json!("length:"), &json!(2))
        ],
        "{found}"
    );
    let hint = |label: &str| list(&found).iter().find(|hint| hint["label"] == label);
    let pushed = hint("pushed").expect("`status = UPPER('a')` is pushed");
    assert_eq!(pushed["position"], json!({"line": 1, "character": 78}), "{found}");
    assert_eq!(pushed["tooltip"], "pushed in `filters` and `options.where`; re-checked here");
    assert_eq!(hint("in options.where").map(|hint| &hint["position"]["line"]), Some(&json!(1)), "{found}");
    // The user does not want them.
    client.notify(
        "workspace/didChangeConfiguration",
        json!({"settings": {"moltler": {"inlayHints": {"types": false, "parameterNames": false}}}}),
    );
    let found = client.request("textDocument/inlayHint", params);
    assert!(!list(&found).iter().any(|hint| hint["kind"] == 1 || hint["label"] == "text:"), "{found}");
    assert_eq!(client.finish(), 0);
}

#[test]
fn lenses() {
    let mut client = editor("vscode");
    let found = client.request("textDocument/codeLens", document(USES));
    let commands: Vec<&str> = list(&found).iter().filter_map(|lens| lens["command"]["command"].as_str()).collect();
    assert_eq!(commands, ["moltler.runFile", "moltler.runTest", "moltler.runQuery", "moltler.explain"], "{found}");
    assert_eq!(found[1]["command"]["arguments"], json!([USES, "works"]));
    client.notify(
        "workspace/didChangeConfiguration",
        json!({"settings": {"moltler": {"codeLens": {"run": false, "references": true}}}}),
    );
    let found = client.request("textDocument/codeLens", document(TYPES));
    let resolved = client.request("codeLens/resolve", found[1].clone());
    assert_eq!(resolved["command"]["title"], "6 uses", "{resolved}");
    assert_eq!(client.finish(), 0);
    // An editor that says which commands it has gets no others.
    let mut said = capabilities("neovim");
    said["experimental"] = json!({"commands": {"commands": ["moltler.runTest"]}});
    let mut client = Client::start(files(), said);
    client.open(USES, USES_TEXT);
    let found = client.request("textDocument/codeLens", document(USES));
    assert_eq!(list(&found).len(), 1, "{found}");
    assert_eq!(client.finish(), 0);
}

#[test]
fn fixes_whose_changes_come_later() {
    for name in EDITORS {
        let mut client = editor(name);
        let text = "SELECT statu FROM c.items;\nSELECT siz FROM c.items;\n";
        client.open(URI, text);
        let range = json!({"start": {"line": 0, "character": 8}, "end": {"line": 0, "character": 8}});
        let params = json!({"textDocument": {"uri": URI}, "range": range, "context": {"diagnostics": []}});
        let actions = client.request("textDocument/codeAction", params.clone());
        assert!(actions[0]["edit"].is_null(), "{name}: {actions}");
        let action = client.request("codeAction/resolve", actions[0].clone());
        assert_eq!(changed(&action["edit"], URI, text), "SELECT status FROM c.items;\nSELECT siz FROM c.items;\n");
        // The whole file at once, for editors that do so when they save.
        let mut params = params;
        params["context"]["only"] = json!(["source.fixAll"]);
        let actions = client.request("textDocument/codeAction", params);
        assert_eq!(actions[0]["kind"], "source.fixAll.moltler", "{name}: {actions}");
        assert_eq!(changed(&actions[0]["edit"], URI, text), "SELECT status FROM c.items;\nSELECT size FROM c.items;\n");
        assert_eq!(client.finish(), 0);
    }
}

#[test]
fn names_that_are_typed_together() {
    let mut client = editor("vscode");
    let found = client.request("textDocument/linkedEditingRange", at("CREATE CONNECTOR mi|ne"));
    assert_eq!(all_told(&found["ranges"]), ["10:21-25", "11:34-38", "13:19-23"], "{found}");
    assert_eq!(client.finish(), 0);
}

#[test]
fn what_the_user_sets() {
    for name in EDITORS {
        let mut client = editor(name);
        let asked = client.wait("a question for settings", |message| message["method"] == "workspace/configuration");
        assert_eq!(asked["params"]["items"], json!([{"section": "moltler"}]), "{name}");
        client.send(&json!({"jsonrpc": "2.0", "id": asked["id"], "result": [{"codeLens": {"run": false}}]}));
        let found = client.request("textDocument/codeLens", document(USES));
        assert_eq!(found, json!([]), "{name}");
        assert_eq!(client.finish(), 0);
    }
    // Without such questions the options of the start count.
    let mut client = Client::raw(files());
    let options = json!({"codeLens": {"run": false}});
    client.request("initialize", json!({"processId": null, "capabilities": {}, "initializationOptions": options}));
    client.notify("initialized", json!({}));
    client.open(USES, USES_TEXT);
    assert_eq!(client.request("textDocument/codeLens", document(USES)), json!([]));
    assert_eq!(client.finish(), 0);
}

#[test]
fn packages_in_several_folders() {
    let files = files();
    files.write("/q/moltler.toml", "");
    files.write("/q/other.molt", "CREATE CONNECTOR TYPE 'other';\n");
    let mut client = Client::start(files, capabilities("vscode"));
    client.open(TYPES, TYPES_TEXT);
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({"event": {"added": [{"uri": "file:///q", "name": "q"}], "removed": []}}),
    );
    client.open("file:///q/other.molt", "CREATE CONNECTOR TYPE 'other';\nCREATE CONNECTOR c2 TYPE 's' CONFIG {};\n");
    let found = client.request("workspace/symbol", json!({"query": ""}));
    let names: Vec<&Value> = list(&found).iter().map(|symbol| &symbol["name"]).collect();
    assert!(names.contains(&&json!("other")) && names.contains(&&json!("s.items.create")), "{found}");
    // A name of one package is none in another.
    let report = client.pull("file:///q/other.molt");
    assert!(report.iter().any(|one| one["code"] == "unknown-type"), "{report:?}");
    assert_eq!(client.finish(), 0);
}

#[test]
fn progress_of_loading() {
    let mut client = editor("vscode");
    let created =
        client.wait("a token", |message| message["method"] == "window/workDoneProgress/create")["params"]["token"]
            .clone();
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let told = client.wait("progress", |message| message["method"] == "$/progress");
        assert_eq!(told["params"]["token"], created);
        kinds.push(told["params"]["value"]["kind"].clone());
    }
    assert_eq!(kinds, ["begin", "end"]);
    assert_eq!(client.finish(), 0);
}

#[test]
fn files_that_get_other_names() {
    let files = files();
    files.write("/p/uses.recordings.json", "{}");
    let mut client = Client::start(files.clone(), capabilities("vscode"));
    client.open(TYPES, TYPES_TEXT);
    let renamed = json!({"files": [{"oldUri": USES, "newUri": "file:///p/other.molt"}]});
    let edit = client.request("workspace/willRenameFiles", renamed.clone());
    assert_eq!(
        edit["documentChanges"],
        json!([{"kind": "rename", "oldUri": "file:///p/uses.recordings.json", "newUri": "file:///p/other.recordings.json"}])
    );
    files.remove("/p/uses.molt");
    files.write("/p/other.molt", USES_TEXT);
    client.notify("workspace/didRenameFiles", renamed);
    let mut params = at("\"sta|tus\": {\"type\"");
    params["context"] = json!({"includeDeclaration": false});
    let found = client.request("textDocument/references", params);
    assert!(list(&found).iter().any(|one| one["uri"] == "file:///p/other.molt"), "{found}");
    assert!(!list(&found).iter().any(|one| one["uri"] == USES), "{found}");
    // Files that come and go.
    files.remove("/p/other.molt");
    client.notify("workspace/didDeleteFiles", json!({"files": [{"uri": "file:///p/other.molt"}]}));
    files.write("/p/new.molt", "CREATE CONNECTOR fresh TYPE 's' CONFIG {};\n");
    client.notify("workspace/didCreateFiles", json!({"files": [{"uri": "file:///p/new.molt"}]}));
    let found = client.request("workspace/symbol", json!({"query": "fresh"}));
    assert_eq!(list(&found).len(), 1, "{found}");
    assert_eq!(client.finish(), 0);
}

#[test]
fn files_on_the_disk_are_watched_where_the_editor_can() {
    let files = files();
    let mut client = Client::start(files.clone(), capabilities("vscode"));
    let asked = client.wait("registrations", |message| message["method"] == "client/registerCapability");
    let methods: Vec<&Value> = list(&asked["params"]["registrations"]).iter().map(|one| &one["method"]).collect();
    assert_eq!(methods, ["workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles"]);
    client.open(TYPES, TYPES_TEXT);
    files.write("/p/actions.molt", &ACTIONS_TEXT.replace("items.create", "items.make"));
    client.notify("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": ACTIONS, "type": 2}]}));
    let found = client.request("workspace/symbol", json!({"query": "items.make"}));
    assert_eq!(list(&found).len(), 1, "{found}");
    assert_eq!(client.finish(), 0);
}

#[test]
fn columns_in_the_editor_s_encoding() {
    for (offered, chosen, column) in [
        (json!(["utf-16"]), "utf-16", 14),
        (json!(["utf-8", "utf-16", "utf-32"]), "utf-8", 16),
        (json!(["utf-32"]), "utf-32", 13),
    ] {
        let mut client = Client::raw(Arc::new(Files::default()));
        let capabilities = json!({"general": {"positionEncodings": offered}});
        let result = client.request("initialize", json!({"processId": null, "capabilities": capabilities}));
        assert_eq!(result["capabilities"]["positionEncoding"], chosen);
        client.notify("initialized", json!({}));
        client.open(URI, "PRINT '😀' || UPPER('ä');\n");
        let params = json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": column + 2}});
        let found = client.request("textDocument/hover", params);
        assert_eq!(found["range"]["start"]["character"], column, "{chosen}: {found}");
        assert_eq!(client.finish(), 0);
    }
}
