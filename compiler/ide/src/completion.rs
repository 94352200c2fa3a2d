//! What may stand at a place.

mod context;
mod document;
mod keywords;
mod mocks;
mod named;
mod query;
mod rows;
mod script;
mod script_objects;
mod script_types;
mod secrets;
mod statement;
mod types;

use moltler_db::FileId;
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;

use context::Context;
pub(crate) use document::schema_detail;
pub(crate) use named::{Named, named};
pub(crate) use script::{
    Callee, KEYWORDS as SCRIPT_KEYWORDS, call_at as script_call_at, host_at as script_host_at,
    is_reserved as is_script_reserved,
};

/// What sort of thing is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CompletionKind {
    /// A field of an entity.
    Field,
    /// A variable, a parameter.
    Variable,
    /// A key of a document.
    Key,
    /// An entity.
    Entity,
    /// An action.
    Action,
    /// An instance.
    Instance,
    /// A connector type.
    Type,
    /// A function.
    Function,
    /// A word of a closed list: a data type, an operator, TRUE.
    Value,
    /// A keyword.
    Keyword,
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is shown, and what the typed text is compared with.
    pub label: String,
    /// What sort of thing it is.
    pub kind: CompletionKind,
    /// A short remark: its type, its signature.
    pub detail: Option<String>,
    /// Markdown.
    pub documentation: Option<String>,
    /// What takes the place of `replace`.
    pub insert: String,
    /// The same with places to fill in, as editors write them: `UPPER(${1:text})`.
    pub snippet: Option<String>,
    /// What the typed text is compared with where that is not the label.
    pub filter: Option<String>,
    /// What is replaced, in bytes of the file: the word or the content of the string at the cursor.
    pub replace: TextRange,
}

/// What may stand at an offset of a file, the likelier kinds first.
pub fn complete(db: &Database, package: &Package, file: FileId, offset: u32) -> Vec<Completion> {
    let Some((statement, start)) = package.statement_at(file, offset) else {
        return statement::heads(&mut Items::new(TextRange::empty(offset)), false);
    };
    let text = statement.text(db).clone();
    let at = offset.saturating_sub(start).min(text.len() as u32);
    let tokens = crate::token::tokens(&text);
    if let Some(token) = tokens.iter().find(|token| token.holds(at)) {
        match token.kind {
            crate::token::TokenKind::Comment => return Vec::new(),
            crate::token::TokenKind::Raw => {
                let mut found = script::complete(db, statement, &tokens, token, at);
                found.iter_mut().for_each(|item| item.replace = item.replace.shift(start));
                return found;
            }
            _ => {}
        }
    }
    let Some(context) = Context::new(db, package, file, &text, &tokens, at) else { return Vec::new() };
    let mut items = Items::new(context.replace.shift(start));
    statement::complete(&context, &mut items);
    let mut found = items.finish();
    // A call or a key that is there already keeps what is behind it.
    let is_called = text[context.replace.end() as usize..].starts_with('(');
    found
        .iter_mut()
        .filter(|item| is_called && item.kind == CompletionKind::Function)
        .for_each(|item| item.snippet = None);
    found
}

/// Suggestions that replace the same text.
struct Items {
    replace: TextRange,
    items: Vec<Completion>,
}

impl Items {
    fn new(replace: TextRange) -> Items {
        Items { replace, items: Vec::new() }
    }

    fn add(&mut self, kind: CompletionKind, label: impl Into<String>) -> &mut Completion {
        let label = label.into();
        let insert = label.clone();
        let index = self.items.len();
        let (detail, documentation, snippet, filter) = (None, None, None, None);
        let replace = self.replace;
        self.items.push(Completion { label, kind, detail, documentation, insert, snippet, filter, replace });
        &mut self.items[index]
    }

    fn all(&mut self, kind: CompletionKind, labels: &[&str]) {
        for label in labels {
            self.add(kind, *label);
        }
    }

    /// Each suggestion once, the likelier kinds first.
    fn finish(&mut self) -> Vec<Completion> {
        let mut items = std::mem::take(&mut self.items);
        items.sort_by_key(|item| item.kind);
        let mut seen = rustc_hash::FxHashSet::default();
        items.retain(|item| seen.insert((item.kind, item.label.clone())));
        items
    }
}

impl Completion {
    fn detail(&mut self, detail: impl Into<String>) -> &mut Completion {
        self.detail = Some(detail.into());
        self
    }

    fn documentation(&mut self, documentation: Option<String>) -> &mut Completion {
        self.documentation = documentation;
        self
    }

    fn insert(&mut self, text: impl Into<String>) -> &mut Completion {
        self.insert = text.into();
        self
    }

    fn snippet(&mut self, text: impl Into<String>) -> &mut Completion {
        self.snippet = Some(text.into());
        self
    }

    fn filter(&mut self, text: impl Into<String>) -> &mut Completion {
        self.filter = Some(text.into());
        self
    }

    /// What is replaced instead of the word at the cursor.
    fn replacing(&mut self, range: TextRange) -> &mut Completion {
        self.replace = range;
        self
    }
}
