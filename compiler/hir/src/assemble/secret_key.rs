//! A new secret key of a connector type: in its CONFIG_SCHEMA and in the CONFIG of its instances.

use moltler_db::{Edit, NameKind, Statement};
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, Clause, ClauseKind};

use crate::database::Database;
use crate::item_tree::{Item, item_tree};
use crate::package::Package;
use crate::syntax_tree::parse;

/// The edits that give a type the key, and each instance outside of tests a value for it.
pub(super) fn edits(db: &Database, package: &Package, type_name: &str, key: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let declaration = package.declarations(NameKind::Type, type_name).last();
    let pair = format!("\"{key}\": {{\"type\": \"string\", \"secret\": true}}");
    edits.extend(declaration.and_then(|statement| add(db, package, *statement, ClauseKind::ConfigSchema, key, &pair)));
    let pair = format!("\"{key}\": \"{{{{secrets.{key}}}}}\"");
    for statement in package.uses(NameKind::Type, type_name) {
        if matches!(&item_tree(db, statement).item, Some(Item::Instance(item)) if item.type_name == type_name) {
            edits.extend(add(db, package, statement, ClauseKind::Config, key, &pair));
        }
    }
    edits
}

/// Adds a pair to the document of a clause, which gets it where it has none of that key.
fn add(
    db: &Database,
    package: &Package,
    statement: Statement,
    kind: ClauseKind,
    key: &str,
    pair: &str,
) -> Option<Edit> {
    let parse = parse(db, statement);
    let found = parse.source_file().statement()?;
    let clause = found.syntax().fields("clause").filter_map(Clause::cast).find(|clause| clause.kind() == kind);
    let Some(clause) = clause else {
        let ast::Statement::CreateConnector(instance) = found else { return None };
        let place = TextRange::empty(instance.type_name()?.range().end());
        return Some(Edit { range: package.locate(statement, place)?, text: format!(" CONFIG {{{pair}}}") });
    };
    let document = clause.document()?;
    if document.pairs().any(|known| known.key().is_some_and(|known| known.value() == key)) {
        return None;
    }
    let (place, text) = match document.pairs().last() {
        Some(last) => (last.range().end(), format!(",{}{pair}", line_before(statement.text(db), last.range()))),
        None => (document.range().start() + 1, pair.to_owned()),
    };
    Some(Edit { range: package.locate(statement, TextRange::empty(place))?, text })
}

/// What comes before a pair like this one: a line of its own with the same indentation, or a blank.
fn line_before(text: &str, pair: TextRange) -> &str {
    let before = &text[..pair.start() as usize];
    let line = before.rfind('\n').unwrap_or(0);
    if before[line..].trim().is_empty() && before[line..].starts_with('\n') { &before[line..] } else { " " }
}

#[cfg(test)]
mod tests {
    use crate::assemble::file_diagnostics;
    use crate::testing::package;

    /// The text after the fix of its only diagnostic with one.
    #[track_caller]
    fn check(input: &str, expected: &str) {
        let (db, package) = package(input);
        let file = package.file("/p/main.molt").expect("the only file");
        let found = file_diagnostics(&db, &package, file);
        let mut fixes = found.iter().flat_map(|diagnostic| &diagnostic.fixes);
        let fix = fixes.next().expect("a fix");
        assert!(!fix.is_automatic && fixes.next().is_none());
        let mut edits = fix.edits.clone();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.range.start()));
        let mut text = package.text(file);
        for edit in edits {
            text.replace_range(std::ops::Range::<usize>::from(edit.range.range), &edit.text);
        }
        assert_eq!(text, expected);
    }

    #[test]
    fn a_secret_moves_out_of_a_handler() {
        check(
            r#"
CREATE CONNECTOR TYPE 'a' CONFIG_SCHEMA {
    "url": {"type": "string"}
};
CREATE CONNECTOR ACTION 'a.b' HANDLER '''
async function execute(config) { return fetch(config.url, {headers: {'X-Api-Key': 'a81b2c93d4e5f607'}}); }
''';
REGISTER CONNECTOR TYPE 'a';
CREATE CONNECTOR one TYPE 'a' CONFIG {"url": "https://a.example"};
CREATE CONNECTOR two TYPE 'a';
TEST CONNECTOR TYPE 'a' NAME 't' BEGIN CREATE CONNECTOR c TYPE 'a'; END TEST;
"#,
            r#"
CREATE CONNECTOR TYPE 'a' CONFIG_SCHEMA {
    "url": {"type": "string"},
    "api_key": {"type": "string", "secret": true}
};
CREATE CONNECTOR ACTION 'a.b' HANDLER '''
async function execute(config) { return fetch(config.url, {headers: {'X-Api-Key': config.api_key}}); }
''';
REGISTER CONNECTOR TYPE 'a';
CREATE CONNECTOR one TYPE 'a' CONFIG {"url": "https://a.example", "api_key": "{{secrets.api_key}}"};
CREATE CONNECTOR two TYPE 'a' CONFIG {"api_key": "{{secrets.api_key}}"};
TEST CONNECTOR TYPE 'a' NAME 't' BEGIN CREATE CONNECTOR c TYPE 'a'; END TEST;
"#,
        );
    }

    #[test]
    fn a_type_that_has_a_secret_uses_it() {
        let text = |value: &str| {
            format!(
                "CREATE CONNECTOR TYPE 'a' CONFIG_SCHEMA {{\"token\": {{\"type\": \"string\", \"secret\": true}}}};\nCREATE \
                 CONNECTOR ACTION 'a.b' HANDLER '''\nasync function execute(config) {{ return send({value}, config.token); \
                 }}\nconst send = (...all) => all;\n''';\n"
            )
        };
        check(&text("'Bearer ghp_0123456789abcdefghij'"), &text("`Bearer ${config.token}`"));
    }
}
