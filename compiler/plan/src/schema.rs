//! The columns of rows.

use moltler_abi::DataType;

/// The columns of rows, in order.
pub type Schema = Vec<Column>;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As shown; not unique.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

impl Column {
    /// A column.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Column {
        Column { name: name.into(), data_type }
    }
}

/// The type that values of `data_type` have in a column: intervals and bare NULLs are held as dynamic values.
pub fn stored(data_type: DataType) -> DataType {
    match data_type {
        DataType::Interval | DataType::Null => DataType::Dynamic,
        other => other,
    }
}
