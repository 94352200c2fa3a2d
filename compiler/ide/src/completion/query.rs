//! Expressions, SELECT and CONNECTOR_EXEC.

use moltler_abi::aggregates::AGGREGATES;
use moltler_abi::functions::{FUNCTIONS, SqlFunction};
use moltler_hir::catalog;
use moltler_hir::definition::split_name;
use moltler_hir::item_tree::{ActionItem, EntityItem};

use super::context::Context;
use super::document::add_schema_key;
use super::keywords::{EXPRESSION, SELECT_CLAUSES};
use super::statement::instances;
use super::{CompletionKind, Items};
use crate::token::{Token, TokenKind};

/// True where the place belongs to an expression, a SELECT or a CONNECTOR_EXEC.
pub(super) fn complete(context: &Context<'_>, items: &mut Items) -> bool {
    if let Some(exec) = context.before().iter().rposition(|token| token.is("CONNECTOR_EXEC")) {
        let rest = &context.before()[exec + 1..];
        if !rest.iter().any(|token| token.is_mark('(')) {
            action_path(context, items);
            return true;
        }
        if arguments(context, items, rest) {
            return true;
        }
    }
    let select = context.before().iter().any(|token| token.is("SELECT"));
    let is_expression = select
        || [
            "ASSERT",
            "PRINT",
            "SET",
            "DECLARE",
            "IF",
            "ELSEIF",
            "WHILE",
            "FOR",
            "RAISE",
            "CONNECTOR_EXEC",
            "PARAM",
            "SYNC",
        ]
        .iter()
        .any(|head| context.starts(&[head]))
        || !context.frames.is_empty();
    if !is_expression {
        return false;
    }
    let path = context.path();
    let last = context.back(1);
    let follows_source = |back: usize| context.back(back).is_some_and(|token| token.is("FROM") || token.is("JOIN"));
    if last.is_some_and(|token| token.is_mark('.')) && super::rows::complete(context, items) {
        return true;
    }
    if !path.is_empty() {
        // `FROM instance.` asks for an entity, `alias.` for a field.
        if path.len() == 1 && (follows_source(3) || context.starts(&["SYNC"]) || context.starts(&["DESCRIBE"])) {
            entities(context, items, path[0]);
        } else {
            fields_of_path(context, items, &path);
        }
        return true;
    }
    if last.is_some_and(|token| token.is_mark('.')) {
        return true;
    }
    if follows_source(1) {
        instances(context, items);
        variables(context, items);
        return true;
    }
    if last.is_some_and(|token| token.is("AS") || token.is("LIMIT") || token.is("OFFSET")) {
        return true;
    }
    if select && last.is_some_and(|token| token.is("GROUP") || token.is("ORDER")) {
        items.all(CompletionKind::Keyword, &["BY"]);
        return true;
    }
    if select {
        for (entity, alias) in sources(context) {
            for field in &entity.fields {
                items
                    .add(CompletionKind::Field, &field.name)
                    .detail(field.data_type.name())
                    .documentation(field.description.clone());
            }
            if let Some(alias) = alias {
                items.add(CompletionKind::Entity, alias).detail(entity.name.clone());
            }
        }
        items.all(CompletionKind::Keyword, SELECT_CLAUSES);
        items.all(CompletionKind::Keyword, &["DISTINCT", "ASC", "DESC"]);
    } else {
        items.all(CompletionKind::Keyword, &["SELECT", "CONNECTOR_EXEC"]);
        super::keywords::CLAUSES
            .iter()
            .filter(|(head, _)| context.starts(head))
            .for_each(|(_, clauses)| items.all(CompletionKind::Keyword, clauses));
    }
    variables(context, items);
    functions(items);
    items.all(CompletionKind::Keyword, EXPRESSION);
    true
}

/// The value of an argument of CONNECTOR_EXEC, in quotes.
pub(super) fn string(context: &Context<'_>, items: &mut Items) {
    if let Some(exec) = context.before().iter().rposition(|token| token.is("CONNECTOR_EXEC")) {
        arguments(context, items, &context.before()[exec + 1..]);
    }
}

fn variables(context: &Context<'_>, items: &mut Items) {
    for name in context.variables() {
        items.add(CompletionKind::Variable, name);
    }
}

/// All SQL functions and aggregates.
pub(super) fn functions(items: &mut Items) {
    for function in FUNCTIONS {
        items
            .add(CompletionKind::Function, function.name)
            .detail(signature(function))
            .documentation(Some(format!("{}\n\n```sql\n{}\n```", function.documentation, function.example)))
            .snippet(format!("{}({})", function.name, if function.parameters.is_empty() { "" } else { "$1" }));
    }
    for aggregate in AGGREGATES {
        items
            .add(CompletionKind::Function, aggregate.name)
            .detail(aggregate.signature)
            .documentation(Some(aggregate.documentation.to_owned()))
            .snippet(format!("{}($1)", aggregate.name));
    }
}

/// `SUBSTR(text, start, [length])`
pub(crate) fn signature(function: &SqlFunction) -> String {
    let mut parameters: Vec<String> = function
        .parameters
        .iter()
        .map(|parameter| if parameter.optional { format!("[{}]", parameter.name) } else { parameter.name.to_owned() })
        .collect();
    if function.variadic {
        parameters.push("…".to_owned());
    }
    format!("{}({})", function.name, parameters.join(", "))
}

/// `CONNECTOR_EXEC instance.entity.action`
fn action_path(context: &Context<'_>, items: &mut Items) {
    let path = context.path();
    let Some((instance, middle)) = path.split_first() else {
        instances(context, items);
        return;
    };
    let Some(type_name) = context.type_of(instance) else { return };
    for action in catalog::members(context.db, &type_name).actions {
        let (_, name) = split_name(&action.name);
        let name = match middle {
            [] => name,
            [entity] => match name.strip_prefix(entity).and_then(|rest| rest.strip_prefix('.')) {
                Some(rest) => rest,
                None => continue,
            },
            _ => continue,
        };
        items.add(CompletionKind::Action, name).detail("action").documentation(action.description.clone());
    }
}

/// Arguments of CONNECTOR_EXEC: keys of its document, or names before `=>`.
fn arguments(context: &Context<'_>, items: &mut Items, rest: &[Token<'_>]) -> bool {
    let names: Vec<&str> = rest
        .iter()
        .take_while(|token| !token.is_mark('('))
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))
        .map(Token::name)
        .collect();
    let Some((instance, action)) = names.split_first() else { return false };
    let Some(type_name) = context.type_of(instance) else { return false };
    let Some(found) = catalog::action(context.db, &format!("{type_name}.{}", action.join("."))) else { return false };
    let open = context.frames.iter().position(|frame| frame.bracket == '(');
    let inner: Vec<_> = context.frames.iter().skip(open.unwrap_or(0)).collect();
    match inner[..] {
        [_, frame] if frame.bracket == '{' && frame.key.is_none() => {
            for parameter in found.parameters.iter().flatten() {
                add_schema_key(context, items, frame, parameter);
            }
            true
        }
        [_, frame] if frame.bracket == '{' => value_of(context, items, found, frame.key.as_deref()),
        [_] if context.back(1).is_some_and(|token| token.is_mark('>')) => {
            value_of(context, items, found, context.back(3).map(Token::name))
        }
        [_] if context.back(1).is_some_and(|token| token.is_mark('(') || token.is_mark(',')) => {
            for parameter in found.parameters.iter().flatten() {
                items
                    .add(CompletionKind::Key, &parameter.name)
                    .detail(super::document::schema_detail(parameter))
                    .documentation(parameter.description.clone())
                    .insert(format!("{} => ", parameter.name));
            }
            true
        }
        _ => false,
    }
}

/// The values that a parameter can have; true where nothing else fits.
fn value_of(context: &Context<'_>, items: &mut Items, action: &ActionItem, parameter: Option<&str>) -> bool {
    let found = action.parameters.iter().flatten().find(|found| Some(found.name.as_str()) == parameter);
    if let Some(found) = found {
        super::document::schema_values(context, items, found);
    }
    context.in_string
}

fn entities(context: &Context<'_>, items: &mut Items, instance: &str) {
    let Some(type_name) = context.type_of(instance) else { return };
    for entity in catalog::members(context.db, &type_name).entities {
        let (_, name) = split_name(&entity.name);
        items.add(CompletionKind::Entity, name).detail("entity").documentation(entity.description.clone());
    }
}

/// The entities that a SELECT reads, with the names that they have in it.
pub(super) fn sources<'a>(context: &Context<'a>) -> Vec<(&'a EntityItem, Option<String>)> {
    sources_of(context, &context.inner)
}

/// The same of other tokens.
pub(super) fn sources_of<'a>(context: &Context<'a>, tokens: &[Token<'_>]) -> Vec<(&'a EntityItem, Option<String>)> {
    let is_name =
        |index: usize| tokens.get(index).filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted));
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let starts = token.is("FROM") || token.is("JOIN") || token.is("SYNC");
        let index = if token.is("SYNC") { index + 1 } else { index };
        if !starts || !tokens.get(index + 2).is_some_and(|token| token.is_mark('.')) {
            continue;
        }
        let (Some(instance), Some(entity)) = (is_name(index + 1), is_name(index + 3)) else { continue };
        let Some(type_name) = context.type_of(instance.name()) else { continue };
        let Some(item) = catalog::entity(context.db, &format!("{type_name}.{}", entity.name())) else { continue };
        let after = index + 4;
        let alias = match tokens.get(after) {
            Some(token) if token.is("AS") => is_name(after + 1),
            Some(token) if token.kind == TokenKind::Word && !is_keyword(token) => Some(token),
            _ => None,
        };
        found.push((item, alias.map(|alias| alias.name().to_owned())));
    }
    found
}

fn is_keyword(token: &Token<'_>) -> bool {
    ["WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "JOIN", "LEFT", "UNION", "ON"]
        .iter()
        .any(|word| token.is(word))
}

/// `alias.`, `entity.`: the fields of that source.
fn fields_of_path(context: &Context<'_>, items: &mut Items, path: &[&str]) {
    let [name] = path else { return };
    for (entity, alias) in sources(context) {
        if alias.as_deref() == Some(name) || split_name(&entity.name).1 == *name {
            for field in &entity.fields {
                items
                    .add(CompletionKind::Field, &field.name)
                    .detail(field.data_type.name())
                    .documentation(field.description.clone());
            }
        }
    }
}
