//! Variables: `unused-variable`, `shadowed-variable`, `used-before-declared`.

use moltler_db::NameKind;
use moltler_syntax::TextRange;

use super::{LocalDiagnostic, Place};

/// A variable with the name of one that is still known.
pub(crate) fn shadowed_variable(name: &str, range: TextRange, hidden: TextRange) -> LocalDiagnostic {
    let message = format!("the variable `{name}` hides another one of that name");
    let diagnostic = LocalDiagnostic::warning("shadowed-variable", range, message);
    if hidden.is_empty() {
        return diagnostic;
    }
    diagnostic.label(Place::Here(hidden), "declared here")
}

/// A variable of a file that a later statement declares.
pub(crate) fn used_before_declared(name: &str, range: TextRange, key: &str) -> LocalDiagnostic {
    LocalDiagnostic::error("used-before-declared", range, format!("the variable `{name}` is declared below"))
        .label(Place::Declaration(NameKind::Variable, key.to_owned()), "declared here")
}

/// A variable that nothing reads.
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

    #[test]
    fn variables_of_a_file() {
        check(
            r#"
PRINT late;
SELECT * FROM (SELECT id FROM shop.items) late WHERE late.id = 'a';
DECLARE late = 1;
DECLARE never = 2;
DECLARE self_made = self_made;
PARAM town string DEFAULT 'Ulm';
PRINT town || late || self_made;
TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN PRINT late; END TEST;
"#,
            r#"
                error[used-before-declared] at `late`: the variable `late` is declared below | `late`: declared here
                warning[unused-variable] at `never`: the variable `never` is never used | help: remove it, or call it `_never`
                error[unknown-variable] at `self_made`: there is no variable `self_made` | help: the value of `self_made` can't use `self_made` itself
                error[unknown-variable] at `late`: there is no variable `late`
            "#,
        );
    }

    #[test]
    fn hidden_variables() {
        check(
            r#"
TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN
 DECLARE a = 1;
 IF a = 1 THEN DECLARE a = 2; PRINT a; END IF;
 FOR a IN 1..2 LOOP PRINT a; END LOOP;
END TEST;
"#,
            r#"
                warning[shadowed-variable] at `a`: the variable `a` hides another one of that name | `a`: declared here
                warning[shadowed-variable] at `a`: the variable `a` hides another one of that name | `a`: declared here
            "#,
        );
    }
}
