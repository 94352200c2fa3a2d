//! Where names stand in a statement and what each stands for, in SQL and in JavaScript.
//!
//! Highlighting, references and renaming all read the same list, so that they always agree. Names of the API's side (members of
//! what a request answers, bodies of MOCK_API) stand for nothing here.

mod rows;
mod script;
mod sql;

use moltler_db::{FileId, FileRange, NameKind, Statement};
use moltler_hir::catalog::{self, variable_key};
use moltler_hir::definition::split_name;
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;
use rustc_hash::FxHashSet;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A connector type, an entity or action with its type, an instance of the package.
    Name(NameKind, String),
    /// A field of an entity, a key of CONFIG_SCHEMA of a type, a parameter of an action: the kind and name of the owner, the key.
    Key(NameKind, String, String),
    /// A variable of a file's top level.
    FileVariable(FileId, String),
    /// A top-level name of a type's SHARED block.
    Shared(String, String),
    /// What the statement itself declares at this place of its text: a variable of a block, an instance of a test, a name in
    /// JavaScript.
    Local(Statement, TextRange),
}

impl Symbol {
    /// Whether a text may name it: it is not read further when not. What is written with an escape is not looked for.
    fn may_be_in(&self, text: &str) -> bool {
        let name = match self {
            Symbol::Name(_, name) => name.rsplit('.').next().unwrap_or(name),
            Symbol::Key(_, _, name) | Symbol::FileVariable(_, name) | Symbol::Shared(_, name) => name,
            Symbol::Local(..) => return true,
        };
        text.contains(name) || text.contains('\\')
    }
}

/// How a name is written, which decides what a new one looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A name of SQL; a name that is no identifier is written in back-ticks.
    Sql,
    /// Between quotes, or a part of such a text.
    Quoted,
    /// A name of JavaScript.
    Script,
    /// `{name}` in JavaScript, where it is the key: `{label: name}`.
    ShorthandKey,
    /// The same, where it is the value: `{name: label}`.
    ShorthandValue,
}

/// What the place does to what the name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It declares it.
    Declaration,
    /// It gives it a value.
    Write,
    /// It uses it.
    Read,
}

/// A name at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The name alone, in the statement.
    pub range: TextRange,
    /// What it stands for.
    pub symbol: Symbol,
    /// What is done to it.
    pub role: Role,
    /// How it is written.
    pub form: Form,
}

/// All names of a statement that stand for something, by place.
pub fn occurrences(db: &Database, package: &Package, statement: Statement) -> Vec<Occurrence> {
    let mut found = sql::occurrences(db, package, statement);
    found.extend(script::occurrences(db, statement));
    found.sort_by_key(|one| (one.range.start(), one.range.end(), one.form == Form::ShorthandValue));
    found.dedup_by(|one, other| one.range == other.range && one.symbol == other.symbol);
    found
}

/// The name at an offset of a file: the statement with the offset of its text, and the occurrence.
pub fn at(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<(Statement, u32, Occurrence)> {
    let (statement, start) = package.statement_at(file, offset)?;
    let found = occurrences(db, package, statement);
    let local = offset.checked_sub(start)?;
    let one = found.into_iter().find(|one| one.range.touches(local));
    match one {
        Some(one) => Some((statement, start, one)),
        // The cursor may touch the end of the statement before.
        None if local == 0 && offset > 0 => {
            let (before, start) = package.statement_at(file, offset - 1)?;
            let one = occurrences(db, package, before).into_iter().find(|one| one.range.end() + start == offset)?;
            Some((before, start, one))
        }
        None => None,
    }
}

/// All places of the package where a name stands for the symbol, by file and place.
pub fn places(db: &Database, package: &Package, symbol: &Symbol) -> Vec<(FileRange, Occurrence)> {
    let mut found = Vec::new();
    for statement in statements(db, package, symbol) {
        if !symbol.may_be_in(statement.text(db)) {
            continue;
        }
        for one in occurrences(db, package, statement) {
            if one.symbol == *symbol
                && let Some(place) = package.locate(statement, one.range)
            {
                found.push((place, one));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| {
        (package.path(one.file), one.range).cmp(&(package.path(other.file), other.range))
    });
    found
}

/// The statements that may mention a symbol, each once.
fn statements(db: &Database, package: &Package, symbol: &Symbol) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    match symbol {
        Symbol::Name(NameKind::Instance, name) => {
            found.extend(package.declarations(NameKind::Instance, name));
            found.extend(package.uses(NameKind::Instance, name));
        }
        Symbol::Name(_, name) | Symbol::Key(_, name, _) | Symbol::Shared(name, _) => {
            of_type(db, package, split_name(name).0, &mut found);
        }
        Symbol::FileVariable(file, name) => {
            let key = variable_key(*file, name);
            found.extend(package.declarations(NameKind::Variable, &key));
            found.extend(package.uses(NameKind::Variable, &key));
        }
        Symbol::Local(statement, _) => found.push(*statement),
    }
    let mut seen = FxHashSet::default();
    found.retain(|statement| seen.insert(*statement));
    found
}

/// The definitions of a type and its members, its tests, what uses its instances, and what uses variables that hold their rows.
fn of_type(db: &Database, package: &Package, type_name: &str, found: &mut Vec<Statement>) {
    for kind in [NameKind::Type, NameKind::Registration, NameKind::Members] {
        found.extend(package.declarations(kind, type_name));
        found.extend(package.uses(kind, type_name));
    }
    let instances: Vec<String> = package
        .names(NameKind::Instance)
        .filter(|name| catalog::instance(db, name).is_some_and(|instance| instance.type_name == type_name))
        .map(str::to_owned)
        .collect();
    for instance in instances {
        for user in package.uses(NameKind::Instance, &instance) {
            found.push(user);
            let Some((file, _)) = package.place(user) else { continue };
            for variable in &moltler_hir::item_tree::item_tree(db, user).variables {
                found.extend(package.uses(NameKind::Variable, &variable_key(file, &variable.name)));
            }
        }
    }
}
