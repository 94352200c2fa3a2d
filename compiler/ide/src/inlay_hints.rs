//! What is known and not written: types of variables, names of parameters, what becomes of conditions.

use moltler_abi::DataType;
use moltler_abi::functions::FUNCTIONS;
use moltler_db::FileId;
use moltler_hir::body::{Body, ExprKind, StmtKind};
use moltler_hir::item_tree::item_tree;
use moltler_hir::{Database, Package, lower_statement};
use moltler_syntax::TextRange;

/// What is shown between the letters of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlayHint {
    /// Where.
    pub offset: u32,
    /// What: a type, the name of a parameter without its colon.
    pub label: String,
    /// What it tells.
    pub kind: InlayHintKind,
}

/// What a hint tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlayHintKind {
    /// The type of a variable that is declared without one.
    Type,
    /// Which parameter an argument is for.
    Parameter,
    /// What becomes of a condition of a query; the rest is the whole sentence.
    Condition(&'static str),
}

/// The hints of a range of a file, by place.
pub fn inlay_hints(db: &Database, package: &Package, file: FileId, range: TextRange) -> Vec<InlayHint> {
    let mut found = Vec::new();
    for (statement, start) in package.statements_in(file, range) {
        let body = &lower_statement(db, statement).body;
        arguments(body, start, range, &mut found);
        if item_tree(db, statement).item.is_none() {
            let conditions = moltler_plan::program::conditions(db, statement);
            let places = conditions.into_iter().map(|(place, how)| (place.end + start, how));
            found.extend(places.filter(|(offset, _)| range.touches(*offset)).map(|(offset, how)| InlayHint {
                offset,
                label: in_short(how).to_owned(),
                kind: InlayHintKind::Condition(how),
            }));
        }
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
                let label = data_type.name().to_owned();
                found.push(InlayHint { offset: end, label, kind: InlayHintKind::Type });
            }
        }
    }
    found.sort_by_key(|hint| hint.offset);
    found
}

/// A word or two for what becomes of a condition.
fn in_short(how: &str) -> &'static str {
    if how.starts_with("one call for each value") {
        "pushed, one call each"
    } else if how.starts_with("pushed in `filters`") {
        "pushed"
    } else if how.starts_with("pushed in `options.where`") {
        "in options.where"
    } else {
        "checked here"
    }
}

/// The names of the parameters that literals are for, in calls with several.
fn arguments(body: &Body, start: u32, range: TextRange, found: &mut Vec<InlayHint>) {
    for (_, expr) in body.exprs.iter() {
        let ExprKind::Call { function, arguments } = &expr.kind else { continue };
        let Some(function) = FUNCTIONS.get(*function as usize) else { continue };
        if function.parameters.len() < 2 || function.variadic {
            continue;
        }
        for (parameter, argument) in function.parameters.iter().zip(arguments) {
            let argument = &body.exprs[*argument];
            let is_literal = matches!(
                argument.kind,
                ExprKind::Null
                    | ExprKind::Boolean(_)
                    | ExprKind::Integer(_)
                    | ExprKind::Number(_)
                    | ExprKind::String(_)
            );
            let offset = argument.range.start() + start;
            if is_literal && !argument.range.is_empty() && range.touches(offset) {
                found.push(InlayHint { offset, label: parameter.name.to_owned(), kind: InlayHintKind::Parameter });
            }
        }
    }
}
