//! A table in a SQLite file. Rows and state are in one transaction, and no transaction waits for the network: rows are kept in
//! memory until there are enough of them or a commit asks for it.

mod schema;

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension, ToSql, params};

use crate::failpoint;
use crate::lease::Lease;
use crate::rows::{Cell, columns, now, sortable_timestamp, write_date};
use crate::{
    Completed, Failure, Missing, Opened, Pass, Rejected, Request, Result, Run, Status, Table, Target, TargetError,
};
pub(crate) use schema::{changed_key, changed_type, frozen};
use schema::{quoted, stage_name};

/// So many rows are in one transaction.
const ROWS: usize = 8192;

/// A table in a SQLite file.
pub(crate) struct Sqlite {
    path: PathBuf,
    open: Option<Open>,
}

struct Open {
    connection: Connection,
    table: Table,
    pass: Pass,
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    /// Whether the stage has been made in this pass.
    staged: bool,
    run: String,
    source: String,
    // Given back when the connection is closed.
    _lease: Lease,
}

impl Sqlite {
    pub(crate) fn new(path: &Path) -> Sqlite {
        Sqlite { path: path.to_owned(), open: None }
    }

    fn opened(&mut self) -> Result<&mut Open> {
        self.open.as_mut().ok_or_else(|| TargetError::new(Failure::Unavailable, "the target is not open"))
    }
}

fn failed(error: rusqlite::Error) -> TargetError {
    TargetError::unavailable("SQLite", error)
}

fn connection(path: &Path) -> Result<Connection> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| TargetError::unavailable(&folder.display().to_string(), error))?;
    }
    let unavailable = |error| TargetError::unavailable(&path.display().to_string(), error);
    let connection = Connection::open(path).map_err(unavailable)?;
    connection.busy_timeout(std::time::Duration::from_secs(60)).map_err(unavailable)?;
    // Readers do not wait for a sync, nor it for them. Of a power failure the last transactions may be lost, never half of one.
    connection.pragma_update(None, "journal_mode", "wal").map_err(unavailable)?;
    connection.pragma_update(None, "synchronous", "normal").map_err(unavailable)?;
    connection.pragma_update(None, "cache_size", -8192).map_err(unavailable)?;
    Ok(connection)
}

impl Target for Sqlite {
    fn open(&mut self, request: &Request) -> Result<Opened> {
        self.open = None;
        let table = request.table.clone();
        let file = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lease = self.path.with_file_name(format!(".{file}.{}.lock", table.name.replace(['/', '\\'], "_")));
        let lease = Lease::take(&lease, &table.name)?;
        let mut connection = connection(&self.path)?;
        schema::prepare(&connection)?;
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        let mut opened = Opened::default();
        let known: Option<(String, Option<String>)> = transaction
            .query_row("SELECT source, state FROM moltler_state WHERE table_name = ?", [&table.name], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .map_err(failed)?;
        if let Some((source, state)) = known {
            if source == request.source {
                opened.state = state;
            } else if !request.take_over {
                return Err(foreign_source(&table.name, &source, &request.source));
            }
        }
        schema::create_or_evolve(&transaction, &table, request.evolve, &mut opened.notes)?;
        transaction.execute(&format!("DROP TABLE IF EXISTS {}", stage_name(&table)), []).map_err(failed)?;
        transaction
            .execute(
                "UPDATE moltler_runs SET status = 'interrupted', ended_at = ? WHERE table_name = ? AND status = 'running'",
                params![now(), table.name],
            )
            .map_err(failed)?;
        let sql = "INSERT INTO moltler_state (table_name, source, state, updated_at) VALUES (?, ?, ?, ?) \
                   ON CONFLICT (table_name) DO UPDATE SET source = excluded.source, state = excluded.state";
        transaction.execute(sql, params![table.name, request.source, opened.state, now()]).map_err(failed)?;
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", quoted(&table.name));
        opened.has_rows = transaction.query_row(&sql, [], |row| row.get(0)).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        self.open = Some(Open {
            connection,
            table,
            pass: Pass::Merge,
            pending: Vec::new(),
            pending_rows: 0,
            staged: false,
            run: String::new(),
            source: request.source.clone(),
            _lease: lease,
        });
        Ok(opened)
    }

    fn begin(&mut self, pass: Pass, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.pass = pass;
        open.pending.clear();
        open.pending_rows = 0;
        open.staged = false;
        open.run.clone_from(&run.id);
        open.connection.execute(&format!("DROP TABLE IF EXISTS {}", stage_name(&open.table)), []).map_err(failed)?;
        if pass != Pass::Merge {
            let stage = Table { name: schema::stage(&open.table), ..open.table.clone() };
            open.connection.execute(&schema::create_table(&stage), []).map_err(failed)?;
            open.staged = true;
        }
        put_run(&open.connection, run)
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<Vec<Rejected>> {
        let open = self.opened()?;
        columns(&open.table, rows)?;
        open.pending.push(rows.clone());
        open.pending_rows += rows.num_rows();
        if open.pending_rows >= ROWS {
            open.flush(None)?;
        }
        Ok(Vec::new())
    }

    fn reject(&mut self, run: &Run, rows: &[Rejected]) -> Result<()> {
        let open = self.opened()?;
        for rejected in rows {
            let sql = "INSERT INTO moltler_rejected (run_id, table_name, row, reason, at) VALUES (?, ?, ?, ?, ?)";
            open.connection
                .execute(sql, params![run.id, open.table.name, rejected.row, rejected.reason, now()])
                .map_err(failed)?;
        }
        Ok(())
    }

    fn commit(&mut self, state: &str) -> Result<()> {
        self.opened()?.flush(Some(state))
    }

    fn complete(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        let open = self.opened()?;
        if open.pass == Pass::Merge {
            open.flush(Some(state))?;
            return Ok(Completed::default());
        }
        open.flush(None)?;
        let completed = open.show(state, missing)?;
        open.staged = false;
        Ok(completed)
    }

    fn end(&mut self, run: &Run) -> Result<()> {
        let open = self.opened()?;
        open.pending.clear();
        open.pending_rows = 0;
        if open.staged {
            open.connection
                .execute(&format!("DROP TABLE IF EXISTS {}", stage_name(&open.table)), [])
                .map_err(failed)?;
            open.staged = false;
        }
        put_run(&open.connection, run)
    }

    fn set_state(&mut self, state: Option<&str>) -> Result<()> {
        let open = self.opened()?;
        put_state(&open.connection, &open.table.name, &open.source, state)
    }
}

impl Open {
    /// Writes what is in memory, and the state in the same transaction.
    fn flush(&mut self, state: Option<&str>) -> Result<()> {
        if self.pending.is_empty() && state.is_none() {
            return Ok(());
        }
        failpoint::pass("sqlite: before rows");
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        let into = if self.pass == Pass::Merge { quoted(&self.table.name) } else { stage_name(&self.table) };
        let mut statement = transaction.prepare_cached(&schema::upsert(&self.table, &into)).map_err(failed)?;
        for batch in &self.pending {
            let columns = columns(&self.table, batch)?;
            for row in 0..batch.num_rows() {
                for (index, column) in columns.iter().enumerate() {
                    statement.raw_bind_parameter(index + 1, Parameter(column.get(row))).map_err(failed)?;
                }
                statement.raw_execute().map_err(failed)?;
            }
            failpoint::pass("sqlite: rows");
        }
        drop(statement);
        if let Some(state) = state {
            put_state(&transaction, &self.table.name, &self.source, Some(state))?;
        }
        failpoint::pass("sqlite: before the commit");
        transaction.commit().map_err(failed)?;
        failpoint::pass("sqlite: behind the commit");
        self.pending.clear();
        self.pending_rows = 0;
        Ok(())
    }

    /// Puts the rows of the stage into the table, all in one transaction.
    fn show(&mut self, state: &str, missing: Missing) -> Result<Completed> {
        failpoint::pass("sqlite: before showing");
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        let (table, stage) = (quoted(&self.table.name), stage_name(&self.table));
        let mut completed = Completed::default();
        if self.pass == Pass::Replace {
            let count = |sql: &str| -> Result<u64> {
                let count: i64 = transaction.query_row(sql, [], |row| row.get(0)).map_err(failed)?;
                Ok(count.unsigned_abs())
            };
            completed.before = count(&format!("SELECT COUNT(*) FROM {table}"))?;
            let absent = schema::absent(&self.table, &stage);
            if completed.before > 0 && missing != Missing::Keep {
                completed.missing = count(&format!("SELECT COUNT(*) FROM {table} AS t WHERE {absent}"))?;
                if completed.missing > 0 && missing.allows(completed.missing, completed.before) {
                    let sql = format!("DELETE FROM {table} AS t WHERE {absent}");
                    completed.deleted = transaction.execute(&sql, []).map_err(failed)? as u64;
                }
            }
        }
        transaction.execute(&schema::move_rows(&self.table, &stage), []).map_err(failed)?;
        transaction.execute(&format!("DROP TABLE {stage}"), []).map_err(failed)?;
        put_state(&transaction, &self.table.name, &self.source, Some(state))?;
        failpoint::pass("sqlite: shown, before the commit");
        transaction.commit().map_err(failed)?;
        failpoint::pass("sqlite: shown");
        Ok(completed)
    }
}

fn put_state(connection: &Connection, table: &str, source: &str, state: Option<&str>) -> Result<()> {
    let sql = "INSERT INTO moltler_state (table_name, source, state, updated_at) VALUES (?, ?, ?, ?) \
               ON CONFLICT (table_name) DO UPDATE SET source = excluded.source, state = excluded.state, \
               updated_at = excluded.updated_at";
    connection.execute(sql, params![table, source, state, now()]).map(drop).map_err(failed)
}

fn put_run(connection: &Connection, run: &Run) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO moltler_runs (id, source, table_name, mode, status, started_at, ended_at, rows_read, \
               rows_written, rows_deleted, rows_rejected, requests, retries, waited_seconds, error) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        run.id,
        run.source,
        run.table_name,
        run.mode,
        run.status,
        run.started_at,
        run.ended_at,
        run.rows_read,
        run.rows_written,
        run.rows_deleted,
        run.rows_rejected,
        run.requests,
        run.retries,
        run.waited_seconds,
        run.error
    ];
    connection.execute(sql, values).map(drop).map_err(failed)
}

pub(crate) fn foreign_source(table: &str, has: &str, wants: &str) -> TargetError {
    TargetError::new(Failure::Schema, format!("`{table}` has the rows of `{has}`, not of `{wants}`"))
        .help("write into another table, or let `moltlerc sync --reset` make it a table of this source")
}

struct Parameter<'b>(Option<Cell<'b>>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            None => ToSqlOutput::Owned(Value::Null),
            Some(Cell::Text(text) | Cell::Json(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Some(Cell::Number(number)) => ToSqlOutput::Owned(Value::Real(number)),
            Some(Cell::Integer(integer)) => ToSqlOutput::Owned(Value::Integer(integer)),
            Some(Cell::Boolean(boolean)) => ToSqlOutput::Owned(Value::Integer(i64::from(boolean))),
            Some(Cell::Timestamp(micros)) => ToSqlOutput::Owned(Value::Text(sortable_timestamp(micros))),
            Some(Cell::Date(days)) => {
                let mut text = String::with_capacity(10);
                write_date(days, &mut text);
                ToSqlOutput::Owned(Value::Text(text))
            }
        })
    }
}

/// What is known of a table; nothing where the file or the tables of a sync are not there.
pub(crate) fn status(path: &Path, table: &str) -> Result<Status> {
    let mut status = Status::default();
    if !path.exists() {
        return Ok(status);
    }
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(failed)?;
    let there: bool = connection
        .query_row(
            "SELECT COUNT(*) = 2 FROM sqlite_master WHERE name IN ('moltler_state', 'moltler_runs')",
            [],
            |row| row.get(0),
        )
        .map_err(failed)?;
    if !there {
        return Ok(status);
    }
    let known = connection
        .query_row("SELECT source, state FROM moltler_state WHERE table_name = ?", [table], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(failed)?;
    if let Some((source, state)) = known {
        status.source = Some(source);
        status.state = state;
    }
    let sql = "SELECT id, source, table_name, mode, status, started_at, ended_at, rows_read, rows_written, rows_deleted, \
               rows_rejected, requests, retries, waited_seconds, error FROM moltler_runs WHERE table_name = ? \
               ORDER BY id DESC LIMIT 20";
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let runs = statement
        .query_map([table], |row| {
            Ok(Run {
                id: row.get(0)?,
                source: row.get(1)?,
                table_name: row.get(2)?,
                mode: row.get(3)?,
                status: row.get(4)?,
                started_at: row.get(5)?,
                ended_at: row.get(6)?,
                rows_read: row.get(7)?,
                rows_written: row.get(8)?,
                rows_deleted: row.get(9)?,
                rows_rejected: row.get(10)?,
                requests: row.get(11)?,
                retries: row.get(12)?,
                waited_seconds: row.get(13)?,
                error: row.get(14)?,
            })
        })
        .map_err(failed)?;
    status.runs = runs.collect::<rusqlite::Result<_>>().map_err(failed)?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{self, Value as Seen};

    /// The rows of a table by key.
    fn rows(path: &Path, table: &str) -> Vec<Vec<Seen>> {
        let connection = Connection::open(path).expect("a database");
        let mut statement =
            connection.prepare(&format!("SELECT * FROM {} ORDER BY 1", quoted(table))).expect("a table");
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            (0..columns)
                .map(|column| {
                    Ok(match row.get_ref(column)? {
                        ValueRef::Null => Seen::Null,
                        ValueRef::Integer(integer) => Seen::Number(integer as f64),
                        ValueRef::Real(number) => Seen::Number(number),
                        ValueRef::Text(text) => Seen::Text(String::from_utf8_lossy(text).into_owned()),
                        ValueRef::Blob(_) => Seen::Null,
                    })
                })
                .collect()
        });
        rows.expect("rows").collect::<rusqlite::Result<_>>().expect("rows")
    }

    #[test]
    fn it_is_a_target() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("deep/data.db");
        conformance::check(&conformance::Place {
            connect: &|| Box::new(Sqlite::new(&path)),
            rows: &|table| rows(&path, table),
            status: &|table| status(&path, table).expect("a status"),
            transactional: true,
        });
    }

    #[test]
    fn values_keep_their_kind() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("data.db");
        conformance::write_samples(&mut Sqlite::new(&path));
        let connection = Connection::open(&path).expect("a database");
        let kinds: String = connection
            .query_row(
                "SELECT group_concat(typeof(text) || ' ' || typeof(number) || ' ' || typeof(flag) || ' ' || at || ' ' || day \
                 || ' ' || typeof(json) || ' ' || json, ';') FROM samples",
                [],
                |row| row.get(0),
            )
            .expect("a row");
        assert_eq!(kinds, "text real integer 2024-01-31T12:00:00.000005Z 2024-01-31 text 123");
    }
}
