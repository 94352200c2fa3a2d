//! What a query does, as a tree: the form that the rules rewrite.

use moltler_abi::DataType;
use moltler_abi::aggregates::AggregateFunction;
pub use moltler_abi::manifest::Pushdown;
use moltler_abi::manifest::{JoinKind, Span};

use crate::expr::Expr;
use crate::schema::{Column, Schema, stored};

/// A query, outermost operation first.
#[derive(Clone, Debug, PartialEq)]
pub enum LogicalPlan {
    /// Rows of an entity.
    Scan(Scan),
    /// One row for each element of an array, with the element as its only column.
    Elements {
        /// The array; reads no column.
        array: Expr,
        /// The column's name.
        name: String,
    },
    /// One row without columns.
    SingleRow,
    /// No rows.
    Nothing(Schema),
    /// The rows for which the predicate is TRUE.
    Filter {
        /// Where rows come from.
        input: Box<LogicalPlan>,
        /// A boolean over the input's columns.
        predicate: Expr,
    },
    /// New rows, one for each.
    Project {
        /// Where rows come from.
        input: Box<LogicalPlan>,
        /// Names and expressions over the input's columns.
        outputs: Vec<(String, Expr)>,
    },
    /// A stable sort.
    Sort {
        /// Where rows come from.
        input: Box<LogicalPlan>,
        /// Most significant first.
        keys: Vec<SortKey>,
    },
    /// LIMIT and OFFSET.
    Limit {
        /// Where rows come from.
        input: Box<LogicalPlan>,
        /// At most so many rows; an integer without columns.
        limit: Option<Expr>,
        /// Skipped first; an integer without columns.
        offset: Option<Expr>,
    },
    /// A row for each group: its keys, then the aggregates. Without keys all rows are one group, which is there without rows.
    Aggregate {
        /// Where rows come from.
        input: Box<LogicalPlan>,
        /// Names and values of the keys, over the input's columns.
        keys: Vec<(String, Expr)>,
        /// Names and aggregates.
        aggregates: Vec<(String, Aggregate)>,
    },
    /// Of equal rows the first.
    Distinct(Box<LogicalPlan>),
    /// Pairs of rows: the left columns, then the right ones.
    Join {
        /// The left side.
        left: Box<LogicalPlan>,
        /// The right side.
        right: Box<LogicalPlan>,
        /// What becomes of left rows without a partner.
        kind: JoinKind,
        /// A boolean over the columns of both; `None` for all pairs.
        on: Option<Expr>,
    },
    /// The rows of all inputs, one input after the other; their columns have the same types.
    Union(Vec<LogicalPlan>),
    /// Rows that the program computes once for several readers.
    Shared {
        /// Index into the program's shared operators.
        index: u32,
        /// Its columns.
        schema: Schema,
    },
}

/// A call of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFunction,
    /// Equal arguments count once.
    pub distinct: bool,
    /// Its argument, over the input's columns; `None` for `COUNT(*)`.
    pub argument: Option<Expr>,
    /// The separator of `STRING_AGG`.
    pub separator: Option<Expr>,
    /// The type of its value.
    pub data_type: DataType,
}

/// A key of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// Over the input's columns.
    pub value: Expr,
    /// DESC.
    pub descending: bool,
    /// Where NULLs go.
    pub nulls_first: bool,
}

/// A call of an entity's handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// The instance's name.
    pub instance: String,
    /// Index into the program's entities.
    pub entity: u32,
    /// `items`, for people.
    pub entity_name: String,
    /// All fields of the entity, in order.
    pub fields: Vec<ScanField>,
    /// What the entity declares of its handler.
    pub pushdown: Box<Pushdown>,
    /// The fields that become columns, by index into `fields`.
    pub columns: Vec<u32>,
    /// `filters`: field and value.
    pub filters: Vec<(u32, Expr)>,
    /// Field and array: the handler is called for each of its values.
    pub each: Vec<(u32, Expr)>,
    /// `options.where`.
    pub conditions: Vec<Condition>,
    /// `options.limit`.
    pub limit: Option<Expr>,
    /// `options.orderBy`: field and whether descending.
    pub order_by: Vec<(u32, bool)>,
    /// Of the FROM item.
    pub span: Span,
}

/// What a plan knows of an entity's field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Passed to the handler, never found in rows and never checked again.
    pub filter_only: bool,
    /// The handler has to be told its value, perhaps instead of others'.
    pub required: bool,
}

/// A simple conjunct of WHERE, as told to the handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Index into the entity's fields.
    pub field: u32,
    /// `= != < <= > >= in 'not in' like contains 'is null' 'is not null'`
    pub operator: &'static str,
    /// The other side, an array for `in`; `None` for `is null`.
    pub value: Option<Expr>,
}

impl LogicalPlan {
    /// The columns of its rows.
    pub fn schema(&self) -> Schema {
        match self {
            LogicalPlan::Scan(scan) => scan.schema(),
            LogicalPlan::Elements { name, .. } => vec![Column::new(name.clone(), DataType::Dynamic)],
            LogicalPlan::SingleRow => Vec::new(),
            LogicalPlan::Nothing(schema) => schema.clone(),
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. }
            | LogicalPlan::Distinct(input) => input.schema(),
            LogicalPlan::Project { outputs, .. } => named(outputs).collect(),
            LogicalPlan::Aggregate { keys, aggregates, .. } => {
                let aggregates = aggregates.iter();
                let aggregates =
                    aggregates.map(|(name, aggregate)| Column::new(name.clone(), stored(aggregate.data_type)));
                named(keys).chain(aggregates).collect()
            }
            LogicalPlan::Join { left, right, .. } => {
                let mut schema = left.schema();
                schema.extend(right.schema());
                schema
            }
            LogicalPlan::Union(inputs) => inputs.first().map(LogicalPlan::schema).unwrap_or_default(),
            LogicalPlan::Shared { schema, .. } => schema.clone(),
        }
    }
}

fn named(values: &[(String, Expr)]) -> impl Iterator<Item = Column> {
    values.iter().map(|(name, value)| Column::new(name.clone(), stored(value.data_type)))
}

impl LogicalPlan {
    /// The plans directly below.
    pub fn inputs_mut(&mut self) -> Vec<&mut LogicalPlan> {
        match self {
            LogicalPlan::Scan(_)
            | LogicalPlan::Elements { .. }
            | LogicalPlan::SingleRow
            | LogicalPlan::Nothing(_)
            | LogicalPlan::Shared { .. } => Vec::new(),
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Project { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. }
            | LogicalPlan::Aggregate { input, .. }
            | LogicalPlan::Distinct(input) => vec![input],
            LogicalPlan::Join { left, right, .. } => vec![left, right],
            LogicalPlan::Union(inputs) => inputs.iter_mut().collect(),
        }
    }

    /// Rewrites every node, innermost first.
    #[must_use]
    pub fn rewrite(mut self, rule: &impl Fn(LogicalPlan) -> LogicalPlan) -> LogicalPlan {
        for input in self.inputs_mut() {
            let below = std::mem::replace(input, LogicalPlan::SingleRow);
            *input = below.rewrite(rule);
        }
        rule(self)
    }
}

impl LogicalPlan {
    /// The plan under a filter with this condition, if there is one.
    #[must_use]
    pub fn filtered(self, predicate: Option<Expr>) -> LogicalPlan {
        match predicate {
            Some(predicate) => LogicalPlan::Filter { input: Box::new(self), predicate },
            None => self,
        }
    }

    /// The only scan, under projections and filters.
    pub fn scan(&self) -> Option<&Scan> {
        match self {
            LogicalPlan::Scan(scan) => Some(scan),
            LogicalPlan::Filter { input, .. } | LogicalPlan::Project { input, .. } => input.scan(),
            _ => None,
        }
    }

    /// The field of an entity that a column is, unchanged.
    pub fn field(&self, column: u32) -> Option<&ScanField> {
        match self {
            LogicalPlan::Scan(scan) => scan.columns.get(column as usize).map(|field| &scan.fields[*field as usize]),
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. }
            | LogicalPlan::Distinct(input) => input.field(column),
            LogicalPlan::Project { input, outputs } => match outputs[column as usize].1.kind {
                crate::expr::ExprKind::Column(column) => input.field(column),
                _ => None,
            },
            LogicalPlan::Join { left, right, .. } => {
                let width = left.schema().len() as u32;
                if column < width { left.field(column) } else { right.field(column - width) }
            }
            LogicalPlan::Elements { .. }
            | LogicalPlan::SingleRow
            | LogicalPlan::Nothing(_)
            | LogicalPlan::Aggregate { .. }
            | LogicalPlan::Union(_)
            | LogicalPlan::Shared { .. } => None,
        }
    }
}

impl Scan {
    /// Of each set of which the handler has to be told one, the fields that it is not told; empty where it is told a set.
    pub fn missing(&self) -> Vec<Vec<u32>> {
        let told = |field: &u32| self.filters.iter().chain(&self.each).any(|(other, _)| other == field);
        let sets = self.pushdown.required.iter();
        let sets: Vec<Vec<u32>> = sets.map(|set| set.iter().copied().filter(|field| !told(field)).collect()).collect();
        if sets.iter().any(Vec::is_empty) { Vec::new() } else { sets }
    }

    /// The columns of its rows.
    pub fn schema(&self) -> Schema {
        let fields = self.columns.iter().map(|index| &self.fields[*index as usize]);
        fields.map(|field| Column::new(field.name.clone(), field.data_type)).collect()
    }
}
