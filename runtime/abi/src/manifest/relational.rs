//! Groups, joins and subqueries.
//!
//! Whatever needs an expression gets it as a column that a pipeline below has computed: keys of groups and joins, arguments
//! of aggregates. Two kinds of equality of keys:
//!
//! - *of groups*: NULL is equal to NULL. GROUP BY, DISTINCT, UNION, `COUNT(DISTINCT x)`.
//! - *of joins*: SQL's `=`. A row with NULL in a key has no partner.
//!
//! Both compare an integer with a number by value, and dynamic values by their JSON.

use serde::{Deserialize, Serialize};

use super::{Operator, Pipeline, Span};
use crate::DataType;
use crate::aggregates::AggregateFunction;

/// An aggregate over columns of the input of [`Operator::Aggregate`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFunction,
    /// DISTINCT: arguments that are equal, as of groups, count once.
    pub distinct: bool,
    /// The column of its argument; `None` for `COUNT(*)`.
    pub argument: Option<u32>,
    /// The column of the separator of `STRING_AGG`.
    pub separator: Option<u32>,
    /// The type of its value.
    pub data_type: DataType,
}

/// Which rows a join gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum JoinKind {
    /// Pairs.
    Inner,
    /// Pairs, and rows of the left side without a partner, with NULLs in the columns of the right side.
    Left,
}

/// Two inputs whose rows go together. A row of the result has all columns of the left row, then all of the right row. Rows
/// come in the order of the left side, partners of one row in the order of the right side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Join {
    /// The left side; read in batches.
    pub left: Box<Operator>,
    /// The right side; kept in memory.
    pub right: Box<Operator>,
    /// What becomes of rows without a partner.
    pub kind: JoinKind,
    /// Columns of the left and the right side that are equal, as of joins, in each pair. Their types are the same, or integer
    /// and number. Empty: every row is a candidate for every other.
    pub keys: Vec<(u32, u32)>,
    /// What is left of ON. Its input are candidate pairs, that is the left columns, then the right columns; it has no filter
    /// and gives one boolean column: a pair counts where it is TRUE. `None`: every candidate counts.
    pub condition: Option<Pipeline>,
    /// Types of the columns of the left side.
    pub left_columns: Vec<DataType>,
    /// Types of the columns of the right side.
    pub right_columns: Vec<DataType>,
}

/// A field of the entity that a dependent join reads, and the left column with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Column of the left side.
    pub column: u32,
    /// Index into the entity's fields.
    pub field: u32,
}

/// What is made of the rows of a subquery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SubqueryKind {
    /// The first column of the only row; NULL without a row; several rows are an error.
    Scalar,
    /// A boolean: whether there is a row. No row behind the first is asked for.
    Exists,
    /// A boolean or NULL: whether the first column has the needle, in three-valued logic: TRUE where it is found, FALSE where
    /// there are no rows, NULL where it is not found and it or a row is NULL, else FALSE. The needle is of the column's
    /// type, or one is an integer and the other a number, or it is of any kind and the column is dynamic.
    In,
}

/// A SELECT inside an expression, called by `subquery`.
///
/// Its result is kept for equal arguments until the outermost query under way ends; without arguments it is computed once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subquery {
    /// Index into [`super::Manifest::queries`].
    pub query: u32,
    /// What is made of its rows.
    pub kind: SubqueryKind,
    /// The variables that the arguments are stored in, in order, before the query runs.
    pub parameters: Vec<u32>,
    /// Of the SELECT.
    pub span: Span,
}
