//! A whole program as data: what code generation takes.

mod build;
pub(crate) mod gather;
mod single;
mod statement;

use moltler_abi::manifest::{Manifest, Span};
use moltler_db::NameKind;

use crate::expr::Expr;
use crate::physical::Pipeline;
pub use build::{Options, build};
pub use single::conditions;
pub use statement::{Catch, Statement, StatementKind};

/// A program: everything of a package that a run of one of its files, or of its tests, needs.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Definitions, queries, tests. `functions` is empty: code generation fills it.
    pub manifest: Manifest,
    /// What [`moltler_abi::manifest::FunctionId`]s of the manifest mean.
    pub functions: Vec<Function>,
    /// Entities and actions that its statements come to, tests left aside, and whose definitions have errors.
    pub unsound: Vec<(NameKind, String)>,
    /// Of each query and each shared plan: its name, and in words what its handlers are told and what is done here. Empty where only
    /// tests run.
    pub decisions: Vec<(String, Vec<String>)>,
    /// What becomes of each condition of its queries, with its place.
    pub conditions: Vec<(Span, &'static str)>,
}

/// Something to compile.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// For people: `main`, `test_3`, `query_0_filter`.
    pub name: String,
    /// What it does.
    pub body: FunctionBody,
}

/// The kinds of functions; each has its own signature in [`moltler_abi::layout`].
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionBody {
    /// Statements of the program or of a test.
    Entry(Vec<Statement>),
    /// An expression without a row.
    Scalar(Expr),
    /// A loop over a batch.
    Pipeline(Pipeline),
}
