//! The published page: all its blocks together have warnings only, and those that a reader expects.

mod support;

use moltler_db::{FileId, MemorySystem, Severity};
use moltler_hir::body::{ExprKind, StmtKind};
use moltler_hir::{Database, Package, file_diagnostics};

fn open() -> (Database, Package, FileId) {
    let mut system = MemorySystem::new();
    system.write("/p/page.molt", support::page());
    let mut db = Database::default();
    let (package, file) = Package::load(&mut db, &system, "/p/page.molt").expect("files in memory can be read");
    (db, package, file.expect("the path is a file"))
}

#[test]
fn warnings() {
    let (db, package, file) = open();
    let found: Vec<String> = file_diagnostics(&db, &package, file)
        .into_iter()
        .filter(|diagnostic| diagnostic.severity != Severity::Hint)
        .map(|diagnostic| {
            let text = package.text(file);
            let marked = diagnostic.range.range.of(&text);
            format!("{}[{}] {marked}", diagnostic.severity.name(), diagnostic.code)
        })
        .collect();
    // Six definitions of one entity; the last one counts.
    let mut expected = vec!["warning[repeated-definition] 'myservice.items'"; 5];
    expected.extend([
        "warning[undefined-name] fetchFromAPI",
        "warning[undefined-name] url",
        "warning[undefined-name] headers",
        "warning[unknown-action] items.delete",
    ]);
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(found), sorted(expected.into_iter().map(str::to_owned).collect()));
}

#[test]
fn definitions() {
    let (db, package, _) = open();
    let definitions = package.definitions(&db);
    assert!(package.registered("myservice"));
    let [lowered] = &definitions.types[..] else { panic!("one type") };
    let Some(StmtKind::Type(definition)) = lowered.body.statement().map(|root| &root.kind) else { panic!("a type") };
    let keys: Vec<_> = definition.config.iter().map(|key| (key.name.as_str(), key.required, key.secret)).collect();
    assert_eq!(keys, [("api_url", true, false), ("api_key", true, true)]);
    let [lowered] = &definitions.entities[..] else { panic!("one entity") };
    let Some(StmtKind::Entity(entity)) = lowered.body.statement().map(|root| &root.kind) else { panic!("an entity") };
    assert_eq!((entity.type_name(), entity.entity_name()), ("myservice", "items"));
    let script = entity.handler.as_ref().expect("it has a handler");
    assert!(script.range.of(&lowered.text).contains("ConnectorAuthError"), "the last definition counts");
    let [lowered] = &definitions.instances[..] else { panic!("one instance") };
    let secrets = lowered.body.exprs.iter().filter(|(_, expr)| matches!(expr.kind, ExprKind::SecretTemplate(_)));
    assert_eq!(secrets.count(), 1);
    assert_eq!(definitions.actions.len(), 1);
}

#[test]
fn programs_and_tests() {
    let (db, package, file) = open();
    let program: Vec<_> = package
        .program(&db, file)
        .into_iter()
        .map(|lowered| match &lowered.body.statement().expect("a statement").kind {
            StmtKind::Query(_) => "query",
            StmtKind::Execute(_) => "execute",
            StmtKind::Package(_) => "package",
            StmtKind::Publish(_) => "publish",
            _ => "other",
        })
        .collect();
    assert_eq!(program, ["query", "execute", "package", "publish"]);
    let tests = package.tests(&db, file);
    let environments: Vec<_> = tests
        .iter()
        .map(|lowered| match &lowered.body.statement().expect("a statement").kind {
            StmtKind::Test(test) => (test.name.text.as_str(), test.environment.clone(), lowered.errors.len()),
            _ => panic!("tests only"),
        })
        .collect();
    assert_eq!(
        environments,
        [
            ("query returns items", vec![], 0),
            ("integration with real API", vec!["MYSERVICE_TEST_URL".to_owned(), "MYSERVICE_TEST_KEY".to_owned()], 0),
        ]
    );
    let fails = tests[1].body.stmts.iter().filter(|(_, stmt)| matches!(stmt.kind, StmtKind::Fail(_)));
    assert_eq!(fails.count(), 1, "the undeclared `items.delete`");
}
