//! Which statements an edit may concern besides those that it touches.

use moltler_db::{NameKind, Statement};
use rustc_hash::FxHashSet;

use super::Package;
use super::index::Difference;
use crate::database::Database;
use crate::definition::split_name;
use crate::item_tree::{Item, item_tree};

/// The statements that mention or declare a name whose meaning changed. What depends on an entity or an action reaches it
/// through an instance, so that all uses of the instances of its type are among them.
pub(super) fn affected(
    package: &Package,
    db: &Database,
    difference: &Difference,
    edited: &[Statement],
) -> Vec<Statement> {
    let mut found: FxHashSet<Statement> = FxHashSet::default();
    let mut types: FxHashSet<&str> = FxHashSet::default();
    for (kind, name) in &difference.changed {
        found.extend(package.index.uses(*kind, name));
        found.extend(package.index.declarations(*kind, name));
        match kind {
            NameKind::Type | NameKind::Registration | NameKind::Members => {
                types.insert(name);
            }
            NameKind::Entity | NameKind::Action => {
                types.insert(split_name(name).0);
            }
            NameKind::Instance | NameKind::Variable | NameKind::Test => {}
        }
    }
    for (kind, name, _) in difference.removed_uses.iter().chain(&difference.added_uses) {
        // Who declares it tells that nobody uses it: a variable, an entity or action without a test, a type without a version.
        if matches!(kind, NameKind::Variable | NameKind::Entity | NameKind::Action | NameKind::Type) {
            found.extend(package.index.declarations(*kind, name));
        }
    }
    for type_name in &difference.read_otherwise {
        // It tells which of its config keys nobody reads.
        found.extend(package.index.declarations(NameKind::Type, type_name));
    }
    for type_name in types {
        found.extend(package.index.declarations(NameKind::Type, type_name));
        for statement in package.index.uses(NameKind::Type, type_name) {
            found.insert(statement);
            if let Some(Item::Instance(instance)) = &item_tree(db, statement).item {
                found.extend(package.index.uses(NameKind::Instance, &instance.name));
            }
        }
    }
    for statement in edited {
        found.remove(statement);
    }
    let mut found: Vec<Statement> = found.into_iter().collect();
    package.sort(&mut found);
    found
}
