//! The types of JavaScript expressions, from the text before a place: it may be broken right now.

use super::script::is_identifier;
use crate::host_types::Type;

/// Variables are followed this far.
const MAX_STEPS: u32 = 8;

/// What an expression is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known {
    /// What the entry point is given: `config`, `filters`, `options`, `params`.
    Role(&'static str),
    /// Something whose members the host or ECMAScript declares.
    Typed(Type),
}

/// What is known around an expression.
pub(crate) struct Names<'a> {
    /// The block up to the expression.
    pub(crate) before: &'a str,
    /// The parameters of the entry point, with what they are.
    pub(crate) parameters: &'a [(String, &'static str)],
}

impl Names<'_> {
    /// What the expression at the end of a text is: `response.headers` of `return response.headers`.
    pub(crate) fn object(&self, text: &str) -> Option<Known> {
        self.value(expression_before(text), 0)
    }

    fn value(&self, expression: &str, steps: u32) -> Option<Known> {
        if steps > MAX_STEPS {
            return None;
        }
        let expression = expression.trim();
        if let Some(awaited) = word(expression, "await") {
            return match self.value(awaited, steps + 1)? {
                Known::Typed(found) => Some(Known::Typed(found.awaited())),
                role => Some(role),
            };
        }
        let (is_new, expression) = match word(expression, "new") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, expression),
        };
        let (head, mut rest) = expression.split_at(first_part(expression));
        let mut found = match head.bytes().next()? {
            b'(' => self.value(head.strip_prefix('(')?.strip_suffix(')')?, steps + 1)?,
            b'\'' | b'"' | b'`' => Known::Typed(Type::Value("string")),
            b'[' => Known::Typed(Type::Value("any[]")),
            byte if byte.is_ascii_digit() => Known::Typed(Type::Value("number")),
            _ => self.name(head, steps)?,
        };
        if is_new {
            // `new URL(…)`: the parentheses belong to `new`.
            let Known::Typed(class) = found else { return None };
            found = Known::Typed(class.constructed()?);
            rest = rest.trim_start();
            if rest.starts_with('(') {
                rest = &rest[closing(rest)?..];
            }
        }
        loop {
            rest = rest.trim_start();
            let Some(mark) = rest.bytes().next() else { return Some(found) };
            let Known::Typed(object) = found else { return None };
            let next = match mark {
                b'.' | b'?' => {
                    let member = rest.trim_start_matches(['?', '.']).trim_start();
                    let end = member.bytes().take_while(|byte| is_identifier(*byte)).count();
                    rest = &member[end..];
                    if end == 0 {
                        // `x?.[0]`, `f?.()`
                        continue;
                    }
                    object.of_member(&member[..end])?
                }
                b'(' => {
                    rest = &rest[closing(rest)?..];
                    object.called()?
                }
                b'[' => {
                    rest = &rest[closing(rest)?..];
                    object.element()?
                }
                _ => return None,
            };
            found = Known::Typed(next);
        }
    }

    /// What a name stands for: the nearest declaration before the place, a parameter, a global.
    fn name(&self, name: &str, steps: u32) -> Option<Known> {
        if let Some(found) = self.declared(name, steps) {
            return found;
        }
        if let Some((_, role)) = self.parameters.iter().find(|(written, _)| written == name) {
            return Some(Known::Role(role));
        }
        Type::of_global(name).map(Known::Typed)
    }

    /// The last `const name = …` or `for (const name of …)` before the place; `Some(None)` where it is declared and nothing is
    /// known of it.
    fn declared(&self, name: &str, steps: u32) -> Option<Option<Known>> {
        let text = self.before;
        for (at, _) in text.rmatch_indices(name) {
            let end = at + name.len();
            let is_whole = !at.checked_sub(1).is_some_and(|before| is_identifier(text.as_bytes()[before]))
                && !text.as_bytes().get(end).is_some_and(|next| is_identifier(*next));
            let head = text[..at].trim_end();
            if !is_whole || !["const", "let", "var"].iter().any(|keyword| ends_with_word(head, keyword)) {
                continue;
            }
            let rest = without_type(text[end..].trim_start());
            if let Some(value) = rest.strip_prefix('=').filter(|value| !value.starts_with(['=', '>'])) {
                return Some(self.value(statement(value), steps + 1));
            }
            if let Some(list) = word(rest, "of") {
                let known = self.value(statement(list), steps + 1);
                return Some(match known {
                    Some(Known::Typed(found)) => found.element().map(Known::Typed),
                    _ => None,
                });
            }
            return Some(None);
        }
        None
    }
}

/// What is behind a keyword at the start.
fn word<'a>(text: &'a str, keyword: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(keyword)?;
    (!rest.bytes().next().is_some_and(is_identifier)).then_some(rest)
}

fn ends_with_word(text: &str, keyword: &str) -> bool {
    text.strip_suffix(keyword).is_some_and(|rest| !rest.bytes().next_back().is_some_and(is_identifier))
}

/// Behind the `: type` of TypeScript.
fn without_type(text: &str) -> &str {
    match text.strip_prefix(':') {
        Some(rest) => rest.find('=').map_or("", |end| &rest[end..]),
        None => text,
    }
}

/// The expression at the start of a text: up to `;`, a comma or a bracket that was not opened in it, or a line break behind
/// which no expression goes on.
fn statement(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => match closing(&text[at..]) {
                Some(length) => at += length,
                None => return text,
            },
            quote @ (b'\'' | b'"' | b'`') => at = string_end(bytes, at, quote),
            b';' | b',' | b')' | b']' | b'}' => return &text[..at],
            b'\n' if !text[..at].trim().is_empty() && !text[at..].trim_start().starts_with(['.', '?']) => {
                return &text[..at];
            }
            _ => at += 1,
        }
    }
    text
}

/// The length of the first part of an expression: a name, a literal, what is in brackets.
fn first_part(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'(' | b'[' | b'{') => closing(text).unwrap_or(text.len()),
        Some(quote @ (b'\'' | b'"' | b'`')) => string_end(bytes, 0, *quote),
        _ => match bytes.iter().take_while(|byte| is_identifier(**byte)).count() {
            0 => text.chars().next().map_or(0, char::len_utf8),
            length => length,
        },
    }
}

/// The length of what the bracket at the start encloses, with both brackets.
pub(crate) fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0u32, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            quote @ (b'\'' | b'"' | b'`') => {
                at = string_end(bytes, at, quote);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Behind the string that starts at an offset, at the latest at the end.
fn string_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// The expression that a text ends with: names, members, calls, brackets.
pub(crate) fn expression_before(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut at = text.trim_end().len();
    loop {
        // What may be called or indexed, from its end.
        while at > 0 && matches!(bytes[at - 1], b')' | b']') {
            match opening(bytes, at) {
                Some(open) => at = open,
                None => return text[at..].trim(),
            }
        }
        let end = at;
        while at > 0 && is_identifier(bytes[at - 1]) {
            at -= 1;
        }
        if at == end && at > 0 && matches!(bytes[at - 1], b'\'' | b'"' | b'`') {
            let quote = bytes[at - 1];
            match bytes[..at - 1].iter().rposition(|byte| *byte == quote) {
                Some(open) => at = open,
                None => return text[at..].trim(),
            }
        }
        let before = text[..at].trim_end();
        match before.strip_suffix('.').filter(|rest| !rest.ends_with('.')) {
            Some(rest) => at = rest.strip_suffix('?').unwrap_or(rest).trim_end().len(),
            None => {
                // `new URL(…).` belongs together; `await` does not.
                let start = if ends_with_word(before, "new") { before.len() - 3 } else { at };
                return text[start..].trim();
            }
        }
    }
}

/// Where the bracket that ends before an offset was opened. Strings between are jumped over.
fn opening(bytes: &[u8], end: usize) -> Option<usize> {
    let (mut depth, mut at) = (0u32, end);
    while at > 0 {
        at -= 1;
        match bytes[at] {
            b')' | b']' | b'}' => depth += 1,
            b'(' | b'[' | b'{' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            quote @ (b'\'' | b'"' | b'`') => at = bytes[..at].iter().rposition(|byte| *byte == quote)?,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_before_a_dot() {
        for (text, expected) in [
            ("return response", "response"),
            ("x = a.b(1, 'x)').c[0]", "a.b(1, 'x)').c[0]"),
            ("await (await fetch(u)).json()", "(await fetch(u)).json()"),
            ("f(new URL(config.api_url))", "f(new URL(config.api_url))"),
            ("const u = new URL('/x', y)", "new URL('/x', y)"),
            ("a + b?.c", "b?.c"),
            ("{...options", "options"),
            (")", ""),
            ("", ""),
            ("'a'", "'a'"),
        ] {
            assert_eq!(expression_before(text), expected, "{text}");
        }
    }

    fn members(before: &str) -> Vec<&'static str> {
        let names = Names { before, parameters: &[("config".to_owned(), "config")] };
        match names.object(before) {
            Some(Known::Typed(found)) => found.members().into_iter().map(|member| member.name).collect(),
            Some(Known::Role(role)) => vec![role],
            None => Vec::new(),
        }
    }

    #[test]
    fn types_of_expressions() {
        let holds = |before: &str, name: &str| {
            let found = members(before);
            assert!(found.contains(&name), "`{name}` of {before}: {found:?}");
        };
        holds("const response = await fetch(config.api_url);\nif (response", "ok");
        holds("const response = await fetch(a, {\n  headers: {}\n});\nresponse.headers", "getSetCookie");
        holds("(await fetch(x))", "status");
        holds("const url = new URL('x');\nurl.searchParams", "append");
        holds("new URL(x)", "pathname");
        holds("moltler.sign", "aws4");
        holds("moltler", "paginate");
        holds("const text = await (await fetch(x)).text();\ntext", "trim");
        holds("for await (const page of moltler.paginate(u, {next: 'link'})) { page", "map");
        holds("'a'", "split");
        holds("crypto.subtle", "digest");
        holds("JSON.stringify(x)", "slice");
        holds("Object.keys(x)", "map");
        holds("config", "config");
        for unknown in ["item", "const item = f();\nitem", "config.x", "const x = y;\nconst y = x;\nx", "("] {
            assert_eq!(members(unknown), [] as [&str; 0], "{unknown}");
        }
    }
}
