//! SELECT: `ambiguous-column`, `repeated-alias`, `missing-on`, `column-count`, `not-grouped`, `aggregate-not-allowed`,
//! `not-in-list`.

use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic, Place};

/// A bare name that several sources have, or several columns of a list.
pub(crate) fn ambiguous_column(
    name: &str,
    tables: &[String],
    places: &[TextRange],
    range: TextRange,
) -> LocalDiagnostic {
    let message = format!("more than one column is called `{name}`");
    let mut diagnostic = LocalDiagnostic::error(Code::AmbiguousColumn, range, message);
    let names: Vec<String> =
        tables.iter().filter(|table| !table.is_empty()).map(|table| format!("{table}.{name}")).collect();
    if names.len() > 1 {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        diagnostic.help = Some(format!("write {}", quoted.join(" or ")));
        for name in names {
            diagnostic = diagnostic.fix(format!("Replace with `{name}`"), range, name);
        }
    }
    for place in places {
        diagnostic = diagnostic.label(Place::Here(*place), "one of them");
    }
    diagnostic
}

/// Two items of FROM, or two queries of WITH, with one name.
pub(crate) fn repeated_alias(name: &str, range: TextRange, first: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::RepeatedAlias, range, format!("the name `{name}` is given twice"))
        .help("give one of them another name")
        .label(Place::Here(first), "first given here")
}

/// A JOIN without condition.
pub(crate) fn missing_on(range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::MissingOn, range, "`JOIN` needs `ON`").help("`CROSS JOIN` joins each row with each")
}

/// Another number of columns than its place takes.
pub(crate) fn column_count(place: &str, expected: usize, found: usize, range: TextRange) -> LocalDiagnostic {
    let columns = if expected == 1 { "column" } else { "columns" };
    LocalDiagnostic::error(Code::ColumnCount, range, format!("{place} takes {expected} {columns}, not {found}"))
}

/// A column that has no single value in a group.
pub(crate) fn not_grouped(name: &str, text: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::NotGrouped, range, format!("`{name}` is neither in GROUP BY nor inside an aggregate"))
        .help(format!("add `{text}` to GROUP BY, or aggregate it: `MIN({text})`"))
}

/// An aggregate where there are no groups.
pub(crate) fn aggregate_not_allowed(name: &str, place: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::AggregateNotAllowed, range, format!("the aggregate `{name}` can't stand {place}"))
}

/// ORDER BY of SELECT DISTINCT.
pub(crate) fn not_in_list(range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::NotInList, range, "the rows of `SELECT DISTINCT` have no such column to be sorted by")
        .help("add it to the list")
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn queries_that_are_fine() {
        check(
            r#"
SELECT DISTINCT name, price FROM shop.items ORDER BY price, name;
SELECT COUNT(*), SUM(stock) AS total FROM shop.items;
SELECT UPPER(name) AS n, COUNT(*) c, AVG(price) FROM shop.items GROUP BY n HAVING COUNT(*) > 1 ORDER BY c DESC, AVG(price), n;
SELECT name, active, MAX(created) FROM shop.items GROUP BY 1, 2 ORDER BY 3;
SELECT extra.city, COUNT(DISTINCT id) FROM shop.items GROUP BY extra;
SELECT a.id, b.name FROM shop.items a JOIN shop.items b ON a.id = b.id LEFT JOIN shop.items c ON c.id = b.id AND c.active;
SELECT a.*, b.* FROM shop.items a, shop.items b WHERE a.id = b.id;
SELECT * FROM shop.items a CROSS JOIN (SELECT name AS n, COUNT(*) AS c FROM shop.items GROUP BY name) s WHERE s.c > 1 AND n = a.name;
SELECT id FROM shop.items WHERE id IN (SELECT id FROM shop.items WHERE active) AND 5 NOT IN (SELECT stock FROM shop.items);
SELECT id, (SELECT MAX(price) FROM shop.items) FROM shop.items i WHERE NOT EXISTS (SELECT 1 FROM shop.items j WHERE j.id <> i.id AND j.price > i.price);
SELECT name, (SELECT COUNT(*) FROM shop.items j WHERE j.name = i.name) FROM shop.items i GROUP BY name;
SELECT name FROM shop.items i GROUP BY name HAVING EXISTS (SELECT 1 FROM shop.items j WHERE j.stock = SUM(i.stock));
SELECT 1 AS a, 'x' AS b UNION SELECT 2, name FROM shop.items UNION ALL (SELECT stock, name FROM shop.items ORDER BY price LIMIT 1) ORDER BY a, b LIMIT 3;
WITH a AS (SELECT id, price FROM shop.items), b(x) AS (SELECT price * 2 FROM a) SELECT a.id, b.x FROM a JOIN b ON a.price = b.x;
SELECT MIN(name), BOOL_AND(active), ARRAY_AGG(id), STRING_AGG(name, ', ') FROM shop.items HAVING COUNT(*) > 0;
"#,
            "",
        );
    }

    #[test]
    fn names() {
        check(
            r#"
SELECT name FROM shop.items a JOIN shop.items b ON a.id = b.id;
SELECT a.nam FROM shop.items a, shop.items b;
SELECT nam FROM shop.items a, shop.items b;
SELECT 1 FROM shop.items, shop.items;
SELECT 1 FROM shop.items a, shop.items b JOIN shop.items c ON c.id = a.id;
SELECT a.id FROM shop.items a JOIN shop.items b;
SELECT s.x FROM (SELECT 1 AS x, 2 AS x) s;
SELECT id AS n, name AS n FROM shop.items ORDER BY n;
WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a;
SELECT b.* FROM shop.items a;
SELECT id FROM shop.items WHERE EXISTS (SELECT 1 FROM shop.items j WHERE items.id = j.id AND zzz = 1);
"#,
            r#"
                error[ambiguous-column] at `name`: more than one column is called `name` | help: write `a.name` or `b.name` | fix: Replace with `a.name` | fix: Replace with `b.name`
                error[unknown-field] at `nam`: `a` has no field `nam` | help: did you mean `name`? | fix: Replace with `name`
                error[unknown-field] at `nam`: `nam` is neither a field of a table in FROM nor a variable | help: did you mean `name`? | fix: Replace with `name`
                error[repeated-alias] at `shop.items`: the name `items` is given twice | `shop.items`: first given here | help: give one of them another name
                error[unknown-field] at `a`: `a` is neither a field of a table in FROM nor a variable
                error[missing-on] at `JOIN shop.items b`: `JOIN` needs `ON` | help: `CROSS JOIN` joins each row with each
                error[ambiguous-column] at `x`: more than one column is called `x`
                error[ambiguous-column] at `n`: more than one column is called `n` | `id AS n`: one of them | `name AS n`: one of them
                error[repeated-alias] at `a`: the name `a` is given twice | `a`: first given here | help: give one of them another name
                error[misplaced-expression] at `b.*`: there is no table `b` in FROM
                error[unknown-field] at `zzz`: `zzz` is neither a field of `j` nor a variable | help: fields and variables: `id`, `name`, `price`, `stock`, `active`, `created`, `extra`, `tags`
            "#,
        );
    }

    #[test]
    fn groups() {
        check(
            r#"
SELECT name, price FROM shop.items GROUP BY name;
SELECT *, COUNT(*) FROM shop.items GROUP BY name;
SELECT COUNT(*) FROM shop.items ORDER BY name;
SELECT name FROM shop.items HAVING price > 1;
SELECT name, (SELECT COUNT(*) FROM shop.items j WHERE j.price = i.price) FROM shop.items i GROUP BY name;
SELECT id FROM shop.items WHERE COUNT(*) > 1;
SELECT SUM(COUNT(*)) FROM shop.items;
SELECT COUNT(*) AS c FROM shop.items GROUP BY c;
SELECT 1 FROM shop.items GROUP BY SUM(price);
SELECT a.id FROM shop.items a JOIN shop.items b ON COUNT(a.id) = 1;
PRINT COUNT(1);
SELECT name FROM shop.items GROUP BY 2;
SELECT SUM(name), MIN(active), SUM(), COUNT(id, name), STRING_AGG(name), BOOL_OR(stock), SUM(*) FROM shop.items;
"#,
            r#"
                error[not-grouped] at `price`: `price` is neither in GROUP BY nor inside an aggregate | help: add `price` to GROUP BY, or aggregate it: `MIN(price)`
                error[not-grouped] at `*`: `id` is neither in GROUP BY nor inside an aggregate | help: add `id` to GROUP BY, or aggregate it: `MIN(id)`
                error[not-grouped] at `name`: `name` is neither in GROUP BY nor inside an aggregate | help: add `name` to GROUP BY, or aggregate it: `MIN(name)`
                error[not-grouped] at `name`: `name` is neither in GROUP BY nor inside an aggregate | help: add `name` to GROUP BY, or aggregate it: `MIN(name)`
                error[not-grouped] at `price`: `price` is neither in GROUP BY nor inside an aggregate | help: add `price` to GROUP BY, or aggregate it: `MIN(price)`
                error[not-grouped] at `i.price`: `price` is neither in GROUP BY nor inside an aggregate | help: add `i.price` to GROUP BY, or aggregate it: `MIN(i.price)`
                error[aggregate-not-allowed] at `COUNT(*)`: the aggregate `COUNT` can't stand in WHERE | help: HAVING is about groups
                error[aggregate-not-allowed] at `SUM(COUNT(*))`: the aggregate `SUM` can't stand around another aggregate
                error[aggregate-not-allowed] at `c`: the aggregate `COUNT` can't stand in GROUP BY
                error[aggregate-not-allowed] at `SUM(price)`: the aggregate `SUM` can't stand in GROUP BY
                error[aggregate-not-allowed] at `COUNT(a.id)`: the aggregate `COUNT` can't stand in ON
                error[aggregate-not-allowed] at `COUNT(1)`: the aggregate `COUNT` can't stand outside of a SELECT
                error[not-grouped] at `name`: `name` is neither in GROUP BY nor inside an aggregate | help: add `name` to GROUP BY, or aggregate it: `MIN(name)`
                error[invalid-value] at `2`: `GROUP BY 2` is not a position in the list
                error[type-mismatch] at `name`: `SUM` takes numbers, not `string`
                error[type-mismatch] at `active`: `MIN` takes values that have an order, not `boolean`
                error[wrong-arguments] at `SUM()`: `SUM` takes more arguments | help: it is called as `SUM([DISTINCT] number)`
                error[wrong-arguments] at `COUNT(id, name)`: `COUNT` takes fewer arguments | help: it is called as `COUNT(*), COUNT([DISTINCT] value)`
                error[wrong-arguments] at `STRING_AGG(name)`: `STRING_AGG` takes more arguments | help: it is called as `STRING_AGG([DISTINCT] text, separator)`
                error[type-mismatch] at `stock`: `BOOL_OR` takes `boolean`, not `integer`
                error[misplaced-expression] at `*`: this is no argument of an aggregate | help: it is called as `SUM([DISTINCT] number)`
            "#,
        );
    }

    #[test]
    fn columns() {
        check(
            r#"
SELECT (SELECT id, name FROM shop.items) FROM shop.items;
SELECT id FROM shop.items WHERE id IN (SELECT id, name FROM shop.items);
SELECT id FROM shop.items WHERE active IN (SELECT id FROM shop.items);
SELECT id FROM shop.items UNION SELECT id, name FROM shop.items;
SELECT id FROM shop.items UNION SELECT active FROM shop.items;
WITH a(x, y) AS (SELECT 1) SELECT x FROM a;
SELECT DISTINCT name FROM shop.items ORDER BY price;
SELECT 1 UNION SELECT 2 ORDER BY COUNT(*);
"#,
            r#"
                error[column-count] at `(SELECT id, name FROM shop.items)`: a SELECT as a value takes 1 column, not 2
                error[column-count] at `(SELECT id, name FROM shop.items)`: the SELECT of `IN` takes 1 column, not 2
                error[type-mismatch] at `active IN (SELECT id FROM shop.items)`: `IN` does not take `boolean` and `string`
                error[column-count] at `SELECT id, name FROM shop.items`: this side of UNION takes 1 column, not 2
                error[type-mismatch] at `active`: the column `id` of UNION is `string` first, and `boolean` here
                error[column-count] at `x, y`: `a` takes 1 column, not 2
                error[not-in-list] at `price`: the rows of `SELECT DISTINCT` have no such column to be sorted by | help: add it to the list
                error[misplaced-expression] at `COUNT(*)`: behind UNION there are no groups to aggregate
            "#,
        );
    }

    #[test]
    fn required_fields() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.reviews' FIELDS {"item": {"type": "string", "required": true}, "text": {"type": "string"}, "q": {"type": "string", "filter_only": true}} QUERY_HANDLER '''async function query() { return fetch(1); }''';
SELECT r.text FROM shop.items i JOIN shop.reviews r ON r.item = i.id;
SELECT r.text FROM shop.items i LEFT JOIN shop.reviews r ON r.item = i.id AND r.q = 'a';
SELECT r.text FROM shop.items i, shop.reviews r WHERE r.item = i.id;
SELECT text FROM shop.reviews WHERE item IN (SELECT id FROM shop.items);
SELECT id, (SELECT COUNT(*) FROM shop.reviews WHERE item = i.id AND q = i.name) FROM shop.items i;
SELECT r.text FROM shop.items i JOIN shop.reviews r ON r.item = i.id OR r.item = 'a';
SELECT r.text FROM shop.items i LEFT JOIN shop.reviews r ON r.text = i.id WHERE r.item = 'a';
SELECT r.text FROM shop.reviews r JOIN shop.reviews s ON r.item = s.item;
SELECT r.text FROM shop.reviews r JOIN shop.reviews s ON r.item = s.item WHERE s.item = 'a';
SELECT r.text FROM shop.items i JOIN shop.reviews r ON r.item = i.id AND r.q = i.name;
SELECT q FROM shop.reviews WHERE item = 'a' GROUP BY q;
"#,
            r#"
                error[required-field] at `shop.reviews r`: a query of `shop.reviews` needs `item = …` in WHERE or ON
                error[required-field] at `shop.reviews r`: a query of `shop.reviews` needs `item = …` in WHERE or ON
                error[required-field] at `shop.reviews r`: a query of `shop.reviews` needs `item = …` in WHERE or ON
                error[required-field] at `shop.reviews s`: a query of `shop.reviews` needs `item = …` in WHERE or ON
                error[filter-only-field] at `r.q`: rows have no `q`: it only filters | help: write `q = …` or `q IN (…)`, joined to the rest of WHERE by AND
                error[filter-only-field] at `q`: rows have no `q`: it only filters | help: write `q = …` or `q IN (…)`, joined to the rest of WHERE by AND
                error[filter-only-field] at `q`: rows have no `q`: it only filters | help: write `q = …` or `q IN (…)`, joined to the rest of WHERE by AND
            "#,
        );
    }
}
