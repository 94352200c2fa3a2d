//! Rows in the binary form of COPY.

use std::error::Error;
use std::pin::pin;

use arrow_array::RecordBatch;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::schema::all_names;
use super::{Session, failed};
use crate::json::Writer;
use crate::rows::{Cell, columns};
use crate::{ColumnType, Rejected, Result, Table};

/// PostgreSQL counts days from 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;
/// And microseconds.
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// The rows that PostgreSQL can hold, and the others: its texts have no NUL.
pub(super) fn without_unstorable(table: &Table, batch: &RecordBatch) -> Result<(Vec<RecordBatch>, Vec<Rejected>)> {
    let columns = columns(table, batch)?;
    let unstorable = |row: usize| {
        columns.iter().position(|column| match column.get(row) {
            Some(Cell::Text(text)) => text.contains('\0'),
            Some(Cell::Json(text)) => text.contains("\\u0000"),
            _ => false,
        })
    };
    let found: Vec<(usize, usize)> =
        (0..batch.num_rows()).filter_map(|row| unstorable(row).map(|column| (row, column))).collect();
    let writer = Writer::new(table);
    let rejected = found.iter().map(|(row, column)| {
        let mut text = String::new();
        writer.row(&columns, *row, &mut text);
        let reason = format!("`{}` has a NUL, which no text of PostgreSQL has", table.columns[*column].name);
        Rejected { row: text, reason }
    });
    let rejected = rejected.collect();
    let mut kept = Vec::new();
    let mut start = 0;
    for row in found.iter().map(|(row, _)| *row).chain([batch.num_rows()]) {
        if row > start {
            kept.push(batch.slice(start, row - start));
        }
        start = row + 1;
    }
    Ok((kept, rejected))
}

/// Copies rows into the stage.
pub(super) fn copy(session: &Session, table: &Table, stage: &str, batch: &RecordBatch) -> Result<()> {
    let columns = columns(table, batch)?;
    let types: Vec<Type> = table
        .columns
        .iter()
        .map(|column| match column.column_type {
            ColumnType::Text => Type::TEXT,
            ColumnType::Number => Type::FLOAT8,
            ColumnType::Integer => Type::INT8,
            ColumnType::Boolean => Type::BOOL,
            ColumnType::Timestamp => Type::TIMESTAMPTZ,
            ColumnType::Date => Type::DATE,
            ColumnType::Json => Type::JSONB,
        })
        .collect();
    let sql = format!("COPY {stage} ({}) FROM STDIN (FORMAT binary)", all_names(table));
    session.runtime.block_on(async {
        let sink = session.client.copy_in(&sql).await.map_err(failed)?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        for row in 0..batch.num_rows() {
            let values: Vec<Parameter<'_>> = columns.iter().map(|column| Parameter(column.get(row))).collect();
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            writer.as_mut().write(&values).await.map_err(failed)?;
        }
        writer.finish().await.map(drop).map_err(failed)
    })
}

#[derive(Debug)]
struct Parameter<'b>(Option<Cell<'b>>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(cell) = self.0 else { return Ok(IsNull::Yes) };
        match cell {
            Cell::Text(text) => out.extend_from_slice(text.as_bytes()),
            // The version of the form.
            Cell::Json(text) => {
                out.extend_from_slice(&[1]);
                out.extend_from_slice(text.as_bytes());
            }
            Cell::Number(number) => out.extend_from_slice(&number.to_be_bytes()),
            Cell::Integer(integer) => out.extend_from_slice(&integer.to_be_bytes()),
            Cell::Boolean(boolean) => out.extend_from_slice(&[u8::from(boolean)]),
            Cell::Timestamp(micros) => {
                let micros = micros.checked_sub(EPOCH_MICROS).ok_or("a time that PostgreSQL does not have")?;
                out.extend_from_slice(&micros.to_be_bytes());
            }
            Cell::Date(days) => {
                let days = days.checked_sub(EPOCH_DAYS).ok_or("a day that PostgreSQL does not have")?;
                out.extend_from_slice(&days.to_be_bytes());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
