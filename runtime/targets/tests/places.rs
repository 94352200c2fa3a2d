//! Targets that need a process beside this one: a server, or a run that is killed.

use std::process::Command;

use moltler_targets::conformance::{self, Place, Value};
use moltler_targets::{Location, Target, connect, status};

#[path = "../../../tests/suite/postgres/server.rs"]
mod server;
#[path = "../src/elasticsearch/stub.rs"]
mod stub;

const KIND: &str = "MOLTLER_TEST_KIND";
const WHERE: &str = "MOLTLER_TEST_WHERE";
const TABLE: &str = "MOLTLER_TEST_TABLE";

fn location(kind: &str, place: &str) -> Location {
    match kind {
        "elasticsearch" => Location::Elasticsearch { url: place.to_owned() },
        "parquet" => Location::Parquet { path: place.into() },
        "postgres" => Location::Postgres { url: place.to_owned() },
        _ => panic!("unknown kind {kind}"),
    }
}

fn target(kind: &str, place: &str) -> Box<dyn Target> {
    connect(&location(kind, place)).expect("a target")
}

/// Not a test of its own: the process that [`killed_anywhere`] kills.
#[test]
fn child() {
    let Ok(kind) = std::env::var(KIND) else { return };
    let value = |name: &str| std::env::var(name).expect("the test sets it");
    conformance::go_on(&mut *target(&kind, &value(WHERE)), &value(TABLE)).expect("it goes on");
}

/// Runs a history in a process that ends at its N-th failpoint, goes on in another one, and compares: for every N there is.
fn killed_anywhere(kind: &str, place: impl Fn(u32) -> String, rows: impl Fn(&str, &str) -> Vec<Vec<Value>>) {
    let program = std::env::current_exe().expect("the test is a program");
    let log = tempfile::NamedTempFile::new().expect("a scratch file");
    let run = |number: u32, failpoint: Option<u32>| {
        let mut command = Command::new(&program);
        command
            .args(["child", "--exact"])
            .env(KIND, kind)
            .env(WHERE, place(number))
            .env(TABLE, format!("items{number}"));
        command.env("MOLTLER_FAILPOINT_LOG", log.path());
        if let Some(failpoint) = failpoint {
            command.env("MOLTLER_FAILPOINT", failpoint.to_string());
        }
        command.output().expect("the test can be started")
    };
    for number in 0..100 {
        let was_killed = !run(number, Some(number)).status.success();
        let at = std::fs::read_to_string(log.path()).unwrap_or_default();
        // A second death, somewhere else.
        if was_killed {
            run(number, Some(number % 5));
        }
        let last = run(number, None);
        assert!(last.status.success(), "{kind}, {number} ({at}): {}", String::from_utf8_lossy(&last.stdout));
        assert_eq!(rows(&place(number), &format!("items{number}")), conformance::gone_on(), "{kind}, {number} ({at})");
        if !was_killed {
            assert!(number > 8, "{kind} has {number} failpoints");
            return;
        }
    }
    panic!("{kind} has more failpoints than anybody thinks");
}

/// The rows of a folder of Parquet files, by a reader that knows nothing of who wrote them.
fn parquet_rows(folder: &str) -> Vec<Vec<Value>> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|end| end != "parquet") {
            continue;
        }
        let reader = SerializedFileReader::new(std::fs::File::open(path).expect("a file")).expect("a whole file");
        for row in reader.get_row_iter(None).expect("rows") {
            let row = row.expect("a row");
            let text = |column: usize| Value::Text(row.get_string(column).expect("a text").clone());
            rows.push(vec![text(0), Value::Number(row.get_long(1).expect("a number") as f64), text(2)]);
        }
    }
    rows.sort_by_key(|row| format!("{:?}", row[0]));
    rows
}

#[test]
fn parquet_is_killed_anywhere() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let place = |number: u32| folder.path().join(number.to_string()).join("items").to_string_lossy().into_owned();
    killed_anywhere("parquet", place, |place, _| parquet_rows(place));
}

#[test]
fn elasticsearch_is_killed_anywhere() {
    let stub = stub::Stub::start();
    let rows = |_: &str, table: &str| {
        let row = |document: serde_json::Value| {
            let text = |name: &str| Value::Text(document[name].as_str().expect("a text").to_owned());
            vec![text("id"), Value::Number(document["version"].as_f64().expect("a number")), text("text")]
        };
        stub.documents(table).into_iter().map(row).collect::<Vec<_>>()
    };
    killed_anywhere("elasticsearch", |_| stub.url(), rows);
}

/// The rows of a table with key, version and text.
fn postgres_rows(server: &server::Postgres, table: &str) -> Vec<Vec<Value>> {
    let text = server.psql(&format!("\\pset tuples_only\nSELECT id, version, text FROM {table} ORDER BY 1;\n"));
    let text = text.expect("psql can read it");
    let rows = text.lines().map(|line| {
        let mut values = line.split(',');
        let mut next = || values.next().expect("three values").to_owned();
        vec![Value::Text(next()), Value::Number(next().parse().expect("a number")), Value::Text(next())]
    });
    rows.collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "why nothing was tried")]
fn postgresql_is_a_target() {
    let Some(server) = server::Postgres::start() else {
        eprintln!("skipped: PostgreSQL is not installed (Debian's package is `postgresql`)");
        return;
    };
    let url = server.url();
    let location = Location::Postgres { url: url.clone() };
    conformance::check(&Place {
        connect: &|| target("postgres", &url),
        rows: &|table| postgres_rows(&server, table),
        status: &|table| status(&location, table).expect("a status"),
        transactional: true,
    });

    // In a schema that is not there, with what others made of the table.
    let names = ["deep.items", "items"];
    assert_eq!(status(&location, names[0]).expect("a status"), moltler_targets::Status::default());
    conformance::go_on(&mut *target("postgres", &url), names[0]).expect("it runs");
    server
        .psql("CREATE ROLE reader; GRANT SELECT ON deep.items TO reader; CREATE VIEW v AS SELECT * FROM deep.items;")
        .expect("SQL");
    server.psql("UPDATE deep.moltler_state SET state = '3'; UPDATE deep.items SET text = 'old';").expect("SQL");
    conformance::go_on(&mut *target("postgres", &url), names[0]).expect("it runs");
    assert_eq!(postgres_rows(&server, "v"), conformance::gone_on(), "a full pass keeps views");
    let granted = server.psql("\\pset tuples_only\nSELECT has_table_privilege('reader', 'deep.items', 'SELECT');\n");
    assert_eq!(granted.expect("SQL").trim(), "t", "and grants");
    let status = status(&location, names[0]).expect("a status");
    assert_eq!((status.state.as_deref(), status.runs.len()), (Some("4"), 2));

    conformance::write_samples(&mut *target("postgres", &url));
    let sample =
        server.psql("\\pset tuples_only\nSET timezone = 'UTC'; SELECT to_json(s) FROM samples s;\n").expect("SQL");
    assert_eq!(
        sample.trim().replace("\"\"", "\""),
        "\"{\"id\":\"a\",\"text\":\"t\\n\",\"number\":1,\"flag\":true,\"at\":\"2024-01-31T12:00:00.000005+00:00\",\
         \"day\":\"2024-01-31\",\"json\":123}\""
    );
    killed_anywhere("postgres", |_| url.clone(), |_, table| postgres_rows(&server, table));
}
