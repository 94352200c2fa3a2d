use serde::{Deserialize, Serialize};

/// The type of a field, a parameter or an expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DataType {
    /// `string`: Unicode text.
    #[default]
    String,
    /// `number`: an IEEE double.
    Number,
    /// `integer`: 64 bit, signed.
    Integer,
    /// `boolean`.
    Boolean,
    /// `timestamp`: microseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// `date`: days since 1970-01-01.
    Date,
    /// `document`: any JSON value.
    Document,
    /// `array`: a JSON array.
    Array,
    /// A span of months, days and microseconds. Never the type of a field.
    Interval,
    /// A value whose type is known when the program runs: what `.` and `[]` reach inside a document, an untyped variable.
    Dynamic,
    /// The type of `NULL` alone.
    Null,
}

impl DataType {
    /// The types that a user may write in FIELDS, PARAMETERS, CONFIG_SCHEMA, DECLARE and CAST, in documentation order.
    pub const NAMED: [DataType; 8] = [
        DataType::String,
        DataType::Number,
        DataType::Integer,
        DataType::Boolean,
        DataType::Timestamp,
        DataType::Date,
        DataType::Document,
        DataType::Array,
    ];

    /// The name in source text and messages: `string`, `number`, …
    pub const fn name(self) -> &'static str {
        match self {
            DataType::String => "string",
            DataType::Number => "number",
            DataType::Integer => "integer",
            DataType::Boolean => "boolean",
            DataType::Timestamp => "timestamp",
            DataType::Date => "date",
            DataType::Document => "document",
            DataType::Array => "array",
            DataType::Interval => "interval",
            DataType::Dynamic => "dynamic",
            DataType::Null => "null",
        }
    }

    /// The type with this lower-case name; `None` for a name that is not a type a user may write.
    pub fn from_name(name: &str) -> Option<DataType> {
        DataType::NAMED.into_iter().find(|data_type| data_type.name() == name)
    }

    /// Whether values of this type are held as a pointer to a runtime value in columns: document, array, dynamic.
    pub const fn is_boxed(self) -> bool {
        matches!(self, DataType::Document | DataType::Array | DataType::Dynamic)
    }
}

impl std::fmt::Display for DataType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
