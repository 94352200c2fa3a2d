//! An executable as a source of Airbyte and as a tap of Singer.

use std::path::Path;

use moltler_tests::command::{Command, Outcome};
use moltler_tests::scratch;
use moltler_tests::server::{Reply, Server};
use serde_json::{Value, json};

const PROGRAM: &str = r#"
CREATE CONNECTOR TYPE 'api' CONFIG_SCHEMA {
    "url": {"type": "string", "required": true, "description": "Where it is"},
    "key": {"type": "string", "required": true, "secret": true},
    "size": {"type": "integer", "default": 10}
};
CREATE CONNECTOR ENTITY 'api.items'
FIELDS {"id": {"type": "integer", "primary_key": true}, "name": {"type": "string"}, "at": {"type": "timestamp"}, "more": {"type": "document"}}
QUERY_HANDLER '''
async function query(config, filters, options) {
    const since = options.since ? '&since=' + options.since : '';
    const response = await fetch(config.url + '/items?size=' + config.size + since, {headers: {'X-Key': config.key}});
    if (response.status === 401) throw new ConnectorAuthError('the key is wrong');
    return await response.json();
}
''';
CREATE CONNECTOR ENTITY 'api.notes'
FIELDS {"owner": {"type": "string", "required": true}, "text": {"type": "string"}}
QUERY_HANDLER '''async function query(config, filters) { return fetch(config.url); }''';
CREATE CONNECTOR ENTITY 'api.colours'
FIELDS {"flag": {"type": "boolean"}}
QUERY_HANDLER '''async function query(config, filters) { console.log('colours'); return [{flag: true}, {flag: false}]; }''';
REGISTER CONNECTOR TYPE 'api';
"#;

const KEY: &str = "a-key-of-some-length";

struct Source {
    folder: tempfile::TempDir,
    server: Server,
}

impl Source {
    fn new() -> Source {
        let folder = scratch();
        std::fs::write(folder.path().join("api.molt"), PROGRAM).expect("a scratch file");
        Command::moltlerc(folder.path()).args(["build", "api.molt", "-o", "source"]).run().expect_status(0);
        let server = Server::start(|call| {
            if call.header("x-key") != KEY {
                return Reply::new(401, "null");
            }
            let mut rows = vec![
                json!({"id": 1, "name": "a", "at": "2024-01-01T00:00:00Z", "more": {"n": 1}}),
                json!({"id": 2, "name": format!("<{KEY}>"), "at": "2024-01-02T00:00:00Z"}),
            ];
            if let Some(since) = call.parameters().get("since") {
                rows.retain(|row| row["at"].as_str() >= Some(since));
                rows.push(json!({"id": 3, "name": "c", "at": "2024-01-03T00:00:00Z"}));
            }
            Reply::new(200, json!(rows))
        });
        let source = Source { folder, server: server.expect("a port is free") };
        source.file("config.json", json!({"url": source.server.url(), "key": KEY, "__injected": 1}));
        source
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str, content: Value) {
        std::fs::write(self.path().join(name), content.to_string()).expect("a scratch file");
    }

    fn run(&self, arguments: &str) -> Outcome {
        Command::new(self.path().join("source"), self.path()).args(arguments.split_whitespace()).run()
    }

    /// The messages of a run that ended with this status.
    #[track_caller]
    fn messages(&self, arguments: &str, status: i32) -> Vec<Value> {
        let outcome = self.run(arguments).expect_status(status);
        assert!(!outcome.stdout.contains(KEY) && !outcome.stderr.contains(KEY));
        outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("a message")).collect()
    }
}

/// What kinds of messages there are, one after the other, each once.
fn kinds(messages: &[Value]) -> Vec<String> {
    let mut found: Vec<String> = messages
        .iter()
        .map(|message| match &message["trace"]["stream_status"]["status"] {
            Value::String(status) => status.clone(),
            _ => message["type"].as_str().expect("a type").to_owned(),
        })
        .collect();
    found.dedup();
    found
}

#[test]
fn a_source_of_airbyte() {
    let source = Source::new();
    let spec = &source.messages("spec", 0)[0]["spec"]["connectionSpecification"];
    assert_eq!(spec["required"], json!(["url", "key"]));
    assert_eq!(spec["properties"]["key"]["airbyte_secret"], true);
    assert_eq!(spec["properties"]["size"]["type"], "integer");

    let status = |messages: &[Value]| messages[0]["connectionStatus"]["status"].clone();
    assert_eq!(status(&source.messages("check --config config.json", 0)), "SUCCEEDED");
    source.file("wrong.json", json!({"url": source.server.url(), "key": "another-long-key"}));
    let failed = source.messages("check --config wrong.json", 0);
    assert_eq!(status(&failed), "FAILED");
    assert!(failed[0]["connectionStatus"]["message"].as_str().is_some_and(|text| text.contains("the key is wrong")));

    let catalog = &source.messages("discover --config config.json", 0)[0]["catalog"];
    let names: Vec<&Value> =
        catalog["streams"].as_array().expect("streams").iter().map(|stream| &stream["name"]).collect();
    assert_eq!(names, ["items", "colours"]);
    let items = &catalog["streams"][0];
    assert_eq!(items["supported_sync_modes"], json!(["full_refresh", "incremental"]));
    assert_eq!(items["source_defined_primary_key"], json!([["id"]]));
    assert_eq!(items["default_cursor_field"], json!(["at"]));
    let at = json!({"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_with_timezone"});
    assert_eq!(items["json_schema"]["properties"]["at"], at);

    let configured =
        |mode: &str, stream: &Value| json!({"stream": stream, "sync_mode": mode, "destination_sync_mode": "append"});
    let colours = &catalog["streams"][1];
    source.file(
        "catalog.json",
        json!({"streams": [configured("incremental", items), configured("full_refresh", colours)]}),
    );
    let messages = source.messages("read --config config.json --catalog catalog.json", 0);
    let one = ["STARTED", "RUNNING", "RECORD", "STATE", "COMPLETE"];
    assert_eq!(kinds(&messages), [one, one].concat());
    let records: Vec<&Value> = messages.iter().filter(|message| message["type"] == "RECORD").collect();
    assert_eq!(records.len(), 4);
    assert_eq!(
        records[0]["record"]["data"],
        json!({"id": 1, "name": "a", "at": "2024-01-01T00:00:00Z", "more": {"n": 1}})
    );
    assert_eq!(records[1]["record"]["data"]["name"], "<***>");
    assert_eq!(records[3]["record"]["stream"], "colours");
    let states: Vec<Value> =
        messages.iter().filter(|message| message["type"] == "STATE").map(|message| message["state"].clone()).collect();
    assert_eq!(states[0]["stream"]["stream_descriptor"]["name"], "items");
    assert_eq!(states[0]["sourceStats"]["recordCount"], 2.0);

    // What is new, and what is as new as the last.
    source.server.forget_requests();
    source.file("state.json", json!(states));
    let messages = source.messages("read --config config.json --catalog catalog.json --state state.json", 0);
    assert_eq!(source.server.requests(), ["GET /items?size=10&since=2024-01-02T00:00:00Z"]);
    let items = messages.iter().filter(|message| message["record"]["stream"] == "items");
    let ids: Vec<&Value> = items.map(|message| &message["record"]["data"]["id"]).collect();
    assert_eq!(ids, [2, 3]);

    // One stream fails, the other is read.
    let messages = source.messages("read --config wrong.json --catalog catalog.json", 1);
    assert_eq!(
        kinds(&messages),
        ["STARTED", "TRACE", "INCOMPLETE", "STARTED", "RUNNING", "RECORD", "STATE", "COMPLETE"]
    );
    assert_eq!(messages[1]["trace"]["error"]["failure_type"], "config_error");
    source.run("read --config config.json").expect_status(2);
    source.run("read --config nowhere.json --catalog catalog.json").expect_status(1);
}

#[test]
fn a_tap_of_singer() {
    let source = Source::new();
    let outcome = source.run("--config config.json --discover").expect_status(0);
    let mut catalog: Value = serde_json::from_str(&outcome.stdout).expect("a catalog");
    assert_eq!(catalog["streams"][0]["key_properties"], json!(["id"]));
    let metadata = &mut catalog["streams"][0]["metadata"][0]["metadata"];
    assert_eq!(metadata["valid-replication-keys"], json!(["at", "id", "name"]));
    metadata["selected"] = json!(true);
    metadata["replication-method"] = json!("INCREMENTAL");
    metadata["replication-key"] = json!("at");
    catalog["streams"][1]["metadata"][0]["metadata"]["selected"] = json!(false);
    source.file("catalog.json", catalog);
    let messages = source.messages("--config config.json --catalog catalog.json", 0);
    assert_eq!(kinds(&messages), ["SCHEMA", "RECORD", "STATE"]);
    assert_eq!(messages[0]["bookmark_properties"], json!(["at"]));
    assert_eq!(messages[1]["record"]["name"], "a");
    source.server.forget_requests();
    source.file("state.json", messages.last().expect("a state")["value"].clone());
    let messages = source.messages("--config config.json --catalog catalog.json --state state.json", 0);
    assert_eq!(source.server.requests(), ["GET /items?size=10&since=2024-01-02T00:00:00Z"]);
    assert_eq!(messages.iter().filter(|message| message["type"] == "RECORD").count(), 2);
    // Without a catalog everything is read in full.
    let messages = source.messages("--config config.json", 0);
    assert_eq!(messages.iter().filter(|message| message["type"] == "RECORD").count(), 4);
}
