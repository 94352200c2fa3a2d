//! The aggregates, each declared once: checker, completion, hover, documentation and runtime read this list.

/// An aggregate: one value from all rows of a group. NULLs are left out by all but [`AggregateFunction::CountRows`] and
/// [`AggregateFunction::ArrayAgg`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum AggregateFunction {
    /// `COUNT(*)`: the number of rows.
    CountRows,
    /// `COUNT(x)`: the number of values.
    Count,
    /// `SUM(x)`: integer of integers (an error beyond 64 bit), number of numbers, interval of intervals.
    Sum,
    /// `AVG(x)`: a number; an interval of intervals.
    Avg,
    /// `MIN(x)`
    Min,
    /// `MAX(x)`
    Max,
    /// `ARRAY_AGG(x)`: the values in the order of the rows, NULLs too.
    ArrayAgg,
    /// `STRING_AGG(x, separator)`
    StringAgg,
    /// `BOOL_AND(x)`
    BoolAnd,
    /// `BOOL_OR(x)`
    BoolOr,
}

/// The declaration of an aggregate.
#[derive(Clone, Copy, Debug)]
pub struct Aggregate {
    /// Upper case; found in any case.
    pub name: &'static str,
    /// What it computes; of `COUNT`, with an argument.
    pub function: AggregateFunction,
    /// Its arguments as shown in signature help.
    pub signature: &'static str,
    /// One sentence or two, in Markdown.
    pub documentation: &'static str,
}

/// All aggregates, by name.
pub const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "ARRAY_AGG",
        function: AggregateFunction::ArrayAgg,
        signature: "ARRAY_AGG([DISTINCT] value)",
        documentation: "The values as an array, in the order of the rows, NULLs too. NULL when there are no rows.",
    },
    Aggregate {
        name: "AVG",
        function: AggregateFunction::Avg,
        signature: "AVG([DISTINCT] number)",
        documentation: "The mean of the values, NULLs left out. NULL when there are none.",
    },
    Aggregate {
        name: "BOOL_AND",
        function: AggregateFunction::BoolAnd,
        signature: "BOOL_AND(condition)",
        documentation: "Whether all values are true, NULLs left out. NULL when there are none.",
    },
    Aggregate {
        name: "BOOL_OR",
        function: AggregateFunction::BoolOr,
        signature: "BOOL_OR(condition)",
        documentation: "Whether a value is true, NULLs left out. NULL when there are none.",
    },
    Aggregate {
        name: "COUNT",
        function: AggregateFunction::Count,
        signature: "COUNT(*), COUNT([DISTINCT] value)",
        documentation: "The number of rows, or of values that are not NULL.",
    },
    Aggregate {
        name: "MAX",
        function: AggregateFunction::Max,
        signature: "MAX(value)",
        documentation: "The greatest value, NULLs left out. NULL when there are none.",
    },
    Aggregate {
        name: "MIN",
        function: AggregateFunction::Min,
        signature: "MIN(value)",
        documentation: "The least value, NULLs left out. NULL when there are none.",
    },
    Aggregate {
        name: "STRING_AGG",
        function: AggregateFunction::StringAgg,
        signature: "STRING_AGG([DISTINCT] text, separator)",
        documentation: "The values as one text with the separator between them, NULLs left out. NULL when there are none.",
    },
    Aggregate {
        name: "SUM",
        function: AggregateFunction::Sum,
        signature: "SUM([DISTINCT] number)",
        documentation: "The sum of the values, NULLs left out; of integers an integer. NULL when there are none.",
    },
];

/// The aggregate with this name, in any case.
pub fn find(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.iter().find(|aggregate| aggregate.name.eq_ignore_ascii_case(name))
}
