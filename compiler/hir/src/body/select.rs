//! SELECT as data.

use moltler_abi::DataType;
use moltler_abi::aggregates::AggregateFunction;
use moltler_syntax::TextRange;

use super::{ExprId, SelectId, SourceId};

/// What an expression makes of the rows of a SELECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubqueryKind {
    /// The value of the only column of the only row; NULL without a row, an error with several.
    Scalar,
    /// Whether there is a row.
    Exists {
        /// NOT.
        negated: bool,
    },
    /// Whether the only column has the operand, in three-valued logic.
    In {
        /// What is looked for.
        operand: ExprId,
        /// NOT.
        negated: bool,
    },
}

/// A column of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnRef {
    /// The source. An expression mentions only those of the SELECTs around it.
    pub source: SourceId,
    /// Index into [`Source::fields`].
    pub field: u32,
}

/// A SELECT.
///
/// Clauses are carried out in this order: `from` with its joins, `filter`, `grouping` (keys, aggregates, then HAVING),
/// `columns`, `distinct`, `order_by`, `offset`, `limit`.
///
/// UNION is a SELECT of all columns of a [`SourceKind::Union`], so that ORDER BY and LIMIT behind it are its own. A query of
/// WITH is a [`SourceKind::Common`] where it is read, and nowhere else.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// The list, `*` replaced by the fields it stands for.
    pub columns: Vec<SelectColumn>,
    /// DISTINCT. ORDER BY then has only values of `columns`.
    pub distinct: bool,
    /// FROM, joined from left to right; empty for a SELECT of one row without columns.
    pub from: Vec<FromItem>,
    /// WHERE, a boolean or dynamic.
    pub filter: Option<ExprId>,
    /// GROUP BY, HAVING or an aggregate. `columns`, `order_by` and HAVING then mention [`Grouping::source`] in place of the
    /// sources of `from`.
    pub grouping: Option<Grouping>,
    /// ORDER BY, most significant first; aliases and positions are replaced by what they stand for.
    pub order_by: Vec<OrderKey>,
    /// LIMIT, an integer or dynamic.
    pub limit: Option<ExprId>,
    /// OFFSET, an integer or dynamic.
    pub offset: Option<ExprId>,
    /// The columns of SELECTs around it that it mentions anywhere inside, each once: what its rows depend on.
    pub outer: Vec<ColumnRef>,
    /// Its text.
    pub range: TextRange,
}

/// An item of FROM.
#[derive(Clone, Debug, PartialEq)]
pub struct FromItem {
    /// What is read.
    pub source: SourceId,
    /// How its rows go with those of the items before it; [`JoinKind::Cross`] for the first.
    pub join: JoinKind,
    /// ON, a boolean or dynamic; never with [`JoinKind::Cross`]. It mentions this item and items before it.
    pub on: Option<ExprId>,
}

/// How rows go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Each with each: `CROSS JOIN` and the comma.
    Cross,
    /// Pairs of which ON is true: `JOIN`.
    Inner,
    /// These, and rows of the left side that are in no pair, with NULLs: `LEFT JOIN`.
    Left,
}

/// What becomes of rows before the list of a SELECT sees them: one row for each group.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    /// A source of kind [`SourceKind::Groups`]: its fields are the keys, then the aggregates.
    pub source: SourceId,
    /// GROUP BY, over the sources of FROM. Without a key all rows are one group, which is there without rows too.
    pub keys: Vec<ExprId>,
    /// What is computed of each group, each once.
    pub aggregates: Vec<Aggregate>,
    /// HAVING, over `source`: a boolean or dynamic.
    pub having: Option<ExprId>,
}

/// A call of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFunction,
    /// DISTINCT: equal arguments count once.
    pub distinct: bool,
    /// Its argument over the sources of FROM; `None` for `COUNT(*)`.
    pub argument: Option<ExprId>,
    /// The separator of `STRING_AGG`, over the sources of FROM.
    pub separator: Option<ExprId>,
    /// The type of its value.
    pub data_type: DataType,
    /// Its text.
    pub range: TextRange,
}

/// An element of a SELECT list.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectColumn {
    /// The alias, or the name that PostgreSQL would choose.
    pub name: String,
    /// What it shows.
    pub value: ExprId,
    /// Its text; of `*` for what `*` stands for.
    pub range: TextRange,
}

/// What columns belong to: an item of FROM, or the groups of a SELECT.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// What it reads.
    pub kind: SourceKind,
    /// The name before the dot of qualified columns: the alias, else the entity or variable.
    pub name: String,
    /// Its columns: of an entity all fields in their order.
    pub fields: Vec<SourceField>,
    /// Its text.
    pub range: TextRange,
}

/// What a source reads.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceKind {
    /// `instance.entity`
    Entity {
        /// The instance: `my_service_prod`.
        instance: String,
        /// The entity with its type: `myservice.items`.
        entity: String,
    },
    /// An array; each element is one row whose only column (`fields[0]`, dynamic) is the element.
    Array(ExprId),
    /// `(SELECT …) alias`: its columns by position.
    Query(SelectId),
    /// A query of WITH, its columns by position. Sources that read the same one have the same index; its rows are the same
    /// for all of them.
    Common(SelectId),
    /// SELECTs with UNION between: rows by position, each value as one of the type of the field.
    Union {
        /// In order; two, or more of the same kind.
        inputs: Vec<SelectId>,
        /// ALL: without it equal rows come once.
        all: bool,
    },
    /// The groups of a SELECT ([`Grouping`]); never an item of FROM.
    Groups,
}

/// A column of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Not in rows: passed to the handler and never checked again.
    pub filter_only: bool,
    /// A query must bind it by equality.
    pub required: bool,
}

/// A key of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderKey {
    /// What is compared.
    pub value: ExprId,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST, or DESC without a word about NULLs (as in PostgreSQL).
    pub nulls_first: bool,
}
