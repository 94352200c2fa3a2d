//! The package's definitions by name.
//!
//! A look-up depends on one name: on the list of the statements that declare it, and on the item tree of the last one, the
//! one that counts. No query reads all names.

use moltler_db::{Db, NameKind, Statement, names};

use crate::item_tree::{ActionItem, EntityItem, InstanceItem, Item, TestItem, TypeItem, VariableItem, item_tree};

/// The statement that declares the name and counts: the last one.
pub fn declaration(db: &dyn Db, kind: NameKind, name: &str) -> Option<Statement> {
    names(db, kind, name).declarations(db).last().copied()
}

/// The connector type with this name.
pub fn connector_type<'db>(db: &'db dyn Db, name: &str) -> Option<&'db TypeItem> {
    match item_tree(db, declaration(db, NameKind::Type, name)?).item.as_ref()? {
        Item::Type(item) => Some(item),
        _ => None,
    }
}

/// The entity with this name: `myservice.items`.
pub fn entity<'db>(db: &'db dyn Db, name: &str) -> Option<&'db EntityItem> {
    match item_tree(db, declaration(db, NameKind::Entity, name)?).item.as_ref()? {
        Item::Entity(item) => Some(item),
        _ => None,
    }
}

/// The action with this name: `myservice.items.create`.
pub fn action<'db>(db: &'db dyn Db, name: &str) -> Option<&'db ActionItem> {
    match item_tree(db, declaration(db, NameKind::Action, name)?).item.as_ref()? {
        Item::Action(item) => Some(item),
        _ => None,
    }
}

/// The instance with this name that is known in the whole package.
pub fn instance<'db>(db: &'db dyn Db, name: &str) -> Option<&'db InstanceItem> {
    match item_tree(db, declaration(db, NameKind::Instance, name)?).item.as_ref()? {
        Item::Instance(item) => Some(item),
        _ => None,
    }
}

/// Whether there is a REGISTER CONNECTOR TYPE of this type.
pub fn is_registered(db: &dyn Db, type_name: &str) -> bool {
    declaration(db, NameKind::Registration, type_name).is_some()
}

/// The variable that a top-level statement of the file declares.
pub fn variable<'db>(db: &'db dyn Db, file: moltler_db::FileId, name: &str) -> Option<(&'db VariableItem, Statement)> {
    let statement = declaration(db, NameKind::Variable, &variable_key(file, name))?;
    let item = item_tree(db, statement).variables.iter().find(|variable| variable.name == name)?;
    Some((item, statement))
}

/// The key of a variable among names of [`NameKind::Variable`].
pub fn variable_key(file: moltler_db::FileId, name: &str) -> String {
    format!("{} {name}", file.0)
}

/// The key of a test among names of [`NameKind::Test`].
pub fn test_key(test: &TestItem) -> String {
    format!("{} {}", test.type_name, test.name)
}

/// The entities and actions of a type, by name, each once.
pub fn members<'db>(db: &'db dyn Db, type_name: &str) -> Members<'db> {
    let mut members = Members::default();
    for statement in names(db, NameKind::Members, type_name).declarations(db).iter().rev() {
        match item_tree(db, *statement).item.as_ref() {
            Some(Item::Entity(item)) if !members.entities.iter().any(|known| known.name == item.name) => {
                members.entities.push(item);
            }
            Some(Item::Action(item)) if !members.actions.iter().any(|known| known.name == item.name) => {
                members.actions.push(item);
            }
            _ => {}
        }
    }
    members.entities.sort_by(|left, right| left.name.cmp(&right.name));
    members.actions.sort_by(|left, right| left.name.cmp(&right.name));
    members
}

/// What a type has.
#[derive(Clone, Debug, Default)]
pub struct Members<'db> {
    /// Its entities.
    pub entities: Vec<&'db EntityItem>,
    /// Its actions.
    pub actions: Vec<&'db ActionItem>,
}
