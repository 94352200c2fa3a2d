//! Tables of a SQLite file: how they are made, how they grow, and the statements over them.

use rusqlite::Connection;

use super::failed;
use crate::{ColumnType, Failure, Result, Table, TargetError};

/// A name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The name of the table that rows wait in until all are there.
pub(super) fn stage(table: &Table) -> String {
    format!("moltler_stage_{}", table.name)
}

/// The same in quotes.
pub(super) fn stage_name(table: &Table) -> String {
    quoted(&stage(table))
}

/// How a column is declared. JSON has the affinity of text, so that `1.0` stays what it is.
const fn declared(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "TEXT",
        ColumnType::Number => "REAL",
        ColumnType::Integer => "INTEGER",
        ColumnType::Boolean => "BOOLEAN",
        ColumnType::Timestamp => "TIMESTAMP",
        ColumnType::Date => "DATE",
        ColumnType::Json => "JSON TEXT",
    }
}

/// Makes the tables that every sync shares.
pub(super) fn prepare(connection: &Connection) -> Result<()> {
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS moltler_state (table_name TEXT PRIMARY KEY, source TEXT NOT NULL, state TEXT, \
             updated_at TEXT NOT NULL);
             CREATE TABLE IF NOT EXISTS moltler_runs (id TEXT PRIMARY KEY, source TEXT NOT NULL, table_name TEXT NOT NULL, \
             mode TEXT NOT NULL, status TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, rows_read INTEGER NOT NULL, \
             rows_written INTEGER NOT NULL, rows_deleted INTEGER NOT NULL, rows_rejected INTEGER NOT NULL, \
             requests INTEGER NOT NULL, retries INTEGER NOT NULL, waited_seconds REAL NOT NULL, error TEXT);
             CREATE TABLE IF NOT EXISTS moltler_rejected (run_id TEXT NOT NULL, table_name TEXT NOT NULL, row TEXT NOT NULL, \
             reason TEXT NOT NULL, at TEXT NOT NULL);",
        )
        .map_err(failed)
}

pub(super) fn create_table(table: &Table) -> String {
    let mut parts: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let not_null = if table.key.contains(&index) { " NOT NULL" } else { "" };
            format!("{} {}{not_null}", quoted(&column.name), declared(column.column_type))
        })
        .collect();
    if !table.key.is_empty() {
        parts.push(format!("PRIMARY KEY ({})", names(table, &table.key)));
    }
    format!("CREATE TABLE {} ({})", quoted(&table.name), parts.join(", "))
}

/// Makes the table, or adds columns to it. A note for each change.
pub(super) fn create_or_evolve(
    connection: &Connection,
    table: &Table,
    evolve: bool,
    notes: &mut Vec<String>,
) -> Result<()> {
    let mut statement =
        connection.prepare("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid").map_err(failed)?;
    let found: Vec<(String, String, i64)> = statement
        .query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect)
        .map_err(failed)?;
    drop(statement);
    if found.is_empty() {
        return connection.execute(&create_table(table), []).map(drop).map_err(failed);
    }
    // SQLite's names are the same in upper and lower case.
    let known = |name: &str| found.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
    for column in &table.columns {
        match known(&column.name) {
            Some((_, kind, _)) if kind.eq_ignore_ascii_case(declared(column.column_type)) => {}
            Some((_, kind, _)) => {
                return Err(changed_type(&table.name, &column.name, kind, declared(column.column_type)));
            }
            None if !evolve => return Err(frozen(&table.name, &column.name)),
            None => {
                let sql = format!(
                    "ALTER TABLE {} ADD COLUMN {} {}",
                    quoted(&table.name),
                    quoted(&column.name),
                    declared(column.column_type)
                );
                connection.execute(&sql, []).map_err(failed)?;
                notes.push(format!("`{}` has a new column `{}`", table.name, column.name));
            }
        }
    }
    let mut key: Vec<(i64, &str)> =
        found.iter().filter(|(.., place)| *place > 0).map(|(name, _, place)| (*place, name.as_str())).collect();
    key.sort_unstable();
    let wanted = table.key.iter().map(|column| table.columns[*column].name.as_str());
    if !key.iter().map(|(_, name)| *name).eq(wanted) {
        let has: Vec<&str> = key.iter().map(|(_, name)| *name).collect();
        return Err(changed_key(&table.name, &has));
    }
    Ok(())
}

pub(crate) fn changed_type(table: &str, column: &str, has: &str, wants: &str) -> TargetError {
    TargetError::new(Failure::Schema, format!("the column `{column}` of `{table}` is {has} there and {wants} now"))
        .help("write into another table, or change or drop the one that is there")
}

pub(crate) fn frozen(table: &str, column: &str) -> TargetError {
    TargetError::new(Failure::Schema, format!("`{table}` has no column `{column}`, and SCHEMA freeze adds none"))
        .help("SCHEMA evolve adds new fields to the table")
}

pub(crate) fn changed_key(table: &str, has: &[&str]) -> TargetError {
    let has = if has.is_empty() { "no key".to_owned() } else { format!("the key ({})", has.join(", ")) };
    TargetError::new(Failure::Schema, format!("`{table}` has {has} there, and another one now"))
        .help("write into another table, or change or drop the one that is there")
}

fn names(table: &Table, columns: &[usize]) -> String {
    columns.iter().map(|column| quoted(&table.columns[*column].name)).collect::<Vec<_>>().join(", ")
}

fn all_names(table: &Table) -> String {
    names(table, &(0..table.columns.len()).collect::<Vec<_>>())
}

/// What happens to a row whose key is there. Nothing is changed for an older version.
fn on_conflict(table: &Table, into: &str, only_changed: bool) -> String {
    if table.key.is_empty() {
        return String::new();
    }
    let others: Vec<String> = (0..table.columns.len())
        .filter(|column| !table.key.contains(column))
        .map(|column| quoted(&table.columns[column].name))
        .collect();
    if others.is_empty() {
        return format!(" ON CONFLICT ({}) DO NOTHING", names(table, &table.key));
    }
    let set: Vec<String> = others.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let guard = if only_changed {
        let changed: Vec<String> = others.iter().map(|name| format!("{into}.{name} IS NOT excluded.{name}")).collect();
        format!(" WHERE {}", changed.join(" OR "))
    } else if let Some(version) = table.version {
        let version = quoted(&table.columns[version].name);
        format!(
            " WHERE excluded.{version} IS NULL OR {into}.{version} IS NULL OR excluded.{version} >= {into}.{version}"
        )
    } else {
        String::new()
    };
    format!(" ON CONFLICT ({}) DO UPDATE SET {}{guard}", names(table, &table.key), set.join(", "))
}

/// One row with a parameter for each column.
pub(super) fn upsert(table: &Table, into: &str) -> String {
    let parameters = vec!["?"; table.columns.len()].join(", ");
    format!("INSERT INTO {into} ({}) VALUES ({parameters}){}", all_names(table), on_conflict(table, into, false))
}

/// Of a row `t` of the table: that the stage has no row of its key.
pub(super) fn absent(table: &Table, stage: &str) -> String {
    let same: Vec<String> = table
        .key
        .iter()
        .map(|column| {
            let name = quoted(&table.columns[*column].name);
            format!("s.{name} = t.{name}")
        })
        .collect();
    format!("NOT EXISTS (SELECT 1 FROM {stage} AS s WHERE {})", same.join(" AND "))
}

/// The rows of the stage into the table. They are what is there now, whatever their version.
pub(super) fn move_rows(table: &Table, stage: &str) -> String {
    let (into, columns) = (quoted(&table.name), all_names(table));
    format!(
        "INSERT INTO {into} ({columns}) SELECT {columns} FROM {stage} WHERE TRUE{}",
        on_conflict(table, &into, true)
    )
}
