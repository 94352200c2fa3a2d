//! The client against servers on this machine.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::*;
use crate::http::{RedirectMode, Terms};

/// Reads one request up to the end of its body.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.expect("the request can be read");
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if count == 0 || end.is_some_and(|end| bytes.len() >= end + 4 + length.unwrap_or(0)) {
            return text;
        }
    }
}

/// A server that gives these answers, each on its own connection, and the requests it saw.
async fn exchange(
    answers: Vec<Vec<u8>>,
    request: impl FnOnce(u16) -> Request,
) -> (Result<Response, TransportError>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let serve = async {
        let mut seen = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            seen.push(read_request(&mut stream).await);
            // A client that has seen enough closes the connection.
            stream.write_all(&answer).await.ok();
            stream.shutdown().await.ok();
        }
        seen
    };
    let answer = async {
        let mut response = HttpClient::new().send(request(port)).await?;
        response.body.read().await?;
        Ok(response)
    };
    tokio::join!(answer, serve)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let limited = async { tokio::time::timeout(Duration::from_secs(60), future).await };
    runtime.expect("a runtime").block_on(limited).expect("the test does not hang")
}

fn get(url: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        url: Url::parse(url).expect("a valid URL"),
        headers: vec![("authorization".to_owned(), "Bearer k".to_owned())],
        body: None,
        redirect: RedirectMode::Follow,
        seal: None,
        terms: Terms { allow_private: true, ..Terms::default() },
    }
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn code(result: Result<Response, TransportError>) -> String {
    match result {
        Err(TransportError::Failed { code, .. }) => code,
        other => panic!("a failure is expected: {other:?}"),
    }
}

#[test]
fn a_request_and_its_response() {
    let (result, seen) =
        run(exchange(vec![answer("201 Whatever\r\nX-A: \u{e9}\r\nSet-Cookie: a\r\nSet-Cookie: b", b"hi")], |port| {
            Request {
                method: "POST".to_owned(),
                body: Some(b"body".to_vec()),
                headers: vec![("x-b".to_owned(), "\u{e9}".to_owned())],
                ..get(&format!("http://127.0.0.1:{port}/p?q=1"))
            }
        }));
    let response = result.expect("it answers");
    assert_eq!((response.status, response.status_text.as_str(), response.body.bytes()), (201, "Created", &b"hi"[..]));
    assert_eq!(response.headers.iter().filter(|(name, _)| name == "set-cookie").count(), 2);
    assert!(!response.redirected);
    assert!(seen[0].starts_with("post /p?q=1 http/1.1\r\n") && seen[0].ends_with("\r\n\r\nbody"), "{}", seen[0]);
    assert!(seen[0].contains(concat!("user-agent: moltler/", env!("CARGO_PKG_VERSION"), "\r\n")), "{}", seen[0]);
    assert!(seen[0].contains("accept-encoding: gzip,deflate,br\r\n"), "{}", seen[0]);
}

#[test]
fn compressed_bodies_are_decoded() {
    // `hello` as gzip, stored without compression.
    let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 5, 0, 0xfa, 0xff];
    body.extend_from_slice(b"hello");
    body.extend_from_slice(&[0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0]);
    let (result, _) = run(exchange(vec![answer("200 OK\r\ncontent-encoding: gzip", &body)], |port| {
        get(&format!("http://127.0.0.1:{port}/"))
    }));
    assert_eq!(result.expect("it answers").body.bytes(), b"hello");
}

#[test]
fn failures_have_codes() {
    let (result, _) = run(exchange(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort".to_vec()], |port| {
        get(&format!("http://127.0.0.1:{port}/"))
    }));
    assert!(matches!(code(result).as_str(), "ERR_BODY" | "ECONNRESET"));
    let (result, _) =
        run(exchange(vec![b"nonsense\r\n\r\n".to_vec()], |port| get(&format!("http://127.0.0.1:{port}/"))));
    assert_eq!(code(result), "ERR_HTTP");
    let no_tls = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            // Whether the client still listens does not matter.
            stream.write_all(b"this is no TLS\r\n\r\n").await.ok();
            let _ = stream.read(&mut [0; 4096]).await;
        };
        tokio::join!(HttpClient::new().send(get(&format!("https://127.0.0.1:{port}/"))), serve).0
    });
    assert_eq!(code(no_tls), "ERR_TLS");
    let refused = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        HttpClient::new().send(get(&format!("http://127.0.0.1:{port}/"))).await
    });
    assert_eq!(code(refused), "ECONNREFUSED");
    assert_eq!(code(run(HttpClient::new().send(get("mock:///items")))), "ERR_MOCK_URL");
    assert_eq!(code(run(HttpClient::new().send(get("file:///etc/passwd")))), "ERR_SCHEME");
    let request = Request { headers: vec![("a".to_owned(), "b\nc".to_owned())], ..get("http://127.0.0.1:1/") };
    assert_eq!(code(run(HttpClient::new().send(request))), "ERR_HEADER");
    let request = Request { method: "A B".to_owned(), ..get("http://127.0.0.1:1/") };
    assert_eq!(code(run(HttpClient::new().send(request))), "ERR_METHOD");
}

#[test]
fn a_name_that_nobody_has() {
    let result = run(HttpClient::new().send(get("http://name.invalid/")));
    assert_eq!(code(result), "ENOTFOUND");
}

/// Names with addresses of the test's choice.
struct Names(&'static [(&'static str, &'static str)]);

impl Lookup for Names {
    fn lookup(&self, host: &str) -> crate::http::resolve::LookupFuture {
        let addresses: Vec<std::net::IpAddr> = self
            .0
            .iter()
            .filter(|(name, _)| *name == host)
            .map(|(_, address)| address.parse().expect("an address"))
            .collect();
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

const NAMES: Names = Names(&[
    ("loop.example", "127.0.0.1"),
    ("rebind.example", "169.254.169.254"),
    ("mixed.example", "10.0.0.1"),
    ("mixed.example", "fe80::1"),
    ("mapped.example", "::ffff:127.0.0.1"),
]);

#[test]
fn addresses_of_names_are_vetted() {
    let client = HttpClient::with_lookup(Arc::new(NAMES));
    let send = |host: &str, allow_private: bool| {
        let request =
            Request { terms: Terms { allow_private, ..Terms::default() }, ..get(&format!("http://{host}:9/")) };
        match run(client.clone().send(request)) {
            Err(TransportError::Failed { kind, message, .. }) => format!("{}: {message}", kind.name()),
            other => panic!("a failure is expected: {other:?}"),
        }
    };
    assert_eq!(
        send("loop.example", false),
        "policy: `loop.example` has the private address 127.0.0.1: only a host that CONFIG names may have one, not one of \
         ALLOW_HOSTS"
    );
    assert!(send("loop.example", true).starts_with("refused: "));
    assert!(
        send("mapped.example", false).starts_with("policy: `mapped.example` has the private address ::ffff:127.0.0.1")
    );
    assert!(send("rebind.example", true).starts_with("policy: `rebind.example` has the address 169.254.169.254"));
    assert!(send("mixed.example", false).starts_with("policy: `mixed.example`"));
}

#[test]
fn what_is_vetted_is_what_is_connected_to() {
    let (result, seen) = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let seen = read_request(&mut stream).await;
            stream.write_all(&answer("200 OK", b"here")).await.expect("the answer can be sent");
            seen
        };
        let client = HttpClient::with_lookup(Arc::new(NAMES));
        tokio::join!(client.send(get(&format!("http://loop.example:{port}/"))), serve)
    });
    assert_eq!(result.expect("it answers").status, 200);
    assert!(seen.contains("host: loop.example"), "{seen}");
}

#[test]
fn bodies_have_a_limit() {
    let limited = |body: Vec<u8>, head: &'static str| {
        let (result, _) = run(exchange(vec![answer(head, &body)], |port| Request {
            terms: Terms { allow_private: true, max_response: 1 << 20, ..Terms::default() },
            ..get(&format!("http://127.0.0.1:{port}/"))
        }));
        result
    };
    assert_eq!(limited(vec![b'x'; 1 << 20], "200 OK").expect("just fits").body.held(), 1 << 20);
    assert_eq!(code(limited(vec![b'x'; (1 << 20) + 1], "200 OK")), "ERR_BODY_TOO_LARGE");
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits")).collect()
}

#[test]
fn brotli_and_deflate_are_decoded() {
    let brotli = bytes_of("1b1000f88d946ede445586966c206f014f1c601c");
    let (result, _) = run(exchange(vec![answer("200 OK\r\ncontent-encoding: br", &brotli)], |port| {
        get(&format!("http://127.0.0.1:{port}/"))
    }));
    assert_eq!(result.expect("it answers").body.bytes(), b"hello hello hello");
    let deflate = bytes_of("789ccb48cdc9c90700062c0215");
    let (result, _) = run(exchange(vec![answer("200 OK\r\ncontent-encoding: deflate", &deflate)], |port| {
        get(&format!("http://127.0.0.1:{port}/"))
    }));
    assert_eq!(result.expect("it answers").body.bytes(), b"hello");
    let (result, _) = run(exchange(vec![answer("200 OK\r\ncontent-encoding: br", b"no brotli at all")], |port| {
        get(&format!("http://127.0.0.1:{port}/"))
    }));
    assert_eq!(code(result), "ERR_BODY");
}

/// Zeros as deflate, in much less than a hundredth of their size: one literal, then copies of 258 bytes, in the fixed code of the
/// format, between the head of its container and nothing.
fn zeros(head: &[u8], copies: usize) -> Vec<u8> {
    let mut bits = vec![true, true, false];
    let mut push = |code: u32, length: u32| bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
    push(0b0011_0000, 8);
    for _ in 0..copies {
        push(0b1100_0101, 8);
        push(0, 5);
    }
    push(0, 7);
    let mut bytes = head.to_vec();
    bytes.extend(bits.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))));
    bytes
}

/// 64 MB of zeros in each encoding that is accepted.
fn bombs() -> [(&'static str, Vec<u8>); 3] {
    let brotli = "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02\
                  200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffcbffff3ffc1300715800a07bff07";
    [
        ("br", bytes_of(brotli)),
        ("gzip", zeros(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff], 260_000)),
        ("deflate", zeros(&[0x78, 0x01], 260_000)),
    ]
}

#[test]
fn what_unfolds_to_too_much_is_given_up() {
    for (encoding, body) in bombs() {
        let head = format!("200 OK\r\ncontent-encoding: {encoding}");
        let (result, _) = run(exchange(vec![answer(&head, &body)], |port| Request {
            terms: Terms { allow_private: true, max_response: 1 << 20, ..Terms::default() },
            ..get(&format!("http://127.0.0.1:{port}/"))
        }));
        assert_eq!(code(result), "ERR_BODY_TOO_LARGE", "{encoding}");
    }
}

#[test]
fn what_is_encoded_twice_or_not_at_all_is_told() {
    let plain = answer("200 OK\r\ncontent-encoding: identity", b"hello");
    let (result, _) = run(exchange(vec![plain], |port| get(&format!("http://127.0.0.1:{port}/"))));
    assert_eq!(result.expect("it answers").body.bytes(), b"hello");
    // An encoding that was not asked for stays as it is, and says so.
    let other = answer("200 OK\r\ncontent-encoding: zstd", b"?");
    let (result, _) = run(exchange(vec![other], |port| get(&format!("http://127.0.0.1:{port}/"))));
    let response = result.expect("it answers");
    assert!(response.headers.contains(&("content-encoding".to_owned(), "zstd".to_owned())));
    assert_eq!(response.body.bytes(), b"?");
}

/// A body that comes in pieces: each is written after the one before was read.
#[test]
fn a_body_comes_in_pieces() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        let (said, mut heard) = tokio::sync::mpsc::channel::<()>(1);
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.expect("the head");
            for piece in ["one", "two"] {
                heard.recv().await.expect("the client reads on");
                stream.write_all(format!("3\r\n{piece}\r\n").as_bytes()).await.expect("a piece");
            }
            heard.recv().await.expect("the client has seen both");
            // The client gives up: the connection is closed.
            let mut rest = [0; 1];
            stream.read(&mut rest).await.unwrap_or(0)
        };
        let client = async {
            let mut response =
                HttpClient::new().send(get(&format!("http://127.0.0.1:{port}/"))).await.expect("it answers");
            assert!(!response.body.is_whole());
            for piece in ["one", "two"] {
                said.send(()).await.expect("the server waits");
                let chunk = std::future::poll_fn(|context| response.body.poll_chunk(context)).await;
                assert_eq!(chunk.expect("a piece").as_deref(), Some(piece.as_bytes()));
            }
            drop(response);
            said.send(()).await.expect("the server waits");
        };
        let (left, ()) = tokio::join!(serve, client);
        assert_eq!(left, 0);
    });
}

#[test]
fn an_answer_that_ends_too_early_is_told() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\nabc".to_vec();
    let (result, _) = run(exchange(vec![cut], |port| get(&format!("http://127.0.0.1:{port}/"))));
    assert_eq!(code(result), "ECONNRESET");
}
