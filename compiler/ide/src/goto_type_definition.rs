//! Where what a name holds is declared: the type of an instance, the entity of a field or of rows, CONFIG_SCHEMA of `config`.

use moltler_db::{FileId, FileRange, NameKind, Statement};
use moltler_hir::body::{Body, ExprKind, SourceKind, StmtKind};
use moltler_hir::catalog::{self, variable_key};
use moltler_hir::definition::split_name;
use moltler_hir::item_tree::{Item, item_tree};
use moltler_hir::{Database, Package, lower_statement, scripts};

use crate::occurrences::{self, Symbol};
use crate::symbols::name_of;
use crate::token::{Token, TokenKind, tokens};

/// The definitions of what the name at an offset holds.
pub fn goto_type_definition(db: &Database, package: &Package, file: FileId, offset: u32) -> Vec<FileRange> {
    let Some((statement, _, found)) = occurrences::at(db, package, file, offset) else { return Vec::new() };
    match &found.symbol {
        Symbol::Name(NameKind::Instance, name) => match catalog::instance(db, name) {
            Some(instance) => named(db, package, NameKind::Type, &instance.type_name),
            None => Vec::new(),
        },
        Symbol::Name(NameKind::Type, name) => named(db, package, NameKind::Type, name),
        Symbol::Name(_, name) => named(db, package, NameKind::Type, split_name(name).0),
        Symbol::Key(kind, owner, _) => named(db, package, *kind, owner),
        Symbol::FileVariable(file, name) => {
            let declaration = package.declarations(NameKind::Variable, &variable_key(*file, name)).last();
            declaration.map_or_else(Vec::new, |declaration| of_variable(db, package, *declaration, name))
        }
        Symbol::Local(..) => local(db, package, statement, &found),
        Symbol::Shared(..) => Vec::new(),
    }
}

/// A name that the statement itself declares: a parameter of an entry point, an instance or a variable of a TEST.
fn local(db: &Database, package: &Package, statement: Statement, found: &occurrences::Occurrence) -> Vec<FileRange> {
    let Symbol::Local(_, declared) = &found.symbol else { return Vec::new() };
    let item = item_tree(db, statement).item.as_ref();
    for block in scripts(db, statement).iter().filter(|block| block.range.covers(*declared)) {
        let Some((_, function)) = block.script.function(block.role.entry()) else { continue };
        let at = declared.start() - block.range.start();
        let position = function.parameters.iter().position(|parameter| parameter.range.contains(&at));
        let role = position.and_then(|position| block.role.parameters().get(position));
        return match (role, item) {
            (Some(&"config"), Some(Item::Type(item))) => named(db, package, NameKind::Type, &item.name),
            (Some(&"config"), Some(Item::Entity(item))) => named(db, package, NameKind::Type, split_name(&item.name).0),
            (Some(&"config"), Some(Item::Action(item))) => named(db, package, NameKind::Type, split_name(&item.name).0),
            (Some(&"filters"), Some(Item::Entity(item))) => named(db, package, NameKind::Entity, &item.name),
            (Some(&"params"), Some(Item::Action(item))) => named(db, package, NameKind::Action, &item.name),
            _ => Vec::new(),
        };
    }
    let text = statement.text(db);
    let name = declared.of(text);
    let all: Vec<Token<'_>> = tokens(text).into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
    let made = all.windows(5).find(|window| {
        window[0].is("CREATE") && window[1].is("CONNECTOR") && window[2].inner() == *declared && window[3].is("TYPE")
    });
    match made {
        Some(window) => named(db, package, NameKind::Type, window[4].name()),
        None => of_variable(db, package, statement, name),
    }
}

/// The entities whose rows a variable holds.
fn of_variable(db: &Database, package: &Package, statement: Statement, name: &str) -> Vec<FileRange> {
    let body = &lower_statement(db, statement).body;
    let mut found = Vec::new();
    for (_, one) in body.stmts.iter() {
        let value = match &one.kind {
            StmtKind::Declare { variable, value: Some(value) } if body.variables[*variable].name == name => *value,
            StmtKind::ForEach { variable, array, .. } if body.variables[*variable].name == name => *array,
            _ => continue,
        };
        match &body.exprs[value].kind {
            ExprKind::Query(select) => {
                for entity in entities(body, body.selects[*select].range) {
                    found.extend(named(db, package, NameKind::Entity, &entity));
                }
            }
            ExprKind::Variable(other) if body.variables[*other].name != name => {
                found.extend(of_variable(db, package, statement, &body.variables[*other].name));
            }
            ExprKind::Execute(execution) => found.extend(named(db, package, NameKind::Action, &execution.action)),
            _ => {}
        }
    }
    found
}

/// The entities that are read in a range, each once.
fn entities(body: &Body, range: moltler_syntax::TextRange) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, source) in body.sources.iter().filter(|(_, source)| range.covers(source.range)) {
        if let SourceKind::Entity { entity, .. } = &source.kind
            && !found.contains(entity)
        {
            found.push(entity.clone());
        }
    }
    found
}

/// The declarations of a name, the one that counts first.
fn named(db: &Database, package: &Package, kind: NameKind, name: &str) -> Vec<FileRange> {
    let declarations = package.declarations(kind, name).iter().rev();
    declarations
        .filter_map(|statement| {
            let text = statement.text(db);
            let all: Vec<Token<'_>> =
                tokens(text).into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
            package.locate(*statement, name_of(&all, name)?)
        })
        .collect()
}
