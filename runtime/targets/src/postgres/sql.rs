//! Tables of PostgreSQL: how they are made, how they grow, and the statements over them.

use super::session::Session;
use super::values::sql_type;
use crate::sqlite::{changed_key, changed_type, frozen};
use crate::{Failure, Result, Table, TargetError};

/// Where rows wait. A table of the session: it ends with it, and is not written to the log of the database.
pub(super) const STAGE: &str = "pg_temp.moltler_stage";
/// The column of the stage that tells which row came later.
const ORDER: &str = "\"moltler order\"";
/// The bytes of a name that PostgreSQL does not cut off.
const NAME_BYTES: usize = 63;

/// A name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Where a table is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its schema.
    pub(super) schema: String,
    /// Its name there.
    pub(super) name: String,
}

impl Place {
    /// `table`, or `schema.table`. A name alone is in the first schema of the session's search path.
    pub(super) fn find(session: &Session, table: &str) -> Result<Place> {
        let (schema, name) = match table.split_once('.') {
            Some((schema, name)) => (schema.to_owned(), name.to_owned()),
            None => (session.value("SELECT coalesce(current_schema(), 'public')::text", &[])?, table.to_owned()),
        };
        for name in [&schema, &name] {
            check_name(name)?;
        }
        Ok(Place { schema, name })
    }

    /// The table for a statement.
    pub(super) fn table(&self) -> String {
        self.of(&self.name)
    }

    /// Another table of the same schema.
    pub(super) fn of(&self, name: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(name))
    }

    /// What kind of relation has this name in the schema: `r` for a table; `None` where nothing has.
    pub(super) fn kind_of(&self, session: &Session, name: &str) -> Result<Option<String>> {
        let sql = "SELECT c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relname = $2";
        let rows = session.query(sql, &[&self.schema, &name])?;
        Ok(rows.first().map(|row| row.get(0)))
    }
}

fn check_name(name: &str) -> Result<()> {
    if name.len() > NAME_BYTES || name.is_empty() || name.contains('\0') {
        let message = format!("`{name}` is no name that PostgreSQL has: names have 1 to {NAME_BYTES} bytes");
        return Err(TargetError::new(Failure::Schema, message));
    }
    Ok(())
}

/// Makes the tables that every sync shares, where they are not there: who may not make any can be given them. In a transaction.
pub(super) fn prepare(session: &Session, place: &Place) -> Result<()> {
    // Several syncs may start at once.
    session.query("SELECT pg_advisory_xact_lock(hashtextextended('moltler ' || $1, 0))", &[&place.schema])?;
    let there: bool =
        session.value("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", &[&place.schema])?;
    if !there {
        session.execute(&format!("CREATE SCHEMA {}", quoted(&place.schema)))?;
    }
    for (name, columns) in [
        (
            "moltler_state",
            "table_name text PRIMARY KEY, source text NOT NULL, state text, updated_at timestamptz NOT NULL",
        ),
        (
            "moltler_runs",
            "id text PRIMARY KEY, source text NOT NULL, table_name text NOT NULL, mode text NOT NULL, status text NOT NULL, \
             started_at timestamptz NOT NULL, ended_at timestamptz, rows_read bigint NOT NULL, rows_written bigint NOT NULL, \
             rows_deleted bigint NOT NULL, rows_rejected bigint NOT NULL, requests bigint NOT NULL, retries bigint NOT NULL, \
             waited_seconds double precision NOT NULL, error text",
        ),
        (
            "moltler_rejected",
            "run_id text NOT NULL, table_name text NOT NULL, \"row\" text NOT NULL, reason text NOT NULL, at timestamptz NOT NULL",
        ),
    ] {
        if place.kind_of(session, name)?.is_none() {
            session.execute(&format!("CREATE TABLE {} ({columns})", place.of(name)))?;
        }
    }
    Ok(())
}

fn create_table(place: &Place, table: &Table) -> String {
    let mut parts: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let not_null = if table.key.contains(&index) { " NOT NULL" } else { "" };
            format!("{} {}{not_null}", quoted(&column.name), sql_type(column.column_type))
        })
        .collect();
    if !table.key.is_empty() {
        parts.push(format!("PRIMARY KEY ({})", names(table, &table.key)));
    }
    format!("CREATE TABLE {} ({})", place.table(), parts.join(", "))
}

/// Makes the table, or adds columns to it. A note for each change.
pub(super) fn create_or_evolve(
    session: &Session,
    place: &Place,
    table: &Table,
    evolve: bool,
    notes: &mut Vec<String>,
) -> Result<()> {
    for column in &table.columns {
        check_name(&column.name)?;
    }
    match place.kind_of(session, &place.name)?.as_deref() {
        None => return session.execute(&create_table(place, table)),
        Some("r" | "p") => {}
        Some(_) => {
            let message = format!("`{}` is there, and is no table", table.name);
            return Err(TargetError::new(Failure::Schema, message).help("write into another table"));
        }
    }
    let sql = "SELECT a.attname::text, format_type(a.atttypid, NULL) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped";
    let rows = session.query(sql, &[&place.schema, &place.name])?;
    let found: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for column in &table.columns {
        let wanted = sql_type(column.column_type);
        match found.iter().find(|(name, _)| *name == column.name) {
            Some((_, kind)) if kind == wanted => {}
            Some((_, kind)) => return Err(changed_type(&table.name, &column.name, kind, wanted)),
            None if !evolve => return Err(frozen(&table.name, &column.name)),
            None => {
                let name = quoted(&column.name);
                session.execute(&format!("ALTER TABLE {} ADD COLUMN {name} {wanted}", place.table()))?;
                notes.push(format!("`{}` has a new column `{}`", table.name, column.name));
            }
        }
    }
    let sql = "SELECT a.attname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) \
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum \
               WHERE n.nspname = $1 AND c.relname = $2 AND i.indisprimary ORDER BY k.place";
    let rows = session.query(sql, &[&place.schema, &place.name])?;
    let key: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    let wanted: Vec<&str> = table.key.iter().map(|column| table.columns[*column].name.as_str()).collect();
    if key != wanted {
        return Err(changed_key(&table.name, &key));
    }
    Ok(())
}

fn names(table: &Table, columns: &[usize]) -> String {
    columns.iter().map(|column| quoted(&table.columns[*column].name)).collect::<Vec<_>>().join(", ")
}

fn all_names(table: &Table) -> String {
    names(table, &(0..table.columns.len()).collect::<Vec<_>>())
}

/// A new stage.
pub(super) fn create_stage(table: &Table) -> String {
    let columns =
        table.columns.iter().map(|column| format!("{} {}", quoted(&column.name), sql_type(column.column_type)));
    let columns = columns.collect::<Vec<_>>().join(", ");
    format!(
        "DROP TABLE IF EXISTS {STAGE}; \
         CREATE TEMPORARY TABLE moltler_stage ({columns}, {ORDER} bigint GENERATED ALWAYS AS IDENTITY) ON COMMIT PRESERVE ROWS"
    )
}

/// Rows into the stage.
pub(super) fn copy(table: &Table) -> String {
    format!("COPY {STAGE} ({}) FROM STDIN (FORMAT binary)", all_names(table))
}

/// The rows of the stage into the table; of several with one key the one with the greatest version, of these the last. Where
/// `guarded`, an older version never takes the place of a newer. Rows that are the same stay untouched.
pub(super) fn merge(place: &Place, table: &Table, guarded: bool) -> String {
    let (into, columns) = (place.table(), all_names(table));
    if table.key.is_empty() {
        return format!("INSERT INTO {into} ({columns}) SELECT {columns} FROM {STAGE} ORDER BY {ORDER}");
    }
    let key = names(table, &table.key);
    let version = table.version.map(|version| quoted(&table.columns[version].name));
    let newest = version.as_ref().map(|version| format!(", {version} DESC NULLS FIRST")).unwrap_or_default();
    let select = format!("SELECT DISTINCT ON ({key}) {columns} FROM {STAGE} ORDER BY {key}{newest}, {ORDER} DESC");
    let others: Vec<usize> = (0..table.columns.len()).filter(|column| !table.key.contains(column)).collect();
    if others.is_empty() {
        return format!("INSERT INTO {into} ({columns}) {select} ON CONFLICT ({key}) DO NOTHING");
    }
    let each = |prefix: &str| {
        let names = others.iter().map(|column| format!("{prefix}.{}", quoted(&table.columns[*column].name)));
        names.collect::<Vec<_>>().join(", ")
    };
    let set = others.iter().map(|column| {
        let name = quoted(&table.columns[*column].name);
        format!("{name} = excluded.{name}")
    });
    let set = set.collect::<Vec<_>>().join(", ");
    let guard = version
        .filter(|_| guarded)
        .map(|version| {
            format!(" AND (excluded.{version} IS NULL OR t.{version} IS NULL OR excluded.{version} >= t.{version})")
        })
        .unwrap_or_default();
    format!(
        "INSERT INTO {into} AS t ({columns}) {select} ON CONFLICT ({key}) DO UPDATE SET {set} \
         WHERE ({}) IS DISTINCT FROM ({}){guard}",
        each("t"),
        each("excluded")
    )
}

/// Of a row `t` of the table: that the stage has no row of its key.
pub(super) fn absent(table: &Table) -> String {
    let same = table.key.iter().map(|column| {
        let name = quoted(&table.columns[*column].name);
        format!("s.{name} = t.{name}")
    });
    format!("NOT EXISTS (SELECT 1 FROM {STAGE} AS s WHERE {})", same.collect::<Vec<_>>().join(" AND "))
}
