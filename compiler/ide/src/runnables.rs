//! What can be run from the editor.

use moltler_db::FileId;
use moltler_hir::item_tree::{Item, item_tree};
use moltler_hir::{Database, Package, parse};
use moltler_syntax::ast::AstNode;
use moltler_syntax::{SyntaxKind, TextRange};

/// Something that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runnable {
    /// A TEST, by its name.
    Test(String),
    /// A SELECT, without its `;`.
    Query(String),
}

/// All of a file, each with the place of its first word, by place.
pub fn runnables(db: &Database, package: &Package, file: FileId) -> Vec<(TextRange, Runnable)> {
    let mut found = Vec::new();
    for (statement, start) in package.statements(file) {
        let tree = item_tree(db, statement);
        let runnable = match &tree.item {
            Some(Item::Test(test)) => Runnable::Test(test.name.clone()),
            Some(_) => continue,
            None => {
                let parse = parse(db, statement);
                let Some(root) = parse.source_file().statement().map(AstNode::syntax) else { continue };
                if root.kind() != SyntaxKind::SelectStatement {
                    continue;
                }
                Runnable::Query(root.text().to_owned())
            }
        };
        let text = statement.text(db);
        let Some(first) =
            crate::token::tokens(text).into_iter().find(|token| token.kind == crate::token::TokenKind::Word)
        else {
            continue;
        };
        found.push((first.range.shift(start), runnable));
    }
    found
}
