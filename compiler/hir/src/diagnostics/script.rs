//! What is wrong in a handler: `javascript-…`, `missing-entry-point`, `extra-parameter`, `undefined-name`,
//! `foreign-global`, `null-date`, `unused-variable`.

use moltler_abi::host::{ECMASCRIPT_GLOBALS, HOST_GLOBALS};
use moltler_js::{ErrorKind, NameUse, Script, ScriptError};
use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic, Place};
use crate::script::Role;
use crate::suggest::{Candidates, nearest};

/// An error that the JavaScript parser found; `offset` is where the script starts.
pub(crate) fn javascript(error: &ScriptError, offset: u32) -> LocalDiagnostic {
    let (code, help) = match error.kind {
        ErrorKind::Syntax => (Code::JavascriptSyntax, None),
        ErrorKind::Duplicate => (Code::JavascriptDuplicateName, None),
        ErrorKind::Import => {
            (Code::JavascriptImport, Some("handlers have no modules; put shared code into the type's SHARED block"))
        }
        ErrorKind::Export => (Code::JavascriptExport, Some("write the function alone; it is found by its name")),
        ErrorKind::TopLevelReturn => (Code::JavascriptReturn, Some("`return` belongs into a function")),
        ErrorKind::TopLevelAwait => (Code::JavascriptAwait, Some("`await` belongs into an `async function`")),
        ErrorKind::TooDeep => (Code::JavascriptTooDeep, None),
        ErrorKind::NotErasable => {
            (Code::TypescriptNotErasable, Some("types are taken out of a handler; nothing is translated"))
        }
    };
    let mut diagnostic = LocalDiagnostic::error(code, at(&error.range, offset), error.message.clone());
    diagnostic.help = help.map(str::to_owned);
    if let Some((range, message)) = &error.related {
        diagnostic = diagnostic.label(Place::Here(at(range, offset)), message.clone());
    }
    diagnostic
}

/// A range of a script in the text of the statement.
pub(crate) fn at(range: &moltler_js::Range, offset: u32) -> TextRange {
    TextRange::new(offset + range.start, offset + range.end)
}

/// The function that is called is not there. `clause` is the keyword's place.
pub(crate) fn missing_entry_point(role: Role, script: &Script, clause: TextRange, offset: u32) -> LocalDiagnostic {
    let entry = role.entry();
    let functions: Vec<_> = script.names.iter().filter(|name| name.function.is_some()).collect();
    let message = match script.names.iter().find(|name| name.name == entry) {
        Some(_) => format!("`{}` needs `{entry}` to be a function", role.clause()),
        None => format!("`{}` needs a function `{entry}({})`", role.clause(), role.parameters().join(", ")),
    };
    let mut diagnostic = LocalDiagnostic::error(Code::MissingEntryPoint, clause, message);
    if functions.is_empty() {
        return diagnostic.help(format!("write `async function {entry}({}) {{ … }}`", role.parameters().join(", ")));
    }
    let found: Vec<String> = functions.iter().map(|name| format!("`{}`", name.name)).collect();
    diagnostic = diagnostic.help(format!("functions found: {}", found.join(", ")));
    let meant = nearest(entry, functions.iter().map(|name| name.name.as_str()))
        .and_then(|near| functions.iter().find(|name| name.name == near))
        .or_else(|| (functions.len() == 1).then(|| &functions[0]));
    match meant {
        Some(function) => {
            let range = at(&function.range, offset);
            diagnostic.label(Place::Here(range), format!("perhaps this is `{entry}`")).fix(
                format!("Rename `{}` to `{entry}`", function.name),
                range,
                entry,
            )
        }
        None => diagnostic,
    }
}

/// A parameter that the host never passes.
pub(crate) fn extra_parameter(role: Role, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(
        Code::ExtraParameter,
        range,
        format!(
            "`{}` is called with {} arguments, this parameter is always undefined",
            role.entry(),
            role.parameters().len()
        ),
    )
    .help(format!("the arguments are: {}", role.parameters().join(", ")))
}

/// A name that neither the script nor the host declares.
pub(crate) fn undefined_name(name: &NameUse, script: &Script, shared: &[String], offset: u32) -> LocalDiagnostic {
    let range = at(&name.range, offset);
    let candidates = Candidates::new(
        "known names",
        (script.names.iter().map(|declared| declared.name.as_str()))
            .chain(shared.iter().map(String::as_str))
            .chain(HOST_GLOBALS.iter().map(|global| global.name))
            .chain(ECMASCRIPT_GLOBALS.iter().copied()),
    );
    LocalDiagnostic::warning(Code::UndefinedName, range, format!("`{}` is not defined", name.name)).nearest(
        &name.name,
        &candidates,
        range,
        "",
    )
}

/// A variable or function of a handler that nothing uses.
pub(crate) fn unused_name(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(Code::UnusedVariable, range, format!("`{name}` is never used"))
        .help(format!("remove it, or call it `_{name}`"))
        .unused()
}

/// A habit from another host.
pub(crate) fn foreign_global(name: &NameUse, replacement: &str, offset: u32) -> LocalDiagnostic {
    LocalDiagnostic::warning(Code::ForeignGlobal, at(&name.range, offset), format!("handlers have no `{}`", name.name))
        .help(replacement)
}

/// `new Date(null)`
pub(crate) fn null_date(range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(Code::NullDate, range, "`new Date(null)` is 1970-01-01, not NULL")
        .help("write `null`, or `value && new Date(value)`")
}

/// `JSON.parse` of what a server sent, where the rows have a number of the thing.
pub(crate) fn parsed_body(field: &str, range: TextRange) -> LocalDiagnostic {
    let message = format!("`JSON.parse` rounds integers beyond 2^53, such as `{field}` may be");
    LocalDiagnostic::warning(Code::RoundedIntegers, range, message)
        .help("`await response.json()` keeps all their digits; or declare the field as a `string`")
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn bodies_that_json_parse_reads() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.a' FIELDS {"id": {"type": "integer"}, "n": {"type": "string"}} QUERY_HANDLER '''
async function query(config) {
    const response = await fetch(config.url), text = await response.text();
    let other = await response.text();
    const rows = JSON.parse(text, null), more = JSON.parse((await response.text()));
    return [...rows, ...more, ...JSON.parse(other), ...JSON.parse('[]'), ...JSON.stringify(text)].map((n) => ({id: 1, n}));
}
''';
CREATE CONNECTOR ENTITY 'shop.b' FIELDS {"id": {"type": "string"}, "size": {"type": "integer"}} QUERY_HANDLER '''
async function query(config) { return JSON.parse(await (await fetch(config.url)).text()); }
''';
"#,
            r#"
                warning[rounded-integers] at `JSON.parse`: `JSON.parse` rounds integers beyond 2^53, such as `id` may be | help: `await response.json()` keeps all their digits; or declare the field as a `string`
                warning[rounded-integers] at `JSON.parse`: `JSON.parse` rounds integers beyond 2^53, such as `id` may be | help: `await response.json()` keeps all their digits; or declare the field as a `string`
            "#,
        );
    }

    #[test]
    fn the_function_must_be_there() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.a' FIELDS {"id": {"type": "string"}} QUERY_HANDLER '''async function qeury(config) { return fetch(config.url); }''';
CREATE CONNECTOR ENTITY 'shop.b' FIELDS {"id": {"type": "string"}} QUERY_HANDLER '''function one() {} function two() {}''';
CREATE CONNECTOR ENTITY 'shop.c' FIELDS {"id": {"type": "string"}} QUERY_HANDLER '''const query = 5;''';
CREATE CONNECTOR ACTION 'shop.d' HANDLER ''' ''';
"#,
            r#"
                error[missing-entry-point] at `QUERY_HANDLER`: `QUERY_HANDLER` needs a function `query(config, filters, options)` | `qeury`: perhaps this is `query` | help: functions found: `qeury` | fix: Rename `qeury` to `query`
                error[missing-entry-point] at `QUERY_HANDLER`: `QUERY_HANDLER` needs a function `query(config, filters, options)` | help: functions found: `one`, `two`
                error[missing-entry-point] at `QUERY_HANDLER`: `QUERY_HANDLER` needs `query` to be a function | help: write `async function query(config, filters, options) { … }`
                error[missing-entry-point] at `HANDLER`: `HANDLER` needs a function `execute(config, params)` | help: write `async function execute(config, params) { … }`
            "#,
        );
    }

    #[test]
    fn names_that_nothing_uses() {
        check(
            r#"
CREATE CONNECTOR ACTION 'shop.d' HANDLER '''
const used = 1, unused = 2, _effect = fetch;
function helper() { return used; }
function forgotten() { const {a, ...rest} = {}; for (const x of []) helper(x); return rest; }
const recursive = () => recursive();
async function execute(config, params) {
    let result = await fetch(config.url);
    let later;
    try { later = 1; } catch (error) { return null; }
    return [1].map((item, index) => helper());
}
''';
CREATE CONNECTOR TYPE 'pets' SHARED '''const forHandlers = 1;''';
"#,
            r#"
                warning[unused-variable] at `unused`: `unused` is never used | help: remove it, or call it `_unused`
                warning[unused-variable] at `forgotten`: `forgotten` is never used | help: remove it, or call it `_forgotten`
                warning[unused-variable] at `result`: `result` is never used | help: remove it, or call it `_result`
            "#,
        );
    }

    #[test]
    fn javascript_errors() {
        check(
            r#"
CREATE CONNECTOR ACTION 'shop.d' HANDLER '''
async function execute(config) { return config.; }
''';
CREATE CONNECTOR ACTION 'shop.e' HANDLER '''
import x from 'y';
async function execute(config) { const a = 1; const a = 2; }
''';
"#,
            r#"
                error[javascript-syntax] at `;`: expected ident
                error[javascript-import] at `import x from 'y';`: a handler has no modules: `import` is not allowed | help: handlers have no modules; put shared code into the type's SHARED block
                error[javascript-duplicate-name] at `a`: `a` is declared twice in one scope | `a`: first declared here
            "#,
        );
    }

    #[test]
    fn names() {
        check(
            r#"
CREATE CONNECTOR ACTION 'shop.d' HANDLER '''
const fs = require('fs');
async function execute(config) { return Buffer.from(headrs + fetsh(config.url)); }
''';
"#,
            r#"
                warning[unused-variable] at `fs`: `fs` is never used | help: remove it, or call it `_fs`
                warning[foreign-global] at `require`: handlers have no `require` | help: a handler has no modules; put shared code into the type's SHARED block
                warning[foreign-global] at `Buffer`: handlers have no `Buffer` | help: use `TextEncoder`, `btoa` and `atob`
                warning[undefined-name] at `headrs`: `headrs` is not defined | help: did you mean `Headers`? | fix: Replace with `Headers`
                warning[undefined-name] at `fetsh`: `fetsh` is not defined | help: did you mean `fetch`? | fix: Replace with `fetch`
            "#,
        );
    }

    #[test]
    fn names_of_shared() {
        check(
            r#"
CREATE CONNECTOR TYPE 'pets' SHARED '''const base = 'https://pets.example'; function get(path) { return fetch(base + path); }''';
CREATE CONNECTOR ACTION 'pets.d' HANDLER '''
async function execute(config) { return gett('/a') + get(base); }
''';
"#,
            r#"
                warning[undefined-name] at `gett`: `gett` is not defined | help: did you mean `get`? | fix: Replace with `get`
            "#,
        );
    }

    #[test]
    fn typescript() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.g' FIELDS {"id": {"type": "string"}} LANGUAGE 'typescript' QUERY_HANDLER '''
type Config = {url: string};
async function query(config: Config, filters: {id?: string}): Promise<unknown[]> {
    const items = (await (await fetch(config.ulr!)).json()) as {key: string}[];
    return items.map((item: {key: string}) => ({id: item.key, idd: filters.ib as string}));
}
''';
CREATE CONNECTOR ACTION 'shop.e' LANGUAGE 'typescript' HANDLER '''
enum Level { Low }
async function execute(config) { return Level.Low; }
''';
CREATE CONNECTOR ACTION 'shop.f' LANGUAGE 'coffee' HANDLER '''async function execute() {}''';
"#,
            r#"
                warning[unknown-config-key] at `ulr`: `ulr` is not a config key of `shop` | help: did you mean `url`? | fix: Replace with `url`
                warning[undeclared-field] at `idd`: `idd` is not a field of `shop.g`, rows lose it | help: did you mean `id`? | fix: Replace with `id`
                warning[unknown-filter] at `ib`: `ib` is not a field of `shop.g` | help: did you mean `id`? | fix: Replace with `id`
                error[typescript-not-erasable] at `enum`: `enum` makes code: write `const Level = {…} as const` | help: types are taken out of a handler; nothing is translated
                error[invalid-value] at `'coffee'`: `LANGUAGE` takes `'javascript'` or `'typescript'`
            "#,
        );
    }

    #[test]
    fn parameters_and_dates() {
        check(
            r#"
CREATE CONNECTOR ACTION 'shop.d' HANDLER '''
async function execute(config, params, options) { return new Date(null); }
''';
"#,
            r#"
                warning[extra-parameter] at `options`: `execute` is called with 2 arguments, this parameter is always undefined | help: the arguments are: config, params
                warning[null-date] at `new Date(null)`: `new Date(null)` is 1970-01-01, not NULL | help: write `null`, or `value && new Date(value)`
            "#,
        );
    }
}
