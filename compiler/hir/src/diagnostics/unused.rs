//! `unused-variable`: something is declared and never read.

use moltler_syntax::TextRange;

use super::LocalDiagnostic;

/// A variable of a test or block that nothing reads.
pub(crate) fn unused_variable(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning("unused-variable", range, format!("the variable `{name}` is never used"))
        .help(format!("remove it, or call it `_{name}`"))
        .unused()
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn variables() {
        check(
            r#"
TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN
 DECLARE a = 1;
 DECLARE b = 2;
 DECLARE _c = 3;
 ASSERT b = 2;
 FOR i IN 1..2 LOOP PRINT 'x'; END LOOP;
 IF TRUE THEN DECLARE d = 1; END IF;
END TEST;
"#,
            r#"
                warning[unused-variable] at `a`: the variable `a` is never used | help: remove it, or call it `_a`
                warning[unused-variable] at `d`: the variable `d` is never used | help: remove it, or call it `_d`
            "#,
        );
    }
}
