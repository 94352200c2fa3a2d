//! `--trace`: what a run does, told as lines of JSON.

use moltler_tests::command::{Command, Outcome};
use moltler_tests::scratch;
use moltler_tests::server::{Reply, Server};
use serde_json::{Value, json};

const PROGRAM: &str = "
CREATE CONNECTOR TYPE 'shop'
CONFIG_SCHEMA { \"api_url\": {\"type\": \"string\"}, \"key\": {\"type\": \"string\", \"secret\": true} };
CREATE CONNECTOR ENTITY 'shop.items'
FIELDS { \"id\": {\"type\": \"integer\"}, \"name\": {\"type\": \"string\"} }
QUERY_HANDLER '''
async function* query(config) {
    for (const page of [1, 2]) yield await (await fetch(`${config.api_url}/items?page=${page}&key=${config.key}`)).json();
}
''';
REGISTER CONNECTOR TYPE 'shop';
CREATE CONNECTOR s TYPE 'shop' CONFIG {\"api_url\": ENV('API_URL'), \"key\": ENV('API_KEY')};
SELECT name FROM s.items WHERE id > 1 ORDER BY name;
";
const KEY: &str = "k3y-of-the-shop";

/// The first answer is that the server is busy.
fn run(arguments: &[&str]) -> (Outcome, Vec<Value>) {
    let folder = scratch();
    std::fs::write(folder.path().join("shop.molt"), PROGRAM).expect("a scratch file");
    let busy = std::sync::atomic::AtomicBool::new(true);
    let server = Server::start(move |_| match busy.swap(false, std::sync::atomic::Ordering::Relaxed) {
        true => Reply::new(503, "").header("retry-after", 0),
        false => Reply::new(200, r#"[{"id": 1, "name": "Tea"}, {"id": 2, "name": "Milk"}]"#),
    });
    let server = server.expect("a port is free");
    let command = Command::moltlerc(folder.path()).args(arguments).env("API_URL", server.url()).env("API_KEY", KEY);
    let outcome = command.run().expect_status(0);
    let events = outcome.stderr.lines().filter(|line| line.starts_with("{\"trace\""));
    let events = events.map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    (outcome, events)
}

#[test]
fn events_tell_requests_rows_and_nodes() {
    let (outcome, events) = run(&["run", "shop.molt", "--format", "ndjson", "--trace"]);
    assert_eq!(outcome.stdout, "{\"name\":\"Milk\"}\n{\"name\":\"Milk\"}\n");
    let of = |name: &str| -> Vec<&Value> { events.iter().filter(|event| event["trace"] == name).collect() };
    let requests: Vec<Value> = of("request").iter().map(|event| json!([event["attempt"], event["status"]])).collect();
    assert_eq!(requests, [json!([1, 503]), json!([2, 200]), json!([1, 200])]);
    assert!(of("request")[0]["name"].as_str().is_some_and(|name| name.ends_with("/items?page=1&key=***")));
    assert!(!outcome.stderr.contains(KEY));
    let rows: Vec<Value> = of("rows").iter().map(|event| json!([event["name"], event["rows"]])).collect();
    assert_eq!(rows, [json!(["s.items", 2]), json!(["s.items", 2])]);
    let nodes = of("node");
    let scan = nodes.iter().find(|node| node["name"] == "Scan s.items").expect("a scan");
    assert_eq!((&scan["rows"], &of("request")[0]["parent"]), (&json!(4), &scan["id"]));
    let first = nodes.iter().find(|node| node["parent"] == 0).expect("a first node");
    assert_eq!((&first["rows"], &first["id"]), (&json!(2), &json!(1)));
    let end = events.last().expect("an event");
    let parts = ["trace", "requests", "retries", "pages", "rows"].map(|name| end[name].clone());
    assert_eq!(parts, [json!("end"), json!(3), json!(1), json!(2), json!(4)]);
    assert!(events.iter().all(|event| event["start_ms"].is_number() && event["ms"].is_number()), "{events:?}");
}

#[test]
fn nothing_is_told_without() {
    let (outcome, events) = run(&["run", "shop.molt", "--format", "ndjson"]);
    assert!(events.is_empty() && outcome.stderr.is_empty(), "{}", outcome.stderr);
    let (_, events) = run(&["query", "SELECT COUNT(*) AS n FROM s.items", "--trace"]);
    assert_eq!(events.last().map(|event| event["rows"].clone()), Some(json!(4)));
}
