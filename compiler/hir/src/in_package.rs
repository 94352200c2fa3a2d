//! What is wrong with a statement that only the package knows: no query reads so much of it.

use moltler_db::{NameKind, Statement};

use crate::check::name_range;
use crate::database::Database;
use crate::diagnostics::LocalDiagnostic;
use crate::diagnostics::advice::{missing_version, untested};
use crate::item_tree::{Item, item_tree};
use crate::order::check_order;
use crate::package::Package;

/// The order of variables; entities and actions that no test uses; types without a version.
///
/// It depends on the statement, on the uses of what it declares, and on places. An edit lists the statement in
/// [`crate::Change::affected`] when one of these may have changed.
pub fn check_in_package(db: &Database, package: &Package, statement: Statement) -> Vec<LocalDiagnostic> {
    let mut found = check_order(db, package, statement);
    let is_unused = |kind, name: &str| package.users(kind, name).next().is_none();
    let counts = |kind, name: &str| package.declarations(kind, name).last() == Some(&statement);
    match &item_tree(db, statement).item {
        Some(Item::Entity(item)) if counts(NameKind::Entity, &item.name) && is_unused(NameKind::Entity, &item.name) => {
            found.push(untested("entity", &item.name, name_range(db, statement, NameKind::Entity, &item.name)));
        }
        Some(Item::Action(item)) if counts(NameKind::Action, &item.name) && is_unused(NameKind::Action, &item.name) => {
            found.push(untested("action", &item.name, name_range(db, statement, NameKind::Action, &item.name)));
        }
        Some(Item::Type(item)) if counts(NameKind::Type, &item.name) && package.registered(&item.name) => {
            let packs = |user: Statement| matches!(item_tree(db, user).item, Some(Item::Package(_)));
            if !package.users(NameKind::Type, &item.name).any(packs) {
                found.push(missing_version(&item.name, name_range(db, statement, NameKind::Type, &item.name)));
            }
        }
        _ => {}
    }
    found
}
