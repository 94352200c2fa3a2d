//! What columns mean while a SELECT becomes a plan.

use moltler_abi::DataType;
use moltler_hir::body::{ColumnRef, SourceId};
use rustc_hash::FxHashMap;

use super::FromHir;
use crate::expr::Expr;

/// The columns that expressions may mention.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Of each source, where its columns start in the rows that expressions look at, and their types.
    sources: FxHashMap<SourceId, (u32, Vec<DataType>)>,
    /// Columns of SELECTs around a subquery: the variables in which it finds them.
    outer: FxHashMap<ColumnRef, (u32, DataType)>,
    /// Whether the SELECT is inside an expression of another one.
    pub(super) is_subquery: bool,
}

impl Scope {
    /// The scope of a SELECT in the FROM of this one: it sees what is around, not what is beside it.
    pub(super) fn beside(&self) -> Scope {
        Scope { sources: FxHashMap::default(), outer: self.outer.clone(), is_subquery: self.is_subquery }
    }

    /// The scope of a SELECT in an expression.
    pub(super) fn inside() -> Scope {
        Scope { is_subquery: true, ..Scope::default() }
    }

    /// The scope of a function that is an argument: columns of rows around are added to it one by one.
    pub(super) fn inside_function(&self) -> Scope {
        Scope { outer: self.outer.clone(), is_subquery: true, ..Scope::default() }
    }

    /// A source's columns start here.
    pub(super) fn add(&mut self, source: SourceId, offset: u32, types: Vec<DataType>) {
        self.sources.insert(source, (offset, types));
    }

    /// Whether columns of this source are of the rows at hand.
    pub(super) fn has(&self, source: SourceId) -> bool {
        self.sources.contains_key(&source)
    }

    /// Groups take the place of all sources.
    pub(super) fn replace(&mut self, source: SourceId, types: Vec<DataType>) {
        self.sources.clear();
        self.add(source, 0, types);
    }

    /// A column of a SELECT around is in this variable.
    pub(super) fn add_outer(&mut self, column: ColumnRef, slot: u32, data_type: DataType) {
        self.outer.insert(column, (slot, data_type));
    }
}

impl FromHir<'_> {
    /// A column as what it is in the SELECT under way.
    pub(super) fn column(&mut self, column: ColumnRef) -> Expr {
        if let Some((offset, types)) = self.scope.sources.get(&column.source) {
            return Expr::column(offset + column.field, types[column.field as usize]);
        }
        match self.scope.outer.get(&column) {
            Some((slot, data_type)) => Expr::variable(*slot, *data_type),
            None => self.fail("a SELECT as an array of documents cannot depend on rows around it"),
        }
    }
}
