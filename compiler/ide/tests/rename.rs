//! References and renaming through both languages; the place is marked `|`.

use moltler_hir::{Database, Package};
use moltler_ide::references::{prepare_rename, references, rename};

const TYPES: &str = r#"CREATE CONNECTOR TYPE 's' CONFIG_SCHEMA {"url": {"type": "string"}}
SHARED '''
function helper(x) { return x + limit; }
const limit = 1;
''';
CREATE CONNECTOR ENTITY 's.items'
FIELDS {"id": {"type": "string"}, "status": {"type": "string"}, "name": {"type": "string"}}
PUSHDOWN {"filters": {"status": ["="]}, "order_by": {"fields": ["name", "status"], "keys": 1}, "required": [["status", "id"]]}
QUERY_HANDLER '''
async function query(config, filters, options) {
    const {status} = filters;
    const name = helper(filters['name']);
    if (filters.status && 'status' in filters) fetch(config.url + filters.status);
    return (await r.json()).items.map(item => ({id: item.id, 'status': item.status, name}));
}
''';
CREATE CONNECTOR ACTION 's.items.create' PARAMETERS {"name": {"type": "string"}}
HANDLER '''
async function execute(config, params) { return {name: params.name, url: config.url}; }
''';
REGISTER CONNECTOR TYPE 's';
"#;
const USES: &str = r#"CREATE CONNECTOR c TYPE 's' CONFIG {"url": "https://x.example"};
DECLARE rows = SELECT id, i.status FROM c.items i WHERE status = 'a' ORDER BY status;
PRINT rows[0].status || rows[0].id;
SELECT status, COUNT(*) n FROM (SELECT * FROM c.items) t GROUP BY status HAVING status > 'a';
SELECT status AS state FROM c.items ORDER BY state;
CONNECTOR_EXEC c.items.create({"name": 'a'});
CONNECTOR_EXEC c.items.create(name => 'a');
TEST CONNECTOR TYPE 's' NAME 't' MOCK_API {"GET /items": {"body": [{"status": "a"}]}} BEGIN
    CREATE CONNECTOR c TYPE 's' CONFIG {"url": "mock://"};
    DECLARE found = SELECT * FROM c.items;
    ASSERT found[0].status = 'a';
    FOR r IN found LOOP PRINT r.status; END LOOP;
END TEST;
"#;

fn package() -> (Database, Package) {
    let mut db = Database::default();
    let mut package = Package::new("/p");
    package.open_file(&mut db, "/p/types.molt", TYPES);
    package.open_file(&mut db, "/p/uses.molt", USES);
    (db, package)
}

/// The lines that renaming changes, as they are then.
#[track_caller]
fn check(place: &str, new: &str, expected: &[&str]) {
    let (db, package) = package();
    let plain = place.replace('|', "");
    let (file, text) = ["/p/types.molt", "/p/uses.molt"]
        .into_iter()
        .map(|path| package.file(path).expect("it is open"))
        .find_map(|file| Some((file, package.text(file))).filter(|(_, text)| text.contains(&plain)))
        .expect("the place is there");
    let offset = text.find(&plain).expect("it is there") + place.find('|').expect("a mark");
    let edits = match rename(&db, &package, file, offset as u32, new) {
        Ok(edits) => edits,
        Err(error) => {
            assert_eq!([error.as_str()], *expected, "{place}");
            return;
        }
    };
    let (range, _) = prepare_rename(&db, &package, file, offset as u32).expect("it can be renamed");
    assert!(edits.iter().any(|edit| edit.range.file == file && edit.range.range == range), "{edits:?}");
    assert_eq!(references(&db, &package, file, offset as u32, true).len(), edits.len());
    let mut changed = Vec::new();
    for (file, _) in package.files() {
        let before = package.text(file);
        let mut after = before.clone();
        for edit in edits.iter().rev().filter(|edit| edit.range.file == file) {
            after.replace_range(std::ops::Range::from(edit.range.range), &edit.text);
        }
        let lines = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
        changed.extend(lines.map(|(_, after)| after.trim().to_owned()));
    }
    assert_eq!(changed, *expected, "{place}");
}

#[test]
fn a_field_in_both_languages() {
    let expected = [
        r#"FIELDS {"id": {"type": "string"}, "state": {"type": "string"}, "name": {"type": "string"}}"#,
        r#"PUSHDOWN {"filters": {"state": ["="]}, "order_by": {"fields": ["name", "state"], "keys": 1}, "required": [["state", "id"]]}"#,
        "const {state: status} = filters;",
        "if (filters.state && 'state' in filters) fetch(config.url + filters.state);",
        "return (await r.json()).items.map(item => ({id: item.id, 'state': item.status, name}));",
        "DECLARE rows = SELECT id, i.state FROM c.items i WHERE state = 'a' ORDER BY state;",
        "PRINT rows[0].state || rows[0].id;",
        "SELECT state, COUNT(*) n FROM (SELECT * FROM c.items) t GROUP BY state HAVING state > 'a';",
        "SELECT state AS state FROM c.items ORDER BY state;",
        "ASSERT found[0].state = 'a';",
        "FOR r IN found LOOP PRINT r.state; END LOOP;",
    ];
    for place in
        ["\"sta|tus\": {", "filters.|status &&", "i.status|", "'sta|tus': item", "found[0].st|atus", "r.st|atus"]
    {
        check(place, "state", &expected);
    }
}

#[test]
fn shorthand_keys() {
    check(
        "\"na|me\": {\"type\": \"string\"}}\nPUSH",
        "label",
        &[
            r#"FIELDS {"id": {"type": "string"}, "status": {"type": "string"}, "label": {"type": "string"}}"#,
            r#"PUSHDOWN {"filters": {"status": ["="]}, "order_by": {"fields": ["label", "status"], "keys": 1}, "required": [["status", "id"]]}"#,
            "const name = helper(filters['label']);",
            "return (await r.json()).items.map(item => ({id: item.id, 'status': item.status, label: name}));",
        ],
    );
    check(
        "const na|me",
        "label",
        &[
            "const label = helper(filters['name']);",
            "return (await r.json()).items.map(item => ({id: item.id, 'status': item.status, name: label}));",
        ],
    );
}

#[test]
fn other_names() {
    check(
        "params.na|me",
        "title",
        &[
            r#"CREATE CONNECTOR ACTION 's.items.create' PARAMETERS {"title": {"type": "string"}}"#,
            "async function execute(config, params) { return {name: params.title, url: config.url}; }",
            r#"CONNECTOR_EXEC c.items.create({"title": 'a'});"#,
            "CONNECTOR_EXEC c.items.create(title => 'a');",
        ],
    );
    check(
        "helper(fil|ters",
        "wanted",
        &[
            "async function query(config, wanted, options) {",
            "const {status} = wanted;",
            "const name = helper(wanted['name']);",
            "if (wanted.status && 'status' in wanted) fetch(config.url + wanted.status);",
        ],
    );
    check(
        "hel|per(filters",
        "help",
        &["function help(x) { return x + limit; }", "const name = help(filters['name']);"],
    );
    check("x + li|mit", "most", &["function helper(x) { return x + most; }", "const most = 1;"]);
    check(
        "CREATE CONNECTOR c| TYPE 's' CONFIG {\"url\": \"https",
        "prod",
        &[
            r#"CREATE CONNECTOR prod TYPE 's' CONFIG {"url": "https://x.example"};"#,
            "DECLARE rows = SELECT id, i.status FROM prod.items i WHERE status = 'a' ORDER BY status;",
            "SELECT status, COUNT(*) n FROM (SELECT * FROM prod.items) t GROUP BY status HAVING status > 'a';",
            "SELECT status AS state FROM prod.items ORDER BY state;",
            r#"CONNECTOR_EXEC prod.items.create({"name": 'a'});"#,
            "CONNECTOR_EXEC prod.items.create(name => 'a');",
        ],
    );
    check(
        "CREATE CONNECTOR c| TYPE 's' CONFIG {\"url\": \"mock",
        "mine",
        &[r#"CREATE CONNECTOR mine TYPE 's' CONFIG {"url": "mock://"};"#, "DECLARE found = SELECT * FROM mine.items;"],
    );
    check(
        "ro|ws[0].id",
        "all",
        &[
            "DECLARE all = SELECT id, i.status FROM c.items i WHERE status = 'a' ORDER BY status;",
            "PRINT all[0].status || all[0].id;",
        ],
    );
    check("PRINT |r.", "row", &["FOR row IN found LOOP PRINT row.status; END LOOP;"]);
}

#[test]
fn what_cannot_be_renamed() {
    check("item.st|atus", "x", &["there is no name here that can be changed"]);
    check("{\"st|atus\": \"a\"}", "x", &["there is no name here that can be changed"]);
    check("i.sta|tus", "id", &["there is a `id` already"]);
    check("i.sta|tus", "a b", &["`a b` is not a name: letters, digits and `_`, not a digit first"]);
    check("hel|per(filters", "class", &["`class` is a word of JavaScript"]);
}

#[test]
fn types_and_entities() {
    check(
        "'s.ite|ms'\nFIELDS",
        "things",
        &[
            "CREATE CONNECTOR ENTITY 's.things'",
            "CREATE CONNECTOR ACTION 's.things.create' PARAMETERS {\"name\": {\"type\": \"string\"}}",
            "DECLARE rows = SELECT id, i.status FROM c.things i WHERE status = 'a' ORDER BY status;",
            "SELECT status, COUNT(*) n FROM (SELECT * FROM c.things) t GROUP BY status HAVING status > 'a';",
            "SELECT status AS state FROM c.things ORDER BY state;",
            "CONNECTOR_EXEC c.things.create({\"name\": 'a'});",
            "CONNECTOR_EXEC c.things.create(name => 'a');",
            "DECLARE found = SELECT * FROM c.things;",
        ],
    );
}
