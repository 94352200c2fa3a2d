//! Routes of MOCK_API: what the handlers of the type ask for, as far as their text tells.

use moltler_db::NameKind;
use moltler_hir::catalog;
use moltler_hir::{Database, scripts};

use super::context::Context;
use super::document::add_key;
use super::{CompletionKind, Items};
use crate::token::TokenKind;

/// Keys of MOCK_API.
pub(super) fn keys(context: &Context<'_>, items: &mut Items, frame: &super::context::Frame) {
    let Some(type_name) = tested_type(context) else { return };
    for route in routes_of_type(context.db, type_name) {
        if let Some(item) = add_key(context, items, frame, &route) {
            item.detail("asked for by a handler");
            if !context.in_string {
                item.snippet(format!("\"{}\": {{\"status\": ${{1:200}}, \"body\": ${{2:{{\\}}}}}}", escaped(&route)));
            }
        }
    }
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        if let Some(item) = add_key(context, items, frame, &format!("{method} /")) {
            item.detail("METHOD /path, with `:name` and `*` segments");
        }
    }
}

/// The argument of MOCK_CALLS: the keys of the MOCK_API of the same test.
pub(super) fn calls(context: &Context<'_>, items: &mut Items) {
    let Some(start) = context.all.iter().position(|token| token.is("MOCK_API")) else { return };
    let mut depth = 0;
    for pair in context.all[start + 1..].windows(2) {
        match pair[0].text {
            "{" | "[" if pair[0].kind == TokenKind::Mark => depth += 1,
            "}" | "]" if pair[0].kind == TokenKind::Mark => depth -= 1,
            _ if depth == 1 && pair[1].is_mark(':') => {
                items.add(CompletionKind::Value, pair[0].name());
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

fn tested_type<'a>(context: &Context<'a>) -> Option<&'a str> {
    let pair = context.all.windows(2).find(|pair| pair[0].is("TYPE") && pair[1].kind == TokenKind::String)?;
    Some(pair[1].name())
}

/// `GET /items`, `POST /items/:id`: the requests that the handlers of a type make, each once.
fn routes_of_type(db: &Database, type_name: &str) -> Vec<String> {
    let members = catalog::members(db, type_name);
    let entities = members.entities.iter().map(|entity| (NameKind::Entity, entity.name.as_str()));
    let actions = members.actions.iter().map(|action| (NameKind::Action, action.name.as_str()));
    let own = std::iter::once((NameKind::Type, type_name));
    let mut found = Vec::new();
    for (kind, name) in own.chain(entities).chain(actions) {
        let Some(statement) = catalog::declaration(db, kind, name) else { continue };
        for block in scripts(db, statement) {
            routes(block.range.of(statement.text(db)), &mut found);
        }
    }
    found.sort_by_key(|route| (!route.starts_with("GET"), route.clone()));
    found.dedup();
    found
}

/// The routes in a text of JavaScript: what begins with `/` in its strings and templates, with the method that is named near.
fn routes(text: &str, found: &mut Vec<String>) {
    for (at, written) in strings(text) {
        let path = path(written);
        let Some(path) = path.filter(|path| path.len() > 1) else { continue };
        // `fetch(url, {method: 'POST'})`
        let near = &text[at..];
        let end = near.find("fetch(").unwrap_or(near.len()).min(near.find(");").unwrap_or(near.len()));
        let method = ["POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .find(|method| ["'", "\""].iter().any(|quote| near[..end].contains(&format!("{quote}{method}{quote}"))));
        found.push(format!("{} {path}", method.unwrap_or("GET")));
    }
}

/// The path of a URL as it is written, its substitutions as segments: `/items/:id`.
fn path(written: &str) -> Option<String> {
    // What is before the path: the base of the URL.
    let rest = match written.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
        Some((_, rest)) => rest,
        None => match written.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/')?..],
            None => written,
        },
    };
    if !rest.starts_with('/') || rest.contains(char::is_whitespace) || rest.starts_with("//") {
        return None;
    }
    let mut path = String::new();
    let mut rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    while let Some((plain, behind)) = rest.split_once("${") {
        path.push_str(plain);
        let (inside, behind) = behind.split_once('}')?;
        let inside = inside.trim_end_matches(')');
        let name = inside.rsplit(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).next();
        path.push(':');
        path.push_str(name.filter(|name| !name.is_empty()).unwrap_or("id"));
        rest = behind;
    }
    path.push_str(rest);
    // `'/items/' + id`
    if path.len() > 1 && path.ends_with('/') {
        path.push_str(":id");
    }
    Some(path)
}

/// The contents of strings and templates, each with the place behind it.
fn strings(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => at += text[at..].find('\n').unwrap_or(bytes.len() - at),
            quote @ (b'\'' | b'"' | b'`') => {
                let start = at + 1;
                let Some(length) = text[start..].find(char::from(quote)) else { return found };
                found.push((start + length + 1, &text[start..start + length]));
                at = start + length + 1;
            }
            _ => at += 1,
        }
    }
    found
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn routes_of_a_handler() {
        let mut found = Vec::new();
        super::routes(
            "// '/no'\nawait fetch(config.api_url + '/items?limit=' + n);\n\
             await fetch(`${config.api_url}/items/${filters.id}/parts`, {method: 'DELETE'});\n\
             await fetch(\"https://api.example/v1/users\");\n\
             await fetch(config.url + '/items/' + encodeURIComponent(id), {\n method: 'PUT', body: 'a b'});\n\
             const text = 'a/b'; const other = '/ no';",
            &mut found,
        );
        assert_eq!(found, ["GET /items", "DELETE /items/:id/parts", "GET /v1/users", "PUT /items/:id"]);
    }
}
