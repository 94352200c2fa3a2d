//! Definitions against each other: `repeated-definition`, `unregistered-type`, `repeated-clause`, `missing-clause`,
//! `near-entity`, `repeated-test`, `unused-config-key`.

use moltler_db::NameKind;
use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic, LocalFix, Place};

/// The same definition again: the last one counts. Reported at each earlier one.
pub(crate) fn repeated_definition(kind: NameKind, name: &str, range: TextRange) -> LocalDiagnostic {
    let what = match kind {
        NameKind::Type => "connector type",
        NameKind::Entity => "entity",
        NameKind::Action => "action",
        NameKind::Instance => "connector instance",
        NameKind::Variable => "variable",
        NameKind::Registration | NameKind::Members | NameKind::Test => "definition",
    };
    LocalDiagnostic::warning(
        Code::RepeatedDefinition,
        range,
        format!("the {what} `{name}` is defined again, this definition does not count"),
    )
    .label(Place::Declaration(kind, name.to_owned()), "the last definition counts")
}

/// AT in a test that has the machine's time.
pub(crate) fn time_without_mocks(range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(
        Code::TimeWithoutMocks,
        range,
        "`AT` has no effect: a test without MOCK_API has the real time",
    )
    .help("add `MOCK_API {}`, or leave `AT` out")
}

/// Two tests of a type with one name.
pub(crate) fn repeated_test(name: &str, key: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(Code::RepeatedTest, range, format!("there is another test `{name}` of this type"))
        .label(Place::Declaration(NameKind::Test, key.to_owned()), "the last one")
}

/// An instance outside of tests of a type that nobody registers. `end` is where a statement may be inserted.
pub(crate) fn unregistered_type(name: &str, range: TextRange, end: u32) -> LocalDiagnostic {
    let mut diagnostic =
        LocalDiagnostic::error(Code::UnregisteredType, range, format!("the connector type `{name}` is not registered"))
            .help(format!("add `REGISTER CONNECTOR TYPE '{name}';`"))
            .label(Place::Declaration(NameKind::Type, name.to_owned()), "defined here");
    diagnostic.fixes.push(LocalFix {
        title: format!("Register `{name}`"),
        edits: vec![(TextRange::empty(end), format!("REGISTER CONNECTOR TYPE '{name}';\n\n"))],
        is_automatic: true,
        needs: None,
    });
    diagnostic
}

/// A clause given twice.
pub(crate) fn repeated_clause(clause: &str, range: TextRange, first: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::RepeatedClause, range, format!("`{clause}` is given twice"))
        .label(Place::Here(first), "first given here")
}

/// A clause that must be there.
pub(crate) fn missing_clause(clause: &str, statement: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::MissingClause, range, format!("{statement} needs `{clause}`"))
}

/// A key of CONFIG_SCHEMA that no handler reads.
pub(crate) fn unused_config_key(key: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(Code::UnusedConfigKey, range, format!("no handler reads `config.{key}`")).unused()
}

/// The middle name of an action is nearly that of an entity.
pub(crate) fn near_entity(written: &str, entity: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(
        Code::NearEntity,
        range,
        format!("there is no entity `{written}`, but there is `{entity}`"),
    )
    .help(format!("did you mean `{entity}`?"))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn the_last_definition_counts() {
        check(
            r#"
CREATE CONNECTOR shop TYPE 'shop' CONFIG {"url": "https://b.example"};
CREATE CONNECTOR TYPE 'shop' CONFIG_SCHEMA {"url": {"type": "string"}};
"#,
            r#"
                warning[repeated-definition] at `'shop'`: the connector type `shop` is defined again, this definition does not count | `'shop'`: the last definition counts
                warning[unknown-config-key] at `key`: `key` is not a config key of `shop` | help: config keys: `url`
                warning[repeated-definition] at `shop`: the connector instance `shop` is defined again, this definition does not count | `shop`: the last definition counts
            "#,
        );
    }

    #[test]
    fn a_time_needs_mocks() {
        check(
            r#"
TEST CONNECTOR TYPE 'shop' NAME 'a' AT '2024-01-01' BEGIN ASSERT 1 = 1; END TEST;
TEST CONNECTOR TYPE 'shop' NAME 'b' AT '2024-01-01' MOCK_API {} BEGIN ASSERT 1 = 1; END TEST;
"#,
            r#"
                warning[time-without-mocks] at `'2024-01-01'`: `AT` has no effect: a test without MOCK_API has the real time | help: add `MOCK_API {}`, or leave `AT` out
            "#,
        );
    }

    #[test]
    fn an_instance_needs_a_registered_type() {
        check(
            r#"
CREATE CONNECTOR TYPE 'pets';
CREATE CONNECTOR pets TYPE 'pets';
"#,
            r#"
                error[unregistered-type] at `pets`: the connector type `pets` is not registered | `'pets'`: defined here | help: add `REGISTER CONNECTOR TYPE 'pets';` | fix: Register `pets`
            "#,
        );
    }

    #[test]
    fn clauses() {
        check(
            r#"
CREATE CONNECTOR TYPE 'pets' DESCRIPTION 'a' DESCRIPTION 'b';
CREATE CONNECTOR ENTITY 'pets.dogs';
CREATE CONNECTOR ACTION 'pets.bark';
PACKAGE CONNECTOR TYPE 'pets' AUTHOR 'me';
"#,
            r#"
                error[repeated-clause] at `DESCRIPTION`: `DESCRIPTION` is given twice | `DESCRIPTION`: first given here
                error[missing-clause] at `'pets.dogs'`: an entity needs `FIELDS`
                error[missing-clause] at `'pets.dogs'`: an entity needs `QUERY_HANDLER`
                error[missing-clause] at `'pets.bark'`: an action needs `HANDLER`
                error[missing-clause] at `PACKAGE CONNECTOR TYPE 'pets' AUTHOR 'me'`: `PACKAGE CONNECTOR TYPE` needs `VERSION`
            "#,
        );
    }

    #[test]
    fn an_action_of_nearly_an_entity() {
        check(
            r#"
CREATE CONNECTOR ACTION 'shop.item.remove' HANDLER '''async function execute(config) {}''';
CREATE CONNECTOR ACTION 'shop.carts.clear' HANDLER '''async function execute(config) {}''';
"#,
            r#"
                warning[near-entity] at `item`: there is no entity `item`, but there is `items` | help: did you mean `items`?
            "#,
        );
    }

    #[test]
    fn tests_with_one_name() {
        check(
            r#"
TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN PRINT 1; END TEST;
TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN PRINT 2; END TEST;
TEST CONNECTOR TYPE 'shop' NAME 'u' BEGIN PRINT 2; END TEST;
"#,
            r#"
                warning[repeated-test] at `'t'`: there is another test `t` of this type | `'t'`: the last one
            "#,
        );
    }

    #[test]
    fn config_keys_that_nobody_reads() {
        check(
            r#"
CREATE CONNECTOR TYPE 'pets' CONFIG_SCHEMA {"url": {"type": "string"}, "kye": {"type": "string"}, "zone": {"type": "string"}} ALLOW_HOSTS ['{zone}.pets.example'];
CREATE CONNECTOR ACTION 'pets.bark' HANDLER '''async function execute(config) { return fetch(config.url); }''';
"#,
            r#"
                warning[unused-config-key] at `"kye"`: no handler reads `config.kye`
            "#,
        );
    }
}
