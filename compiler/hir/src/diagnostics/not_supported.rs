//! `not-supported`: text that the language has, or that SQL has, and that this version can't carry out.

use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic};

/// Names the thing: `JOIN`.
pub(crate) fn not_supported(what: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::NotSupported, range, format!("{what} is not supported"))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn things_of_sql() {
        check(
            r#"
SELECT i.id FROM shop.items i RIGHT JOIN shop.items j ON i.id = j.id;
SELECT i.id FROM shop.items i JOIN shop.items j USING (id);
SELECT 1 INTERSECT SELECT 2;
WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a;
SELECT STRING_AGG(name, ',' ORDER BY name) FROM shop.items;
SELECT ARRAY_AGG(name) FILTER (WHERE active) FROM shop.items;
SELECT ABS(price) FILTER (WHERE active) FROM shop.items;
SELECT DISTINCT ON (name) id FROM shop.items;
SELECT ROW_NUMBER() OVER (ORDER BY id) FROM shop.items;
SELECT ABS(1) OVER (), RANK();
INSERT INTO a VALUES (1);
CREATE TABLE a (b int);
"#,
            r#"
                error[not-supported] at `RIGHT JOIN shop.items j ON i.id = j.id`: `RIGHT JOIN` is not supported
                error[not-supported] at `JOIN shop.items j USING (id)`: `USING` is not supported
                error[not-supported] at `SELECT 1 INTERSECT SELECT 2`: `INTERSECT` is not supported
                error[not-supported] at `WITH RECURSIVE a AS (SELECT 1)`: `WITH RECURSIVE` is not supported
                error[not-supported] at `STRING_AGG(name, ',' ORDER BY name)`: ORDER BY in a call is not supported
                error[not-supported] at `FILTER (WHERE active)`: FILTER behind `ARRAY_AGG` is not supported
                error[not-supported] at `ABS(price) FILTER (WHERE active)`: FILTER behind a call is not supported
                error[not-supported] at `ON (name)`: `DISTINCT ON` is not supported
                error[not-supported] at `ROW_NUMBER() OVER (ORDER BY id)`: the window function `ROW_NUMBER` is not supported
                error[not-supported] at `ABS(1) OVER ()`: the window function `ABS` is not supported
                error[not-supported] at `RANK()`: the window function `RANK` is not supported
                error[not-supported] at `INSERT INTO a VALUES (1)`: `INSERT` is not supported
                error[not-supported] at `CREATE TABLE a (b int)`: `CREATE TABLE` is not supported
            "#,
        );
    }

    #[test]
    fn things_that_are_not_built() {
        check(
            r#"
INSTALL CONNECTOR TYPE 'acme/x' FROM 'marketplace';
"#,
            r#"
                error[not-supported] at `INSTALL CONNECTOR TYPE 'acme/x' FROM 'marketplace'`: `INSTALL CONNECTOR TYPE` is not supported
            "#,
        );
    }
}
