//! A table in PostgreSQL. Rows come by COPY into a table of the session's own and are merged from there, so that rows and state
//! are in one transaction. The lease is an advisory lock, which ends with the connection.

mod copy;
mod schema;

use std::time::Duration;

use arrow_array::RecordBatch;
use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::failpoint;
use crate::rows::{columns, now};
use crate::sqlite::foreign_source;
use crate::{
    Completed, Failure, Missing, Opened, Pass, Rejected, Request, Result, Run, Status, Table, Target, TargetError,
};
use schema::Names;

/// So many rows are merged at once.
const ROWS: usize = 16_384;
/// How long the server may take to notice that a killed run is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// A table in PostgreSQL.
pub(crate) struct Postgres {
    url: String,
    open: Option<Open>,
}

struct Open {
    session: Session,
    table: Table,
    names: Names,
    pass: Pass,
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    source: String,
    staged: bool,
}

/// A connection and the event loop that drives it.
struct Session {
    client: Client,
    // Behind the client: it is driven until it is gone.
    runtime: Runtime,
}

impl Postgres {
    pub(crate) fn new(url: &str) -> Postgres {
        Postgres { url: url.to_owned(), open: None }
    }

    fn opened(&mut self) -> Result<&mut Open> {
        self.open.as_mut().ok_or_else(|| TargetError::new(Failure::Unavailable, "the target is not open"))
    }
}

fn failed(error: tokio_postgres::Error) -> TargetError {
    match error.as_db_error() {
        Some(error) => TargetError::new(Failure::Unavailable, format!("PostgreSQL: {}", error.message())),
        None => TargetError::unavailable("PostgreSQL", chain(&error)),
    }
}

/// An error with what it was caused by, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

impl Session {
    fn connect(url: &str) -> Result<Session> {
        let config: Config = url
            .parse()
            .map_err(|error: tokio_postgres::Error| TargetError::unavailable("the URL of PostgreSQL", chain(&error)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| TargetError::unavailable("PostgreSQL", error))?;
        let client = runtime.block_on(async {
            let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
            let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let tls = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
                .map_err(|error| TargetError::unavailable("PostgreSQL", error))?;
            // Without encryption only where the URL says so: `sslmode=disable`.
            if config.get_ssl_mode() == tokio_postgres::config::SslMode::Disable {
                let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
                tokio::spawn(connection);
                return Ok(client);
            }
            let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await.map_err(failed)?;
            tokio::spawn(connection);
            Ok(client)
        })?;
        Ok(Session { client, runtime })
    }

    fn execute(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        self.runtime.block_on(self.client.execute(sql, parameters)).map_err(failed)
    }

    fn batch(&self, sql: &str) -> Result<()> {
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(failed)
    }

    fn rows(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        self.runtime.block_on(self.client.query(sql, parameters)).map_err(failed)
    }

    fn count(&self, sql: &str) -> Result<u64> {
        let rows = self.rows(sql, &[])?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0)).unsigned_abs())
    }

    /// Everything that `act` does, or nothing.
    fn transaction<R>(&self, act: impl FnOnce(&Session) -> Result<R>) -> Result<R> {
        self.batch("BEGIN")?;
        match act(self) {
            Ok(result) => {
                failpoint::pass("postgres: before the commit");
                self.batch("COMMIT")?;
                failpoint::pass("postgres: behind the commit");
                Ok(result)
            }
            Err(error) => {
                // The connection may be what failed.
                let _ = self.batch("ROLLBACK");
                Err(error)
            }
        }
    }
}

impl Target for Postgres {
    fn open(&mut self, request: &Request) -> Result<Opened> {
        self.open = None;
        let session = Session::connect(&self.url)?;
        let table = request.table.clone();
        let names = Names::of(&table);
        session.batch("SET client_min_messages = warning; SET timezone = 'UTC'")?;
        lease(&session, &names, &table.name)?;
        let opened = session.transaction(|session| {
            schema::prepare(session)?;
            let mut opened = Opened::default();
            let known = session.rows("SELECT source, state FROM moltler_state WHERE table_name = $1", &[&table.name])?;
            if let Some(row) = known.first() {
                let source: String = row.get(0);
                if source == request.source {
                    opened.state = row.get(1);
                } else if !request.take_over {
                    return Err(foreign_source(&table.name, &source, &request.source));
                }
            }
            schema::create_or_evolve(session, &table, &names, request.evolve, &mut opened.notes)?;
            session.execute(
                "UPDATE moltler_runs SET status = 'interrupted', ended_at = $1 WHERE table_name = $2 AND status = 'running'",
                &[&now(), &table.name],
            )?;
            put_state(session, &table.name, &request.source, opened.state.as_deref())?;
            let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT 1) AS t", names.table);
            opened.has_rows = session.count(&sql)? > 0;
            Ok(opened)
        })?;
        self.open = Some(Open {
            session,
            names,
            table,
            pass: Pass::Merge,
            pending: Vec::new(),
            pending_rows: 0,
            source: request.source.clone(),
            staged: false,
        });
        Ok(opened)
    }

    fn begin(&mut self, pass: Pass, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.pass = pass;
        open.pending.clear();
        open.pending_rows = 0;
        open.unstage()?;
        // Gone with the session, however that ends.
        open.session.batch(&schema::create_stage(&open.table, &open.names))?;
        open.staged = true;
        put_run(&open.session, run)
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<Vec<Rejected>> {
        let open = self.opened()?;
        columns(&open.table, rows)?;
        let (rows, rejected) = copy::without_unstorable(&open.table, rows)?;
        open.pending_rows += rows.iter().map(RecordBatch::num_rows).sum::<usize>();
        open.pending.extend(rows);
        if open.pending_rows >= ROWS {
            match open.pass {
                Pass::Merge => open.merge(None)?,
                Pass::Replace | Pass::Append => open.stage()?,
            }
        }
        Ok(rejected)
    }

    fn reject(&mut self, run: &Run, rows: &[Rejected]) -> Result<()> {
        let open = self.opened()?;
        for rejected in rows {
            // A text of PostgreSQL has no NUL, which may be what is wrong with the row.
            let row = rejected.row.replace('\0', "\\u0000");
            let sql = "INSERT INTO moltler_rejected (run_id, table_name, row, reason, at) VALUES ($1, $2, $3, $4, $5)";
            open.session.execute(sql, &[&run.id, &open.table.name, &row, &rejected.reason, &now()])?;
        }
        Ok(())
    }

    fn commit(&mut self, state: &str) -> Result<()> {
        self.opened()?.merge(Some(state))
    }

    fn complete(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        let open = self.opened()?;
        if open.pass == Pass::Merge {
            open.merge(Some(state))?;
            return Ok(Completed::default());
        }
        open.stage()?;
        open.show(state, missing)
    }

    fn end(&mut self, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.pending.clear();
        open.pending_rows = 0;
        open.unstage()?;
        put_run(&open.session, run)
    }

    fn set_state(&mut self, state: Option<&str>) -> Result<()> {
        let open = self.opened()?;
        put_state(&open.session, &open.table.name, &open.source, state)
    }
}

impl Open {
    fn unstage(&mut self) -> Result<()> {
        if std::mem::take(&mut self.staged) {
            self.session.batch(&format!("DROP TABLE IF EXISTS {}", self.names.stage))?;
        }
        Ok(())
    }

    /// What is in memory into the stage.
    fn stage(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.pending_rows = 0;
        failpoint::pass("postgres: before rows");
        for batch in &pending {
            if batch.num_rows() > 0 {
                copy::copy(&self.session, &self.table, &self.names.stage, batch)?;
            }
        }
        Ok(())
    }

    /// What is in memory into the table, and the state, in one transaction.
    fn merge(&mut self, state: Option<&str>) -> Result<()> {
        self.session.batch("BEGIN")?;
        let merged = self.stage().and_then(|()| {
            self.session.execute(&schema::merge(&self.table, &self.names), &[])?;
            self.session.batch(&format!("TRUNCATE {}", self.names.stage))?;
            match state {
                Some(state) => put_state(&self.session, &self.table.name, &self.source, Some(state)),
                None => Ok(()),
            }
        });
        if let Err(error) = merged {
            let _ = self.session.batch("ROLLBACK");
            return Err(error);
        }
        failpoint::pass("postgres: before the commit");
        self.session.batch("COMMIT")?;
        failpoint::pass("postgres: behind the commit");
        Ok(())
    }

    /// The rows of the stage into the table, all in one transaction.
    fn show(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        let (table, names, pass) = (&self.table, &self.names, self.pass);
        let source = &self.source;
        let completed = self.session.transaction(|session| {
            let mut completed = Completed::default();
            if pass == Pass::Replace {
                session.batch(&format!("ANALYZE {}", names.stage))?;
                completed.before = session.count(&format!("SELECT COUNT(*) FROM {}", names.table))?;
                let absent = schema::absent(table, names);
                if completed.before > 0 && missing != Missing::Keep {
                    completed.missing =
                        session.count(&format!("SELECT COUNT(*) FROM {} AS t WHERE {absent}", names.table))?;
                    if completed.missing > 0 && missing.allows(completed.missing, completed.before) {
                        completed.deleted =
                            session.execute(&format!("DELETE FROM {} AS t WHERE {absent}", names.table), &[])?;
                    }
                }
            }
            session.execute(&schema::show(table, names), &[])?;
            session.batch(&format!("DROP TABLE {}", names.stage))?;
            put_state(session, &table.name, source, Some(state))?;
            Ok(completed)
        })?;
        self.staged = false;
        Ok(completed)
    }
}

/// Takes the lock of the table. The server may take a moment to notice that the one who had it was killed.
fn lease(session: &Session, names: &Names, table: &str) -> Result<()> {
    let started = std::time::Instant::now();
    loop {
        let rows = session.rows("SELECT pg_try_advisory_lock(x'6d6f6c74'::int, hashtext($1))", &[&names.table])?;
        if rows.first().is_some_and(|row| row.get(0)) {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            let message = format!("another run writes to `{table}` right now");
            return Err(TargetError::new(Failure::Leased, message).help("wait for it to end"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn put_state(session: &Session, table: &str, source: &str, state: Option<&str>) -> Result<()> {
    let sql = "INSERT INTO moltler_state (table_name, source, state, updated_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (table_name) DO UPDATE SET source = excluded.source, state = excluded.state, \
               updated_at = excluded.updated_at";
    session.execute(sql, &[&table, &source, &state, &now()]).map(drop)
}

fn put_run(session: &Session, run: &Run) -> Result<()> {
    let sql = "INSERT INTO moltler_runs (id, source, table_name, mode, status, started_at, ended_at, rows_read, \
               rows_written, rows_deleted, rows_rejected, requests, retries, waited_seconds, error) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
               ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at, \
               rows_read = excluded.rows_read, rows_written = excluded.rows_written, rows_deleted = excluded.rows_deleted, \
               rows_rejected = excluded.rows_rejected, requests = excluded.requests, retries = excluded.retries, \
               waited_seconds = excluded.waited_seconds, error = excluded.error";
    let values: [&(dyn ToSql + Sync); 15] = [
        &run.id,
        &run.source,
        &run.table_name,
        &run.mode,
        &run.status,
        &run.started_at,
        &run.ended_at,
        &run.rows_read,
        &run.rows_written,
        &run.rows_deleted,
        &run.rows_rejected,
        &run.requests,
        &run.retries,
        &run.waited_seconds,
        &run.error,
    ];
    session.execute(sql, &values).map(drop)
}

/// What is known of a table; nothing where the tables of a sync are not there.
pub(crate) fn status(url: &str, table: &str) -> Result<Status> {
    let session = Session::connect(url)?;
    let mut status = Status::default();
    let there = "SELECT COUNT(*) FROM (VALUES (to_regclass('moltler_state')), (to_regclass('moltler_runs'))) AS t (c) \
                 WHERE c IS NOT NULL";
    if session.count(there)? < 2 {
        return Ok(status);
    }
    let known = session.rows("SELECT source, state FROM moltler_state WHERE table_name = $1", &[&table])?;
    if let Some(row) = known.first() {
        status.source = Some(row.get(0));
        status.state = row.get(1);
    }
    let sql = "SELECT id, source, table_name, mode, status, started_at, ended_at, rows_read, rows_written, rows_deleted, \
               rows_rejected, requests, retries, waited_seconds, error FROM moltler_runs WHERE table_name = $1 \
               ORDER BY id DESC LIMIT 20";
    let runs = session.rows(sql, &[&table])?;
    let runs = runs.iter().map(|row| Run {
        id: row.get(0),
        source: row.get(1),
        table_name: row.get(2),
        mode: row.get(3),
        status: row.get(4),
        started_at: row.get(5),
        ended_at: row.get(6),
        rows_read: row.get(7),
        rows_written: row.get(8),
        rows_deleted: row.get(9),
        rows_rejected: row.get(10),
        requests: row.get(11),
        retries: row.get(12),
        waited_seconds: row.get(13),
        error: row.get(14),
    });
    status.runs = runs.collect();
    Ok(status)
}
