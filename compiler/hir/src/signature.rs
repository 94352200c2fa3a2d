//! What checks read of other statements: their item trees without prose.
//!
//! Descriptions are of no account to any check, and people type them letter by letter: through this query an edit of one
//! ends at the statement that has it.

use moltler_db::{Db, FileId, NameKind, Statement};

use crate::catalog::{declaration, variable_key};
use crate::item_tree::{ActionItem, EntityItem, InstanceItem, Item, ItemTree, TypeItem, VariableItem, item_tree};

/// The item tree of a statement without descriptions and without mentions.
#[salsa::tracked(returns(ref))]
pub(crate) fn signature(db: &dyn Db, statement: Statement) -> ItemTree {
    without_prose(item_tree(db, statement))
}

/// What others can depend on.
pub(crate) fn without_prose(tree: &ItemTree) -> ItemTree {
    let mut tree = ItemTree { mentions: Vec::new(), ..tree.clone() };
    match &mut tree.item {
        Some(Item::Type(item)) => {
            item.description = None;
            item.config.iter_mut().flatten().for_each(|key| key.description = None);
        }
        Some(Item::Entity(item)) => {
            item.description = None;
            item.fields.iter_mut().for_each(|field| field.description = None);
        }
        Some(Item::Action(item)) => {
            item.description = None;
            item.parameters.iter_mut().flatten().for_each(|key| key.description = None);
        }
        _ => {}
    }
    tree
}

fn item<'db>(db: &'db dyn Db, kind: NameKind, name: &str) -> Option<&'db Item> {
    signature(db, declaration(db, kind, name)?).item.as_ref()
}

/// [`crate::catalog::connector_type`] without prose.
pub(crate) fn connector_type<'db>(db: &'db dyn Db, name: &str) -> Option<&'db TypeItem> {
    match item(db, NameKind::Type, name)? {
        Item::Type(item) => Some(item),
        _ => None,
    }
}

/// [`crate::catalog::entity`] without prose.
pub(crate) fn entity<'db>(db: &'db dyn Db, name: &str) -> Option<&'db EntityItem> {
    match item(db, NameKind::Entity, name)? {
        Item::Entity(item) => Some(item),
        _ => None,
    }
}

/// [`crate::catalog::action`] without prose.
pub(crate) fn action<'db>(db: &'db dyn Db, name: &str) -> Option<&'db ActionItem> {
    match item(db, NameKind::Action, name)? {
        Item::Action(item) => Some(item),
        _ => None,
    }
}

/// [`crate::catalog::instance`].
pub(crate) fn instance<'db>(db: &'db dyn Db, name: &str) -> Option<&'db InstanceItem> {
    match item(db, NameKind::Instance, name)? {
        Item::Instance(item) => Some(item),
        _ => None,
    }
}

/// [`crate::catalog::variable`].
pub(crate) fn variable<'db>(db: &'db dyn Db, file: FileId, name: &str) -> Option<(&'db VariableItem, Statement)> {
    let statement = declaration(db, NameKind::Variable, &variable_key(file, name))?;
    let item = signature(db, statement).variables.iter().find(|variable| variable.name == name)?;
    Some((item, statement))
}
