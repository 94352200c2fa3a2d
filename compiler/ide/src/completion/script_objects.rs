//! Object literals, patterns and calls around a place in JavaScript, from the text alone.

use super::script::is_identifier;
use super::script_types::{Known, Names, closing};

/// What the braces around a place are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// `const {a, b} = filters`: of what the entry point is given.
    Pattern(&'static str),
    /// A row that is returned: `({id: item.id})`, with the keys that it has.
    Row {
        /// Before and behind the place.
        keys: Vec<String>,
    },
}

/// The object whose key may stand at an offset.
pub(super) fn object_at(text: &str, offset: usize, names: &Names<'_>) -> Option<Object> {
    let before = text.get(..offset)?;
    let open = open_brackets(before).pop()?;
    let word = before.len() - before.bytes().rev().take_while(|byte| is_identifier(*byte)).count();
    let is_key = before[..word].trim_end().ends_with(['{', ',']);
    if !is_key || !before[open..].starts_with('{') {
        return None;
    }
    let head = before[..open].trim_end();
    let whole = closing(&text[open..]).map_or(text.len(), |length| open + length);
    if ["const", "let", "var"].iter().any(|keyword| head.ends_with(keyword)) {
        let value = text[whole..].trim_start().strip_prefix('=')?;
        let end = value.find([';', '\n']).unwrap_or(value.len());
        return match names.object(&value[..end])? {
            Known::Role(role) => Some(Object::Pattern(role)),
            Known::Typed(_) => None,
        };
    }
    let is_row = match head.strip_suffix('(') {
        Some(call) => {
            call.trim_end().ends_with("=>") || call.trim_end().ends_with("push") || call.trim_end().ends_with("return")
        }
        None => ["return", "yield", "["].iter().any(|word| head.ends_with(word)),
    };
    is_row.then(|| Object::Row { keys: keys(&text[open..whole], offset - open) })
}

/// The keys of an object literal, but what stands at an offset of it.
fn keys(text: &str, offset: usize) -> Vec<String> {
    let inner = text.strip_prefix('{').unwrap_or(text);
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let (mut found, mut depth, mut start) = (Vec::new(), 0u32, 0);
    let mut add = |start: usize, end: usize| {
        let entry = &inner[start..end];
        let is_here = start < offset && offset <= end + 1;
        let key: String =
            entry.trim().chars().take_while(|letter| letter.is_alphanumeric() || "_$'\"".contains(*letter)).collect();
        let is_whole = entry.contains(':') || !is_here;
        if is_whole && !key.is_empty() {
            found.push(key.trim_matches(['\'', '"']).to_owned());
        }
    };
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                add(start, at);
                start = at + 1;
            }
            _ => {}
        }
    }
    add(start, inner.len());
    found
}

/// The parentheses of calls that are open at the end of a text, outermost first, each with the commas behind it.
pub(super) fn open_calls(text: &str) -> Vec<(usize, u32)> {
    let brackets = open_brackets(text);
    let calls = brackets.iter().enumerate().filter(|(_, open)| text[**open..].starts_with('('));
    calls
        .map(|(index, open)| {
            // What is in a bracket further in is one argument.
            let end = brackets.get(index + 1).copied().unwrap_or(text.len());
            (*open, commas(&text[open + 1..end]))
        })
        .collect()
}

fn commas(text: &str) -> u32 {
    let (mut depth, mut count) = (0u32, 0);
    scan(text, |_, byte| match byte {
        b'(' | b'[' | b'{' => depth += 1,
        b')' | b']' | b'}' => depth = depth.saturating_sub(1),
        b',' if depth == 0 => count += 1,
        _ => {}
    });
    count
}

/// The brackets that are open at the end of a text, outermost first.
fn open_brackets(text: &str) -> Vec<usize> {
    let mut open = Vec::new();
    scan(text, |at, byte| match byte {
        b'(' | b'[' | b'{' => open.push(at),
        b')' | b']' | b'}' => drop(open.pop()),
        _ => {}
    });
    open
}

/// All bytes outside of strings and comments. What is in a template counts as a string.
fn scan(text: &str, mut found: impl FnMut(usize, u8)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'"' | b'`') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote && (quote == b'`' || bytes[at] != b'\n') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at += text[at..].find("*/").map_or(text.len() - at, |length| length + 1);
            }
            byte => found(at, byte),
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(marked: &str) -> Option<Object> {
        let offset = marked.find('|').expect("a mark");
        let text = marked.replacen('|', "", 1);
        let parameters = [("filters".to_owned(), "filters")];
        object_at(&text, offset, &Names { before: &text[..offset], parameters: &parameters })
    }

    #[test]
    fn objects() {
        let row = |keys: &[&str]| Some(Object::Row { keys: keys.iter().map(|key| (*key).to_owned()).collect() });
        assert_eq!(object("return items.map(item => ({|}));"), row(&[]));
        assert_eq!(object("return [{id: item.id, na|, size: 1}]"), row(&["id", "size"]));
        assert_eq!(object("rows.push({id: f(1, {a: 2}), |"), row(&["id"]));
        assert_eq!(object("yield {|}"), row(&[]));
        assert_eq!(object("const {|} = filters;"), Some(Object::Pattern("filters")));
        assert_eq!(object("const {|} = other;"), None);
        assert_eq!(object("items.map(item => {|})"), None);
        assert_eq!(object("fetch(url, {|})"), None);
        assert_eq!(object("return {id: |}"), None);
        assert_eq!(object("'{|'"), None);
    }

    #[test]
    fn calls() {
        assert_eq!(open_calls("f(a, g(b), "), [(1, 2)]);
        assert_eq!(open_calls("f(a, {b: h(1, "), [(1, 1), (10, 1)]);
        assert_eq!(open_calls("f(',', `(`) // ("), [] as [(usize, u32); 0]);
    }
}
