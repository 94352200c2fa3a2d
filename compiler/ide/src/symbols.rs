//! The definitions of a file.

use moltler_db::FileId;
use moltler_hir::item_tree::{Item, item_tree};
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;

use crate::token::{Token, TokenKind, tokens};

/// What sort of definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A connector type.
    Type,
    /// An entity.
    Entity,
    /// An action.
    Action,
    /// An instance.
    Instance,
    /// A test.
    Test,
    /// A variable of the file.
    Variable,
}

/// A definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// What sort of definition.
    pub kind: SymbolKind,
    /// The statement, without blanks and comments before it.
    pub range: TextRange,
    /// The name.
    pub name_range: TextRange,
}

/// The definitions of a file, in order.
pub fn symbols(db: &Database, package: &Package, file: FileId) -> Vec<Symbol> {
    let mut found = Vec::new();
    for (statement, offset) in package.statements(file) {
        let tree = item_tree(db, statement);
        let names = tree.variables.iter().map(|variable| (variable.name.as_str(), SymbolKind::Variable));
        let item = tree.item.as_ref().and_then(|item| match item {
            Item::Type(item) => Some((item.name.as_str(), SymbolKind::Type)),
            Item::Entity(item) => Some((item.name.as_str(), SymbolKind::Entity)),
            Item::Action(item) => Some((item.name.as_str(), SymbolKind::Action)),
            Item::Instance(item) => Some((item.name.as_str(), SymbolKind::Instance)),
            Item::Test(item) => Some((item.name.as_str(), SymbolKind::Test)),
            Item::Registration(_) | Item::Package(_) => None,
        });
        let mut declared = names.chain(item).peekable();
        if declared.peek().is_none() {
            continue;
        }
        let tokens: Vec<Token<'_>> =
            tokens(statement.text(db)).into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { continue };
        let range = first.range.cover(last.range).shift(offset);
        for (name, kind) in declared {
            let name_range = name_of(&tokens, name).unwrap_or(first.range).shift(offset);
            // An empty name is not shown by any editor.
            let name = if name.is_empty() { "?" } else { name };
            found.push(Symbol { name: name.to_owned(), kind, range, name_range });
        }
    }
    found
}

/// The first token that is this name.
pub(crate) fn name_of(tokens: &[Token<'_>], name: &str) -> Option<TextRange> {
    let is_name = |token: &&Token<'_>| {
        matches!(token.kind, TokenKind::Word | TokenKind::Quoted | TokenKind::String) && token.name() == name
    };
    tokens.iter().find(is_name).map(Token::inner)
}
