//! What can be run from the editor.

use moltler_db::FileId;
use moltler_hir::body::StmtKind;
use moltler_hir::item_tree::{Item, item_tree};
use moltler_hir::{Database, Package, lower_statement, parse};
use moltler_syntax::ast::AstNode;
use moltler_syntax::{SyntaxKind, TextRange};

/// Something that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runnable {
    /// The file, at its first statement that does something.
    File,
    /// A TEST, by its name.
    Test(String),
    /// A SELECT, without its `;`.
    Query(String),
    /// A SYNC, without its `;`, and what it does.
    Sync(String, String),
}

/// All of a file, each with the place of its first word, by place.
pub fn runnables(db: &Database, package: &Package, file: FileId) -> Vec<(TextRange, Runnable)> {
    let mut found: Vec<(TextRange, Runnable)> = Vec::new();
    let mut has_file = false;
    for (statement, start) in package.statements(file) {
        let tree = item_tree(db, statement);
        let mut acts = false;
        let runnable = match &tree.item {
            Some(Item::Test(test)) => Some(Runnable::Test(test.name.clone())),
            Some(_) => continue,
            None => {
                let parse = parse(db, statement);
                let Some(root) = parse.source_file().statement().map(AstNode::syntax) else { continue };
                acts = !matches!(root.kind(), SyntaxKind::InstallConnectorType | SyntaxKind::UnsupportedStatement);
                match root.kind() {
                    SyntaxKind::SelectStatement => Some(Runnable::Query(root.text().to_owned())),
                    SyntaxKind::SyncConnector => {
                        let body = &lower_statement(db, statement).body;
                        match body.statement().map(|statement| &statement.kind) {
                            Some(StmtKind::Sync(sync)) => Some(Runnable::Sync(root.text().to_owned(), sync.summary())),
                            _ => None,
                        }
                    }
                    _ => None,
                }
            }
        };
        let text = statement.text(db);
        let Some(first) =
            crate::token::tokens(text).into_iter().find(|token| token.kind == crate::token::TokenKind::Word)
        else {
            continue;
        };
        if acts && !has_file {
            has_file = true;
            found.push((first.range.shift(start), Runnable::File));
        }
        found.extend(runnable.map(|runnable| (first.range.shift(start), runnable)));
    }
    found
}

#[cfg(test)]
mod tests {
    use moltler_db::MemorySystem;

    use super::*;

    #[test]
    fn syncs_say_what_they_do() {
        let mut system = MemorySystem::new();
        system.write("/p/moltler.toml", "");
        let text = "CREATE CONNECTOR TYPE 's';
CREATE CONNECTOR ENTITY 's.items' FIELDS {\"id\": {\"type\": \"string\", \"primary_key\": true}, \"at\": {\"type\": \"date\"}}
QUERY_HANDLER '''async function query() { return []; }''';
REGISTER CONNECTOR TYPE 's';
CREATE CONNECTOR a TYPE 's';
SYNC CONNECTOR a.items TO 'sqlite:x.db' INCREMENTAL ON at SCHEDULE '0 * * * *';
SYNC CONNECTOR a TO \"all-*\";
SYNC CONNECTOR a.itms TO x;
";
        system.write("/p/a.molt", text.to_owned());
        let mut db = Database::default();
        let (package, _) = Package::load(&mut db, &system, "/p").expect("files in memory can be read");
        let (file, _) = package.files().next().expect("a file");
        let found = runnables(&db, &package, file).into_iter().filter_map(|(range, runnable)| match runnable {
            Runnable::Sync(_, summary) => Some((range.of(text).to_owned(), summary)),
            Runnable::File => None,
            other => panic!("{other:?}"),
        });
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                ("SYNC".to_owned(), "Incremental on `at` → the SQLite file x.db, at `0 * * * *`".to_owned()),
                ("SYNC".to_owned(), "Full refresh → `all-*` of the default destination".to_owned()),
            ]
        );
    }
}
