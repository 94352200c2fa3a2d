//! Connectors that try to take a secret away, to break the host, or to use it up. Each runs in a process of its own, which ends by
//! itself and says why; then everything that it wrote and everything that the other side got is searched for the secret.

mod exfiltration;
mod exhaustion;
mod objects;
mod world;

use std::time::{Duration, Instant};

use moltler_tests::command::Command;
use moltler_tests::scratch;

use world::{SECRET, World, forms, leaks};

/// What a connector tries.
struct Case {
    name: &'static str,
    /// SHARED of its type.
    shared: &'static str,
    /// The body of `query(config, filters, options)`; `api` and `evil` are the addresses of the two servers.
    body: &'static str,
    /// How it ends: `Ok` with what standard output holds, `Err` with one of the texts on standard error, separated by `|`.
    ends: Result<&'static str, &'static str>,
}

const fn ends(name: &'static str, body: &'static str, ends: Result<&'static str, &'static str>) -> Case {
    Case { name, shared: "", body, ends }
}

/// It ends with one of these texts on standard error.
const fn refused(name: &'static str, body: &'static str, told: &'static str) -> Case {
    ends(name, body, Err(told))
}

/// A hanging process is a failure; a busy machine is none.
const LIMIT: Duration = Duration::from_secs(60);

fn program(case: &Case, world: &World) -> String {
    let shared = if case.shared.is_empty() { String::new() } else { format!("SHARED '''\n{}\n'''", case.shared) };
    let (api, evil, raw, body) = (world.api(), world.evil(), world.raw(), case.body);
    format!(
        r#"CREATE CONNECTOR TYPE 'hostile'
CONFIG_SCHEMA {{
    "api_url": {{"type": "string", "required": true}},
    "evil_url": {{"type": "string", "required": true}},
    "raw_url": {{"type": "string", "required": true}},
    "api_key": {{"type": "string", "required": true, "secret": true, "hosts": ["{{api_url}}"]}}
}}
{shared};

CREATE CONNECTOR ENTITY 'hostile.rows'
FIELDS {{"v": {{"type": "string"}}, "d": {{"type": "document"}}}}
QUERY_HANDLER '''
async function query(config, filters, options) {{
const api = config.api_url, evil = config.evil_url;
{body}
}}
''';

REGISTER CONNECTOR TYPE 'hostile';

CREATE CONNECTOR h TYPE 'hostile'
CONFIG {{"api_url": "{api}", "evil_url": "{evil}", "raw_url": "{raw}", "api_key": "{{{{secrets.key}}}}"}}
OPTIONS {{"retry_count": 0, "timeout_seconds": 5, "max_memory_mb": 48, "max_run_seconds": 1}};

SELECT v, d FROM h.rows LIMIT 1000;
"#
    )
}

/// Runs all of them, and tells all that went wrong.
fn run(cases: &[Case]) {
    // Built before the time counts.
    moltler_tests::programs::programs();
    let world = World::start();
    let mut wrong = Vec::new();
    for case in cases {
        let folder = scratch();
        std::fs::write(folder.path().join("hostile.molt"), program(case, &world)).expect("our folder");
        let start = Instant::now();
        let command = Command::moltlerc(folder.path()).args(["run", "hostile.molt", "--format", "json"]);
        let outcome = command.env("MOLTLER_SECRET_KEY", SECRET).run();
        let mut fail = |what: String| {
            wrong
                .push(format!("{}: {what}\n--- stdout\n{}\n--- stderr\n{}", case.name, outcome.stdout, outcome.stderr));
        };
        if start.elapsed() > LIMIT {
            fail(format!("it took {:?}", start.elapsed()));
        }
        match case.ends {
            Ok(shown) if outcome.status != Some(0) || !outcome.stdout.contains(shown) => {
                fail(format!("it should end well, with `{shown}`; its status is {:?}", outcome.status));
            }
            Err(told) if outcome.status != Some(1) || !told.split('|').any(|told| outcome.stderr.contains(told)) => {
                fail(format!("it should be refused with `{told}`; its status is {:?}", outcome.status));
            }
            _ => {}
        }
        for internal in ["internal error", "panicked", "this is a bug"] {
            if outcome.stderr.contains(internal) {
                fail(format!("`{internal}`"));
            }
        }
        for leak in leaks(folder.path(), &outcome, &world) {
            fail(leak);
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

#[test]
fn the_search_finds_a_secret_in_every_form() {
    let found = |text: &str| forms().iter().any(|form| text.contains(form.as_str()));
    for text in [
        "s3cr3t/Hunter+2&k3y",
        "x=s3cr3t%2FHunter%2B2%26k3y",
        "czNjcjN0L0h1bnRlcisyJmszeQ==",
        "dTpzM2NyM3QvSHVudGVyKzImazN5",
        "7333637233742f48756e7465722b32266b3379",
        "7333637233742F48756E7465722B32266B3379",
    ] {
        assert!(found(text), "{text}");
    }
    assert!(!found("s3cr3t"));
}
