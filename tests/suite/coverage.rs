//! `moltlerc test --coverage`

use moltler_tests::command::Command;
use moltler_tests::scratch;
use serde_json::{Value, json};

const SOURCE: &str = r#"CREATE CONNECTOR TYPE 'shop' CONFIG_SCHEMA {"api_url": {"type": "string"}} SHARED '''
const double = (x) => x * 2;
const unused = () => 3;
''';
REGISTER CONNECTOR TYPE 'shop';
CREATE CONNECTOR ENTITY 'shop.items' FIELDS {"id": {"type": "integer"}}
QUERY_HANDLER '''
async function query(config) {
    const response = await fetch(`${config.api_url}/items`);
    if (!response.ok) throw new ConnectorError('no');
    if (response.status === 204) {
        console.log('empty');
        return [];
    }
    return (await response.json()).map((item) => ({id: double(item.id)}));
}
''';
CREATE CONNECTOR ENTITY 'shop.orders' FIELDS {"id": {"type": "integer"}}
QUERY_HANDLER '''
function query() { return []; }
''';
CREATE CONNECTOR ACTION 'shop.fail' HANDLER '''
function execute() { throw new Error('told'); }
''';
TEST CONNECTOR TYPE 'shop' NAME 'items'
MOCK_API {"GET /items": {"body": [{"id": 4}]}}
BEGIN
    CREATE CONNECTOR s TYPE 'shop' CONFIG {"api_url": "mock://"};
    DECLARE rows = SELECT * FROM s.items;
    ASSERT rows[0].id = 8;
END TEST;
TEST CONNECTOR TYPE 'shop' NAME 'fails'
MOCK_API {}
BEGIN
    CREATE CONNECTOR s TYPE 'shop' CONFIG {"api_url": "mock://"};
    CONNECTOR_EXEC s.fail();
END TEST;
"#;

#[test]
fn what_never_ran_is_told() {
    let folder = scratch();
    std::fs::write(folder.path().join("shop.molt"), SOURCE).expect("a scratch file");
    let moltlerc = |arguments: &[&str]| Command::moltlerc(folder.path()).arg("test").args(arguments).run();
    let plain = moltlerc(&[]).expect_status(1);
    let human = moltlerc(&["--coverage"]).expect_status(1);
    // Errors keep their places.
    let sums = plain.stdout.find("1 passed, 1 failed").expect("sums");
    assert!(plain.stdout.contains("--> shop.molt:23:32"), "{}", plain.stdout);
    assert!(human.stdout.starts_with(&plain.stdout[..sums]), "{}\n{}", plain.stdout, human.stdout);
    let expected = "coverage
  entities: 1 of 2
    shop.orders never ran (shop.molt:18:25)
  actions: 1 of 1
  lines of handlers: 7 of 10
    shop.molt: 3:22, 10:23, 12-13, 20 never ran
1 passed, 1 failed, 0 skipped
";
    assert_eq!(human.stdout[sums..], *expected);
    let json = moltlerc(&["--coverage", "--format", "json"]).expect_status(1);
    let line = json.stdout.lines().rev().nth(1).expect("a line of coverage");
    let coverage: Value = serde_json::from_str(line).expect("a line of JSON");
    assert_eq!(coverage["coverage"]["entities"]["never_run"][0]["name"], "shop.orders");
    assert_eq!(coverage["coverage"]["lines"]["never_run"]["shop.molt"][2], "12-13");
    assert_eq!(coverage["coverage"]["files"][0]["handlers"][1], json!({"name": "shop.orders", "line": 18, "runs": 0}));
    assert_eq!(coverage["coverage"]["files"][0]["statements"][0], json!({"line": 2, "column": 1, "runs": 2}));
    let quiet = moltlerc(&["--lcov", "lcov.info"]).expect_status(1);
    assert!(!quiet.stdout.contains("coverage"), "{}", quiet.stdout);
    let lcov = std::fs::read_to_string(folder.path().join("lcov.info")).expect("it was written");
    let path = folder.path().canonicalize().expect("it is there").join("shop.molt");
    let start =
        format!("TN:\nSF:{}\nFN:6,shop.items\nFN:18,shop.orders\nFN:22,shop.fail\nFNDA:1,shop.items\n", path.display());
    assert!(lcov.starts_with(&start), "{lcov}");
    assert!(lcov.contains("\nDA:12,0\nDA:13,0\n") && lcov.ends_with("LF:10\nLH:7\nend_of_record\n"), "{lcov}");
    let junit = moltlerc(&["--coverage", "--format", "junit"]).expect_status(1);
    assert!(junit.stdout.trim_end().ends_with("</testsuites>") && junit.stderr.contains("entities: 1 of 2"));
}
