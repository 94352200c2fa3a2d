//! `moltlerc test --record`: real exchanges are kept without secrets, and replayed without a socket.

use moltler_tests::command::Command;
use moltler_tests::sample_api::{self, SampleApi};
use moltler_tests::scratch;

const CONNECTOR: &str = r#"
CREATE CONNECTOR TYPE 'shop' CONFIG_SCHEMA {
    "api_url": {"type": "string", "required": true},
    "api_key": {"type": "string", "required": true, "secret": true}
};
REGISTER CONNECTOR TYPE 'shop';
CREATE CONNECTOR ENTITY 'shop.items' FIELDS {"id": {"type": "string"}, "name": {"type": "string"}}
QUERY_HANDLER '''
async function query(config, filters, options) {
    const url = `${config.api_url}/items?limit=LIMIT`;
    const response = await fetch(url, {headers: {Authorization: `Bearer ${config.api_key}`}});
    if (!response.ok) throw new ConnectorError(`the API answered ${response.status}`);
    return (await response.json()).items;
}
''';
CREATE CONNECTOR ACTION 'shop.items.create' PARAMETERS {"name": {"type": "string", "required": true}}
HANDLER '''
async function execute(config, params) {
    const response = await fetch(`${config.api_url}/items`, {
        method: 'POST', headers: {Authorization: `Bearer ${config.api_key}`}, body: JSON.stringify({name: params.name, token: config.api_key}),
    });
    return response.json();
}
''';
TEST CONNECTOR TYPE 'shop' NAME 'real items' TAGS ['integration']
BEGIN
    CREATE CONNECTOR real TYPE 'shop' CONFIG {"api_url": ENV('SHOP_URL'), "api_key": ENV('SHOP_KEY')};
    DECLARE rows = SELECT * FROM real.items;
    ASSERT ARRAY_LENGTH(rows) = LIMIT;
    DECLARE created = CONNECTOR_EXEC real.items.create(name => 'New');
    ASSERT created.name = 'New';
    PRINT NOW();
END TEST;
TEST CONNECTOR TYPE 'shop' NAME 'mocked'
MOCK_API {"GET /items": {"body": {"items": []}}}
BEGIN
    CREATE CONNECTOR mocked TYPE 'shop' CONFIG {"api_url": "mock://", "api_key": "test"};
    DECLARE rows = SELECT * FROM mocked.items;
    ASSERT ARRAY_LENGTH(rows) = 0;
END TEST;
"#;

#[test]
fn a_recorded_test_needs_no_server() {
    let folder = scratch();
    let write = |limit: &str| {
        let text = CONNECTOR.replace("LIMIT", limit);
        std::fs::write(folder.path().join("shop.molt"), text).expect("a scratch file");
    };
    write("3");
    let moltlerc = |arguments: &[&str]| Command::moltlerc(folder.path()).arg("test").args(arguments);
    let skipped = moltlerc(&[]).run().expect_status(0);
    assert!(skipped.stdout.ends_with("1 passed, 0 failed, 1 skipped\n"), "{}", skipped.stdout);

    let api = SampleApi::start().expect("a loopback server");
    let url = api.url();
    let recorded =
        moltlerc(&["--record"]).env("SHOP_URL", &url).env("SHOP_KEY", sample_api::KEY).run().expect_status(0);
    assert!(recorded.stdout.ends_with("2 passed, 0 failed, 0 skipped\n"), "{}", recorded.stdout);
    assert!(recorded.stderr.contains("recorded 2 exchanges of 1 test in "), "{}", recorded.stderr);
    assert_eq!(api.requests().len(), 2);
    drop(api);

    let file = std::fs::read_to_string(folder.path().join("shop.recordings.json")).expect("a recording");
    assert!(!file.contains(sample_api::KEY), "{file}");
    assert!(file.contains("\"SHOP_KEY\": \"***\"") && file.contains(&url), "{file}");
    assert!(file.contains(r#"{\"name\":\"New\",\"token\":\"***\"}"#), "{file}");

    // Neither the server nor the variables are there.
    let replayed = moltlerc(&["--format", "json"]).run().expect_status(0);
    assert!(replayed.stdout.contains("\"passed\":2,\"failed\":0,\"skipped\":0"), "{}", replayed.stdout);
    let year = &file[file.find("started_at").expect("a start") + 14..][..17];
    assert!(replayed.stdout.contains(&format!("\"output\":\"{year}")), "{year}: {}", replayed.stdout);

    write("4");
    let changed = moltlerc(&[]).run().expect_status(1);
    for told in [
        "RecordingError: the recording has no answer for GET ",
        "= note: `limit` in the query was `3`, and is `4`",
        "= note: record again with `moltlerc test --record --filter 'real items'`",
        "1 passed, 1 failed, 0 skipped",
    ] {
        assert!(changed.stdout.contains(told), "{told}: {}", changed.stdout);
    }

    std::fs::write(folder.path().join("shop.recordings.json"), "{}").expect("a scratch file");
    let damaged = moltlerc(&[]).run().expect_status(1);
    assert!(damaged.stderr.contains("delete the file and record again"), "{}", damaged.stderr);
}

#[test]
fn a_failed_test_is_not_recorded() {
    let folder = scratch();
    std::fs::write(folder.path().join("shop.molt"), CONNECTOR.replace("LIMIT", "3")).expect("a scratch file");
    let api = SampleApi::start().expect("a loopback server");
    let failed = Command::moltlerc(folder.path())
        .args(["test", "--record", "--filter", "real"])
        .env("SHOP_URL", api.url())
        .env("SHOP_KEY", "a-key-that-is-wrong")
        .run()
        .expect_status(1);
    assert!(failed.stdout.contains("answered 401"), "{}", failed.stdout);
    assert!(!failed.stdout.contains("a-key-that-is-wrong"), "{}", failed.stdout);
    assert!(!folder.path().join("shop.recordings.json").exists());
}
