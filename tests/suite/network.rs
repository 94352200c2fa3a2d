//! What programs send, measured at a server: rates, retries, hosts that are not granted.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use moltler_tests::command::{Command, Outcome};
use moltler_tests::scratch;
use moltler_tests::server::{Reply, Server};

/// A connector whose only entity asks for `/rows/1` to `/rows/N` at once.
const CONNECTOR: &str = "
CREATE CONNECTOR TYPE 'load'
CONFIG_SCHEMA { \"api_url\": {\"type\": \"string\", \"required\": true}, \"count\": {\"type\": \"integer\", \"default\": 1} };

CREATE CONNECTOR ENTITY 'load.rows'
FIELDS { \"id\": {\"type\": \"integer\"}, \"at\": {\"type\": \"string\"} }
QUERY_HANDLER '''
async function query(config) {
    const ids = Array.from({length: config.count}, (_, index) => index + 1);
    return Promise.all(ids.map(async id => {
        const response = await fetch(`${config.api_url}/rows/${id}`);
        if (!response.ok) throw new ConnectorError(`answered ${response.status}`);
        return response.json();
    }));
}
''';

REGISTER CONNECTOR TYPE 'load';
";

/// A server that remembers when each request came.
struct Clocked {
    server: Server,
    arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Clocked {
    /// Answers the n-th request (from 0) by `answer`.
    fn start(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Clocked {
        let arrivals: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let seen = Arc::clone(&arrivals);
        let server = Server::start(move |_| {
            let mut seen = seen.lock().expect("no panic before");
            seen.push(Instant::now());
            answer(seen.len() - 1)
        });
        Clocked { server: server.expect("a port is free"), arrivals }
    }

    fn arrivals(&self) -> Vec<Instant> {
        self.arrivals.lock().expect("no panic before").clone()
    }
}

fn row(_: usize) -> Reply {
    Reply::new(200, r#"{"id": 1}"#)
}

fn moltlerc(folder: &Path, arguments: &[&str], program: &str, api: &Clocked) -> Outcome {
    std::fs::write(folder.join("load.molt"), format!("{CONNECTOR}\n{program}")).expect("our folder");
    Command::moltlerc(folder).args(arguments).env("API_URL", api.server.url()).run()
}

/// Eight queries with five requests each, in tests that run side by side, over one instance with 20 requests per second.
#[test]
fn a_rate_limit_holds_for_all_queries_of_an_instance() {
    let api = Clocked::start(row);
    let folder = scratch();
    let tests: String = (1..=8)
        .map(|number| {
            format!(
                "TEST CONNECTOR TYPE 'load' NAME 'query {number}'
                BEGIN
                    CREATE CONNECTOR limited TYPE 'load' CONFIG {{\"api_url\": ENV('API_URL'), \"count\": 5}}
                    OPTIONS {{\"rate_limit\": 20}};
                    DECLARE results = SELECT id FROM limited.rows;
                    ASSERT ARRAY_LENGTH(results) = 5;
                END TEST;\n"
            )
        })
        .collect();
    let started = Instant::now();
    let outcome = moltlerc(folder.path(), &["test", "load.molt"], &tests, &api).expect_status(0);
    assert_eq!(outcome.last_line(), "8 passed, 0 failed, 0 skipped");
    let arrivals = api.arrivals();
    assert_eq!(arrivals.len(), 40);
    for (index, arrival) in arrivals.iter().enumerate() {
        // However late a request comes, it never comes before its turn.
        let turn = Duration::from_millis(50) * index as u32;
        assert!(arrival.duration_since(started) >= turn, "request {index} after {:?}", arrival.duration_since(started));
    }
    // In any second: twenty, one more at its edge, and some that were late on their way.
    let busiest = arrivals
        .iter()
        .map(|start| {
            arrivals.iter().filter(|at| **at >= *start && at.duration_since(*start) < Duration::from_secs(1)).count()
        })
        .max();
    assert!(busiest <= Some(24), "{busiest:?} requests in a second");
}

#[test]
fn a_burst_goes_out_at_once() {
    let api = Clocked::start(row);
    let folder = scratch();
    let program = "CREATE CONNECTOR limited TYPE 'load' CONFIG {\"api_url\": ENV('API_URL'), \"count\": 8}
        OPTIONS {\"rate_limit\": \"240/m\", \"rate_limit_burst\": 6};
        SELECT COUNT(*) AS n FROM limited.rows;";
    moltlerc(folder.path(), &["run", "load.molt", "--format", "csv"], program, &api).expect_status(0);
    let arrivals = api.arrivals();
    assert_eq!(arrivals.len(), 8);
    // Six at once, the others each a quarter of a second later.
    assert!(arrivals[7].duration_since(arrivals[0]) >= Duration::from_millis(400));
    assert!(arrivals[7].duration_since(arrivals[0]) < Duration::from_millis(1600));
}

#[test]
fn a_server_that_recovers_is_asked_again() {
    let api = Clocked::start(|index| match index {
        0 => Reply::new(503, ""),
        1 => Reply::new(429, "").header("retry-after", 1),
        _ => row(index),
    });
    let folder = scratch();
    let program = "CREATE CONNECTOR c TYPE 'load' CONFIG {\"api_url\": ENV('API_URL')};
        SELECT id FROM c.rows;";
    let outcome = moltlerc(folder.path(), &["run", "load.molt", "--format", "csv"], program, &api).expect_status(0);
    assert_eq!(outcome.stdout, "id\n1\n");
    let arrivals = api.arrivals();
    assert_eq!(arrivals.len(), 3);
    assert!(arrivals[1].duration_since(arrivals[0]) >= Duration::from_millis(250));
    assert!(arrivals[2].duration_since(arrivals[1]) >= Duration::from_secs(1));
}

#[test]
fn a_result_is_used_again() {
    let api = Clocked::start(row);
    let folder = scratch();
    let program = "CREATE CONNECTOR c TYPE 'load' CONFIG {\"api_url\": ENV('API_URL')} OPTIONS {\"cache_ttl\": 60};
        CREATE CONNECTOR uncached TYPE 'load' CONFIG {\"api_url\": ENV('API_URL')};
        SELECT id FROM c.rows;
        SELECT id FROM c.rows;
        SELECT id FROM c.rows WHERE id = 1;
        SELECT id FROM uncached.rows;
        SELECT id FROM uncached.rows;";
    let outcome = moltlerc(folder.path(), &["run", "load.molt", "--format", "csv"], program, &api).expect_status(0);
    assert_eq!(outcome.stdout.matches("1\n").count(), 5);
    // One for the first two, one with a filter, two without a cache.
    assert_eq!(api.arrivals().len(), 4);
}

/// A connector that sends what it has to a server of its author: nothing arrives there, not by redirect either.
#[test]
fn nothing_reaches_a_host_that_is_not_granted() {
    let evil = Clocked::start(row);
    let target = format!("{}/stolen", evil.server.url());
    let location = target.clone();
    let api = Clocked::start(move |_| Reply::new(302, "").header("location", &location));
    let folder = scratch();
    let port = evil.server.url().rsplit(':').next().expect("a port").to_owned();
    let attempts = [
        target.clone(),
        format!("http://localhost:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://127.0.0.1.:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://evil.example/".to_owned(),
        format!("{}/redirects", api.server.url()),
    ];
    let list = serde_json::to_string(&attempts).expect("texts");
    let program = format!(
        "CREATE CONNECTOR ENTITY 'load.stolen'
        FIELDS {{ \"id\": {{\"type\": \"string\"}}, \"name\": {{\"type\": \"string\"}} }}
        QUERY_HANDLER '''
async function query(config) {{
    const rows = [];
    for (const url of {list}) {{
        try {{
            await fetch(url);
            rows.push({{id: 'sent', name: url}});
        }} catch (error) {{
            rows.push({{id: error.code, name: error.name}});
        }}
    }}
    return rows;
}}
''';
        CREATE CONNECTOR c TYPE 'load' CONFIG {{\"api_url\": ENV('API_URL')}};
        SELECT id, name FROM c.stolen;"
    );
    let outcome = moltlerc(folder.path(), &["run", "load.molt", "--format", "csv"], &program, &api).expect_status(0);
    assert_eq!(outcome.stdout, format!("id,name\n{}", "policy,FetchError\n".repeat(attempts.len())));
    assert_eq!((evil.arrivals().len(), api.arrivals().len()), (0, 1));
}

/// A proxy that notes what it is asked for: it answers plain requests itself, and opens no tunnel.
struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let heads = Arc::clone(&seen);
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let heads = Arc::clone(&heads);
                std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    let answer = if head.starts_with("CONNECT ") {
                        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"
                    } else {
                        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{\"id\": 7}"
                    };
                    heads.lock().expect("no panic before").push(head);
                    // Whoever asked may have gone.
                    let _ = stream.write_all(answer.as_bytes());
                });
            }
        });
        Proxy { port, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic before").clone()
    }
}

/// Runs a query over one row of an API behind the proxy that the environment names.
fn behind(proxy: &Proxy, api_url: &str, no_proxy: &str) -> Outcome {
    let folder = scratch();
    let program =
        "CREATE CONNECTOR remote TYPE 'load' CONFIG {\"api_url\": ENV('API_URL')} OPTIONS {\"retry_count\": 0};
        SELECT id FROM remote.rows;";
    std::fs::write(folder.path().join("load.molt"), format!("{CONNECTOR}\n{program}")).expect("our folder");
    let address = format!("http://127.0.0.1:{}", proxy.port);
    Command::moltlerc(folder.path())
        .args(["run", "load.molt", "--format", "csv"])
        .env("API_URL", api_url)
        .env("HTTP_PROXY", &address)
        .env("HTTPS_PROXY", &address)
        .env("NO_PROXY", no_proxy)
        .run()
}

#[test]
fn plain_requests_go_through_a_proxy() {
    let proxy = Proxy::start();
    // Nobody but the proxy knows the name.
    let outcome = behind(&proxy, "http://api.test:8080", "").expect_status(0);
    assert_eq!(outcome.stdout, "id\n7\n");
    let seen = proxy.seen();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].starts_with("GET http://api.test:8080/rows/1 HTTP/1.1\r\n"), "{}", seen[0]);
}

#[test]
fn secure_requests_go_through_a_tunnel() {
    let proxy = Proxy::start();
    let outcome = behind(&proxy, "https://api.test", "").expect_status(1);
    assert!(outcome.stderr.contains("FetchError"), "{}", outcome.stderr);
    let seen = proxy.seen();
    assert_eq!(seen.len(), 1);
    // Host and port are all that the proxy is told.
    assert!(seen[0].starts_with("CONNECT api.test:443 HTTP/1.1\r\n") && !seen[0].contains("rows"), "{}", seen[0]);
}

#[test]
fn no_proxy_goes_straight() {
    let proxy = Proxy::start();
    let api = Clocked::start(row);
    let outcome = behind(&proxy, &api.server.url(), "localhost,127.0.0.1").expect_status(0);
    assert_eq!(outcome.stdout, "id\n1\n");
    assert_eq!((proxy.seen().len(), api.arrivals().len()), (0, 1));
}

/// What is not granted is refused before anything leaves, to a proxy too.
#[test]
fn a_proxy_grants_nothing() {
    let proxy = Proxy::start();
    for (url, told) in [
        ("http://169.254.169.254", "which no connector may reach"),
        ("http://metadata.google.internal", "which no connector may reach"),
        ("http://0x7f.1", "is not granted|this machine"),
    ] {
        let outcome = behind(&proxy, url, "").expect_status(1);
        assert!(told.split('|').any(|told| outcome.stderr.contains(told)), "{url}: {}", outcome.stderr);
    }
    let folder = scratch();
    let connector = CONNECTOR.replace("`${config.api_url}/rows/${id}`", "'http://evil.test/' + id");
    let program =
        "CREATE CONNECTOR remote TYPE 'load' CONFIG {\"api_url\": 'http://api.test'}; SELECT id FROM remote.rows;";
    std::fs::write(folder.path().join("load.molt"), format!("{connector}\n{program}")).expect("our folder");
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let outcome = Command::moltlerc(folder.path()).args(["run", "load.molt"]).env("HTTP_PROXY", &address).run();
    assert!(outcome.expect_status(1).stderr.contains("the host `evil.test` is not granted to the connector"));
    assert_eq!(proxy.seen(), Vec::<String>::new());
}
