//! The declarations for editors list exactly what the global object has.

use std::collections::{BTreeMap, BTreeSet};

use moltler_abi::host::{HOST_GLOBALS, TYPES};

use super::evaluate;

/// Errors, whose members are those of `Error`; they are declared for their constructors.
const ERRORS: &[&str] =
    &["ConnectorError", "ConnectorAuthError", "ConnectorRateLimitError", "ConnectorConnectionError", "DOMException"];

/// Names of the members by `Class`, `static Class` or `object`; of those that are functions alone, nothing.
type Declared = BTreeMap<String, BTreeSet<String>>;

fn declared() -> Declared {
    let mut found = Declared::new();
    // The declaration that is open at each level.
    let mut open: Vec<String> = Vec::new();
    for line in TYPES.lines().filter(|line| !line.trim().is_empty()) {
        let depth = (line.len() - line.trim_start().len()) / 4;
        let text = line.trim();
        open.truncate(depth);
        if depth == 0 {
            let Some(rest) = text.strip_prefix("declare ") else { continue };
            let (kind, rest) = rest.split_once(' ').expect("a kind and a name");
            let name = name_of(rest);
            found.insert(name.clone(), BTreeSet::new());
            if kind != "function" {
                open.push(name);
            }
            continue;
        }
        let (Some(owner), false) = (open.last().cloned(), open.len() < depth) else { continue };
        let is_comment = text.starts_with(['/', '*', '}', '|']);
        let is_own =
            text.starts_with("constructor") || text.starts_with("private constructor") || text.starts_with('[');
        if is_comment || is_own {
            continue;
        }
        let is_static = text.starts_with("static ");
        let mut rest = text;
        for word in ["static ", "readonly ", "function "] {
            rest = rest.strip_prefix(word).unwrap_or(rest);
        }
        if let Some(inner) = rest.strip_prefix("namespace ") {
            let name = name_of(inner);
            found.entry(owner.clone()).or_default().insert(name.clone());
            open.push(format!("{owner}.{name}"));
            continue;
        }
        let key = if is_static { format!("static {owner}") } else { owner };
        found.entry(key).or_default().insert(name_of(rest));
    }
    found
}

fn name_of(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn the_declarations_are_those_of_the_host() {
    let mut declared = declared();
    let globals: BTreeSet<&str> = HOST_GLOBALS.iter().map(|global| global.name).collect();
    let names: BTreeSet<&str> = declared
        .keys()
        .map(String::as_str)
        .filter(|name| !name.starts_with("static ") && !name.contains('.'))
        .collect();
    assert_eq!(names, globals, "the declarations beside the list of globals");
    ERRORS.iter().for_each(|error| drop(declared.remove(*error)));
    declared.retain(|_, members| !members.is_empty());
    let list = serde_json::to_string(&globals.iter().filter(|name| !ERRORS.contains(name)).collect::<Vec<_>>())
        .expect("texts are JSON");
    let found = evaluate(&format!(
        "const found = {{}};
        const note = (key, names) => {{ if (names.length > 0) found[key] = names.sort(); }};
        const isClass = value => typeof value === 'function' && value.prototype !== undefined && /^[A-Z]/.test(value.name);
        for (const name of {list}) {{
            const value = globalThis[name];
            if (isClass(value)) {{
                note(name, Object.getOwnPropertyNames(value.prototype).filter(key => key !== 'constructor'));
                note(`static ${{name}}`, Object.getOwnPropertyNames(value).filter(key => !['length', 'name', 'prototype'].includes(key)));
            }} else if (typeof value === 'object' && Object.keys(value).length > 0) {{
                note(name, Object.getOwnPropertyNames(value));
            }}
        }}
        note('moltler.sign', Object.getOwnPropertyNames(moltler.sign));
        return found;"
    ));
    let found: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(&found).expect("it is JSON");
    for key in declared.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        assert_eq!(declared.get(key), found.get(key), "members of {key}: declared, and found");
    }
}
