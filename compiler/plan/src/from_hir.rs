//! Bodies of the front end as expressions, plans and statements of this crate.

mod expr;
mod lambda;
mod scope;
mod select;
mod statement;
mod sync;

use moltler_abi::DataType;
use moltler_abi::manifest::{FunctionId, Span};
use moltler_hir::body::{Body, ExprId, SelectId, VariableId, VariableScope};
use rustc_hash::FxHashMap;

use crate::program::FunctionBody;
use crate::program::gather::Gather;
use crate::schema::Schema;
use scope::Scope;

/// A statement of the front end, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Unit<'a> {
    /// Index into the manifest's files.
    pub(crate) file: u32,
    /// Where its text starts in the file.
    pub(crate) offset: u32,
    /// Its text.
    pub(crate) text: &'a str,
    /// What it says.
    pub(crate) body: &'a Body,
}

impl Unit<'_> {
    /// A place in the statement as a place in the file.
    pub(crate) fn span(&self, start: u32, end: u32) -> Span {
        Span { file: self.file, start: self.offset + start, end: self.offset + end }
    }
}

/// The variables of a program or test.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    count: u32,
    file: FxHashMap<String, u32>,
}

impl Slots {
    /// Variables behind the first `count`, which others use.
    pub(crate) fn behind(count: u32) -> Slots {
        Slots { count, file: FxHashMap::default() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    fn fresh(&mut self) -> u32 {
        self.count += 1;
        self.count - 1
    }

    fn of_file(&mut self, name: &str) -> u32 {
        match self.file.get(name) {
            Some(slot) => *slot,
            None => {
                let slot = self.fresh();
                self.file.insert(name.to_owned(), slot);
                slot
            }
        }
    }
}

/// One body on its way into a program.
pub(crate) struct FromHir<'a> {
    gather: &'a mut Gather,
    slots: &'a mut Slots,
    unit: Unit<'a>,
    blocks: FxHashMap<VariableId, u32>,
    /// The sub-expressions whose values the ASSERT under way tells: assertion and part.
    parts: FxHashMap<ExprId, (u32, u32)>,
    /// What columns mean in the SELECT under way.
    scope: Scope,
    /// The queries of WITH that are computed once.
    shared: FxHashMap<SelectId, (u32, Schema)>,
    /// The functions that are arguments, and the variables of what they use of rows.
    lambdas: FxHashMap<ExprId, (u32, Vec<u32>)>,
    /// The parameters of the functions around: variables and their types.
    parameters: Vec<(u32, DataType)>,
    /// In a TEST the results of statements are not printed.
    in_test: bool,
    /// Only SYNCs and what they depend on are taken.
    only_syncs: bool,
}

impl<'a> FromHir<'a> {
    pub(crate) fn new(gather: &'a mut Gather, slots: &'a mut Slots, unit: Unit<'a>) -> FromHir<'a> {
        FromHir {
            gather,
            slots,
            unit,
            blocks: FxHashMap::default(),
            parts: FxHashMap::default(),
            scope: Scope::default(),
            shared: FxHashMap::default(),
            lambdas: FxHashMap::default(),
            parameters: Vec::new(),
            in_test: false,
            only_syncs: false,
        }
    }

    /// An expression as JSON, where it is a constant that JSON can tell apart from every other.
    pub(crate) fn constant(&mut self, value: ExprId) -> Option<String> {
        self.expr(value).to_json()
    }

    /// An expression as a function.
    pub(crate) fn scalar(&mut self, name: &str, value: ExprId) -> FunctionId {
        let value = self.expr(value);
        self.gather.function(name, FunctionBody::Scalar(value))
    }

    /// Slot and type of a variable. What has no written type may hold anything.
    fn variable(&mut self, id: VariableId) -> (u32, DataType) {
        let variable = &self.unit.body.variables[id];
        let slot = match variable.scope {
            VariableScope::File => self.slots.of_file(&variable.name),
            VariableScope::Block | VariableScope::Lambda => {
                let slots = &mut *self.slots;
                *self.blocks.entry(id).or_insert_with(|| slots.fresh())
            }
        };
        (slot, if variable.is_typed { variable.data_type } else { DataType::Dynamic })
    }
}
