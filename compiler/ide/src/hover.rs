//! What is known of the name at a place.

use moltler_db::{FileId, NameKind};
use moltler_hir::item_tree::SchemaItem;
use moltler_hir::{Database, Package, catalog};
use moltler_syntax::TextRange;

use crate::completion::{Completion, CompletionKind, complete};
use crate::documentation;
use crate::occurrences::{Form, Symbol};
use crate::token::{TokenKind, is_word, tokens};

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it is about, in bytes of the file.
    pub range: TextRange,
    /// Markdown.
    pub text: String,
}

/// What is known of the name at an offset: the same that is told when it is suggested there.
pub fn hover(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<Hover> {
    let (statement, start) = package.statement_at(file, offset)?;
    let text = statement.text(db);
    let bytes = text.as_bytes();
    let at = (offset.checked_sub(start)? as usize).min(bytes.len());
    let end = at + bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
    let begin = at - bytes[..at].iter().rev().take_while(|byte| is_word(**byte)).count();
    let word = text.get(begin..end).filter(|word| !word.is_empty())?;
    let range = TextRange::from(begin..end).shift(start);
    let found = complete(db, package, file, start + end as u32);
    let exact = found.iter().find(|one| one.label == word);
    let one = exact.or_else(|| found.iter().find(|one| one.label.eq_ignore_ascii_case(word)));
    if let Some(text) = one.and_then(text_of) {
        return Some(Hover { range, text });
    }
    // What is given already is not suggested again: keywords, keys, names inside JavaScript.
    let text = occurrence(db, package, file, start + begin as u32).or_else(|| keyword(text, begin as u32, word))?;
    Some(Hover { range, text })
}

/// What a name stands for, by its declaration.
fn occurrence(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<String> {
    let (_, _, found) = crate::occurrences::at(db, package, file, offset)?;
    let schema = |name: &str, keys: Option<&[SchemaItem]>| {
        let key = keys?.iter().find(|key| key.name == name)?;
        Some(told(&key.name, &crate::completion::schema_detail(key), key.description.as_deref()))
    };
    match &found.symbol {
        Symbol::Key(NameKind::Entity, owner, name) => {
            let (_, field) = catalog::entity(db, owner)?.field(name)?;
            Some(told(name, field.data_type.name(), field.description.as_deref()))
        }
        Symbol::Key(NameKind::Type, owner, name) => schema(name, catalog::connector_type(db, owner)?.config.as_deref()),
        Symbol::Key(_, owner, name) => schema(name, catalog::action(db, owner)?.parameters.as_deref()),
        Symbol::Name(kind, name) => {
            let (what, description) = match kind {
                NameKind::Type => ("connector type", catalog::connector_type(db, name)?.description.as_deref()),
                NameKind::Entity => ("entity", catalog::entity(db, name)?.description.as_deref()),
                NameKind::Action => ("action", catalog::action(db, name)?.description.as_deref()),
                _ => return Some(format!("`{name}`: instance of {}", catalog::instance(db, name)?.type_name)),
            };
            Some(told(name, what, description))
        }
        Symbol::Shared(..) | Symbol::Local(..) | Symbol::FileVariable(..) => {
            let places = crate::occurrences::places(db, package, &found.symbol);
            let (place, one) = places.iter().find(|(_, one)| one.role == crate::occurrences::Role::Declaration)?;
            let text = package.text(place.file);
            let start = text[..place.range.start() as usize].rfind('\n').map_or(0, |before| before + 1);
            let line = text[start..].lines().next()?.trim();
            let language = if matches!(one.form, Form::Sql | Form::Quoted) { "sql" } else { "js" };
            Some(format!("```{language}\n{line}\n```"))
        }
    }
}

/// A keyword, or a key of a document, by the words around it.
fn keyword(text: &str, at: u32, word: &str) -> Option<String> {
    let all: Vec<_> = tokens(text).into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
    let index = all.iter().position(|token| token.range.touches(at) && token.range.end() > at)?;
    if all[index].kind == TokenKind::String && !all.get(index + 1).is_some_and(|next| next.is_mark(':')) {
        return None;
    }
    if all.get(index + 1).is_some_and(|next| next.is_mark(':')) {
        // The keyword before the outermost bracket around it.
        let mut open: Vec<usize> = Vec::new();
        for (position, token) in all[..index].iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Mark) {
            match token.text {
                "{" | "[" | "(" => open.push(position),
                "}" | "]" | ")" => drop(open.pop()),
                _ => {}
            }
        }
        let owner = all[open.first()?.checked_sub(1)?].text.to_uppercase();
        return documentation::key(&owner, word).map(|text| told(word, "key", Some(text)));
    }
    if all[index].kind != TokenKind::Word {
        return None;
    }
    // Of several words the longest known: `CREATE CONNECTOR TYPE`.
    let run: Vec<String> = all.iter().skip(index).take(3).map(|token| token.text.to_uppercase()).collect();
    let before = all[..index].iter().rev().take(2).map(|token| token.text.to_uppercase());
    let before: Vec<String> = before.collect::<Vec<_>>().into_iter().rev().collect();
    let words: Vec<String> = before.iter().chain(&run).cloned().collect();
    let here = before.len();
    let mut best: Option<(usize, String)> = None;
    for start in 0..=here {
        for end in (here + 1)..=words.len() {
            let name = words[start..end].join(" ");
            if documentation::keyword(&name).is_some() && best.as_ref().is_none_or(|(length, _)| end - start > *length)
            {
                best = Some((end - start, name));
            }
        }
    }
    let (_, name) = best?;
    Some(format!("`{name}`\n\n{}", documentation::keyword(&name)?))
}

/// `name`: what it is, and the sentence about it.
fn told(name: &str, what: &str, description: Option<&str>) -> String {
    match description {
        Some(description) => format!("`{name}`: {what}\n\n{description}"),
        None => format!("`{name}`: {what}"),
    }
}

fn text_of(completion: &Completion) -> Option<String> {
    if completion.detail.is_none() && completion.documentation.is_none() {
        return None;
    }
    let head = match (&completion.detail, completion.kind) {
        (Some(signature), CompletionKind::Function) if signature.starts_with(completion.label.as_str()) => {
            format!("`{signature}`")
        }
        // A declaration tells its name itself.
        (Some(detail), _) if detail.starts_with(&completion.label) || detail.starts_with("class ") => {
            format!("```ts\n{detail}\n```")
        }
        (Some(detail), _) => format!("`{}`: {detail}", completion.label),
        (None, _) => format!("`{}`", completion.label),
    };
    Some(match &completion.documentation {
        Some(documentation) => format!("{head}\n\n{documentation}"),
        None => head,
    })
}
