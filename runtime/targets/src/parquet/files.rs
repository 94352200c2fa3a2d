//! Parquet files of a table: written row by row, read back by column.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit as ParquetUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::{SchemaDescriptor, Type};

use crate::rows::{Cell, Values};
use crate::{Column, ColumnType, Result, TargetError};

/// Rows that a reader of a file gets at a time, and that a writer keeps before it encodes them.
const BATCH: usize = 8192;
/// The most rows of a row group: what a reader may skip by its statistics, and what a writer keeps in memory.
const GROUP: usize = 131_072;

/// Tells where an operation on a file failed.
pub(super) fn at<E: std::fmt::Display>(path: &Path) -> impl Fn(E) -> TargetError {
    move |error| TargetError::unavailable(&path.display().to_string(), error)
}

/// A column as Arrow has it.
fn data_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Text | ColumnType::Json => DataType::Utf8View,
        ColumnType::Number => DataType::Float64,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnType::Date => DataType::Date32,
    }
}

fn arrow_schema(columns: &[Column]) -> SchemaRef {
    let fields = columns.iter().map(|column| Field::new(&column.name, data_type(column.column_type), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A column as Parquet has it: any of them may be NULL, so that columns can come and go.
fn parquet_type(column: &Column) -> std::result::Result<Type, ParquetError> {
    let (physical, logical) = match column.column_type {
        ColumnType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnType::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        ColumnType::Number => (Physical::DOUBLE, None),
        ColumnType::Integer => (Physical::INT64, None),
        ColumnType::Boolean => (Physical::BOOLEAN, None),
        ColumnType::Timestamp => (Physical::INT64, Some(LogicalType::timestamp(true, ParquetUnit::MICROS))),
        ColumnType::Date => (Physical::INT32, Some(LogicalType::Date)),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_logical_type(logical)
        .with_repetition(Repetition::OPTIONAL)
        .build()
}

fn parquet_schema(columns: &[Column]) -> std::result::Result<SchemaDescriptor, ParquetError> {
    let fields = columns.iter().map(|column| parquet_type(column).map(Arc::new));
    let fields = fields.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(SchemaDescriptor::new(Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?)))
}

enum Builder {
    Text(StringViewBuilder),
    Number(Float64Builder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Date(Date32Builder),
}

impl Builder {
    fn new(column_type: ColumnType) -> Builder {
        match column_type {
            ColumnType::Text | ColumnType::Json => Builder::Text(StringViewBuilder::new()),
            ColumnType::Number => Builder::Number(Float64Builder::new()),
            ColumnType::Integer => Builder::Integer(Int64Builder::new()),
            ColumnType::Boolean => Builder::Boolean(BooleanBuilder::new()),
            ColumnType::Timestamp => Builder::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            ColumnType::Date => Builder::Date(Date32Builder::new()),
        }
    }

    /// A value of another type than the column's is NULL: types of columns never change.
    fn push(&mut self, cell: Option<Cell<'_>>) {
        match self {
            Builder::Text(builder) => builder.append_option(match cell {
                Some(Cell::Text(text) | Cell::Json(text)) => Some(text),
                _ => None,
            }),
            Builder::Number(builder) => builder.append_option(match cell {
                Some(Cell::Number(number)) => Some(number),
                _ => None,
            }),
            Builder::Integer(builder) => builder.append_option(match cell {
                Some(Cell::Integer(integer)) => Some(integer),
                _ => None,
            }),
            Builder::Boolean(builder) => builder.append_option(match cell {
                Some(Cell::Boolean(boolean)) => Some(boolean),
                _ => None,
            }),
            Builder::Timestamp(builder) => builder.append_option(match cell {
                Some(Cell::Timestamp(micros)) => Some(micros),
                _ => None,
            }),
            Builder::Date(builder) => builder.append_option(match cell {
                Some(Cell::Date(days)) => Some(days),
                _ => None,
            }),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Text(builder) => Arc::new(builder.finish()),
            Builder::Number(builder) => Arc::new(builder.finish()),
            Builder::Integer(builder) => Arc::new(builder.finish()),
            Builder::Boolean(builder) => Arc::new(builder.finish()),
            Builder::Timestamp(builder) => Arc::new(builder.finish()),
            Builder::Date(builder) => Arc::new(builder.finish()),
        }
    }
}

/// A file that is being written.
pub(super) struct Output {
    path: PathBuf,
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    builders: Vec<Builder>,
    pending: usize,
    rows: u64,
}

impl Output {
    pub(super) fn create(path: &Path, columns: &[Column]) -> Result<Output> {
        let file = File::create(path).map_err(at(path))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP))
            .set_created_by(format!("Moltler {}", env!("CARGO_PKG_VERSION")))
            .build();
        // Without Arrow's own schema in it readers go by Parquet's types, which all of them know.
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true)
            .with_parquet_schema(parquet_schema(columns).map_err(at(path))?);
        let schema = arrow_schema(columns);
        let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options).map_err(at(path))?;
        let builders = columns.iter().map(|column| Builder::new(column.column_type)).collect();
        Ok(Output { path: path.to_owned(), writer, schema, builders, pending: 0, rows: 0 })
    }

    /// Adds a row; a column that is not there is NULL.
    pub(super) fn push(&mut self, columns: &[Option<Values<'_>>], row: usize) -> Result<()> {
        for (builder, column) in self.builders.iter_mut().zip(columns) {
            builder.push(column.and_then(|column| column.get(row)));
        }
        self.pending += 1;
        self.rows += 1;
        if self.pending >= BATCH { self.encode() } else { Ok(()) }
    }

    fn encode(&mut self) -> Result<()> {
        if self.pending == 0 {
            return Ok(());
        }
        self.pending = 0;
        let arrays = self.builders.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(at(&self.path))?;
        self.writer.write(&batch).map_err(at(&self.path))
    }

    /// The rows so far are a row group.
    pub(super) fn end_group(&mut self) -> Result<()> {
        self.encode()?;
        self.writer.flush().map_err(at(&self.path))
    }

    /// Makes the file durable; its rows and bytes.
    pub(super) fn finish(mut self) -> Result<(u64, u64)> {
        self.encode()?;
        let file = self.writer.into_inner().map_err(at(&self.path))?;
        file.sync_all().map_err(at(&self.path))?;
        let bytes = file.metadata().map_err(at(&self.path))?.len();
        Ok((self.rows, bytes))
    }
}

/// A file that is being read.
pub(super) struct Input {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// For each wanted column its type and where it is in a batch.
    columns: Vec<(ColumnType, Option<usize>)>,
}

impl Input {
    /// Reads these columns of a file, of these row groups or of all.
    pub(super) fn open(path: &Path, wanted: &[Column], groups: Option<Vec<usize>>) -> Result<Input> {
        let file = File::open(path).map_err(at(path))?;
        let found = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(at(path))?;
        let fields = found.schema().fields().iter().map(|field| match field.data_type() {
            DataType::Utf8 => field.as_ref().clone().with_data_type(DataType::Utf8View),
            _ => field.as_ref().clone(),
        });
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields.collect::<Vec<_>>())));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(found.metadata()), options).map_err(at(path))?;
        let names: Vec<&String> = metadata.schema().fields().iter().map(|field| field.name()).collect();
        let mut places: Vec<usize> =
            wanted.iter().filter_map(|column| names.iter().position(|name| **name == column.name)).collect();
        places.sort_unstable();
        let columns = wanted.iter().map(|column| {
            let place = places.iter().position(|place| *names[*place] == column.name);
            (column.column_type, place)
        });
        let columns = columns.collect();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), places.iter().copied());
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_projection(mask)
            .with_batch_size(BATCH);
        if let Some(groups) = groups {
            builder = builder.with_row_groups(groups);
        }
        Ok(Input { path: path.to_owned(), reader: builder.build().map_err(at(path))?, columns })
    }

    /// Each row, with its number among those that are read and the wanted columns.
    pub(super) fn each(mut self, mut each: impl FnMut(u64, &[Option<Values<'_>>], usize) -> Result<()>) -> Result<()> {
        let mut number = 0;
        for batch in &mut self.reader {
            let batch = batch.map_err(at(&self.path))?;
            let values: Vec<Option<Values<'_>>> = self
                .columns
                .iter()
                .map(|(column_type, place)| place.map(|place| Values::of(*column_type, batch.column(place))))
                .collect();
            for row in 0..batch.num_rows() {
                each(number, &values, row)?;
                number += 1;
            }
        }
        Ok(())
    }
}
