//! Variables: `unused-variable`, `shadowed-variable`, `used-before-declared`.

use moltler_db::NameKind;
use moltler_syntax::{SyntaxKind, SyntaxNode, TextRange};

use super::{Code, LocalDiagnostic, Place};

/// A variable with the name of one that is still known.
pub(crate) fn shadowed_variable(name: &str, range: TextRange, hidden: TextRange) -> LocalDiagnostic {
    let message = format!("the variable `{name}` hides another one of that name");
    let diagnostic = LocalDiagnostic::warning(Code::ShadowedVariable, range, message);
    if hidden.is_empty() {
        return diagnostic;
    }
    diagnostic.label(Place::Here(hidden), "declared here")
}

/// A variable of a file that a later statement declares.
pub(crate) fn used_before_declared(name: &str, range: TextRange, key: &str) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::UsedBeforeDeclared, range, format!("the variable `{name}` is declared below"))
        .label(Place::Declaration(NameKind::Variable, key.to_owned()), "declared here")
}

/// A variable that nothing reads.
///
/// `root` is the tree of the statement; `is_set` tells that something else is assigned to it, so that its declaration has to stay.
pub(crate) fn unused_variable(name: &str, range: TextRange, root: SyntaxNode<'_>, is_set: bool) -> LocalDiagnostic {
    let message = format!("the variable `{name}` is never used");
    let diagnostic = LocalDiagnostic::warning(Code::UnusedVariable, range, message)
        .help(format!("remove it, or call it `_{name}`"))
        .unused();
    let declaration = root.covering(range).ancestors().find(|node| node.kind() == SyntaxKind::Declare);
    match declaration {
        _ if is_set => diagnostic,
        Some(declaration) if has_no_effect(declaration) => {
            diagnostic.fix(format!("Remove `{name}`"), with_line(root.source(), declaration.range()), "")
        }
        Some(_) => diagnostic.offer(format!("Call it `_{name}`"), TextRange::empty(range.start()), "_"),
        None => diagnostic,
    }
}

/// Whether nothing is asked or done to find the value.
fn has_no_effect(declaration: SyntaxNode<'_>) -> bool {
    !declaration
        .descendants()
        .any(|node| matches!(node.kind(), SyntaxKind::ConnectorExec | SyntaxKind::Select | SyntaxKind::SelectStatement))
}

/// The range of a statement with its `;`, and with its line where nothing else is on it.
fn with_line(text: &str, range: TextRange) -> TextRange {
    let behind = &text[range.end() as usize..];
    let mark = behind.len() - behind.trim_start().len();
    let end = if behind[mark..].starts_with(';') { range.end() as usize + mark + 1 } else { range.end() as usize };
    let before = text[..range.start() as usize].trim_end_matches([' ', '\t']);
    let is_alone = text[end..].lines().next().is_none_or(|rest| rest.trim().is_empty());
    let start = match before.strip_suffix('\n') {
        Some(line) if is_alone => line.strip_suffix('\r').unwrap_or(line).len(),
        _ => range.start() as usize,
    };
    TextRange::from(start..end)
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
                warning[unused-variable] at `a`: the variable `a` is never used | help: remove it, or call it `_a` | fix: Remove `a`
                warning[unused-variable] at `d`: the variable `d` is never used | help: remove it, or call it `_d` | fix: Remove `d`
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
                warning[unused-variable] at `never`: the variable `never` is never used | help: remove it, or call it `_never` | fix: Remove `never`
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
