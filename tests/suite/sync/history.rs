//! Histories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use moltler_tests::command::Command;
use moltler_tests::scratch;
use serde_json::Value;

use super::simulator::{Changes, LATE, Row, Simulator, seconds};

/// How many histories of each target are tried.
const HISTORIES: u64 = 6;

/// The program of all histories: `--mode` says what it syncs.
const PROGRAM: &str = r#"
PARAM mode string;
CREATE CONNECTOR TYPE 'sim' CONFIG_SCHEMA {"url": {"type": "string", "required": true}, "order": {"type": "string"}}
SHARED '''
let token = null;
async function ask(url) {
    for (let tries = 0; ; tries++) {
        if (!token) {
            token = (await (await fetch(url.split('/rows')[0] + '/token')).json()).token;
        }
        const response = await fetch(url, {headers: {Authorization: 'Bearer ' + token}});
        if (response.status !== 401 || tries === 3) {
            if (!response.ok) throw new ConnectorError('status ' + response.status);
            return await response.json();
        }
        token = null;
    }
}
''';
CREATE CONNECTOR ENTITY 'sim.rows'
FIELDS {"id": {"type": "string", "primary_key": true}, "updated_at": {"type": "timestamp"}, "value": {"type": "integer"},
        "more": {"type": "document"}}
QUERY_HANDLER '''
async function* query(config, filters, options) {
    let after = '';
    while (after !== null) {
        let url = config.url + '/rows?order=' + config.order + '&after=' + encodeURIComponent(after);
        if (options.since) url += '&since=' + encodeURIComponent(options.since);
        const page = await ask(url);
        yield page.rows;
        after = page.next;
    }
}
''';
REGISTER CONNECTOR TYPE 'sim';
CREATE CONNECTOR by_time TYPE 'sim' CONFIG {"url": ENV('API_URL'), "order": "time"} OPTIONS {"retry_count": 2};
CREATE CONNECTOR by_id TYPE 'sim' CONFIG {"url": ENV('API_URL'), "order": "id"} OPTIONS {"retry_count": 2};
IF mode = 'full' THEN
    SYNC CONNECTOR by_id.rows TO rows;
ELSEIF mode = 'ordered' THEN
    SYNC CONNECTOR by_time.rows TO rows INCREMENTAL ON updated_at LOOKBACK INTERVAL '10s';
ELSEIF mode = 'unordered' THEN
    SYNC CONNECTOR by_id.rows TO rows INCREMENTAL ON updated_at LOOKBACK INTERVAL '10s';
ELSEIF mode = 'events' THEN
    SYNC CONNECTOR by_time.rows TO rows INCREMENTAL ON updated_at LOOKBACK INTERVAL '10s' APPEND;
END IF;
"#;

/// What is synced, and what may happen to the table meanwhile: a sync by a cursor cannot see that a row is deleted, and one that
/// only adds rows cannot take back their older forms.
const MODES: [(&str, Changes); 4] = [
    ("full", Changes { inserts: true, updates: true, deletes: true }),
    ("ordered", Changes { inserts: true, updates: true, deletes: false }),
    ("unordered", Changes { inserts: true, updates: true, deletes: false }),
    ("events", Changes { inserts: true, updates: false, deletes: false }),
];

/// The program as an executable.
fn program() -> &'static Path {
    static PROGRAM_FILE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = PROGRAM_FILE.get_or_init(|| {
        let folder = scratch();
        let source = folder.path().join("history.molt");
        std::fs::write(&source, PROGRAM).expect("a scratch file");
        let program = folder.path().join("history");
        Command::moltlerc(folder.path()).arg("build").arg(&source).arg("-o").arg(&program).run().expect_status(0);
        (folder, program)
    });
    path
}

/// A place that histories are tried on.
pub(super) trait Place: Sync {
    /// As `MOLTLER_DESTINATION` has it; a history has a folder and a number.
    fn destination(&self, folder: &Path, history: u64) -> String;
    /// What is in the table: `id`, `updated_at`, `value`, `more` of each row.
    fn rows(&self, folder: &Path, history: u64) -> Vec<Value>;
}

struct Sqlite;

impl Place for Sqlite {
    fn destination(&self, _folder: &Path, _history: u64) -> String {
        "sqlite:data.db".to_owned()
    }

    fn rows(&self, folder: &Path, _history: u64) -> Vec<Value> {
        let Ok(connection) = rusqlite::Connection::open(folder.join("data.db")) else { return Vec::new() };
        let Ok(mut statement) = connection.prepare("SELECT id, updated_at, value, more FROM rows") else {
            return Vec::new();
        };
        let rows = statement.query_map([], |row| {
            let (id, at, value, more): (String, Option<String>, i64, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let more: Value = serde_json::from_str(&more).expect("JSON");
            Ok(serde_json::json!({"id": id, "updated_at": at, "value": value, "more": more}))
        });
        rows.expect("rows").collect::<rusqlite::Result<_>>().expect("rows")
    }
}

struct Ndjson;

impl Place for Ndjson {
    fn destination(&self, _folder: &Path, _history: u64) -> String {
        "ndjson:out".to_owned()
    }

    fn rows(&self, folder: &Path, _history: u64) -> Vec<Value> {
        let text = std::fs::read_to_string(folder.join("out/rows.ndjson")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect()
    }
}

/// The rows by key; of several with one key, the last one counts. Of events, nothing may be there twice.
fn table(rows: &[Value], is_log: bool) -> BTreeMap<String, Row> {
    let mut table = BTreeMap::new();
    for row in rows {
        let id = row["id"].as_str().expect("an id").to_owned();
        let value = row["value"].as_i64().expect("a value");
        assert_eq!(row["more"], serde_json::json!({"n": [value]}));
        let row = Row { updated_at: row["updated_at"].as_str().map(seconds), value };
        let former = table.insert(id, row);
        assert!(!is_log || former.is_none(), "an event is there twice: {former:?}");
    }
    table
}

/// What ends a run before its time.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Never,
    /// The n-th failpoint.
    At(u32),
    /// A signal that nothing catches, after so much time.
    After(Duration),
}

/// One history; `Err` tells what came out wrong.
fn history(place: &dyn Place, seed: u64, killed: &AtomicU64) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let (mode, changes) = MODES[seed as usize % MODES.len()];
    let simulator = Simulator::start(seed, changes);
    let folder = scratch();
    let folder = folder.path();
    // What nobody changes in the whole history must never be missing once a run has seen all rows.
    let from_the_start = simulator.world().rows.clone();
    let sync = |stop: Stop| {
        let mut command = Command::new(program(), folder)
            .args(["sync", "--allow-deletes", "--mode", mode])
            .env("API_URL", simulator.url())
            .env("MOLTLER_DESTINATION", place.destination(folder, seed))
            .env("MOLTLER_SYNC_COMMIT_ROWS", "10")
            .env("MOLTLER_FAILPOINT_LOG", folder.join("failpoint"));
        match stop {
            Stop::Never => command.run(),
            Stop::At(failpoint) => {
                command = command.env("MOLTLER_FAILPOINT", failpoint.to_string());
                command.run()
            }
            Stop::After(time) => command.kill_after(time),
        }
    };
    let (mut told, mut has_succeeded) = (Vec::new(), false);
    for _ in 0..rng.u32(1..6) {
        let stop = match rng.u8(..8) {
            0 | 1 => Stop::Never,
            2 => Stop::After(Duration::from_millis(rng.u64(..200))),
            _ => Stop::At(rng.u32(..30)),
        };
        let outcome = sync(stop);
        killed.fetch_add(u64::from(outcome.status.is_none()), Ordering::Relaxed);
        told.push(format!("{stop:?}: {:?} {}", outcome.status, outcome.stderr.trim_end()));
        has_succeeded |= outcome.status == Some(0);
        // Killed or not, what is there can be read, and is not half of it.
        let found = table(&place.rows(folder, seed), mode == "events");
        let mut world = simulator.world();
        for (id, row) in from_the_start.iter().filter(|(id, row)| world.rows.get(*id) == Some(row)) {
            if has_succeeded && found.get(id) != Some(row) {
                return Err(format!("seed {seed} ({mode}): {id} is missing meanwhile\n{}", told.join("\n")));
            }
        }
        world.quiet();
    }
    let expected = {
        let mut world = simulator.world();
        (world.faults, world.changes) = (false, Changes::default());
        world.quiet();
        world.rows.clone()
    };
    let outcome = sync(Stop::Never);
    told.push(format!("last: {:?} {}", outcome.status, outcome.stderr.trim_end()));
    let found = table(&place.rows(folder, seed), mode == "events");
    let mut differences = Vec::new();
    for (id, row) in &expected {
        match found.get(id) {
            Some(known) if known == row => {}
            Some(known) => differences.push(format!("{id}: {known:?} instead of {row:?}")),
            None => differences.push(format!("{id} is lost: {row:?}")),
        }
    }
    differences.extend(found.keys().filter(|id| !expected.contains_key(*id)).map(|id| format!("{id} is too much")));
    if outcome.status != Some(0) || !differences.is_empty() {
        return Err(format!("seed {seed} ({mode}):\n{}\n{}", differences.join("\n"), told.join("\n")));
    }
    // Nothing is new: a cursor asks for what is as late as changes may be, and no more.
    let before = simulator.world().requests;
    let outcome = sync(Stop::Never);
    let asked = simulator.world().requests - before;
    let again = table(&place.rows(folder, seed), mode == "events");
    if again != found || outcome.status != Some(0) || mode != "full" && asked > 3 + LATE as u64 {
        return Err(format!("seed {seed} ({mode}): one more run asked {asked} times: {}", outcome.stderr));
    }
    Ok(())
}

/// Tries histories on a place.
#[expect(clippy::print_stderr, reason = "how many were tried")]
pub(super) fn check(place: &dyn Place) {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let count = number("MOLTLER_SYNC_HISTORIES").unwrap_or(HISTORIES);
    let first = number("MOLTLER_SYNC_SEED").unwrap_or(0);
    program();
    let (next, killed) = (AtomicU64::new(first), AtomicU64::new(0));
    let failures = std::thread::scope(|scope| {
        let threads = (0..2).map(|_| {
            scope.spawn(|| {
                let mut failures = Vec::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return failures;
                    }
                    failures.extend(history(place, seed, &killed).err());
                }
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a history can be read")).collect::<Vec<_>>()
    });
    assert!(failures.is_empty(), "{} of {count} histories came out wrong:\n{}", failures.len(), failures.join("\n\n"));
    let killed = killed.into_inner();
    assert!(killed > 0, "no run was killed");
    eprintln!("{count} histories from seed {first} on, {killed} runs killed");
}

#[test]
fn sqlite_is_as_the_api() {
    check(&Sqlite);
}

#[test]
fn ndjson_is_as_the_api() {
    check(&Ndjson);
}
