//! What is suggested at a place, marked `|`.

use moltler_hir::{Database, Package};
use moltler_ide::completion::{Completion, complete};
use moltler_syntax::TextRange;

/// Two definitions of the users' page, an action and an instance.
const PACKAGE: &str = r#"CREATE CONNECTOR TYPE 'myservice'
CONFIG_SCHEMA {
    "api_url": {"type": "string", "required": true, "description": "Where it is"},
    "api_key": {"type": "string", "required": true, "secret": true}
}
SHARED '''
function headers(config) { return {}; }
''';

CREATE CONNECTOR ENTITY 'myservice.items'
FIELDS {
    "id": {"type": "string", "primary_key": true},
    "status": {"type": "string"},
    "created_at": {"type": "timestamp"}
}
QUERY_HANDLER '''
async function query(config, filters, options) { return []; }
''';

CREATE CONNECTOR ACTION 'myservice.items.create'
PARAMETERS {"name": {"type": "string", "required": true}, "status": {"type": "string", "default": "active"}}
HANDLER '''
async function execute(config, params) { return {}; }
''';

REGISTER CONNECTOR TYPE 'myservice';

CREATE CONNECTOR prod TYPE 'myservice' CONFIG {"api_url": "https://a.example", "api_key": "{{secrets.k}}"};
"#;

fn suggestions(marked: &str) -> (Vec<Completion>, String) {
    let offset = marked.find('|').expect("the text has a mark");
    let text = marked.replacen('|', "", 1);
    let mut db = Database::default();
    let mut package = Package::new("/p");
    package.open_file(&mut db, "/p/package.molt", PACKAGE);
    let file = package.open_file(&mut db, "/p/open.molt", &text);
    let found = complete(&db, &package, file, offset as u32);
    for one in &found {
        let range: std::ops::Range<usize> = TextRange::into(one.replace);
        assert!(range.start <= offset && offset <= range.end, "{one:?} in {marked}");
        assert!(text.get(range).is_some(), "{one:?} in {marked}");
    }
    (found, text)
}

fn labels(marked: &str) -> Vec<String> {
    suggestions(marked).0.into_iter().map(|one| one.label).collect()
}

/// Exactly these, in any order.
#[track_caller]
fn exactly(marked: &str, expected: &[&str]) {
    let mut found = labels(marked);
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{marked}");
}

/// The first are among them, the second are not.
#[track_caller]
fn among(marked: &str, expected: &[&str], others: &[&str]) {
    let found = labels(marked);
    for one in expected {
        assert!(found.iter().any(|label| label == one), "`{one}` is missing in {found:?} of {marked}");
    }
    for one in others {
        assert!(!found.iter().any(|label| label == one), "`{one}` is in {found:?} of {marked}");
    }
}

/// What the text is after this suggestion is taken.
#[track_caller]
fn taken(marked: &str, label: &str, expected: &str) {
    let (found, mut text) = suggestions(marked);
    let one = found.iter().find(|one| one.label == label).unwrap_or_else(|| panic!("`{label}` in {found:?}"));
    text.replace_range(std::ops::Range::<usize>::from(one.replace), &one.insert);
    assert_eq!(text, expected);
}

#[test]
fn heads_of_statements() {
    for text in ["|", "CRE|", "SELECT 1;\n|", "SELECT 1; SEL|", "-- c\n|", "\n\n|\n\nSELECT 1;"] {
        among(text, &["CREATE CONNECTOR TYPE", "SELECT", "TEST CONNECTOR TYPE"], &["ASSERT", "FIELDS"]);
    }
    taken("SELECT 1; CREATE CON|", "CONNECTOR", "SELECT 1; CREATE CONNECTOR");
    exactly("CREATE |", &["CONNECTOR"]);
    exactly("CREATE CONNECTOR |", &["TYPE", "ENTITY", "ACTION"]);
    exactly("REGISTER CONNECTOR |", &["TYPE"]);
    exactly("DROP CONNECTOR |", &["prod"]);
    exactly("SELECT 1 -- |", &[]);
}

#[test]
fn clauses_that_are_not_there_yet() {
    exactly(
        "CREATE CONNECTOR ENTITY 'a.b' DESCRIPTION 'x' |",
        &["DOCUMENTATION", "FIELDS", "PUSHDOWN", "QUERY_HANDLER", "LANGUAGE"],
    );
    among("CREATE CONNECTOR TYPE 'x' |;", &["CONFIG_SCHEMA", "CHECK_HANDLER"], &["FIELDS", "SELECT"]);
    among("CREATE CONNECTOR x TYPE 'myservice' |", &["CONFIG", "OPTIONS"], &["TYPE"]);
    among("TEST CONNECTOR TYPE 'x' NAME 'y' |", &["TAGS", "MOCK_API", "BEGIN"], &["NAME"]);
    among("PACKAGE CONNECTOR TYPE 'x' VER|", &["VERSION", "LICENSE"], &[]);
    exactly("CREATE CONNECTOR TYPE 'x' DESCRIPTION |", &[]);
}

#[test]
fn names_of_types_in_strings() {
    exactly("REGISTER CONNECTOR TYPE '|'", &["myservice"]);
    taken("REGISTER CONNECTOR TYPE 'my|';", "myservice", "REGISTER CONNECTOR TYPE 'myservice';");
    taken("CREATE CONNECTOR x TYPE 'my|\nCONFIG {};", "myservice", "CREATE CONNECTOR x TYPE 'myservice\nCONFIG {};");
    taken("REGISTER CONNECTOR TYPE |", "myservice", "REGISTER CONNECTOR TYPE 'myservice'");
    taken("CREATE CONNECTOR ENTITY '|'", "myservice", "CREATE CONNECTOR ENTITY 'myservice.'");
    exactly("CREATE CONNECTOR TYPE 'x' DESCRIPTION '|'", &[]);
}

#[test]
fn keys_of_schemas() {
    among("CREATE CONNECTOR TYPE 'x' CONFIG_SCHEMA {\"a\": {|}};", &["type", "secret", "one_of"], &["primary_key"]);
    among(
        "CREATE CONNECTOR ENTITY 'x.y' FIELDS {\"a\": {\"type\": \"string\", |}};",
        &["primary_key", "unit"],
        &["type", "secret"],
    );
    taken(
        "CREATE CONNECTOR ENTITY 'x.y' FIELDS {\"a\": {\"ty|\"}};",
        "type",
        "CREATE CONNECTOR ENTITY 'x.y' FIELDS {\"a\": {\"type\"}};",
    );
    taken(
        "CREATE CONNECTOR ENTITY 'x.y' FIELDS {\"a\": {|}};",
        "type",
        "CREATE CONNECTOR ENTITY 'x.y' FIELDS {\"a\": {\"type\": }};",
    );
    exactly("CREATE CONNECTOR ENTITY 'x.y' FIELDS {|}", &[]);
    among("CREATE CONNECTOR ENTITY 'x.y' FIELDS {\"a\": {\"type\": \"|\"}};", &["string", "timestamp"], &[]);
    taken(
        "CREATE CONNECTOR ACTION 'x.y' PARAMETERS {\"a\": {\"type\": |}};",
        "integer",
        "CREATE CONNECTOR ACTION 'x.y' PARAMETERS {\"a\": {\"type\": \"integer\"}};",
    );
    exactly("CREATE CONNECTOR ENTITY 'x.y' FIELDS {\"a\": {\"primary_key\": |}};", &["true", "false"]);
    among("CREATE CONNECTOR TYPE 'x' OPTIONS {|};", &["rate_limit", "cache_ttl"], &[]);
    among("CREATE CONNECTOR ENTITY 'x.y' PUSHDOWN {|};", &["filters", "exact"], &[]);
    exactly("CREATE CONNECTOR ENTITY 'x.y' FIELDS {\"a\": {}, \"b\": {}} PUSHDOWN {\"filters\": {|}};", &["a", "b"]);
    among("TEST CONNECTOR TYPE 'x' NAME 'y' MOCK_API {\"GET /items\": {|}}", &["status", "body"], &[]);
}

#[test]
fn keys_of_a_configuration() {
    exactly("CREATE CONNECTOR x TYPE 'myservice' CONFIG {|};", &["api_url", "api_key"]);
    exactly("CREATE CONNECTOR x TYPE 'myservice' CONFIG {\"api_url\": \"a\", |};", &["api_key"]);
    taken(
        "CREATE CONNECTOR x TYPE 'myservice' CONFIG {\"api_u|\": \"a\"};",
        "api_url",
        "CREATE CONNECTOR x TYPE 'myservice' CONFIG {\"api_url\": \"a\"};",
    );
    let found = suggestions("CREATE CONNECTOR x TYPE 'myservice' CONFIG {|};").0;
    assert_eq!(found[0].detail.as_deref(), Some("string, required"));
    assert_eq!(found[0].documentation.as_deref(), Some("Where it is"));
    among("CREATE CONNECTOR x TYPE 'myservice' CONFIG {\"api_url\": |};", &["ENV"], &["api_key"]);
}

#[test]
fn a_query() {
    exactly("SELECT * FROM |", &["prod"]);
    exactly("SELECT * FROM prod.|", &["items"]);
    taken("SELECT * FROM prod.it| WHERE id = 1;", "items", "SELECT * FROM prod.items WHERE id = 1;");
    among("SELECT | FROM prod.items;", &["id", "status", "created_at", "NOW"], &["name", "prod"]);
    among("SELECT id FROM prod.items WHERE st|;", &["status"], &[]);
    among("SELECT id FROM prod.items ORDER BY |", &["id", "DESC"], &[]);
    exactly("SELECT i.| FROM prod.items AS i", &["id", "status", "created_at"]);
    exactly("SELECT items.| FROM prod.items i", &["id", "status", "created_at"]);
    among("SELECT | FROM prod.items i", &["i"], &[]);
    exactly("SELECT id FROM prod.items ORDER |", &["BY"]);
    among("SELECT id FROM prod.items |", &["WHERE", "ORDER BY", "LIMIT"], &["CREATE CONNECTOR"]);
    exactly("SELECT id FROM prod.items LIMIT 1|", &[]);
}

#[test]
fn calls_of_actions() {
    exactly("CONNECTOR_EXEC |", &["prod"]);
    exactly("CONNECTOR_EXEC prod.|", &["items.create"]);
    exactly("CONNECTOR_EXEC prod.items.|", &["create"]);
    exactly("CONNECTOR_EXEC prod.items.create({|});", &["name", "status"]);
    exactly("CONNECTOR_EXEC prod.items.create({\"name\": 'a', |});", &["status"]);
    taken("CONNECTOR_EXEC prod.items.create(|);", "name", "CONNECTOR_EXEC prod.items.create(name => );");
    among("CONNECTOR_EXEC prod.items.create(name => |);", &["UPPER"], &["status"]);
    exactly("DECLARE x = CONNECTOR_EXEC prod.|;", &["items.create"]);
}

#[test]
fn inside_a_test() {
    let test = |inside: &str| {
        format!(
            "TEST CONNECTOR TYPE 'myservice' NAME 'n' BEGIN\n\
             CREATE CONNECTOR local TYPE 'myservice' CONFIG {{\"api_url\": \"mock://\", \"api_key\": \"t\"}};\n\
             DECLARE results = SELECT * FROM local.items;\n{inside}\nEND TEST;"
        )
    };
    among(&test("|"), &["ASSERT", "DECLARE", "END TEST"], &["CREATE CONNECTOR TYPE"]);
    among(&test("ASSERT |;"), &["results", "ARRAY_LENGTH"], &["later"]);
    among(&test("ASSERT res|"), &["results"], &[]);
    exactly(&test("SELECT * FROM |;"), &["local", "prod", "results"]);
    exactly(&test("SELECT * FROM local.|;"), &["items"]);
    exactly(&test("CONNECTOR_EXEC local.items.create({|});"), &["name", "status"]);
    exactly(&test("CREATE CONNECTOR other TYPE 'myservice' CONFIG {|};"), &["api_url", "api_key"]);
    among(&test("IF results IS NULL THEN |"), &["ASSERT"], &[]);
}

fn handler(inside: &str) -> String {
    format!(
        "CREATE CONNECTOR ENTITY 'myservice.other' FIELDS {{\"id\": {{\"type\": \"string\"}}, \"size\": {{\"type\": \"number\"}}}}\n\
         QUERY_HANDLER '''\nconst limiter = {{}};\nasync function query(config, filters, options) {{\n{inside}\n}}\n''';"
    )
}

#[test]
fn members_in_a_handler() {
    exactly(&handler("config.|"), &["api_url", "api_key"]);
    exactly(&handler("filters.|"), &["id", "size"]);
    among(&handler("if (options.li|) {"), &["limit", "orderBy"], &["id"]);
    exactly(&handler("filters['|']"), &["id", "size"]);
    exactly(&handler("const url = `${config.|}/items`;"), &["api_url", "api_key"]);
    exactly(&handler("response.|"), &[]);
    exactly(&handler("// config.|"), &[]);
    exactly(&handler("'config.|'"), &[]);
    among(&handler("console.|"), &["log"], &[]);
    exactly(&handler("moltler.|"), &["paginate", "retry", "graphql", "form", "secret", "sign", "oauth2"]);
}

#[test]
fn members_in_a_broken_handler() {
    exactly(&handler("const { = 1; if (filters.|"), &["id", "size"]);
    exactly(&handler("return ((((config.|"), &["api_url", "api_key"]);
    let unclosed =
        "CREATE CONNECTOR ENTITY 'myservice.x' FIELDS {\"id\": {}} QUERY_HANDLER '''\nfunction query(c, f) { f.|";
    exactly(unclosed, &["id"]);
}

#[test]
fn members_in_typescript() {
    let handler = |inside: &str| {
        format!(
            "CREATE CONNECTOR ENTITY 'myservice.other' FIELDS {{\"id\": {{\"type\": \"string\"}}, \"size\": {{\"type\": \"number\"}}}}\n\
             LANGUAGE 'typescript' QUERY_HANDLER '''\ninterface Page {{ id: string }}\n\
             async function query<T>(\n  c: {{api_url: string, key: string}},\n  wanted: Record<string, unknown> = {{}},\n  options: QueryOptions,\n): Promise<T[]> {{\n{inside}\n}}\n''';"
        )
    };
    exactly(&handler("c.|"), &["api_url", "api_key"]);
    exactly(&handler("wanted.|"), &["id", "size"]);
    exactly(&handler("const x: string = wanted.| as string"), &["id", "size"]);
    among(&handler("options.|"), &["limit", "orderBy"], &["id"]);
    among(&handler("const x: Pa|"), &["Page", "wanted", "c"], &["filters"]);
    exactly(&handler("const { = 1; if (wanted.|"), &["id", "size"]);
}

#[test]
fn names_in_a_handler() {
    among(
        &handler("const local = 1;\n|"),
        &["config", "filters", "options", "fetch", "URLSearchParams", "limiter", "local", "headers", "JSON", "await"],
        &["params", "SELECT"],
    );
    let action = "CREATE CONNECTOR ACTION 'myservice.x' PARAMETERS {\"a\": {\"type\": \"string\"}} HANDLER '''
async function execute(config, params) { params.| }
''';";
    exactly(action, &["a"]);
    let check = "CREATE CONNECTOR TYPE 't' CONFIG_SCHEMA {\"k\": {\"type\": \"string\"}} CHECK_HANDLER '''
async function check(config) { config.| }
''';";
    exactly(check, &["k"]);
}

#[test]
fn every_place_of_the_package() {
    let mut db = Database::default();
    let mut package = Package::new("/p");
    let file = package.open_file(&mut db, "/p/package.molt", PACKAGE);
    for offset in 0..=PACKAGE.len() as u32 + 2 {
        complete(&db, &package, file, offset);
    }
}

#[test]
fn random_text() {
    let pieces = [
        "SELECT ",
        "FROM ",
        "prod",
        ".",
        "items",
        " WHERE ",
        "'",
        "\"",
        "'''",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        ";",
        "\n",
        "CREATE CONNECTOR ",
        "ENTITY ",
        "TYPE ",
        "CONFIG ",
        "FIELDS ",
        "QUERY_HANDLER ",
        "CONNECTOR_EXEC ",
        "TEST CONNECTOR TYPE ",
        "BEGIN ",
        "END TEST",
        "CASE ",
        "END ",
        "é",
        "😀",
        "`",
        "${",
        "config.",
        "--",
        "/*",
        "*/",
        "\\",
        "1",
        "DECLARE x = ",
    ];
    let mut random = fastrand::Rng::with_seed(5);
    let mut db = Database::default();
    let mut package = Package::new("/p");
    package.open_file(&mut db, "/p/package.molt", PACKAGE);
    for _ in 0..400 {
        let text: String = (0..random.usize(0..40)).map(|_| pieces[random.usize(0..pieces.len())]).collect();
        let file = package.open_file(&mut db, "/p/open.molt", &text);
        for _ in 0..10 {
            let offset = random.usize(0..=text.len());
            for one in complete(&db, &package, file, offset as u32) {
                assert!(text.get(std::ops::Range::<usize>::from(one.replace)).is_some(), "{one:?} of {text:?}");
            }
        }
    }
}

#[test]
fn targets_of_sync() {
    exactly(
        "SYNC CONNECTOR prod.items TO '|",
        &[
            "sqlite:data.db",
            "ndjson:data.ndjson",
            "parquet:data",
            "postgres://user@host/database",
            "elasticsearch+https://host:9200/index",
        ],
    );
    exactly("PUBLISH CONNECTOR TYPE 'myservice' TO '|", &["marketplace"]);
}
