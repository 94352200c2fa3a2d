//! Which definition the name at a place stands for.

use moltler_db::{FileId, NameKind};
use moltler_hir::{Database, Package, catalog};
use moltler_syntax::TextRange;

use super::context::Context;
use super::{query, script};
use crate::goto_definition::member;
use crate::token::{TokenKind, tokens};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A name of the package.
    Declared(NameKind, String),
    /// A key of the document behind a keyword in the definition of a name.
    Key(NameKind, String, &'static str, String),
    /// A place in the same file.
    Local(TextRange),
}

/// What the name at an offset stands for.
pub(crate) fn named(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<Named> {
    let (statement, start) = package.statement_at(file, offset)?;
    let text = statement.text(db).clone();
    let at = offset.checked_sub(start)?;
    let all = tokens(&text);
    // The end of the word, so that all of it is at the cursor.
    let token = all.iter().find(|token| {
        token.holds(at) || matches!(token.kind, TokenKind::Word | TokenKind::Quoted) && token.range.touches(at)
    })?;
    if token.kind == TokenKind::Raw {
        return script::named(db, statement, &all, token, at);
    }
    let name = token.name();
    let cursor = if token.kind == TokenKind::Word { token.range.end() } else { at };
    let context = Context::new(db, package, file, &text, &all, cursor)?;
    if token.kind == TokenKind::String {
        return string(&context, name);
    }
    if token.kind == TokenKind::Comment {
        return None;
    }
    let path = context.path();
    if let Some((instance, middle)) = path.split_first() {
        if let Some(type_name) = context.type_of(instance) {
            let full: Vec<&str> = middle.iter().copied().chain([name]).collect();
            let is_call = context.before().iter().any(|token| token.is("CONNECTOR_EXEC"));
            return Some(member(if is_call { NameKind::Action } else { NameKind::Entity }, &type_name, &full));
        }
    } else if let Some(range) = context.local_instance(name) {
        return Some(Named::Local(range.shift(start)));
    } else if catalog::instance(db, name).is_some() && !is_column(&context, name) {
        return Some(Named::Declared(NameKind::Instance, name.to_owned()));
    }
    let of_source = query::sources(&context).into_iter().find(|(entity, alias)| {
        let is_asked = match path[..] {
            [] => true,
            [source] => alias.as_deref() == Some(source) || entity.name.ends_with(&format!(".{source}")),
            _ => false,
        };
        is_asked && entity.field(name).is_some()
    });
    if let Some((entity, _)) = of_source {
        return Some(Named::Key(NameKind::Entity, entity.name.clone(), "FIELDS", name.to_owned()));
    }
    if let Some(range) = context.local_variable(name) {
        return Some(Named::Local(range.shift(start)));
    }
    let key = catalog::variable_key(file, name);
    catalog::declaration(db, NameKind::Variable, &key)
        .and_then(|declaration| {
            package.locate(declaration, crate::symbols::name_of(&tokens(declaration.text(db)), name)?)
        })
        .filter(|place| place.file == file)
        .map(|place| Named::Local(place.range))
}

fn is_column(context: &Context<'_>, name: &str) -> bool {
    let follows_source = context.back(1).is_some_and(|token| token.is("FROM") || token.is("JOIN"));
    !follows_source && query::sources(context).iter().any(|(entity, _)| entity.field(name).is_some())
}

/// A name in quotes: a type, an entity, an action, a key of CONFIG.
fn string(context: &Context<'_>, name: &str) -> Option<Named> {
    if let Some(frame) = context.frames.last() {
        let is_key =
            frame.bracket == '{' && frame.key.is_none() && context.frames.len() == 1 && frame.owner == "CONFIG";
        let type_name =
            context.inner.windows(2).find(|pair| pair[0].is("TYPE") && pair[1].kind == TokenKind::String)?;
        return is_key
            .then(|| Named::Key(NameKind::Type, type_name[1].name().to_owned(), "CONFIG_SCHEMA", name.to_owned()));
    }
    let last = context.back(1)?;
    let kinds = [("TYPE", NameKind::Type), ("ENTITY", NameKind::Entity), ("ACTION", NameKind::Action)];
    let (_, kind) = kinds.into_iter().find(|(word, _)| last.is(word))?;
    Some(Named::Declared(kind, name.to_owned()))
}
