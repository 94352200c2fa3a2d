//! How a query is carried out: the operators of the runtime, with expressions still as data.

use moltler_abi::DataType;

use crate::expr::Expr;
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

impl PhysicalPlan {
    /// Types of the columns of its rows.
    pub fn columns(&self) -> Vec<DataType> {
        match self {
            PhysicalPlan::ConnectorScan(scan) => scan.schema().into_iter().map(|column| column.data_type).collect(),
            PhysicalPlan::Elements(_) => vec![DataType::Dynamic],
            PhysicalPlan::SingleRow => Vec::new(),
            PhysicalPlan::Nothing(columns) => columns.clone(),
            PhysicalPlan::Pipeline { pipeline, .. } => pipeline.outputs.iter().map(|value| value.data_type).collect(),
            PhysicalPlan::Sort { input, .. } | PhysicalPlan::Limit { input, .. } => input.columns(),
        }
    }
}
