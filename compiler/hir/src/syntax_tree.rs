//! Trees of statements, and constants in them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use moltler_db::{Db, Statement};
use moltler_js::Language;
use moltler_syntax::ast::{AstNode, Clause, ClauseKind, Expr, UnaryOperator};
use moltler_syntax::{Parse, literal};

use crate::constant::{Constant, ConstantKind};
use crate::definition::Spanned;
use crate::script::{Role, ScriptBlock};

/// Documents and arrays deeper than this are no constants.
const MAX_DEPTH: usize = 64;

/// Trees with the texts that they were made of, the latest at the end.
type Trees = VecDeque<(Arc<str>, Arc<Parse>)>;

thread_local! {
    /// The trees that the thread asked for last.
    static LATEST: RefCell<Trees> = const { RefCell::new(VecDeque::new()) };
    /// The same of trees without the insides of large constants.
    static FOLDED: RefCell<Trees> = const { RefCell::new(VecDeque::new()) };
    /// How many trees were made.
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// The trees that any thread made last: after an edit the thread that took it hands the tree of its statement over to the one
/// that checks it.
static SHARED: Mutex<Trees> = Mutex::new(VecDeque::new());

/// How many trees [`parse`] has made on this thread, for tests and measurements of incremental work.
pub fn parse_count() -> u64 {
    MADE.get()
}

/// How many trees a thread keeps, and all together: those of the statement at work, and of some that it looks at besides.
const KEPT: usize = 8;

fn find(trees: &Trees, text: &Arc<str>) -> Option<Arc<Parse>> {
    trees.iter().rev().find(|(known, _)| Arc::ptr_eq(known, text)).map(|(_, parse)| parse.clone())
}

fn keep(trees: &mut Trees, text: &Arc<str>, parse: &Arc<Parse>) {
    if trees.len() == KEPT {
        trees.pop_front();
    }
    trees.push_back((text.clone(), parse.clone()));
}

/// The tree of a statement.
///
/// Trees are large and made again in a moment, so that salsa keeps none: a query that asks for one depends on the text. A
/// thread keeps its latest ones for the queries of one statement, which follow each other.
pub fn parse(db: &dyn Db, statement: Statement) -> Arc<Parse> {
    let text = statement.text(db);
    LATEST.with_borrow_mut(|latest| {
        if let Some(parse) = find(latest, text) {
            return parse;
        }
        let shared = find(&SHARED.lock().unwrap_or_else(PoisonError::into_inner), text);
        let parse = shared.unwrap_or_else(|| {
            let parse = Arc::new(moltler_syntax::parse(text));
            MADE.set(MADE.get() + 1);
            keep(&mut SHARED.lock().unwrap_or_else(PoisonError::into_inner), text, &parse);
            parse
        });
        keep(latest, text, &parse);
        parse
    })
}

/// The same tree without the insides of large constants, [`Parse::folded`], where the statement has some: for what asks for its
/// meaning.
pub(crate) fn parse_folded(db: &dyn Db, statement: Statement) -> Arc<Parse> {
    let text = statement.text(db);
    if let Some(parse) = FOLDED.with_borrow(|latest| find(latest, text)) {
        return parse;
    }
    let Some(folded) = moltler_syntax::parse_folded(text) else { return parse(db, statement) };
    let folded = Arc::new(folded);
    MADE.set(MADE.get() + 1);
    FOLDED.with_borrow_mut(|latest| keep(latest, text, &folded));
    folded
}

/// The JavaScript of a statement.
#[salsa::tracked(returns(ref))]
pub fn scripts(db: &dyn Db, statement: Statement) -> Vec<ScriptBlock> {
    let parse = parse_folded(db, statement);
    let Some(found) = parse.source_file().statement() else { return Vec::new() };
    let clauses = || found.syntax().fields("clause").filter_map(Clause::cast);
    let is_typescript = clauses()
        .filter(|clause| clause.kind() == ClauseKind::Language)
        .filter_map(Clause::string)
        .any(|language| language.value() == "typescript");
    let language = if is_typescript { Language::TypeScript } else { Language::JavaScript };
    clauses()
        .filter_map(|clause| {
            let role = match clause.kind() {
                ClauseKind::QueryHandler => Role::Query,
                ClauseKind::Handler => Role::Execute,
                ClauseKind::CheckHandler => Role::Check,
                ClauseKind::Shared => Role::Shared,
                _ => return None,
            };
            let raw = clause.raw_block()?;
            Some(ScriptBlock {
                role,
                clause: clause.keyword_range(),
                range: raw.content_range(),
                script: Arc::new(moltler_js::parse(raw.content(), language)),
            })
        })
        .collect()
}

/// The keys of `config` that the JavaScript of a statement reads, sorted; `None` where any key may be read.
#[salsa::tracked(returns(ref))]
pub fn config_keys(db: &dyn Db, statement: Statement) -> Option<Vec<String>> {
    crate::script::config_keys(scripts(db, statement))
}

/// The value of an expression that is a literal.
pub(crate) fn constant(expr: Expr<'_>) -> Constant {
    constant_at(expr, 0)
}

fn constant_at(expr: Expr<'_>, depth: usize) -> Constant {
    let range = expr.range();
    let computed = Constant { kind: ConstantKind::Expression, range };
    if depth > MAX_DEPTH {
        return computed;
    }
    let value = |expr: Option<Expr<'_>>| match expr {
        Some(expr) => constant_at(expr, depth + 1),
        None => Constant::missing(range),
    };
    let kind = match expr {
        Expr::Null(_) => ConstantKind::Null,
        Expr::Boolean(literal) => ConstantKind::Boolean(literal.value()),
        Expr::String(literal) => ConstantKind::String(literal.value()),
        Expr::Number(literal) => match literal.value() {
            Some(literal::Number::Integer(value)) => ConstantKind::Integer(value),
            Some(literal::Number::Double(value)) => ConstantKind::Number(value),
            None => ConstantKind::Missing,
        },
        Expr::Unary(unary) if unary.operator() == Some(UnaryOperator::Negate) => match value(unary.operand()).kind {
            ConstantKind::Integer(value) => ConstantKind::Integer(value.saturating_neg()),
            ConstantKind::Number(value) => ConstantKind::Number(-value),
            _ => return computed,
        },
        Expr::Parenthesized(inner) => return value(inner.expression()),
        Expr::Array(array) => ConstantKind::Array(array.elements().map(|element| value(Some(element))).collect()),
        Expr::Document(document) => ConstantKind::Document(
            document
                .pairs()
                .filter_map(|pair| {
                    let key = pair.key()?;
                    Some((Spanned { text: key.value(), range: key.range() }, value(pair.value())))
                })
                .collect(),
        ),
        _ => return computed,
    };
    Constant { kind, range }
}
