//! What is known and not written: types of variables.

use moltler_abi::DataType;
use moltler_db::FileId;
use moltler_hir::body::StmtKind;
use moltler_hir::{Database, Package, lower_statement};
use moltler_syntax::TextRange;

/// The types of variables that are declared in a range of a file without one: where each is shown, and the type.
pub fn inlay_hints(db: &Database, package: &Package, file: FileId, range: TextRange) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for (statement, start) in package.statements_in(file, range) {
        let body = &lower_statement(db, statement).body;
        for (_, one) in body.stmts.iter() {
            let StmtKind::Declare { variable, value: Some(value) } = &one.kind else { continue };
            let variable = &body.variables[*variable];
            let data_type = body.exprs[*value].data_type;
            if variable.is_typed || matches!(data_type, DataType::Dynamic | DataType::Null) {
                continue;
            }
            let text = statement.text(db);
            let words = crate::token::tokens(one.range.of(text));
            let Some(name) = words.get(1).filter(|token| token.name() == variable.name) else { continue };
            let end = name.range.end() + one.range.start() + start;
            if range.touches(end) {
                found.push((end, data_type.name().to_owned()));
            }
        }
    }
    found
}
