//! Heads, clauses, and the names of definitions.

use moltler_abi::DataType;
use moltler_abi::host::ERROR_CLASSES;
use moltler_abi::sync_target::EXAMPLES;
use moltler_db::NameKind;
use moltler_hir::catalog;

use super::context::Context;
use super::keywords::{BLOCK_HEADS, CLAUSE_SNIPPETS, CLAUSES, HEADS, SNIPPETS};
use super::{Completion, CompletionKind, Items, document, mocks, query, secrets};
use crate::documentation;
use crate::token::TokenKind;

/// What a statement starts with.
pub(super) fn heads(items: &mut Items, in_block: bool) -> Vec<Completion> {
    add_heads(items, in_block);
    items.finish()
}

fn add_heads(items: &mut Items, in_block: bool) {
    for head in if in_block { BLOCK_HEADS } else { HEADS } {
        let item =
            items.add(CompletionKind::Keyword, *head).documentation(documentation::head(head).map(str::to_owned));
        if let Some((_, snippet)) = SNIPPETS.iter().find(|(name, _)| name == head) {
            item.snippet(*snippet);
        }
    }
}

pub(super) fn complete(context: &Context<'_>, items: &mut Items) {
    if context.frames.first().is_some_and(|frame| frame.bracket == '{') && document::complete(context, items) {
        return;
    }
    if context.in_string {
        string(context, items);
        return;
    }
    if context.before == 0 {
        add_heads(items, context.in_block);
        return;
    }
    if continues_head(context, items) {
        return;
    }
    if query::complete(context, items) {
        return;
    }
    clauses(context, items);
}

/// Names in a string outside of documents.
fn string(context: &Context<'_>, items: &mut Items) {
    let Some(last) = context.back(1) else { return };
    if let Some(frame) = context.frames.last().filter(|frame| frame.bracket == '(') {
        match frame.owner.as_str() {
            "MOCK_CALLS" => mocks::calls(context, items),
            "ENV" => secrets::environment(context, items),
            _ => query::string(context, items),
        }
        return;
    }
    if !context.frames.is_empty() {
        query::string(context, items);
        return;
    }
    if last.is("RAISES") {
        items.all(CompletionKind::Value, ERROR_CLASSES);
        return;
    }
    let kind =
        ["TYPE", "ENTITY", "ACTION", "LANGUAGE", "EFFECT", "TO", "SCHEMA"].into_iter().find(|word| last.is(word));
    match kind {
        Some("TYPE") => types(context, items, ""),
        // A definition begins with the name of a type.
        Some("ENTITY" | "ACTION") => types(context, items, "."),
        Some("LANGUAGE") => items.all(CompletionKind::Value, &["javascript", "typescript"]),
        Some("EFFECT") => items.all(CompletionKind::Value, &["read", "write", "destructive"]),
        Some("TO") if context.starts(&["PUBLISH"]) => items.all(CompletionKind::Value, &["marketplace"]),
        Some("TO") if context.starts(&["SYNC"]) => {
            for (target, what) in EXAMPLES {
                items.add(CompletionKind::Value, *target).documentation(Some((*what).to_owned()));
            }
        }
        _ => {}
    }
}

fn types(context: &Context<'_>, items: &mut Items, suffix: &str) {
    for name in context.package.names(NameKind::Type) {
        let description = catalog::connector_type(context.db, name).and_then(|item| item.description.clone());
        items.add(CompletionKind::Type, name).insert(format!("{name}{suffix}")).documentation(description);
    }
}

/// A head of several words that is not complete, and the names that follow it.
fn continues_head(context: &Context<'_>, items: &mut Items) -> bool {
    let words: Vec<String> = context.before().iter().map(|token| token.text.to_uppercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["CREATE" | "REGISTER" | "ALTER" | "DROP" | "TEST" | "SYNC" | "PACKAGE" | "PUBLISH" | "INSTALL"] => {
            items.all(CompletionKind::Keyword, &["CONNECTOR"]);
        }
        ["CREATE", "CONNECTOR"] => items.all(CompletionKind::Keyword, &["TYPE", "ENTITY", "ACTION"]),
        ["REGISTER" | "PACKAGE" | "PUBLISH" | "INSTALL", "CONNECTOR"] => {
            items.all(CompletionKind::Keyword, &["TYPE"]);
        }
        ["TEST", "CONNECTOR"] => {
            items.all(CompletionKind::Keyword, &["TYPE"]);
            instances(context, items);
        }
        ["ALTER" | "DROP" | "SHOW" | "SYNC", "CONNECTOR"] | ["DESCRIBE"] => instances(context, items),
        ["SHOW"] => items.all(CompletionKind::Keyword, &["CONNECTORS", "CONNECTOR", "SYNC STATE"]),
        ["END"] => items.all(CompletionKind::Keyword, &["TEST", "IF", "LOOP", "TRY"]),
        ["ASSERT"] => {
            items.all(CompletionKind::Keyword, &["RAISES"]);
            return false;
        }
        ["DECLARE", _] | ["PARAM", _] => {
            for data_type in DataType::NAMED {
                items.add(CompletionKind::Value, data_type.name());
            }
            if words[0] == "PARAM" {
                items.all(CompletionKind::Keyword, &["DEFAULT", "DESCRIPTION"]);
            }
        }
        ["CATCH"] => items.all(CompletionKind::Value, ERROR_CLASSES),
        ["ASSERT", "RAISES"] => {
            for class in ERROR_CLASSES {
                items.add(CompletionKind::Value, *class).insert(format!("'{class}'"));
            }
        }
        ["DECLARE" | "PARAM"] => {}
        ["SET"] => {
            for name in context.variables() {
                items.add(CompletionKind::Variable, name);
            }
        }
        [.., "TYPE" | "ENTITY" | "ACTION"] if words.contains(&"CONNECTOR") && words.len() <= 4 => {
            for name in context.package.names(NameKind::Type) {
                let text = if words.ends_with(&["TYPE"]) { format!("'{name}'") } else { format!("'{name}.'") };
                items.add(CompletionKind::Type, name).insert(text);
            }
        }
        _ => return false,
    }
    true
}

/// Instances by name.
pub(super) fn instances(context: &Context<'_>, items: &mut Items) {
    for (name, type_name) in context.instances() {
        items.add(CompletionKind::Instance, name).detail(format!("instance of {type_name}"));
    }
}

fn clauses(context: &Context<'_>, items: &mut Items) {
    if !context.frames.is_empty() {
        return;
    }
    let Some((_, clauses)) = CLAUSES.iter().find(|(head, _)| context.starts(head)) else { return };
    // A clause is given once, and not where the last one still lacks its value.
    if context.back(1).is_some_and(|last| clauses.iter().any(|clause| last.is(clause)) && !last.is("BEGIN")) {
        return;
    }
    for clause in *clauses {
        let first = clause.split(' ').next().unwrap_or_default();
        let is_given = context.inner.iter().any(|token| token.kind == TokenKind::Word && token.is(first));
        if !is_given || context.starts(&["FOR"]) {
            let item = items
                .add(CompletionKind::Keyword, *clause)
                .documentation(documentation::clause(clause).map(str::to_owned));
            if let Some((_, snippet)) = CLAUSE_SNIPPETS.iter().find(|(name, _)| name == clause) {
                item.snippet(*snippet);
            }
        }
    }
}
