//! The definitions of a file.

use moltler_db::{FileId, NameKind, Statement};
use moltler_hir::item_tree::{Item, item_tree};
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;
use rustc_hash::FxHashSet;

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
        statement_symbols(db, statement, offset, &mut found);
    }
    found
}

/// The definitions of a package whose names are asked for, not more than `limit`, by file and place. Only those are looked at.
pub fn package_symbols(
    db: &Database,
    package: &Package,
    limit: usize,
    asked: impl Fn(&str) -> bool,
) -> Vec<(FileId, Symbol)> {
    use NameKind::{Action, Entity, Instance, Test, Type, Variable};
    let mut statements: FxHashSet<Statement> = FxHashSet::default();
    for kind in [Type, Entity, Action, Instance, Test, Variable] {
        for key in package.names(kind) {
            // Before the blank is what the name belongs to.
            let name =
                if matches!(kind, Test | Variable) { key.split_once(' ').map_or(key, |(_, name)| name) } else { key };
            if asked(name) && statements.len() < limit {
                statements.extend(package.declarations(kind, key));
            }
        }
    }
    let mut found = Vec::new();
    for statement in statements {
        let Some((file, offset)) = package.place(statement) else { continue };
        let mut symbols = Vec::new();
        statement_symbols(db, statement, offset, &mut symbols);
        found.extend(symbols.into_iter().filter(|symbol| asked(&symbol.name)).map(|symbol| (file, symbol)));
    }
    found.sort_by_key(|(file, symbol)| (package.path(*file), symbol.range, symbol.name_range));
    found.truncate(limit);
    found
}

/// The definitions of a statement whose text starts at `offset`.
fn statement_symbols(db: &Database, statement: Statement, offset: u32, found: &mut Vec<Symbol>) {
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
        return;
    }
    let tokens: Vec<Token<'_>> =
        tokens(statement.text(db)).into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
    let range = first.range.cover(last.range).shift(offset);
    for (name, kind) in declared {
        let name_range = name_of(&tokens, name).unwrap_or(first.range).shift(offset);
        // An empty name is not shown by any editor.
        let name = if name.is_empty() { "?" } else { name };
        found.push(Symbol { name: name.to_owned(), kind, range, name_range });
    }
}

/// The first token that is this name.
pub(crate) fn name_of(tokens: &[Token<'_>], name: &str) -> Option<TextRange> {
    let is_name = |token: &&Token<'_>| {
        matches!(token.kind, TokenKind::Word | TokenKind::Quoted | TokenKind::String) && token.name() == name
    };
    tokens.iter().find(is_name).map(Token::inner)
}
