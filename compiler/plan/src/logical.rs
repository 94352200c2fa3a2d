//! What a query does, as a tree: the form that the rules rewrite.

use moltler_abi::DataType;
use moltler_abi::manifest::Span;

use crate::expr::Expr;
use crate::schema::{Column, Schema};

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
    /// The fields that become columns, by index into `fields`.
    pub columns: Vec<u32>,
    /// `filters`: field and value.
    pub filters: Vec<(u32, Expr)>,
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
            LogicalPlan::Filter { input, .. } | LogicalPlan::Sort { input, .. } | LogicalPlan::Limit { input, .. } => {
                input.schema()
            }
            LogicalPlan::Project { outputs, .. } => {
                outputs.iter().map(|(name, value)| Column::new(name.clone(), value.data_type)).collect()
            }
        }
    }
}

impl LogicalPlan {
    /// The plan directly below.
    pub fn input_mut(&mut self) -> Option<&mut LogicalPlan> {
        match self {
            LogicalPlan::Scan(_) | LogicalPlan::Elements { .. } | LogicalPlan::SingleRow | LogicalPlan::Nothing(_) => {
                None
            }
            LogicalPlan::Filter { input, .. }
            | LogicalPlan::Project { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. } => Some(input),
        }
    }

    /// Rewrites every node, innermost first.
    #[must_use]
    pub fn rewrite(mut self, rule: &impl Fn(LogicalPlan) -> LogicalPlan) -> LogicalPlan {
        if let Some(input) = self.input_mut() {
            let below = std::mem::replace(input, LogicalPlan::SingleRow);
            *input = below.rewrite(rule);
        }
        rule(self)
    }
}

impl Scan {
    /// The columns of its rows.
    pub fn schema(&self) -> Schema {
        let fields = self.columns.iter().map(|index| &self.fields[*index as usize]);
        fields.map(|field| Column::new(field.name.clone(), field.data_type)).collect()
    }
}
