//! Definitions against each other: `repeated-definition`, `unregistered-type`, `repeated-clause`, `missing-clause`,
//! `near-entity`.

use moltler_db::NameKind;
use moltler_syntax::TextRange;

use super::{LocalDiagnostic, LocalFix, Place};

/// The same definition again: the last one counts. Reported at each earlier one.
pub(crate) fn repeated_definition(kind: NameKind, name: &str, range: TextRange) -> LocalDiagnostic {
    let what = match kind {
        NameKind::Type => "connector type",
        NameKind::Entity => "entity",
        NameKind::Action => "action",
        NameKind::Instance => "connector instance",
        NameKind::Variable => "variable",
        NameKind::Registration | NameKind::Members => "definition",
    };
    LocalDiagnostic::warning(
        "repeated-definition",
        range,
        format!("the {what} `{name}` is defined again, this definition does not count"),
    )
    .label(Place::Declaration(kind, name.to_owned()), "the last definition counts")
}

/// An instance outside of tests of a type that nobody registers. `end` is where a statement may be inserted.
pub(crate) fn unregistered_type(name: &str, range: TextRange, end: u32) -> LocalDiagnostic {
    let mut diagnostic = LocalDiagnostic::error(
        "unregistered-type",
        range,
        format!("the connector type `{name}` is not registered"),
    )
    .help(format!("add `REGISTER CONNECTOR TYPE '{name}';`"))
    .label(Place::Declaration(NameKind::Type, name.to_owned()), "defined here");
    diagnostic.fixes.push(LocalFix {
        title: format!("Register `{name}`"),
        edits: vec![(TextRange::empty(end), format!("REGISTER CONNECTOR TYPE '{name}';\n\n"))],
    });
    diagnostic
}

/// A clause given twice.
pub(crate) fn repeated_clause(clause: &str, range: TextRange, first: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("repeated-clause", range, format!("`{clause}` is given twice"))
        .label(Place::Here(first), "first given here")
}

/// A clause that must be there.
pub(crate) fn missing_clause(clause: &str, statement: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("missing-clause", range, format!("{statement} needs `{clause}`"))
}

/// The middle name of an action is nearly that of an entity.
pub(crate) fn near_entity(written: &str, entity: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning("near-entity", range, format!("there is no entity `{written}`, but there is `{entity}`"))
        .help(format!("did you mean `{entity}`?"))
}
