//! What a lowered statement is, as far as the driver needs to know.

use moltler_abi::manifest::Package;
use moltler_hir::Lowered;
use moltler_hir::body::StmtKind;

/// The connector type that a definition belongs to; `None` for another statement.
pub fn type_of(lowered: &Lowered) -> Option<&str> {
    match &lowered.body.statement()?.kind {
        StmtKind::Type(definition) => Some(&definition.name.text),
        StmtKind::Entity(definition) => Some(definition.type_name()),
        StmtKind::Action(definition) => Some(definition.type_name()),
        _ => None,
    }
}

/// The full name and the DOCUMENTATION of a definition, where it has one.
pub fn documentation(lowered: &Lowered) -> Option<(&str, &str)> {
    let (name, text) = match &lowered.body.statement()?.kind {
        StmtKind::Type(definition) => (&definition.name, &definition.documentation),
        StmtKind::Entity(definition) => (&definition.name, &definition.documentation),
        StmtKind::Action(definition) => (&definition.name, &definition.documentation),
        _ => return None,
    };
    Some((&name.text, text.as_deref()?))
}

/// The clauses of a PACKAGE statement.
pub fn package(lowered: &Lowered) -> Option<Package> {
    let StmtKind::Package(definition) = &lowered.body.statement()?.kind else { return None };
    Some(Package {
        type_name: definition.type_name.text.clone(),
        version: definition.version.clone(),
        description: definition.description.clone(),
        author: definition.author.clone(),
        license: definition.license.clone(),
        homepage: definition.homepage.clone(),
        repository: definition.repository.clone(),
        tags: definition.tags.clone(),
    })
}

/// The type and the registry of a PUBLISH statement.
pub fn publish(lowered: &Lowered) -> Option<(String, String)> {
    let StmtKind::Publish(definition) = &lowered.body.statement()?.kind else { return None };
    Some((definition.type_name.text.clone(), definition.registry.text.clone()))
}

/// Whether it is a SYNC, sound or not, or has one inside.
pub fn is_sync(lowered: &Lowered) -> bool {
    let is_one = |kind: &StmtKind| matches!(kind, StmtKind::Sync(_));
    let word = lowered.text.trim_start().get(..4);
    word.is_some_and(|word| word.eq_ignore_ascii_case("sync"))
        || lowered.body.stmts.iter().any(|(_, stmt)| is_one(&stmt.kind))
}
