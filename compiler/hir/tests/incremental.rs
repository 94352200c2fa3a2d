//! The barrier: an edit computes again what it must, whatever the size of the package.

use std::sync::{Arc, Mutex};

use moltler_db::{FileId, NameKind, Statement};
use moltler_hir::lints::Lints;
use moltler_hir::{Change, Database, Package, file_diagnostics, statement_diagnostics};
use moltler_syntax::TextRange;

/// A data base that writes down which queries it executes.
struct Log {
    db: Database,
    executed: Arc<Mutex<Vec<String>>>,
}

impl Log {
    fn new() -> Log {
        let executed = Arc::new(Mutex::new(Vec::new()));
        let log = executed.clone();
        let db = Database::with_events(move |event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                log.lock().unwrap().push(format!("{database_key:?}"));
            }
        });
        Log { db, executed }
    }

    /// How often each query was executed since the last call.
    fn take(&self) -> Vec<(String, usize)> {
        let mut counts: Vec<(String, usize)> = Vec::new();
        for executed in self.executed.lock().unwrap().drain(..) {
            let name = executed.split('(').next().unwrap_or("").to_owned();
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
        }
        counts
    }
}

fn count(counts: &[(String, usize)], query: &str) -> usize {
    counts.iter().find(|(name, _)| name == query).map_or(0, |(_, count)| *count)
}

fn replace(log: &mut Log, package: &mut Package, file: FileId, from: &str, to: &str) -> Change {
    let text = package.text(file);
    let start = text.find(from).expect("the text is there");
    package.edit(&mut log.db, file, TextRange::from(start..start + from.len()), to)
}

const TYPE: &str = r#"
CREATE CONNECTOR TYPE 'shop' CONFIG_SCHEMA {"url": {"type": "string"}};
REGISTER CONNECTOR TYPE 'shop';
CREATE CONNECTOR shop TYPE 'shop' CONFIG {"url": "https://shop.example"};
CREATE CONNECTOR ENTITY 'shop.items' FIELDS {"id": {"type": "string"}, "name": {"type": "string"}} QUERY_HANDLER '''
async function query(config) { const one = 1; return fetch(config.url + '?page=' + one); }
''';
"#;

/// A package that tells no advice.
fn quiet() -> Package {
    let mut package = Package::new("/p");
    package.set_lints(Lints::read("[lints]\nadvice = \"allow\"\n"));
    package
}

fn shop(selects: usize) -> (Log, Package, FileId, FileId) {
    let mut log = Log::new();
    let mut package = quiet();
    let definitions = package.open_file(&mut log.db, "/p/a.molt", TYPE);
    let selects: String =
        (0..selects).map(|number| format!("SELECT id FROM shop.items WHERE name = '{number}';\n")).collect();
    let queries = package.open_file(&mut log.db, "/p/b.molt", &selects);
    for file in [definitions, queries] {
        assert_eq!(file_diagnostics(&log.db, &package, file), []);
    }
    log.take();
    (log, package, definitions, queries)
}

#[test]
fn an_edit_of_a_body_computes_that_body_alone() {
    let (mut log, mut package, definitions, queries) = shop(200);
    let change = replace(&mut log, &mut package, definitions, "one = 1", "one = 2");
    assert_eq!((change.edited.len(), change.affected.len()), (1, 0));
    for file in [definitions, queries] {
        assert_eq!(file_diagnostics(&log.db, &package, file), []);
    }
    let counts = log.take();
    for query in ["item_tree", "scripts", "lower_statement", "check_statement"] {
        assert_eq!(count(&counts, query), 1, "{query}: {counts:?}");
    }
}

#[test]
fn an_edit_parses_its_statement_once() {
    let (mut log, mut package, _, queries) = shop(200);
    let before = moltler_hir::parse_count();
    let change = replace(&mut log, &mut package, queries, "'17'", "'x'");
    for statement in change.edited.iter().chain(&change.affected) {
        statement_diagnostics(&log.db, &package, *statement);
    }
    assert_eq!(moltler_hir::parse_count() - before, 1);
}

/// An edit costs the same in a package of any size: what is computed again is counted.
#[test]
fn the_size_of_the_package_does_not_matter() {
    let computed = |selects: usize| {
        let (mut log, mut package, definitions, queries) = shop(selects);
        let parses = moltler_hir::parse_count();
        for (file, from, to) in
            [(queries, "'1'", "'y'"), (definitions, "one = 1", "one = 2"), (queries, "'y'", "'y' AND")]
        {
            let change = replace(&mut log, &mut package, file, from, to);
            for statement in change.edited.iter().chain(&change.affected) {
                statement_diagnostics(&log.db, &package, *statement);
            }
        }
        (log.take(), moltler_hir::parse_count() - parses)
    };
    assert_eq!(computed(10), computed(2_000));
}

#[test]
fn inputs_do_not_pile_up() {
    pile_up(12_000);
}

#[test]
#[ignore = "takes minutes: cargo test -p moltler-hir --test incremental -- --ignored"]
fn inputs_do_not_pile_up_in_a_long_day() {
    pile_up(100_000);
}

fn pile_up(edits: usize) {
    let (mut log, mut package, definitions, queries) = shop(100);
    let mut random = fastrand::Rng::with_seed(3);
    let (mut largest, mut statements) = ((0, 0), 0);
    for step in 0..edits {
        let file = if random.u8(0..4) == 0 { definitions } else { queries };
        let length = package.document(file).map_or(0, moltler_syntax::Document::len);
        // New names all the time, new statements now and then, and about as much is taken away as is put in.
        let name: String = (0..random.usize(1..6)).map(|_| random.lowercase()).collect();
        let new = match random.u8(0..8) {
            0 => format!("\nSELECT {name} FROM {name}.{name};"),
            1 => format!("\nDECLARE {name} = 1;"),
            2..=4 => name,
            _ => String::new(),
        };
        let at = random.u32(0..=length);
        let end = (at + random.u32(0..12)).min(length);
        let change = package.edit(&mut log.db, file, TextRange::new(at, end), &new);
        for statement in change.edited.iter().chain(&change.affected) {
            statement_diagnostics(&log.db, &package, *statement);
        }
        log.take();
        if step == edits / 2 {
            largest = package.input_counts(&log.db);
        }
        statements = statements.max(package.statements(queries).count() + package.statements(definitions).count());
    }
    let counts = package.input_counts(&log.db);
    assert!(counts.0 <= statements + 8, "as many statements as there were at once: {counts:?}, {statements}");
    assert!(counts.1 <= 2 * largest.1.max(6_000), "names are forgotten: {counts:?}, {largest:?}");
}

#[test]
fn a_config_key_that_a_handler_reads_concerns_its_type_alone() {
    let (mut log, mut package, definitions, _) = shop(200);
    let change = replace(&mut log, &mut package, definitions, "config.url", "config.ur");
    assert_eq!((change.edited.len(), change.affected.len()), (1, 1));
    let found = file_diagnostics(&log.db, &package, definitions);
    let codes: Vec<_> = found.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["unused-config-key", "unknown-config-key"]);
}

#[test]
fn a_description_concerns_nobody() {
    let (mut log, mut package, definitions, queries) = shop(200);
    replace(&mut log, &mut package, definitions, "FIELDS", "DESCRIPTION 'a' FIELDS");
    file_diagnostics(&log.db, &package, queries);
    log.take();
    let change = replace(&mut log, &mut package, definitions, "'a'", "'ab'");
    assert_eq!((change.edited.len(), change.affected.len()), (1, 0));
    file_diagnostics(&log.db, &package, queries);
    file_diagnostics(&log.db, &package, definitions);
    assert_eq!(count(&log.take(), "lower_statement"), 1);
}

#[test]
fn an_edit_of_one_select_computes_that_select_alone() {
    let (mut log, mut package, _, queries) = shop(200);
    let change = replace(&mut log, &mut package, queries, "'17'", "'x'");
    assert_eq!((change.edited.len(), change.affected.len()), (1, 0));
    assert_eq!(file_diagnostics(&log.db, &package, queries), []);
    assert_eq!(count(&log.take(), "lower_statement"), 1);
}

#[test]
fn text_before_a_statement_moves_its_diagnostics_without_computing_them() {
    let (mut log, mut package, _, queries) = shop(3);
    replace(&mut log, &mut package, queries, "name = '2'", "nam = '2'");
    let before = file_diagnostics(&log.db, &package, queries);
    log.take();
    replace(&mut log, &mut package, queries, "'0'", "'zero'");
    let after = file_diagnostics(&log.db, &package, queries);
    assert_eq!(before[0].range.range.shift(3), after[0].range.range);
    assert_eq!(count(&log.take(), "check_statement"), 1);
}

#[test]
fn a_changed_field_reaches_its_users_and_nobody_else() {
    let (mut log, mut package, definitions, queries) = shop(20);
    let other = "CREATE CONNECTOR TYPE 'pets' CONFIG_SCHEMA {};\nREGISTER CONNECTOR TYPE 'pets';\n";
    let other = package.open_file(&mut log.db, "/p/c.molt", other);
    file_diagnostics(&log.db, &package, other);
    log.take();
    let change = replace(&mut log, &mut package, definitions, "\"name\"", "\"label\"");
    let uses = package.uses(NameKind::Instance, "shop");
    assert!(uses.iter().all(|statement| change.affected.contains(statement)));
    assert!(!change.files.contains(&other));
    let found = file_diagnostics(&log.db, &package, queries);
    assert_eq!(found.len(), 20);
    assert!(found.iter().all(|diagnostic| diagnostic.code == "unknown-field"));
    file_diagnostics(&log.db, &package, other);
    let counts = log.take();
    assert!(count(&counts, "lower_statement") <= 20 + change.edited.len() + 5, "{counts:?}");
}

#[test]
fn a_name_that_appears_heals_those_that_waited_for_it() {
    let mut log = Log::new();
    let mut package = quiet();
    let file = package.open_file(&mut log.db, "/p/b.molt", "SELECT id FROM shop.items;\n");
    assert_eq!(file_diagnostics(&log.db, &package, file)[0].code, "unknown-instance");
    let definitions = package.open_file(&mut log.db, "/p/a.molt", TYPE);
    assert_eq!(file_diagnostics(&log.db, &package, file), []);
    package.close_file(&mut log.db, definitions);
    assert_eq!(file_diagnostics(&log.db, &package, file)[0].code, "unknown-instance");
}

#[test]
fn inputs_of_closed_statements_are_used_again() {
    let (mut log, mut package, definitions, queries) = shop(10);
    let before: Vec<Statement> = package.statements(queries).map(|(statement, _)| statement).collect();
    for _ in 0..5 {
        let file = package.file("/p/b.molt").unwrap();
        let text = package.text(file);
        package.close_file(&mut log.db, file);
        let file = package.open_file(&mut log.db, "/p/b.molt", &text);
        let mut again: Vec<Statement> = package.statements(file).map(|(statement, _)| statement).collect();
        let mut before = before.clone();
        again.sort_by_key(|statement| format!("{statement:?}"));
        before.sort_by_key(|statement| format!("{statement:?}"));
        assert_eq!(again, before);
        assert_eq!(file_diagnostics(&log.db, &package, file), []);
    }
    assert_eq!(file_diagnostics(&log.db, &package, definitions), []);
}

/// After random edits the package is as one that was opened afresh with the same texts, and `Change` has told every
/// statement whose diagnostics changed.
#[test]
fn random_edits_end_where_a_fresh_package_does() {
    let mut random = fastrand::Rng::with_seed(7);
    let pieces = [
        "SELECT id FROM shop.items;\n",
        "SELECT name, nam FROM shop.items WHERE id = 1;\n",
        "CREATE CONNECTOR TYPE 'shop' CONFIG_SCHEMA {\"url\": {\"type\": \"string\"}};\n",
        "REGISTER CONNECTOR TYPE 'shop';\n",
        "CREATE CONNECTOR shop TYPE 'shop' CONFIG {\"url\": \"a\"};\n",
        "CREATE CONNECTOR ENTITY 'shop.items' FIELDS {\"id\": {\"type\": \"string\"}} QUERY_HANDLER '''async function query() { return []; }''';\n",
        "DECLARE x = 1;\n",
        "PRINT x;\n",
        "TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN SELECT id FROM shop.items; END TEST;\n",
        "PACKAGE CONNECTOR TYPE 'shop' VERSION '1.0.0';\n",
        "\n-- moltler: allow(null-comparison)\n",
        "\n-- moltler: allow-file(missing-description)\n",
        "PRINT 1 = NULL;\n",
        "'",
        ";",
        "'''",
        "shop",
        " ",
        "x",
        "{",
        "\n",
    ];
    for _ in 0..60 {
        let mut log = Log::new();
        let mut package = Package::new("/p");
        let files = [
            package.open_file(&mut log.db, "/p/a.molt", TYPE),
            package.open_file(&mut log.db, "/p/b.molt", "SELECT id FROM shop.items;\n"),
        ];
        let mut shown: std::collections::HashMap<Statement, Vec<_>> = Default::default();
        let all = |log: &Log, package: &Package| -> Vec<Statement> {
            let _ = log;
            files.iter().flat_map(|file| package.statements(*file).map(|(statement, _)| statement)).collect()
        };
        let plain = |log: &Log, package: &Package, statement: Statement| -> Vec<(&'static str, String)> {
            statement_diagnostics(&log.db, package, statement)
                .into_iter()
                .map(|diagnostic| (diagnostic.code, diagnostic.message))
                .collect()
        };
        for statement in all(&log, &package) {
            shown.insert(statement, plain(&log, &package, statement));
        }
        for _ in 0..30 {
            let file = files[random.usize(..2)];
            let text = package.text(file);
            let boundary = |mut at: usize| {
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let start = boundary(random.usize(..=text.len()));
            let end = boundary((start + random.usize(..40)).min(text.len())).max(start);
            let end = if random.bool() { start } else { end };
            let piece = pieces[random.usize(..pieces.len())];
            let change = package.edit(&mut log.db, file, TextRange::from(start..end), piece);
            for removed in &change.removed {
                shown.remove(removed);
            }
            for statement in change.edited.iter().chain(&change.affected) {
                shown.insert(*statement, plain(&log, &package, *statement));
            }
            for statement in all(&log, &package) {
                assert_eq!(shown[&statement], plain(&log, &package, statement), "{}", statement.text(&log.db));
            }
        }
        let mut fresh_db = Database::default();
        let mut fresh = Package::new("/p");
        for file in files {
            fresh.open_file(&mut fresh_db, package.path(file), &package.text(file));
        }
        for file in files {
            let found = file_diagnostics(&log.db, &package, file);
            let expected = file_diagnostics(&fresh_db, &fresh, file);
            assert_eq!(found, expected, "{}", package.text(file));
        }
    }
}
