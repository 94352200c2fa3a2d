//! What a handler finds besides its own names, read from the declarations of TypeScript that are published for it: members,
//! signatures, documentation, and the types of simple expressions.

use std::sync::OnceLock;

use crate::host_files::HOST_FILES;

/// A declaration.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) kind: DeclarationKind,
    /// As written, without `declare` and without the members: `json(): Promise<any>`.
    pub(crate) signature: String,
    /// Markdown; empty without.
    pub(crate) documentation: String,
    /// Of a function or method what a call gives, of a property or constant its type; empty where it is not told.
    pub(crate) result: &'static str,
    /// What is between the parentheses of a function, method or constructor.
    pub(crate) parameters: &'static str,
    /// Whether it is a member of the class itself.
    pub(crate) is_static: bool,
    /// Of a class or interface: what it extends.
    pub(crate) extends: Option<&'static str>,
    pub(crate) members: Vec<Declaration>,
}

/// What is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeclarationKind {
    Function,
    Class,
    Interface,
    Namespace,
    /// A constant or a property.
    Value,
    Constructor,
}

/// The type of an expression.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Type {
    /// A value of this type, as TypeScript writes it.
    Value(&'static str),
    /// A function, a class or a namespace itself.
    Declared(&'static Declaration),
}

/// All declarations of the host, and the commonest of ECMAScript.
pub(crate) fn declarations() -> &'static [Declaration] {
    static FOUND: OnceLock<Vec<Declaration>> = OnceLock::new();
    FOUND.get_or_init(|| HOST_FILES.iter().flat_map(|(_, text)| read(text)).collect())
}

/// The global name.
pub(crate) fn global(name: &str) -> Option<&'static Declaration> {
    declarations().iter().find(|found| found.name == name && found.kind != DeclarationKind::Interface)
}

/// A class or interface.
fn named(name: &str) -> Option<&'static Declaration> {
    declarations()
        .iter()
        .find(|found| found.name == name && matches!(found.kind, DeclarationKind::Class | DeclarationKind::Interface))
}

impl Type {
    /// The type of a global name.
    pub(crate) fn of_global(name: &str) -> Option<Type> {
        let found = global(name)?;
        Some(if found.kind == DeclarationKind::Value { Type::Value(found.result) } else { Type::Declared(found) })
    }

    /// All members, those that are inherited behind the own ones.
    pub(crate) fn members(self) -> Vec<&'static Declaration> {
        match self {
            Type::Declared(found) => match found.kind {
                DeclarationKind::Class => found.members.iter().filter(|member| member.is_static).collect(),
                DeclarationKind::Namespace => found.members.iter().collect(),
                _ => Vec::new(),
            },
            Type::Value(written) => {
                let mut found: Vec<&'static Declaration> = Vec::new();
                let mut next = named(base(written));
                while let Some(class) = next {
                    let own = class.members.iter().filter(|member| {
                        !member.is_static
                            && member.kind != DeclarationKind::Constructor
                            && !found.iter().any(|known| known.name == member.name)
                    });
                    let own: Vec<_> = own.collect();
                    found.extend(own);
                    next = class.extends.and_then(named).filter(|other| other.name != class.name);
                }
                found
            }
        }
    }

    /// The member with this name.
    pub(crate) fn member(self, name: &str) -> Option<&'static Declaration> {
        self.members().into_iter().find(|member| member.name == name)
    }

    /// What `value.name` is.
    pub(crate) fn of_member(self, name: &str) -> Option<Type> {
        let member = self.member(name)?;
        Some(if member.kind == DeclarationKind::Value { Type::Value(member.result) } else { Type::Declared(member) })
    }

    /// What a call gives.
    pub(crate) fn called(self) -> Option<Type> {
        match self {
            Type::Declared(found) if found.kind == DeclarationKind::Function => Some(Type::Value(found.result)),
            _ => None,
        }
    }

    /// What `new` gives.
    pub(crate) fn constructed(self) -> Option<Type> {
        match self {
            Type::Declared(found) if found.kind == DeclarationKind::Class => Some(Type::Value(found.name)),
            _ => None,
        }
    }

    /// What `await` gives.
    pub(crate) fn awaited(self) -> Type {
        match self {
            Type::Value(written) => Type::Value(argument(written, &["Promise"]).unwrap_or(written)),
            other => other,
        }
    }

    /// What a loop over it gives, or an index.
    pub(crate) fn element(self) -> Option<Type> {
        let Type::Value(written) = self else { return None };
        let written = plain(written);
        if let Some(element) = written.strip_suffix("[]") {
            return Some(Type::Value(element));
        }
        let lists = ["Array", "AsyncGenerator", "Generator", "Iterable", "AsyncIterable", "IterableIterator", "Set"];
        argument(written, &lists).map(Type::Value)
    }
}

impl Declaration {
    /// The constructor of a class, what is called otherwise.
    pub(crate) fn callable(&'static self) -> &'static Declaration {
        self.members.iter().find(|member| member.kind == DeclarationKind::Constructor).unwrap_or(self)
    }
}

/// A type without the alternatives `null` and `undefined`.
fn plain(written: &'static str) -> &'static str {
    let mut alternatives = split(written, '|').into_iter().map(str::trim);
    alternatives.find(|one| !matches!(*one, "null" | "undefined" | "")).unwrap_or(written)
}

/// The class or interface whose members a type has.
fn base(written: &'static str) -> &'static str {
    let written = plain(written);
    if written.ends_with("[]") || written.starts_with('[') {
        return "Array";
    }
    if written.starts_with(['\'', '"', '`']) {
        return "String";
    }
    let name = written.split('<').next().unwrap_or(written).trim();
    match name {
        "string" => "String",
        "number" => "Number",
        "boolean" => "Boolean",
        "bigint" => "BigInt",
        other => other,
    }
}

/// `X` of `Promise<X>`; the first argument where there are more.
fn argument(written: &'static str, of: &[&str]) -> Option<&'static str> {
    let written = plain(written);
    let (name, rest) = written.split_once('<')?;
    let inner = rest.strip_suffix('>')?;
    of.contains(&name.trim()).then(|| split(inner, ',').first().map_or(inner, |first| first.trim()))
}

/// Splits at a mark outside of all brackets and strings.
fn split(text: &str, mark: char) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0u32, 0);
    let mut quote: Option<char> = None;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) => quote = Some(open).filter(|open| *open != letter),
            (None, '\'' | '"' | '`') => quote = Some(letter),
            (None, '(' | '[' | '{' | '<') => depth += 1,
            // `=>` closes nothing.
            (None, '>') if before == '=' => {}
            (None, ')' | ']' | '}' | '>') => depth = depth.saturating_sub(1),
            (None, found) if found == mark && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
        before = letter;
    }
    parts.push(&text[start..]);
    parts
}

/// Reads declarations, or members.
fn read(text: &'static str) -> Vec<Declaration> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut documentation = String::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return found;
        }
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
            continue;
        }
        if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").unwrap_or(comment.len());
            documentation = prose(&comment[..end]);
            rest = comment.get(end + 2..).unwrap_or_default();
            continue;
        }
        let length = length(rest);
        let (declaration, behind) = rest.split_at(length);
        rest = behind;
        found.extend(one(declaration.trim().trim_end_matches(';'), std::mem::take(&mut documentation)));
    }
}

/// The text of a comment without its stars.
fn prose(comment: &str) -> String {
    let lines = comment.lines().map(|line| line.trim().trim_start_matches('*').trim());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Where a declaration ends: behind its `;`, or behind its `}` where it has a body.
fn length(text: &str) -> usize {
    let (mut depth, mut quote) = (0u32, None);
    let has_body = ["declare class", "declare namespace", "interface", "namespace", "class"]
        .iter()
        .any(|head| text.starts_with(head));
    let mut skip_to = 0;
    for (at, byte) in text.bytes().enumerate() {
        if at < skip_to {
            continue;
        }
        if quote.is_none() && text.as_bytes()[at..].starts_with(b"/*") {
            skip_to = text[at..].find("*/").map_or(text.len(), |end| at + end + 2);
            continue;
        }
        match (quote, byte) {
            (Some(open), _) => quote = Some(open).filter(|open| *open != byte),
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' && has_body {
                    return at + 1;
                }
            }
            (None, b';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A declaration without its `;`.
fn one(text: &'static str, documentation: String) -> Option<Declaration> {
    let mut rest = text.strip_prefix("declare ").unwrap_or(text).trim_start();
    let mut is_static = false;
    while let Some((word, behind)) = rest.split_once(' ') {
        match word {
            "static" => is_static = true,
            "readonly" => {}
            // Nobody else may use it.
            "private" => return None,
            _ => break,
        }
        rest = behind.trim_start();
    }
    let whole = rest;
    let mut found = Declaration {
        name: "",
        kind: DeclarationKind::Value,
        signature: whole.split_whitespace().collect::<Vec<_>>().join(" "),
        documentation,
        result: "",
        parameters: "",
        is_static,
        extends: None,
        members: Vec::new(),
    };
    for (head, kind) in [
        ("class ", DeclarationKind::Class),
        ("interface ", DeclarationKind::Interface),
        ("namespace ", DeclarationKind::Namespace),
    ] {
        if let Some(rest) = whole.strip_prefix(head) {
            let open = rest.find('{')?;
            let title = rest[..open].trim();
            found.name = title.split([' ', '<']).next()?;
            found.kind = kind;
            found.extends = title.split_once(" extends ").map(|(_, other)| other.trim());
            found.signature = format!("{head}{title}");
            found.members = read(rest[open + 1..].trim_end().strip_suffix('}')?);
            return Some(found);
        }
    }
    let rest = match whole.strip_prefix("const ").or_else(|| whole.strip_prefix("var ")) {
        Some(constant) => constant,
        None => whole.strip_prefix("function ").unwrap_or(whole),
    };
    let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$'))?;
    if end == 0 || whole.starts_with("type ") {
        return None;
    }
    found.name = &rest[..end];
    let mut rest = rest[end..].trim_start_matches('?').trim_start();
    if rest.starts_with('<') {
        rest = behind_bracket(rest);
    }
    if rest.starts_with('(') {
        let behind = behind_bracket(rest);
        found.kind = if found.name == "constructor" { DeclarationKind::Constructor } else { DeclarationKind::Function };
        found.parameters = &rest[1..rest.len() - behind.len() - 1];
        found.result = behind.trim_start().strip_prefix(':').unwrap_or_default().trim();
    } else {
        found.result = rest.strip_prefix(':')?.trim();
        // A constant with members of its own.
        if let Some(members) = found.result.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            found.members = read(members);
            found.kind = DeclarationKind::Namespace;
        }
    }
    Some(found)
}

/// Behind the bracket that closes the one at the start.
fn behind_bracket(text: &'static str) -> &'static str {
    let (mut depth, mut before) = (0u32, b' ');
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b'>' if before == b'=' => {}
            b')' | b']' | b'}' | b'>' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &text[at + 1..];
                }
            }
            _ => {}
        }
        before = byte;
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use moltler_abi::host::{HOST_GLOBALS, MOLTLER_MEMBERS};

    fn value(written: &'static str) -> Type {
        Type::Value(written)
    }

    #[test]
    fn every_global_of_the_host_is_declared() {
        for name in HOST_GLOBALS {
            assert!(global(name.name).is_some(), "{}", name.name);
        }
        let moltler = Type::of_global("moltler").expect("it is a namespace");
        for member in MOLTLER_MEMBERS {
            assert!(moltler.member(member.name).is_some(), "{}", member.name);
        }
    }

    #[test]
    fn members_and_their_types() {
        let fetched = Type::of_global("fetch").and_then(Type::called).map(Type::awaited).expect("a Response");
        assert!(fetched.member("ok").is_some() && fetched.member("redirect").is_none());
        let json = fetched.member("json").expect("it is there");
        assert_eq!((json.signature.as_str(), json.result), ("json(): Promise<any>", "Promise<any>"));
        let headers = fetched.of_member("headers").expect("they are there");
        assert!(headers.member("getSetCookie").is_some());
        let response = Type::of_global("Response").expect("a class");
        assert!(response.member("redirect").is_some() && response.member("ok").is_none());
        assert!(response.constructed().is_some_and(|made| made.member("ok").is_some()));
        let token = Type::of_global("moltler").and_then(|found| found.of_member("sign")).expect("a namespace");
        assert!(token.member("aws4").is_some());
        assert!(value("ConnectorRateLimitError").member("message").is_some(), "inherited from Error");
    }

    #[test]
    fn parts_of_types() {
        assert!(matches!(value("Promise<Response>").awaited(), Type::Value("Response")));
        assert!(matches!(value("AsyncGenerator<Item[], void, void>").element(), Some(Type::Value("Item[]"))));
        assert!(value("string | null").member("trim").is_some());
        assert!(value("'follow' | 'error'").member("length").is_some());
        assert!(value("any").members().is_empty());
        let fetch = global("fetch").expect("it is there");
        assert_eq!(fetch.parameters, "input: string | URL | Request, init?: RequestInit");
    }
}
