//! Where the name at a place is defined.

use moltler_db::{FileId, FileRange, NameKind, Statement};
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;

use crate::completion::{Named, named};
use crate::symbols::name_of;
use crate::token::{Token, TokenKind, tokens};

/// The places that define the name at an offset, the one that counts first.
pub fn goto_definition(db: &Database, package: &Package, file: FileId, offset: u32) -> Vec<FileRange> {
    let Some(found) = named(db, package, file, offset) else {
        // Names inside JavaScript, keys of returned objects, members of rows.
        let Some((_, _, one)) = crate::occurrences::at(db, package, file, offset) else { return Vec::new() };
        let all = crate::occurrences::places(db, package, &one.symbol).into_iter();
        let declares = |one: &crate::occurrences::Occurrence| one.role == crate::occurrences::Role::Declaration;
        return all.filter(|(_, one)| declares(one)).map(|(place, _)| place).collect();
    };
    match found {
        Named::Declared(kind, name) => package
            .declarations(kind, &name)
            .iter()
            .rev()
            .filter_map(|statement| locate(db, package, *statement, |tokens| name_of(tokens, &name)))
            .collect(),
        Named::Key(kind, name, clause, key) => package
            .declarations(kind, &name)
            .iter()
            .rev()
            .filter_map(|statement| locate(db, package, *statement, |tokens| key_of(tokens, clause, &key)))
            .collect(),
        Named::Local(range) => vec![FileRange { file, range }],
    }
}

fn locate(
    db: &Database,
    package: &Package,
    statement: Statement,
    find: impl Fn(&[Token<'_>]) -> Option<TextRange>,
) -> Option<FileRange> {
    let text = statement.text(db);
    let tokens: Vec<Token<'_>> = tokens(text).into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
    package.locate(statement, find(&tokens)?)
}

/// A key of the document behind a keyword.
pub(crate) fn key_of(tokens: &[Token<'_>], clause: &str, key: &str) -> Option<TextRange> {
    let start = tokens.iter().position(|token| token.is(clause))?;
    let mut depth = 0u32;
    for pair in tokens[start + 1..].windows(2) {
        match pair[0].text {
            "{" | "[" if pair[0].kind == TokenKind::Mark => depth += 1,
            "}" | "]" if pair[0].kind == TokenKind::Mark => depth = depth.saturating_sub(1),
            _ if depth == 1 && pair[1].is_mark(':') && pair[0].name() == key => return Some(pair[0].inner()),
            _ => {}
        }
        if depth == 0 {
            return None;
        }
    }
    None
}

/// The kinds that a dotted name of an instance leads to.
pub(crate) fn member(kind: NameKind, type_name: &str, path: &[&str]) -> Named {
    Named::Declared(kind, format!("{type_name}.{}", path.join(".")))
}
