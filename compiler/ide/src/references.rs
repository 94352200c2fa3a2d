//! Where a name is used, and what it looks like with another name.

use moltler_db::{Edit, FileId, FileRange, NameKind};
use moltler_hir::{Database, Package, catalog};
use moltler_syntax::TextRange;

use crate::completion::is_script_reserved;
use crate::occurrences::{Form, Occurrence, Role, Symbol, at, occurrences, places};

/// The places where the name at an offset stands for the same thing, by file and place; with its declarations or without.
pub fn references(
    db: &Database,
    package: &Package,
    file: FileId,
    offset: u32,
    with_declarations: bool,
) -> Vec<FileRange> {
    let Some((_, _, found)) = at(db, package, file, offset) else { return Vec::new() };
    places(db, package, &found.symbol)
        .into_iter()
        .filter(|(_, one)| with_declarations || one.role != Role::Declaration)
        .map(|(place, _)| place)
        .collect()
}

/// The same inside one file, with what each place does.
pub fn highlights(db: &Database, package: &Package, file: FileId, offset: u32) -> Vec<(TextRange, Role)> {
    let Some((statement, start, found)) = at(db, package, file, offset) else { return Vec::new() };
    if matches!(found.symbol, Symbol::Local(..)) {
        let same = occurrences(db, package, statement).into_iter().filter(|one| one.symbol == found.symbol);
        return same.map(|one| (one.range.shift(start), one.role)).collect();
    }
    let all = places(db, package, &found.symbol).into_iter();
    all.filter(|(place, _)| place.file == file).map(|(place, one)| (place.range, one.role)).collect()
}

/// The name at an offset that can be renamed: its place in the file and the name.
pub fn prepare_rename(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<(TextRange, String)> {
    let (statement, start, found) = at(db, package, file, offset)?;
    let name = found.range.of(statement.text(db)).to_owned();
    // What is declared nowhere has no name to change.
    let all = places(db, package, &found.symbol);
    all.iter().any(|(_, one)| one.role == Role::Declaration).then(|| (found.range.shift(start), name))
}

/// The changes that give the name at an offset another name, by file and place; an error tells why that is not possible.
pub fn rename(db: &Database, package: &Package, file: FileId, offset: u32, new: &str) -> Result<Vec<Edit>, String> {
    let (statement, _, found) = at(db, package, file, offset).ok_or("there is no name here that can be changed")?;
    let old = found.range.of(statement.text(db));
    let mut letters = new.chars();
    let is_name = letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_');
    if !is_name {
        return Err(format!("`{new}` is not a name: letters, digits and `_`, not a digit first"));
    }
    let all = places(db, package, &found.symbol);
    if !all.iter().any(|(_, one)| one.role == Role::Declaration) {
        return Err(format!("`{old}` is not declared in this package"));
    }
    if new != old {
        is_free(db, package, &found.symbol, new)?;
    }
    let in_script = all.iter().any(|(_, one)| !matches!(one.form, Form::Sql | Form::Quoted));
    let is_bound = matches!(found.symbol, Symbol::Shared(..)) || in_script && matches!(found.symbol, Symbol::Local(..));
    if is_bound && is_script_reserved(new) {
        return Err(format!("`{new}` is a word of JavaScript"));
    }
    Ok(all.into_iter().map(|(range, one)| Edit { range, text: written(&one, old, new) }).collect())
}

/// What stands at the place of an occurrence that has a new name.
fn written(one: &Occurrence, old: &str, new: &str) -> String {
    match one.form {
        Form::Sql if SQL_RESERVED.iter().any(|word| new.eq_ignore_ascii_case(word)) => format!("`{new}`"),
        Form::Sql | Form::Quoted | Form::Script => new.to_owned(),
        Form::ShorthandKey => format!("{new}: {old}"),
        Form::ShorthandValue => format!("{old}: {new}"),
    }
}

/// Whether nothing beside the symbol has the new name already.
fn is_free(db: &Database, package: &Package, symbol: &Symbol, new: &str) -> Result<(), String> {
    let taken = match symbol {
        Symbol::Name(kind, name) => {
            let full = match name.rsplit_once('.') {
                Some((owner, _)) => format!("{owner}.{new}"),
                None => new.to_owned(),
            };
            !package.declarations(*kind, &full).is_empty()
        }
        Symbol::Key(NameKind::Entity, owner, _) => {
            catalog::entity(db, owner).is_some_and(|entity| entity.fields.iter().any(|field| field.name == new))
        }
        Symbol::Key(NameKind::Type, owner, _) => catalog::connector_type(db, owner)
            .and_then(|found| found.config.as_ref())
            .is_some_and(|keys| keys.iter().any(|key| key.name == new)),
        Symbol::Key(_, owner, _) => catalog::action(db, owner)
            .and_then(|found| found.parameters.as_ref())
            .is_some_and(|keys| keys.iter().any(|key| key.name == new)),
        Symbol::FileVariable(file, _) => {
            !package.declarations(NameKind::Variable, &catalog::variable_key(*file, new)).is_empty()
        }
        Symbol::Shared(owner, _) => {
            catalog::connector_type(db, owner).is_some_and(|found| found.shared_names.iter().any(|name| name == new))
        }
        Symbol::Local(statement, _) => occurrences(db, package, *statement)
            .iter()
            .any(|one| matches!(one.symbol, Symbol::Local(..)) && one.range.of(statement.text(db)) == new),
    };
    if taken { Err(format!("there is a `{new}` already")) } else { Ok(()) }
}

/// Words that are never names in an expression.
const SQL_RESERVED: &[&str] =
    &["CASE", "WHEN", "THEN", "ELSE", "NOT", "NULL", "TRUE", "FALSE", "CAST", "INTERVAL", "AND", "OR", "FROM", "END"];
