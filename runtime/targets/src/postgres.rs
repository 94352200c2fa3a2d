//! A table of a PostgreSQL database.
//!
//! Rows come by binary COPY into a temporary table and are merged from there, in one transaction with the state; no transaction
//! waits for rows. Of a full pass
//! all rows wait in the temporary table; in the end one transaction deletes what is missing and merges the rest. The table itself
//! stays: its grants, indexes, views and foreign keys are kept, readers are never locked out and see either the old rows or
//! the new ones, and rows that did not change are not written.
//!
//! The lease is an advisory lock of the session, which the server takes back when the session ends: a pooler that shares
//! sessions between clients cannot be between. State and history are tables of the same schema.

mod session;
mod sql;
mod values;

use std::pin::pin;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use tokio_postgres::Statement;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;

use crate::failpoint;
use crate::rows::{Values, columns, now};
use crate::sqlite::foreign_source;
use crate::{
    Completed, Failure, Missing, Opened, Pass, Rejected, Request, Result, Run, Status, Table, Target, TargetError, json,
};
use session::Session;
use sql::{Place, STAGE};
use values::{Bound, unfit, wire_type};

/// How long a session that ends may take to give its lease back.
const LEASE_WAIT: Duration = Duration::from_secs(3);

/// A table of a PostgreSQL database.
pub(crate) struct Postgres {
    url: String,
    open: Option<Open>,
}

struct Open {
    session: Session,
    place: Place,
    table: Table,
    types: Vec<Type>,
    source: String,
    pass: Pass,
    /// COPY into the stage, where a run has begun.
    copy: Option<Statement>,
    /// Rows in the stage.
    staged: u64,
    in_transaction: bool,
    writer: json::Writer,
}

impl Postgres {
    pub(crate) fn new(url: &str) -> Postgres {
        Postgres { url: url.to_owned(), open: None }
    }

    fn opened(&mut self) -> Result<&mut Open> {
        self.open.as_mut().ok_or_else(|| TargetError::new(Failure::Unavailable, "the target is not open"))
    }
}

impl Target for Postgres {
    fn open(&mut self, request: &Request) -> Result<Opened> {
        self.open = None;
        let session = Session::connect(&self.url)?;
        let table = request.table.clone();
        let place = Place::find(&session, &table.name)?;
        lease(&session, &place, &table.name)?;
        let mut opened = Opened::default();
        session.execute("BEGIN")?;
        sql::prepare(&session, &place)?;
        let sql = format!("SELECT source, state FROM {} WHERE table_name = $1", place.of("moltler_state"));
        if let Some(row) = session.query(&sql, &[&place.name])?.first() {
            let source: &str = row.get(0);
            if source == request.source {
                opened.state = row.get(1);
            } else if !request.take_over {
                return Err(foreign_source(&table.name, source, &request.source));
            }
        }
        sql::create_or_evolve(&session, &place, &table, request.evolve, &mut opened.notes)?;
        let sql = format!(
            "UPDATE {} SET status = 'interrupted', ended_at = now() WHERE table_name = $1 AND status = 'running'",
            place.of("moltler_runs")
        );
        session.change(&sql, &[&place.name])?;
        put_state(&session, &place, &request.source, opened.state.as_deref())?;
        opened.has_rows = session.value(&format!("SELECT EXISTS (SELECT 1 FROM {})", place.table()), &[])?;
        session.execute("COMMIT")?;
        self.open = Some(Open {
            session,
            place,
            types: table.columns.iter().map(|column| wire_type(column.column_type)).collect(),
            writer: json::Writer::new(&table),
            table,
            source: request.source.clone(),
            pass: Pass::Merge,
            copy: None,
            staged: 0,
            in_transaction: false,
        });
        Ok(opened)
    }

    fn begin(&mut self, pass: Pass, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.roll_back()?;
        open.pass = pass;
        put_run(&open.session, &open.place, run)?;
        open.session.execute(&sql::create_stage(&open.table))?;
        let copy = sql::copy(&open.table);
        open.copy = Some(open.session.run(|client| client.prepare(&copy))?);
        open.staged = 0;
        Ok(())
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<Vec<Rejected>> {
        let open = self.opened()?;
        let columns = columns(&open.table, rows)?;
        let mut rejected = Vec::new();
        let mut fit = Vec::with_capacity(rows.num_rows());
        for row in 0..rows.num_rows() {
            match unfit(&open.table, &columns, row) {
                None => fit.push(row),
                Some(reason) => {
                    let mut json = String::new();
                    open.writer.row(&columns, row, &mut json);
                    rejected.push(Rejected { row: json, reason });
                }
            }
        }
        if fit.is_empty() {
            return Ok(rejected);
        }
        failpoint::pass("postgres: before rows");
        let Some(copy) = &open.copy else {
            return Err(TargetError::new(Failure::Unavailable, "no run has begun"));
        };
        let types = &open.types;
        let columns = &columns;
        open.staged += open.session.run(|client| async move {
            let mut writer = pin!(BinaryCopyInWriter::new(client.copy_in(copy).await?, types));
            for row in fit {
                writer.as_mut().write_raw(bound(columns, row)).await?;
            }
            writer.finish().await
        })?;
        failpoint::pass("postgres: rows");
        Ok(rejected)
    }

    fn reject(&mut self, run: &Run, rows: &[Rejected]) -> Result<()> {
        let open = self.opened()?;
        let sql = format!(
            "INSERT INTO {} (run_id, table_name, \"row\", reason, at) VALUES ($1, $2, $3, $4, now())",
            open.place.of("moltler_rejected")
        );
        for rejected in rows {
            // A text that cannot be held is kept as far as it can be.
            let row = rejected.row.replace('\0', "");
            let reason = rejected.reason.replace('\0', "");
            open.session.change(&sql, &[&run.id, &open.place.name, &row, &reason])?;
        }
        Ok(())
    }

    fn commit(&mut self, state: &str) -> Result<()> {
        let open = self.opened()?;
        open.session.execute("BEGIN")?;
        open.in_transaction = true;
        if open.staged > 0 {
            open.session.execute(&sql::merge(&open.place, &open.table, true))?;
            open.session.execute(&format!("TRUNCATE {STAGE}"))?;
            failpoint::pass("postgres: merged, no state");
        }
        put_state(&open.session, &open.place, &open.source, Some(state))?;
        failpoint::pass("postgres: before the commit");
        open.session.execute("COMMIT")?;
        open.in_transaction = false;
        open.staged = 0;
        failpoint::pass("postgres: behind the commit");
        Ok(())
    }

    fn complete(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        if self.opened()?.pass == Pass::Merge {
            self.commit(state)?;
            return Ok(Completed::default());
        }
        self.opened()?.show(state, missing)
    }

    fn end(&mut self, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.roll_back()?;
        open.copy = None;
        open.session.execute(&format!("DROP TABLE IF EXISTS {STAGE}"))?;
        put_run(&open.session, &open.place, run)
    }

    fn set_state(&mut self, state: Option<&str>) -> Result<()> {
        let open = self.opened()?;
        put_state(&open.session, &open.place, &open.source, state)
    }
}

impl Open {
    /// Gives up what was not committed.
    fn roll_back(&mut self) -> Result<()> {
        if std::mem::take(&mut self.in_transaction) {
            self.session.execute("ROLLBACK")?;
        }
        Ok(())
    }

    /// Merges the stage into the table, all in one transaction.
    fn show(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        failpoint::pass("postgres: before showing");
        // The planner knows nothing of temporary tables by itself.
        self.session.execute(&format!("ANALYZE {STAGE}"))?;
        self.session.execute("BEGIN")?;
        self.in_transaction = true;
        let table = self.place.table();
        let mut completed = Completed::default();
        if self.pass == Pass::Replace {
            let count = |sql: &str| -> Result<u64> { Ok(self.session.value::<i64>(sql, &[])?.unsigned_abs()) };
            completed.before = count(&format!("SELECT count(*) FROM {table}"))?;
            let absent = sql::absent(&self.table);
            if completed.before > 0 && missing != Missing::Keep && !self.table.key.is_empty() {
                completed.missing = count(&format!("SELECT count(*) FROM {table} AS t WHERE {absent}"))?;
                if completed.missing > 0 && missing.allows(completed.missing, completed.before) {
                    completed.deleted =
                        self.session.change(&format!("DELETE FROM {table} AS t WHERE {absent}"), &[])?;
                    failpoint::pass("postgres: deleted");
                }
            }
        }
        self.session.execute(&sql::merge(&self.place, &self.table, false))?;
        put_state(&self.session, &self.place, &self.source, Some(state))?;
        failpoint::pass("postgres: shown, before the commit");
        self.session.execute("COMMIT")?;
        self.in_transaction = false;
        failpoint::pass("postgres: shown");
        Ok(completed)
    }
}

fn bound<'b>(columns: &[Values<'b>], row: usize) -> Vec<Bound<'b>> {
    columns.iter().map(|column| Bound(column.get(row))).collect()
}

/// Takes the lock that says that a run writes to the table.
fn lease(session: &Session, place: &Place, table: &str) -> Result<()> {
    let name = format!("moltler {}.{}", place.schema, place.name);
    let since = Instant::now();
    while !session.value::<bool>("SELECT pg_try_advisory_lock(hashtextextended($1, 1))", &[&name])? {
        if since.elapsed() > LEASE_WAIT {
            return Err(TargetError::new(Failure::Leased, format!("another run writes to `{table}` right now"))
                .help("wait for it to end; what a run that was killed held is free within seconds"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn put_state(session: &Session, place: &Place, source: &str, state: Option<&str>) -> Result<()> {
    let sql = format!(
        "INSERT INTO {} (table_name, source, state, updated_at) VALUES ($1, $2, $3, $4::text::timestamptz) \
         ON CONFLICT (table_name) DO UPDATE SET source = excluded.source, state = excluded.state, \
         updated_at = excluded.updated_at",
        place.of("moltler_state")
    );
    session.change(&sql, &[&place.name, &source, &state, &now()]).map(drop)
}

fn put_run(session: &Session, place: &Place, run: &Run) -> Result<()> {
    let sql = format!(
        "INSERT INTO {} (id, source, table_name, mode, status, started_at, ended_at, rows_read, rows_written, rows_deleted, \
         rows_rejected, requests, retries, waited_seconds, error) \
         VALUES ($1, $2, $3, $4, $5, $6::text::timestamptz, $7::text::timestamptz, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at, \
         rows_read = excluded.rows_read, rows_written = excluded.rows_written, rows_deleted = excluded.rows_deleted, \
         rows_rejected = excluded.rows_rejected, requests = excluded.requests, retries = excluded.retries, \
         waited_seconds = excluded.waited_seconds, error = excluded.error",
        place.of("moltler_runs")
    );
    let error = run.error.as_ref().map(|error| error.replace('\0', ""));
    session
        .change(
            &sql,
            &[
                &run.id,
                &run.source,
                &place.name,
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
                &error,
            ],
        )
        .map(drop)
}

/// What is known of a table; nothing where the tables of a sync are not there.
pub(crate) fn status(url: &str, table: &str) -> Result<Status> {
    let session = Session::connect(url)?;
    let place = Place::find(&session, table)?;
    let mut status = Status::default();
    for name in ["moltler_state", "moltler_runs"] {
        if place.kind_of(&session, name)?.is_none() {
            return Ok(status);
        }
    }
    let sql = format!("SELECT source, state FROM {} WHERE table_name = $1", place.of("moltler_state"));
    if let Some(row) = session.query(&sql, &[&place.name])?.first() {
        status.source = row.get(0);
        status.state = row.get(1);
    }
    let time = |column: &str| format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    let sql = format!(
        "SELECT id, source, table_name, mode, status, {}, {}, rows_read, rows_written, rows_deleted, rows_rejected, requests, \
         retries, waited_seconds, error FROM {} WHERE table_name = $1 ORDER BY id COLLATE \"C\" DESC LIMIT 20",
        time("started_at"),
        time("ended_at"),
        place.of("moltler_runs")
    );
    let runs = session.query(&sql, &[&place.name])?;
    status.runs = runs
        .iter()
        .map(|row| Run {
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
        })
        .collect();
    Ok(status)
}
