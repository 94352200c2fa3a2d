//! A table as an index of Elasticsearch.
//!
//! The name of the table is an alias. Behind it is an index `items-moltler-<number>`; a full pass fills a new one, and in the end one
//! call lets the alias be of the new index and removes the old one. Each run of APPEND is an index of its own, which the alias
//! gets besides the others when all rows are there; indices with few rows are not put together.
//!
//! A document's id is the key of its row: the value of the only column of the key, or several as a JSON array. The version of a row
//! is the version of its document (`external_gte`), where it is a number or a time: so an older row never takes the place of a newer
//! one, whichever comes first. Versions that are texts, negative or NULL do not guard. Rows that the server refuses are kept
//! as rejected with its reason; those for which it has no room are sent again.
//!
//! State, history, rejected rows and leases are in the indices `moltler_state`, `moltler_runs`, `moltler_rejected` and `moltler_leases`.
//! Rows are durable before the state: what a killed run wrote comes again, and is the same documents. Searches find rows
//! when a commit returns.

mod bulk;
mod lease;
mod server;

use std::sync::Arc;

use arrow_array::RecordBatch;
use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::failpoint;
use crate::rows::{columns, now};
use crate::sqlite::{changed_key, changed_type, foreign_source, frozen};
use crate::{
    Column, ColumnType, Completed, Failure, Missing, Opened, Pass, Rejected, Request, Result, Run, Status, Table,
    Target, TargetError,
};
use bulk::{Bulk, document_id, version};
use lease::Lease;
use server::{Body, Server};

const STATE: &str = "moltler_state";
const RUNS: &str = "moltler_runs";
const REJECTED: &str = "moltler_rejected";
/// What is between the name of the table and the number of an index.
const INFIX: &str = "-moltler-";
/// So many documents are looked at at a time.
const PAGE: usize = 1000;
/// So many characters are kept of a row that is too large to be kept.
const KEPT: usize = 4096;
/// How long the server remembers where a search was.
const SCROLL: &str = "5m";

/// An index of Elasticsearch.
pub(crate) struct Elasticsearch {
    url: String,
    open: Option<Open>,
}

/// The document of a table in `moltler_state`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    table_name: String,
    source: String,
    state: Option<String>,
    columns: Vec<Column>,
    key: Vec<String>,
    updated_at: String,
    /// An index that is complete, and goes behind the alias.
    next: Option<Next>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Next {
    index: String,
    state: String,
    /// The indices that it takes the place of.
    removes: Vec<String>,
}

struct Open {
    server: Arc<Server>,
    known: Known,
    table: Table,
    pass: Pass,
    run: Run,
    bulk: Bulk,
    /// The index that rows go to.
    index: Option<String>,
    /// How many rows have come in this run.
    came: u64,
    /// Rows that were refused when it was too late to give them back.
    late: i64,
    lease: Lease,
}

impl Elasticsearch {
    pub(crate) fn new(url: &str) -> Elasticsearch {
        Elasticsearch { url: url.to_owned(), open: None }
    }

    fn opened(&mut self) -> Result<&mut Open> {
        let open =
            self.open.as_mut().ok_or_else(|| TargetError::new(Failure::Unavailable, "the target is not open"))?;
        open.lease.check()?;
        Ok(open)
    }
}

/// Names that an index may have, with room for what comes behind.
fn check_name(name: &str) -> Result<()> {
    let is_sound = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with(['-', '_', '+', '.'])
        && name.chars().all(|c| !c.is_uppercase() && !c.is_control() && !r#"\/*?"<>| ,#:"#.contains(c));
    if is_sound {
        return Ok(());
    }
    let message = format!("`{name}` is no name of an index");
    Err(TargetError::new(Failure::Schema, message)
        .help(r#"it has no upper case, none of `\ / * ? " < > | , # :` and no blanks, and does not start with `-`, `_`, `+` or `.`"#))
}

/// How a column is indexed.
fn mapping(table: &Table, index: usize) -> Value {
    match table.columns[index].column_type {
        ColumnType::Text if table.key.contains(&index) => json!({"type": "keyword", "ignore_above": 8191}),
        ColumnType::Text => json!({"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 1024}}}),
        ColumnType::Number => json!({"type": "double"}),
        ColumnType::Integer => json!({"type": "long"}),
        ColumnType::Boolean => json!({"type": "boolean"}),
        ColumnType::Timestamp | ColumnType::Date => json!({"type": "date"}),
        // Any JSON, kept as it is: values of one name may be of several types.
        ColumnType::Json => json!({"type": "object", "enabled": false}),
    }
}

fn mappings(table: &Table) -> Value {
    let columns = table.columns.iter().enumerate();
    let properties: Map<String, Value> =
        columns.map(|(index, column)| (column.name.clone(), mapping(table, index))).collect();
    json!({"dynamic": false, "properties": properties})
}

/// The indices behind the alias of a table.
fn indices(server: &Server, table: &str) -> Result<Vec<String>> {
    let found = server.find(&["_alias", table], "")?;
    let mut names: Vec<String> =
        found.as_ref().and_then(Value::as_object).map(|found| found.keys().cloned().collect()).unwrap_or_default();
    names.sort();
    Ok(names)
}

/// Whether an index is one that a sync of this table made.
fn is_ours(index: &str, table: &str) -> bool {
    let number = index.strip_prefix(table).and_then(|rest| rest.strip_prefix(INFIX));
    number.is_some_and(|number| number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn get_known(server: &Server, table: &str) -> Result<Option<Known>> {
    let found = server.find(&[STATE, "_doc", table], "")?;
    let known = found.map(|found| serde_json::from_value(found["_source"].clone()));
    known.transpose().map_err(|error| TargetError::unavailable(&format!("the state of `{table}`"), error))
}

impl Target for Elasticsearch {
    fn open(&mut self, request: &Request) -> Result<Opened> {
        self.open = None;
        let table = request.table.clone();
        check_name(&table.name)?;
        let server = Arc::new(Server::new(&self.url)?);
        prepare(&server)?;
        let lease = Lease::take(&server, &table.name)?;
        let mut known = get_known(&server, &table.name)?.unwrap_or_default();
        table.name.clone_into(&mut known.table_name);
        if let Some(next) = known.next.take() {
            // A killed run had all rows, and perhaps no time to show them.
            if server.find(&[&next.index], "")?.is_some() {
                show(&server, &table.name, &next)?;
            }
            known.state = Some(next.state);
            put_known(&server, &known)?;
        }
        let shown = indices(&server, &table.name)?;
        if shown.is_empty() && server.find(&[&table.name], "")?.is_some() {
            let message = format!("`{}` is there and was not written by a sync", table.name);
            return Err(TargetError::new(Failure::Schema, message).help("remove it, or write into another index"));
        }
        if let Some(foreign) = shown.iter().find(|index| !is_ours(index, &table.name)) {
            let message = format!("`{}` is an alias of `{foreign}`, which was not written by a sync", table.name);
            return Err(TargetError::new(Failure::Schema, message).help("write into another index"));
        }
        // What killed runs left.
        let all = server.find(&[&format!("{}{INFIX}*", table.name)], "")?.unwrap_or_default();
        for index in all.as_object().into_iter().flat_map(Map::keys) {
            if is_ours(index, &table.name) && !shown.contains(index) {
                remove(&server, index)?;
            }
        }
        mark_interrupted(&server, &table.name)?;
        let mut opened = Opened::default();
        if !known.source.is_empty() && known.source != request.source {
            if !request.take_over {
                return Err(foreign_source(&table.name, &known.source, &request.source));
            }
            known.state = None;
        }
        opened.has_rows = !shown.is_empty() && count(&server, &table.name)? > 0;
        check_columns(&server, &table, &mut known, !shown.is_empty(), request.evolve, &mut opened.notes)?;
        known.source.clone_from(&request.source);
        put_known(&server, &known)?;
        opened.state.clone_from(&known.state);
        self.open = Some(Open {
            bulk: Bulk::new(&table),
            server,
            known,
            table,
            pass: Pass::Merge,
            run: Run::default(),
            index: None,
            came: 0,
            late: 0,
            lease,
        });
        Ok(opened)
    }

    fn begin(&mut self, pass: Pass, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.forget()?;
        open.pass = pass;
        open.run = run.clone();
        (open.came, open.late) = (0, 0);
        put_run(&open.server, run)?;
        let mut shown = indices(&open.server, &open.table.name)?;
        open.index = Some(match shown.pop() {
            Some(index) if pass == Pass::Merge => index,
            _ => open.create_index(pass == Pass::Merge)?,
        });
        Ok(())
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<Vec<Rejected>> {
        let open = self.opened()?;
        let values = columns(&open.table, rows)?;
        let mut rejected = Vec::new();
        for row in 0..rows.num_rows() {
            open.came += 1;
            let id = match open.table.key.is_empty() {
                // The same row of the same run is the same document, also when it is sent twice.
                true => format!("{}-{:09}", open.run.id, open.came),
                false => document_id(&values, &open.table.key, row),
            };
            let version = open.table.version.and_then(|column| version(values[column].get(row)));
            if let Some(reason) = open.bulk.push(&id, version, &values, row) {
                rejected.push(reason);
            }
            if open.bulk.is_full() {
                rejected.extend(open.send()?);
            }
        }
        Ok(rejected)
    }

    fn reject(&mut self, run: &Run, rows: &[Rejected]) -> Result<()> {
        let open = self.opened()?;
        put_rejected(&open.server, &run.id, &open.table.name, rows)
    }

    fn commit(&mut self, state: &str) -> Result<()> {
        let open = self.opened()?;
        open.send_last()?;
        failpoint::pass("elasticsearch: rows, no state");
        refresh(&open.server, &open.table.name)?;
        open.keep_state(state)?;
        failpoint::pass("elasticsearch: rows and state");
        Ok(())
    }

    fn complete(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        if self.opened()?.pass == Pass::Merge {
            self.commit(state)?;
            return Ok(Completed::default());
        }
        let open = self.opened()?;
        open.send_last()?;
        if open.pass == Pass::Append && open.came == 0 && open.known.state.is_some() {
            // Nothing is new: no index for it.
            open.forget()?;
            return open.keep_state(state).map(|()| Completed::default());
        }
        let index = open.index.clone().unwrap_or_default();
        refresh(&open.server, &index)?;
        failpoint::pass("elasticsearch: a new index");
        let shown = indices(&open.server, &open.table.name)?;
        let mut completed = Completed::default();
        if open.pass == Pass::Replace && !shown.is_empty() && !open.table.key.is_empty() {
            refresh(&open.server, &open.table.name)?;
            completed = open.carry_over(&index, missing)?;
            refresh(&open.server, &index)?;
        }
        let next = Next {
            index,
            state: state.to_owned(),
            removes: if open.pass == Pass::Replace { shown } else { Vec::new() },
        };
        open.known.next = Some(next.clone());
        put_known(&open.server, &open.known)?;
        failpoint::pass("elasticsearch: a new index, announced");
        show(&open.server, &open.table.name, &next)?;
        open.index = None;
        failpoint::pass("elasticsearch: a new index, shown");
        open.known.next = None;
        open.keep_state(&next.state)?;
        Ok(completed)
    }

    fn end(&mut self, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.forget()?;
        let mut run = run.clone();
        run.rows_rejected += open.late;
        run.rows_written -= open.late;
        put_run(&open.server, &run)
    }

    fn set_state(&mut self, state: Option<&str>) -> Result<()> {
        let open = self.opened()?;
        open.known.state = state.map(str::to_owned);
        put_known(&open.server, &open.known)
    }
}

impl Open {
    /// Gives up rows that were not sent, and an index that was not shown.
    fn forget(&mut self) -> Result<()> {
        self.bulk.clear();
        match self.index.take() {
            Some(index) if self.pass != Pass::Merge => remove(&self.server, &index),
            _ => Ok(()),
        }
    }

    fn keep_state(&mut self, state: &str) -> Result<()> {
        self.known.state = Some(state.to_owned());
        put_known(&self.server, &self.known)
    }

    /// Makes an index, which is shown where `is_shown`.
    fn create_index(&self, is_shown: bool) -> Result<String> {
        let name = format!("{}{INFIX}{:016x}", self.table.name, Timestamp::now().as_microsecond());
        let mut body = json!({"mappings": mappings(&self.table)});
        if is_shown {
            body["aliases"] = json!({&self.table.name: {}});
        }
        self.server.ask(&Method::PUT, &[&name], "", &Body::Json(&body))?;
        Ok(name)
    }

    fn send(&mut self) -> Result<Vec<Rejected>> {
        failpoint::pass("elasticsearch: before rows");
        let index = self.index.as_deref().ok_or_else(|| TargetError::new(Failure::Unavailable, "no run has begun"))?;
        self.bulk.send(&self.server, index)
    }

    /// Sends what is left. Rows that are refused now are kept here: nobody asks for them any more.
    fn send_last(&mut self) -> Result<()> {
        let rejected = self.send()?;
        self.late += rejected.len() as i64;
        put_rejected(&self.server, &self.run.id, &self.table.name, &rejected)
    }

    /// What becomes of rows that are behind the alias and not in the new index.
    fn carry_over(&self, index: &str, missing: Missing) -> Result<Completed> {
        let mut completed = Completed { before: count(&self.server, &self.table.name)?, ..Completed::default() };
        if missing != Missing::Keep {
            completed.missing = self.each_missing(index, false)?;
            if missing.allows(completed.missing, completed.before) {
                completed.deleted = completed.missing;
                return Ok(completed);
            }
        }
        self.each_missing(index, true)?;
        Ok(completed)
    }

    /// Counts the documents that are not in the new index, or copies them there with their versions.
    fn each_missing(&self, index: &str, copies: bool) -> Result<u64> {
        let (mut missing, mut bulk) = (0, Bulk::new(&self.table));
        let search = json!({"size": PAGE, "sort": ["_doc"], "_source": copies, "version": true});
        let mut page = self.server.ask(
            &Method::POST,
            &[&self.table.name, "_search"],
            &format!("scroll={SCROLL}"),
            &Body::Json(&search),
        )?;
        loop {
            let hits = page["hits"]["hits"].as_array().cloned().unwrap_or_default();
            let scroll = json!({"scroll": SCROLL, "scroll_id": page["_scroll_id"]});
            if hits.is_empty() {
                let body = json!({"scroll_id": page["_scroll_id"]});
                // It ends by itself.
                let _ = self.server.call(&Method::DELETE, &["_search", "scroll"], "", &Body::Json(&body));
                break;
            }
            let ids = json!({"ids": hits.iter().map(|hit| &hit["_id"]).collect::<Vec<_>>()});
            let found = self.server.ask(&Method::POST, &[index, "_mget"], "_source=false", &Body::Json(&ids))?;
            let found = found["docs"].as_array().cloned().unwrap_or_default();
            if found.len() != hits.len() {
                return Err(TargetError::new(
                    Failure::Unavailable,
                    "Elasticsearch gave other documents than asked for",
                ));
            }
            for hit in hits.iter().zip(&found).filter(|(_, found)| found["found"] != true).map(|(hit, _)| hit) {
                missing += 1;
                if copies {
                    bulk.push_document(
                        hit["_id"].as_str().unwrap_or_default(),
                        hit["_version"].as_i64(),
                        &hit["_source"],
                    );
                }
            }
            if copies && !bulk.send(&self.server, index)?.is_empty() {
                return Err(TargetError::new(Failure::Unavailable, "a row that was there before was refused"));
            }
            page = self.server.ask(&Method::POST, &["_search", "scroll"], "", &Body::Json(&scroll))?;
        }
        Ok(missing)
    }
}

/// Makes the indices that every sync shares, where they are not there.
fn prepare(server: &Server) -> Result<()> {
    let keyword = json!({"type": "keyword", "ignore_above": 1024});
    let of = |names: &[&str]| -> Map<String, Value> {
        names.iter().map(|name| ((*name).to_owned(), keyword.clone())).collect()
    };
    let mut runs = of(&["id", "source", "table_name", "mode", "status", "error"]);
    runs.extend(["started_at", "ended_at"].map(|name| (name.to_owned(), json!({"type": "date"}))));
    for name in ["rows_read", "rows_written", "rows_deleted", "rows_rejected", "requests", "retries"] {
        runs.insert(name.to_owned(), json!({"type": "long"}));
    }
    runs.insert("waited_seconds".to_owned(), json!({"type": "double"}));
    let mut rejected = of(&["run_id", "table_name", "reason"]);
    rejected.insert("at".to_owned(), json!({"type": "date"}));
    for (index, properties) in
        [(STATE, of(&["table_name", "source"])), (RUNS, runs), (REJECTED, rejected), ("moltler_leases", Map::new())]
    {
        if server.find(&[index], "")?.is_some() {
            continue;
        }
        let body = json!({"mappings": {"dynamic": false, "properties": properties}});
        let answer = server.call(&Method::PUT, &[index], "", &Body::Json(&body))?;
        // Another sync may have been faster.
        if !answer.is_success() && answer.error_type() != "resource_already_exists_exception" {
            return Err(server.refused(&answer));
        }
    }
    Ok(())
}

/// The columns are those of the state, or more. An index that is not there may get any others.
fn check_columns(
    server: &Server,
    table: &Table,
    known: &mut Known,
    is_there: bool,
    evolve: bool,
    notes: &mut Vec<String>,
) -> Result<()> {
    let key: Vec<String> = table.key.iter().map(|column| table.columns[*column].name.clone()).collect();
    if !is_there {
        known.columns.clone_from(&table.columns);
        known.key = key;
        return Ok(());
    }
    if known.key != key {
        return Err(changed_key(&table.name, &known.key.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    let mut properties = Map::new();
    for (index, column) in table.columns.iter().enumerate() {
        match known.columns.iter().find(|known| known.name == column.name) {
            Some(known) if known.column_type == column.column_type => {}
            Some(known) => {
                let (has, wants) = (known.column_type.name(), column.column_type.name());
                return Err(changed_type(&table.name, &column.name, has, wants));
            }
            None if !evolve => return Err(frozen(&table.name, &column.name)),
            None => {
                notes.push(format!("`{}` has a new column `{}`", table.name, column.name));
                properties.insert(column.name.clone(), mapping(table, index));
                known.columns.push(column.clone());
            }
        }
    }
    if properties.is_empty() {
        return Ok(());
    }
    let body = json!({"properties": properties});
    server.ask(&Method::PUT, &[&table.name, "_mapping"], "", &Body::Json(&body)).map(drop)
}

/// Lets searches find what was written.
fn refresh(server: &Server, index: &str) -> Result<()> {
    server.ask(&Method::POST, &[index, "_refresh"], "", &Body::None).map(drop)
}

fn count(server: &Server, index: &str) -> Result<u64> {
    refresh(server, index)?;
    let answer = server.ask(&Method::GET, &[index, "_count"], "", &Body::None)?;
    answer["count"].as_u64().ok_or_else(|| TargetError::new(Failure::Unavailable, "Elasticsearch cannot count"))
}

/// Lets the alias be of an index, and removes others, at once.
fn show(server: &Server, table: &str, next: &Next) -> Result<()> {
    let mut actions = vec![json!({"add": {"index": next.index, "alias": table}})];
    let shown = indices(server, table)?;
    // A killed run may have come so far.
    let removed = next.removes.iter().filter(|index| shown.contains(index) && **index != next.index);
    actions.extend(removed.map(|index| json!({"remove_index": {"index": index}})));
    server.ask(&Method::POST, &["_aliases"], "", &Body::Json(&json!({"actions": actions}))).map(drop)
}

fn remove(server: &Server, index: &str) -> Result<()> {
    let answer = server.call(&Method::DELETE, &[index], "", &Body::None)?;
    if answer.is_success() || answer.status == 404 { Ok(()) } else { Err(server.refused(&answer)) }
}

fn put_known(server: &Server, known: &Known) -> Result<()> {
    let known = Known { updated_at: now(), ..known.clone() };
    server.ask(&Method::PUT, &[STATE, "_doc", &known.table_name], "", &Body::Json(&json!(known))).map(drop)
}

fn put_run(server: &Server, run: &Run) -> Result<()> {
    server.ask(&Method::PUT, &[RUNS, "_doc", &run.id], "refresh=true", &Body::Json(&json!(run))).map(drop)
}

fn put_rejected(server: &Server, run: &str, table: &str, rows: &[Rejected]) -> Result<()> {
    for rejected in rows {
        let mut document = json!({
            "run_id": run, "table_name": table, "row": rejected.row, "reason": rejected.reason, "at": now(),
        });
        let answer = server.call(&Method::POST, &[REJECTED, "_doc"], "", &Body::Json(&document))?;
        if answer.status == 413 {
            // Where the row is too large even for this, its start is kept.
            document["row"] = json!(rejected.row.chars().take(KEPT).collect::<String>());
            server.ask(&Method::POST, &[REJECTED, "_doc"], "", &Body::Json(&document))?;
        } else if !answer.is_success() {
            return Err(server.refused(&answer));
        }
    }
    Ok(())
}

/// The last runs of a table, the latest first.
fn runs(server: &Server, table: &str) -> Result<Vec<Run>> {
    let search = json!({"size": 20, "query": {"term": {"table_name": table}}, "sort": [{"id": "desc"}]});
    let answer = server.ask(&Method::POST, &[RUNS, "_search"], "", &Body::Json(&search))?;
    let hits = answer["hits"]["hits"].as_array().cloned().unwrap_or_default();
    Ok(hits.into_iter().filter_map(|mut hit| serde_json::from_value(hit["_source"].take()).ok()).collect())
}

/// Runs that seem to be running were killed: the lease is ours.
fn mark_interrupted(server: &Server, table: &str) -> Result<()> {
    for mut run in runs(server, table)? {
        if run.status == "running" {
            run.status = "interrupted".to_owned();
            run.ended_at = Some(now());
            put_run(server, &run)?;
        }
    }
    Ok(())
}

/// What is known of a table; nothing where the indices of a sync are not there.
pub(crate) fn status(url: &str, table: &str) -> Result<Status> {
    let server = Server::new(url)?;
    let mut status = Status::default();
    if server.find(&[STATE], "")?.is_none() || server.find(&[RUNS], "")?.is_none() {
        return Ok(status);
    }
    if let Some(known) = get_known(&server, table)? {
        status.source = (!known.source.is_empty()).then_some(known.source);
        status.state = known.next.map_or(known.state, |next| Some(next.state));
    }
    status.runs = runs(&server, table)?;
    Ok(status)
}

#[cfg(test)]
mod stub;
#[cfg(test)]
mod tests;
