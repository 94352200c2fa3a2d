//! An editor that speaks to the server over two pipes.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use moltler_db::System;
use serde_json::{Value, json};

/// Long enough for a busy machine; no test waits for it when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// Files that can be changed while the server runs.
#[derive(Default)]
pub(crate) struct Files {
    texts: Mutex<BTreeMap<String, String>>,
    /// Files that are listed and can't be read.
    locked: Mutex<BTreeMap<String, io::ErrorKind>>,
}

impl Files {
    pub(crate) fn write(&self, path: &str, text: &str) {
        self.locked.lock().expect("nobody panics with it").remove(path);
        self.texts.lock().expect("nobody panics with it").insert(path.to_owned(), text.to_owned());
    }

    pub(crate) fn remove(&self, path: &str) {
        self.locked.lock().expect("nobody panics with it").remove(path);
        self.texts.lock().expect("nobody panics with it").remove(path);
    }

    /// From now on reading this file, which is made if there is none, fails.
    pub(crate) fn lock(&self, path: &str, why: io::ErrorKind) {
        self.locked.lock().expect("nobody panics with it").insert(path.to_owned(), why);
        self.texts.lock().expect("nobody panics with it").entry(path.to_owned()).or_default();
    }

    fn memory(&self) -> moltler_db::MemorySystem {
        let mut memory = moltler_db::MemorySystem::new();
        for (path, text) in self.texts.lock().expect("nobody panics with it").iter() {
            memory.write(path.clone(), text.as_str());
        }
        memory
    }
}

impl System for Files {
    fn read(&self, path: &str) -> io::Result<String> {
        match self.locked.lock().expect("nobody panics with it").get(path) {
            Some(why) => Err(io::Error::from(*why)),
            None => self.memory().read(path),
        }
    }
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.memory().list(folder)
    }
    fn is_file(&self, path: &str) -> bool {
        self.memory().is_file(path)
    }
}

pub(crate) struct Client {
    input: Option<PipeWriter>,
    messages: Receiver<Value>,
    server: Option<JoinHandle<i32>>,
    /// Messages that were read while another one was waited for.
    kept: VecDeque<Value>,
    next_id: i64,
    /// By URI.
    versions: BTreeMap<String, i32>,
    /// By URI: the diagnostics that were sent last.
    shown: BTreeMap<String, Vec<Value>>,
}

impl Client {
    /// A server that is not initialized.
    pub(crate) fn raw(files: Arc<Files>) -> Client {
        let (server_input, input) = io::pipe().expect("a pipe");
        let (output, server_output) = io::pipe().expect("a pipe");
        let server = std::thread::spawn(move || moltler_lsp::serve(server_input, server_output, files));
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(output);
            while let Some(message) = read_message(&mut reader) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Client {
            input: Some(input),
            messages,
            server: Some(server),
            kept: VecDeque::new(),
            next_id: 0,
            versions: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    /// A server for an editor with these capabilities.
    pub(crate) fn start(files: Arc<Files>, capabilities: Value) -> Client {
        let mut client = Client::raw(files);
        let result =
            client.request("initialize", json!({"processId": null, "rootUri": null, "capabilities": capabilities}));
        assert!(result["capabilities"]["textDocumentSync"]["change"] == 2, "{result}");
        client.notify("initialized", json!({}));
        client
    }

    /// The same for an editor that is sent diagnostics.
    pub(crate) fn pushed() -> Client {
        Client::start(Arc::default(), json!({}))
    }

    /// The same for one that asks for them.
    pub(crate) fn pulling() -> Client {
        Client::start(Arc::default(), json!({"textDocument": {"diagnostic": {}}}))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().expect("the input is open").write_all(bytes).expect("the server reads");
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.write(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request without waiting; gives its id.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// The next message that fits.
    pub(crate) fn wait(&mut self, what: &str, mut fits: impl FnMut(&Value) -> bool) -> Value {
        if let Some(position) = self.kept.iter().position(&mut fits) {
            return self.kept.remove(position).expect("it is there");
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.messages.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => {
                    self.note(&message);
                    if fits(&message) {
                        return message;
                    }
                    self.kept.push_back(message);
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {what}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the server ended; no {what}"),
            }
        }
    }

    fn note(&mut self, message: &Value) {
        if message["method"] != "textDocument/publishDiagnostics" {
            return;
        }
        let params = &message["params"];
        if let (Some(uri), Some(found)) = (params["uri"].as_str(), params["diagnostics"].as_array()) {
            self.shown.insert(uri.to_owned(), found.clone());
        }
    }

    /// By URI, the diagnostics that an editor shows now: those that were sent last of the messages read so far.
    pub(crate) fn shown(&self) -> &BTreeMap<String, Vec<Value>> {
        &self.shown
    }

    /// The answer to a request, as it came.
    pub(crate) fn answer(&mut self, id: i64) -> Value {
        self.wait("answer", |message| message["id"] == id && message.get("method").is_none())
    }

    /// The result of a request.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let mut answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    /// The code of the error that a request is answered with.
    pub(crate) fn refused(&mut self, method: &str, params: Value) -> i64 {
        let id = self.ask(method, params);
        let answer = self.answer(id);
        answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method} was answered with {answer}"))
    }

    pub(crate) fn open(&mut self, uri: &str, text: &str) {
        let version = self.next_version(uri);
        let document = json!({"uri": uri, "languageId": "moltler", "version": version, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn next_version(&mut self, uri: &str) -> i32 {
        let version = self.versions.entry(uri.to_owned()).or_default();
        *version += 1;
        *version
    }

    pub(crate) fn close(&mut self, uri: &str) {
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }

    pub(crate) fn change(&mut self, uri: &str, changes: Value) {
        let version = self.next_version(uri);
        let document = json!({"uri": uri, "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// Replaces a range: line and column of start and end.
    pub(crate) fn edit(&mut self, uri: &str, [line, column, end_line, end_column]: [u32; 4], text: &str) {
        let range = json!({
            "start": {"line": line, "character": column},
            "end": {"line": end_line, "character": end_column},
        });
        self.change(uri, json!([{"range": range, "text": text}]));
    }

    /// The diagnostics that are sent for the last version.
    pub(crate) fn published(&mut self, uri: &str) -> Vec<Value> {
        let version = self.versions[uri];
        let mut message = self.wait("diagnostics", |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"].as_i64() >= Some(i64::from(version))
        });
        match message["params"]["diagnostics"].take() {
            Value::Array(found) => found,
            other => panic!("diagnostics are {other}"),
        }
    }

    /// The diagnostics that are given when asked for.
    pub(crate) fn pull(&mut self, uri: &str) -> Vec<Value> {
        let mut report = self.request("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
        assert_eq!(report["kind"], "full");
        match report["items"].take() {
            Value::Array(found) => found,
            other => panic!("diagnostics are {other}"),
        }
    }

    pub(crate) fn completion(&mut self, uri: &str, line: u32, column: u32) -> Vec<Value> {
        let place = json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": column}});
        match self.request("textDocument/completion", place)["items"].take() {
            Value::Array(found) => found,
            other => panic!("suggestions are {other}"),
        }
    }

    /// The server still answers.
    pub(crate) fn alive(&mut self) {
        assert_eq!(self.refused("test/ping", json!({})), -32601);
    }

    /// Ends the conversation in good order; gives the exit code.
    pub(crate) fn finish(mut self) -> i32 {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.server.take().expect("it was started").join().expect("the server does not panic")
    }

    /// Closes the server's input without a word; gives the exit code.
    pub(crate) fn hang_up(mut self) -> i32 {
        self.input = None;
        self.server.take().expect("it was started").join().expect("the server does not panic")
    }
}

fn read_message(reader: &mut BufReader<PipeReader>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(':') {
            Some((_, value)) => length = value.trim().parse().ok()?,
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
