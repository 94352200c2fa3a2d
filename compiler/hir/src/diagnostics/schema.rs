//! Documents of clauses: `unknown-key`, `unknown-data-type`, `invalid-value`, `repeated-key`, `not-constant`,
//! `missing-config-key`, `unknown-config-key`, `missing-argument`, `unknown-argument`, `required-field`.

use moltler_abi::DataType;
use moltler_syntax::TextRange;

use super::{LocalDiagnostic, Place};
use crate::suggest::Candidates;

/// A key that the clause does not have.
pub(crate) fn unknown_key(key: &str, clause: &str, range: TextRange, known: &[&'static str]) -> LocalDiagnostic {
    LocalDiagnostic::error("unknown-key", range, format!("`{clause}` has no key `{key}`")).nearest(
        key,
        &Candidates::new("known keys", known.iter().copied()),
        range,
        "\"",
    )
}

/// A type that does not exist.
pub(crate) fn unknown_data_type(name: &str, range: TextRange, quote: &str) -> LocalDiagnostic {
    let habits = [
        ("text", "string"),
        ("varchar", "string"),
        ("str", "string"),
        ("int", "integer"),
        ("bigint", "integer"),
        ("long", "integer"),
        ("float", "number"),
        ("double", "number"),
        ("decimal", "number"),
        ("numeric", "number"),
        ("bool", "boolean"),
        ("datetime", "timestamp"),
        ("object", "document"),
        ("json", "document"),
        ("list", "array"),
    ];
    let diagnostic = LocalDiagnostic::error("unknown-data-type", range, format!("there is no type `{name}`"));
    let lower = name.to_lowercase();
    if let Some((_, meant)) = habits.iter().find(|(habit, _)| *habit == lower) {
        return diagnostic
            .help(format!("did you mean `{meant}`?"))
            .fix(format!("Replace with `{meant}`"), range, format!("{quote}{meant}{quote}"));
    }
    diagnostic.nearest(name, &Candidates::new("types", DataType::NAMED.iter().map(|known| known.name())), range, quote)
}

/// A value of another kind than the key takes.
pub(crate) fn invalid_value(key: &str, expected: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("invalid-value", range, format!("`{key}` takes {expected}"))
}

/// A key given twice.
pub(crate) fn repeated_key(key: &str, range: TextRange, first: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("repeated-key", range, format!("the key `{key}` is given twice"))
        .label(Place::Here(first), "first given here")
}

/// An expression where the clause takes constants only.
pub(crate) fn not_constant(clause: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("not-constant", range, format!("`{clause}` takes constants only"))
}

/// A key of CONFIG that the type does not have.
pub(crate) fn unknown_config_key(
    key: &str,
    type_name: &str,
    range: TextRange,
    candidates: &Candidates<'_>,
) -> LocalDiagnostic {
    LocalDiagnostic::error("unknown-config-key", range, format!("`{key}` is not a config key of `{type_name}`"))
        .nearest(key, candidates, range, "\"")
}

/// A required key of CONFIG that is not given.
pub(crate) fn missing_config_key(key: &str, type_name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("missing-config-key", range, format!("the config key `{key}` of `{type_name}` is required"))
}

/// Not exactly one key of a `one_of` group.
pub(crate) fn one_of(group: &str, keys: &[&str], range: TextRange) -> LocalDiagnostic {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    LocalDiagnostic::error("missing-config-key", range, format!("exactly one of {} is needed (`{group}`)", keys.join(", ")))
}

/// A constant of CONFIG or of an argument that is not one of the values of `enum`.
pub(crate) fn not_one_of(key: &str, values: &[String], range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("invalid-value", range, format!("`{key}` takes one of {}", values.join(", ")))
}

/// An argument that the action does not have.
pub(crate) fn unknown_argument(
    name: &str,
    action: &str,
    range: TextRange,
    candidates: &Candidates<'_>,
    quote: &str,
) -> LocalDiagnostic {
    LocalDiagnostic::error("unknown-argument", range, format!("the action `{action}` has no parameter `{name}`"))
        .nearest(name, candidates, range, quote)
}

/// A required argument that is not given.
pub(crate) fn missing_argument(name: &str, action: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("missing-argument", range, format!("the parameter `{name}` of `{action}` is required"))
}

/// A query that does not bind what the entity requires.
pub(crate) fn required_field(entity: &str, sets: &[Vec<String>], range: TextRange) -> LocalDiagnostic {
    let sets: Vec<String> = sets
        .iter()
        .map(|set| set.iter().map(|field| format!("`{field} = …`")).collect::<Vec<_>>().join(" and "))
        .collect();
    LocalDiagnostic::error("required-field", range, format!("a query of `{entity}` needs {} in WHERE", sets.join(" or ")))
}
