//! A server that speaks as much of Elasticsearch's protocol as a sync uses, as strictly: content types, lines, sizes, versions,
//! sequence numbers, types of mappings, names of indices, and searches that find only what was there at the last refresh.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

/// A running server; it ends with the process.
pub(super) struct Stub {
    state: Arc<Mutex<State>>,
    port: u16,
}

#[derive(Default)]
struct State {
    indices: BTreeMap<String, Index>,
    scrolls: BTreeMap<String, Vec<Value>>,
    /// Counts everything that has a number.
    sequence: u64,
    /// Bulks that were taken.
    bulks: u64,
    /// Bodies may have so many bytes.
    limit: usize,
    /// Every so many documents of bulks there is no room for one.
    busy: u64,
}

#[derive(Default)]
struct Index {
    mappings: Map<String, Value>,
    aliases: BTreeSet<String>,
    documents: BTreeMap<String, Document>,
    /// What searches find.
    searchable: BTreeMap<String, Document>,
}

#[derive(Clone)]
struct Document {
    source: Value,
    version: i64,
    sequence: u64,
}

/// Status and body.
type Answer = (u16, Value);

fn error(status: u16, kind: &str, reason: &str) -> Answer {
    (status, json!({"error": {"type": kind, "reason": reason}, "status": status}))
}

impl Stub {
    pub(super) fn start() -> Stub {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(Mutex::new(State { limit: 20_000, busy: 7, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Stub { state, port }
    }

    pub(super) fn url(&self) -> String {
        format!("http://elastic:hunter2@127.0.0.1:{}", self.port)
    }

    /// What searches find behind a name, in the order of the ids.
    pub(super) fn documents(&self, name: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<(&String, &Document)> =
            state.resolve(name).into_iter().flat_map(|index| state.indices[&index].searchable.iter()).collect();
        found.sort_by_key(|(id, _)| *id);
        found.into_iter().map(|(_, document)| document.source.clone()).collect()
    }

    /// The names of the indices.
    #[allow(dead_code, reason = "not every test asks")]
    pub(super) fn indices(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).indices.keys().cloned().collect()
    }

    /// How many bulks were taken.
    #[allow(dead_code, reason = "not every test asks")]
    pub(super) fn bulks(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).bulks
    }

    /// An index that somebody else made.
    #[allow(dead_code, reason = "not every test asks")]
    pub(super) fn make(&self, name: &str) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).indices.insert(name.to_owned(), Index::default());
    }
}

/// Answers the requests of a connection.
fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split_whitespace();
        let (method, target) =
            (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let (mut length, mut kind, mut user) = (0, String::new(), String::new());
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "content-type" => kind = value.trim().to_owned(),
                "authorization" => user = value.trim().to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let path: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        // `elastic:hunter2`
        let (status, body) = if user == "Basic ZWxhc3RpYzpodW50ZXIy" {
            state.answer(&method, &path.iter().map(String::as_str).collect::<Vec<_>>(), &query, &kind, &body)
        } else {
            error(401, "security_exception", "missing authentication credentials")
        };
        drop(state);
        let body = if method == "HEAD" { String::new() } else { body.to_string() };
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if (&mut &*stream).write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex: Vec<u8> = rest.by_ref().take(2).collect();
            let hex = std::str::from_utf8(&hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
            bytes.push(hex.expect("an escape"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

impl State {
    /// The indices that a name is of.
    fn resolve(&self, name: &str) -> Vec<String> {
        if let Some(start) = name.strip_suffix('*') {
            return self.indices.keys().filter(|index| index.starts_with(start)).cloned().collect();
        }
        let is_of =
            |(index, found): (&String, &Index)| (index == name || found.aliases.contains(name)).then(|| index.clone());
        self.indices.iter().filter_map(is_of).collect()
    }

    fn answer(&mut self, method: &str, path: &[&str], query: &BTreeMap<&str, &str>, kind: &str, body: &[u8]) -> Answer {
        if body.len() > self.limit {
            return error(413, "content_too_large", "the body is too large");
        }
        if let ("POST", [index, "_bulk"]) = (method, path) {
            return self.bulk(index, kind, body);
        }
        if !body.is_empty() && kind != "application/json" {
            return error(406, "media_type_header_exception", "Content-Type header is not supported");
        }
        let body: Value = match body {
            [] => Value::Null,
            body => match serde_json::from_slice(body) {
                Ok(body) => body,
                Err(_) => return error(400, "parse_exception", "the body is no JSON"),
            },
        };
        match (method, path) {
            ("POST", ["_aliases"]) => self.aliases(&body),
            ("GET", ["_alias", name]) => {
                let found: Map<String, Value> = self
                    .indices
                    .iter()
                    .filter(|(_, index)| index.aliases.contains(*name))
                    .map(|(index, _)| (index.clone(), json!({"aliases": {*name: {}}})))
                    .collect();
                if found.is_empty() {
                    return (404, json!({"error": format!("alias [{name}] missing"), "status": 404}));
                }
                (200, Value::Object(found))
            }
            ("POST", ["_search", "scroll"]) => {
                let id = body["scroll_id"].as_str().unwrap_or_default().to_owned();
                let Some(rest) = self.scrolls.get_mut(&id) else {
                    return error(404, "search_context_missing_exception", "no search context found");
                };
                let page: Vec<Value> = rest.drain(..rest.len().min(7)).collect();
                (200, json!({"_scroll_id": id, "hits": {"hits": page}}))
            }
            ("DELETE", ["_search", "scroll"]) => {
                self.scrolls.remove(body["scroll_id"].as_str().unwrap_or_default());
                (200, json!({"succeeded": true}))
            }
            ("PUT", [name]) => self.create(name, &body),
            ("GET", [name]) => {
                let found = self.resolve(name);
                if found.is_empty() && !name.ends_with('*') {
                    return error(404, "index_not_found_exception", "no such index");
                }
                let found = found.into_iter().map(|index| (index, json!({}))).collect::<Map<_, _>>();
                (200, Value::Object(found))
            }
            ("DELETE", [name]) => match self.indices.remove(*name) {
                Some(_) => (200, json!({"acknowledged": true})),
                None => error(404, "index_not_found_exception", "no such index"),
            },
            ("PUT" | "POST" | "GET" | "DELETE", [name, action, rest @ ..]) => {
                let indices = self.resolve(name);
                if indices.is_empty() {
                    return error(404, "index_not_found_exception", &format!("no such index [{name}]"));
                }
                self.on_index(method, &indices, action, rest, query, &body)
            }
            _ => error(400, "illegal_argument_exception", "no handler found for the request"),
        }
    }

    fn create(&mut self, name: &str, body: &Value) -> Answer {
        if self.indices.contains_key(name) {
            return error(400, "resource_already_exists_exception", &format!("index [{name}] already exists"));
        }
        let is_sound = !name.starts_with(['-', '_', '+'])
            && name.chars().all(|c| !c.is_uppercase() && !r#"\/*?"<>| ,#:"#.contains(c));
        if !is_sound || !self.resolve(name).is_empty() {
            return error(400, "invalid_index_name_exception", &format!("Invalid index name [{name}]"));
        }
        let mappings = body["mappings"]["properties"].as_object().cloned().unwrap_or_default();
        let aliases = body["aliases"].as_object().map(|aliases| aliases.keys().cloned().collect()).unwrap_or_default();
        self.indices.insert(name.to_owned(), Index { mappings, aliases, ..Index::default() });
        (200, json!({"acknowledged": true}))
    }

    /// All actions, or none.
    fn aliases(&mut self, body: &Value) -> Answer {
        let actions = body["actions"].as_array().cloned().unwrap_or_default();
        let named = |action: &Value| action["index"].as_str().unwrap_or_default().to_owned();
        for action in &actions {
            let index = named(action.as_object().and_then(|action| action.values().next()).unwrap_or(&Value::Null));
            if !self.indices.contains_key(&index) {
                return error(404, "index_not_found_exception", &format!("no such index [{index}]"));
            }
        }
        for action in &actions {
            if let Some(add) = action.get("add") {
                let alias = add["alias"].as_str().unwrap_or_default().to_owned();
                self.indices.get_mut(&named(add)).expect("looked for before").aliases.insert(alias);
            } else if let Some(remove) = action.get("remove_index") {
                self.indices.remove(&named(remove));
            } else {
                return error(400, "illegal_argument_exception", "unknown action");
            }
        }
        (200, json!({"acknowledged": true}))
    }

    fn on_index(
        &mut self,
        method: &str,
        indices: &[String],
        action: &str,
        rest: &[&str],
        query: &BTreeMap<&str, &str>,
        body: &Value,
    ) -> Answer {
        match (method, action, rest) {
            ("POST", "_refresh", []) => {
                for index in indices {
                    let index = self.indices.get_mut(index).expect("it is there");
                    index.searchable = index.documents.clone();
                }
                (200, json!({}))
            }
            ("GET", "_count", []) => {
                let count: usize = indices.iter().map(|index| self.indices[index].searchable.len()).sum();
                (200, json!({"count": count}))
            }
            ("PUT", "_mapping", []) => {
                for index in indices {
                    let properties = body["properties"].as_object().cloned().unwrap_or_default();
                    self.indices.get_mut(index).expect("it is there").mappings.extend(properties);
                }
                (200, json!({"acknowledged": true}))
            }
            ("POST", "_search", []) => self.search(indices, query, body),
            (_, _, _) if indices.len() != 1 => {
                error(400, "illegal_argument_exception", "alias has more than one index")
            }
            ("POST", "_mget", []) => {
                let index = &self.indices[&indices[0]];
                let ids = body["ids"].as_array().cloned().unwrap_or_default();
                let docs = ids.iter().map(
                    |id| json!({"_id": id, "found": index.documents.contains_key(id.as_str().unwrap_or_default())}),
                );
                (200, json!({"docs": docs.collect::<Vec<_>>()}))
            }
            ("GET", "_doc", [id]) => match self.indices[&indices[0]].documents.get(*id) {
                Some(document) => (
                    200,
                    json!({"_id": id, "found": true, "_source": document.source, "_version": document.version,
                           "_seq_no": document.sequence, "_primary_term": 1}),
                ),
                None => (404, json!({"_id": id, "found": false})),
            },
            ("POST", "_doc", []) => {
                self.sequence += 1;
                let id = format!("auto-{}", self.sequence);
                self.put(&indices[0], &id, body.clone(), query, false)
            }
            ("PUT", "_create", [id]) => self.put(&indices[0], id, body.clone(), query, true),
            ("PUT", "_doc", [id]) => self.put(&indices[0], id, body.clone(), query, false),
            ("DELETE", "_doc", [id]) => {
                if !self.fits(&indices[0], id, query) {
                    return error(409, "version_conflict_engine_exception", "version conflict");
                }
                self.indices.get_mut(&indices[0]).expect("it is there").documents.remove(*id);
                (200, json!({"result": "deleted"}))
            }
            _ => error(400, "illegal_argument_exception", "no handler found for the request"),
        }
    }

    /// Whether a document is as the request wants it to be.
    fn fits(&self, index: &str, id: &str, query: &BTreeMap<&str, &str>) -> bool {
        let Some(wanted) = query.get("if_seq_no") else { return true };
        let found = self.indices[index].documents.get(id);
        found.is_some_and(|found| found.sequence.to_string() == *wanted) && query.get("if_primary_term") == Some(&"1")
    }

    fn put(&mut self, index: &str, id: &str, source: Value, query: &BTreeMap<&str, &str>, is_new: bool) -> Answer {
        if !self.fits(index, id, query) || is_new && self.indices[index].documents.contains_key(id) {
            return error(409, "version_conflict_engine_exception", "version conflict");
        }
        self.sequence += 1;
        let sequence = self.sequence;
        let index = self.indices.get_mut(index).expect("it is there");
        let version = index.documents.get(id).map_or(1, |document| document.version + 1);
        index.documents.insert(id.to_owned(), Document { source, version, sequence });
        if query.get("refresh") == Some(&"true") {
            index.searchable = index.documents.clone();
        }
        (201, json!({"_id": id, "_version": version, "_seq_no": sequence, "_primary_term": 1}))
    }

    fn search(&mut self, indices: &[String], query: &BTreeMap<&str, &str>, body: &Value) -> Answer {
        let term = body["query"]["term"].as_object().and_then(|term| term.iter().next());
        let mut hits = Vec::new();
        for index in indices {
            for (id, document) in &self.indices[index].searchable {
                if term.is_some_and(|(field, value)| document.source[field] != *value) {
                    continue;
                }
                let mut hit = json!({"_index": index, "_id": id});
                if body["_source"] != false {
                    hit["_source"] = document.source.clone();
                }
                if body["version"] == true {
                    hit["_version"] = json!(document.version);
                }
                hits.push(hit);
            }
        }
        if let Some((field, order)) = body["sort"][0].as_object().and_then(|sort| sort.iter().next()) {
            hits.sort_by_key(|hit| hit["_source"][field].to_string());
            if order == "desc" {
                hits.reverse();
            }
        }
        let size = body["size"].as_u64().unwrap_or(10) as usize;
        if query.contains_key("scroll") {
            // Pages are smaller than asked for, so that there are some.
            let rest = hits.split_off(hits.len().min(size.min(7)));
            self.sequence += 1;
            let id = format!("scroll-{}", self.sequence);
            self.scrolls.insert(id.clone(), rest);
            return (200, json!({"_scroll_id": id, "hits": {"hits": hits}}));
        }
        hits.truncate(size);
        (200, json!({"hits": {"hits": hits}}))
    }

    fn bulk(&mut self, name: &str, kind: &str, body: &[u8]) -> Answer {
        if kind != "application/x-ndjson" && kind != "application/json" {
            return error(406, "media_type_header_exception", "Content-Type header is not supported");
        }
        let text = std::str::from_utf8(body).unwrap_or_default();
        if text.is_empty() {
            return error(400, "parse_exception", "request body is required");
        }
        let Some(text) = text.strip_suffix('\n') else {
            return error(400, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]");
        };
        let indices = self.resolve(name);
        let [index] = indices.as_slice() else {
            return error(400, "illegal_argument_exception", "no write index is defined for alias");
        };
        self.bulks += 1;
        let mut items = Vec::new();
        let mut lines = text.split('\n');
        while let Some(line) = lines.next() {
            let action: Value = serde_json::from_str(line).unwrap_or_default();
            let (Some(action), Some(source)) = (action["index"].as_object(), lines.next()) else {
                return error(400, "illegal_argument_exception", "Malformed action/metadata line");
            };
            let id = action.get("_id").and_then(Value::as_str).unwrap_or_default();
            if id.is_empty() || id.len() > 512 {
                return error(400, "action_request_validation_exception", "id is too long or empty");
            }
            let (status, answer) = self.index(index, id, action, source);
            items.push(json!({"index": {"_id": id, "status": status, "error": answer.get("error")}}));
        }
        let errors = items.iter().any(|item| item["index"]["status"].as_u64() > Some(299));
        (200, json!({"errors": errors, "items": items}))
    }

    fn index(&mut self, index: &str, id: &str, action: &Map<String, Value>, source: &str) -> Answer {
        self.sequence += 1;
        let sequence = self.sequence;
        if self.busy > 0 && sequence.is_multiple_of(self.busy) {
            return error(429, "es_rejected_execution_exception", "rejected execution of coordinating operation");
        }
        let Ok(source) = serde_json::from_str::<Value>(source) else {
            return error(400, "document_parsing_exception", "the document is no JSON");
        };
        let index = self.indices.get_mut(index).expect("it is there");
        for (name, mapping) in &index.mappings {
            let value = &source[name];
            let fits = match mapping["type"].as_str() {
                _ if value.is_null() || mapping["enabled"] == false => true,
                Some("long") => value.is_i64() || value.is_u64(),
                Some("double") => value.is_number(),
                Some("boolean") => value.is_boolean(),
                // Times as Elasticsearch reads them have a year of four digits.
                Some("date") => value.as_str().is_some_and(|text| text.as_bytes().get(4) == Some(&b'-')),
                Some("text" | "keyword") => value.is_string() || value.is_number(),
                _ => false,
            };
            if !fits {
                let reason = format!("failed to parse field [{name}] of type [{}]", mapping["type"]);
                return error(400, "document_parsing_exception", &reason);
            }
        }
        let found = index.documents.get(id).map(|document| document.version);
        let version = match (action.get("version"), action.get("version_type").and_then(Value::as_str)) {
            (None, None) => found.unwrap_or(0) + 1,
            (Some(version), Some("external_gte")) => {
                let version = version.as_i64().unwrap_or(-1);
                if version < 0 {
                    return error(400, "action_request_validation_exception", "illegal version value");
                }
                if found.is_some_and(|found| version < found) {
                    let reason = format!("[{id}]: version conflict, current version is higher than {version}");
                    return error(409, "version_conflict_engine_exception", &reason);
                }
                version
            }
            _ => return error(400, "action_request_validation_exception", "internal versioning can not be used"),
        };
        index.documents.insert(id.to_owned(), Document { source, version, sequence });
        (201, json!({}))
    }
}
