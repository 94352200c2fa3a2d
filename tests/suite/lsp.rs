//! The language server over a pipe: it answers, and no text brings it down.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use moltler_tests::{page, programs, scratch};
use serde_json::{Value, json};

/// A running server and what it was told.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next: u64,
    _folder: tempfile::TempDir,
    uri: String,
}

impl Server {
    fn start() -> Server {
        Server::start_in(scratch(), json!({}))
    }

    /// A server for an editor with these capabilities, and a package in a folder of its own.
    pub(crate) fn start_in(folder: tempfile::TempDir, capabilities: Value) -> Server {
        let mut child = std::process::Command::new(programs::programs().moltler_lsp())
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let input = child.stdin.take().expect("it was asked for");
        let mut output = BufReader::new(child.stdout.take().expect("it was asked for"));
        // Read all the time: a pipe holds so much, and a server that cannot write might not read.
        let (sender, messages) = channel();
        std::thread::spawn(move || while read(&mut output).is_some_and(|message| sender.send(message).is_ok()) {});
        let root = format!("file://{}", folder.path().display());
        let uri = format!("{root}/page.molt");
        let mut server = Server { child, input, messages, next: 1, _folder: folder, uri };
        server.request("initialize", json!({"processId": null, "rootUri": root, "capabilities": capabilities}));
        server.notify("initialized", json!({}));
        server
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    pub(crate) fn notify(&mut self, method: &str, parameters: Value) {
        self.send(json!({"method": method, "params": parameters}));
    }

    /// The result of a request; a panic when the server has ended or answers with an error other than "content modified".
    pub(crate) fn request(&mut self, method: &str, parameters: Value) -> Value {
        let id = self.next;
        self.next += 1;
        self.send(json!({"id": id, "method": method, "params": parameters}));
        loop {
            let message = self.read();
            if message["id"] == json!(id) && message.get("method").is_none() {
                let code = message["error"]["code"].as_i64();
                assert!(code.is_none_or(|code| matches!(code, -32801 | -32800)), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn read(&mut self) -> Value {
        // Long enough for a busy machine; what does not come at all must not stop the tests for ever.
        self.messages.recv_timeout(Duration::from_secs(300)).expect("the server lives and answers")
    }

    fn open(&mut self, text: &str) {
        let uri = self.uri.clone();
        let document = json!({"uri": uri, "languageId": "moltler", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn complete(&mut self, line: usize, character: usize) -> Value {
        let uri = self.uri.clone();
        let position = json!({"line": line, "character": character});
        self.request("textDocument/completion", json!({"textDocument": {"uri": uri}, "position": position}))
    }

    /// The messages of the next diagnostics that are published for the open document.
    fn diagnostics(&mut self) -> Vec<String> {
        loop {
            let message = self.read();
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == json!(self.uri) {
                let found = message["params"]["diagnostics"].as_array().cloned().unwrap_or_default();
                return found.iter().map(|diagnostic| diagnostic["message"].to_string()).collect();
            }
        }
    }

    pub(crate) fn stop(mut self) {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        drop(self.input);
        assert!(self.child.wait().expect("the server ends").success());
    }
}

/// The next message; `None` at the end.
fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length:") {
            length = value.trim().parse().ok();
        }
    }
    let mut body = vec![0; length?];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

#[test]
fn diagnostics_come_for_sql_and_javascript() {
    let mut server = Server::start();
    let wrong =
        page::connector().replace("filters.status)", "filters.stauts)") + "SELECT nothing FROM nowhere.items;\n";
    server.open(&wrong);
    let found = server.diagnostics().join("\n");
    assert!(found.contains("nowhere"), "{found}");
    assert!(found.contains("stauts"), "{found}");
    server.stop();
}

#[test]
fn the_package_and_the_statement_at_a_place_are_told() {
    let mut server = Server::start();
    server.open("CREATE CONNECTOR TYPE 'shop';\n\nSELECT 1;\nTEST CONNECTOR TYPE 'shop' NAME 'a' TAGS ['unit'] BEGIN PRINT 1; END TEST;\n");
    let document = json!({"uri": server.uri});
    let package = server.request("moltler/package", json!({"textDocument": document}));
    assert_eq!(package["types"][0]["name"], "shop");
    assert_eq!(package["types"][0]["location"]["range"]["start"], json!({"line": 0, "character": 23}));
    assert_eq!(package["tests"][0]["tags"], json!(["unit"]));
    let mut at = |line: u32| {
        let position = json!({"line": line, "character": 3});
        server.request("moltler/statement", json!({"textDocument": document, "position": position}))
    };
    let query = at(2);
    assert_eq!((&query["kind"], &query["text"]), (&json!("query"), &json!("SELECT 1")));
    assert_eq!((&at(3)["kind"], &at(3)["name"]), (&json!("test"), &json!("a")));
    server.stop();
}

#[test]
fn prefixes_and_random_edits_leave_it_alive() {
    let mut server = Server::start();
    let text = page::everything();
    server.open("");
    let uri = server.uri.clone();
    let mut version = 1;
    let mut change = |server: &mut Server, changes: Value| {
        version += 1;
        let document = json!({"uri": uri, "version": version});
        server.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    };
    // Typing: each character behind the one before.
    let (mut line, mut column) = (0, 0);
    for (index, character) in text.chars().enumerate() {
        let place = json!({"line": line, "character": column});
        change(&mut server, json!([{"range": {"start": place, "end": place}, "text": character.to_string()}]));
        (line, column) = if character == '\n' { (line + 1, 0) } else { (line, column + character.len_utf16()) };
        if index % 50 == 0 {
            server.complete(line, column);
        }
    }
    let mut random = fastrand::Rng::with_seed(21);
    let lines = line;
    for round in 0..10_000 {
        let start = random.usize(0..lines + 3);
        let end = start + if random.u8(0..8) == 0 { random.usize(0..3) } else { 0 };
        let (from, to) = (random.usize(0..50), random.usize(0..50));
        let (from, to) = if start == end { (from.min(to), from.max(to)) } else { (from, to) };
        let pieces =
            ["'", "'''", ";", "\n", "{", "}", "(", "SELECT ", "ä𝄞", "--", "CREATE CONNECTOR TYPE 'x'", "", "", ""];
        let range = json!({"start": {"line": start, "character": from}, "end": {"line": end, "character": to}});
        change(&mut server, json!([{"range": range, "text": pieces[random.usize(0..pieces.len())]}]));
        if round % 500 == 499 {
            change(&mut server, json!([{"text": text}]));
        }
        if round % 50 == 0 {
            server.complete(start, from);
        }
    }
    server.stop();
}
