//! Documents of clauses: `unknown-key`, `unknown-data-type`, `invalid-value`, `repeated-key`, `not-constant`,
//! `missing-config-key`, `unknown-config-key`, `missing-argument`, `unknown-argument`, `required-field`, `filter-only-field`.

use moltler_abi::DataType;
use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic, Place};
use crate::suggest::Candidates;

/// A key that the clause does not have.
pub(crate) fn unknown_key(key: &str, clause: &str, range: TextRange, known: &[&'static str]) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::UnknownKey, range, format!("`{clause}` has no key `{key}`")).nearest(
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
    let diagnostic = LocalDiagnostic::error(Code::UnknownDataType, range, format!("there is no type `{name}`"));
    let lower = name.to_lowercase();
    if let Some((_, meant)) = habits.iter().find(|(habit, _)| *habit == lower) {
        return diagnostic.help(format!("did you mean `{meant}`?")).fix(
            format!("Replace with `{meant}`"),
            range,
            format!("{quote}{meant}{quote}"),
        );
    }
    diagnostic.nearest(name, &Candidates::new("types", DataType::NAMED.iter().map(|known| known.name())), range, quote)
}

/// A value of another kind than the key takes.
pub(crate) fn invalid_value(key: &str, expected: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::InvalidValue, range, format!("`{key}` takes {expected}"))
}

/// A key given twice.
pub(crate) fn repeated_key(key: &str, range: TextRange, first: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::RepeatedKey, range, format!("the key `{key}` is given twice"))
        .label(Place::Here(first), "first given here")
}

/// An expression where the clause takes constants only.
pub(crate) fn not_constant(clause: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::NotConstant, range, format!("`{clause}` takes constants only"))
}

/// A key of CONFIG that the type does not have.
pub(crate) fn unknown_config_key(
    key: &str,
    type_name: &str,
    range: TextRange,
    candidates: &Candidates<'_>,
) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::UnknownConfigKey, range, format!("`{key}` is not a config key of `{type_name}`"))
        .nearest(key, candidates, range, "\"")
}

/// A required key of CONFIG that is not given.
pub(crate) fn missing_config_key(key: &str, type_name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(
        Code::MissingConfigKey,
        range,
        format!("the config key `{key}` of `{type_name}` is required"),
    )
}

/// Not exactly one key of a `one_of` group.
pub(crate) fn one_of(group: &str, keys: &[&str], range: TextRange) -> LocalDiagnostic {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    LocalDiagnostic::error(
        Code::MissingConfigKey,
        range,
        format!("exactly one of {} is needed (`{group}`)", keys.join(", ")),
    )
}

/// A constant of CONFIG or of an argument that is not one of the values of `enum`.
pub(crate) fn not_one_of(key: &str, values: &[String], range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::InvalidValue, range, format!("`{key}` takes one of {}", values.join(", ")))
}

/// An argument that the action does not have.
pub(crate) fn unknown_argument(
    name: &str,
    action: &str,
    range: TextRange,
    candidates: &Candidates<'_>,
    quote: &str,
) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::UnknownArgument, range, format!("the action `{action}` has no parameter `{name}`"))
        .nearest(name, candidates, range, quote)
}

/// A required argument that is not given.
pub(crate) fn missing_argument(name: &str, action: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::MissingArgument, range, format!("the parameter `{name}` of `{action}` is required"))
}

/// A field that rows never carry, used as if they did.
pub(crate) fn filter_only_field(field: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::FilterOnlyField, range, format!("rows have no `{field}`: it only filters"))
        .help(format!("write `{field} = …` or `{field} IN (…)`, joined to the rest of WHERE by AND"))
}

/// A query that does not bind what the entity requires.
pub(crate) fn required_field(entity: &str, sets: &[Vec<String>], place: &str, range: TextRange) -> LocalDiagnostic {
    let sets: Vec<String> = sets
        .iter()
        .map(|set| set.iter().map(|field| format!("`{field} = …`")).collect::<Vec<_>>().join(" and "))
        .collect();
    LocalDiagnostic::error(
        Code::RequiredField,
        range,
        format!("a query of `{entity}` needs {} in {place}", sets.join(" or ")),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn keys_and_types() {
        check(
            r#"
CREATE CONNECTOR TYPE 'pets' CONFIG_SCHEMA {"url": {"typ": "string"}, "key": {"type": "text", "secret": "yes"}, "url": {}};
CREATE CONNECTOR ENTITY 'pets.dogs' FIELDS {"id": {"type": "strng", "primary": true}, "age": "integer", "unit": {"type": "timestamp", "unit": "min"}} QUERY_HANDLER '''async function query() { return []; }''';
"#,
            r#"
                warning[unused-config-key] at `"url"`: no handler reads `config.url`
                error[unknown-key] at `"typ"`: `CONFIG_SCHEMA` has no key `typ` | help: did you mean `type`? | fix: Replace with `type`
                warning[unused-config-key] at `"key"`: no handler reads `config.key`
                error[unknown-data-type] at `"text"`: there is no type `text` | help: did you mean `string`? | fix: Replace with `string`
                error[invalid-value] at `"yes"`: `secret` takes `true` or `false`
                error[repeated-key] at `"url"`: the key `url` is given twice | `"url"`: first given here
                error[unknown-data-type] at `"strng"`: there is no type `strng` | help: did you mean `string`? | fix: Replace with `string`
                error[unknown-key] at `"primary"`: `FIELDS` has no key `primary` | help: known keys: `type`, `description`, `example`, `primary_key`, `required`, `filter_only`, `from_filter`, `unit`, `items`
                error[invalid-value] at `"integer"`: `age` takes a document | help: write `{"type": "integer"}` | fix: Write a document
                error[invalid-value] at `"min"`: `unit` takes one of `s`, `ms`, `us`
            "#,
        );
    }

    #[test]
    fn constants_only() {
        check(
            r#"
CREATE CONNECTOR TYPE 'pets' CONFIG_SCHEMA {"url": {"type": LOWER('STRING'), "default": ENV('URL', 'x')}} ALLOW_HOSTS ['a', 1];
"#,
            r#"
                error[not-constant] at `LOWER('STRING')`: `CONFIG_SCHEMA` takes constants only
                error[invalid-value] at `1`: `ALLOW_HOSTS` takes an array of texts
            "#,
        );
    }

    #[test]
    fn config() {
        check(
            r#"
CREATE CONNECTOR a TYPE 'shop' CONFIG {"ulr": "https://a.example"};
CREATE CONNECTOR b TYPE 'shop';
CREATE CONNECTOR c TYPE 'shop' CONFIG {"url": 5, "key": [1]};
"#,
            r#"
                error[missing-config-key] at `CONFIG`: the config key `url` of `shop` is required
                error[unknown-config-key] at `"ulr"`: `ulr` is not a config key of `shop` | help: did you mean `url`? | fix: Replace with `url`
                error[missing-config-key] at `shop`: the config key `url` of `shop` is required
                error[invalid-value] at `[1]`: `key` takes a value of type `string`
            "#,
        );
    }

    #[test]
    fn groups_of_keys() {
        check(
            r#"
CREATE CONNECTOR TYPE 'pets' CONFIG_SCHEMA {"token": {"type": "string", "one_of": "login"}, "password": {"type": "string", "one_of": "login"}, "mode": {"type": "string", "enum": ["a", "b"]}};
REGISTER CONNECTOR TYPE 'pets';
CREATE CONNECTOR one TYPE 'pets' CONFIG {"token": ENV('A')};
CREATE CONNECTOR none TYPE 'pets' CONFIG {"mode": "c"};
CREATE CONNECTOR both TYPE 'pets' CONFIG {"token": ENV('A'), "password": ENV('B')};
"#,
            r#"
                error[missing-config-key] at `CONFIG`: exactly one of `token`, `password` is needed (`login`)
                error[invalid-value] at `"c"`: `mode` takes one of "a", "b"
                error[missing-config-key] at `CONFIG`: exactly one of `token`, `password` is needed (`login`)
            "#,
        );
    }

    #[test]
    fn arguments_of_actions() {
        check(
            r#"
CONNECTOR_EXEC shop.items.create(nam => 'a');
CONNECTOR_EXEC shop.items.create({"name": "a", "prise": 1});
CONNECTOR_EXEC shop.items.create({"name": "a", "price": true});
CONNECTOR_EXEC shop.items.create('a');
CONNECTOR_EXEC shop.items.create();
CONNECTOR_EXEC shop.items.create({"name": 'a'}, price => 2);
"#,
            r#"
                error[missing-argument] at `shop.items.create`: the parameter `name` of `shop.items.create` is required
                error[unknown-argument] at `nam`: the action `shop.items.create` has no parameter `nam` | help: did you mean `name`? | fix: Replace with `name`
                error[unknown-argument] at `"prise"`: the action `shop.items.create` has no parameter `prise` | help: did you mean `price`? | fix: Replace with `price`
                error[invalid-value] at `true`: `price` takes a value of type `number`
                error[wrong-arguments] at `'a'`: an action takes a document, not `string` | help: write `name => value`, or `{"name": value}`
                error[missing-argument] at `shop.items.create`: the parameter `name` of `shop.items.create` is required
                error[wrong-arguments] at `({"name": 'a'}, price => 2)`: an action takes one document, or named arguments, or none
            "#,
        );
    }

    #[test]
    fn required_fields() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.reviews' FIELDS {"item": {"type": "string", "required": true}, "text": {"type": "string"}} QUERY_HANDLER '''async function query() { return fetch(1); }''';
SELECT text FROM shop.reviews;
SELECT text FROM shop.reviews WHERE item = '1' OR text = 'a';
SELECT text FROM shop.reviews WHERE text LIKE 'a%' AND item IN ('1', '2');
SELECT text FROM shop.reviews WHERE item = '1' OR item = '2';
"#,
            r#"
                error[required-field] at `FROM shop.reviews`: a query of `shop.reviews` needs `item = …` in WHERE
                error[required-field] at `FROM shop.reviews`: a query of `shop.reviews` needs `item = …` in WHERE
            "#,
        );
    }

    #[test]
    fn options_and_mocks() {
        check(
            r#"
ALTER CONNECTOR shop OPTIONS {"rate_limt": 5, "rate_limit": "30/w", "cache_ttl": "a", "timeout_seconds": NULL};
TEST CONNECTOR TYPE 'shop' NAME 't' MOCK_API {"/items": {"status": 20, "boddy": {}}, "GET /x": [{"error": "slow"}]} BEGIN PRINT 1; END TEST;
"#,
            r#"
                error[unknown-key] at `"rate_limt"`: `OPTIONS` has no key `rate_limt` | help: did you mean `rate_limit`? | fix: Replace with `rate_limit`
                error[invalid-value] at `"30/w"`: `rate_limit` takes requests per second, or a text such as `30/m` (s, m, h, d)
                error[invalid-value] at `"a"`: `cache_ttl` takes a number
                error[invalid-value] at `"/items"`: `MOCK_API` takes keys such as `GET /items`
                error[invalid-value] at `20`: `status` takes a number from 100 to 599
                error[unknown-key] at `"boddy"`: `MOCK_API` has no key `boddy` | help: did you mean `body`? | fix: Replace with `body`
                error[invalid-value] at `"slow"`: `error` takes one of `refused`, `timeout`, `reset`, `dns`
            "#,
        );
    }

    #[test]
    fn pushdown() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.reviews' FIELDS {"item": {"type": "string"}} PUSHDOWN {"filters": {"itm": ["=", "like-ish"]}, "exakt": true, "order_by": {"fields": ["item"], "keys": 0}} QUERY_HANDLER '''async function query() { return fetch(1); }''';
"#,
            r#"
                error[unknown-field] at `itm`: `shop.reviews` has no field `itm` | help: did you mean `item`? | fix: Replace with `item`
                error[invalid-value] at `"like-ish"`: `filters` takes the operators =, !=, <, <=, >, >=, in, not in, like, contains, is null, is not null
                error[unknown-key] at `"exakt"`: `PUSHDOWN` has no key `exakt` | help: did you mean `exact`? | fix: Replace with `exact`
                error[invalid-value] at `0`: `keys` takes a number from 1
            "#,
        );
    }

    #[test]
    fn fields_that_only_filter() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.found' FIELDS {"id": {"type": "string"}, "query": {"type": "string", "filter_only": true}} QUERY_HANDLER '''async function query() { return fetch(1); }''';
SELECT * FROM shop.found WHERE query = 'a' AND id > '1';
SELECT id FROM shop.found WHERE id = '1' AND query IN ('a', 'b');
SELECT id, query FROM shop.found WHERE query LIKE 'a%' OR query = 'b' ORDER BY query;
"#,
            r#"
                error[filter-only-field] at `query`: rows have no `query`: it only filters | help: write `query = …` or `query IN (…)`, joined to the rest of WHERE by AND
                error[filter-only-field] at `query`: rows have no `query`: it only filters | help: write `query = …` or `query IN (…)`, joined to the rest of WHERE by AND
                error[filter-only-field] at `query`: rows have no `query`: it only filters | help: write `query = …` or `query IN (…)`, joined to the rest of WHERE by AND
            "#,
        );
    }
}
