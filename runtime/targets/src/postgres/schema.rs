//! Tables of PostgreSQL: how they are made, how they grow, and the statements over them.

use super::Session;
use crate::sqlite::{changed_key, changed_type, frozen};
use crate::{ColumnType, Result, Table};

/// The names of a table, quoted for SQL.
pub(super) struct Names {
    /// `"public"."items"`, or without a schema where none was written.
    pub(super) table: String,
    /// The table of the session that rows wait in.
    pub(super) stage: String,
}

impl Names {
    pub(super) fn of(table: &Table) -> Names {
        let parts: Vec<String> = match table.name.split_once('.') {
            Some((schema, name)) => vec![quoted(schema), quoted(name)],
            None => vec![quoted(&table.name)],
        };
        Names { table: parts.join("."), stage: "pg_temp.moltler_stage".to_owned() }
    }
}

/// A name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// How a column is declared, as `format_type` tells it.
const fn declared(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "text",
        ColumnType::Number => "double precision",
        ColumnType::Integer => "bigint",
        ColumnType::Boolean => "boolean",
        ColumnType::Timestamp => "timestamp with time zone",
        ColumnType::Date => "date",
        ColumnType::Json => "jsonb",
    }
}

/// Makes the tables that every sync shares; several may come at once.
pub(super) fn prepare(session: &Session) -> Result<()> {
    session.batch(
        "SELECT pg_advisory_xact_lock(x'6d6f6c75'::int, 0);
         CREATE TABLE IF NOT EXISTS moltler_state (table_name text PRIMARY KEY, source text NOT NULL, state text,
             updated_at text NOT NULL);
         CREATE TABLE IF NOT EXISTS moltler_runs (id text PRIMARY KEY, source text NOT NULL, table_name text NOT NULL,
             mode text NOT NULL, status text NOT NULL, started_at text NOT NULL, ended_at text, rows_read bigint NOT NULL,
             rows_written bigint NOT NULL, rows_deleted bigint NOT NULL, rows_rejected bigint NOT NULL,
             requests bigint NOT NULL, retries bigint NOT NULL, waited_seconds double precision NOT NULL, error text);
         CREATE TABLE IF NOT EXISTS moltler_rejected (run_id text NOT NULL, table_name text NOT NULL, row text NOT NULL,
             reason text NOT NULL, at text NOT NULL);",
    )
}

fn names(table: &Table, columns: &[usize]) -> String {
    columns.iter().map(|column| quoted(&table.columns[*column].name)).collect::<Vec<_>>().join(", ")
}

pub(super) fn all_names(table: &Table) -> String {
    names(table, &(0..table.columns.len()).collect::<Vec<_>>())
}

/// Makes the table, or adds columns to it. A note for each change.
pub(super) fn create_or_evolve(
    session: &Session,
    table: &Table,
    names_of: &Names,
    evolve: bool,
    notes: &mut Vec<String>,
) -> Result<()> {
    let sql = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), \
               COALESCE(array_position(i.indkey::int2[], a.attnum), -1) \
               FROM pg_attribute AS a LEFT JOIN pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary \
               WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    let rows = session.rows(sql, &[&names_of.table])?;
    let found: Vec<(String, String, i32)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    if found.is_empty() {
        let mut parts: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("{} {}", quoted(&column.name), declared(column.column_type)))
            .collect();
        if !table.key.is_empty() {
            parts.push(format!("PRIMARY KEY ({})", names(table, &table.key)));
        }
        return session.batch(&format!("CREATE TABLE {} ({})", names_of.table, parts.join(", ")));
    }
    for column in &table.columns {
        match found.iter().find(|(name, ..)| *name == column.name) {
            Some((_, kind, _)) if kind == declared(column.column_type) => {}
            Some((_, kind, _)) => {
                return Err(changed_type(&table.name, &column.name, kind, declared(column.column_type)));
            }
            None if !evolve => return Err(frozen(&table.name, &column.name)),
            None => {
                session.batch(&format!(
                    "ALTER TABLE {} ADD COLUMN {} {}",
                    names_of.table,
                    quoted(&column.name),
                    declared(column.column_type)
                ))?;
                notes.push(format!("`{}` has a new column `{}`", table.name, column.name));
            }
        }
    }
    let mut key: Vec<(i32, &str)> =
        found.iter().filter(|(.., place)| *place >= 0).map(|(name, _, place)| (*place, name.as_str())).collect();
    key.sort_unstable();
    let has: Vec<&str> = key.iter().map(|(_, name)| *name).collect();
    let wants: Vec<&str> = table.key.iter().map(|column| table.columns[*column].name.as_str()).collect();
    if has == wants { Ok(()) } else { Err(changed_key(&table.name, &has)) }
}

/// The stage has the columns of the table, and a number that says which row came later.
pub(super) fn create_stage(table: &Table, names: &Names) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("{} {}", quoted(&column.name), declared(column.column_type)))
        .collect();
    format!(
        "CREATE TEMP TABLE {} ({}, moltler_order bigint GENERATED ALWAYS AS IDENTITY)",
        names.stage.trim_start_matches("pg_temp."),
        columns.join(", ")
    )
}

/// The rows of the stage, of several with one key the one with the greatest version, of these the one that came last.
fn staged(table: &Table, names_of: &Names) -> String {
    let columns = all_names(table);
    if table.key.is_empty() {
        return format!("SELECT {columns} FROM {} ORDER BY moltler_order", names_of.stage);
    }
    let key = names(table, &table.key);
    let version = match table.version {
        Some(version) => format!("{} DESC NULLS LAST, ", quoted(&table.columns[version].name)),
        None => String::new(),
    };
    format!("SELECT DISTINCT ON ({key}) {columns} FROM {} ORDER BY {key}, {version}moltler_order DESC", names_of.stage)
}

fn insert(table: &Table, names_of: &Names, guard: &str) -> String {
    let mut sql = format!("INSERT INTO {} AS t ({}) {}", names_of.table, all_names(table), staged(table, names_of));
    if table.key.is_empty() {
        return sql;
    }
    let others: Vec<String> = (0..table.columns.len())
        .filter(|column| !table.key.contains(column))
        .map(|column| quoted(&table.columns[column].name))
        .collect();
    if others.is_empty() {
        sql.push_str(" ON CONFLICT DO NOTHING");
    } else {
        let set: Vec<String> = others.iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let key = names(table, &table.key);
        sql.push_str(&format!(" ON CONFLICT ({key}) DO UPDATE SET {}{guard}", set.join(", ")));
    }
    sql
}

/// The rows of the stage into the table; none takes the place of one with a greater version.
pub(super) fn merge(table: &Table, names: &Names) -> String {
    let guard = table.version.map(|version| {
        let version = quoted(&table.columns[version].name);
        format!(" WHERE excluded.{version} IS NULL OR t.{version} IS NULL OR excluded.{version} >= t.{version}")
    });
    insert(table, names, &guard.unwrap_or_default())
}

/// The same; they are what is there now, whatever their version. Rows that are the same stay untouched.
pub(super) fn show(table: &Table, names: &Names) -> String {
    let others: Vec<String> = (0..table.columns.len())
        .filter(|column| !table.key.contains(column))
        .map(|column| quoted(&table.columns[column].name))
        .collect();
    let (left, right): (Vec<_>, Vec<_>) =
        others.iter().map(|name| (format!("t.{name}"), format!("excluded.{name}"))).unzip();
    let guard = format!(" WHERE ({}) IS DISTINCT FROM ({})", left.join(", "), right.join(", "));
    insert(table, names, &guard)
}

/// Of a row `t` of the table: that the stage has no row of its key.
pub(super) fn absent(table: &Table, names: &Names) -> String {
    let same: Vec<String> = table
        .key
        .iter()
        .map(|column| {
            let name = quoted(&table.columns[*column].name);
            format!("s.{name} = t.{name}")
        })
        .collect();
    format!("NOT EXISTS (SELECT 1 FROM {} AS s WHERE {})", names.stage, same.join(" AND "))
}
