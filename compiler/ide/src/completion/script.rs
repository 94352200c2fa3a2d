//! JavaScript inside raw blocks, sound or broken.

use moltler_abi::host::{ECMASCRIPT_GLOBALS, HOST_GLOBALS, OPTIONS_MEMBERS};
use moltler_db::{NameKind, Statement};
use moltler_hir::catalog;
use moltler_hir::definition::split_name;
use moltler_hir::item_tree::{Item, SchemaItem, item_tree};
use moltler_hir::{Database, scripts};
use moltler_syntax::TextRange;

use super::document::schema_detail;
use super::script_objects::{self, Object};
use super::script_types::{Known, Names, expression_before};
use super::{Completion, CompletionKind, Items, Named, types};
use crate::host_types::{self, Declaration, DeclarationKind, Type};
use crate::token::{Token, TokenKind};

/// Words of JavaScript.
pub(crate) const KEYWORDS: &[&str] = &[
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "default",
    "delete",
    "do",
    "else",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "in",
    "instanceof",
    "let",
    "new",
    "null",
    "of",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "yield",
];

/// Whether a word of strict JavaScript may not be a name.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word) || KEYWORDS.contains(&word) && !matches!(word, "async" | "of")
}

/// Reserved words that nobody wants to be suggested.
const RESERVED: &[&str] = &[
    "arguments",
    "debugger",
    "enum",
    "eval",
    "export",
    "implements",
    "import",
    "interface",
    "package",
    "private",
    "protected",
    "public",
    "with",
];

/// Which parameters the entry point of a raw block has.
fn entry(clause: &str) -> Option<(&'static str, &'static [&'static str])> {
    match clause {
        "QUERY_HANDLER" => Some(("query", &["config", "filters", "options"])),
        "HANDLER" => Some(("execute", &["config", "params"])),
        "CHECK_HANDLER" => Some(("check", &["config"])),
        // What is called so in SHARED is what handlers pass on.
        "SHARED" => Some(("", &["config"])),
        _ => None,
    }
}

/// What may stand at an offset of a statement that lies in `block`.
pub(super) fn complete(
    db: &Database,
    statement: Statement,
    tokens: &[Token<'_>],
    block: &Token<'_>,
    at: u32,
) -> Vec<Completion> {
    let clause = clause_of(tokens, block);
    let Some((function, roles)) = clause.as_deref().and_then(entry) else { return Vec::new() };
    let text = block.name();
    let offset = (at - block.inner().start()) as usize;
    let Some(before) = text.get(..offset) else { return Vec::new() };
    let place = Place::new(before);
    let word_end = offset + text[offset..].bytes().take_while(|byte| is_identifier(*byte)).count();
    let replace = TextRange::from(place.word..word_end).shift(block.inner().start());
    let mut items = Items::new(replace);
    let parameters = parameter_names(text, function, roles);
    let names = Names { before, parameters: &parameters };
    let is_called = text[word_end..].trim_start().starts_with('(');
    match place.before {
        Before::Nothing => return Vec::new(),
        Before::Member(object) => match names.object(object) {
            Some(Known::Role(role)) => members(db, statement, role, &mut items),
            Some(Known::Typed(found)) => {
                for member in found.members() {
                    declared(&mut items, member, is_called);
                }
            }
            None => {}
        },
        Before::Free => {
            match script_objects::object_at(text, offset, &names) {
                // `const {|} = filters` names members and nothing else.
                Some(Object::Pattern(role)) => {
                    members(db, statement, role, &mut items);
                    return items.finish();
                }
                Some(Object::Row { keys }) => row_keys(db, statement, &keys, &text[word_end..], &mut items),
                None => {}
            }
            for (name, role) in &parameters {
                let declared = types::parameter(db, statement, role).map(|text| code(&text));
                items.add(CompletionKind::Variable, name).detail(format!("parameter: {role}")).documentation(declared);
            }
            for name in declared_names(text, place.word) {
                let is_entry = name == function && !function.is_empty();
                let rows = is_entry.then(|| types::row(db, statement)).flatten();
                items.add(CompletionKind::Variable, name).documentation(rows.map(|text| code(&text)));
            }
            for name in shared_names(db, statement) {
                let declaration = shared_declaration(db, statement, &name).map(|text| code(&text));
                items.add(CompletionKind::Variable, name).detail("from SHARED").documentation(declaration);
            }
            for host in HOST_GLOBALS {
                match host_types::global(host.name) {
                    Some(found) => {
                        declared(&mut items, found, is_called).documentation(Some(host.documentation.to_owned()));
                    }
                    None => {
                        items
                            .add(CompletionKind::Function, host.name)
                            .documentation(Some(host.documentation.to_owned()));
                    }
                }
            }
            for name in ECMASCRIPT_GLOBALS {
                match host_types::global(name) {
                    Some(found) => declared(&mut items, found, is_called),
                    None => items.add(CompletionKind::Function, *name),
                };
            }
            items.all(CompletionKind::Keyword, KEYWORDS);
        }
    }
    items.finish()
}

/// What the member at an offset of a statement is a key of.
pub(super) fn named(
    db: &Database,
    statement: Statement,
    tokens: &[Token<'_>],
    block: &Token<'_>,
    at: u32,
) -> Option<Named> {
    let found = complete(db, statement, tokens, block, at);
    let text = block.name();
    let offset = (at - block.inner().start()) as usize;
    let end = offset + text[offset..].bytes().take_while(|byte| is_identifier(*byte)).count();
    let before = text.get(..end)?;
    let place = Place::new(before);
    let (Before::Member(object), name) = (place.before, text.get(place.word..end)?) else { return None };
    found.iter().find(|one| one.label == name)?;
    let (function, roles) = entry(&clause_of(tokens, block)?)?;
    let parameters = parameter_names(text, function, roles);
    let Known::Role(role) = (Names { before, parameters: &parameters }).object(object)? else { return None };
    let item = item_tree(db, statement).item.as_ref()?;
    let key = |kind, owner: &str, clause| Some(Named::Key(kind, owner.to_owned(), clause, name.to_owned()));
    match (role, item) {
        ("config", Item::Type(found)) => key(NameKind::Type, &found.name, "CONFIG_SCHEMA"),
        ("config", _) => key(NameKind::Type, owner(Some(item)), "CONFIG_SCHEMA"),
        ("filters", Item::Entity(found)) => key(NameKind::Entity, &found.name, "FIELDS"),
        ("params", Item::Action(found)) => key(NameKind::Action, &found.name, "PARAMETERS"),
        _ => None,
    }
}

/// The keyword before a raw block.
fn clause_of(tokens: &[Token<'_>], block: &Token<'_>) -> Option<String> {
    tokens
        .iter()
        .rev()
        .find(|token| token.kind != TokenKind::Comment && token.range.end() <= block.range.start())
        .map(|token| token.text.to_uppercase())
}

/// Members of what the entry point is given.
fn members(db: &Database, statement: Statement, role: &str, items: &mut Items) {
    let item = item_tree(db, statement).item.as_ref();
    let schema = |items: &mut Items, fields: &[SchemaItem]| {
        for field in fields {
            items
                .add(CompletionKind::Key, &field.name)
                .detail(schema_detail(field))
                .documentation(field.description.clone());
        }
    };
    match (role, item) {
        ("config", Some(Item::Type(found))) => schema(items, found.config.as_deref().unwrap_or_default()),
        ("config", Some(Item::Entity(_) | Item::Action(_))) => {
            let type_name = owner(item);
            if let Some(found) = catalog::connector_type(db, type_name) {
                schema(items, found.config.as_deref().unwrap_or_default());
            }
        }
        ("filters", Some(Item::Entity(found))) => {
            for field in &found.fields {
                items
                    .add(CompletionKind::Field, &field.name)
                    .detail(field.data_type.name())
                    .documentation(field.description.clone());
            }
        }
        ("params", Some(Item::Action(found))) => schema(items, found.parameters.as_deref().unwrap_or_default()),
        ("options", _) => {
            for member in OPTIONS_MEMBERS {
                items.add(CompletionKind::Key, member.name).documentation(Some(member.documentation.to_owned()));
            }
        }
        _ => {}
    }
}

pub(super) fn owner(item: Option<&Item>) -> &str {
    match item {
        Some(Item::Entity(found)) => split_name(&found.name).0,
        Some(Item::Action(found)) => split_name(&found.name).0,
        _ => "",
    }
}

/// A member or a global, with what is declared of it.
fn declared<'a>(items: &'a mut Items, found: &'static Declaration, is_called: bool) -> &'a mut Completion {
    let kind = match found.kind {
        DeclarationKind::Value => CompletionKind::Key,
        DeclarationKind::Namespace => CompletionKind::Variable,
        _ => CompletionKind::Function,
    };
    let documentation = (!found.documentation.is_empty()).then(|| found.documentation.clone());
    let item = items.add(kind, found.name).detail(found.signature.clone()).documentation(documentation);
    if found.kind == DeclarationKind::Function && !is_called {
        item.snippet(format!("{}({})", found.name, if found.parameters.is_empty() { "" } else { "$1" }));
    }
    item
}

/// The fields that a row does not have yet.
fn row_keys(db: &Database, statement: Statement, keys: &[String], behind: &str, items: &mut Items) {
    let Some(Item::Entity(entity)) = item_tree(db, statement).item.as_ref() else { return };
    let has_colon = behind.trim_start().starts_with(':');
    for field in entity.fields.iter().filter(|field| !field.filter_only && !keys.contains(&field.name)) {
        let item = items
            .add(CompletionKind::Field, &field.name)
            .detail(field.data_type.name())
            .documentation(field.description.clone());
        if !has_colon {
            item.insert(format!("{}: ", field.name));
        }
    }
}

/// The function, class or namespace that is called at an offset of a statement: with its declaration, or the head of a function of
/// the handler or of SHARED, and how many commas are before the place.
pub(crate) fn call_at(
    db: &Database,
    statement: Statement,
    tokens: &[Token<'_>],
    block: &Token<'_>,
    at: u32,
) -> Option<(Callee, u32)> {
    let (function, roles) = entry(&clause_of(tokens, block)?)?;
    let text = block.name();
    let before = text.get(..(at - block.inner().start()) as usize)?;
    if !matches!(surroundings(before), Surroundings::Code | Surroundings::Text(_)) {
        return None;
    }
    let parameters = parameter_names(text, function, roles);
    for (open, commas) in script_objects::open_calls(before).into_iter().rev() {
        let head = &before[..open];
        let callee = expression_before(head);
        let name = callee.strip_prefix("new ").unwrap_or(callee).trim();
        let names = Names { before: head, parameters: &parameters };
        if let Some(Known::Typed(Type::Declared(found))) = names.object(name) {
            return Some((Callee::Declared(found.callable()), commas));
        }
        if name.bytes().all(is_identifier) && !name.is_empty() && !KEYWORDS.contains(&name) {
            let local = function_head(text, name).map(str::to_owned);
            if let Some(head) = local.or_else(|| shared_declaration(db, statement, name)) {
                return Some((Callee::Written(head), commas));
            }
        }
    }
    None
}

/// The name, in the host's declarations, of the global or the member at an offset of a statement.
pub(crate) fn host_at(tokens: &[Token<'_>], block: &Token<'_>, at: u32) -> Option<&'static str> {
    let (function, roles) = entry(&clause_of(tokens, block)?)?;
    let text = block.name();
    let offset = (at - block.inner().start()) as usize;
    let end = offset + text.get(offset..)?.bytes().take_while(|byte| is_identifier(*byte)).count();
    let before = text.get(..end)?;
    let place = Place::new(before);
    let name = text.get(place.word..end).filter(|name| !name.is_empty())?;
    let parameters = parameter_names(text, function, roles);
    let names = Names { before, parameters: &parameters };
    match place.before {
        Before::Member(object) => match names.object(object)? {
            Known::Typed(found) => Some(found.member(name)?.name),
            Known::Role(_) => None,
        },
        Before::Free => {
            let is_own = parameters.iter().any(|(written, _)| written == name)
                || declared_names(text, place.word).iter().any(|declared| declared == name);
            if is_own { None } else { Some(host_types::global(name)?.name) }
        }
        Before::Nothing => None,
    }
}

/// What is called.
pub(crate) enum Callee {
    /// Something of the host.
    Declared(&'static Declaration),
    /// A function of the package: `function headers(config)`.
    Written(String),
}

/// The declaration of a function in a text, up to its body.
fn function_head<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let script = text.match_indices(name).find_map(|(at, _)| {
        let head = text[..at].trim_end();
        let is_whole = text[at + name.len()..].trim_start().starts_with(['(', '<', '=']);
        let start = head.rfind(['\n', ';', '}']).map_or(0, |before| before + 1);
        let words = head[start..].trim();
        (is_whole && ["function", "function*", "const", "let"].iter().any(|word| words.ends_with(word)))
            .then_some(start + (head[start..].len() - head[start..].trim_start().len()))
    })?;
    let rest = &text[script..];
    let open = rest.find('(')?;
    let end = open + super::script_types::closing(&rest[open..])?;
    Some(rest[..end].trim())
}

/// What SHARED declares under a name, up to its body: `function headers(config)`.
fn shared_declaration(db: &Database, statement: Statement, name: &str) -> Option<String> {
    let item = item_tree(db, statement).item.as_ref();
    let declaration = match item {
        Some(Item::Type(_)) => statement,
        _ => catalog::declaration(db, NameKind::Type, owner(item))?,
    };
    let block = scripts(db, declaration).iter().find(|block| block.role == moltler_hir::script::Role::Shared)?;
    let found = block.script.names.iter().rfind(|found| found.name == name)?;
    let text = block.range.of(declaration.text(db));
    if found.function.is_some()
        && let Some(head) = function_head(text, name)
    {
        return Some(head.to_owned());
    }
    let written = text.get(found.declaration.start as usize..found.declaration.end as usize)?;
    Some(written.lines().next().unwrap_or_default().trim().to_owned())
}

fn shared_names(db: &Database, statement: Statement) -> Vec<String> {
    let item = item_tree(db, statement).item.as_ref();
    catalog::connector_type(db, owner(item)).map(|found| found.shared_names.clone()).unwrap_or_default()
}

/// The names that the entry point gives its parameters, with what they are. Found in the text, because the handler may be
/// broken right now; the names of the documentation where there is no entry point.
fn parameter_names(text: &str, function: &str, roles: &'static [&'static str]) -> Vec<(String, &'static str)> {
    let written = (!function.is_empty()).then(|| written_parameters(text, function)).flatten();
    match written {
        Some(names) => names.into_iter().zip(roles.iter().copied()).filter(|(name, _)| !name.is_empty()).collect(),
        None => roles.iter().map(|role| ((*role).to_owned(), *role)).collect(),
    }
}

/// `a, b` of `function name(a, b)`, `name = async (a, b) =>`, `name = function (a, b)`.
fn written_parameters(text: &str, function: &str) -> Option<Vec<String>> {
    let bytes = text.as_bytes();
    for (position, _) in text.match_indices(function) {
        let is_whole = !position.checked_sub(1).is_some_and(|before| is_identifier(bytes[before]))
            && !bytes.get(position + function.len()).is_some_and(|next| is_identifier(*next));
        let is_member = text[..position].trim_end().ends_with('.');
        if !is_whole || is_member {
            continue;
        }
        let declares = text[..position].trim_end();
        let mut rest = without_type_parameters(text[position + function.len()..].trim_start());
        if let Some(value) = rest.strip_prefix('=') {
            rest = value.trim_start();
            for word in ["async", "function", "*"] {
                rest = without_type_parameters(rest.strip_prefix(word).unwrap_or(rest).trim_start());
            }
        } else if !declares.ends_with("function") && !declares.ends_with('*') {
            continue;
        }
        let Some(list) = rest.strip_prefix('(') else { continue };
        let name = |part: &str| {
            let part = part.trim();
            part.bytes().take_while(|byte| is_identifier(*byte)).map(char::from).collect::<String>()
        };
        return Some(parameters_of(list).into_iter().map(name).collect());
    }
    None
}

/// Behind the `<…>` at the start of a text.
fn without_type_parameters(text: &str) -> &str {
    if !text.starts_with('<') {
        return text;
    }
    let end = text.find("(").unwrap_or(text.len());
    match text[..end].rfind('>') {
        Some(close) => text[close + 1..].trim_start(),
        None => text,
    }
}

/// The parameters of a list, up to its `)`: commas inside of types, patterns and defaults do not separate them. A list
/// that does not end goes to the end of its line.
fn parameters_of(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0u32, 0);
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            // `=>` closes nothing.
            b'>' if list[..at].ends_with('=') => {}
            b')' if depth == 0 => {
                parts.push(&list[start..at]);
                return parts;
            }
            b')' | b']' | b'}' | b'>' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    let line = list.lines().next().unwrap_or_default();
    line.split(',').collect()
}

/// A block of TypeScript in Markdown.
fn code(text: &str) -> String {
    format!("```ts\n{text}\n```")
}

/// Names that the text declares before an offset, as far as its words tell.
fn declared_names(text: &str, offset: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let before = text.get(..offset).unwrap_or_default();
    for keyword in ["const ", "let ", "var ", "function ", "class ", "interface ", "type "] {
        // Functions may be used before they are declared.
        let is_hoisted = matches!(keyword, "function " | "class " | "interface " | "type ");
        let searched = if is_hoisted { text } else { before };
        for (position, _) in searched.match_indices(keyword) {
            let rest = searched[position + keyword.len()..].trim_start_matches([' ', '*']);
            let length = rest.bytes().take_while(|byte| is_identifier(*byte)).count();
            if length > 0 {
                found.push(rest[..length].to_owned());
            } else if let Some(pattern) = rest.strip_prefix(['{', '[']) {
                let end = pattern.find(['}', ']', '\n', ';']).unwrap_or(pattern.len());
                for part in pattern[..end].split(',') {
                    let part = part.rsplit(':').next().unwrap_or_default().trim();
                    let length = part.bytes().take_while(|byte| is_identifier(*byte)).count();
                    if length > 0 {
                        found.push(part[..length].to_owned());
                    }
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

pub(super) fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

/// What is before the word at the cursor.
#[derive(Debug, PartialEq, Eq)]
enum Before<'a> {
    /// `object.`, `object?.`, `object['`
    Member(&'a str),
    /// A place for a name.
    Free,
    /// A place where nothing is suggested: text, a comment, a number, a member of something else.
    Nothing,
}

#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    /// Where the word at the cursor starts.
    word: usize,
    before: Before<'a>,
}

impl<'a> Place<'a> {
    fn new(before: &'a str) -> Place<'a> {
        let length = before.bytes().rev().take_while(|byte| is_identifier(*byte)).count();
        let word = before.len() - length;
        let head = &before[..word];
        let found = match surroundings(before) {
            Surroundings::Text(quote) => match head[..quote.min(head.len())].trim_end().strip_suffix('[') {
                // `config['`: the quote is where the word starts.
                Some(object) if quote + 1 == word => member(object),
                _ => Before::Nothing,
            },
            Surroundings::Comment => Before::Nothing,
            Surroundings::Code => match head.trim_end().strip_suffix('.') {
                Some(object) if !object.ends_with("..") => member(object.strip_suffix('?').unwrap_or(object)),
                _ if before[word..].starts_with(|first: char| first.is_ascii_digit()) => Before::Nothing,
                _ => Before::Free,
            },
        };
        Place { word, before: found }
    }
}

fn member(object: &str) -> Before<'_> {
    match expression_before(object) {
        "" => Before::Nothing,
        expression => Before::Member(expression),
    }
}

enum Surroundings {
    Code,
    Comment,
    /// The offset of the quote.
    Text(usize),
}

/// Whether the end of a text is inside of a string or a comment. Regular expressions are taken for code.
fn surroundings(text: &str) -> Surroundings {
    let bytes = text.as_bytes();
    // Brackets inside the substitutions of templates.
    let mut templates: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    let mut in_template: Option<usize> = None;
    while at < bytes.len() {
        if let Some(start) = in_template {
            match bytes[at] {
                b'\\' => at += 1,
                b'`' => in_template = None,
                b'$' if bytes.get(at + 1) == Some(&b'{') => {
                    templates.push((start, 0));
                    in_template = None;
                    at += 1;
                }
                _ => {}
            }
            at += 1;
            continue;
        }
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => match text[at..].find('\n') {
                Some(length) => at += length,
                None => return Surroundings::Comment,
            },
            b'/' if bytes.get(at + 1) == Some(&b'*') => match text[at + 2..].find("*/") {
                Some(length) => at += length + 3,
                None => return Surroundings::Comment,
            },
            quote @ (b'\'' | b'"') => {
                let start = at;
                at += 1;
                while at < bytes.len() && bytes[at] != quote && bytes[at] != b'\n' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if at >= bytes.len() {
                    return Surroundings::Text(start);
                }
            }
            b'`' => in_template = Some(at),
            b'{' => {
                if let Some((_, depth)) = templates.last_mut() {
                    *depth += 1;
                }
            }
            b'}' => match templates.last_mut() {
                Some((start, 0)) => {
                    in_template = Some(*start);
                    templates.pop();
                }
                Some((_, depth)) => *depth -= 1,
                None => {}
            },
            _ => {}
        }
        at += 1;
    }
    match in_template {
        Some(start) => Surroundings::Text(start),
        None => Surroundings::Code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(text: &str) -> Before<'_> {
        Place::new(text).before
    }

    #[test]
    fn places() {
        assert_eq!(before("x = config."), Before::Member("config"));
        assert_eq!(before("x = config?.ap"), Before::Member("config"));
        assert_eq!(before("x = {...config."), Before::Member("config"));
        assert_eq!(before("x = config['ap"), Before::Member("config"));
        assert_eq!(before("x = `${config."), Before::Member("config"));
        assert_eq!(before("x = `${{a: 1}.b} ${con"), Before::Free);
        assert_eq!(before("fe"), Before::Free);
        assert_eq!(before("f(...fi"), Before::Free);
        assert_eq!(before("a.b."), Before::Member("a.b"));
        assert_eq!(before("await f().x"), Before::Member("f()"));
        assert_eq!(before("a['b']['c"), Before::Member("a['b']"));
        for nothing in ["'config.", "// config.", "/* a", "`config.", "1"] {
            assert_eq!(before(nothing), Before::Nothing, "{nothing}");
        }
    }

    #[test]
    fn parameters_by_text() {
        for text in [
            "async function query(c, f, o) {",
            "const query = async (c, f, o) => {",
            "query = function (c, f, o) {",
            "async function* query(c, f, o) {",
            "subquery(1); async function query(c, f = {}, o",
        ] {
            let names = parameter_names(text, "query", &["config", "filters", "options"]);
            assert_eq!(
                names,
                [("c".to_owned(), "config"), ("f".to_owned(), "filters"), ("o".to_owned(), "options")],
                "{text}"
            );
        }
        assert_eq!(parameter_names("x.query(1)", "query", &["config"]), [("config".to_owned(), "config")]);
    }
}
