//! Who uses an entity, an action or a function of SHARED, and what each of them uses, in SQL and JavaScript.

use moltler_db::{FileId, FileRange, NameKind, Statement};
use moltler_hir::item_tree::{Item, item_tree};
use moltler_hir::script::Role as Block;
use moltler_hir::{Database, Package, scripts};
use moltler_syntax::TextRange;

use crate::occurrences::{self, Form, Occurrence, Role, Symbol};
use crate::token::{TokenKind, tokens};

/// What sort of thing calls or is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// A connector type: its CHECK_HANDLER and what SHARED does when it is evaluated.
    Type,
    /// An entity, with its handler.
    Entity,
    /// An action, with its handler.
    Action,
    /// A name of SHARED.
    Function,
    /// A TEST.
    Test,
    /// Any other statement.
    Statement,
}

/// Something that calls or is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallItem {
    /// Its name; of a statement its first words.
    pub name: String,
    /// What it is.
    pub kind: CallKind,
    /// All of it.
    pub range: FileRange,
    /// Its name, which is in `range`.
    pub name_range: FileRange,
}

/// A partner with the places of the calls: in itself for one that calls, in the caller for one that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The partner.
    pub item: CallItem,
    /// Where, in the file of the caller.
    pub ranges: Vec<TextRange>,
}

/// What the name at an offset of a file stands for, or the statement around it.
pub fn prepare(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<CallItem> {
    if let Some((_, _, found)) = occurrences::at(db, package, file, offset)
        && is_callable(&found.symbol)
    {
        return declared(db, package, &found.symbol);
    }
    let (statement, start) = package.statement_at(file, offset)?;
    let item = of_statement(db, package, statement)?;
    // Elsewhere only the head of a statement that calls stands for it.
    let is_head = item.name_range.range.touches(offset) || {
        let text = statement.text(db);
        let first = tokens(text).into_iter().find(|token| token.kind == TokenKind::Word)?;
        first.range.shift(start).touches(offset)
    };
    is_head.then_some(item)
}

/// Who calls what is at the offset.
pub fn incoming(db: &Database, package: &Package, file: FileId, offset: u32) -> Vec<Call> {
    let Some((_, _, found)) = occurrences::at(db, package, file, offset) else { return Vec::new() };
    if !is_callable(&found.symbol) {
        return Vec::new();
    }
    let mut calls: Vec<Call> = Vec::new();
    for (place, one) in occurrences::places(db, package, &found.symbol) {
        let Some((statement, start)) = package.statement_at(place.file, place.range.start()) else { continue };
        if !is_call(&one, statement.text(db)) {
            continue;
        }
        let Some(item) = caller(db, package, statement, place.range.start() - start) else { continue };
        add(&mut calls, item, place.range);
    }
    calls
}

/// What is called by what is at the offset.
pub fn outgoing(db: &Database, package: &Package, file: FileId, offset: u32) -> Vec<Call> {
    let Some((statement, within)) = body(db, package, file, offset) else { return Vec::new() };
    let mut calls: Vec<Call> = Vec::new();
    let Some((_, start)) = package.place(statement) else { return calls };
    for one in occurrences::occurrences(db, package, statement) {
        let is_inside = within.is_none_or(|within| within.covers(one.range));
        if !is_inside || !is_callable(&one.symbol) || !is_call(&one, statement.text(db)) {
            continue;
        }
        if let Some(item) = declared(db, package, &one.symbol) {
            add(&mut calls, item, one.range.shift(start));
        }
    }
    calls
}

fn add(calls: &mut Vec<Call>, item: CallItem, range: TextRange) {
    match calls.iter_mut().find(|call| call.item == item) {
        Some(call) => call.ranges.push(range),
        None => calls.push(Call { item, ranges: vec![range] }),
    }
}

fn is_callable(symbol: &Symbol) -> bool {
    matches!(symbol, Symbol::Name(NameKind::Entity | NameKind::Action, _) | Symbol::Shared(..))
}

/// Whether a name is used there, and not only a part of another name.
fn is_call(one: &Occurrence, text: &str) -> bool {
    match one.symbol {
        Symbol::Shared(..) => one.role != Role::Declaration,
        // `instance.items.create` calls the action and not the entity.
        Symbol::Name(NameKind::Entity, _) if text[one.range.end() as usize..].starts_with('.') => false,
        _ => one.role != Role::Declaration && one.form == Form::Sql,
    }
}

/// The statement that defines what is at the offset, and the part of it that is meant where it is not all of it.
fn body(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<(Statement, Option<TextRange>)> {
    let found = occurrences::at(db, package, file, offset);
    match found.map(|(_, _, one)| one.symbol) {
        Some(Symbol::Name(kind @ (NameKind::Entity | NameKind::Action), name)) => {
            Some((*package.declarations(kind, &name).last()?, None))
        }
        Some(Symbol::Shared(type_name, name)) => {
            let statement = *package.declarations(NameKind::Type, &type_name).last()?;
            Some((statement, Some(shared(db, statement, &name)?.1)))
        }
        _ => Some((package.statement_at(file, offset)?.0, None)),
    }
}

/// The name and the declaration of a name of SHARED, in the statement of its type.
fn shared(db: &Database, statement: Statement, name: &str) -> Option<(TextRange, TextRange)> {
    let block = scripts(db, statement).iter().find(|block| block.role == Block::Shared)?;
    let found = block.script.names.iter().rfind(|found| found.name == name)?;
    let place = |range: &moltler_js::Range| TextRange::new(range.start, range.end).shift(block.range.start());
    Some((place(&found.range), place(&found.declaration)))
}

fn declared(db: &Database, package: &Package, symbol: &Symbol) -> Option<CallItem> {
    match symbol {
        Symbol::Name(kind, name) => of_statement(db, package, *package.declarations(*kind, name).last()?),
        Symbol::Shared(type_name, name) => {
            let statement = *package.declarations(NameKind::Type, type_name).last()?;
            let (name_range, range) = shared(db, statement, name)?;
            Some(CallItem {
                name: name.clone(),
                kind: CallKind::Function,
                range: package.locate(statement, range.cover(name_range))?,
                name_range: package.locate(statement, name_range)?,
            })
        }
        _ => None,
    }
}

/// Who does what stands at an offset of a statement.
fn caller(db: &Database, package: &Package, statement: Statement, at: u32) -> Option<CallItem> {
    if let Some(Item::Type(item)) = &item_tree(db, statement).item {
        for block in scripts(db, statement).iter().filter(|block| block.role == Block::Shared) {
            let local = at.checked_sub(block.range.start())?;
            let around = block.script.names.iter().find(|name| name.declaration.contains(&local));
            if let Some(name) = around {
                return declared(db, package, &Symbol::Shared(item.name.clone(), name.name.clone()));
            }
        }
    }
    of_statement(db, package, statement)
}

/// A statement as something that calls.
fn of_statement(db: &Database, package: &Package, statement: Statement) -> Option<CallItem> {
    let text = statement.text(db);
    let all: Vec<_> = tokens(text).into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
    let (first, last) = (all.first()?, all.last()?);
    let (name, kind) = match &item_tree(db, statement).item {
        Some(Item::Type(item)) => (item.name.clone(), CallKind::Type),
        Some(Item::Entity(item)) => (item.name.clone(), CallKind::Entity),
        Some(Item::Action(item)) => (item.name.clone(), CallKind::Action),
        Some(Item::Test(item)) => (item.name.clone(), CallKind::Test),
        Some(_) | None => {
            let words = text[first.range.start() as usize..].split_whitespace().take(8).collect::<Vec<_>>().join(" ");
            (words.trim_end_matches(';').to_owned(), CallKind::Statement)
        }
    };
    let named = crate::symbols::name_of(&all, &name).filter(|_| kind != CallKind::Statement);
    let name_range = match kind {
        // The cursor stands on the part that is the entity's or the action's own.
        CallKind::Entity | CallKind::Action => named.map(|range| {
            let own = name.rsplit('.').next().unwrap_or_default().len() as u32;
            TextRange::new(range.end().saturating_sub(own).max(range.start()), range.end())
        }),
        _ => named,
    };
    Some(CallItem {
        name: if name.is_empty() { "?".to_owned() } else { name },
        kind,
        range: package.locate(statement, first.range.cover(last.range))?,
        name_range: package.locate(statement, name_range.unwrap_or(first.range))?,
    })
}
