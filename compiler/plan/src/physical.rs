//! How a query is carried out: the operators of the runtime, with expressions still as data.

use moltler_abi::DataType;
use moltler_abi::manifest::{Binding, JoinKind, Output};

use crate::expr::{Expr, ExprKind};
use crate::logical::Scan;

/// A physical operator.
#[derive(Clone, Debug, PartialEq)]
pub enum PhysicalPlan {
    /// Rows of an entity's handler.
    ConnectorScan(Scan),
    /// One row for each element of an array.
    Elements(Expr),
    /// One row without columns.
    SingleRow,
    /// No rows.
    Nothing(Vec<DataType>),
    /// Filter and projection in one loop of machine code.
    Pipeline {
        /// Where rows come from.
        input: Box<PhysicalPlan>,
        /// The loop.
        pipeline: Pipeline,
    },
    /// A stable sort by columns.
    Sort {
        /// Where rows come from.
        input: Box<PhysicalPlan>,
        /// Most significant first.
        keys: Vec<moltler_abi::manifest::SortKey>,
    },
    /// LIMIT and OFFSET.
    Limit {
        /// Where rows come from.
        input: Box<PhysicalPlan>,
        /// At most so many rows.
        limit: Option<Expr>,
        /// Skipped first.
        offset: Option<Expr>,
    },
    /// A row for each group.
    Aggregate {
        /// Keys, then arguments.
        input: Box<PhysicalPlan>,
        /// So many columns of the input are keys.
        keys: u32,
        /// Over columns of the input.
        aggregates: Vec<moltler_abi::manifest::Aggregate>,
    },
    /// Of equal rows the first.
    Distinct(Box<PhysicalPlan>),
    /// Pairs of rows.
    Join(Join),
    /// The rows of all inputs.
    Union(Vec<PhysicalPlan>),
    /// Rows that are computed once.
    Shared {
        /// Index into the program's shared operators.
        index: u32,
        /// Types of its columns.
        columns: Vec<DataType>,
    },
}

/// A join; what it does depends on whether it has keys and bindings.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The left side.
    pub left: Box<PhysicalPlan>,
    /// The right side.
    pub right: Box<PhysicalPlan>,
    /// What becomes of left rows without a partner.
    pub kind: JoinKind,
    /// Columns that are equal.
    pub keys: Vec<(u32, u32)>,
    /// The rest of ON, over the columns of both: a loop without filter and with one output.
    pub condition: Option<Pipeline>,
    /// What the right side is called for, where it needs values of the left side.
    pub bindings: Vec<Binding>,
}

/// Filter and projection of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Types of the columns it reads.
    pub input: Vec<DataType>,
    /// Rows for which it is TRUE pass; `None` lets all pass.
    pub filter: Option<Expr>,
    /// The columns it writes; of a type that a column can have.
    pub outputs: Vec<Expr>,
}

impl Pipeline {
    /// What becomes of each output: columns are passed on as they are, all else is computed by the loop.
    pub fn outputs(&self) -> Vec<Output> {
        let output = |value: &Expr| match value.kind {
            ExprKind::Column(column) => Output::Column(column),
            _ => Output::Computed(value.data_type),
        };
        self.outputs.iter().map(output).collect()
    }
}

impl PhysicalPlan {
    /// Types of the columns of its rows.
    pub fn columns(&self) -> Vec<DataType> {
        match self {
            PhysicalPlan::ConnectorScan(scan) => scan.schema().into_iter().map(|column| column.data_type).collect(),
            PhysicalPlan::Elements(_) => vec![DataType::Dynamic],
            PhysicalPlan::SingleRow => Vec::new(),
            PhysicalPlan::Nothing(columns) => columns.clone(),
            PhysicalPlan::Pipeline { pipeline, .. } => pipeline.outputs.iter().map(|value| value.data_type).collect(),
            PhysicalPlan::Sort { input, .. } | PhysicalPlan::Limit { input, .. } | PhysicalPlan::Distinct(input) => {
                input.columns()
            }
            PhysicalPlan::Aggregate { input, keys, aggregates } => {
                let keys = input.columns().into_iter().take(*keys as usize);
                keys.chain(aggregates.iter().map(|aggregate| aggregate.data_type)).collect()
            }
            PhysicalPlan::Join(join) => join.columns(),
            PhysicalPlan::Union(inputs) => inputs.first().map(PhysicalPlan::columns).unwrap_or_default(),
            PhysicalPlan::Shared { columns, .. } => columns.clone(),
        }
    }
}

impl Join {
    /// Types of the columns of its rows.
    pub fn columns(&self) -> Vec<DataType> {
        let mut columns = self.left.columns();
        columns.extend(self.right.columns());
        columns
    }
}
