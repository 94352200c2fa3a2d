//! Whatever was edited, opened, closed and changed on the disk: the server says what one says that is started afresh on the same
//! files and texts.
//!
//! `MOLTLER_SEQUENCES=10000 cargo test -p moltler-lsp --test conversation equality` runs many more sequences than the few
//! hundred of an ordinary run; `MOLTLER_SEED=17` runs one alone.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moltler_syntax::{Encoding, floor_char_boundary, position};
use serde_json::{Value, json};

use crate::client::{Client, Files};

const SEQUENCES: u64 = 120;
const STEPS: usize = 24;

const PATHS: [&str; 4] = ["/p/a.molt", "/p/b.molt", "/p/sub/c.molt", "/p/d.molt"];

const TEXTS: [&str; 4] = [
    r#"-- Types.
CREATE CONNECTOR TYPE 's' DESCRIPTION 'A service'
CONFIG_SCHEMA {"api_url": {"type": "string", "required": true}, "key": {"type": "string", "secret": true}}
SHARED '''
function auth(config) { return {'Authorization': 'Bearer ' + config.key}; }
''';
CREATE CONNECTOR ENTITY 's.items' FIELDS {"id": {"type": "string"}, "größe": {"type": "number"}, "status": {"type": "string"}}
QUERY_HANDLER '''
async function query(config, filters) {
    const response = await fetch(`${config.api_url}/😀?x=${filters.status}`, {headers: auth(config)});
    if (!response.ok) throw new Error('no');
    return (await response.json()).map(item => ({id: item.id, status: item.status}));
}
''';
CREATE CONNECTOR ACTION 's.items.create' PARAMETERS {"id": {"type": "string"}} HANDLER '''
async function execute(config, params) { return {id: params.id}; }
''';
REGISTER CONNECTOR TYPE 's';
"#,
    r#"CREATE CONNECTOR c TYPE 's' CONFIG {"api_url": "https://x.example", "key": "{{secrets.k}}"};
DECLARE found = SELECT id, status FROM c.items WHERE status = 'é';
SELECT i.id, UPPER(i.status) AS s FROM c.items AS i WHERE i.id = 'a' ORDER BY i.id;
PRINT found;
CONNECTOR_EXEC c.items.create(id => 'x');
"#,
    r#"TEST CONNECTOR TYPE 's' NAME 't' MOCK_API {"GET /😀": {"body": []}}
BEGIN
    CREATE CONNECTOR t TYPE 's' CONFIG {"api_url": "mock://", "key": "k"};
    DECLARE results = SELECT * FROM t.items;
    IF ARRAY_LENGTH(results) = 0 THEN
        ASSERT results IS NOT NULL;
    END IF;
END TEST;
"#,
    r#"CREATE CONNECTOR TYPE 'other' CONFIG_SCHEMA {};
REGISTER CONNECTOR TYPE 'other';
CREATE CONNECTOR o TYPE 'other' CONFIG {};
SELECT * FROM c.itms;
SELECT * FROM o.things;
PRINT unknown;
"#,
];

const ODD: [&str; 42] = [
    "\n",
    "\n",
    "\r\n",
    "\t",
    " ",
    "'",
    "\"",
    "'''",
    "`",
    "{",
    "}",
    "(",
    ")",
    "]",
    ";",
    ";",
    ",",
    ":",
    "--",
    "/*",
    "*/",
    "\\",
    "é",
    "😀",
    "\u{2028}",
    "\u{feff}",
    "\0",
    "0",
    "${",
    "=>",
    "items",
    "status",
    "s",
    "c",
    "found",
    "\nSELECT ",
    "\nCREATE CONNECTOR TYPE 's';\n",
    "END TEST;",
    "DECLARE found = 1;\n",
    "\nCREATE CONNECTOR TYPE 'x'",
    "-- moltler: allow(unused-variable)\n",
    "config.api_url",
];

/// An editor that knows its texts, and what the server has told of them.
struct Editor {
    client: Client,
    files: Arc<Files>,
    /// By path.
    disk: BTreeMap<&'static str, String>,
    open: BTreeMap<&'static str, Open>,
}

struct Open {
    text: String,
    /// The last full report and its id.
    report: Option<(String, Vec<Value>)>,
    /// The last tokens and their id.
    tokens: Option<(String, Vec<Value>)>,
}

fn uri(path: &str) -> String {
    format!("file://{path}")
}

fn slice<'a>(random: &mut fastrand::Rng, text: &'a str, longest: usize) -> &'a str {
    let from = floor_char_boundary(text, random.usize(0..=text.len()));
    let to = floor_char_boundary(text, (from + random.usize(0..=longest)).min(text.len())).max(from);
    &text[from..to]
}

/// A whole line.
fn line<'a>(random: &mut fastrand::Rng, text: &'a str) -> &'a str {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.get(random.usize(0..lines.len().max(1))).copied().unwrap_or("")
}

fn inserted(random: &mut fastrand::Rng) -> String {
    let text = TEXTS[random.usize(0..TEXTS.len())];
    match random.u8(0..8) {
        0 | 1 => String::new(),
        2 => slice(random, text, 60).to_owned(),
        3 => line(random, text).to_owned(),
        4 => char::from(random.alphanumeric() as u8).to_string(),
        _ => ODD[random.usize(0..ODD.len())].to_owned(),
    }
}

impl Editor {
    fn start(files: &Arc<Files>, pulls: bool) -> Client {
        let document = if pulls { json!({"diagnostic": {}}) } else { json!({}) };
        Client::start(files.clone(), json!({"textDocument": document}))
    }

    fn new(pulls: bool) -> Editor {
        let files = Arc::new(Files::default());
        files.write("/p/moltler.toml", "");
        let mut disk = BTreeMap::new();
        for (path, text) in PATHS.into_iter().zip(TEXTS).take(3) {
            files.write(path, text);
            disk.insert(path, text.to_owned());
        }
        let client = Editor::start(&files, pulls);
        Editor { client, files, disk, open: BTreeMap::new() }
    }

    fn open(&mut self, path: &'static str) {
        let text = self.disk.get(path).cloned().unwrap_or_default();
        self.client.open(&uri(path), &text);
        self.open.insert(path, Open { text, report: None, tokens: None });
    }

    /// An edit of an open document.
    fn edit(&mut self, random: &mut fastrand::Rng, path: &'static str) {
        let Some(open) = self.open.get_mut(path) else { return };
        let text = &mut open.text;
        let (start, end, new) = match random.u8(0..6) {
            // A whole line goes, or is put somewhere else.
            0 => {
                let gone = line(random, text);
                match text.find(gone) {
                    Some(start) if !gone.is_empty() => (start, start + gone.len(), String::new()),
                    _ => (0, 0, "\n".to_owned()),
                }
            }
            _ => {
                let start = floor_char_boundary(text, random.usize(0..=text.len()));
                let length = if random.u8(0..3) == 0 { random.usize(0..40) } else { random.usize(0..2) };
                let end = floor_char_boundary(text, (start + length).min(text.len())).max(start);
                (start, end, inserted(random))
            }
        };
        // Between `\r` and `\n` there is no place that an editor could name.
        let is_torn = |at: usize| text[..at].ends_with('\r') && text[at..].starts_with('\n');
        if is_torn(start) || is_torn(end) {
            return;
        }
        let place = |at: usize| position(text, at as u32, Encoding::Utf16);
        let (from, to) = (place(start), place(end));
        text.replace_range(start..end, &new);
        self.client.edit(&uri(path), [from.line, from.column, to.line, to.column], &new);
    }

    fn step(&mut self, random: &mut fastrand::Rng, asks: bool) {
        let path = PATHS[random.usize(0..PATHS.len())];
        match random.u8(0..20) {
            0 if self.open.remove(path).is_some() => self.client.close(&uri(path)),
            0 | 1 if !self.open.contains_key(path) => self.open(path),
            // The editor saves.
            2 => {
                if let Some(open) = self.open.get(path) {
                    self.write(path, Some(open.text.clone()));
                }
            }
            // Another program writes.
            3 => match random.u8(0..6) {
                0 => self.lock(path, ErrorKind::PermissionDenied),
                1 | 2 => self.write(path, None),
                _ => {
                    let mut text = TEXTS[random.usize(0..TEXTS.len())].to_owned();
                    let at = floor_char_boundary(&text, random.usize(0..=text.len()));
                    text.insert_str(at, &inserted(random));
                    self.write(path, Some(text));
                }
            },
            4 if asks => self.ask(random),
            _ => {
                let open: Vec<&'static str> = self.open.keys().copied().collect();
                match open.get(random.usize(0..open.len().max(1))) {
                    Some(path) => self.edit(random, path),
                    None => self.open(path),
                }
            }
        }
    }

    fn write(&mut self, path: &'static str, text: Option<String>) {
        let kind = match (self.disk.contains_key(path), &text) {
            (false, None) => return,
            (false, Some(_)) => 1,
            (true, Some(_)) => 2,
            (true, None) => 3,
        };
        match text {
            Some(text) => {
                self.files.write(path, &text);
                self.disk.insert(path, text);
            }
            None => {
                self.files.remove(path);
                self.disk.remove(path);
            }
        }
        let changes = json!({"changes": [{"uri": uri(path), "type": kind}]});
        self.client.notify("workspace/didChangeWatchedFiles", changes);
    }

    /// Another program makes a file unreadable.
    fn lock(&mut self, path: &'static str, why: ErrorKind) {
        let kind = if self.disk.remove(path).is_some() { 2 } else { 1 };
        self.files.lock(path, why);
        let changes = json!({"changes": [{"uri": uri(path), "type": kind}]});
        self.client.notify("workspace/didChangeWatchedFiles", changes);
    }

    /// Asks something in between, for an answer that is thrown away or kept for the next difference.
    fn ask(&mut self, random: &mut fastrand::Rng) {
        let Some(path) = self.open.keys().copied().nth(random.usize(0..self.open.len().max(1))) else { return };
        let document = json!({"uri": uri(path)});
        match random.u8(0..4) {
            0 => drop(self.diagnostics(path)),
            1 => drop(self.tokens(path)),
            2 => drop(self.client.ask("textDocument/documentSymbol", json!({"textDocument": document}))),
            _ => {
                let place = json!({"line": random.u32(0..20), "character": random.u32(0..40)});
                self.client.ask("textDocument/completion", json!({"textDocument": document, "position": place}));
            }
        }
    }

    /// What the editor shows after it has asked again, with the id of its last report.
    fn diagnostics(&mut self, path: &'static str) -> Vec<Value> {
        let open = self.open.get_mut(path).expect("it is open");
        let mut params = json!({"textDocument": {"uri": uri(path)}});
        if let Some((id, _)) = &open.report {
            params["previousResultId"] = id.as_str().into();
        }
        let report = self.client.request("textDocument/diagnostic", params);
        if report["kind"] != "unchanged" {
            let id = report["resultId"].as_str().unwrap_or_default().to_owned();
            open.report = Some((id, report["items"].as_array().cloned().unwrap_or_default()));
        }
        open.report.as_ref().map(|(_, items)| items.clone()).unwrap_or_default()
    }

    /// The same for semantic tokens.
    fn tokens(&mut self, path: &'static str) -> Vec<Value> {
        let open = self.open.get_mut(path).expect("it is open");
        let mut params = json!({"textDocument": {"uri": uri(path)}});
        let (method, before) = match &open.tokens {
            Some((id, data)) => {
                params["previousResultId"] = id.as_str().into();
                ("textDocument/semanticTokens/full/delta", data.clone())
            }
            None => ("textDocument/semanticTokens/full", Vec::new()),
        };
        let answer = self.client.request(method, params);
        let mut data = answer["data"].as_array().cloned().unwrap_or(before);
        for edit in answer["edits"].as_array().into_iter().flatten().rev() {
            let number = |name: &str| edit[name].as_u64().expect("a number") as usize;
            let new = edit["data"].as_array().cloned().unwrap_or_default();
            data.splice(number("start")..number("start") + number("deleteCount"), new);
        }
        open.tokens = Some((answer["resultId"].as_str().unwrap_or_default().to_owned(), data.clone()));
        data
    }

    /// What is asked as a whole.
    fn whole(&mut self, path: &'static str) -> Vec<(&'static str, Value)> {
        let everywhere = json!({"start": {"line": 0, "character": 0}, "end": {"line": 100_000, "character": 0}});
        let methods = ["documentSymbol", "foldingRange", "codeLens", "inlayHint", "semanticTokens/range"];
        let mut ask = |method: &'static str| {
            let params = json!({"textDocument": {"uri": uri(path)}, "range": everywhere});
            (method, self.client.request(&format!("textDocument/{method}"), params))
        };
        methods.into_iter().map(&mut ask).collect()
    }

    /// A server that was just started, with the same files and documents.
    fn fresh(&self) -> Editor {
        let mut client = Editor::start(&self.files, true);
        let mut open = BTreeMap::new();
        for (path, known) in &self.open {
            client.open(&uri(path), &known.text);
            open.insert(*path, Open { text: known.text.clone(), report: None, tokens: None });
        }
        Editor { client, files: self.files.clone(), disk: self.disk.clone(), open }
    }
}

/// The sequences that are asked for.
fn seeds() -> impl Iterator<Item = u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("MOLTLER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("MOLTLER_SEQUENCES").unwrap_or(SEQUENCES),
    }
}

#[test]
fn what_is_asked_for_equals_what_a_fresh_server_says() {
    for seed in seeds() {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut editor = Editor::new(true);
        editor.open(PATHS[random.usize(0..PATHS.len())]);
        for _ in 0..STEPS {
            editor.step(&mut random, true);
        }
        let mut fresh = editor.fresh();
        let paths: Vec<&'static str> = editor.open.keys().copied().collect();
        for path in paths {
            let text = editor.open[path].text.clone();
            assert_eq!(editor.diagnostics(path), fresh.diagnostics(path), "sequence {seed}, {path}: {text:?}");
            assert_eq!(editor.tokens(path), fresh.tokens(path), "sequence {seed}, {path}: {text:?}");
            assert_eq!(editor.whole(path), fresh.whole(path), "sequence {seed}, {path}: {text:?}");
        }
        assert_eq!((editor.client.finish(), fresh.client.finish()), (0, 0));
    }
}

#[test]
fn what_is_sent_unasked_equals_what_a_fresh_server_says() {
    for seed in seeds() {
        let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
        let mut editor = Editor::new(false);
        editor.open(PATHS[random.usize(0..PATHS.len())]);
        for _ in 0..STEPS {
            editor.step(&mut random, false);
        }
        let mut fresh = editor.fresh();
        let mut expected = BTreeMap::new();
        for path in editor.open.keys().copied().collect::<Vec<_>>() {
            expected.insert(uri(path), fresh.diagnostics(path));
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            // An answer is behind everything that was sent before it.
            editor.client.alive();
            let shown = editor.client.shown();
            let is_same = expected.iter().all(|(uri, items)| shown.get(uri).is_some_and(|shown| shown == items));
            if is_same {
                break;
            }
            assert!(Instant::now() < deadline, "sequence {seed}: the editor shows {shown:#?}, not {expected:#?}");
        }
        assert_eq!((editor.client.finish(), fresh.client.finish()), (0, 0));
    }
}

/// A file that is listed and can't be read, or is gone by then, takes nothing away from the package and leaves nothing of it
/// behind: neither names that a later edit declares and forgets, nor those of a file that goes away.
#[test]
fn a_file_that_cannot_be_read_is_left_out() {
    let codes = |items: &[Value]| items.iter().map(|item| item["code"].to_string()).collect::<Vec<_>>();
    for why in [ErrorKind::NotFound, ErrorKind::PermissionDenied, ErrorKind::FileTooLarge] {
        let mut editor = Editor::new(true);
        editor.files.lock("/p/sub/c.molt", why);
        editor.disk.remove("/p/sub/c.molt");
        editor.open("/p/d.molt");
        let declaration = "CREATE CONNECTOR ACTION 's.items.create';";
        let end = declaration.len() as u32;
        editor.client.edit("file:///p/d.molt", [0, 0, 0, 0], declaration);
        editor.client.edit("file:///p/d.molt", [0, 0, 0, end], "");
        editor.open("/p/b.molt");
        let (mut fresh, found) = (editor.fresh(), editor.diagnostics("/p/b.molt"));
        assert_eq!((&found, codes(&found)), (&fresh.diagnostics("/p/b.molt"), Vec::new()), "{why}");
        editor.write("/p/a.molt", None);
        let (mut fresh, found) = (editor.fresh(), editor.diagnostics("/p/b.molt"));
        assert_eq!(found, fresh.diagnostics("/p/b.molt"), "{why}");
        assert!(codes(&found).contains(&"\"unknown-type\"".to_owned()), "{why}: {found:?}");
        // What is unreadable when it was read before is left out as well.
        editor.write("/p/a.molt", Some(TEXTS[0].to_owned()));
        assert_eq!(codes(&editor.diagnostics("/p/b.molt")), Vec::<String>::new(), "{why}");
        editor.lock("/p/a.molt", why);
        let (mut fresh, found) = (editor.fresh(), editor.diagnostics("/p/b.molt"));
        assert_eq!(found, fresh.diagnostics("/p/b.molt"), "{why}");
        assert!(codes(&found).contains(&"\"unknown-type\"".to_owned()), "{why}: {found:?}");
    }
}
