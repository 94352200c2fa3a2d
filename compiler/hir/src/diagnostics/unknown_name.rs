//! Names that nobody declares: `unknown-type`, `unknown-entity`, `unknown-action`, `unknown-instance`, `unknown-field`,
//! `unknown-function`, `unknown-variable`.

use moltler_abi::functions::FUNCTIONS;
use moltler_db::NameKind;
use moltler_syntax::TextRange;

use super::{LocalDiagnostic, Suggest};
use crate::suggest::Candidates;

/// A connector type; `range` covers the text between the quotes.
pub(crate) fn unknown_type(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("unknown-type", range, format!("there is no connector type `{name}`")).suggest(Suggest {
        kind: NameKind::Type,
        prefix: String::new(),
        written: name.to_owned(),
        range,
    })
}

/// `instance` in `instance.entity`.
pub(crate) fn unknown_instance(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("unknown-instance", range, format!("there is no connector instance `{name}`"))
        .help(format!("create it: `CREATE CONNECTOR {name} TYPE '…' CONFIG {{…}};`"))
        .suggest(Suggest { kind: NameKind::Instance, prefix: String::new(), written: name.to_owned(), range })
}

/// `entity` in `instance.entity`. In a test it is a warning, and the statement fails when it is reached.
pub(crate) fn unknown_entity(type_name: &str, entity: &str, range: TextRange, in_test: bool) -> LocalDiagnostic {
    let message = format!("the connector type `{type_name}` has no entity `{entity}`");
    undeclared("unknown-entity", message, range, in_test).suggest(Suggest {
        kind: NameKind::Entity,
        prefix: format!("{type_name}."),
        written: entity.to_owned(),
        range,
    })
}

/// `entity.action` in `instance.entity.action`. In a test it is a warning, and the statement fails when it is reached.
pub(crate) fn unknown_action(type_name: &str, action: &str, range: TextRange, in_test: bool) -> LocalDiagnostic {
    let message = format!("the connector type `{type_name}` has no action `{action}`");
    undeclared("unknown-action", message, range, in_test).suggest(Suggest {
        kind: NameKind::Action,
        prefix: format!("{type_name}."),
        written: action.to_owned(),
        range,
    })
}

fn undeclared(code: &'static str, message: String, range: TextRange, in_test: bool) -> LocalDiagnostic {
    if in_test {
        LocalDiagnostic::warning(code, range, message).help("the test fails when it comes here")
    } else {
        LocalDiagnostic::error(code, range, message)
    }
}

/// A column of a table whose columns are known.
pub(crate) fn unknown_field(name: &str, table: &str, range: TextRange, candidates: &Candidates<'_>) -> LocalDiagnostic {
    LocalDiagnostic::error("unknown-field", range, format!("`{table}` has no field `{name}`"))
        .nearest(name, candidates, range, "")
}

/// A bare name that is neither a column nor a variable.
pub(crate) fn unknown_name(name: &str, table: Option<&str>, range: TextRange, candidates: &Candidates<'_>) -> LocalDiagnostic {
    match table {
        Some(table) => LocalDiagnostic::error(
            "unknown-field",
            range,
            format!("`{name}` is neither a field of `{table}` nor a variable"),
        ),
        None => LocalDiagnostic::error("unknown-variable", range, format!("there is no variable `{name}`")),
    }
    .nearest(name, candidates, range, "")
}

/// `:name`, SET name.
pub(crate) fn unknown_variable(name: &str, range: TextRange, candidates: &Candidates<'_>) -> LocalDiagnostic {
    LocalDiagnostic::error("unknown-variable", range, format!("there is no variable `{name}`"))
        .nearest(name, candidates, range, "")
}

/// A function that is not in the list.
pub(crate) fn unknown_function(name: &str, range: TextRange) -> LocalDiagnostic {
    let candidates = Candidates::new("functions", FUNCTIONS.iter().map(|function| function.name));
    LocalDiagnostic::error("unknown-function", range, format!("there is no function `{name}`"))
        .nearest(name, &candidates, range, "")
}

/// A name with too many or too few parts.
pub(crate) fn malformed_name(name: &str, expected: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("malformed-name", range, format!("`{name}` is not a name of this kind"))
        .help(format!("expected {expected}"))
}
