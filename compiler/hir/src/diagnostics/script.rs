//! What is wrong in a handler: `javascript-…`, `missing-entry-point`, `extra-parameter`, `undefined-name`,
//! `foreign-global`, `null-date`.

use moltler_abi::host::{ECMASCRIPT_GLOBALS, HOST_GLOBALS};
use moltler_js::{ErrorKind, NameUse, Script, ScriptError};
use moltler_syntax::TextRange;

use super::{LocalDiagnostic, Place};
use crate::script::Role;
use crate::suggest::{Candidates, nearest};

/// An error that the JavaScript parser found; `offset` is where the script starts.
pub(crate) fn javascript(error: &ScriptError, offset: u32) -> LocalDiagnostic {
    let (code, help) = match error.kind {
        ErrorKind::Syntax => ("javascript-syntax", None),
        ErrorKind::Duplicate => ("javascript-duplicate-name", None),
        ErrorKind::Import => {
            ("javascript-import", Some("handlers have no modules; put shared code into the type's SHARED block"))
        }
        ErrorKind::Export => ("javascript-export", Some("write the function alone; it is found by its name")),
        ErrorKind::TopLevelReturn => ("javascript-return", Some("`return` belongs into a function")),
        ErrorKind::TopLevelAwait => ("javascript-await", Some("`await` belongs into an `async function`")),
        ErrorKind::TooDeep => ("javascript-too-deep", None),
        ErrorKind::NotSupported => ("not-supported", None),
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
    let mut diagnostic = LocalDiagnostic::error("missing-entry-point", clause, message);
    if functions.is_empty() {
        return diagnostic
            .help(format!("write `async function {entry}({}) {{ … }}`", role.parameters().join(", ")));
    }
    let found: Vec<String> = functions.iter().map(|name| format!("`{}`", name.name)).collect();
    diagnostic = diagnostic.help(format!("functions found: {}", found.join(", ")));
    let meant = nearest(entry, functions.iter().map(|name| name.name.as_str()))
        .and_then(|near| functions.iter().find(|name| name.name == near))
        .or_else(|| (functions.len() == 1).then(|| &functions[0]));
    match meant {
        Some(function) => {
            let range = at(&function.range, offset);
            diagnostic
                .label(Place::Here(range), format!("perhaps this is `{entry}`"))
                .fix(format!("Rename `{}` to `{entry}`", function.name), range, entry)
        }
        None => diagnostic,
    }
}

/// A parameter that the host never passes.
pub(crate) fn extra_parameter(role: Role, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(
        "extra-parameter",
        range,
        format!("`{}` is called with {} arguments, this parameter is always undefined", role.entry(), role.parameters().len()),
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
    LocalDiagnostic::warning("undefined-name", range, format!("`{}` is not defined", name.name))
        .nearest(&name.name, &candidates, range, "")
}

/// A habit from another host.
pub(crate) fn foreign_global(name: &NameUse, replacement: &str, offset: u32) -> LocalDiagnostic {
    LocalDiagnostic::warning("foreign-global", at(&name.range, offset), format!("handlers have no `{}`", name.name))
        .help(replacement)
}

/// `new Date(null)`
pub(crate) fn null_date(range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning("null-date", range, "`new Date(null)` is 1970-01-01, not NULL")
        .help("write `null`, or `value && new Date(value)`")
}
