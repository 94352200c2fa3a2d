//! What depends on the order of the statements of a file: its variables. Known to the package only, not to queries.

use moltler_db::{NameKind, Statement};

use crate::body::{ExprKind, StmtKind, VariableScope};
use crate::catalog::variable_key;
use crate::database::Database;
use crate::diagnostics::LocalDiagnostic;
use crate::diagnostics::variable::{unused_variable, used_before_declared};
use crate::lower::lower_statement;
use crate::package::Package;
use crate::syntax_tree::parse;

/// Variables that the statement uses before they are declared, and one that it declares and nothing reads.
pub(crate) fn check_order(db: &Database, package: &Package, statement: Statement) -> Vec<LocalDiagnostic> {
    let body = &lower_statement(db, statement).body;
    let mut found = Vec::new();
    if body.variables.is_empty() {
        return found;
    }
    let Some((file, offset)) = package.place(statement) else { return found };
    let declared = match body.statement().map(|root| &root.kind) {
        Some(StmtKind::Declare { variable, .. } | StmtKind::Param { variable, .. }) => Some(*variable),
        _ => None,
    };
    for (variable, known) in body.variables.iter().filter(|(_, known)| known.scope == VariableScope::File) {
        let key = variable_key(file, &known.name);
        if declared == Some(variable) {
            let is_read = package.is_used_elsewhere(NameKind::Variable, &key, statement);
            if !is_read && !known.name.starts_with('_') {
                let tree = parse(db, statement);
                found.push(unused_variable(&known.name, known.range, tree.syntax(), false));
            }
            continue;
        }
        let first = package.declarations(NameKind::Variable, &key).first().copied();
        let is_below = first
            .filter(|first| *first != statement)
            .and_then(|first| package.place(first))
            .is_some_and(|(_, declaration)| declaration > offset);
        if !is_below {
            continue;
        }
        let used = body.exprs.iter().find(|(_, expr)| expr.kind == ExprKind::Variable(variable));
        let range = used.map(|(_, expr)| expr.range).or(body.statement().map(|root| root.range));
        if let Some(range) = range {
            found.push(used_before_declared(&known.name, range, &key));
        }
    }
    found
}
