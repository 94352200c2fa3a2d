//! Names that nobody declares: `unknown-type`, `unknown-entity`, `unknown-action`, `unknown-instance`, `unknown-field`,
//! `unknown-function`, `unknown-variable`.

use moltler_abi::aggregates::AGGREGATES;
use moltler_abi::functions::FUNCTIONS;
use moltler_db::NameKind;
use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic, Suggest};
use crate::suggest::Candidates;

/// A connector type; `range` covers the text between the quotes.
pub(crate) fn unknown_type(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::UnknownType, range, format!("there is no connector type `{name}`")).suggest(Suggest {
        kind: NameKind::Type,
        prefix: String::new(),
        written: name.to_owned(),
        range,
    })
}

/// `instance` in `instance.entity`.
pub(crate) fn unknown_instance(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::UnknownInstance, range, format!("there is no connector instance `{name}`"))
        .help(format!("create it: `CREATE CONNECTOR {name} TYPE '…' CONFIG {{…}};`"))
        .suggest(Suggest { kind: NameKind::Instance, prefix: String::new(), written: name.to_owned(), range })
}

/// An instance whose type nobody declares.
pub(crate) fn untyped_instance(name: &str, type_name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(
        Code::UnknownType,
        range,
        format!("the connector type `{type_name}` of the instance `{name}` is not declared"),
    )
}

/// `entity` in `instance.entity`. In a test it is a warning, and the statement fails when it is reached.
pub(crate) fn unknown_entity(type_name: &str, entity: &str, range: TextRange, in_test: bool) -> LocalDiagnostic {
    let message = format!("the connector type `{type_name}` has no entity `{entity}`");
    undeclared(Code::UnknownEntity, message, range, in_test).suggest(Suggest {
        kind: NameKind::Entity,
        prefix: format!("{type_name}."),
        written: entity.to_owned(),
        range,
    })
}

/// `entity.action` in `instance.entity.action`. In a test it is a warning, and the statement fails when it is reached.
pub(crate) fn unknown_action(type_name: &str, action: &str, range: TextRange, in_test: bool) -> LocalDiagnostic {
    let message = format!("the connector type `{type_name}` has no action `{action}`");
    undeclared(Code::UnknownAction, message, range, in_test).suggest(Suggest {
        kind: NameKind::Action,
        prefix: format!("{type_name}."),
        written: action.to_owned(),
        range,
    })
}

fn undeclared(code: Code, message: String, range: TextRange, in_test: bool) -> LocalDiagnostic {
    if in_test {
        LocalDiagnostic::warning(code, range, message).help("the test fails when it comes here")
    } else {
        LocalDiagnostic::error(code, range, message)
    }
}

/// A column of a table whose columns are known.
pub(crate) fn unknown_field(name: &str, table: &str, range: TextRange, candidates: &Candidates<'_>) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::UnknownField, range, format!("`{table}` has no field `{name}`"))
        .nearest(name, candidates, range, "")
}

/// A bare name that is neither a column nor a variable.
pub(crate) fn unknown_name(
    name: &str,
    table: Option<&str>,
    range: TextRange,
    candidates: &Candidates<'_>,
) -> LocalDiagnostic {
    match table {
        Some(table) => LocalDiagnostic::error(
            Code::UnknownField,
            range,
            format!("`{name}` is neither a field of {table} nor a variable"),
        ),
        None => LocalDiagnostic::error(Code::UnknownVariable, range, format!("there is no variable `{name}`")),
    }
    .nearest(name, candidates, range, "")
}

/// `:name`, SET name.
pub(crate) fn unknown_variable(name: &str, range: TextRange, candidates: &Candidates<'_>) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::UnknownVariable, range, format!("there is no variable `{name}`"))
        .nearest(name, candidates, range, "")
}

/// A function that is not in the list.
pub(crate) fn unknown_function(name: &str, range: TextRange) -> LocalDiagnostic {
    let names = FUNCTIONS.iter().map(|function| function.name);
    let candidates = Candidates::new("functions", names.chain(AGGREGATES.iter().map(|aggregate| aggregate.name)));
    LocalDiagnostic::error(Code::UnknownFunction, range, format!("there is no function `{name}`")).nearest(
        name,
        &candidates,
        range,
        "",
    )
}

/// A name with too many or too few parts.
pub(crate) fn malformed_name(name: &str, expected: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::MalformedName, range, format!("`{name}` is not a name of this kind"))
        .help(format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn types() {
        check(
            r#"
CREATE CONNECTOR other TYPE 'shpo' CONFIG {};
REGISTER CONNECTOR TYPE 'warehouse';
SELECT * FROM other.items;
CONNECTOR_EXEC other.run();
DESCRIBE other.items;
"#,
            r#"
                error[unknown-type] at `shpo`: there is no connector type `shpo` | help: did you mean `shop`? | fix: Replace with `shop`
                error[unknown-type] at `warehouse`: there is no connector type `warehouse` | help: connector types: `shop`
                error[unknown-type] at `other`: the connector type `shpo` of the instance `other` is not declared
                error[unknown-type] at `other`: the connector type `shpo` of the instance `other` is not declared
                error[unknown-type] at `other`: the connector type `shpo` of the instance `other` is not declared
            "#,
        );
    }

    #[test]
    fn instances() {
        check(
            r#"
SELECT * FROM shp.items;
CONNECTOR_EXEC nobody.items.create(name => 'a');
DROP CONNECTOR sho;
"#,
            r#"
                error[unknown-instance] at `shp`: there is no connector instance `shp` | help: did you mean `shop`? | fix: Replace with `shop`
                error[unknown-instance] at `nobody`: there is no connector instance `nobody` | help: instances: `shop`; create it: `CREATE CONNECTOR nobody TYPE '…' CONFIG {…};`
                error[unknown-instance] at `sho`: there is no connector instance `sho` | help: did you mean `shop`? | fix: Replace with `shop`
            "#,
        );
    }

    #[test]
    fn entities() {
        check(
            r#"
SELECT * FROM shop.item;
SELECT * FROM shop.orders;
DESCRIBE shop.itms;
"#,
            r#"
                error[unknown-entity] at `item`: the connector type `shop` has no entity `item` | help: did you mean `items`? | fix: Replace with `items`
                error[unknown-entity] at `orders`: the connector type `shop` has no entity `orders` | help: entities: `items`
                error[unknown-entity] at `itms`: the connector type `shop` has no entity `itms` | help: did you mean `items`? | fix: Replace with `items`
            "#,
        );
    }

    #[test]
    fn actions() {
        check(
            r#"
CONNECTOR_EXEC shop.items.creat(name => 'a');
CONNECTOR_EXEC shop.items.delete(id => 1);
"#,
            r#"
                error[unknown-action] at `items.creat`: the connector type `shop` has no action `items.creat` | help: did you mean `items.create`? | fix: Replace with `items.create`
                error[unknown-action] at `items.delete`: the connector type `shop` has no action `items.delete` | help: actions: `items.create`
            "#,
        );
    }

    #[test]
    fn undeclared_things_in_a_test_are_warnings() {
        check(
            r#"
TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN
 CREATE CONNECTOR c TYPE 'shop' CONFIG {"url": "mock://"};
 SELECT * FROM c.orders;
 CONNECTOR_EXEC c.items.delete(id => 1);
 DECLARE x = SELECT * FROM c.orders;
 ASSERT ARRAY_LENGTH(x) = 1;
END TEST;
"#,
            r#"
                warning[unknown-entity] at `orders`: the connector type `shop` has no entity `orders` | help: entities: `items`; the test fails when it comes here
                warning[unknown-action] at `items.delete`: the connector type `shop` has no action `items.delete` | help: actions: `items.create`; the test fails when it comes here
                warning[unknown-entity] at `orders`: the connector type `shop` has no entity `orders` | help: entities: `items`; the test fails when it comes here
            "#,
        );
    }

    #[test]
    fn fields() {
        check(
            r#"
SELECT nam FROM shop.items;
SELECT items.prize FROM shop.items;
SELECT i.stok FROM shop.items AS i WHERE i.id = '1';
SELECT id FROM shop.items ORDER BY pirce;
"#,
            r#"
                error[unknown-field] at `nam`: `nam` is neither a field of `items` nor a variable | help: did you mean `name`? | fix: Replace with `name`
                error[unknown-field] at `prize`: `items` has no field `prize` | help: did you mean `price`? | fix: Replace with `price`
                error[unknown-field] at `stok`: `i` has no field `stok` | help: did you mean `stock`? | fix: Replace with `stock`
                error[unknown-field] at `pirce`: `pirce` is neither a field of `items` nor a variable | help: did you mean `price`? | fix: Replace with `price`
            "#,
        );
    }

    #[test]
    fn variables_and_functions() {
        check(
            r#"
DECLARE limit_count = 3;
PRINT limt_count;
PRINT :nothing;
SET nothing = 1;
PRINT ARRAY_LENGHT([1]);
PRINT FOO(1);
"#,
            r#"
                warning[unused-variable] at `limit_count`: the variable `limit_count` is never used | help: remove it, or call it `_limit_count` | fix: Remove `limit_count`
                error[unknown-variable] at `limt_count`: there is no variable `limt_count` | help: did you mean `limit_count`? | fix: Replace with `limit_count`
                error[unknown-variable] at `nothing`: there is no variable `nothing` | help: variables: `limit_count`
                error[unknown-variable] at `nothing`: there is no variable `nothing` | help: variables: `limit_count`
                error[unknown-function] at `ARRAY_LENGHT`: there is no function `ARRAY_LENGHT` | help: did you mean `ARRAY_LENGTH`? | fix: Replace with `ARRAY_LENGTH`
                error[unknown-function] at `FOO`: there is no function `FOO`
            "#,
        );
    }

    #[test]
    fn names_with_too_many_parts() {
        check(
            r#"
SELECT * FROM a.b.c;
CONNECTOR_EXEC shop(1);
SELECT * FROM shop;
"#,
            r#"
                error[malformed-name] at `a.b.c`: `a.b.c` is not a name of this kind | help: expected `instance.entity`
                error[malformed-name] at `shop`: `shop` is not a name of this kind | help: expected `instance.action` or `instance.entity.action`
                error[malformed-name] at `shop`: `shop` is not a name of this kind | help: expected an entity of it: `shop.…`
            "#,
        );
    }
}
