//! Any text goes through without a panic.

mod support;

use moltler_hir::body::{ExprKind, StmtKind};
use moltler_hir::{Database, Lowered, Package, file_diagnostics};

fn check(text: &str) {
    let mut db = Database::default();
    let mut package = Package::new("/p");
    let file = package.open_file(&mut db, "/p/a.molt", text);
    let length = text.len() as u32;
    for diagnostic in file_diagnostics(&db, &package, file) {
        assert!(diagnostic.range.range.end() <= length, "{diagnostic:?}");
    }
    let definitions = package.definitions(&db);
    let lowered =
        [definitions.types, definitions.entities, definitions.actions, definitions.instances].into_iter().flatten();
    for lowered in lowered.chain(package.program(&db, file)).chain(package.tests(&db, file)) {
        assert_whole(&lowered);
    }
}

/// Invariant: without an error, nothing is missing in a body.
fn assert_whole(lowered: &Lowered) {
    if lowered.errors.is_empty() {
        let mut exprs = lowered.body.exprs.iter();
        let mut stmts = lowered.body.stmts.iter();
        assert!(exprs.all(|(_, expr)| expr.kind != ExprKind::Missing), "{}", lowered.text);
        assert!(stmts.all(|(_, stmt)| stmt.kind != StmtKind::Missing), "{}", lowered.text);
    }
}

#[test]
fn prefixes() {
    let page = support::page();
    // Some of them: the suite of all tools takes every one.
    for end in (0..page.len()).step_by(41).filter(|end| page.is_char_boundary(*end)) {
        check(&page[..end]);
    }
}

#[test]
fn edits() {
    let mut random = fastrand::Rng::with_seed(1);
    let page = support::page();
    let pieces = [
        "'",
        "\"",
        ";",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "'''",
        "--",
        "/*",
        "*/",
        "SELECT ",
        "BEGIN ",
        "END TEST;",
        " = NULL",
        ".",
        "::",
        "=>",
        "é",
        "\u{1F600}",
        "\r\n",
        "\0",
        "IF TRUE THEN ",
        "CASE ",
        "0x",
        "9999999999999999999999",
        "TEST CONNECTOR TYPE ",
    ];
    let mut db = Database::default();
    let mut package = Package::new("/p");
    let file = package.open_file(&mut db, "/p/a.molt", &page);
    let mut text = page.clone();
    for step in 0..500 {
        if step % 50 == 0 {
            text = page.clone();
            package.set_text(&mut db, file, &text);
        }
        let boundary = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = boundary(random.usize(..=text.len()));
        let end = boundary((start + random.usize(..12)).min(text.len())).max(start);
        let piece = pieces[random.usize(..pieces.len())];
        package.edit(&mut db, file, moltler_syntax::TextRange::from(start..end), piece);
        text.replace_range(start..end, piece);
        assert_eq!(package.text(file), text);
        for diagnostic in file_diagnostics(&db, &package, file) {
            assert!(diagnostic.range.range.end() as usize <= text.len(), "{diagnostic:?}");
        }
        for lowered in package.program(&db, file).iter().chain(&package.tests(&db, file)) {
            assert_whole(lowered);
        }
    }
}

#[test]
fn deep_nesting() {
    for open in ["(", "[", "{\"a\": ", "NOT ", "- ", "CASE WHEN ", "a[", "ARRAY_LENGTH(", "CAST(", "IF TRUE THEN "] {
        for depth in [100, 1_000, 20_000] {
            check(&format!("PRINT {}", open.repeat(depth)));
            check(&format!("PRINT {} 1;", open.repeat(depth)));
        }
    }
    for (operand, operator) in [("1", " + "), ("'a'", " || "), ("a", "."), ("TRUE", " AND "), ("a", "::")] {
        check(&format!("PRINT {};", vec![operand; 20_000].join(operator)));
    }
    check(&format!("PRINT {}1{};", "(".repeat(3_000), ")".repeat(3_000)));
    check(&format!("CREATE CONNECTOR TYPE 'a' CONFIG_SCHEMA {}1{};", "{\"a\": ".repeat(3_000), "}".repeat(3_000)));
}

#[test]
fn odd_texts() {
    for text in [
        "",
        ";",
        ";;;",
        "'",
        "'''",
        "\u{FEFF}",
        "\r\n",
        "\0",
        "CREATE",
        "CREATE CONNECTOR TYPE '';",
        "CREATE CONNECTOR ENTITY '' FIELDS {} QUERY_HANDLER '''''';",
        "CREATE CONNECTOR ENTITY '.' FIELDS {};",
        "CREATE CONNECTOR ACTION 'a..b' HANDLER '''''';",
        "TEST CONNECTOR TYPE '' BEGIN END TEST;",
        "SELECT;",
        "SELECT FROM;",
        "SELECT * ;",
        "SELECT a.* FROM b;",
        "DECLARE;",
        "SET x = x;",
        "DECLARE x = x;",
        "CONNECTOR_EXEC a();",
        "PARAM p;",
        "PARAM p DEFAULT p;",
    ] {
        check(text);
    }
}
