//! From the tree of a statement to its [`Body`]: names are resolved, types inferred, mistakes told.

mod aggregate;
mod binding;
mod call;
mod chain;
mod config;
mod definition;
mod execute;
mod expr;
mod from;
mod lambda;
mod name;
mod operator;
mod select;
mod statement;
mod subquery;
mod sync;
mod test;

use std::sync::Arc;

use moltler_abi::DataType;
use moltler_db::{Db, FileId, Statement};
use moltler_syntax::ast::{self, AstNode};
use moltler_syntax::{Parse, SyntaxKind, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::body::{
    Aggregate, Body, ExprId, ExprKind, SelectId, SourceField, SourceId, Stmt, StmtKind, Variable, VariableId,
    VariableScope,
};
use crate::diagnostics::LocalDiagnostic;
use crate::diagnostics::variable::{shadowed_variable, unused_variable};
use crate::syntax_tree::parse_folded;

/// The body of a statement and what is wrong with it, syntax and scripts aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Lowering {
    /// The body.
    pub body: Arc<Body>,
    /// In no order.
    pub diagnostics: Vec<LocalDiagnostic>,
}

/// The body of a statement.
#[salsa::tracked(returns(ref))]
pub fn lower_statement(db: &dyn Db, statement: Statement) -> Lowering {
    let parse = parse_folded(db, statement);
    let mut lower = Lower {
        db,
        parse: &parse,
        statement,
        file: statement.source(db).file,
        body: Body::default(),
        diagnostics: Vec::new(),
        depth: 0,
        blocks: Vec::new(),
        file_variables: FxHashMap::default(),
        assigned: FxHashSet::default(),
        read: FxHashSet::default(),
        rows: FxHashMap::default(),
        records: FxHashMap::default(),
        instances: Vec::new(),
        in_test: false,
        loops: 0,
        in_config: false,
        selects: Vec::new(),
        commons: Vec::new(),
        may_defer: false,
        unbound: Vec::new(),
        environment: Vec::new(),
    };
    let mut statements = parse.source_file().statements();
    if let Some(found) = statements.next() {
        lower.assigned = found
            .syntax()
            .descendants()
            .filter(|node| node.kind() == SyntaxKind::Set)
            .filter_map(ast::Set::cast)
            .filter_map(|set| Some(set.name()?.value()))
            .collect();
        let root = lower.top_level(found);
        lower.body.root = Some(root);
        lower.body.find_outer_columns();
    }
    Lowering { body: Arc::new(lower.body), diagnostics: lower.diagnostics }
}

/// Expressions deeper than this are refused: whoever walks a body may recurse.
const MAX_DEPTH: usize = 200;

/// A statement being lowered.
struct Lower<'db> {
    db: &'db dyn Db,
    parse: &'db Parse,
    statement: Statement,
    file: FileId,
    body: Body,
    diagnostics: Vec<LocalDiagnostic>,
    depth: usize,
    /// The variables of the blocks around, innermost last; empty at the top level.
    blocks: Vec<Vec<VariableId>>,
    file_variables: FxHashMap<String, VariableId>,
    /// Names that a SET in the statement assigns to: without a written type, their types are not known.
    assigned: FxHashSet<String>,
    read: FxHashSet<VariableId>,
    /// Variables that hold the rows of a SELECT: the names of its columns.
    rows: FxHashMap<VariableId, Vec<String>>,
    /// Variables that hold one such row.
    records: FxHashMap<VariableId, Vec<String>>,
    /// The instances of a test: name and type.
    instances: Vec<(String, String)>,
    in_test: bool,
    loops: usize,
    /// Whether strings may hold `{{secrets.name}}`.
    in_config: bool,
    /// The SELECTs and lambdas around, innermost last.
    selects: Vec<Scope>,
    /// The queries of WITH that are known, those that hide others last.
    commons: Vec<Common>,
    /// Whether the SELECT that is lowered next is in a FROM, so that the one around may bind its fields.
    may_defer: bool,
    /// The SELECTs in FROM whose fields those around have to bind.
    unbound: Vec<(SelectId, binding::Unbound)>,
    /// The names of ENV calls without default.
    environment: Vec<String>,
}

/// What names mean inside a SELECT or a lambda.
enum Scope {
    /// A SELECT.
    Select(SelectScope),
    /// The parameters of a lambda.
    Lambda(Vec<VariableId>),
}

/// A SELECT being lowered.
struct SelectScope {
    /// The sources of its FROM; in ON those that it sees.
    sources: Vec<SourceId>,
    /// The clause under way.
    clause: Clause,
    /// The aggregates over its rows, and the expressions that stand for their values.
    aggregates: Vec<(ExprId, Aggregate)>,
}

/// A clause of a SELECT.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clause {
    On,
    Where,
    GroupBy,
    /// The list, HAVING, ORDER BY: behind the groups.
    Grouped,
}

impl Clause {
    fn name(self) -> &'static str {
        match self {
            Clause::On => "ON",
            Clause::Where => "WHERE",
            Clause::GroupBy => "GROUP BY",
            Clause::Grouped => "SELECT",
        }
    }
}

/// A query of WITH.
struct Common {
    name: String,
    range: TextRange,
    query: SelectId,
    fields: Vec<SourceField>,
}

impl Lower<'_> {
    fn report(&mut self, diagnostic: LocalDiagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn expr_type(&self, expr: ExprId) -> DataType {
        self.body.exprs[expr].data_type
    }

    fn expr_range(&self, expr: ExprId) -> TextRange {
        self.body.exprs[expr].range
    }

    /// An expression that is not there; the parser has said so.
    fn missing(&mut self, range: TextRange) -> ExprId {
        self.body.expr(ExprKind::Missing, DataType::Dynamic, range)
    }

    /// Reports, and gives an expression that stands for the mistake.
    fn mistake(&mut self, diagnostic: LocalDiagnostic) -> ExprId {
        let range = diagnostic.range;
        self.report(diagnostic);
        self.missing(range)
    }

    fn text_of(&self, range: TextRange) -> &str {
        range.of(self.statement.text(self.db))
    }

    /// Adds a variable of the innermost block, or of the file's top level.
    fn declare(&mut self, name: &ast::Name<'_>, data_type: Option<DataType>, inferred: DataType) -> VariableId {
        let text = name.value();
        let scope = if self.blocks.is_empty() { VariableScope::File } else { VariableScope::Block };
        if scope == VariableScope::Block {
            self.check_shadowing(&text, name.range());
        }
        let inferred = match inferred {
            DataType::Null => DataType::Dynamic,
            _ if scope == VariableScope::File || self.assigned.contains(&text) => DataType::Dynamic,
            inferred => inferred,
        };
        let variable = self.body.variables.push(Variable {
            name: text.clone(),
            data_type: data_type.unwrap_or(inferred),
            is_typed: data_type.is_some(),
            scope,
            range: name.range(),
        });
        match self.blocks.last_mut() {
            Some(block) => block.push(variable),
            None => {
                self.file_variables.insert(text, variable);
            }
        }
        variable
    }

    /// Tells when a new variable hides another one.
    fn check_shadowing(&mut self, name: &str, range: TextRange) {
        let hidden = self.blocks.iter().flatten().rev().find(|variable| self.body.variables[**variable].name == name);
        if let Some(hidden) = hidden {
            let diagnostic = shadowed_variable(name, range, self.body.variables[*hidden].range);
            self.report(diagnostic);
        }
    }

    /// The variable with this name, which counts as read.
    fn variable(&mut self, name: &str) -> Option<VariableId> {
        let variable = self.find_variable(name)?;
        self.read.insert(variable);
        Some(variable)
    }

    /// Whether there is a variable with this name, which is not used by the question.
    fn has_variable(&self, name: &str) -> bool {
        let is_it = |variable: &VariableId| self.body.variables[*variable].name == name;
        if self.blocks.iter().flatten().any(is_it) {
            return true;
        }
        if self.in_test {
            return false;
        }
        self.file_variables.contains_key(name)
            || crate::signature::variable(self.db, self.file, name).is_some_and(|(_, found)| found != self.statement)
    }

    /// The variable with this name.
    fn find_variable(&mut self, name: &str) -> Option<VariableId> {
        for block in self.blocks.iter().rev() {
            let found = block.iter().rev().find(|variable| self.body.variables[**variable].name == name);
            if let Some(found) = found {
                return Some(*found);
            }
        }
        if self.in_test {
            return None;
        }
        if let Some(variable) = self.file_variables.get(name) {
            return Some(*variable);
        }
        let (item, declaration) = crate::signature::variable(self.db, self.file, name)?;
        if declaration == self.statement {
            return None;
        }
        let variable = self.body.variables.push(Variable {
            name: name.to_owned(),
            data_type: item.data_type,
            is_typed: item.is_typed,
            scope: VariableScope::File,
            range: TextRange::default(),
        });
        self.file_variables.insert(name.to_owned(), variable);
        Some(variable)
    }

    /// The names of all variables that are known here.
    fn variable_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .blocks
            .iter()
            .flatten()
            .map(|variable| self.body.variables[*variable].name.clone())
            .chain(self.file_variables.keys().cloned())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Ends the innermost block: variables that nothing read are told.
    fn end_block(&mut self, may_be_unused: &[VariableId]) {
        for variable in self.blocks.pop().unwrap_or_default() {
            let declared = &self.body.variables[variable];
            if !self.read.contains(&variable) && !declared.name.starts_with('_') && !may_be_unused.contains(&variable) {
                let sets =
                    |statement: &Stmt| matches!(statement.kind, StmtKind::Set { variable: set, .. } if set == variable);
                let is_set = self.body.stmts.iter().any(|(_, statement)| sets(statement));
                let tree = self.parse;
                let diagnostic = unused_variable(&declared.name, declared.range, tree.syntax(), is_set);
                self.report(diagnostic);
            }
        }
    }
}
