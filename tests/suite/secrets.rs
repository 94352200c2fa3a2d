//! `moltlerc secrets`, and the stored values in runs and executables.

use std::path::Path;
use std::sync::{Arc, Mutex};

use moltler_tests::command::Command;
use moltler_tests::sample_api::{KEY, SampleApi};
use moltler_tests::server::{Parameters, Reply, Server};
use moltler_tests::{page, scratch};

const QUERY: &str = "SELECT id FROM shop.items ORDER BY id LIMIT 1;\n";

/// Every file below a folder that holds this text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("our folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if std::fs::read(&path).expect("readable").windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn secrets_are_set_listed_and_removed() {
    let folder = scratch();
    let secrets = |arguments: &[&str]| Command::moltlerc(folder.path()).arg("secrets").args(arguments);
    assert_eq!(secrets(&["list"]).run().expect_status(0).stdout, "");
    secrets(&["set", "b_key", "first-value-of-b"]).run().expect_status(0);
    secrets(&["set", "a.key"]).input("value of a\n").run().expect_status(0);
    assert_eq!(secrets(&["list"]).run().expect_status(0).stdout, "a.key\nb_key\n");
    let unknown = secrets(&["remove", "b_kye"]).run().expect_status(1);
    assert!(unknown.stderr.contains("there is no secret `b_kye`; did you mean `b_key`?"), "{}", unknown.stderr);
    secrets(&["remove", "b_key"]).run().expect_status(0);
    assert_eq!(secrets(&["list"]).run().expect_status(0).stdout, "a.key\n");
    for wrong in [&["set", "a b", "x"][..], &["set", "", "x"], &["set", "a", ""], &["set"], &[]] {
        secrets(wrong).run().expect_status(2);
    }
    let shadowed = secrets(&["set", "k", "v"]).env("MOLTLER_SECRET_K", "w").run().expect_status(0);
    assert!(
        shadowed.stderr.contains("MOLTLER_SECRET_K is set, and goes before the stored value"),
        "{}",
        shadowed.stderr
    );
    assert_eq!(holding(folder.path(), "value of a"), Vec::<String>::new());
}

#[test]
fn runs_and_executables_read_the_store() {
    let api = SampleApi::start().expect("a port is free");
    let folder = scratch();
    std::fs::write(
        folder.path().join("shop.molt"),
        [page::connector(), page::instance("shop"), QUERY.to_owned()].join("\n"),
    )
    .expect("our folder");
    let run = |state: &str| {
        let command = Command::moltlerc(folder.path()).args(["run", "shop.molt", "--format", "json"]);
        command.env("SHOP_URL", api.url()).env("MOLTLER_STATE_DIR", folder.path().join(state)).run()
    };
    let unknown = run("state").expect_status(1);
    assert!(unknown.stderr.contains("the secret `shop_key` is not known"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("run `moltlerc secrets set shop_key`"), "{}", unknown.stderr);
    let set = Command::moltlerc(folder.path()).args(["secrets", "set", "shop_key"]).input(format!("{KEY}\n"));
    set.env("MOLTLER_STATE_DIR", folder.path().join("state")).run().expect_status(0);
    let rows = run("state").expect_status(0).stdout;
    assert!(rows.starts_with("[{\"id\":"), "{rows}");
    run("elsewhere").expect_status(1);

    Command::moltlerc(folder.path()).args(["build", "shop.molt", "-o", "shop"]).run().expect_status(0);
    let executable = Command::new(folder.path().join("shop"), folder.path()).args(["--format", "json"]);
    let executed = executable.env("SHOP_URL", api.url()).env("MOLTLER_STATE_DIR", folder.path().join("state")).run();
    assert_eq!(executed.expect_status(0).stdout, rows);
    assert_eq!(holding(folder.path(), KEY), Vec::<String>::new());
}

#[test]
fn a_damaged_store_is_told() {
    let folder = scratch();
    Command::moltlerc(folder.path()).args(["secrets", "set", "k", "v"]).run().expect_status(0);
    std::fs::write(folder.path().join(".local/state/moltler/secrets"), "x").expect("our folder");
    let damaged = Command::moltlerc(folder.path()).args(["secrets", "list"]).run().expect_status(1);
    assert!(damaged.stderr.contains("cannot be decrypted"), "{}", damaged.stderr);
}

/// A server of OAuth 2 that takes each refresh token once, and an API behind it.
struct Rotating {
    /// The number of the refresh token that is good.
    current: u64,
    /// How often one was used again.
    used_again: u64,
}

fn rotating_server(state: &Arc<Mutex<Rotating>>) -> Server {
    let state = Arc::clone(state);
    let server = Server::start(move |call| {
        let mut state = state.lock().expect("no test panics with it");
        if call.path == "/token" {
            let form = Parameters::parse(&String::from_utf8_lossy(&call.body));
            if form.get("client_secret") != Some(CLIENT_SECRET) {
                return Reply::new(401, r#"{"error": "invalid_client"}"#);
            }
            if form.get("refresh_token") != Some(&refresh_token(state.current)) {
                state.used_again += 1;
                return Reply::new(400, r#"{"error": "invalid_grant"}"#);
            }
            state.current += 1;
            let (access, refresh) = (access_token(state.current), refresh_token(state.current));
            let answer = format!(r#"{{"access_token": "{access}", "refresh_token": "{refresh}", "expires_in": 1}}"#);
            return Reply::new(200, answer);
        }
        match (1..=state.current)
            .find(|number| call.header("authorization") == format!("Bearer {}", access_token(*number)))
        {
            Some(number) => Reply::new(200, format!(r#"[{{"id": "{number}", "echo": "{}"}}]"#, access_token(number))),
            None => Reply::new(401, "{}"),
        }
    });
    server.expect("a port is free")
}

const CLIENT_SECRET: &str = "client/secret+of&test";

fn access_token(number: u64) -> String {
    format!("access-token-{number:06}")
}

fn refresh_token(number: u64) -> String {
    format!("refresh-token-{number:06}")
}

const ROTATING: &str = r#"CREATE CONNECTOR TYPE 'rotating'
CONFIG_SCHEMA {
    "url": {"type": "string", "required": true},
    "client_secret": {"type": "string", "required": true, "secret": true},
    "refresh_token": {"type": "string", "required": true, "secret": true}
};
CREATE CONNECTOR ENTITY 'rotating.items'
FIELDS {"id": {"type": "string"}, "echo": {"type": "string"}}
QUERY_HANDLER '''
let oauth;
async function query(config) {
    oauth ??= moltler.oauth2({
        token_url: config.url + '/token', client_id: 'me', client_secret: config.client_secret, refresh_token: config.refresh_token,
    });
    const response = await oauth.fetch(config.url + '/items');
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.json();
}
''';
REGISTER CONNECTOR TYPE 'rotating';
CREATE CONNECTOR r TYPE 'rotating'
CONFIG {"url": ENV('URL'), "client_secret": "{{secrets.client_secret}}", "refresh_token": "{{secrets.refresh_token}}"};
SELECT id, echo FROM r.items;
"#;

#[test]
fn a_rotated_refresh_token_is_used_once_by_many_processes() {
    let state = Arc::new(Mutex::new(Rotating { current: 0, used_again: 0 }));
    let server = rotating_server(&state);
    let folder = scratch();
    std::fs::write(folder.path().join("rotating.molt"), ROTATING).expect("our folder");
    Command::moltlerc(folder.path()).args(["build", "rotating.molt", "-o", "rotating"]).run().expect_status(0);
    let start = |command: Command| {
        let command = command.args(["--format", "json"]).env("URL", server.url());
        let command = command.env("MOLTLER_SECRET_CLIENT_SECRET", CLIENT_SECRET);
        let outcome = command.env("MOLTLER_SECRET_REFRESH_TOKEN", refresh_token(0)).run().expect_status(0);
        assert!(outcome.stdout.contains("\"echo\":\"***\""), "{}", outcome.stdout);
    };
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (start, path) = (&start, folder.path());
            scope.spawn(move || match number % 2 {
                0 => start(Command::moltlerc(path).args(["run", "rotating.molt"])),
                _ => start(Command::new(path.join("rotating"), path)),
            });
        }
    });
    // Long after the end of the first token, with what the first processes left.
    std::thread::sleep(std::time::Duration::from_millis(1200));
    start(Command::new(folder.path().join("rotating"), folder.path()));
    let state = state.lock().expect("no test panics with it");
    assert_eq!(state.used_again, 0);
    assert!(state.current >= 2, "{}", state.current);
    for text in ["refresh-token-", "access-token-", CLIENT_SECRET] {
        assert_eq!(holding(folder.path(), text), Vec::<String>::new());
    }
}
