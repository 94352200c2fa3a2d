//! Names of secrets in `{{secrets.name}}`, and of environment variables in `ENV('NAME')`.

use moltler_db::NameKind;
use moltler_hir::catalog;
use moltler_syntax::TextRange;

use super::context::Context;
use super::{CompletionKind, Items};

const OPEN: &str = "{{secrets.";

/// Templates of secrets in a string of CONFIG: those that the package names already, and one named after the key.
pub(super) fn templates(context: &Context<'_>, items: &mut Items, key: &str) {
    let mut names = mentioned(context, OPEN, "}}");
    let type_name = context.config_type().unwrap_or_default();
    let own = if key.starts_with(type_name) { key.to_owned() } else { format!("{type_name}_{key}") };
    if !names.contains(&own) {
        names.push(own);
    }
    // What is replaced starts at the braces, if they are there.
    let written = context.written();
    let (cursor, all) = (written.before.len(), written.whole);
    let open = all[..cursor].rfind("{{").filter(|open| !all[*open..cursor].contains("}}"));
    let word = all[..cursor].bytes().rev().take_while(|byte| crate::token::is_word(*byte)).count();
    let start = open.unwrap_or(cursor - word);
    let behind = &all[cursor..];
    let rest = behind.bytes().take_while(|byte| crate::token::is_word(*byte) || *byte == b'.').count();
    let end = cursor + rest + if behind[rest..].starts_with("}}") { 2 } else { 0 };
    // An open string goes to the end of its line: nothing of what follows is taken away.
    let end = if open.is_some() && behind[rest..].starts_with("}}") { end } else { cursor };
    let range = TextRange::from(start..end).shift(items.replace.start());
    for name in names {
        let text = format!("{OPEN}{name}}}}}");
        items
            .add(CompletionKind::Value, text.clone())
            .detail("secret")
            .documentation(Some(format!(
                "Its value is read from `MOLTLER_SECRET_{}`, or from what `moltlerc secrets set {name}` keeps.",
                name.to_uppercase()
            )))
            .filter(text)
            .replacing(range);
    }
}

/// Names in the first argument of ENV.
pub(super) fn environment(context: &Context<'_>, items: &mut Items) {
    for name in mentioned(context, "ENV('", "'") {
        items.add(CompletionKind::Value, name).detail("environment variable");
    }
}

/// Names between two marks, in the instances and tests of the package and in this statement.
fn mentioned(context: &Context<'_>, open: &str, close: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let cursor = context.replace;
    let mut search = |text: &str, at: Option<TextRange>| {
        for (start, _) in text.match_indices(open) {
            let start = start + open.len();
            let Some(length) = text[start..].find(close) else { continue };
            let name = &text[start..start + length];
            let is_here = at.is_some_and(|at| at.touches(start as u32));
            if !is_here
                && !name.is_empty()
                && name.bytes().all(crate::token::is_word)
                && !found.iter().any(|known| known == name)
            {
                found.push(name.to_owned());
            }
        }
    };
    search(context.text, Some(cursor));
    for kind in [NameKind::Instance, NameKind::Test] {
        for name in context.package.names(kind) {
            if let Some(statement) = catalog::declaration(context.db, kind, name) {
                search(statement.text(context.db), None);
            }
        }
    }
    found.sort();
    found
}
