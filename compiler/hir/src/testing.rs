//! Packages for tests: files in a text, diagnostics as lines.

use moltler_db::{Diagnostic, FileId, MemorySystem};

use crate::assemble::file_diagnostics;
use crate::database::Database;
use crate::package::Package;

/// What tests of something else do not want to be told.
fn manifest() -> String {
    let advice = [
        "missing-description",
        "missing-version",
        "no-rate-limit",
        "unchecked-response",
        "unfiltered-select",
        "untested",
    ];
    let levels: String = advice.iter().map(|code| format!("{code} = \"allow\"\n")).collect();
    format!("[lints]\n{levels}")
}

/// The diagnostics of one file of a package of several.
pub(crate) fn diagnostics_of(name: &str, files: &[(&str, &str)]) -> Vec<Diagnostic> {
    let mut system = MemorySystem::new();
    system.write("/p/moltler.toml", "");
    for (name, text) in files {
        system.write(format!("/p/{name}"), *text);
    }
    let mut db = Database::default();
    let (package, _) = Package::load(&mut db, &system, "/p").expect("files in memory can be read");
    let file = package.file(&format!("/p/{name}")).expect("one of the files");
    file_diagnostics(&db, &package, file)
}

/// Checks the diagnostics of a text, with all advice.
#[track_caller]
pub(crate) fn check_pedantic(input: &str, expected: &str) {
    let found = diagnostics_of("main.molt", &[("main.molt", input)]);
    let (_, package) = package(input);
    let found: Vec<String> = found.iter().map(|diagnostic| line(&package, diagnostic)).collect();
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(found.join("\n"), expected.join("\n"));
}

/// A package of one file or, with lines `-- file: name.molt`, of several.
pub(crate) fn package(input: &str) -> (Database, Package) {
    let mut system = MemorySystem::new();
    system.write("/p/moltler.toml", manifest());
    let mut name = "main.molt".to_owned();
    let mut text = String::new();
    for line in input.split_inclusive('\n') {
        match line.strip_prefix("-- file: ") {
            Some(next) => {
                if !text.trim().is_empty() {
                    system.write(format!("/p/{name}"), std::mem::take(&mut text));
                }
                text.clear();
                name = next.trim().to_owned();
            }
            None => text.push_str(line),
        }
    }
    system.write(format!("/p/{name}"), text);
    let mut db = Database::default();
    let (package, _) = Package::load(&mut db, &system, "/p").expect("files in memory can be read");
    (db, package)
}

/// The diagnostics of all files, one line each: severity, code, the text that is marked, message; then help and labels.
pub(crate) fn diagnostics(input: &str) -> String {
    let (db, package) = package(input);
    let mut lines = Vec::new();
    for (file, _) in package.files() {
        for diagnostic in file_diagnostics(&db, &package, file) {
            lines.push(line(&package, &diagnostic));
        }
    }
    lines.join("\n")
}

fn line(package: &Package, diagnostic: &Diagnostic) -> String {
    let marked = |file: FileId, range: moltler_syntax::TextRange| {
        let text = package.text(file);
        let marked = range.of(&text);
        match marked.split_once('\n') {
            Some((first, _)) => format!("{first}…"),
            None => marked.to_owned(),
        }
    };
    let mut line = format!(
        "{}[{}] at `{}`: {}",
        diagnostic.severity.name(),
        diagnostic.code,
        marked(diagnostic.range.file, diagnostic.range.range),
        diagnostic.message
    );
    for label in &diagnostic.labels {
        line.push_str(&format!(" | `{}`: {}", marked(label.range.file, label.range.range), label.message));
    }
    if let Some(help) = &diagnostic.help {
        line.push_str(&format!(" | help: {help}"));
    }
    for fix in &diagnostic.fixes {
        line.push_str(&format!(" | fix: {}", fix.title));
    }
    line
}

/// A type with an entity and an action, registered, with an instance `shop`.
pub(crate) const SHOP: &str = r#"
CREATE CONNECTOR TYPE 'shop'
CONFIG_SCHEMA {"url": {"type": "string", "required": true}, "key": {"type": "string", "secret": true}};
CREATE CONNECTOR ENTITY 'shop.items'
FIELDS {
    "id": {"type": "string", "primary_key": true},
    "name": {"type": "string"},
    "price": {"type": "number"},
    "stock": {"type": "integer"},
    "active": {"type": "boolean"},
    "created": {"type": "timestamp"},
    "extra": {"type": "document"},
    "tags": {"type": "array"}
}
QUERY_HANDLER '''
async function query(config, filters, options) { return await (await fetch(config.url + config.key)).json(); }
''';
CREATE CONNECTOR ACTION 'shop.items.create'
PARAMETERS {"name": {"type": "string", "required": true}, "price": {"type": "number", "default": 1}}
HANDLER '''
async function execute(config, params) { return params; }
''';
REGISTER CONNECTOR TYPE 'shop';
CREATE CONNECTOR shop TYPE 'shop' CONFIG {"url": "https://shop.example"};
"#;

/// Checks the diagnostics of a text behind [`SHOP`].
#[track_caller]
pub(crate) fn check(input: &str, expected: &str) {
    check_alone(&format!("{SHOP}{input}"), expected);
}

/// Checks the diagnostics of a text.
#[track_caller]
pub(crate) fn check_alone(input: &str, expected: &str) {
    let found = diagnostics(input);
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(found, expected.join("\n"));
}
