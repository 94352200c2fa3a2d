//! Hover, definitions and symbols; places are marked `|`.

use moltler_db::FileId;
use moltler_hir::{Database, Package};
use moltler_ide::goto_definition::goto_definition;
use moltler_ide::hover::hover;
use moltler_ide::symbols::{SymbolKind, symbols};

const TEXT: &str = r#"-- The service.
CREATE CONNECTOR TYPE 'myservice' DESCRIPTION 'My service'
CONFIG_SCHEMA {"api_url": {"type": "string", "required": true, "description": "Where it is"}};
CREATE CONNECTOR ENTITY 'myservice.items'
FIELDS {"id": {"type": "string"}, "status": {"type": "string", "description": "Open or closed"}}
QUERY_HANDLER '''
async function query(config, filters) { return f(config.api_url, filters.status); }
''';
CREATE CONNECTOR ACTION 'myservice.items.create' DESCRIPTION 'Makes one'
PARAMETERS {"name": {"type": "string"}}
HANDLER '''
async function execute(config, params) { return params.name; }
''';
REGISTER CONNECTOR TYPE 'myservice';
CREATE CONNECTOR prod TYPE 'myservice' CONFIG {"api_url": "https://a.example"};
DECLARE wanted = 'open';
SELECT i.id, UPPER(status) FROM prod.items i WHERE status = wanted;
CONNECTOR_EXEC prod.items.create({"name": 'a'});
TEST CONNECTOR TYPE 'myservice' NAME 'works' BEGIN
    CREATE CONNECTOR local TYPE 'myservice' CONFIG {"api_url": "mock://"};
    DECLARE rows = SELECT * FROM local.items;
    ASSERT ARRAY_LENGTH(rows) = 0;
END TEST;
"#;

fn package() -> (Database, Package, FileId) {
    let mut db = Database::default();
    let mut package = Package::new("/p");
    let file = package.open_file(&mut db, "/p/a.molt", TEXT);
    (db, package, file)
}

/// The offset of the mark in a piece of the text that is there once.
fn at(marked: &str) -> u32 {
    let piece = marked.replacen('|', "", 1);
    assert_eq!(TEXT.matches(&piece).count(), 1, "{piece}");
    (TEXT.find(&piece).expect("it is there") + marked.find('|').expect("it has a mark")) as u32
}

#[track_caller]
fn hovers(marked: &str, word: &str, expected: &str) {
    let (db, package, file) = package();
    let found = hover(&db, &package, file, at(marked)).unwrap_or_else(|| panic!("nothing at {marked}"));
    assert_eq!(found.range.of(TEXT), word);
    assert!(found.text.starts_with(expected), "{}", found.text);
}

/// Where the name at the mark leads: the text behind.
#[track_caller]
fn leads(marked: &str, expected: &str) {
    let (db, package, file) = package();
    let found = goto_definition(&db, &package, file, at(marked));
    let place = found.first().unwrap_or_else(|| panic!("nothing at {marked}"));
    let behind = &TEXT[place.range.start() as usize..];
    assert!(behind.starts_with(expected), "{}", &behind[..behind.len().min(40)]);
}

#[test]
fn what_is_known() {
    hovers("UP|PER(status)", "UPPER", "`UPPER(");
    hovers("UPPER(sta|tus)", "status", "`status`: string\n\nOpen or closed");
    hovers("i.i|d,", "id", "`id`: string");
    hovers("FROM pr|od.items", "prod", "`prod`: instance of myservice");
    hovers("prod.it|ems i", "items", "`items`: entity");
    hovers("prod.items.cre|ate({", "create", "`create`: action\n\nMakes one");
    hovers("REGISTER CONNECTOR TYPE 'my|service'", "myservice", "`myservice`\n\nMy service");
    hovers("CONFIG {\"api|_url\": \"https", "api_url", "`api_url`: string, required\n\nWhere it is");
    hovers("filters.sta|tus", "status", "`status`: string");
    hovers("config.api|_url,", "api_url", "`api_url`: string, required");
    hovers(
        "f(con|fig.api_url",
        "config",
        "`config`: parameter: config\n\n```ts\ninterface Config {\n    /** Where it is */\n    api_url: string;",
    );
    hovers("api_url, fil|ters.status", "filters", "`filters`: parameter: filters\n\n```ts\ninterface Filters {");
}

#[test]
fn where_names_lead() {
    leads("REGISTER CONNECTOR TYPE 'my|service'", "myservice' DESCRIPTION");
    leads("FROM pr|od.items", "prod TYPE");
    leads("prod.it|ems i", "myservice.items'\nFIELDS");
    leads("prod.items.cre|ate({", "myservice.items.create'");
    leads("i.i|d,", "id\": {\"type\"");
    leads("UPPER(sta|tus)", "status\": {\"type\"");
    leads("WHERE status = wan|ted", "wanted = 'open'");
    leads("FROM lo|cal.items", "local TYPE");
    leads("ARRAY_LENGTH(ro|ws)", "rows = SELECT");
    leads("config.api|_url,", "api_url\": {\"type\"");
    leads("filters.sta|tus", "status\": {\"type\"");
    leads("params.na|me", "name\": {\"type\"");
}

#[test]
fn the_definitions_of_a_file() {
    let (db, package, file) = package();
    let found = symbols(&db, &package, file);
    let names: Vec<_> = found.iter().map(|symbol| (symbol.name.as_str(), symbol.kind)).collect();
    assert_eq!(
        names,
        [
            ("myservice", SymbolKind::Type),
            ("myservice.items", SymbolKind::Entity),
            ("myservice.items.create", SymbolKind::Action),
            ("prod", SymbolKind::Instance),
            ("wanted", SymbolKind::Variable),
            ("works", SymbolKind::Test),
        ]
    );
    for symbol in &found {
        assert_eq!(symbol.name_range.of(TEXT), symbol.name);
        assert!(symbol.range.covers(symbol.name_range));
    }
    assert!(found[0].range.of(TEXT).starts_with("CREATE CONNECTOR TYPE"));
}

#[test]
fn every_place() {
    let (db, package, file) = package();
    for offset in 0..=TEXT.len() as u32 + 2 {
        hover(&db, &package, file, offset);
        goto_definition(&db, &package, file, offset);
    }
}
