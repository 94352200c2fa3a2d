//! Any text goes through without a panic.

mod support;

use moltler_hir::body::{Body, ExprId, ExprKind, SourceId, StmtKind};
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
        assert_columns(&lowered.body, &lowered.text);
    }
}

/// Invariant: each clause mentions the sources that it sees, and those of SELECTs around that are listed.
fn assert_columns(body: &Body, text: &str) {
    for (_, select) in body.selects.iter() {
        let from: Vec<SourceId> = select.from.iter().map(|item| item.source).collect();
        let assert_in = |roots: Vec<ExprId>, known: &[SourceId]| {
            let mut pending = roots;
            while let Some(expr) = pending.pop() {
                let kind = &body.exprs[expr].kind;
                if let ExprKind::Column(column) = kind {
                    assert!(known.contains(&column.source) || select.outer.contains(column), "{text}");
                    assert!((column.field as usize) < body.sources[column.source].fields.len(), "{text}");
                }
                pending.extend(kind.operands());
                for outer in kind.query().iter().flat_map(|query| &body.selects[*query].outer) {
                    assert!(known.contains(&outer.source) || select.outer.contains(outer), "{text}");
                }
            }
        };
        assert_in(select.from.iter().filter_map(|item| item.on).chain(select.filter).collect(), &from);
        let mut behind: Vec<ExprId> = select.columns.iter().map(|column| column.value).collect();
        behind.extend(select.order_by.iter().map(|key| key.value));
        match &select.grouping {
            None => assert_in(behind, &from),
            Some(grouping) => {
                assert_eq!(body.sources[grouping.source].fields.len(), grouping.keys.len() + grouping.aggregates.len());
                let arguments =
                    grouping.aggregates.iter().flat_map(|aggregate| [aggregate.argument, aggregate.separator]);
                assert_in(grouping.keys.iter().copied().chain(arguments.flatten()).collect(), &from);
                behind.extend(grouping.having);
                assert_in(behind, &[grouping.source]);
            }
        }
    }
}

#[test]
fn queries() {
    let mut random = fastrand::Rng::with_seed(2);
    let mut fine = 0;
    for _ in 0..1_000 {
        let text = format!("DECLARE v = [1];\n{};\n", query(&mut random, 2));
        check(&text);
        let mut db = Database::default();
        let mut package = Package::new("/p");
        let file = package.open_file(&mut db, "/p/a.molt", &text);
        fine += usize::from(package.program(&db, file).iter().all(|lowered| lowered.errors.is_empty()));
    }
    assert!(fine > 60, "{fine} have no error");
}

fn query(random: &mut fastrand::Rng, depth: usize) -> String {
    let mut text = String::new();
    if depth > 1 && random.u8(..8) == 0 {
        text = format!("WITH c(a, b) AS ({}) ", query(random, depth - 1));
    }
    for part in 0..=usize::from(random.u8(..6) == 0) {
        if part > 0 {
            text.push_str([" UNION ", " UNION ALL "][random.usize(..2)]);
        }
        let grouped = random.u8(..3) == 0;
        let value = |random: &mut fastrand::Rng| match random.u8(..4) {
            0 if grouped => format!("{}({})", ["MIN", "COUNT", "ARRAY_AGG"][random.usize(..3)], scalar(random, depth)),
            1 if grouped => "COUNT(*)".to_owned(),
            _ => scalar(random, depth),
        };
        let distinct = ["", "", "DISTINCT "][random.usize(..3)];
        text.push_str(&format!(
            "SELECT {distinct}{} AS a, {} AS b FROM {}",
            value(random),
            value(random),
            table(random, depth, "x")
        ));
        for alias in ["y", "z"].into_iter().take(random.usize(..3)) {
            let join = [", ", " JOIN ", " LEFT JOIN ", " CROSS JOIN "][random.usize(..4)];
            text.push_str(&format!("{join}{}", table(random, depth, alias)));
            if join.ends_with("JOIN ") && !join.contains("CROSS") {
                text.push_str(&format!(" ON {} = {}", scalar(random, depth), scalar(random, depth)));
            }
        }
        if random.bool() {
            text.push_str(&format!(" WHERE {} = {}", scalar(random, depth), scalar(random, depth)));
        }
        if grouped {
            text.push_str([" GROUP BY a", " GROUP BY 1, 2", " GROUP BY x.a, y.a", ""][random.usize(..4)]);
            if random.bool() {
                text.push_str(&format!(" HAVING {} = 1", value(random)));
            }
        }
    }
    if random.bool() {
        text.push_str([" ORDER BY a", " ORDER BY 1 DESC, b", " ORDER BY COUNT(*)", " ORDER BY x.a"][random.usize(..4)]);
    }
    text
}

fn table(random: &mut fastrand::Rng, depth: usize, alias: &str) -> String {
    match random.u8(..12) {
        0..3 if depth > 0 => format!("({}) {alias}", query(random, depth - 1)),
        3 => format!("c {alias}"),
        _ => format!("v {alias}"),
    }
}

fn scalar(random: &mut fastrand::Rng, depth: usize) -> String {
    match random.u8(..20) {
        0 if depth > 0 => format!("(SELECT MAX({}) FROM v w)", ["w.a", "x.a", "y.b"][random.usize(..3)]),
        1 if depth > 0 => format!("({})", query(random, depth - 1)),
        2 if depth > 0 => format!("EXISTS ({})", query(random, depth - 1)),
        3 if depth > 0 => format!("{} IN ({})", scalar(random, depth - 1), query(random, depth - 1)),
        4 => format!("ABS({})", scalar(random, depth)),
        _ => ["x.a", "x.b", "1", "x.a", "x.b", "2", "x.a", "y.a", "a"][random.usize(..9)].to_owned(),
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
