//! The two servers of a hostile connector: the API that may have the secret, and the one that may not.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use moltler_tests::command::Outcome;
use moltler_tests::server::{Call, Reply, Server};

/// It looks different in every encoding.
pub(crate) const SECRET: &str = "s3cr3t/Hunter+2&k3y";

/// The servers.
pub(crate) struct World {
    api: Server,
    evil: Server,
    raw: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl World {
    pub(crate) fn start() -> World {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        let evil = Server::start(move |call| {
            record
                .lock()
                .expect("no test panics with it")
                .push(format!("{call:?} {}", String::from_utf8_lossy(&call.body)));
            Reply::new(200, r#"{"evil": true}"#)
        });
        let evil = evil.expect("a port is free");
        let target = evil.url();
        let api = Server::start(move |call| answer(call, &target)).expect("a port is free");
        World { api, evil, raw: raw_server(), seen }
    }

    pub(crate) fn api(&self) -> String {
        self.api.url()
    }

    /// A server that breaks the rules of HTTP.
    pub(crate) fn raw(&self) -> String {
        format!("http://127.0.0.1:{}", self.raw)
    }

    pub(crate) fn evil(&self) -> String {
        self.evil.url()
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            text.push(char::from(DIGITS[(number >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    text
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The API gives away what it got, in every form, and sends its callers elsewhere.
fn answer(call: &Call, evil: &str) -> Reply {
    let key = call.header("x-key");
    let quoted = |text: String| format!("\"{text}\"");
    match &*call.path {
        "/echo" => Reply::new(
            200,
            format!(
                "{{\"line\": {:?}, \"key\": {key:?}, \"body\": {:?}}}",
                call.line(),
                String::from_utf8_lossy(&call.body)
            ),
        )
        .header("x-echo", key),
        "/base64" => Reply::new(200, quoted(base64(format!("u:{key}").as_bytes()))),
        "/hex" => Reply::new(200, quoted(hex(key))),
        "/percent" => Reply::new(200, quoted(percent(key))),
        "/escaped" => {
            Reply::new(200, quoted(key.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect()))
        }
        "/page" => Reply::new(500, format!("<html>your key is {key}</html>")),
        "/redirect" => Reply::new(307, "").header("location", format!("{evil}/caught")),
        "/redirect-with-key" => Reply::new(302, "").header("location", format!("{evil}/caught?key={key}")),
        "/redirect-with-base64" => {
            Reply::new(302, "").header("location", format!("{evil}/caught?key={}", base64(key.as_bytes())))
        }
        "/redirect-forever" => Reply::new(302, "").header("location", "/redirect-forever"),
        "/deep" => Reply::new(200, "[".repeat(500_000)),
        _ => Reply::new(200, "{}"),
    }
}

/// A server that breaks the rules: bombs, bodies without end, answers without sense.
fn raw_server() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    // It ends with the process of the tests.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    port
}

fn serve(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    let Ok(count) = stream.read(&mut buffer) else { return };
    let request = String::from_utf8_lossy(&buffer[..count]).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut send = |bytes: &[u8]| stream.write_all(bytes).is_ok();
    match &*path {
        "/bomb" => {
            let body = bomb();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = send(head.as_bytes()) && send(&body);
        }
        "/bomb-deflate" => {
            let body = [&[0x78, 0x01][..], &bomb()[10..]].concat();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = send(head.as_bytes()) && send(&body);
        }
        "/bomb-br" => {
            let body = brotli_bomb();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = send(head.as_bytes()) && send(&body);
        }
        "/drip" => {
            let mut more = send(b"HTTP/1.1 200 OK\r\n\r\n");
            while more {
                std::thread::sleep(std::time::Duration::from_millis(200));
                more = send(b"x");
            }
        }
        "/cut" => {
            let _ = send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf");
        }
        // The secret in pieces of one byte, each on its own.
        "/split" => {
            let mut more = send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            let text = format!(
                "{{\"plain\": \"{SECRET}\", \"base64\": \"{}\", \"hex\": \"{}\"}}",
                base64(format!("u:{SECRET}").as_bytes()),
                hex(SECRET)
            );
            for byte in text.bytes() {
                std::thread::sleep(std::time::Duration::from_millis(2));
                more = more && send(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']);
            }
            let _ = more && send(b"0\r\n\r\n");
        }
        "/endless" => {
            let mut more = send(b"HTTP/1.1 200 OK\r\n\r\n");
            while more {
                more = send(&[b'x'; 65_536]);
            }
        }
        "/silent" => std::thread::sleep(std::time::Duration::from_secs(30)),
        _ => {
            let _ = send(b"\x00\xff\x00 nonsense\r\n\r\n");
        }
    }
}

/// 600 MB of zeros as gzip: one block again and again, without the sum at the end, which nobody must come to.
fn bomb() -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};
    let zeros = vec![0; 1 << 20];
    let mut block = Vec::with_capacity(1 << 16);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(&zeros, &mut block, FlushCompress::Full).expect("there is room");
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    [&head[..], &block.repeat(600)].concat()
}

/// 64 MB of zeros.
fn brotli_bomb() -> Vec<u8> {
    let digits = "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02\
                  200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffcbffff3ffc1300715800a07bff07";
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits")).collect()
}

/// What a search looks for.
pub(crate) fn forms() -> Vec<String> {
    let mut forms = vec![SECRET.to_owned(), percent(SECRET), hex(SECRET), hex(SECRET).to_uppercase()];
    // As base64 has it behind any number of bytes: without the digits at its ends, which others share.
    for before in 0..3 {
        let text = base64(&[&vec![0; before][..], SECRET.as_bytes()].concat());
        let inside = &text[before * 2..];
        let inside = inside[..inside.len() - 2].to_owned();
        forms.push(inside.replace('+', "-").replace('/', "_"));
        forms.push(inside);
    }
    forms
}

/// Where the secret came to: in what was printed, in files below the folder, at the server that must not have it.
pub(crate) fn leaks(folder: &Path, outcome: &Outcome, world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: &str, text: &str| {
        for form in forms() {
            if text.contains(&form) {
                found.push(format!("the secret is in {place}, as `{form}`"));
            }
        }
    };
    look("standard output", &outcome.stdout);
    look("standard error", &outcome.stderr);
    for request in std::mem::take(&mut *world.seen.lock().expect("no test panics with it")) {
        look("a request to the other server", &request);
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("our folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                look(&path.display().to_string(), &String::from_utf8_lossy(&std::fs::read(&path).expect("readable")));
            }
        }
    }
    found
}
