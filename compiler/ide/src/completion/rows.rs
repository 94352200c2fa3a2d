//! Fields of rows that variables hold, from the words of the statements that declare them.

use moltler_db::NameKind;
use moltler_hir::catalog;

use super::context::Context;
use super::{CompletionKind, Items, query};
use crate::token::{Token, TokenKind, tokens};

/// Variables that are rows of variables are followed this far.
const MAX_STEPS: u32 = 4;

/// A column of a SELECT.
struct Column {
    name: String,
    detail: Option<String>,
    documentation: Option<String>,
}

/// Behind the dot of `results[0].`, `row.`: the columns of the SELECT that the variable holds, or what CATCH gives.
pub(super) fn complete(context: &Context<'_>, items: &mut Items) -> bool {
    let Some(name) = variable(context) else { return false };
    let mut found = Vec::new();
    let before: Vec<Token<'_>> =
        context.all.iter().filter(|token| token.range.end() < context.replace.start()).copied().collect();
    if !columns(context, &before, name, &mut found, 0) {
        return false;
    }
    for column in found {
        items
            .add(CompletionKind::Field, column.name)
            .detail(column.detail.unwrap_or_else(|| "column".to_owned()))
            .documentation(column.documentation);
    }
    true
}

/// The name before `[…].` or `.` at the cursor.
fn variable<'a>(context: &Context<'a>) -> Option<&'a str> {
    let before = context.before();
    let (last, mut rest) = before.split_last()?;
    if !last.is_mark('.') {
        return None;
    }
    if rest.last()?.is_mark(']') {
        let open = rest.iter().rposition(|token| token.is_mark('['))?;
        rest = &rest[..open];
    }
    let (name, rest) = rest.split_last()?;
    let is_whole = !rest.last().is_some_and(|token| token.is_mark('.'));
    (is_whole && matches!(name.kind, TokenKind::Word | TokenKind::Quoted)).then(|| name.name())
}

/// The columns of the rows that a variable holds; false where nothing is known of it.
fn columns(
    context: &Context<'_>,
    tokens_before: &[Token<'_>],
    name: &str,
    found: &mut Vec<Column>,
    steps: u32,
) -> bool {
    if steps > MAX_STEPS {
        return false;
    }
    let declared = tokens_before.windows(2).rposition(|pair| {
        ["DECLARE", "FOR", "CATCH"].iter().any(|keyword| pair[0].is(keyword)) && pair[1].name() == name
    });
    if let Some(at) = declared {
        if tokens_before[at].is("CATCH") {
            return false;
        }
        return value(context, tokens_before, &tokens_before[at + 2..], found, steps);
    }
    let key = catalog::variable_key(context.file, name);
    let Some(statement) = catalog::declaration(context.db, NameKind::Variable, &key) else { return false };
    let text = statement.text(context.db).clone();
    let all: Vec<Token<'_>> = tokens(&text).into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
    let Some(at) = all.windows(2).position(|pair| pair[0].is("DECLARE") && pair[1].name() == name) else {
        return false;
    };
    value(context, &all, &all[at + 2..], found, steps)
}

/// What follows `DECLARE name` or `FOR name`: `= SELECT …`, `IN SELECT …`, `IN rows`.
fn value(context: &Context<'_>, all: &[Token<'_>], behind: &[Token<'_>], found: &mut Vec<Column>, steps: u32) -> bool {
    let end = behind.iter().position(|token| token.is_mark(';') || token.is("LOOP")).unwrap_or(behind.len());
    let behind = &behind[..end];
    let Some(select) = behind.iter().position(|token| token.is("SELECT")) else {
        return match behind {
            [.., sign, name] if (sign.is("IN") || sign.is_mark('=')) && name.kind == TokenKind::Word => {
                columns(context, all, name.name(), found, steps + 1)
            }
            _ => false,
        };
    };
    let list_end = behind.iter().position(|token| token.is("FROM")).unwrap_or(behind.len());
    let sources = query::sources_of(context, behind);
    let mut depth = 0;
    let mut item: Vec<&Token<'_>> = Vec::new();
    let mut add = |item: &[&Token<'_>]| {
        let Some(last) = item.last() else { return };
        let fields = sources.iter().flat_map(|(entity, _)| &entity.fields);
        if last.is_mark('*') {
            found.extend(fields.filter(|field| !field.filter_only).map(|field| Column {
                name: field.name.clone(),
                detail: Some(field.data_type.name().to_owned()),
                documentation: field.description.clone(),
            }));
        } else if matches!(last.kind, TokenKind::Word | TokenKind::Quoted) {
            let is_alias = item.len() > 1 && !item[item.len() - 2].is_mark('.');
            let field = fields.into_iter().find(|field| field.name == last.name()).filter(|_| !is_alias);
            found.push(Column {
                name: last.name().to_owned(),
                detail: field.map(|field| field.data_type.name().to_owned()),
                documentation: field.and_then(|field| field.description.clone()),
            });
        }
    };
    for token in &behind[(select + 1).min(list_end)..list_end] {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            "," if depth == 0 => {
                add(&item);
                item.clear();
                continue;
            }
            _ => {}
        }
        if !(item.is_empty() && token.is("DISTINCT")) {
            item.push(token);
        }
    }
    add(&item);
    true
}
