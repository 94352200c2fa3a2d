//! Conversations with the server.

use std::sync::Arc;

use crate::client::{Client, Files};
use serde_json::{Value, json};

const URI: &str = "file:///p/page.molt";

const PAGE: &str = r#"CREATE CONNECTOR TYPE 'myservice'
CONFIG_SCHEMA {
    "api_url": {"type": "string", "required": true},
    "api_key": {"type": "string", "required": true, "secret": true}
};
CREATE CONNECTOR ENTITY 'myservice.items'
FIELDS {
    "id": {"type": "string", "primary_key": true},
    "status": {"type": "string"}
}
QUERY_HANDLER '''
async function query(config, filters, options) {
    const response = await fetch(config.api_url + '/items', {headers: {'Authorization': 'Bearer ' + config.api_key}});
    return (await response.json()).filter(item => item.status === filters.status);
}
''';
REGISTER CONNECTOR TYPE 'myservice';
CREATE CONNECTOR prod TYPE 'myservice' CONFIG {"api_url": "https://a.example", "api_key": "{{secrets.k}}"};
SELECT id, status FROM prod.items WHERE status = 'active';
"#;
const HANDLER_LINE: u32 = 12;
const SELECT_LINE: u32 = 18;

fn errors(diagnostics: &[Value]) -> Vec<&Value> {
    diagnostics.iter().filter(|one| one["severity"] == 1).collect()
}

fn range(diagnostic: &Value) -> [u64; 4] {
    let number = |end: &str, member: &str| diagnostic["range"][end][member].as_u64().expect("a number");
    [number("start", "line"), number("start", "character"), number("end", "line"), number("end", "character")]
}

fn labels(items: &[Value]) -> Vec<&str> {
    items.iter().filter_map(|item| item["label"].as_str()).collect()
}

#[test]
fn from_open_to_exit() {
    let mut client = Client::pushed();
    client.open(URI, PAGE);
    assert_eq!(errors(&client.published(URI)), [] as [&Value; 0]);

    // A column that is not there.
    client.edit(URI, [SELECT_LINE, 7, SELECT_LINE, 9], "idd");
    let found = client.published(URI);
    let found = errors(&found);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(range(found[0]), [18, 7, 18, 10]);
    assert_eq!((found[0]["source"].as_str(), found[0]["code"].is_string()), (Some("moltler"), true));
    client.edit(URI, [SELECT_LINE, 7, SELECT_LINE, 10], "id");
    assert_eq!(errors(&client.published(URI)), [] as [&Value; 0]);

    // JavaScript that is none.
    client.edit(URI, [HANDLER_LINE, 4, HANDLER_LINE, 4], "const {");
    let found = client.published(URI);
    let found = errors(&found);
    assert!(!found.is_empty() && found.iter().all(|error| range(error)[0] == u64::from(HANDLER_LINE)), "{found:?}");
    assert_eq!(range(found[0]), [12, 11, 12, 16], "at `const`, which no pattern can begin with");
    client.edit(URI, [HANDLER_LINE, 4, HANDLER_LINE, 11], "");
    assert_eq!(errors(&client.published(URI)), [] as [&Value; 0]);

    // Completion in both languages.
    client.edit(URI, [SELECT_LINE, 17, SELECT_LINE, 17], ", st");
    let items = client.completion(URI, SELECT_LINE, 21);
    assert!(labels(&items).contains(&"status"), "{items:?}");
    let status = items.iter().find(|item| item["label"] == "status").expect("it is there");
    assert_eq!(range(&status["textEdit"]), [18, 19, 18, 21]);
    assert_eq!(status["textEdit"]["newText"], "status");
    client.edit(URI, [HANDLER_LINE, 4, HANDLER_LINE, 4], "config.");
    assert_eq!(labels(&client.completion(URI, HANDLER_LINE, 11)), ["api_url", "api_key"]);

    client.close(URI);
    assert_eq!(client.finish(), 0);
}

#[test]
fn diagnostics_that_are_asked_for() {
    let mut client = Client::pulling();
    client.open(URI, "SELECT FROM;");
    let id = json!({"textDocument": {"uri": URI}});
    let report = client.request("textDocument/diagnostic", id.clone());
    assert_eq!((report["kind"].as_str(), report["items"].as_array().map(Vec::is_empty)), (Some("full"), Some(false)));
    let mut again = id;
    again["previousResultId"] = report["resultId"].clone();
    assert_eq!(client.request("textDocument/diagnostic", again.clone())["kind"], "unchanged");
    client.edit(URI, [0, 7, 0, 11], "1");
    assert_eq!(client.request("textDocument/diagnostic", again)["items"], json!([]));
    assert_eq!(
        client.request("textDocument/diagnostic", json!({"textDocument": {"uri": "file:///no"}}))["items"],
        json!([])
    );
    assert_eq!(client.finish(), 0);
}

#[test]
fn a_defect_in_one_statement_moves_with_the_text_before_it() {
    let mut client = Client::pushed();
    client.open(URI, "SELECT 1;\nSELECT FROM;\n");
    let before: Vec<[u64; 4]> = errors(&client.published(URI)).into_iter().map(range).collect();
    client.edit(URI, [0, 0, 0, 0], "-- é\n\n");
    let after: Vec<[u64; 4]> = errors(&client.published(URI)).into_iter().map(range).collect();
    let moved: Vec<[u64; 4]> = before.into_iter().map(|[a, b, c, d]| [a + 2, b, c + 2, d]).collect();
    assert_eq!(after, moved);
    assert_eq!(client.finish(), 0);
}

#[test]
fn columns_in_every_encoding() {
    for (name, offered, column) in
        [("utf-16", json!([]), 15), ("utf-8", json!(["utf-16", "utf-8"]), 18), ("utf-32", json!(["utf-32"]), 14)]
    {
        let capabilities = json!({"general": {"positionEncodings": offered}});
        let mut client = Client::raw(Arc::default());
        let result =
            client.request("initialize", json!({"processId": null, "rootUri": null, "capabilities": capabilities}));
        assert_eq!(result["capabilities"]["positionEncoding"], name);
        client.open(URI, "SELECT 'é😀', nope FROM prod.items;");
        client.edit(URI, [0, column, 0, column], "X");
        client.published(URI);
        // The `X` is behind the first letter of `nope`.
        let items = client.completion(URI, 0, column);
        let edit = &items[0]["textEdit"];
        assert_eq!(range(edit)[1], u64::from(column) - 1, "{name}");
        assert_eq!(range(edit)[3], u64::from(column) + 4, "{name}");
        assert_eq!(client.finish(), 0);
    }
}

#[test]
fn files_of_a_package() {
    let files = Arc::new(Files::default());
    files.write("/p/moltler.toml", "");
    let (types, rest) = PAGE.split_at(PAGE.find("REGISTER").expect("the page registers"));
    files.write("/p/types/service.molt", types);
    let mut client =
        Client::start(files.clone(), json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}}));
    let registration = client.wait("registration", |message| message["method"] == "client/registerCapability");
    assert_eq!(registration["params"]["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    client.send(&json!({"jsonrpc": "2.0", "id": registration["id"], "result": null}));

    client.open("file:///p/main.molt", rest);
    assert_eq!(errors(&client.published("file:///p/main.molt")), [] as [&Value; 0]);

    // An open document counts more than the disk.
    let service = "file:///p/types/service.molt";
    client.open(service, &types.replace("\"status\"", "\"state\""));
    client.published(service);
    assert_eq!(errors(&client.published("file:///p/main.molt")).len(), 2, "`status` is in the list and in WHERE");
    client.close(service);
    client.edit("file:///p/main.molt", [0, 0, 0, 0], "\n");
    assert_eq!(errors(&client.published("file:///p/main.molt")), [] as [&Value; 0]);

    // The disk changes.
    files.remove("/p/types/service.molt");
    let watched = json!({"changes": [{"uri": service, "type": 3}]});
    client.notify("workspace/didChangeWatchedFiles", watched.clone());
    client.edit("file:///p/main.molt", [0, 0, 0, 0], "\n");
    assert!(!errors(&client.published("file:///p/main.molt")).is_empty());
    files.write("/p/types/service.molt", types);
    client.notify("workspace/didChangeWatchedFiles", watched);
    client.edit("file:///p/main.molt", [0, 0, 0, 0], "\n");
    assert_eq!(errors(&client.published("file:///p/main.molt")), [] as [&Value; 0]);

    // Without the manifest the folder below is not part of the package.
    files.remove("/p/moltler.toml");
    client
        .notify("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": "file:///p/moltler.toml", "type": 3}]}));
    client.edit("file:///p/main.molt", [0, 0, 0, 0], "\n");
    assert!(!errors(&client.published("file:///p/main.molt")).is_empty());
    assert_eq!(client.finish(), 0);
}

#[test]
fn the_life_of_a_server() {
    let mut client = Client::raw(Arc::default());
    assert_eq!(client.refused("textDocument/completion", json!({})), -32002);
    client.notify("textDocument/didOpen", json!({}));
    client.request("initialize", json!({"processId": null, "rootUri": null, "capabilities": {}}));
    assert_eq!(client.refused("initialize", json!({"capabilities": {}})), -32600);
    assert_eq!(client.refused("$/unknown", json!({})), -32601);
    assert_eq!(client.refused("textDocument/completion", json!({"position": 5})), -32602);
    client.request("shutdown", Value::Null);
    assert_eq!(client.refused("textDocument/completion", json!({})), -32600);
    client.notify("exit", Value::Null);
    assert_eq!(client.hang_up(), 0);

    assert_eq!(Client::pushed().hang_up(), 1);
    let mut client = Client::pushed();
    client.notify("exit", Value::Null);
    assert_eq!(client.hang_up(), 1);
}

#[test]
fn odd_messages() {
    let mut client = Client::pushed();
    for odd in [
        "{nope",
        "42",
        "null",
        "[]",
        "{}",
        "{\"id\": {}, \"method\": \"a\"}",
        "{\"id\": 1.5, \"method\": \"a\"}",
        "{\"id\": 7}",
        "{\"method\": 9}",
    ] {
        client.write(format!("Content-Length: {}\r\n\r\n{odd}", odd.len()).as_bytes());
        client.alive();
    }
    client.write(b"garbage\r\n\r\nContent-Length: -5\r\n\r\nContent-Length: 2\r\n\r\n\xff\xfe");
    client.alive();
    client.send(&json!({"jsonrpc": "2.0", "id": 99, "result": null}));
    client.notify("$/cancelRequest", json!({"id": 123_456}));
    client.notify("textDocument/didChange", json!({}));
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": "file:///not/open"}, "contentChanges": [{"text": ""}]}),
    );
    client.close("file:///not/open");
    client.alive();
    assert_eq!(client.finish(), 0);
}

#[test]
fn changes_that_are_none() {
    let place = |line: i64, column: i64| json!({"line": line, "character": column});
    let ranged = |start: Value, end: Value| json!([{"range": {"start": start, "end": end}, "text": "x"}]);
    let mut client = Client::pulling();
    for changes in [
        ranged(place(1_000_000, 0), place(1_000_000, 0)),
        ranged(place(0, 1_000_000), place(0, 1_000_000)),
        ranged(place(5, 3), place(2, 0)),
        ranged(place(0, 0), place(4_294_967_296, 4_294_967_296)),
        ranged(place(-1, 0), place(0, 0)),
        json!([{"range": {"start": {"line": 0.5, "character": 0}, "end": {"line": 1, "character": 0}}, "text": "x"}]),
        json!([{}]),
        json!([5]),
        json!([{"text": null}]),
        json!([]),
    ] {
        client.open(URI, PAGE);
        client.change(URI, changes);
        client.pull(URI);
        client.close(URI);
    }
    client.open(URI, PAGE);
    assert_eq!(errors(&client.pull(URI)), [] as [&Value; 0]);
    assert_eq!(client.finish(), 0);
}

#[test]
fn cancelled_requests_are_answered() {
    let mut client = Client::pulling();
    client.open(URI, &PAGE.repeat(20));
    let asked: Vec<i64> = (0..10)
        .map(|_| {
            let id = client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": URI}}));
            client.notify("$/cancelRequest", json!({"id": id}));
            id
        })
        .collect();
    for id in asked {
        let answer = client.answer(id);
        assert!(answer["error"]["code"] == -32800 || answer["result"]["kind"] == "full", "{answer}");
    }
    client.pull(URI);
    assert_eq!(client.finish(), 0);
}

#[test]
fn requests_between_changes_are_answered() {
    let mut client = Client::pulling();
    client.open(URI, PAGE);
    let mut asked = Vec::new();
    for step in 0..60 {
        client.edit(URI, [SELECT_LINE, 7, SELECT_LINE, 7], if step % 2 == 0 { "a" } else { "," });
        let place = json!({"textDocument": {"uri": URI}, "position": {"line": SELECT_LINE, "character": 8}});
        asked.push(client.ask("textDocument/completion", place));
        asked.push(client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": URI}})));
    }
    for id in asked {
        let answer = client.answer(id);
        assert!(answer.get("result").is_some() || answer["error"]["code"] == -32801, "{answer}");
    }
    assert_eq!(client.finish(), 0);
}

#[test]
fn what_and_where_a_name_is() {
    let mut client = Client::pulling();
    client.open(URI, PAGE);
    let at = |line: u32, character: u32| json!({"textDocument": {"uri": URI}, "position": {"line": line, "character": character}});
    let hover = client.request("textDocument/hover", at(SELECT_LINE, 12));
    assert_eq!(range(&hover), [18, 11, 18, 17]);
    assert_eq!(hover["contents"], json!({"kind": "markdown", "value": "`status`: string"}));
    let definition = client.request("textDocument/definition", at(SELECT_LINE, 30));
    assert_eq!((definition[0]["uri"].as_str(), range(&definition[0])), (Some(URI), [5, 25, 5, 40]));
    assert_eq!(client.request("textDocument/hover", at(4, 1)), Value::Null);
    assert_eq!(client.request("textDocument/definition", at(4, 1)), json!([]));
    let symbols = client.request("textDocument/documentSymbol", json!({"textDocument": {"uri": URI}}));
    let names: Vec<&str> = symbols.as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["myservice", "myservice.items", "prod"]);
    assert_eq!(client.finish(), 0);
}
