//! What a sync asks for, writes, and says, with an API that holds still.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use moltler_tests::command::{Command, Outcome};
use moltler_tests::scratch;
use moltler_tests::server::{Reply, Server, lock};
use serde_json::{Value, json};

/// A connector to `/items` and, for one owner, `/notes`; `/logs` has no key.
const CONNECTOR: &str = r#"
CREATE CONNECTOR TYPE 'api' CONFIG_SCHEMA {"url": {"type": "string", "required": true}}
SHARED '''
async function get(url, options) {
    const since = options.since ? '?since=' + options.since : '';
    const response = await fetch(url + since);
    if (response.status === 404) return [];
    if (!response.ok) throw new ConnectorError('status ' + response.status);
    return await response.json();
}
''';
CREATE CONNECTOR ENTITY 'api.items'
FIELDS {"id": {"type": "integer", "primary_key": true}, "name": {"type": "string"}, "at": {"type": "timestamp"}}
QUERY_HANDLER '''async function query(config, filters, options) { return get(config.url + '/items', options); }''';
CREATE CONNECTOR ENTITY 'api.notes'
FIELDS {"id": {"type": "integer", "primary_key": true}, "owner": {"type": "string", "required": true, "primary_key": true},
        "at": {"type": "timestamp"}}
QUERY_HANDLER '''async function query(config, filters, options) { return get(config.url + '/notes/' + filters.owner, options); }''';
CREATE CONNECTOR ENTITY 'api.logs'
FIELDS {"text": {"type": "string"}, "at": {"type": "timestamp"}}
QUERY_HANDLER '''async function query(config, filters, options) { return get(config.url + '/logs', options); }''';
REGISTER CONNECTOR TYPE 'api';
CREATE CONNECTOR a TYPE 'api' CONFIG {"url": ENV('API_URL')} OPTIONS {"retry_count": 0};
"#;

/// A folder with a program, and the API that it reads.
struct Play {
    folder: tempfile::TempDir,
    server: Server,
    tables: Arc<Mutex<Value>>,
}

impl Play {
    /// `tables` has the rows of each path.
    fn new(statements: &str, tables: Value) -> Play {
        let folder = scratch();
        let tables = Arc::new(Mutex::new(tables));
        let served = Arc::clone(&tables);
        let server = Server::start(move |call| match &lock(&served)[call.path.trim_start_matches('/')] {
            Value::Null => Reply::new(404, "null"),
            Value::Number(status) => Reply::new(status.as_u64().unwrap_or(500) as u16, "null"),
            rows => Reply::new(200, rows),
        });
        let play = Play { folder, server: server.expect("a port is free"), tables };
        play.program(statements);
        play
    }

    fn program(&self, statements: &str) {
        std::fs::write(self.folder.path().join("a.molt"), format!("{CONNECTOR}{statements}")).expect("a scratch file");
    }

    fn set(&self, path: &str, rows: Value) {
        lock(&self.tables)[path] = rows;
    }

    fn command(&self, arguments: &[&str]) -> Command {
        Command::moltlerc(self.folder.path()).args(arguments).env("API_URL", self.server.url())
    }

    /// `moltlerc sync` with these arguments; only what it says of its runs is left of standard error.
    #[track_caller]
    fn sync(&self, arguments: &[&str]) -> String {
        let all: Vec<&str> = ["sync"].iter().chain(arguments).copied().collect();
        let Outcome { stdout, stderr, .. } = self.command(&all).run().expect_status(0);
        assert_eq!(stdout, "");
        stderr.trim_end().to_owned()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

/// The rows of a table of a SQLite file, values as text, in the order of the first column.
fn rows(path: &Path, query: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).expect("a database");
    let mut statement = connection.prepare(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let count = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..count).map(|column| {
            Ok(match row.get_ref(column)? {
                rusqlite::types::ValueRef::Null => "NULL".to_owned(),
                rusqlite::types::ValueRef::Integer(integer) => integer.to_string(),
                rusqlite::types::ValueRef::Real(real) => real.to_string(),
                rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                rusqlite::types::ValueRef::Blob(_) => "blob".to_owned(),
            })
        });
        Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
    });
    rows.expect("rows").collect::<rusqlite::Result<_>>().expect("rows")
}

const TWO: &str = "2024-01-02T00:00:00Z";

fn items() -> Value {
    json!([
        {"id": 1, "name": "a", "at": "2024-01-01T00:00:00Z"},
        {"id": 2, "name": "b", "at": TWO},
        {"id": 3, "name": "c", "at": null},
    ])
}

#[test]
fn a_cursor_goes_on() {
    let play = Play::new("SYNC CONNECTOR a.items TO 'sqlite:x.db' INCREMENTAL ON at;", json!({"items": items()}));
    assert_eq!(
        play.sync(&[]),
        "`a.items` → sqlite:x.db (items): succeeded (full), 3 rows in 1 page; 1 request, 0 retries, waited 0.0 s"
    );
    let db = play.path("x.db");
    let all = "SELECT id, name, at FROM items ORDER BY 1";
    assert_eq!(rows(&db, all), ["1 a 2024-01-01T00:00:00.000000Z", "2 b 2024-01-02T00:00:00.000000Z", "3 c NULL"]);
    // The API gives more than it was asked for; rows from before the cursor are as old as they look.
    play.set(
        "items",
        json!([{"id": 1, "name": "old", "at": "2023-01-01T00:00:00Z"}, {"id": 2, "name": "B", "at": TWO}]),
    );
    let said = play.sync(&["a.molt", "--once"]);
    assert!(said.contains("succeeded (incremental), 1 row in 1 page"), "{said}");
    assert_eq!(rows(&db, all), ["1 a 2024-01-01T00:00:00.000000Z", "2 B 2024-01-02T00:00:00.000000Z", "3 c NULL"]);
    assert_eq!(play.server.requests(), ["GET /items", &format!("GET /items?since={TWO}")]);
    assert_eq!(
        rows(&db, "SELECT mode, status, rows_read, rows_written, requests FROM moltler_runs ORDER BY id"),
        ["full succeeded 3 3 1", "incremental succeeded 1 1 1"]
    );
    let explained = play.command(&["explain", "SYNC CONNECTOR a.items TO 'sqlite:x.db' INCREMENTAL ON at"]);
    let explained = explained.run().expect_status(0).stdout;
    for sentence in [
        "  incremental: the first run reads all of `a.items`",
        "  rows go into the SQLite file x.db",
        "  `a.items`: the last run succeeded at 20",
        ", 1 row; the next one reads from 2024-01-02T00:00:00Z on",
    ] {
        assert!(explained.contains(sentence), "{explained}");
    }
    // By hand.
    let said = play.sync(&["--rewind-to", "2024-01-01"]);
    assert_eq!(said, "`a.items` → sqlite:x.db (items): the next run reads from 2024-01-01 on");
    play.set("items", items());
    play.sync(&[]);
    assert_eq!(play.server.requests().last().map(String::as_str), Some("GET /items?since=2024-01-01T00:00:00Z"));
    play.sync(&["--reset"]);
    play.set("items", json!([{"id": 2, "name": "only", "at": TWO}]));
    let outcome = play.command(&["sync"]).run().expect_status(1);
    assert!(outcome.stderr.contains("2 of 3 rows are not there any more, which is more than 20 %: none is deleted"));
    assert_eq!(play.server.requests().last().map(String::as_str), Some("GET /items"));
    // Another WHERE is another sync.
    play.program("SYNC CONNECTOR a.items TO 'sqlite:x.db' INCREMENTAL ON at WHERE id > 1 KEEP MISSING;");
    let said = play.sync(&[]);
    assert!(said.contains("starts afresh, it had no WHERE and has WHERE id > 1\n"), "{said}");
    assert_eq!(play.server.requests().last().map(String::as_str), Some("GET /items"));
}

#[test]
fn rows_that_are_gone_are_deleted_behind_a_proven_pass() {
    let many = |range: std::ops::Range<i64>| range.map(|id| json!({"id": id, "name": "x"})).collect::<Value>();
    let play = Play::new("SYNC CONNECTOR a.items TO 'sqlite:x.db#t';", json!({"items": many(0..10)}));
    play.sync(&[]);
    let count = || rows(&play.path("x.db"), "SELECT COUNT(*), MIN(id) FROM t");
    play.set("items", many(2..10));
    let said = play.sync(&[]);
    assert!(said.contains("8 rows in 1 page, 2 deleted"), "{said}");
    assert_eq!(count(), ["8 2"]);
    // More than a fifth.
    play.set("items", many(4..10));
    let outcome = play.command(&["sync"]).run().expect_status(1);
    assert!(outcome.stderr.contains("`moltlerc sync --allow-deletes` deletes them"), "{}", outcome.stderr);
    assert_eq!(count(), ["8 2"]);
    assert_eq!(
        rows(&play.path("x.db"), "SELECT status, error IS NOT NULL FROM moltler_runs ORDER BY id DESC LIMIT 1"),
        ["failed 1"]
    );
    play.sync(&["--allow-deletes"]);
    assert_eq!(count(), ["6 4"]);
    // The handler makes nothing of a 404: that is no proof that there is nothing.
    play.set("items", Value::Null);
    let said = play.sync(&["--allow-deletes"]);
    assert!(said.contains("1 of the answers was no success, so rows that did not come are kept"), "{said}");
    assert_eq!(count(), ["6 4"]);
    play.set("items", json!(500));
    play.command(&["sync", "--allow-deletes"]).run().expect_status(1);
    assert_eq!(count(), ["6 4"]);
    play.set("items", json!([]));
    play.sync(&["--allow-deletes"]);
    assert_eq!(count(), ["0 NULL"]);
}

#[test]
fn each_value_has_a_cursor() {
    let note =
        |id: i64, owner: &str, at: &str| json!({"id": id, "owner": owner, "at": format!("2024-01-{at}T00:00:00Z")});
    let play = Play::new(
        "SYNC CONNECTOR a.notes TO 'ndjson:notes.ndjson' WHERE owner IN ('ann', 'bob') INCREMENTAL ON at LOOKBACK INTERVAL '1d';",
        json!({"notes/ann": [note(1, "ann", "05")], "notes/bob": [note(1, "bob", "09"), note(2, "bob", "08")]}),
    );
    play.sync(&[]);
    play.server.forget_requests();
    play.set("notes/ann", json!([note(2, "ann", "07")]));
    play.set("notes/bob", json!([]));
    play.sync(&[]);
    assert_eq!(
        play.server.requests(),
        ["GET /notes/ann?since=2024-01-04T00:00:00Z", "GET /notes/bob?since=2024-01-08T00:00:00Z"]
    );
    assert_eq!(
        std::fs::read_to_string(play.path("notes.ndjson")).expect("a file"),
        "{\"id\":1,\"owner\":\"ann\",\"at\":\"2024-01-05T00:00:00Z\"}\n\
         {\"id\":1,\"owner\":\"bob\",\"at\":\"2024-01-09T00:00:00Z\"}\n\
         {\"id\":2,\"owner\":\"bob\",\"at\":\"2024-01-08T00:00:00Z\"}\n\
         {\"id\":2,\"owner\":\"ann\",\"at\":\"2024-01-07T00:00:00Z\"}\n"
    );
    let shown = play.command(&["query", "SHOW SYNC STATE a.notes"]).run().expect_status(0);
    assert!(shown.stdout.contains("(0 rows)"), "a statement knows the syncs of its own program: {}", shown.stdout);
}

#[test]
fn a_whole_connector() {
    let play = Play::new(
        "SYNC CONNECTOR a TO 'sqlite:x.db#all_*' INCREMENTAL ON at;\nSHOW SYNC STATE;\nSHOW SYNC STATE a.items;",
        json!({"items": items(), "logs": [{"text": "x", "at": TWO}]}),
    );
    let said = play.sync(&[]);
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "`a.items` → sqlite:x.db (all_items): succeeded (full), 3 rows in 1 page; 1 request, 0 retries, waited 0.0 s",
            "`a.logs` is skipped: its rows have no primary key; sync it by itself with APPEND",
            "`a.notes` is skipped: it has to be told `owner`; sync it by itself with WHERE",
        ]
    );
    assert_eq!(rows(&play.path("x.db"), "SELECT COUNT(*) FROM all_items"), ["3"]);
    // Rows without keys are added; those at the cursor come again and are not.
    play.program("SYNC CONNECTOR a TO 'sqlite:x.db#log_*' INCREMENTAL ON at APPEND;");
    play.sync(&[]);
    play.set("logs", json!([{"text": "x", "at": TWO}, {"text": "y", "at": TWO}, {"text": "y", "at": TWO}]));
    play.sync(&[]);
    play.sync(&[]);
    assert_eq!(rows(&play.path("x.db"), "SELECT text FROM log_logs ORDER BY 1"), ["x", "y", "y"]);
    let run = play.command(&["run", "a.molt", "--format", "json"]).run().expect_status(0);
    assert_eq!(run.stdout, "");
}

#[test]
fn rows_without_a_key_are_kept_apart() {
    let rows_of = json!([{"id": 1, "name": "a"}, {"name": "nobody"}]);
    let play = Play::new("SYNC CONNECTOR a.items TO items;", json!({"items": rows_of}));
    let said = play.sync(&[]);
    assert!(said.contains("1 row in 1 page, 1 rejected"), "{said}");
    assert_eq!(
        rows(&play.path(".moltler/data.db"), "SELECT row, reason FROM moltler_rejected"),
        ["{\"id\":null,\"name\":\"nobody\",\"at\":null} `id` is NULL, and the primary key has it"]
    );
}

#[test]
fn no_secret_gets_into_a_table() {
    let play = Play::new("", json!({}));
    let source = std::fs::read_to_string(play.path("a.molt")).expect("a scratch file");
    let source = source
        .replace("{\"url\": {", "{\"key\": {\"type\": \"string\", \"secret\": true}, \"url\": {")
        .replace("CONFIG {", "CONFIG {\"key\": '{{secrets.k}}', ");
    let statement = "SYNC CONNECTOR a.items TO 'sqlite:x.db'; SYNC CONNECTOR a.items TO 'ndjson:x';";
    std::fs::write(play.path("a.molt"), format!("{source}{statement}")).expect("a scratch file");
    let secret = "s3cr3t-of-the-house";
    play.set("items", json!([{"id": 1, "name": format!("<{secret}>")}, {"id": 2, "name": "short"}]));
    play.command(&["sync"]).env("MOLTLER_SECRET_K", secret).run().expect_status(0);
    assert_eq!(rows(&play.path("x.db"), "SELECT name FROM items ORDER BY id"), ["<***>", "short"]);
    let text = std::fs::read_to_string(play.path("x")).expect("a file");
    assert!(text.starts_with("{\"id\":1,\"name\":\"<***>\",\"at\":null}\n"), "{text}");
}

#[test]
fn a_test_writes_nowhere() {
    let test = "TEST CONNECTOR TYPE 'api' NAME 'syncs' MOCK_API {\"GET /items\": {\"body\": [{\"id\": 1, \"at\": '2024-01-01'}]}} BEGIN
        CREATE CONNECTOR t TYPE 'api' CONFIG {\"url\": 'mock://'};
        SYNC CONNECTOR t.items TO 'sqlite:x.db' INCREMENTAL ON at;
        SYNC CONNECTOR t.items TO 'sqlite:x.db' INCREMENTAL ON at;
        ASSERT MOCK_CALLS('GET /items')[1].query.since = '2024-01-01T00:00:00Z';
        END TEST;";
    let play = Play::new(test, json!({}));
    let outcome = play.command(&["test"]).run().expect_status(0);
    assert_eq!(outcome.last_line(), "1 passed, 0 failed, 0 skipped", "{}", outcome.stderr);
    let files =
        std::fs::read_dir(play.folder.path()).expect("a folder").map(|entry| entry.expect("a file").file_name());
    assert_eq!(files.collect::<Vec<_>>(), ["a.molt"]);
}

#[test]
fn a_lookback_looks_back() {
    let statement = "SYNC CONNECTOR a.items TO 'sqlite:x.db' INCREMENTAL ON at LOOKBACK INTERVAL '-1d';";
    let play = Play::new(statement, json!({"items": items()}));
    let outcome = play.command(&["sync"]).run().expect_status(1);
    assert!(
        outcome.stderr.contains("LOOKBACK must be an interval or a number that is not negative"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn tables_grow_and_never_change() {
    let play = Play::new("SYNC CONNECTOR a.items TO 'sqlite:x.db';", json!({"items": items()}));
    play.sync(&[]);
    let source = std::fs::read_to_string(play.path("a.molt")).expect("a scratch file");
    let write = |text: String| std::fs::write(play.path("a.molt"), text).expect("a scratch file");
    let wider = source.replacen(
        "\"name\": {\"type\": \"string\"}",
        "\"name\": {\"type\": \"string\"}, \"size\": {\"type\": \"number\"}",
        1,
    );
    write(wider.replace("'sqlite:x.db'", "'sqlite:x.db' SCHEMA freeze"));
    let outcome = play.command(&["sync"]).run().expect_status(1);
    assert!(outcome.stderr.contains("`items` has no column `size`, and SCHEMA freeze adds none"), "{}", outcome.stderr);
    write(wider.clone());
    assert!(play.sync(&[]).starts_with("`items` has a new column `size`\n"));
    assert_eq!(rows(&play.path("x.db"), "SELECT id, size FROM items WHERE id = 1"), ["1 NULL"]);
    write(wider.replacen("\"size\": {\"type\": \"number\"}", "\"size\": {\"type\": \"string\"}", 1));
    let outcome = play.command(&["sync"]).run().expect_status(1);
    assert!(outcome.stderr.contains("the column `size` of `items` is REAL there and TEXT now"), "{}", outcome.stderr);
}

#[test]
fn a_sync_inside_a_program_and_an_executable() {
    let statements = "PARAM least integer DEFAULT 0;\nPRINT 'not in a sync';\nSELECT COUNT(*) AS n FROM a.items;\n\
                      IF least > 0 THEN SYNC CONNECTOR a.items TO 'ndjson:out.ndjson' WHERE id >= least; END IF;";
    let play = Play::new(statements, json!({"items": items()}));
    let out = || std::fs::read_to_string(play.path("out.ndjson")).unwrap_or_default().lines().count();
    play.sync(&[]);
    assert_eq!((out(), play.server.requests().len()), (0, 0));
    play.sync(&["a.molt", "--", "--least", "3"]);
    assert_eq!((out(), play.server.requests().len()), (1, 1));
    let outcome = play.command(&["run", "a.molt", "--least", "2"]).run().expect_status(0);
    assert!(outcome.stdout.starts_with("not in a sync\n"), "{}", outcome.stdout);
    assert_eq!(out(), 2);
    play.command(&["build", "a.molt", "-o", "program"]).run().expect_status(0);
    let program = |arguments: &[&str]| {
        Command::new(play.path("program"), play.folder.path()).args(arguments).env("API_URL", play.server.url()).run()
    };
    let outcome = program(&["sync", "--least", "1"]).expect_status(0);
    assert_eq!((outcome.stdout.as_str(), out()), ("", 3));
    assert!(outcome.stderr.contains("succeeded (full), 3 rows"), "{}", outcome.stderr);
    program(&["sync", "--daemon"]).expect_status(1);
    program(&["sync", "--limit", "5"]).expect_status(2);
}

#[test]
fn a_daemon_runs_when_it_is_time() {
    let play = Play::new("SYNC CONNECTOR a.items TO 'sqlite:x.db' SCHEDULE '* * * * *';", json!({"items": items()}));
    // A test does not wait for minutes.
    let mut daemon = std::process::Command::new(moltler_tests::programs::programs().moltlerc())
        .args(["sync", "--daemon"])
        .current_dir(play.folder.path())
        .env("API_URL", play.server.url())
        .env("MOLTLER_SYNC_HURRY", "1")
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let started = Instant::now();
    while play.server.requests().len() < 3 {
        assert!(started.elapsed() < Duration::from_secs(60), "it runs again and again");
        std::thread::sleep(Duration::from_millis(20));
    }
    daemon.kill().expect("it runs");
    daemon.wait().expect("it was killed");
    assert_eq!(rows(&play.path("x.db"), "SELECT COUNT(*) FROM items"), ["3"]);
}

#[test]
fn two_runs_do_not_write_to_one_table() {
    let play = Play::new("SYNC CONNECTOR a.items TO 'sqlite:x.db';", json!({"items": items()}));
    play.sync(&[]);
    let lock = std::fs::File::options().write(true).open(play.path(".x.db.items.lock")).expect("the lock of the table");
    lock.lock().expect("nobody has it");
    let outcome = play.command(&["sync"]).run().expect_status(1);
    assert!(outcome.stderr.contains("another run writes to `items` right now"), "{}", outcome.stderr);
    drop(lock);
    play.sync(&[]);
}
