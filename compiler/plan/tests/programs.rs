//! From text to programs: what the planner makes of sound statements.

use moltler_abi::manifest::Manifest;
use moltler_hir::{Database, Package};
use moltler_plan::explain;
use moltler_plan::program::{Options, Program, build};

const SHOP: &str = "
CREATE CONNECTOR TYPE 'shop'
CONFIG_SCHEMA {
    \"url\": {\"type\": \"string\", \"required\": true},
    \"page\": {\"type\": \"integer\", \"default\": 10 + 5}
};
CREATE CONNECTOR ENTITY 'shop.items'
FIELDS {
    \"id\": {\"type\": \"string\", \"primary_key\": true},
    \"name\": {\"type\": \"string\"},
    \"status\": {\"type\": \"string\"},
    \"priority\": {\"type\": \"integer\"},
    \"created_at\": {\"type\": \"timestamp\"},
    \"metadata\": {\"type\": \"document\"},
    \"JQL\": {\"type\": \"string\", \"filter_only\": true}
}
QUERY_HANDLER '''
async function query(config, filters, options) {
    return [];
}
''';
CREATE CONNECTOR ACTION 'shop.items.create'
PARAMETERS {\"name\": {\"type\": \"string\", \"required\": true}, \"status\": {\"type\": \"string\", \"default\": \"active\"}}
HANDLER '''
async function execute(config, params) {
    return params;
}
''';
REGISTER CONNECTOR TYPE 'shop';
CREATE CONNECTOR prod TYPE 'shop' CONFIG {\"url\": 'https://' || ENV('SHOP_HOST')};
";

fn program(text: &str) -> Program {
    let mut db = Database::default();
    let mut package = Package::new("/shop");
    package.open_file(&mut db, "/shop/definitions.molt", SHOP);
    let main = package.open_file(&mut db, "/shop/main.molt", text);
    let file_errors = moltler_hir::file_diagnostics(&db, &package, main);
    let errors: Vec<String> = file_errors
        .into_iter()
        .filter(|diagnostic| diagnostic.severity == moltler_db::Severity::Error)
        .map(|diagnostic| diagnostic.message)
        .collect();
    assert_eq!(errors, [""; 0]);
    build(&db, &package, &Options { main: Some(main), tests: vec![main], ..Options::default() })
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(explain::program(&program(text)).trim_end(), expected.trim());
}

fn manifest(text: &str) -> Manifest {
    program(text).manifest
}

#[test]
fn select_with_an_equality() {
    check(
        "SELECT id, name, status FROM prod.items WHERE status = 'active';",
        "
main
  Print query 0
query 0 (id string, name string, status string)
  Pipeline [id, name, status] where status = 'active'
    ConnectorScan prod.items [id, name, status] filters {status: 'active'} where [status = 'active']
",
    );
}

#[test]
fn select_everything() {
    check(
        "SELECT * FROM prod.items LIMIT 5 OFFSET 2;",
        "
main
  Print query 0
query 0 (id string, name string, status string, priority integer, created_at timestamp, metadata document)
  Limit 5 offset 2
    ConnectorScan prod.items [id, name, status, priority, created_at, metadata] limit 7
",
    );
}

#[test]
fn order_by_a_column_that_is_not_selected_an_alias_and_a_position() {
    check(
        "SELECT name AS n, priority + 1 FROM prod.items AS i ORDER BY created_at DESC, n, 2 NULLS FIRST LIMIT 3;",
        "
main
  Print query 0
query 0 (n string, ?column? integer)
  Limit 3
    Sort #2 DESC NULLS FIRST, #0, #1 NULLS FIRST
      Pipeline [name, priority + 1, created_at]
        ConnectorScan prod.items [name, priority, created_at]
",
    );
}

#[test]
fn without_rules_only_what_rows_do_not_carry_is_pushed() {
    let mut db = Database::default();
    let mut package = Package::new("/shop");
    package.open_file(&mut db, "/shop/definitions.molt", SHOP);
    let text = "SELECT id FROM prod.items WHERE JQL = 'x' AND name = 'y' LIMIT 0;";
    let main = package.open_file(&mut db, "/shop/main.molt", text);
    let program = build(&db, &package, &Options { main: Some(main), unoptimized: true, ..Options::default() });
    let expected = "
main
  Print query 0
query 0 (id string)
  Limit 0
    Pipeline [id] where name = 'y'
      ConnectorScan prod.items [id, name, status, priority, created_at, metadata, JQL] filters {JQL: 'x'} where [JQL = 'x']
";
    assert_eq!(explain::program(&program).trim_end(), expected.trim());
}

#[test]
fn the_order_is_told() {
    check(
        "SELECT id FROM prod.items WHERE priority > 1 ORDER BY created_at DESC, id LIMIT 2;",
        "
main
  Print query 0
query 0 (id string)
  Limit 2
    Sort #1 DESC NULLS FIRST, #0
      Pipeline [id, created_at] where priority > 1
        ConnectorScan prod.items [id, priority, created_at] where [priority > 1] order by created_at DESC, id
",
    );
}

#[test]
fn contradictions_and_limit_zero_call_nobody() {
    check(
        "SELECT id FROM prod.items WHERE status = 'a' AND status = 'b'; SELECT id FROM prod.items LIMIT 0;",
        "
main
  Print query 0
  Print query 1
query 0 (id string)
  Nothing
query 1 (id string)
  Nothing
",
    );
}

#[test]
fn a_filter_only_field_is_only_passed_on() {
    check(
        "SELECT id FROM prod.items WHERE JQL = 'project = X';",
        "
main
  Print query 0
query 0 (id string)
  ConnectorScan prod.items [id] filters {JQL: 'project = X'} where [JQL = 'project = X']
",
    );
}

#[test]
fn one_row_from_nowhere() {
    check(
        "SELECT 1 + 2 AS three, UPPER('x');",
        "
main
  Print query 0
query 0 (three integer, upper string)
  Pipeline [1 + 2, UPPER('x')]
    SingleRow
",
    );
}

#[test]
fn variables_and_actions() {
    check(
        "DECLARE made = CONNECTOR_EXEC prod.items.create({\"name\": 'A ' || CURRENT_TIMESTAMP()});
         CONNECTOR_EXEC prod.items.create(name => 'B');
         SELECT id FROM prod.items WHERE id = made.id;",
        "
main
  $0 = EXECUTE(0, {name: 'A ' || CURRENT_TIMESTAMP()})
  Print result EXECUTE(1, {name: 'B'})
  Print query 0
query 0 (id string)
  Pipeline [id] where id = COERCE($0.id, string)
    ConnectorScan prod.items [id] filters {id: COERCE($0.id, string)} where [id = COERCE($0.id, string)]
",
    );
}

#[test]
fn a_test() {
    let text = "
TEST CONNECTOR TYPE 'shop' NAME 'finds items'
MOCK_API {\"GET /items\": {\"body\": {\"items\": [{\"id\": \"1\"}]}}}
BEGIN
    CREATE CONNECTOR conn TYPE 'shop' CONFIG {\"url\": \"mock://\"};
    DECLARE results = SELECT * FROM conn.items;
    ASSERT ARRAY_LENGTH(results) = 1, 'one row';
    ASSERT results[0].name = 'Test';
    ASSERT results = [{\"id\": '1'}];
    CONNECTOR_EXEC conn.items.delete(id => results[0].id);
END TEST;
";
    let program = program(text);
    let shown = explain::program(&program);
    let expected = "
main
test finds items
  Create instance conn
  $0 = QUERY(0)
  Assert ARRAY_LENGTH(COERCE($0, array)) = 1, 'one row'
  Assert COERCE($0[0].name, string) = 'Test'
  Assert $0 = [{id: '1'}]
";
    assert_eq!(shown.get(..expected.len() - 1), Some(expected.trim_start()), "{shown}");
    let test = &program.manifest.tests[0];
    assert!(test.code.is_some() && test.mock_api.is_some() && test.errors.is_empty());
    assert_eq!(test.variables, 1);
    assert_eq!(program.manifest.global_instances.len(), 1);
    let parts = |assertion: usize| {
        let parts = &program.manifest.assertions[assertion].parts;
        parts.iter().map(|span| &text[span.start as usize..span.end as usize]).collect::<Vec<_>>()
    };
    assert!(parts(0).contains(&"ARRAY_LENGTH(results)"), "{:?}", parts(0));
    assert!(parts(1).contains(&"results[0].name"), "{:?}", parts(1));
    assert_eq!(parts(2), ["results", "[{\"id\": '1'}]"]);
}

#[test]
fn definitions_are_in_the_manifest() {
    let manifest = manifest("SHOW CONNECTORS;");
    assert_eq!(manifest.types[0].name, "shop");
    assert_eq!(manifest.types[0].config[1].name, "page");
    assert!(manifest.types[0].config[1].default.is_some());
    assert_eq!(manifest.entities[0].name, "items");
    assert_eq!(manifest.entities[0].handler.entry, "query");
    assert!(manifest.entities[0].handler.source.trim_start().starts_with("async function query"));
    let span = manifest.entities[0].handler.span;
    assert_eq!(&SHOP[span.start as usize..span.end as usize], manifest.entities[0].handler.source);
    assert_eq!(manifest.actions[0].name, "items.create");
    assert_eq!(manifest.instances[0].name, "prod");
    assert_eq!(manifest.files[1].path, "main.molt");
}

#[test]
fn control_flow() {
    check(
        "DECLARE total integer = 0;
         FOR item IN SELECT * FROM prod.items LOOP
             IF item.priority > 3 THEN SET total = total + 1; ELSEIF item.id IS NULL THEN CONTINUE; ELSE BREAK; END IF;
         END LOOP;
         FOR i IN 1..3 LOOP PRINT i; END LOOP;
         TRY RAISE 'no'; CATCH connector_error PRINT error.message; FINALLY PRINT 'done'; END TRY;",
        "
main
  $0 = 0
  For $1 in QUERY(0)
    If NUMERIC($1.priority) > 3
      $0 = $0 + 1
    ElseIf $1.id IS NULL
      Continue
    Else
      Break
  For $3 in 1..3
    Print $3
  Try
    Raise 'no'
  Catch connector_error as $4
    Print $4.message
  Finally
    Print 'done'
query 0 (id string, name string, status string, priority integer, created_at timestamp, metadata document)
  ConnectorScan prod.items [id, name, status, priority, created_at, metadata]
",
    );
}

#[test]
fn a_parameter() {
    let manifest = manifest("PARAM repo string DESCRIPTION 'which'; PARAM n integer DEFAULT 3; PRINT repo || n;");
    let parameters: Vec<(&str, bool)> =
        manifest.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.required)).collect();
    assert_eq!(parameters, [("repo", true), ("n", false)]);
    assert_eq!(manifest.main_variables, 2);
}

#[test]
fn groups() {
    check(
        "SELECT status, COUNT(*) AS n, MAX(priority) FROM prod.items WHERE name = 'x' GROUP BY status HAVING COUNT(*) > 1 ORDER BY n DESC;",
        "
main
  Print query 0
query 0 (status string, n integer, max integer)
  Sort #1 DESC NULLS FIRST
    Pipeline [#0, #1, #2] where #1 > 1
      Aggregate #0; COUNT(*), MAX(#1)
        Pipeline [status, priority] where name = 'x'
          ConnectorScan prod.items [name, status, priority] filters {name: 'x'} where [name = 'x']
",
    );
}

#[test]
fn a_join_and_a_filter_on_one_side() {
    check(
        "SELECT a.id, b.name FROM prod.items a LEFT JOIN prod.items b ON b.id = a.name AND b.priority > 3 WHERE a.status = 'active';",
        "
main
  Print query 0
query 0 (id string, name string)
  Pipeline [#0, #4]
    HashJoin Left on #1 = #3
      Pipeline [id, name, status] where status = 'active'
        ConnectorScan prod.items [id, name, status] filters {status: 'active'} where [status = 'active']
      Pipeline [id, name, priority] where priority > 3
        ConnectorScan prod.items [id, name, priority] where [priority > 3]
",
    );
}

#[test]
fn with_is_shared_where_it_is_read_twice() {
    check(
        "WITH t AS (SELECT id FROM prod.items) SELECT id FROM t UNION ALL SELECT id FROM t;",
        "
main
  Print query 0
query 0 (id string)
  Union
    Shared 0
    Shared 0
shared 0
  ConnectorScan prod.items [id]
",
    );
}

#[test]
fn a_correlated_subquery_finds_the_row_in_variables() {
    check(
        "SELECT id FROM prod.items a WHERE NOT EXISTS (SELECT 1 FROM prod.items b WHERE b.name = a.id);",
        "
main
  Print query 1
query 0 (?column? integer)
  Pipeline [1] where name = $0
    ConnectorScan prod.items [name] filters {name: $0} where [name = $0]
query 1 (id string)
  Pipeline [id] where NOT SUBQUERY(0, id)
    ConnectorScan prod.items [id]
subquery 0 Exists of query 0 ($0)
",
    );
}

#[test]
fn decisions_in_words() {
    let program = program(
        "SELECT id FROM prod.items WHERE status = 'active' AND priority > 3 AND LENGTH(name) = 2 AND JQL = 'x' ORDER BY id LIMIT 3;",
    );
    let [(name, decisions)] = program.decisions.as_slice() else { panic!("one query") };
    assert!(name.starts_with("SELECT id FROM prod.items WHERE status = 'active'"), "{name}");
    assert_eq!(
        decisions.as_slice(),
        [
            "LIMIT 3: withheld, PUSHDOWN does not declare that filters are exact and the limit is kept behind them; all rows are read",
            "ORDER BY: told in `options.orderBy`, and sorted here all the same",
            "prod.items: called once; wants `id`, `name`, `status`, `priority`",
            "`JQL = 'x'`: pushed in `filters`, never re-checked: rows do not carry the field",
            "`status = 'active'`: pushed in `filters` and `options.where`; re-checked here",
            "`priority > 3`: pushed in `options.where`; re-checked here",
            "`LENGTH(name) = 2`: local: checked here, the handler is not told",
        ]
    );
}
